//! What cranks have to do: the PnL that is worth settling, and the premium that a venue reports.

use plimsoll_risk::perp::settleable;
use plimsoll_risk::price::BasePrice;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, MarginAccount, PriceBoard, Registry, StoredPrice};
use solana_pubkey::Pubkey;

use crate::data::E8;

/// PnL below this is left to accumulate, quote atoms.
pub const LEAST_SETTLED_ATOMS: u64 = 5_000_000;

/// PnL of a market that an account has to pay (negative) or is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Quote atoms.
    pub pnl_atoms: i64,
    /// Market.
    pub market: u8,
    /// The margin account.
    pub account: Pubkey,
}

/// PnL worth settling; losers first, so that the pool has what winners are due.
pub fn dues<'a>(
    accounts: impl Iterator<Item = (Pubkey, &'a MarginAccount)>,
    registry: &Registry,
    board: &PriceBoard,
    now: i64,
) -> Vec<Due> {
    let views = Views { spot: true, fast: true, initial: true, edges: true };
    let mut due = Vec::new();
    for (key, account) in accounts.filter(|(_, account)| account.status == AccountStatus::Active as u8) {
        let Ok(portfolio) = (Accounts { account, registry, board, now }).portfolio(views) else { continue };
        for leg in portfolio.perps().iter().filter(|leg| !leg.prices.stale) {
            let Some(slot) = registry.market(leg.market as usize) else { continue };
            let Some(price) = board.slot(slot.price_slot as usize) else { continue };
            let pnl_atoms = settleable(leg, BasePrice::new_down(price.slow.get(), slot.scale.get()));
            due.push(Due { pnl_atoms: pnl_atoms.get(), market: leg.market, account: key });
        }
    }
    due.retain(|due| due.pnl_atoms.unsigned_abs() >= LEAST_SETTLED_ATOMS);
    due.sort_unstable();
    due
}

/// Recorded price over held price, ppm, within the bound of reports.
pub fn premium_ppm(price_e8: i64, held: StoredPrice, registry: &Registry) -> i32 {
    let bound = registry.params().perps.premium_bound_ppm as f64;
    ((price_e8 as f64 / E8 as f64 / dollars(held) - 1.0) * 1e6).clamp(-bound, bound) as i32
}

/// A price of the board, dollars.
pub fn dollars(price: StoredPrice) -> f64 {
    price.mantissa as f64 * 2f64.powi(price.exponent)
}

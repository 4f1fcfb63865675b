//! What rounding leaves of a leg, and how it ends.

use plimsoll_risk::units::Atoms;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{closing_price, AccountStatus, Books, MarginAccount, Market, Registry};

use super::{close_leg_if_zero, touch, write_off, ClosedBase};
use crate::pool;

/// What a touch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// The base that was written off at spot.
    pub written_off: ClosedBase,
    /// Claim that became the market's own, as it was worth no share of the pool.
    pub absorbed_atoms: Atoms,
    /// Claim that nothing covered and nobody owed any more, cancelled.
    pub forgone_atoms: Atoms,
}

/// Applies the index to a leg and ends what nobody else could end: a base is written off where the other side holds
/// none ([`write_off`]), a claim without a base is absorbed where it is worth no share of the pool's deposit, and of
/// the market's last leg what exceeds everything that backs it is cancelled. Frees the leg's place where nothing is left.
///
/// A price that is not fresh writes nothing off; the rest is done all the same, so that an epoch can always be
/// forgotten. A leg that is being resolved is only brought up to date.
///
/// # Errors
/// `LegEmpty` where there is no leg or market, `NumberOutOfRange`.
pub fn touch_leg(
    account: &mut MarginAccount,
    place: usize,
    market: &mut Market,
    books: &Books<'_>,
) -> RiskResult<Rest> {
    let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
    let position = account.derivatives.get_mut(place).ok_or(RiskError::LegEmpty)?;
    touch(position, slot, Some(market), books.funding())?;
    let mut rest = Rest::default();
    if account.status == AccountStatus::Active as u8 {
        if position.shares != 0 {
            if let Ok(spot) = closing_price(slot, books) {
                rest.written_off = write_off(slot, market, position, spot)?;
            }
        }
        if position.shares == 0 && position.cash().is_positive() {
            let claim = position.cash().gain();
            rest.forgone_atoms = pool::strike_uncovered(market, claim);
            let covered = claim.saturating_sub(rest.forgone_atoms);
            // The registry's copy of the index is never above the bank's: what is less than a share at it is less than one at the bank's too.
            let deposit_index = books.registry.banks[Registry::QUOTE_BANK].deposit_index;
            if pool::absorb_dust(market, covered, deposit_index)? {
                rest.absorbed_atoms = covered;
            }
            position.cash_atoms = covered.saturating_sub(rest.absorbed_atoms).signed()?.get();
        }
    }
    close_leg_if_zero(account, place, market)?;
    Ok(rest)
}

//! What a liquidation moves between two accounts: shares of the ledger, never tokens, so that no cap, pause of a mint
//! or lack of liquidity can stop it. One file a kind of leg, as in [`plimsoll_risk::liquidate`], which plans.

mod pair;
mod perp;

use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Bank, Books, MarginAccount, Market};

pub use pair::*;
pub use perp::*;

/// Whether a refusal only says that somebody else was faster or the market moved: such a liquidation may succeed without any
/// change.
#[inline(always)]
pub const fn is_lost_race(reason: RiskError) -> bool {
    matches!(
        reason,
        RiskError::AccountHealthy
            | RiskError::AccountAlreadyCured
            | RiskError::CoolOff
            | RiskError::LegPriceInvalid
            | RiskError::NotBestLeg
            | RiskError::BelowLimit
            | RiskError::FillTooSmall
            | RiskError::LeavesDust
            | RiskError::LegEmpty
    )
}

/// Banks and markets as somebody knows them who does not write them: lent as copies, and taken back as a fill left them.
pub trait Totals {
    /// The bank of this slot.
    ///
    /// # Errors
    /// `SlotEmpty` where it is not known.
    fn bank(&self, index: u8) -> RiskResult<Bank>;
    /// The market of this slot.
    ///
    /// # Errors
    /// `SlotEmpty` where it is not known.
    fn market(&self, index: u8) -> RiskResult<Market>;
    /// Takes back a bank.
    fn keep_bank(&mut self, bank: Bank);
    /// Takes back a market.
    fn keep_market(&mut self, market: Market);
}

/// Moves what a plan for a leg says, whatever its kind: for clients, who know every bank and market, as the program moves
/// it on the accounts that its instruction names. The collateral's bank goes along where `with_asset_bank`.
///
/// # Errors
/// Those of [`apply_pair`], [`apply_position`] and of the totals. Then nothing is taken back, and the accounts are of no use.
pub fn apply(
    leg: Leg,
    plan: &Plan,
    books: &Books<'_>,
    with_asset_bank: bool,
    totals: &mut impl Totals,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<()> {
    match leg {
        Leg::Pair { asset, liability } => {
            pair::apply_to_copies((asset, liability), plan, books, with_asset_bank, totals, liquidator, liquidatee)
        }
        Leg::Perp { market } => perp::apply_to_copies(market, plan, books, totals, liquidator, liquidatee),
    }
}

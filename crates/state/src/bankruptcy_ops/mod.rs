//! Resolving a bankrupt account (BANKRUPT), on the layouts alone: program, keeper and simulator run the
//! same steps.
//!
//! | stage | status | calls | may be called when |
//! |---|---|---|---|
//! | (a) | `Seizing` | [`seize_token`], [`seize_pnl`] | gains before losses, losses before what is left of quote |
//! | (b) | becomes `Paying` | [`begin_paying`], part of the first paying call | no asset and no gain is left |
//! | (c) | `Paying` | [`pay_borrow`], [`pay_pnl`] | the quote borrow before the markets |
//! | end | `Active` | [`finish`], part of every paying call | nothing is left |
//!
//! A frozen account never thaws. Whatever a price does afterwards, what it still holds pays those who stand in for its
//! loss, and its owner gets back an empty account.
//!
//! Two divisions happen once for all legs and are stored on them, so that nobody's choice of order moves an atom: what
//! q pays on each losing market (`reserved_atoms` while `Seizing`, at the losses in `mark_atoms`), and what insurance
//! pays on each quote leg (the same fields while `Paying`).

mod pay;
mod seize;
#[cfg(test)]
mod tests;

pub use pay::*;
pub use seize::*;

use plimsoll_risk::perp::deficit_share_ppm_up;
use plimsoll_risk::portfolio::PerpLeg;
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::{RiskError, RiskResult};

use crate::{
    AccountStatus, DerivativePosition, MarginAccount, Market, MarketSlot, PositionKind, PriceBoard, Registry,
    TokenPosition,
};
use plimsoll_risk::params::MAX_DERIVATIVE_POSITIONS;

/// PnL of every leg at spot, quote atoms; zero where there is none.
pub type LegPnl = [i64; MAX_DERIVATIVE_POSITIONS];

/// The spot price at which a bankrupt base is closed, quote atoms per unit.
///
/// A stale price closes nothing, as the base would change hands at a value that nobody knows; one that has been stale
/// for hours does, since a dead feed must not keep a loss open for ever (BANKRUPT-3).
///
/// # Errors
/// `PriceStale`; `LegPriceInvalid` where nothing was ever published.
pub fn closing_price(slot: &MarketSlot, registry: &Registry, board: &PriceBoard, now: i64) -> RiskResult<UnitPrice> {
    let price = board.slot(slot.price_slot as usize).ok_or(RiskError::LegPriceInvalid)?;
    if price.spot.mantissa == 0 {
        return Err(RiskError::LegPriceInvalid);
    }
    let age = now.saturating_sub(price.published_at);
    let params = registry.params();
    if age > params.read_age_secs as i64 && age <= params.stale_asset_secs as i64 {
        return Err(RiskError::PriceStale);
    }
    Ok(UnitPrice::new_down(price.spot.get(), slot.scale.get()))
}

/// PnL of one leg at spot, rounded against the holder, quote atoms. A leg without a base needs no price.
///
/// # Errors
/// As [`closing_price`]; `NumberOutOfRange`.
pub fn leg_pnl_down(
    position: &DerivativePosition,
    slot: &MarketSlot,
    registry: &Registry,
    board: &PriceBoard,
    now: i64,
) -> RiskResult<i64> {
    let (units, cash_atoms) = slot.holding(position, now, registry.params().funding_max_secs)?;
    if units == 0 {
        return Ok(cash_atoms);
    }
    let price = closing_price(slot, registry, board, now)?;
    Ok(PerpLeg { units, cash_atoms, ..PerpLeg::default() }.pnl_at(price))
}

impl MarginAccount {
    /// PnL of every leg, see [`leg_pnl_down`].
    ///
    /// # Errors
    /// As [`leg_pnl_down`].
    #[inline(never)]
    pub fn legs_pnl_down(&self, registry: &Registry, board: &PriceBoard, now: i64) -> RiskResult<LegPnl> {
        let mut pnl = [0; MAX_DERIVATIVE_POSITIONS];
        for (position, out) in self.derivatives.iter().zip(&mut pnl) {
            if position.kind == PositionKind::Perp as u8 {
                let slot = registry.market(position.market as usize).ok_or(RiskError::LegEmpty)?;
                *out = leg_pnl_down(position, slot, registry, board, now)?;
            }
        }
        Ok(pnl)
    }

    /// The account is in this stage.
    ///
    /// # Errors
    /// `WrongStage`.
    pub fn require_status(&self, status: AccountStatus) -> RiskResult<()> {
        if self.status == status as u8 {
            Ok(())
        } else {
            Err(RiskError::WrongStage)
        }
    }

    /// Shares in the quote bank, negative where they are owed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        reason = "a place is one that a search of the same table has found; the quote bank is slot zero"
    )]
    pub fn quote_shares(&self) -> i64 {
        self.token_index(Registry::QUOTE_BANK as u8).map_or(0, |index| self.tokens[index].shares)
    }

    fn has_legs(&self) -> bool {
        self.derivatives.iter().any(|d| d.kind != PositionKind::Empty as u8)
    }

    /// Freezes the account: from now on only resolve and repay work (BANKRUPT-4).
    ///
    /// # Errors
    /// `WrongStage` where it is frozen already.
    pub fn freeze(&mut self) -> RiskResult<()> {
        self.require_status(AccountStatus::Active)?;
        self.status = AccountStatus::Seizing as u8;
        self.clear_marks();
        Ok(())
    }

    fn clear_marks(&mut self) {
        for token in &mut self.tokens {
            (token.reserved_atoms, token.mark_atoms) = (0, 0);
        }
        for leg in &mut self.derivatives {
            (leg.reserved_atoms, leg.mark_atoms) = (0, 0);
        }
        (self.estate_reserved_atoms, self.estate_drawn_atoms) = (0, 0);
    }

    /// Thaws an account with nothing left, its clocks as new (BANKRUPT-4).
    fn thaw(&mut self) {
        self.status = AccountStatus::Active as u8;
        self.clear_marks();
        self.under_water_secs = 0;
        self.wind_down_secs = 0;
        self.observed = 0;
        self.observed_at = 0;
        self.bypass_published_at = 0;
        self.bypass = 0;
    }
}

/// Writes the registry's copy of what the deficit of a market with a touched pool takes of a claim.
#[inline(never)]
fn note_deficit(market: &Market, registry: &mut Registry) {
    if let Some(slot) = registry.markets.get_mut(market.index as usize) {
        slot.deficit_share_ppm = deficit_share_ppm_up(market.pool_atoms, market.deficit_atoms);
    }
}

/// Adds unsigned atoms to a leg's cash.
fn credit_cash(position: &mut DerivativePosition, atoms: u64) -> RiskResult<()> {
    let atoms = plimsoll_risk::num::to_i64(atoms)?;
    position.cash_atoms = position.cash_atoms.checked_add(atoms).ok_or(RiskError::NumberOutOfRange)?;
    Ok(())
}

/// Frees a balance that holds nothing.
fn free_if_zero(position: &mut TokenPosition) {
    if position.shares == 0 {
        *position = TokenPosition::default();
    }
}

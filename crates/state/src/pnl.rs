//! PnL of an account's legs at the price that a resolution closes them at, and the stage that the account is in.

use plimsoll_risk::params::MAX_DERIVATIVE_POSITIONS;
use plimsoll_risk::portfolio::PerpLeg;
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::{RiskError, RiskResult};

use crate::{AccountStatus, DerivativePosition, MarginAccount, MarketSlot, PositionKind, PriceBoard, Registry};

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
    if age > params.prices.read_age_secs as i64 && age <= params.wind_down.stale_asset_secs as i64 {
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
    let (units, cash_atoms) = slot.holding(position, now, registry.params().perps.funding_max_secs)?;
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

    /// Whether any place of the table of positions is taken.
    pub fn has_legs(&self) -> bool {
        self.derivatives.iter().any(|d| d.kind != PositionKind::Empty as u8)
    }
}

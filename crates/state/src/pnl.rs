//! PnL of an account's legs at the price that a resolution closes them at, and the stage that the account is in.

use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::MAX_DERIVATIVE_POSITIONS;
use plimsoll_risk::portfolio::PerpLeg;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::SignedAtoms;
use plimsoll_risk::{RiskError, RiskResult};

use crate::{AccountStatus, Books, DerivativePosition, MarginAccount, MarketSlot, PositionKind, Registry};

/// PnL of every leg at spot; zero where there is none.
pub type LegPnl = [SignedAtoms; MAX_DERIVATIVE_POSITIONS];

/// The spot price at which a bankrupt base is closed.
///
/// A stale price closes nothing, as the base would change hands at a value that nobody knows; one that has been stale
/// for hours does, since a dead feed must not keep a loss open permanently (BANKRUPT-3).
///
/// # Errors
/// `PriceStale`; `LegPriceInvalid` where nothing was ever published.
pub fn closing_price(slot: &MarketSlot, books: &Books<'_>) -> RiskResult<BasePrice> {
    let price = books.board.slot(slot.price_slot as usize).ok_or(RiskError::LegPriceInvalid)?;
    if price.spot.mantissa == 0 {
        return Err(RiskError::LegPriceInvalid);
    }
    let (params, now) = (books.params(), books.now);
    let is_held = MaxAge::new(params.wind_down.stale_asset(), now).admits(price.published());
    if is_held && !price.is_fresh(MaxAge::new(params.prices.read_age(), now)) {
        return Err(RiskError::PriceStale);
    }
    Ok(BasePrice::new_down(price.spot.get(), slot.scale.get()))
}

/// PnL of one leg at spot, rounded against the holder. A leg without a base needs no price.
///
/// # Errors
/// As [`closing_price`]; `NumberOutOfRange`.
pub fn leg_pnl_down(position: &DerivativePosition, slot: &MarketSlot, books: &Books<'_>) -> RiskResult<SignedAtoms> {
    let (units, cash_atoms) = slot.holding(position, books.funding())?;
    if units.is_zero() {
        return Ok(cash_atoms);
    }
    let price = closing_price(slot, books)?;
    Ok(PerpLeg { units, cash_atoms, ..PerpLeg::default() }.pnl_at(price))
}

impl MarginAccount {
    /// PnL of every leg, see [`leg_pnl_down`].
    ///
    /// # Errors
    /// As [`leg_pnl_down`].
    #[inline(never)]
    pub fn legs_pnl_down(&self, books: &Books<'_>) -> RiskResult<LegPnl> {
        let mut pnl = [SignedAtoms::ZERO; MAX_DERIVATIVE_POSITIONS];
        for (position, out) in self.derivatives.iter().zip(&mut pnl) {
            if position.kind == PositionKind::Perp as u8 {
                let slot = books.registry.market(position.market as usize).ok_or(RiskError::LegEmpty)?;
                *out = leg_pnl_down(position, slot, books)?;
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

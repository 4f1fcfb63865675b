//! Legs of an account's table, counted in their market.

use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{DerivativePosition, MarginAccount, Market, PositionKind};

/// The leg of `market`, taking a free place of the table if there is none; counts it in the market.
///
/// # Errors
/// `PositionTableFull`.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn open_leg(account: &mut MarginAccount, market: &mut Market) -> RiskResult<usize> {
    if let Some(index) = account.perp_index(market.index) {
        return Ok(index);
    }
    let free = account.derivatives.iter().position(|d| d.kind == PositionKind::Empty as u8);
    let index = free.ok_or(RiskError::PositionTableFull)?;
    account.derivatives[index] = DerivativePosition {
        kind: PositionKind::Perp as u8,
        market: market.index,
        underlying: market.price_slot,
        ..DerivativePosition::default()
    };
    market.leg_count = market.leg_count.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
    Ok(index)
}

/// Frees the leg's place where neither base nor cash is left and it is not counted as a known loss; true where it did.
///
/// When the market's last leg goes nobody has a claim any more: its deficit is owed to nobody, and what is left
/// in the pool becomes the market's own claim, that is, insurance once paid.
///
/// # Errors
/// `EpochMissing` where the market counts no leg.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn close_leg_if_zero(account: &mut MarginAccount, index: usize, market: &mut Market) -> RiskResult<bool> {
    let position = &mut account.derivatives[index];
    let marks = position.reserved_atoms | position.known_loss_atoms;
    let held = position.shares != 0 || position.cash_atoms != 0 || marks != 0;
    if position.kind != PositionKind::Perp as u8 || held {
        return Ok(false);
    }
    *position = DerivativePosition::default();
    market.leg_count = market.leg_count.checked_sub(1).ok_or(RiskError::EpochMissing)?;
    if market.leg_count == 0 {
        market.deficit_atoms = 0;
        market.own_claim_atoms = market.pool_atoms;
    }
    Ok(true)
}

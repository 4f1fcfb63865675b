//! Who bears a loss that no insurance pays: depositors of the debt's bank, or the opposite side of the market (LOSS).

use plimsoll_risk::bank::{socialize, Socialized};
use plimsoll_risk::lazy::{charge_within_down, rate_of_spot_down, Side, CHARGE_WINDOW_SECS};
use plimsoll_risk::perp::deficit_share_after_ppm_up;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, Ppm};
use plimsoll_risk::RiskResult;
use plimsoll_state::{Bank, BankSlot, FundingClock, Market, MarketSlot, Registry, SlotStatus};

use crate::perp::{accrue_funding, store};
use crate::pool;

/// Writes a loss off against depositors (LOSS-1): lowers the deposit index and the registry's copy,
/// records what deposits cannot bear, and makes the bank terminal at the floor. The bank is booked; the caller
/// removes the debt's shares.
pub fn socialize_on_deposits(bank: &mut Bank, slot: &mut BankSlot, loss: Atoms) -> Socialized {
    let result = socialize(bank.deposit_shares, bank.deposit_index, loss);
    bank.deposit_index = result.deposit_index;
    slot.deposit_index = result.deposit_index;
    bank.uncovered_atoms = bank.uncovered().saturating_add(result.uncovered_atoms).get();
    let borne = loss.saturating_sub(result.uncovered_atoms);
    bank.socialized_atoms = bank.socialized_atoms.saturating_add(borne.get());
    if result.terminal {
        slot.status = SlotStatus::Terminal as u8;
    }
    result
}

/// Lowers what claims on every market get, where the deposit index of quote has fallen and with it the pools.
pub fn cut_claims(registry: &mut Registry, before: u64, after: u64) {
    let at_par = deficit_share_after_ppm_up(Ppm::ZERO, before, after);
    for slot in registry.markets.iter_mut().take(registry.market_count as usize) {
        let share = slot.deficit_share();
        let later = if share.is_zero() { at_par } else { deficit_share_after_ppm_up(share, before, after) };
        slot.deficit_share_ppm = later.get();
    }
}

/// Charges a loss to one side, pro rata, at most maintenance rate times spot per unit within any hour; what exceeds
/// this or finds no position takes the market's own claim, then is its deficit (LOSS-2). Returns what the side bore.
///
/// # Errors
/// `NumberOutOfRange`.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub fn socialize_on_side(
    slot: &mut MarketSlot,
    market: &mut Market,
    bearing: Side,
    loss: Atoms,
    spot: BasePrice,
    clock: FundingClock,
) -> RiskResult<Atoms> {
    accrue_funding(slot, clock)?;
    let open_interest = slot.open_interest(market, bearing);
    let totals = &mut market.sides[bearing as usize];
    let bound = rate_of_spot_down(slot.rates.0.maint_ppm, spot).unsigned_abs();
    let room = totals.charged.room(bound, clock.now, CHARGE_WINDOW_SECS);
    let (charged, per_unit) = charge_within_down(loss, open_interest, room);
    if !charged.is_zero() {
        let index = slot.sides[bearing as usize].stored().charged(charged, totals.shares)?;
        store(&mut slot.sides[bearing as usize], index);
        totals.charged.spend(per_unit, clock.now, CHARGE_WINDOW_SECS);
        market.socialized_atoms = market.socialized_atoms.saturating_add(charged.get());
    }
    pool::add_deficit(market, loss.saturating_sub(charged))?;
    Ok(charged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_risk::params::INDEX_ONE;

    /// LOSS-1
    #[test]
    fn a_loss_lowers_both_indices_at_once_and_the_floor_makes_the_bank_terminal() {
        let (mut bank, mut slot) = (Bank::zeroed(), BankSlot::zeroed());
        bank.deposit_index = INDEX_ONE;
        slot.status = SlotStatus::Active as u8;
        bank.deposit_shares = 1_000;
        socialize_on_deposits(&mut bank, &mut slot, Atoms::new(250));
        assert_eq!((bank.deposit_index, slot.deposit_index), (INDEX_ONE / 4 * 3, INDEX_ONE / 4 * 3));
        assert_eq!((slot.status, bank.socialized_atoms), (SlotStatus::Active as u8, 250));
        socialize_on_deposits(&mut bank, &mut slot, Atoms::new(800));
        assert_eq!((slot.status, bank.uncovered_atoms), (SlotStatus::Terminal as u8, 51));
    }
}

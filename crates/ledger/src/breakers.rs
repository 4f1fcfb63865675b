//! What was liquidated and drawn lately, counted in what is written already, and the breakers that this trips (LIMIT-3,
//! LIMIT-4). Nothing here refuses anything: a liquidation and a draw go through whatever comes of them.

use plimsoll_risk::breaker::drawn;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::params::BreakerParams;
use plimsoll_risk::units::{Atoms, BaseUnits, UnixSecs};
use plimsoll_state::{Bank, Market, MarketSlot, Registry};

/// Counts a debt of this bank that was liquidated, against what is deposited. The bank is booked.
pub(crate) fn count_debt(bank: &mut Bank, debt: Atoms, params: &BreakerParams, now: UnixSecs) {
    let deposits = bank.totals().deposits_down();
    bank.throughput.count(debt.get(), deposits.get(), params.liquidated_debts(), now);
}

/// Counts a position of one side of this market that is liquidated, against what is open on that side before.
pub(crate) fn count_position(
    market: &mut Market,
    slot: &MarketSlot,
    side: Side,
    base: BaseUnits,
    params: &BreakerParams,
    now: UnixSecs,
) {
    let open = slot.open_interest(market, side);
    market.throughput.count(base.get(), open.get(), params.liquidated_positions(), now);
}

/// Looks at a bank's fund that was just drawn on.
#[inline(never)]
pub(crate) fn look_at_fund(bank: &Bank, registry: &mut Registry, now: UnixSecs) {
    let (fund, share) = (bank.drawable(now), registry.params().breakers.drawn_insurance());
    if let Some(slot) = registry.banks.get_mut(bank.index as usize) {
        let next = drawn(slot.drawdown.get(), &fund, share, now);
        slot.drawdown = next.into();
        registry.drawn_until_at = registry.drawn_until_at.max(next.until.get());
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;
    use plimsoll_risk::breaker::{DRAWDOWN_BREAKER, THROUGHPUT_BREAKER};
    use plimsoll_risk::params::{GlobalParams, INDEX_ONE};
    use plimsoll_risk::units::Secs;
    use plimsoll_state::{SlotStatus, StoredParams};

    use super::*;

    const NOW: UnixSecs = UnixSecs::new(1_700_000_000);
    const PARAMS: BreakerParams = BreakerParams::DEFAULT;

    /// A thousand deposited at an index of two, and insurance of a thousand.
    fn bank() -> Bank {
        let mut bank = Bank::zeroed();
        (bank.index, bank.deposit_shares, bank.deposit_index) = (3, 500, 2 * INDEX_ONE);
        (bank.booked_borrow_index, bank.insurance_atoms) = (INDEX_ONE, 1_000);
        bank
    }

    /// LIMIT-3
    #[test]
    fn debts_count_against_deposits_and_positions_against_their_side() {
        let mut bank = bank();
        count_debt(&mut bank, Atoms::new(50), &PARAMS, NOW);
        assert_eq!(bank.throughput.breaker.until_at, 0);
        count_debt(&mut bank, Atoms::new(1), &PARAMS, NOW);
        assert_eq!(bank.throughput.breaker.until_at, NOW.plus(THROUGHPUT_BREAKER.lasts).get());
        let (mut market, mut slot) = (Market::zeroed(), MarketSlot::zeroed());
        // Size per share: one.
        for (side, shares) in [(0, 1_000), (1, 10_000)] {
            slot.sides[side].a = 1 << 63;
            market.sides[side].shares = shares;
        }
        count_position(&mut market, &slot, Side::Short, BaseUnits::new(101), &PARAMS, NOW);
        assert_eq!(market.throughput.breaker.until_at, 0);
        count_position(&mut market, &slot, Side::Long, BaseUnits::ZERO, &PARAMS, NOW);
        assert_eq!(market.throughput.breaker.until_at, NOW.plus(THROUGHPUT_BREAKER.lasts).get());
        let unlimited = BreakerParams::UNLIMITED;
        let mut market = Market::zeroed();
        count_position(&mut market, &slot, Side::Long, BaseUnits::new(u64::MAX), &unlimited, NOW);
        assert_eq!(
            (market.throughput.breaker.until_at, market.throughput.liquidated.iter().max()),
            (0, Some(&u64::MAX))
        );
    }

    /// LIMIT-4
    #[test]
    fn what_is_drawn_within_an_hour_trips_the_breaker_of_that_bank_where_everybody_reads_it() {
        let mut registry = std::boxed::Box::new(Registry::zeroed());
        registry.params = StoredParams(GlobalParams::DEFAULT);
        registry.banks[3].status = SlotStatus::Active as u8;
        let mut bank = bank();
        for (drawn, trips) in [(250, false), (1, true)] {
            bank.insurance_atoms -= drawn;
            bank.drawn.spend(Atoms::new(drawn), NOW, Bank::DRAW_WINDOW_SECS);
            look_at_fund(&bank, &mut registry, NOW);
            let until = trips.then(|| NOW.plus(DRAWDOWN_BREAKER.lasts));
            assert_eq!((registry.drawn_until(3, NOW), registry.drawn_until(0, NOW)), (until, None));
            assert_eq!(registry.drawn_until_at, until.map_or(0, UnixSecs::get));
        }
        assert_eq!(registry.drawn_until(3, NOW.plus(DRAWDOWN_BREAKER.lasts)), None);
        // What is drawn while it stands extends nothing; the next draw after its end begins the second of its row.
        let held = registry.banks[3].drawdown;
        bank.drawn.spend(Atoms::new(500), NOW, Bank::DRAW_WINDOW_SECS);
        look_at_fund(&bank, &mut registry, NOW.plus(Secs::new(3_599)));
        assert_eq!(registry.banks[3].drawdown, held);
        look_at_fund(&bank, &mut registry, NOW.plus(Secs::new(3_600)));
        assert_eq!((registry.banks[3].drawdown.in_a_row, held.in_a_row), (2, 1));
    }
}

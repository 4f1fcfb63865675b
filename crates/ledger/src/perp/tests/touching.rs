//! A position's way through the epochs, and what each step writes, by hand.

use bytemuck::Zeroable;
use plimsoll_risk::lazy::{Index, Side, A_MIN, A_ONE};
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{DerivativePosition, EpochEnd, FundingClock, I128Le, Market, MarketSlot, SideIndex, SideTotals};

use super::{clock, Both};
use crate::perp;
use crate::perp::{enter, leave, note_rounding, settle_shares, touch};

const ATOM: i128 = 1 << 64;

fn ended(epoch: u32, a: u64, k: i128) -> EpochEnd {
    EpochEnd { k: I128Le::new(k), a, epoch, used: 1 }
}

/// Longs are in epoch 8 at A = 1/2 and K = 7; their epochs 6 and 7 ended at A = 1/2 and 1/4, and K = 3 and -2.
fn slot() -> MarketSlot {
    let mut slot = Both::new().slot;
    slot.sides[0] = SideIndex { epoch: 8, a: A_ONE / 2, k: I128Le::new(7 * ATOM), ..SideIndex::start() };
    slot.sides[0].ring[2] = ended(6, A_ONE / 2, 3 * ATOM);
    slot.sides[0].ring[3] = ended(7, A_ONE / 4, -2 * ATOM);
    slot
}

fn long(epoch: u32, shares: i64, k_entry: i128) -> DerivativePosition {
    let k_entry = I128Le::new(k_entry);
    DerivativePosition { epoch, shares, k_entry, cash_atoms: 1_000, kind: 1, last_sign: 1, ..Default::default() }
}

/// Positions of the running epoch and of the ring, and the shares of longs.
fn market(count: u32, ring_counts: [u32; 4], shares: u64) -> Market {
    let mut market = Market { rounding_units: 9, ..Market::zeroed() };
    market.sides[0] = SideTotals { count, ring_counts, shares, ..SideTotals::default() };
    market
}

fn project(slot: &MarketSlot, position: &DerivativePosition) -> RiskResult<(i64, i64)> {
    slot.project(position, clock(0)).map(|(units, cash)| (units.get(), cash.get()))
}

#[test]
fn a_position_is_followed_through_the_epochs_that_ended() {
    // 33 shares at K = 1: 66 atoms and 16 shares, -32 atoms and 4 shares, 28 atoms and 2 units.
    assert_eq!(project(&slot(), &long(6, 33, ATOM)), Ok((2, 1_000 + 66 - 32 + 28)));
    assert_eq!(project(&slot(), &long(7, 16, 0)), Ok((4 / 2, 1_000 - 32 + 28)));
    assert_eq!(project(&slot(), &long(8, 4, 5 * ATOM)), Ok((2, 1_000 + 8)));
    // Three shares are none after epoch 7: their cash is that of its end.
    assert_eq!(project(&slot(), &long(7, 3, 0)), Ok((0, 1_000 - 6)));
    assert_eq!(project(&slot(), &long(6, 1, 0)), Ok((0, 1_000 + 3)));
    // Nothing is followed of who holds nothing, and each side has a ring of its own.
    assert_eq!(project(&slot(), &long(1, 0, 0)), Ok((0, 1_000)));
    assert_eq!(project(&slot(), &long(0, -3, 0)), Ok((-3, 1_000)));
    assert_eq!(project(&slot(), &long(6, -3, 0)), Err(RiskError::EpochMissing));
}

#[test]
fn an_epoch_that_the_ring_does_not_hold_is_missing() {
    let missing = Err(RiskError::EpochMissing);
    // An entry of another epoch, one that is not in use, and none.
    assert_eq!(project(&slot(), &long(2, 8, 0)), missing);
    assert_eq!(project(&slot(), &long(5, 8, 0)), missing);
    assert_eq!(project(&slot(), &long(9, 8, 0)), missing);
    let mut unused = slot();
    unused.sides[0].ring[2].used = 0;
    assert_eq!(project(&unused, &long(6, 8, 0)), missing);
    let mut first = slot();
    first.sides[0].epoch = 1;
    assert_eq!(project(&first, &long(0, 8, 0)), missing);
}

#[test]
fn touching_carries_a_position_over_and_counts_it_in_its_new_epoch() {
    let (slot, mut market, mut position) = (slot(), market(5, [1, 1, 3, 1], 40), long(6, 33, ATOM));
    touch(&mut position, &slot, Some(&mut market), clock(0)).unwrap();
    let expected = DerivativePosition { cash_atoms: 1_062, ..long(8, 4, 7 * ATOM) };
    assert_eq!(position, expected);
    let totals = &market.sides[0];
    assert_eq!((totals.count, totals.ring_counts, totals.shares), (6, [1, 1, 2, 1], 40));
    assert_eq!(market.rounding_units, 9);
    // A second time it changes nothing.
    let before = market;
    touch(&mut position, &slot, Some(&mut market), clock(0)).unwrap();
    assert_eq!((position, bytemuck::bytes_of(&market)), (expected, bytemuck::bytes_of(&before)));
}

#[test]
fn a_position_that_no_unit_is_left_of_is_counted_nowhere() {
    // Gone with an epoch that ended: it never enters the running one.
    let (slot, mut totals, mut position) = (slot(), market(5, [0, 0, 0, 2], 40), long(7, 3, 0));
    touch(&mut position, &slot, Some(&mut totals), clock(0)).unwrap();
    assert_eq!(position, DerivativePosition { cash_atoms: 994, ..long(8, 0, 0) });
    let long_side = &totals.sides[0];
    assert_eq!((long_side.count, long_side.ring_counts, long_side.shares), (5, [0, 0, 0, 1], 40));
    // Of shares of the running epoch that make no unit, it leaves it and takes them with it.
    let (mut totals, mut position) = (market(5, [0; 4], 40), long(8, 1, 5 * ATOM));
    touch(&mut position, &slot, Some(&mut totals), clock(0)).unwrap();
    assert_eq!(position, DerivativePosition { cash_atoms: 1_002, ..long(8, 0, 0) });
    assert_eq!((totals.sides[0].count, totals.sides[0].shares), (4, 39));
    // Carried over to shares that make none, it enters and leaves at once.
    let (mut totals, mut position) = (market(5, [0, 0, 0, 2], 40), long(7, 4, 0));
    touch(&mut position, &slot, Some(&mut totals), clock(0)).unwrap();
    assert_eq!(position, DerivativePosition { cash_atoms: 1_000 - 8 + 7, ..long(8, 0, 0) });
    let long_side = &totals.sides[0];
    assert_eq!((long_side.count, long_side.ring_counts, long_side.shares), (5, [0, 0, 0, 1], 39));
    // With the last position all that rounding has done is gone.
    let (mut totals, mut position) = (market(1, [0; 4], 40), long(8, 1, 5 * ATOM));
    touch(&mut position, &slot, Some(&mut totals), clock(0)).unwrap();
    assert_eq!((totals.sides[0].shares, totals.rounding_units), (0, 0));
}

#[test]
fn without_the_market_a_position_is_touched_within_its_epoch_and_drops_nothing() {
    let mut position = long(8, 1, 5 * ATOM);
    touch(&mut position, &slot(), None, clock(0)).unwrap();
    assert_eq!(position, DerivativePosition { cash_atoms: 1_002, ..long(8, 1, 7 * ATOM) });
    for epoch in [6, 7] {
        let mut old = long(epoch, 40, 0);
        assert_eq!(touch(&mut old, &slot(), None, clock(0)), Err(RiskError::TotalsRequired));
        assert_eq!(old, long(epoch, 40, 0));
    }
    let mut empty = long(3, 0, 0);
    assert_eq!(touch(&mut empty, &slot(), None, clock(0)), Ok(()));
    assert_eq!(empty, long(3, 0, 0));
    let mut uncounted = market(5, [1, 1, 0, 1], 40);
    let missing = touch(&mut long(6, 33, 0), &slot(), Some(&mut uncounted), clock(0));
    assert_eq!(missing, Err(RiskError::EpochMissing));
}

#[test]
fn positions_are_counted_in_every_epoch() {
    let totals = SideTotals { count: 3, ring_counts: [1, 2, 0, 4], ..SideTotals::default() };
    assert_eq!(totals.all_positions(), 10);
    assert_eq!(
        [0, 1, 2, 3, 4, 6, 9, 11].map(|epoch| totals.is_ring_full(epoch)),
        [true, true, false, true, true, false, true, true]
    );
    let mut full = SideTotals { count: u32::MAX, ..SideTotals::default() };
    assert_eq!(
        (enter(&mut full), leave(&mut full), full.count),
        (Err(RiskError::NumberOutOfRange), Ok(()), u32::MAX - 1)
    );
    let mut none = SideTotals::default();
    assert_eq!((leave(&mut none), enter(&mut none), none.count), (Err(RiskError::EpochMissing), Ok(()), 1));
}

#[test]
fn a_side_without_positions_has_no_shares_and_a_market_without_any_no_rounding() {
    let mut both = market(0, [0, 0, 1, 0], 7);
    (both.sides[1].count, both.sides[1].shares) = (1, 8);
    settle_shares(&mut both);
    assert_eq!((both.sides.map(|side| side.shares), both.rounding_units), ([7, 8], 9));
    both.sides[0].ring_counts[2] = 0;
    settle_shares(&mut both);
    assert_eq!((both.sides.map(|side| side.shares), both.rounding_units), ([0, 8], 9));
    both.sides[1].count = 0;
    settle_shares(&mut both);
    assert_eq!((both.sides.map(|side| side.shares), both.rounding_units), ([0, 0], 0));
    let mut rounded = market(3, [0, 2, 0, 0], 7);
    note_rounding(&mut rounded, Side::Long, 2);
    assert_eq!(rounded.rounding_units, 9 + 7);
    note_rounding(&mut rounded, Side::Short, 1);
    assert_eq!(rounded.rounding_units, 9 + 7 + 1);
}

#[test]
fn funding_is_projected_and_booked_for_both_sides() {
    let mut slot = slot();
    (slot.funding_per_unit_sec, slot.funding_at) = (1 << 60, 100);
    assert_eq!(
        [99, 100, 116, 10_000]
            .map(|now| slot.pending_funding(FundingClock { now: UnixSecs::new(now), max_secs: Secs::new(3_200) })),
        [0, 0, ATOM, 200 * ATOM]
    );
    // An atom per unit in sixteen seconds: of a long at A = 1/2 half an atom per share.
    let long = slot.index_at(Side::Long, clock(116)).unwrap();
    assert_eq!(long, Index { a: A_ONE / 2, k: 7 * ATOM - ATOM / 2 });
    assert_eq!(slot.index_at(Side::Short, clock(116)), Ok(Index { a: A_ONE, k: ATOM }));
    perp::accrue_funding(&mut slot, clock(116)).unwrap();
    assert_eq!((slot.sides[0].stored(), slot.sides[1].stored()), (long, Index { a: A_ONE, k: ATOM }));
    perp::accrue_funding(&mut slot, clock(50)).unwrap();
    assert_eq!((slot.sides[0].stored(), slot.funding_at), (long, 116));
    let totals = market(1, [0; 4], 11);
    assert_eq!([Side::Long, Side::Short].map(|side| slot.open_interest(&totals, side).get()), [5, 0]);
}

#[test]
fn an_epoch_ends_where_its_side_is_worn_out_and_the_ring_has_room() {
    for (a, ring_counts, ends) in [
        (A_MIN, [0; 4], false),
        (A_MIN - 1, [0; 4], true),
        (A_MIN / 2, [3, 1, 0, 1], true),
        (A_MIN / 2, [0, 0, 1, 0], false),
        (0, [0; 4], true),
        (A_ONE, [0, 0, 1, 0], false),
    ] {
        let (mut slot, mut totals) = (slot(), market(5, ring_counts, 1 << 23));
        // The entry of epoch 2 is to be overwritten by that of epoch 6.
        slot.sides[0].ring[2] = ended(2, 1, 1);
        (slot.sides[0].epoch, slot.sides[0].a) = (6, a);
        let (index, before) = (slot.sides[0], totals);
        assert_eq!(perp::end_epochs(&mut slot, &mut totals), Ok(ends));
        if !ends {
            assert_eq!((slot.sides[0], bytemuck::bytes_of(&totals)), (index, bytemuck::bytes_of(&before)));
            continue;
        }
        let mut expected = SideIndex { epoch: 7, ring: index.ring, ..SideIndex::start() };
        expected.ring[2] = ended(6, a, 7 * ATOM);
        assert_eq!(slot.sides[0], expected);
        assert_eq!(slot.sides[1], SideIndex::start());
        let left = index.stored().size_down(1 << 23).get();
        let mut counts = ring_counts;
        counts[2] = 5;
        let side = &totals.sides[0];
        assert_eq!((side.count, side.ring_counts, side.shares), (0, counts, left));
        // Less than a unit for each of its positions, wherever it is.
        assert_eq!(totals.rounding_units, 9 + counts.iter().sum::<u32>() as u64);
    }
    let (mut slot, mut totals) = (slot(), market(0, [0; 4], 0));
    slot.sides.iter_mut().for_each(|side| side.a = 0);
    assert_eq!(perp::end_epochs(&mut slot, &mut totals), Ok(true));
    assert_eq!((slot.sides[0].epoch, slot.sides[1].epoch, totals.rounding_units), (9, 1, 0));
}

//! Ends of epochs and the ring.

use plimsoll_risk::lazy::{A_MIN, A_ONE};
use plimsoll_risk::RiskError;
use plimsoll_state::EPOCH_RING;

use super::{clock, Both};
use crate::perp::touch;

/// INDEX-4
#[test]
fn a_full_ring_opens_nothing_but_still_transfers_and_deleverages() {
    let mut both = Both::new();
    (both.high, both.steps) = (10, 10);
    // Account 0 sleeps in epoch 0 while three epochs pass.
    both.fill(0, 1, 1 << 30, 5);
    for _ in 0..3 {
        both.deleverage(1, 5);
        both.fill(2, 1, 1 << 41, 5);
    }
    // Epoch 3 ends with accounts 2 and 3 in it, 2^21 of 2^42 units left; epoch 4 has no entry to end in.
    both.fill(3, 4, 1 << 41, 5);
    both.fill(4, 1, (1 << 41) - (1 << 21), 5);
    both.deleverage(1, 5);
    both.touch(2);
    both.touch(3);
    both.check();
    assert_eq!(both.slot.sides[0].epoch, 4);
    assert_eq!((both.read(2).0, both.read(3).0, both.read(4).0), (1 << 20, 1 << 20, -(1 << 21)));
    // Nothing opens.
    both.fill(2, 1, 8, 5);
    assert_eq!(both.read(1).0, 0);
    // Shares pass within a side.
    let shares = both.market.sides[0].shares;
    both.fill(3, 2, 1 << 10, 5);
    both.fill(4, 1, (1 << 21) - 1, 5);
    assert_eq!(both.read(3).0, (1 << 20) + (1 << 10));
    assert_eq!(both.market.sides[0].shares, shares);
    both.check();
    // A keeps falling, to zero where all is closed, and the epoch goes on.
    both.deleverage(1, 5);
    both.check();
    assert_eq!((both.slot.sides[0].a, both.slot.sides[0].epoch), (A_MIN >> 1, 4));
    both.deleverage(4, 5);
    both.check();
    assert_eq!((both.slot.sides[0].a, both.slot.sides[0].epoch), (0, 4));
    both.fill(2, 1, 8, 5);
    assert_eq!(both.read(1).0, 0);
    // The sleeper is touched and the funding cranked: the epoch ends and the side opens again.
    both.touch(0);
    both.wait(1, 0, true);
    assert_eq!(both.slot.sides[0].epoch, 5);
    both.fill(2, 1, 8, 5);
    assert_eq!((both.read(2).0, both.read(1).0), (8, -8));
    both.check();
}

#[test]
fn an_epoch_ends_with_positions_in_it_and_they_follow_one_by_one() {
    let mut both = Both::new();
    both.high = 10;
    both.fill(0, 1, 1 << 41, 5);
    both.fill(2, 1, 1 << 41, 5);
    // One long unit in 2^21 is left: below 2^-20 the epoch ends with both longs in it.
    both.fill(1, 3, (1 << 42) - (1 << 42 >> 21), 5);
    both.steps += 4;
    assert_eq!(both.read(1).0, -(1 << 21));
    both.deleverage(3, 5);
    both.check();
    let long = &both.slot.sides[0];
    assert_eq!((long.epoch, long.a), (1, A_ONE));
    assert_eq!(long.ring[0].a, A_MIN >> 1);
    assert_eq!(both.market.sides[0].ring_counts, [2, 0, 0, 0]);
    assert_eq!(both.market.sides[0].shares, 1 << 21);
    both.touch(0);
    assert_eq!((both.market.sides[0].ring_counts[0], both.market.sides[0].count), (1, 1));
    both.touch(2);
    assert_eq!((both.market.sides[0].ring_counts[0], both.market.sides[0].count), (0, 2));
    both.check();
}

/// INDEX-3
#[test]
fn closing_all_of_a_side_closes_every_position_of_it() {
    let mut both = Both::new();
    both.high = 10;
    both.fill(0, 1, 1_000, 5);
    both.fill(2, 1, 500, 6);
    both.steps += 3;
    both.deleverage(1, 4);
    both.check();
    assert_eq!((both.read(0).0, both.read(2).0), (0, 0));
    assert_eq!(both.market.sides[0].shares, 0);
    // Each gets spot for what was closed: PnL at spot as before.
    assert_eq!((both.read(0).1, both.read(2).1), (-1_000, -1_000));
}

/// INDEX-3
#[test]
fn a_ring_entry_is_reused_only_at_count_zero() {
    let mut both = Both::new();
    both.high = 10;
    both.fill(0, 1, 1 << 30, 5);
    both.deleverage(1, 5);
    // Nobody touches account 0, whose base is gone: the ended epoch counts it all the same.
    for round in 0..2 * EPOCH_RING {
        both.steps += 2;
        let epoch = both.slot.sides[0].epoch;
        both.fill(2, 1, 1 << 20, 5);
        let opened = both.read(2).0 != 0;
        assert_eq!(opened, round < EPOCH_RING - 1, "round {round}, epoch {epoch}");
        if opened {
            both.deleverage(1, 5);
            both.touch(2);
        }
        both.check();
    }
    both.touch(0);
    both.fill(2, 1, 1 << 20, 5);
    assert_eq!(both.read(2).0, 1 << 20);
    both.check();
}

#[test]
fn touching_without_the_market_needs_a_current_epoch() {
    let mut both = Both::new();
    both.fill(0, 1, 1_000, 5);
    let mut position = both.positions[0];
    assert_eq!(touch(&mut position, &both.slot, None, clock(10)), Ok(()));
    both.deleverage(1, 5);
    assert_eq!(touch(&mut position, &both.slot, None, clock(10)), Err(RiskError::TotalsRequired));
}

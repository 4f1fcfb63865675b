//! Fills to the unit: every pair of small positions, and the limits.

use bytemuck::Zeroable;
use plimsoll_risk::lazy::{A_MIN, A_ONE};
use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_risk::units::{BaseUnits, SignedAtoms};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{DerivativePosition, Market, MarketSlot, SideIndex};

use super::{clock, Both};
use crate::perp::{exchange, Exchanged};

/// A buyer, a seller and whoever holds the rest, at A = 1.
struct Three {
    slot: MarketSlot,
    market: Market,
    positions: [DerivativePosition; 3],
}

impl Three {
    fn new(buyer: i64, seller: i64) -> Self {
        let mut slot = Both::new().slot;
        slot.sides = [SideIndex { epoch: 6, ..SideIndex::start() }; 2];
        let mut three = Self { slot, market: Market::zeroed(), positions: [DerivativePosition::zeroed(); 3] };
        for (who, units) in [(0, buyer), (1, seller)] {
            let (buys, sells) = if units >= 0 { (who, 2) } else { (2, who) };
            three.fill(buys, sells, units.unsigned_abs(), 0, 0).unwrap();
        }
        three
    }

    /// Leaves everything as it was where it fails.
    fn fill(&mut self, buyer: usize, seller: usize, units: u64, paid: i64, got: i64) -> RiskResult<Exchanged> {
        let (mut market, mut b, mut s) = (self.market, self.positions[buyer], self.positions[seller]);
        let done = exchange(
            &self.slot,
            &mut market,
            &mut b,
            &mut s,
            BaseUnits::new(units),
            SignedAtoms::new(-paid),
            SignedAtoms::new(got),
            clock(0),
        )?;
        (self.market, self.positions[buyer], self.positions[seller]) = (market, b, s);
        Ok(done)
    }

    fn units(&self) -> [i64; 3] {
        self.positions.map(|position| self.slot.project(&position, clock(0)).unwrap().0.get())
    }

    /// At A = 1 shares are units; each side counts who holds some.
    fn check(&self) {
        let units = self.units();
        for (side, sign) in [(0, 1), (1, -1)] {
            let held = units.iter().map(|units| (units * sign).max(0) as u64);
            assert_eq!(self.market.sides[side].shares, held.clone().sum::<u64>());
            assert_eq!(self.market.sides[side].count as usize, held.filter(|units| *units != 0).count());
        }
        for position in &self.positions {
            let sign = position.shares.signum() as i8;
            assert!(sign == 0 || (position.last_sign, position.epoch) == (sign, 6));
        }
    }
}

#[test]
fn a_fill_moves_exactly_its_units_and_says_what_it_opened_and_netted() {
    for buyer in -4i64..=4 {
        for seller in -4i64..=4 {
            for units in 0..=5u64 {
                let mut three = Three::new(buyer, seller);
                three.check();
                let longs = |three: &Three| three.market.sides[0].shares as i64;
                let (before, rest) = (longs(&three), three.units()[2]);
                let done = three.fill(0, 1, units, 70, 60).unwrap();
                let moved = units as i64;
                assert_eq!(three.units(), [buyer + moved, seller - moved, rest]);
                let change = longs(&three) - before;
                let expected = Exchanged {
                    opened_units: BaseUnits::new(change.max(0) as u64),
                    netted_units: BaseUnits::new(change.min(0).unsigned_abs()),
                };
                assert_eq!(done, expected, "{buyer}, {seller}, {units}");
                assert_eq!(three.positions.map(|position| position.cash_atoms), [-70, 60, 0]);
                three.check();
            }
        }
    }
}

#[test]
fn a_position_reaches_the_largest_size_and_not_a_unit_more() {
    let mut three = Three::new(0, 0);
    assert_eq!(three.fill(0, 1, MAX_BASE_UNITS + 1, 0, 0), Err(RiskError::PositionTooLarge));
    assert_eq!(three.fill(0, 1, MAX_BASE_UNITS, 0, 0).unwrap().opened_units, BaseUnits::new(MAX_BASE_UNITS));
    assert_eq!(three.fill(0, 2, 1, 0, 0), Err(RiskError::PositionTooLarge));
    assert_eq!(three.fill(2, 1, 1, 0, 0), Err(RiskError::PositionTooLarge));
    three.fill(2, 0, 1, 0, 0).unwrap();
    three.fill(0, 2, 1, 0, 0).unwrap();
    assert_eq!(three.units(), [MAX_BASE_UNITS as i64, -(MAX_BASE_UNITS as i64), 0]);
    // And is netted in one fill.
    assert_eq!(three.fill(1, 0, MAX_BASE_UNITS, 0, 0).unwrap().netted_units, BaseUnits::new(MAX_BASE_UNITS));
    three.check();
}

#[test]
fn nothing_opens_while_a_side_is_worn_out_or_has_no_room_for_its_end() {
    type Change = fn(&mut Three);
    let changes: [Change; 4] = [
        |three| three.market.sides[0].ring_counts[2] = 1,
        |three| three.market.sides[1].ring_counts[2] = 1,
        |three| three.slot.sides[0].a = A_MIN - 1,
        |three| three.slot.sides[1].a = A_MIN - 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut three = Three::new(0, 0);
        change(&mut three);
        assert_eq!(three.fill(0, 1, 1, 0, 0), Err(RiskError::EpochRingFull), "change {number}");
        assert_eq!(three.fill(0, 1, 0, 0, 0), Ok(Exchanged::default()), "change {number}");
    }
    // Other entries of the ring, and the least A that is not worn out, refuse nothing.
    let mut three = Three::new(0, 0);
    three.market.sides.iter_mut().for_each(|side| side.ring_counts = [1, 1, 0, 1]);
    three.slot.sides.iter_mut().for_each(|side| side.a = A_MIN);
    assert_eq!(three.fill(0, 1, 1, 0, 0).unwrap().opened_units, BaseUnits::new(1));
    assert_eq!(three.units(), [1, -1, 0]);
    // What passes or is netted needs no room.
    let mut three = Three::new(4, -4);
    three.market.sides.iter_mut().for_each(|side| side.ring_counts[2] = 1);
    assert_eq!(three.fill(2, 0, 1, 0, 0), Ok(Exchanged::default()));
    assert_eq!(three.fill(1, 0, 3, 0, 0).unwrap().netted_units, BaseUnits::new(3));
    assert_eq!(three.fill(1, 2, 3, 0, 0), Err(RiskError::EpochRingFull));
    assert_eq!(three.units(), [0, -1, 1]);
}

#[test]
fn whoever_is_filled_is_brought_up_to_date_first() {
    let mut three = Three::new(4, -4);
    three.slot.sides[0].k.set(3 << 64);
    three.slot.sides[1].k.set(-(5 << 64));
    three.fill(0, 1, 1, 0, 0).unwrap();
    assert_eq!(three.positions.map(|position| position.cash_atoms), [12, -20, 0]);
    assert_eq!(three.positions.map(|position| position.k_entry.get()), [3 << 64, -(5 << 64), 0]);
    // Whoever opens enters at the index of now.
    three.fill(2, 1, 1, 0, 0).unwrap();
    assert_eq!((three.positions[2].k_entry.get(), three.units()), (3 << 64, [5, -6, 1]));
    assert_eq!(three.slot.sides[0].a, A_ONE);
    three.check();
}

#[test]
fn cash_that_leaves_its_range_is_refused() {
    for (paid, got) in [(-1, 0), (0, 1)] {
        let mut three = Three::new(1, -1);
        (three.positions[0].cash_atoms, three.positions[1].cash_atoms) = (i64::MAX, i64::MAX);
        assert_eq!(three.fill(0, 1, 1, paid, got), Err(RiskError::NumberOutOfRange));
    }
}

//! The lazy index of two sides against explicit bookkeeping in rationals, position by position.
//!
//! In integers a position may differ from its exact twin by a few units for each event: `A` and the open interest are
//! floored and shares are ceiled, and what one position has too little another has too much. The sum of all differences
//! grows by at most three units for each position and event, cash by that many units at the event's price.

mod convert;

use convert::unit;
use plimsoll_model::index::Direction;
use plimsoll_model::ledger::Ledger;
use plimsoll_model::rational::{max, min, positive, two_to_minus};
use plimsoll_model::{int, Q};
use plimsoll_risk::lazy::{charge_within_down, rate_of_spot_down, received_by, Index, Side};
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm};
use proptest::prelude::*;

const CASES: u32 = 10_000;
const POSITIONS: usize = 3;

#[derive(Clone, Copy, Default)]
struct Position {
    shares: u64,
    k_entry: i128,
    epoch: usize,
    cash: i64,
}

/// A side as the program keeps it, with a ring that is never full.
struct IntegerSide {
    side: Side,
    index: Index,
    shares: u64,
    ended: Vec<Index>,
    positions: [Position; POSITIONS],
}

impl IntegerSide {
    fn new(side: Side) -> Self {
        let positions = [Position::default(); POSITIONS];
        Self { side, index: Index::START, shares: 0, ended: Vec::new(), positions }
    }

    fn open_interest(&self) -> u64 {
        self.index.size_down(self.shares).get()
    }

    fn touch(&mut self, who: usize) {
        let p = &mut self.positions[who];
        for end in &self.ended[p.epoch..] {
            p.cash += end.cash_down(p.shares, p.k_entry).unwrap().get();
            p.shares = end.size_down(p.shares).get();
            p.k_entry = 0;
        }
        p.epoch = self.ended.len();
        p.cash += self.index.cash_down(p.shares, p.k_entry).unwrap().get();
        p.k_entry = self.index.k;
    }

    fn size(&mut self, who: usize) -> u64 {
        self.touch(who);
        self.index.size_down(self.positions[who].shares).get()
    }

    /// Changes a position to `units`; the side follows its shares.
    fn resize(&mut self, who: usize, units: u64, cash: i64) {
        let shares = self.index.shares_up(BaseUnits::new(units)).unwrap();
        let p = &mut self.positions[who];
        self.shares = self.shares - p.shares + shares;
        p.shares = shares;
        p.cash += cash;
        if self.positions.iter().all(|p| p.shares == 0) {
            self.shares = 0;
        }
    }

    /// Closes units of everyone, pro rata; returns how many there were.
    fn close(&mut self, units: u64, spot: BasePrice) -> u64 {
        let (index, closed) = self.index.closed_down(self.side, self.shares, BaseUnits::new(units), spot).unwrap();
        self.index = index;
        if self.index.is_worn_out() {
            self.shares = self.open_interest();
            self.ended.push(core::mem::replace(&mut self.index, Index::START));
        }
        closed.get()
    }
}

/// Both sides, their twins, and how far a position may have drifted from its twin.
struct Both {
    sides: [IntegerSide; 2],
    twins: [Ledger; 2],
    units: i128,
    cash: Q,
    charged: i128,
    /// Value of what rounding leaves without a holder or a counterpart.
    written_off: i128,
}

/// What one unit costs, in words that the two implementations read alike.
fn spot(eighths: u64) -> BasePrice {
    BasePrice::from_parts(eighths, 3)
}

fn paid(side: Side, units: u64, spot: BasePrice) -> i64 {
    match side {
        Side::Long => -(spot.value_up(BaseUnits::new(units)).get() as i64),
        Side::Short => spot.value_down(BaseUnits::new(units)).get() as i64,
    }
}

fn received(side: Side, units: u64, spot: BasePrice) -> i64 {
    match side {
        Side::Long => spot.value_down(BaseUnits::new(units)).get() as i64,
        Side::Short => -(spot.value_up(BaseUnits::new(units)).get() as i64),
    }
}

#[derive(Clone, Debug)]
enum Event {
    Open { who: usize, whom: usize, units: u64 },
    Funding { per_unit: i128 },
    Charge { side: Side, loss: u64 },
    Deleverage { side: Side, who: usize, parts: u64 },
    CloseNearly { side: Side, left: u64 },
}

impl Both {
    fn new() -> Self {
        Self {
            sides: [IntegerSide::new(Side::Long), IntegerSide::new(Side::Short)],
            twins: [Ledger::new(Direction::Long, POSITIONS), Ledger::new(Direction::Short, POSITIONS)],
            units: 0,
            cash: int(0),
            charged: 0,
            written_off: 0,
        }
    }

    fn drift(&mut self, per_unit: &Q) {
        // Shares that rounding took from their holders and units without a counterpart receive and pay nothing.
        let mut apart = self.sides[0].open_interest().abs_diff(self.sides[1].open_interest());
        for side in &mut self.sides {
            let held: u64 = (0..POSITIONS).map(|who| side.size(who)).sum();
            apart += side.open_interest() - held;
        }
        self.written_off += (int(apart as i128) * per_unit).to_integer().try_into().unwrap_or(i128::MAX) + 2;
        self.units += 3 * POSITIONS as i128;
        self.cash += int(self.units) * per_unit + int(3);
    }

    fn apply(&mut self, event: &Event, spot: BasePrice) {
        let price = unit(spot);
        let per_unit = match event {
            Event::Funding { per_unit } => max(&int(*per_unit), &int(-*per_unit)) * two_to_minus(64),
            _ => price.clone(),
        };
        self.drift(&per_unit);
        match *event {
            Event::Open { who, whom, units } => {
                for (i, position) in [(0, who), (1, whom)] {
                    let side = &mut self.sides[i];
                    let size = side.size(position);
                    side.resize(position, size + units, paid(side.side, units, spot));
                    self.twins[i].open(position, &int(units as i128), &price);
                }
            }
            Event::Funding { per_unit } => {
                for i in 0..2 {
                    let side = &mut self.sides[i];
                    let change = received_by(side.side, per_unit);
                    side.index = side.index.funded_down(change).unwrap();
                    self.twins[i].accrue_funding(&(int(change) * two_to_minus(64)));
                }
            }
            Event::Charge { side, loss } => self.charge(side as usize, loss, spot),
            Event::Deleverage { side, who, parts } => self.deleverage(side as usize, who, parts, spot),
            Event::CloseNearly { side, left } => {
                // A whole side changes hands but for a few units: the other side's positions are all closed.
                for who in 0..POSITIONS {
                    let size = self.sides[side as usize].size(who);
                    let units = if who == 0 { size.saturating_sub(left) } else { size };
                    self.close(side as usize, who, units, spot);
                }
            }
        }
    }

    /// Half the price for each unit at most.
    fn charge(&mut self, i: usize, loss: u64, spot: BasePrice) {
        let side = &mut self.sides[i];
        let room = rate_of_spot_down(Ppm::new(500_000), spot) as u128;
        let (bearable, _) = charge_within_down(Atoms::new(loss), BaseUnits::new(side.open_interest()), room);
        let (charged, exact) = (bearable.get(), self.twins[i].open_interest());
        if charged > 0 && exact > int(0) {
            side.index = side.index.charged(bearable, side.shares).unwrap();
            self.twins[i].charge(&int(charged as i128));
            self.charged += charged as i128;
        }
    }

    fn deleverage(&mut self, i: usize, who: usize, parts: u64, spot: BasePrice) {
        let size = self.sides[i].size(who);
        self.close(i, who, (size as u128 * parts as u128 / 8) as u64, spot);
    }

    /// Closes a position's units against the other side.
    fn close(&mut self, i: usize, who: usize, units: u64, spot: BasePrice) {
        let side = &mut self.sides[i];
        let size = side.size(who);
        if units == 0 {
            return;
        }
        side.resize(who, size - units, received(side.side, units, spot));
        self.twins[i].reduce(who, &int(units as i128), &unit(spot));
        self.drift(&unit(spot));
        let other = 1 - i;
        let open = self.sides[other].open_interest() as i128;
        let closed = self.sides[other].close(units, spot);
        assert_eq!(closed as i128, open.min(units as i128));
        let twin = &mut self.twins[other];
        let exact = min(&positive(&twin.open_interest()), &int(units as i128));
        twin.close(&exact, &unit(spot));
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let mut cash = self.charged;
        for (side, twin) in self.sides.iter_mut().zip(&self.twins) {
            let mut sizes = 0u128;
            for who in 0..POSITIONS {
                let size = side.size(who);
                sizes += size as u128;
                cash += side.positions[who].cash as i128;
                let off = int(size as i128) - &twin.entries[who].size;
                prop_assert!(max(&off, &-off.clone()) <= int(self.units), "size off by {off}");
                let off = int(side.positions[who].cash as i128) - &twin.entries[who].cash;
                prop_assert!(max(&off, &-off.clone()) <= self.cash, "cash off by {off}");
            }
            prop_assert!(sizes <= side.open_interest() as u128, "sizes above open interest");
            prop_assert!(side.open_interest() as u128 <= sizes + POSITIONS as u128 * (side.ended.len() as u128 + 1));
        }
        // What is paid in covers what is paid out: nothing appears but for units that have no counterpart.
        prop_assert!(cash <= self.written_off, "{cash} more received than paid");
        Ok(())
    }
}

fn event() -> impl Strategy<Value = Event> {
    let side = || prop_oneof![Just(Side::Long), Just(Side::Short)];
    prop_oneof![
        3 => (0..POSITIONS, 0..POSITIONS, 1u64..1 << 40).prop_map(|(who, whom, units)| Event::Open { who, whom, units }),
        2 => (-(1i128 << 66)..1i128 << 66).prop_map(|per_unit| Event::Funding { per_unit }),
        1 => (side(), 1u64..1 << 40).prop_map(|(side, loss)| Event::Charge { side, loss }),
        3 => (side(), 0..POSITIONS, 1u64..=8).prop_map(|(side, who, parts)| Event::Deleverage { side, who, parts }),
        1 => (side(), 0u64..1 << 12).prop_map(|(side, left)| Event::CloseNearly { side, left }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// INDEX-1, INDEX-2
    #[test]
    fn the_lazy_index_follows_explicit_bookkeeping_of_two_sides(
        events in prop::collection::vec((event(), 1u64..100), 1..12),
    ) {
        let mut both = Both::new();
        both.apply(&Event::Open { who: 0, whom: 1, units: 1 << 30 }, spot(8));
        for (event, price) in &events {
            both.apply(event, spot(*price));
            both.check()?;
        }
    }
}

//! Sequences of operations against explicit bookkeeping: every position written at every event.

use bytemuck::Zeroable;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::params::MarketRates;
use plimsoll_risk::price::{BasePrice, Price};
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{DerivativePosition, FundingClock, Market, MarketSlot, SideIndex, StoredRates};
use proptest::prelude::*;

use super::*;
use crate::loss::socialize_on_side;
use crate::perp;

mod charges;
mod closing;
mod cycles;
mod epochs;
mod fills;
mod pool;
mod rest;
mod touching;

const ACCOUNTS: usize = 5;
const MAX_SECS: u32 = 3_600;

fn clock(now: i64) -> FundingClock {
    FundingClock { now: UnixSecs::new(now), max_secs: Secs::new(MAX_SECS) }
}
/// Fraction bits of the twin's numbers.
const BITS: u32 = 36;

fn unit(atoms: u64) -> BasePrice {
    BasePrice::new_down(Price::from_parts_down(atoms as u128, 0).unwrap(), Price::from_parts_down(1, 0).unwrap())
}

/// A market, five positions, and their twin: signed size and cash of each with 36 fraction bits.
struct Both {
    slot: MarketSlot,
    market: Market,
    positions: [DerivativePosition; ACCOUNTS],
    size: [i128; ACCOUNTS],
    cash: [i128; ACCOUNTS],
    now: i64,
    /// Operations so far; each rounds a position by at most a unit, and a side by one for each of its positions.
    steps: i128,
    /// Largest price so far, atoms per unit.
    high: i128,
    charged: i128,
}

impl Both {
    fn new() -> Self {
        let mut slot = MarketSlot::zeroed();
        slot.status = 1;
        slot.sides = [SideIndex::start(); 2];
        slot.rates = StoredRates(MarketRates {
            maint_ppm: Ppm::new(20_000),
            target_ppm: Ppm::new(32_500),
            init_ppm: Ppm::new(50_000),
        });
        Self {
            slot,
            market: Market::zeroed(),
            positions: [DerivativePosition::zeroed(); ACCOUNTS],
            size: [0; ACCOUNTS],
            cash: [0; ACCOUNTS],
            now: 0,
            steps: 0,
            high: 1,
            charged: 0,
        }
    }

    fn read(&self, i: usize) -> (i64, i64) {
        let (units, cash) = self.slot.project(&self.positions[i], clock(self.now)).unwrap();
        (units.get(), cash.get())
    }

    fn twin_side(&self, side: Side) -> i128 {
        let sign = side.sign() as i128;
        self.size.iter().map(|s| (s * sign).max(0)).sum()
    }

    fn fill(&mut self, buyer: usize, seller: usize, units: u64, price: u64) {
        let mut pair = [self.positions[buyer], self.positions[seller]];
        let value = (units * price) as i64;
        let mut market = self.market;
        let [b, s] = &mut pair;
        match exchange(
            &self.slot,
            &mut market,
            b,
            s,
            BaseUnits::new(units),
            SignedAtoms::new(-value),
            SignedAtoms::new(value),
            clock(self.now),
        ) {
            Ok(_) => {}
            // Only an opening may be refused, and only for want of room in the ring.
            Err(error) => return assert_eq!(error, RiskError::EpochRingFull),
        }
        self.market = market;
        (self.positions[buyer], self.positions[seller]) = (pair[0], pair[1]);
        let sizes = (self.size[buyer], self.size[seller]);
        self.size[buyer] += (units as i128) << BITS;
        self.size[seller] -= (units as i128) << BITS;
        self.cash[buyer] -= (value as i128) << BITS;
        self.cash[seller] += (value as i128) << BITS;
        // What rounding left of a position that is closed in the books is no position in the twin either.
        for (i, before) in [(buyer, sizes.0), (seller, sizes.1)] {
            let exact = self.read(i).0;
            if (exact == 0) != (self.size[i] == 0) || (exact as i128).signum() != before.signum() {
                self.size[i] = (exact as i128) << BITS;
            }
        }
    }

    fn wait(&mut self, secs: i64, rate: i64, crank: bool) {
        let elapsed = (secs.min(MAX_SECS as i64 - (self.now - self.slot.funding_at).min(MAX_SECS as i64))) as i128;
        let per_unit = self.slot.funding_per_unit_sec as i128 * elapsed;
        for i in 0..ACCOUNTS {
            // |size| < 2^80 and per_unit < 2^40, in units of 2^-64.
            self.cash[i] -= (self.size[i] * per_unit) >> 64;
        }
        self.now += secs;
        if crank {
            perp::accrue_funding(&mut self.slot, clock(self.now)).unwrap();
            perp::end_epochs(&mut self.slot, &mut self.market).unwrap();
            self.slot.funding_per_unit_sec = rate;
        }
    }

    fn deleverage(&mut self, i: usize, price: u64) {
        let size = self.size[i];
        let mut position = self.positions[i];
        let closed = close_base(&mut self.slot, &mut self.market, &mut position, unit(price), clock(self.now));
        let closed = closed.unwrap();
        self.positions[i] = position;
        self.cash[i] += (closed.units.get() as i128 * price as i128) << BITS;
        self.size[i] = 0;
        let Some(side) = Side::of(closed.units.get()) else {
            return;
        };
        // Written off is at most what rounding has let the two sides differ by.
        assert!((closed.units.unsigned_abs().get() - closed.closed_units.get()) as i128 <= self.tolerance_units());
        assert!(size.signum() == side.sign() as i128 || size == 0);
        let whole = self.twin_side(side.opposite());
        let quantity = ((closed.closed_units.get() as i128) << BITS).min(whole);
        for j in 0..ACCOUNTS {
            if self.size[j].signum() == side.opposite().sign() as i128 && whole != 0 {
                let part = mul_div(self.size[j], quantity, whole);
                self.size[j] -= part;
                self.cash[j] += part * price as i128;
            }
        }
    }

    fn charge(&mut self, side: Side, loss: u64, price: u64) {
        let deficit = self.market.deficit_atoms;
        let charged =
            socialize_on_side(&mut self.slot, &mut self.market, side, Atoms::new(loss), unit(price), clock(self.now))
                .unwrap();
        assert_eq!(self.market.deficit_atoms - deficit, loss - charged.get());
        let whole = self.twin_side(side);
        self.charged += charged.get() as i128;
        for j in 0..ACCOUNTS {
            if self.size[j].signum() == side.sign() as i128 && whole != 0 {
                self.cash[j] -= mul_div((charged.get() as i128) << BITS, self.size[j].abs(), whole);
            }
        }
    }

    fn touch(&mut self, i: usize) {
        let before = self.read(i);
        touch(&mut self.positions[i], &self.slot, Some(&mut self.market), clock(self.now)).unwrap();
        assert_eq!(self.read(i), before);
    }

    fn tolerance_units(&self) -> i128 {
        (self.steps + 1) * (ACCOUNTS as i128 + 1)
    }

    /// Sizes, totals and counts agree, and no money has appeared.
    fn check(&self) {
        let (mut lazy_cash, mut sides, mut counts) = (0i128, [0u64; 2], [0u64; 2]);
        for i in 0..ACCOUNTS {
            let (size, cash) = self.read(i);
            lazy_cash += cash as i128;
            let off = (((size as i128) << BITS) - self.size[i]).abs() >> BITS;
            assert!(off <= self.tolerance_units(), "size of {i}: {size} and {}", self.size[i] >> BITS);
            let off = (cash as i128 - (self.cash[i] >> BITS)).abs();
            assert!(off <= self.tolerance_atoms(), "cash of {i}: {cash} and {}", self.cash[i] >> BITS);
            if let Some(side) = Side::of(size) {
                sides[side as usize] += size.unsigned_abs();
            }
            if let Some(side) = Side::of(self.positions[i].shares) {
                counts[side as usize] += 1;
            }
        }
        for side in [Side::Long, Side::Short] {
            let totals = &self.market.sides[side as usize];
            let open_interest = self.slot.open_interest(&self.market, side).get();
            assert!(sides[side as usize] <= open_interest, "sizes exceed open interest");
            assert!((open_interest - sides[side as usize]) as i128 <= self.tolerance_units());
            assert_eq!(totals.all_positions(), counts[side as usize]);
            assert!(counts[side as usize] != 0 || totals.shares == 0);
            assert_eq!(totals.shares >> 63, 0);
        }
        let rounding = self.market.rounding_units;
        assert!(sides[0].abs_diff(sides[1]) <= rounding, "sides of {sides:?} with a rounding of {rounding}");
        for side in [Side::Long, Side::Short] {
            let (held, count) = (sides[side as usize], counts[side as usize]);
            assert!(self.slot.open_interest(&self.market, side).get() <= held + count + rounding);
        }
        assert!(lazy_cash <= -self.charged + self.tolerance_atoms(), "money appeared");
        assert!(lazy_cash >= -self.charged - self.tolerance_atoms(), "money disappeared");
    }

    fn tolerance_atoms(&self) -> i128 {
        self.tolerance_units() * (self.high + 2)
    }
}

/// `a * b / c` for numbers of which two at a time need up to 200 bits, rounded toward zero.
fn mul_div(a: i128, b: i128, c: i128) -> i128 {
    let negative = (a < 0) != (b < 0);
    let (mut a, b, c) = (a.unsigned_abs(), b.unsigned_abs(), c.unsigned_abs());
    // b <= c: the quotient of each bit of a stays below c.
    let (mut quotient, mut rest) = (0u128, 0u128);
    let bits = 128 - a.leading_zeros();
    a = if bits == 0 { 0 } else { a << (128 - bits) };
    for _ in 0..bits {
        quotient <<= 1;
        rest <<= 1;
        if a >> 127 != 0 {
            rest += b;
        }
        a <<= 1;
        while rest >= c {
            rest -= c;
            quotient += 1;
        }
    }
    if negative {
        -(quotient as i128)
    } else {
        quotient as i128
    }
}

#[derive(Clone, Debug)]
enum Step {
    Fill { buyer: usize, seller: usize, units: u64 },
    Close { i: usize, share_ppm: u64 },
    Wait { secs: i64, rate: i64, crank: bool },
    Deleverage { i: usize },
    Charge { long: bool, loss: u64 },
    Touch { i: usize },
}

fn some_step() -> impl Strategy<Value = Step> {
    let who = 0..ACCOUNTS;
    prop_oneof![
        4 => (who.clone(), who.clone(), 0u32..34, 1u64..256)
            .prop_map(|(buyer, seller, bits, m)| Step::Fill { buyer, seller, units: (m << bits) >> 8 | 1 }),
        2 => (who.clone(), 0u64..=1_000_000).prop_map(|(i, share_ppm)| Step::Close { i, share_ppm }),
        2 => (0i64..5_000, -(1i64 << 40)..1i64 << 40, any::<bool>())
            .prop_map(|(secs, rate, crank)| Step::Wait { secs, rate, crank }),
        3 => who.clone().prop_map(|i| Step::Deleverage { i }),
        1 => (any::<bool>(), 0u64..1 << 40).prop_map(|(long, loss)| Step::Charge { long, loss }),
        1 => who.prop_map(|i| Step::Touch { i }),
    ]
}

fn run(steps: &[(Step, u64)]) -> Both {
    let mut both = Both::new();
    for (step, price) in steps {
        both.steps += 1;
        both.high = both.high.max(*price as i128);
        match *step {
            Step::Fill { buyer, seller, units } if buyer != seller => both.fill(buyer, seller, units, *price),
            Step::Fill { .. } => {}
            Step::Close { i, share_ppm } => {
                let size = both.read(i).0;
                let units = (size.unsigned_abs() as u128 * share_ppm as u128 / 1_000_000) as u64;
                let other = (i + 1) % ACCOUNTS;
                match size.signum() {
                    1 if units != 0 => both.fill(other, i, units, *price),
                    -1 if units != 0 => both.fill(i, other, units, *price),
                    _ => {}
                }
            }
            Step::Wait { secs, rate, crank } => both.wait(secs, rate, crank),
            Step::Deleverage { i } => both.deleverage(i, *price),
            Step::Charge { long, loss } => both.charge(if long { Side::Long } else { Side::Short }, loss, *price),
            Step::Touch { i } => both.touch(i),
        }
        both.check();
    }
    both
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_lazy_index_equals_explicit_bookkeeping_to_its_rounding(
        steps in prop::collection::vec((some_step(), 1u64..2_000), 1..40),
    ) {
        run(&steps);
    }
}

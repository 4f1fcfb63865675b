//! Averages, variance and edges of the price board against the exact model.
//!
//! The model takes the weight of a step as an argument, as no rational is an exponential: it gets the integer crate's
//! own, whose distance from the exponential the crate's unit tests bound. What is compared here is everything else.

mod convert;

use convert::price;
use plimsoll_model::edge::edge_width;
use plimsoll_model::ema::{Ema, Variance};
use plimsoll_model::portfolio::Price as ModelPrice;
use plimsoll_model::rational::{max, two_to_minus};
use plimsoll_model::{int, ppm, ratio, Params, Q};
use plimsoll_risk::fixed_checked::{decay, half_life_decay, Fixed};
use plimsoll_risk::num::sqrt_up;
use plimsoll_risk::oracle::{
    bounds, edge_ppm_up, prior_up, update, volatility_up, Observation, PriceSource, PriceState, HALF_LIFE_SECS,
    STEP_CAP_SECS,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::Price;
use plimsoll_risk::units::{Ppm, PpmPerRootSec, Secs, UnixSecs};
use proptest::prelude::*;

const CASES: u32 = 10_000;
const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const START: i64 = 1_760_130_600;
const FAST: u32 = 15;
const SLOW: u32 = 3_600;
const PRIOR: u32 = 20_000;

fn fixed(value: Fixed) -> Q {
    int(value.to_bits()) * two_to_minus(48)
}

fn whole_secs(secs: &Q) -> u32 {
    u32::try_from(secs.to_integer()).unwrap()
}

/// `1 - e^(-dt/tau)` as the crate has it.
fn weight(tau: u32) -> impl Fn(&Q) -> Q {
    move |secs| int(1) - fixed(decay(Secs::new(whole_secs(secs)), Secs::new(tau)).unwrap())
}

fn keep(secs: &Q) -> Q {
    fixed(half_life_decay(Secs::new(whole_secs(secs)), HALF_LIFE_SECS).unwrap())
}

fn relative(found: &Q, exact: &Q) -> Q {
    let off = found / exact - int(1);
    max(&off, &-off.clone())
}

/// Everything the slot stores, beside the same history in rationals.
struct Both {
    state: PriceState,
    fast: Ema,
    slow: Ema,
    variance: Variance,
    updates: i128,
}

impl Both {
    fn new(first: Price) -> Self {
        let state = PriceState::listed(Secs::new(FAST), Secs::new(SLOW), PRIOR);
        let mut both = Self {
            state,
            fast: Ema::start(price(first), int(0)),
            slow: Ema::start(price(first), int(0)),
            variance: Variance::start(fixed(prior_up(PRIOR)), price(first), int(0)),
            updates: 0,
        };
        both.observe(first, 0, 0);
        both
    }

    fn observe(&mut self, price: Price, sigma_ppm: u32, at: i64) {
        let published_at = START + at;
        let seen = Observation {
            price,
            sigma_ppm: Ppm::new(sigma_ppm),
            published_at: UnixSecs::new(published_at),
            previous_at: None,
            overdue: false,
        };
        self.state =
            update(&self.state, PriceSource::Primary, &seen, &PARAMS, UnixSecs::new(published_at)).unwrap().unwrap();
        self.updates += 1;
    }

    fn step(&mut self, next: Price, sigma_ppm: u32, at: i64) -> Result<(), TestCaseError> {
        self.observe(next, sigma_ppm, at);
        let (exact, secs) = (price(next), int(at as i128));
        self.fast.update(exact.clone(), secs.clone(), weight(FAST));
        self.slow.update(exact.clone(), secs.clone(), weight(SLOW));
        self.variance.update(exact, secs, keep);
        self.check(sigma_ppm)
    }

    fn check(&self, sigma_ppm: u32) -> Result<(), TestCaseError> {
        let state = &self.state;
        // Each update floors an average at its 64th bit, and its two terms at the 62nd or later.
        let bound = int(self.updates) * two_to_minus(60);
        for (found, exact) in [(state.fast, &self.fast.value), (state.slow, &self.slow.value)] {
            let off = relative(&price(found), exact);
            prop_assert!(off <= bound, "average off by {off}");
        }
        // A sample rounds up once; its return is floored at 48 bits, twice that of |r| <= 0.2 over dt >= 30.
        let off = fixed(state.variance) - &self.variance.value;
        let step = int(self.updates) * int(2) * two_to_minus(48);
        prop_assert!(max(&off, &-off.clone()) <= step, "variance off by {off}");
        prop_assert_eq!(state.is_ready(), self.fast.is_ready(&int(15)) && self.slow.is_ready(&int(3_600)));
        self.check_bounds(sigma_ppm)
    }

    /// Low and high are the model's, rounded outwards.
    fn check_bounds(&self, sigma_ppm: u32) -> Result<(), TestCaseError> {
        let state = &self.state;
        let slot = ModelPrice {
            spot: price(state.spot),
            fast: price(state.fast),
            slow: price(state.slow),
            conf: ppm(sigma_ppm as i128),
            ..ModelPrice::flat(int(1))
        };
        let (low, high) = (slot.low(&int(2)), slot.high(&int(2)));
        // Each part per million of z sigma is rounded up to 2^-64; three last bits of the mantissa beside.
        let bit = &slot.spot * int(2 * sigma_ppm as i128 + 8) * two_to_minus(64);
        let (low_off, high_off) = (low - price(state.low), price(state.high) - high);
        prop_assert!(low_off >= int(0) && low_off <= bit, "low off by {low_off}");
        prop_assert!(high_off >= int(0) && high_off <= bit, "high off by {high_off}");
        Ok(())
    }
}

fn relative_move() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 990_000u32..1_010_000, 1 => 500_000u32..2_000_000, 1 => Just(1_000_000)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// PRICE-6, PRICE-7, MARGIN-6
    #[test]
    fn averages_variance_readiness_and_bounds_follow_the_model(
        first in (1u64..1 << 50, -12i32..2),
        steps in prop::collection::vec((relative_move(), 0u32..600_000, prop_oneof![1i64..40, 1i64..2_000]), 1..8),
    ) {
        let mut at = 0;
        let mut next = Price::from_decimal_down(first.0, first.1).unwrap();
        let mut both = Both::new(next);
        for (moved, sigma, secs) in steps {
            at += secs;
            next = next.scaled_ppm_down(Ppm::new(moved)).unwrap();
            both.step(next, sigma, at)?;
        }
    }

    /// ELIG-2
    #[test]
    fn an_edge_is_the_models_rounded_up_and_the_root_by_at_most_a_thirtieth(
        sigma in 0u32..200_000, vol in 0u32..5_000, age in -10i64..20_000, charge in 0u32..500_000,
    ) {
        let beyond = (age - PARAMS.prices.read_age_secs as i64).max(0);
        // A thousandth of the root of a million squares: above the true root, by less than a thousandth.
        let root = |scale: i128| ratio(sqrt_up((beyond * 1_000_000) as u128) as i128 * scale, 1_000_000);
        let slot = |age_root| ModelPrice {
            conf: ppm(sigma as i128),
            sigma: ppm(vol as i128),
            age_root,
            ..ModelPrice::flat(int(1))
        };
        let params = Params { z: int(2), z_age: int(3), b_max: ppm(PARAMS.prices.edge_max_ppm as i128), ..Params::default() };
        let width = |scale| edge_width(&params, &slot(root(scale)), &ppm(charge as i128));
        let found = ppm(edge_ppm_up(&PARAMS, Ppm::new(sigma), PpmPerRootSec::new(vol), UnixSecs::new(age).elapsed_since(UnixSecs::NEVER), Ppm::new(charge / 2)).get() as i128);
        // Half of an odd charge is floored by the caller; the rest is rounded up, three times.
        prop_assert!(found >= width(1_000) - ppm(1) - width(1) , "below");
        prop_assert!(found <= width(1_033) + ppm(9), "above");
    }

    #[test]
    fn a_volatility_is_the_models_root_rounded_up(bits in 0i128..1 << 60) {
        let vol = ppm(volatility_up(Fixed::from_bits(bits)).get() as i128);
        let variance = int(bits) * two_to_minus(48);
        prop_assert!(&vol * &vol >= variance);
        prop_assert!(vol == int(0) || (&vol - ppm(1)) * (&vol - ppm(1)) < variance);
    }
}

#[test]
fn the_caps_of_a_step_and_of_the_bounds_are_the_models() {
    assert_eq!(int(STEP_CAP_SECS.get() as i128), plimsoll_model::ema::step_cap());
    let one = Price::from_decimal_down(1, 0).unwrap();
    // z sigma of one and more: nothing can be worth less than nothing.
    assert!(bounds(one, one, one, Ppm::new(500_000), Ppm::new(2_000_000)).unwrap().0.is_zero());
    let slot = ModelPrice { conf: ppm(600_000), ..ModelPrice::flat(int(1)) };
    assert_eq!(slot.low(&int(2)), int(0));
}

//! What is in force and moves: weights, rates and parameters that can liquidate somebody go where they were set in small
//! steps (POWER-2). What margin reads is always the number in force, so that a ramp costs a margin check nothing.
//!
//! A slot without a time has no ramp; with one, each of its goals counts, also those that are reached.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::params::{Contradiction, GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::ratchet::Ramp;
use plimsoll_risk::units::{Ppm, PpmPerHour, UnixSecs};

use crate::{assert_layout, BankSlot, MarketSlot, PriceBoard, Registry};

/// Where a number goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StoredGoal {
    /// Where it goes, ppm.
    pub to_ppm: u32,
    /// What the last step rounded off, 1/3,600 of a part per million.
    pub rounded_off: u16,
    /// Zero.
    pub _pad: u16,
}

assert_layout!(StoredGoal, 8);

/// Parameters of the engine that ramp.
pub const RAMPED_PARAMS: usize = 6;

/// By what a number may move within an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slope {
    Weight,
    Rate,
}

impl Slope {
    const fn of(self, params: &GlobalParams) -> PpmPerHour {
        match self {
            Self::Weight => params.changes.weight_ramp(),
            Self::Rate => params.changes.rate_ramp(),
        }
    }
}

const WEIGHTS: [Slope; 2] = [Slope::Weight; 2];
const RATES: [Slope; 1] = [Slope::Rate];
const PARAMS: [Slope; RAMPED_PARAMS] =
    [Slope::Weight, Slope::Weight, Slope::Rate, Slope::Weight, Slope::Weight, Slope::Weight];

/// Something of which some numbers ramp.
trait Ramped<const N: usize> {
    /// Those in force, in the order of their goals, ppm.
    fn numbers(&self) -> [u32; N];
    /// Replaces them.
    fn set_numbers(&mut self, numbers: [u32; N]);
}

impl Ramped<2> for TokenWeights {
    fn numbers(&self) -> [u32; 2] {
        [self.asset_maint_ppm.get(), self.liability_maint_ppm.get()]
    }

    fn set_numbers(&mut self, [asset, liability]: [u32; 2]) {
        (self.asset_maint_ppm, self.liability_maint_ppm) = (Ppm::new(asset), Ppm::new(liability));
    }
}

impl Ramped<1> for MarketRates {
    fn numbers(&self) -> [u32; 1] {
        [self.maint_ppm.get()]
    }

    fn set_numbers(&mut self, [rate]: [u32; 1]) {
        self.maint_ppm = Ppm::new(rate);
    }
}

impl Ramped<RAMPED_PARAMS> for GlobalParams {
    fn numbers(&self) -> [u32; RAMPED_PARAMS] {
        [
            self.perps.pnl_weight_ppm,
            self.targets.target_token_buffer_ppm,
            self.targets.target_perp_buffer_ppm,
            self.observation.bypass_ratio_ppm,
            self.prices.age_sigmas_ppm,
            self.prices.edge_max_ppm,
        ]
    }

    fn set_numbers(&mut self, [pnl, token, perp, bypass, age, edge]: [u32; RAMPED_PARAMS]) {
        self.perps.pnl_weight_ppm = pnl;
        (self.targets.target_token_buffer_ppm, self.targets.target_perp_buffer_ppm) = (token, perp);
        self.observation.bypass_ratio_ppm = bypass;
        (self.prices.age_sigmas_ppm, self.prices.edge_max_ppm) = (age, edge);
    }
}

/// Begins ramps from what is held to what is asked for; no time where nothing is left to move.
fn begin(held: &[u32], asked: &[u32], goals: &mut [StoredGoal], now: UnixSecs) -> i64 {
    if held == asked {
        goals.fill(StoredGoal::default());
        return 0;
    }
    for (goal, asked) in goals.iter_mut().zip(asked) {
        *goal = StoredGoal { to_ppm: *asked, ..StoredGoal::default() };
    }
    now.get()
}

/// Moves what is held to `now`; the time that is stored from then on.
fn advance(
    held: &mut [u32],
    goals: &mut [StoredGoal],
    slopes: &[Slope],
    params: &GlobalParams,
    (ramped_at, now): (i64, UnixSecs),
) -> i64 {
    let moved_at = UnixSecs::new(ramped_at);
    if !moved_at.is_set() {
        return 0;
    }
    let mut arrived = true;
    for ((held, goal), slope) in held.iter_mut().zip(goals.iter_mut()).zip(slopes) {
        let (held_ppm, to_ppm) = (Ppm::new(*held), Ppm::new(goal.to_ppm));
        let ramp = Ramp { held_ppm, to_ppm, moved_at, rounded_off: goal.rounded_off };
        let moved = ramp.moved_down(slope.of(params), now);
        *held = moved.held_ppm.get();
        goal.rounded_off = moved.rounded_off;
        arrived &= moved.has_arrived();
    }
    if arrived {
        goals.fill(StoredGoal::default());
        return 0;
    }
    ramped_at.max(now.get())
}

/// Exchanges what is held and its goals.
fn swap<const N: usize>(of: &mut impl Ramped<N>, goals: &mut [StoredGoal; N]) {
    let mut held = of.numbers();
    for (held, goal) in held.iter_mut().zip(goals) {
        core::mem::swap(held, &mut goal.to_ppm);
    }
    of.set_numbers(held);
}

impl BankSlot {
    /// The weights in force that ramp, in the order of the goals, ppm.
    pub fn ramped(&self) -> [u32; 2] {
        self.weights.0.numbers()
    }

    /// Sets the weights in force, and where those go that are asked to be others by a ramp; `in_force` and `asked` differ
    /// in nothing else.
    pub fn set_weights(&mut self, in_force: TokenWeights, asked: TokenWeights, now: UnixSecs) {
        self.weights.0 = in_force;
        self.ramped_at = begin(&in_force.numbers(), &asked.numbers(), &mut self.goals, now);
    }

    /// Moves the weights to `now`, and the targets with them.
    pub fn advance_ramps(&mut self, params: &GlobalParams, now: UnixSecs) {
        let (mut held, times) = (self.weights.0.numbers(), (self.ramped_at, now));
        self.ramped_at = advance(&mut held, &mut self.goals, &WEIGHTS, params, times);
        self.weights.0.set_numbers(held);
        self.weights.0 = self.weights.0.with_targets(params);
    }
}

impl MarketSlot {
    /// The rate in force that ramps, ppm.
    pub fn ramped(&self) -> [u32; 1] {
        self.rates.0.numbers()
    }

    /// Sets the rates in force, and where that goes which is asked to be another by a ramp.
    pub fn set_rates(&mut self, in_force: MarketRates, asked: MarketRates, now: UnixSecs) {
        self.rates.0 = in_force;
        self.ramped_at = begin(&in_force.numbers(), &asked.numbers(), &mut self.goals, now);
    }

    /// Moves the rates to `now`, and the target with them.
    pub fn advance_ramps(&mut self, params: &GlobalParams, now: UnixSecs) {
        let (mut held, times) = (self.rates.0.numbers(), (self.ramped_at, now));
        self.ramped_at = advance(&mut held, &mut self.goals, &RATES, params, times);
        self.rates.0.set_numbers(held);
        self.rates.0 = self.rates.0.with_target(params);
    }
}

impl Registry {
    /// The parameters in force that ramp, in the order of the goals, ppm.
    pub fn ramped(&self) -> [u32; RAMPED_PARAMS] {
        self.params.0.numbers()
    }

    /// Sets the parameters in force, and where those go that are asked to be others by a ramp; targets follow.
    pub fn set_params(&mut self, in_force: &GlobalParams, asked: &GlobalParams, now: UnixSecs) {
        self.params.0 = *in_force;
        self.params_ramped_at = begin(&in_force.numbers(), &asked.numbers(), &mut self.params_goals, now);
        self.derive_targets();
    }

    /// Moves the parameters to `now`, and the targets that follow from them.
    pub fn advance_params(&mut self, now: UnixSecs) {
        let (mut held, times) = (self.params.0.numbers(), (self.params_ramped_at, now));
        self.params_ramped_at = advance(&mut held, &mut self.params_goals, &PARAMS, &self.params.0, times);
        self.params.0.set_numbers(held);
        self.derive_targets();
    }

    /// Derives every listed target from weights, rates and parameters in force.
    fn derive_targets(&mut self) {
        let params = &self.params.0;
        for bank in self.banks.iter_mut().filter(|bank| bank.is_listed()) {
            bank.weights.0 = bank.weights.0.with_targets(params);
        }
        for market in self.markets.iter_mut().filter(|market| market.is_listed()) {
            market.rates.0 = market.rates.0.with_target(params);
        }
    }

    /// Whether everything that is listed may stay listed where all ramps end ([`Registry::check_listings`]). What is in
    /// force is as before afterwards.
    ///
    /// # Errors
    /// The condition that will not hold.
    #[inline(never)]
    pub fn check_goals(&mut self, board: &PriceBoard) -> Result<(), Contradiction> {
        self.swap_goals();
        let checked = self.check_listings(board);
        self.swap_goals();
        checked
    }

    /// Exchanges what is in force and where it goes, of all that ramps; targets follow.
    pub fn swap_goals(&mut self) {
        if self.params_ramped_at != 0 {
            swap(&mut self.params.0, &mut self.params_goals);
        }
        for bank in self.banks.iter_mut().filter(|bank| bank.ramped_at != 0) {
            swap(&mut bank.weights.0, &mut bank.goals);
        }
        for market in self.markets.iter_mut().filter(|market| market.ramped_at != 0) {
            swap(&mut market.rates.0, &mut market.goals);
        }
        self.derive_targets();
    }
}

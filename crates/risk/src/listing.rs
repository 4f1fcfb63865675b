//! Conditions between what is listed: calibrations, pairs of tokens, what a parameter means at a price.

mod rates;

pub use rates::MAX_FILL_FEE_PPM;

use crate::auction::{pair_ceiling_ppm_down, pays_a_liquidator};
use crate::params::{Contradiction, GlobalParams, TokenWeights};
use crate::price::TokenPrice;
use crate::units::{Atoms, Ppm, PpmPerSec, Secs, UsdMicro};

/// An atom is worth at most this part of the dust limit: 1 %.
pub const ATOMS_IN_DUST: u64 = 100;

/// How fast a price may fall, and how often it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Calibration {
    /// r: the fastest fall.
    pub fastest_fall_ppm_per_sec: PpmPerSec,
    /// How often the feed moves.
    pub update_secs: Secs,
}

impl Calibration {
    /// How far the price may fall until spot alone has decided and a liquidator fills: two publish times and an update.
    pub const fn fall_until_fill_ppm(&self, params: &GlobalParams) -> Ppm {
        self.fastest_fall_ppm_per_sec.within(params.observation.bypass_spacing().saturating_add(self.update_secs))
    }

    /// How far the market may have left the price that risk is added at before anyone may liquidate: the price's age and
    /// the cool-off (LISTING-3).
    pub const fn fall_unseen_ppm(&self, params: &GlobalParams) -> Ppm {
        self.fastest_fall_ppm_per_sec.within(params.prices.risk_age().saturating_add(params.observation.cool_off()))
    }
}

/// The two largest of what banks ask, so that each bank's other can be named.
#[derive(Clone, Copy, Debug, Default)]
struct Largest<T> {
    first: Option<(usize, T)>,
    second: Option<T>,
}

impl<T: Copy + Ord> Largest<T> {
    fn offer(&mut self, bank: usize, value: T) {
        match self.first {
            Some((_, best)) if value <= best => {
                self.second = Some(self.second.map_or(value, |held| Ord::max(held, value)))
            }
            best => {
                self.second = best.map(|(_, value)| value).or(self.second);
                self.first = Some((bank, value));
            }
        }
    }

    /// The largest that another bank than this one asks.
    fn of_others(&self, bank: usize) -> Option<T> {
        match self.first {
            Some((owner, _)) if owner == bank => self.second,
            first => first.map(|(_, value)| value),
        }
    }
}

/// Conditions of every pair of two banks, asset against liability, in one walk over the assets and one over the
/// liabilities: for a liability only the asset that asks most matters, and none other asks the same of every liability.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairs {
    /// `w_a * bypass ratio + F_a`, ppm of ppm.
    falls: Largest<u64>,
    /// `w_a,I` and its unseen fall, ppm: more than a share can say.
    initial: Largest<u64>,
    /// `w_a`: `p_max` falls as it rises.
    weights: Largest<Ppm>,
}

impl Pairs {
    /// Takes a bank's asset side into account. An asset of weight zero may fall by any amount.
    pub fn offer(&mut self, bank: usize, weights: &TokenWeights, price: Calibration, params: &GlobalParams) {
        self.weights.offer(bank, weights.asset_maint_ppm);
        if !weights.asset_maint_ppm.is_zero() {
            let kept = weights.asset_maint_ppm.times(params.observation.bypass_ratio());
            let fall = price.fall_until_fill_ppm(params).times(Ppm::WHOLE);
            self.falls.offer(bank, kept.saturating_add(fall));
        }
        if !weights.asset_init_ppm.is_zero() {
            let unseen = price.fall_unseen_ppm(params).get() as u64;
            self.initial.offer(bank, unseen.saturating_add(weights.asset_init_ppm.get() as u64));
        }
    }

    /// Checks a bank's liability side against every other bank's asset side:
    /// `(w_l - w_a) * 0.7 >= F_a + F_l` with F a token's fastest fall over 2 s and its update interval;
    /// `w_l,I - w_a,I >=` both falls over the risk age and the cool-off;
    /// `p_max * (1 - c) >= p_floor` with `p_max` at the highest h that enters it.
    ///
    /// The last makes the boundary of wind-down less than the pair's m, so that a cure ends in none (LISTING-3).
    ///
    /// # Errors
    /// [`Contradiction::PAIR_FALLS`], [`Contradiction::PAIR_INITIAL`], [`Contradiction::PAIR_CEILING`].
    pub fn check(
        &self,
        bank: usize,
        weights: &TokenWeights,
        price: Calibration,
        params: &GlobalParams,
    ) -> Result<(), Contradiction> {
        if let Some(asked) = self.falls.of_others(bank) {
            let kept = weights.liability_maint_ppm.times(params.observation.bypass_ratio());
            let fall = price.fall_until_fill_ppm(params).times(Ppm::WHOLE);
            Contradiction::PAIR_FALLS.unless(kept >= asked.saturating_add(fall))?;
        }
        if let Some(asked) = self.initial.of_others(bank) {
            let asked = asked.saturating_add(price.fall_unseen_ppm(params).get() as u64);
            Contradiction::PAIR_INITIAL.unless(weights.liability_init_ppm.get() as u64 >= asked)?;
        }
        let Some(asset_maint_ppm) = self.weights.of_others(bank) else { return Ok(()) };
        let asset = TokenWeights { asset_maint_ppm, ..TokenWeights::default() };
        let ceiling = pair_ceiling_ppm_down(params.auction.health_cap(), &asset, weights, params);
        Contradiction::PAIR_CEILING.unless(pays_a_liquidator(ceiling, params))
    }
}

/// An atom at this price is at most 1 % of dust: a remainder below dust is not a rounding (LISTING-5).
///
/// # Errors
/// [`Contradiction::ATOM_VALUE`].
pub fn check_atom(unit: TokenPrice, params: &GlobalParams) -> Result<(), Contradiction> {
    Contradiction::ATOM_VALUE
        .unless(unit.value_up(Atoms::ONE) <= UsdMicro::new(params.legs.dust_usd_micro / ATOMS_IN_DUST))
}

//! Conditions on the rates and the fee of a market.

use super::Calibration;
use crate::auction::{pays_a_liquidator, perp_ceiling_ppm_down};
use crate::num::PPM;
use crate::params::{Contradiction, GlobalParams, MarketRates, TokenWeights};
use crate::units::Ppm;

/// Highest fee a side may pay on a fill, ppm of notional.
pub const MAX_FILL_FEE_PPM: u32 = PPM / 100;

impl MarketRates {
    /// Derives the target rate, `min(rate + buffer, initial)` (MARGIN-8), and checks every condition but the fee's.
    ///
    /// `price` is the calibration of the market's price, `quote` the weights of the settlement token.
    ///
    /// # Errors
    /// See [`MarketRates::validate`].
    pub fn new(
        maint_ppm: Ppm,
        init_ppm: Ppm,
        price: Calibration,
        quote: &TokenWeights,
        params: &GlobalParams,
    ) -> Result<Self, Contradiction> {
        let rates = Self { maint_ppm, target_ppm: Ppm::ZERO, init_ppm }.with_target(params);
        rates.validate(price, quote, params)?;
        Ok(rates)
    }

    /// Checks the order of the rates, the target gap, `(w_l - 1) * p_wd < rate`, that the rate survives the fastest fall
    /// until a fill by spot alone, `rate * 0.7 >= r * (2 s + update interval)`, that the initial rate survives it over
    /// risk age and cool-off, and that the highest penalty pays a liquidator (LISTING-2, LISTING-3).
    ///
    /// # Errors
    /// [`Contradiction::RATES_ORDER`], [`Contradiction::RATES_GAP`], [`Contradiction::WIND_DOWN_WEIGHT`],
    /// [`Contradiction::UNCALIBRATED`], [`Contradiction::RATE_FALLS`], [`Contradiction::RATE_INITIAL`],
    /// [`Contradiction::RATE_CEILING`].
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "a product of two 32-bit numbers divided by a million and added to 32 bits, in 64"
    )]
    pub fn validate(
        &self,
        price: Calibration,
        quote: &TokenWeights,
        params: &GlobalParams,
    ) -> Result<(), Contradiction> {
        let ordered = !self.maint_ppm.is_zero()
            && self.maint_ppm <= self.target_ppm
            && self.target_ppm <= self.init_ppm
            && self.init_ppm <= Ppm::WHOLE;
        Contradiction::RATES_ORDER.unless(ordered)?;
        // m_T - m of a perp: rate_T - rate - (w_lT - w_l) * p, at the largest penalty.
        let weight_growth = quote.liability_target_ppm.saturating_sub(quote.liability_maint_ppm);
        let penalty = params.auction.penalty_cap().max(params.wind_down.wind_down_penalty());
        let gap = self.target_ppm.saturating_sub(self.maint_ppm).get() as u64;
        let wanted = params.targets.target_min_gap_ppm as u64 + weight_growth.times(penalty).div_ceil(PPM as u64);
        Contradiction::RATES_GAP.unless(gap >= wanted)?;
        let excess = quote.liability_maint_ppm.beyond_whole();
        let kept = excess.times(params.wind_down.wind_down_penalty()) < self.maint_ppm.times(Ppm::WHOLE);
        Contradiction::WIND_DOWN_WEIGHT.unless(kept)?;
        Contradiction::UNCALIBRATED
            .unless(!price.fastest_fall_ppm_per_sec.is_zero() && !price.update_secs.is_zero())?;
        let survives = self.maint_ppm.times(params.observation.bypass_ratio());
        Contradiction::RATE_FALLS.unless(survives >= price.fall_until_fill_ppm(params).times(Ppm::WHOLE))?;
        Contradiction::RATE_INITIAL.unless(self.init_ppm >= price.fall_unseen_ppm(params))?;
        let ceiling = perp_ceiling_ppm_down(params.auction.health_cap(), self, quote, params);
        Contradiction::RATE_CEILING.unless(pays_a_liquidator(ceiling, params))
    }

    /// A fee that listing accepts (LISTING-4): from the floor to insurance to one percent, and so low that a side which
    /// reduces at spot lowers no ratio while h is at least `k * health_cap`: `fee <= rate * k * health_cap`.
    ///
    /// # Errors
    /// [`Contradiction::FEE_RANGE`], [`Contradiction::FEE_LOWERS`].
    #[expect(clippy::arithmetic_side_effects, reason = "products of three 32-bit numbers in 128 bits")]
    pub fn validate_fee(&self, fill_fee_ppm: Ppm, params: &GlobalParams) -> Result<(), Contradiction> {
        let range = params.perps.fill_insurance()..=Ppm::new(MAX_FILL_FEE_PPM);
        Contradiction::FEE_RANGE.unless(range.contains(&fill_fee_ppm))?;
        let kh = params.auction.improvement_factor().times(params.auction.health_cap());
        let kept = kh as u128 * self.maint_ppm.get() as u128;
        Contradiction::FEE_LOWERS.unless(fill_fee_ppm.times(Ppm::WHOLE) as u128 * PPM as u128 <= kept)
    }
}

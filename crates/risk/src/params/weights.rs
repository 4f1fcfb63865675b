//! Weights of a token.

use super::{Contradiction, GlobalParams};
use crate::units::Ppm;

/// Weights of one token at the three levels; assets at most one, liabilities at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(C)]
pub struct TokenWeights {
    /// w_a at maintenance.
    pub asset_maint_ppm: Ppm,
    /// w_a at target.
    pub asset_target_ppm: Ppm,
    /// w_a at initial.
    pub asset_init_ppm: Ppm,
    /// w_l at maintenance.
    pub liability_maint_ppm: Ppm,
    /// w_l at target.
    pub liability_target_ppm: Ppm,
    /// w_l at initial.
    pub liability_init_ppm: Ppm,
}

impl TokenWeights {
    /// The largest weight that a liability may have.
    const LARGEST: Ppm = Ppm::new(4 * Ppm::WHOLE.get());

    /// Derives the target weights: a buffer in notional, clamped to initial (MARGIN-8).
    ///
    /// `w_a,T = max(w_a - buffer, w_a,I)`, `w_l,T = min(w_l + buffer, w_l,I)` (MARGIN-8).
    ///
    /// # Errors
    /// See [`TokenWeights::validate`].
    pub fn new(
        asset_maint_ppm: Ppm,
        asset_init_ppm: Ppm,
        liability_maint_ppm: Ppm,
        liability_init_ppm: Ppm,
        params: &GlobalParams,
    ) -> Result<Self, Contradiction> {
        let untargeted =
            Self { asset_maint_ppm, asset_init_ppm, liability_maint_ppm, liability_init_ppm, ..Self::default() };
        let weights = untargeted.with_targets(params);
        weights.validate(params)?;
        Ok(weights)
    }

    /// The same with the targets that follow from these parameters; not validated.
    pub fn with_targets(&self, params: &GlobalParams) -> Self {
        let buffer = params.targets.target_token_buffer();
        Self {
            asset_target_ppm: self.asset_maint_ppm.saturating_sub(buffer).max(self.asset_init_ppm),
            liability_target_ppm: self.liability_maint_ppm.saturating_add(buffer).min(self.liability_init_ppm),
            ..*self
        }
    }

    /// Checks the order `w_a,I <= w_a,T <= w_a <= 1 <= w_l <= w_l,T <= w_l,I <= 4` and the gap between maintenance and
    /// target. Conditions between two tokens are [`crate::listing::Pairs`]' (LISTING-2, MARGIN-7).
    ///
    /// # Errors
    /// [`Contradiction::WEIGHTS_ORDER`], [`Contradiction::WEIGHTS_GAP`].
    pub fn validate(&self, params: &GlobalParams) -> Result<(), Contradiction> {
        let ordered = self.asset_init_ppm <= self.asset_target_ppm
            && self.asset_target_ppm <= self.asset_maint_ppm
            && self.asset_maint_ppm <= Ppm::WHOLE
            && Ppm::WHOLE <= self.liability_maint_ppm
            && self.liability_maint_ppm <= self.liability_target_ppm
            && self.liability_target_ppm <= self.liability_init_ppm
            && self.liability_init_ppm <= Self::LARGEST;
        Contradiction::WEIGHTS_ORDER.unless(ordered)?;
        // A pair's m_T - m is at least the sum of its two gaps; either side alone must already reach half of the
        // minimum so that every admissible pair reaches it whole.
        let half = Ppm::new(params.targets.target_min_gap_ppm.div_ceil(2));
        let asset_gap =
            self.asset_maint_ppm.is_zero() || self.asset_maint_ppm.saturating_sub(self.asset_target_ppm) >= half;
        let liability_gap = self.liability_target_ppm.saturating_sub(self.liability_maint_ppm) >= half;
        Contradiction::WEIGHTS_GAP.unless(asset_gap && liability_gap)
    }
}

/// Marginal maintenance of a pair at penalty zero, `w_l - w_a`.
pub const fn pair_rate_ppm(asset: &TokenWeights, liability: &TokenWeights) -> Ppm {
    liability.liability_maint_ppm.saturating_sub(asset.asset_maint_ppm)
}

//! The engine's parameters, their defaults (docs/math.md), bounds and the conditions between them.
//!
//! Every writer of a parameter, a weight, a rate or a calibration calls `Registry::check_listings` of `plimsoll-state`,
//! which walks what is listed and asks the functions here; nothing else decides what may be listed.

mod listing;
mod rates;
#[cfg(test)]
mod tests;
mod weights;

pub use listing::{check_atom, Calibration, Contradiction, Pairs, ATOMS_IN_DUST};
pub use rates::{MarketRates, MAX_FILL_FEE_PPM};
pub use weights::TokenWeights;

use crate::num::PPM;

/// Seconds in a year of 365 days, the year of every annual rate.
pub const SECS_PER_YEAR: u64 = 31_536_000;
/// Bank slots of an engine.
pub const MAX_BANKS: usize = 64;
/// Market slots of an engine.
pub const MAX_MARKETS: usize = 32;
/// Price slots of an engine.
pub const MAX_PRICES: usize = 64;
/// Token positions of a margin account.
pub const MAX_TOKEN_POSITIONS: usize = 16;
/// Derivative positions of a margin account.
pub const MAX_DERIVATIVE_POSITIONS: usize = 16;
/// Venues a margin account can approve.
pub const MAX_ACCOUNT_VENUES: usize = 4;
/// The largest position of a market, in base units (FILL-3).
pub const MAX_BASE_UNITS: u64 = 1 << 43;
/// The largest amount a ledger balance, cap or fill may name, in atoms: `cap / index floor` stays below 2^62.
pub const MAX_ATOMS: u64 = 1 << 52;
/// A deposit index is at least 2^-10 (48 fraction bits); at the floor the bank is terminal.
pub const DEPOSIT_INDEX_FLOOR: u64 = 1 << 38;
/// One, as an index: 48 fraction bits.
pub const INDEX_ONE: u64 = 1 << 48;
/// Highest annual borrow rate a curve may reach, ppm: 300 %.
pub const MAX_ANNUAL_RATE_PPM: u32 = 3_000_000;
/// The largest value a single position may reach at its caps: a tenth of what a value can hold, micro-dollars.
pub const MAX_POSITION_VALUE_USD_MICRO: u64 = u64::MAX / 10;

/// Parameters of the whole engine, stored in the registry's header. `ppm` are parts per million of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct GlobalParams {
    /// Below this value a remainder is dust, micro-dollars.
    pub dust_usd_micro: u64,
    /// p0: penalty at the start of the auction.
    pub penalty_start_ppm: u32,
    /// pcap: penalty at the ceiling of the auction.
    pub penalty_cap_ppm: u32,
    /// T_a: time from p0 to pcap.
    pub auction_secs: u32,
    /// s: slope of the depth term.
    pub depth_slope_ppm: u32,
    /// k: factor below the bound at which a liquidation stops improving the ratio.
    pub improvement_factor_ppm: u32,
    /// c: insurance share of a penalty.
    pub insurance_share_ppm: u32,
    /// p_floor: what the cheapest liquidation costs a liquidator.
    pub penalty_floor_ppm: u32,
    /// p_wd: ceiling of the wind-down penalty.
    pub wind_down_penalty_ppm: u32,
    /// Time from p_floor to p_wd on the wind-down clock.
    pub wind_down_secs: u32,
    /// Time on the wind-down clock, past its ceiling, after which bases may be closed against their side.
    pub wind_down_close_secs: u32,
    /// A leg is admissible at this share of the best leg's marginal maintenance.
    pub best_leg_share_ppm: u32,
    /// Legs below this share of G do not set the best, unless all are.
    pub best_leg_min_ppm: u32,
    /// The best-leg rule ends when the auction has stood at its ceiling for so long.
    pub best_leg_end_secs: u32,
    /// The h in `p_max` is at most this.
    pub health_cap_ppm: u32,
    /// Target buffer of token weights.
    pub target_token_buffer_ppm: u32,
    /// Target buffer of perp rates.
    pub target_perp_buffer_ppm: u32,
    /// Listing wants `m_T - m` to be at least this.
    pub target_min_gap_ppm: u32,
    /// An asset leg stale for so long no longer blocks bankruptcy.
    pub stale_asset_secs: u32,
    /// Two under-water observations further apart restart the clocks.
    pub observation_gap_secs: u32,
    /// After passing an initial check an account cannot be liquidated for so long.
    pub cool_off_secs: u32,
    /// Oldest update that is accepted.
    pub write_age_secs: u32,
    /// Oldest price a leg is fresh with.
    pub read_age_secs: u32,
    /// Oldest price of any leg beside which risk is added; between the two above.
    pub risk_age_secs: u32,
    /// How far ahead of the clock an update may be.
    pub future_secs: u32,
    /// How long the primary must have been silent before the secondary counts.
    pub primary_stale_secs: u32,
    /// Oldest submission that a Switchboard result may count, slots.
    pub submission_age_slots: u32,
    /// z: width of the confidence term, in sigmas.
    pub confidence_sigmas_ppm: u32,
    /// z': width of the age term, in sigmas.
    pub age_sigmas_ppm: u32,
    /// b_max: largest edge of a leg.
    pub edge_max_ppm: u32,
    /// Below this ratio at two publish times spot alone counts.
    pub bypass_ratio_ppm: u32,
    /// Distance of those two publish times.
    pub bypass_spacing_secs: u32,
    /// w_pnl at maintenance and target; at most the quote's asset weight there. Zero at initial.
    pub pnl_weight_ppm: u32,
    /// Widest distance of a fill's price from the board's.
    pub fill_band_ppm: u32,
    /// Least share of a fill's notional that each side pays to insurance.
    pub fill_insurance_ppm: u32,
    /// Largest premium a venue may report.
    pub premium_bound_ppm: u32,
    /// Largest funding rate per hour.
    pub funding_bound_ppm_per_hour: u32,
    /// Longest time a stored funding rate is extrapolated without a crank.
    pub funding_max_secs: u32,
    /// Window of the utilization average that sets borrow rates.
    pub utilization_window_secs: u32,
}

impl GlobalParams {
    /// The defaults, as docs/math.md lists them.
    pub const DEFAULT: Self = Self {
        dust_usd_micro: 10_000_000,
        penalty_start_ppm: 1_000,
        penalty_cap_ppm: 50_000,
        auction_secs: 40,
        depth_slope_ppm: 250_000,
        improvement_factor_ppm: 800_000,
        insurance_share_ppm: 250_000,
        penalty_floor_ppm: 1_000,
        wind_down_penalty_ppm: 10_000,
        wind_down_secs: 120,
        wind_down_close_secs: 180,
        best_leg_share_ppm: 900_000,
        best_leg_min_ppm: 10_000,
        best_leg_end_secs: 60,
        health_cap_ppm: 500_000,
        target_token_buffer_ppm: 10_000,
        target_perp_buffer_ppm: 12_500,
        target_min_gap_ppm: 5_000,
        stale_asset_secs: 14_400,
        observation_gap_secs: 30,
        cool_off_secs: 2,
        write_age_secs: 5,
        read_age_secs: 15,
        risk_age_secs: 5,
        future_secs: 2,
        primary_stale_secs: 30,
        submission_age_slots: 150,
        confidence_sigmas_ppm: 2_000_000,
        age_sigmas_ppm: 3_000_000,
        edge_max_ppm: 200_000,
        bypass_ratio_ppm: 700_000,
        bypass_spacing_secs: 2,
        pnl_weight_ppm: 1_000_000,
        fill_band_ppm: 10_000,
        fill_insurance_ppm: 10,
        premium_bound_ppm: 500,
        funding_bound_ppm_per_hour: 500,
        funding_max_secs: 3_600,
        utilization_window_secs: 600,
    };

    /// e: below `NAV = e * G` an account is wound down, rounded up.
    ///
    /// `e = p_floor / (k * (1 - c))`, so whoever can be cured pays a liquidator for it (WINDDOWN-2).
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "within the bounds: at most 2e5 times 10^12, divided by at least 1e5 times 1e5, is at most 2e7"
    )]
    pub const fn wind_down_boundary_ppm_up(&self) -> u32 {
        let kept = (PPM - self.insurance_share_ppm) as u64;
        let denominator = self.improvement_factor_ppm as u64 * kept;
        (self.penalty_floor_ppm as u64 * PPM as u64 * PPM as u64).div_ceil(denominator) as u32
    }

    /// Checks every bound and cross-condition.
    ///
    /// # Errors
    /// [`Contradiction::BOUNDS`].
    pub fn validate(&self) -> Result<(), Contradiction> {
        let within = |value: u32, low: u32, high: u32| value >= low && value <= high;
        let bounds = [
            self.dust_usd_micro >= 10_000 && self.dust_usd_micro <= 10_000_000_000,
            within(self.penalty_start_ppm, 0, self.penalty_cap_ppm),
            within(self.penalty_cap_ppm, 1, 200_000),
            within(self.auction_secs, 1, 3_600),
            within(self.depth_slope_ppm, 0, 2 * PPM),
            within(self.improvement_factor_ppm, 100_000, 950_000),
            within(self.insurance_share_ppm, 0, 900_000),
            within(self.penalty_floor_ppm, 1, self.penalty_cap_ppm),
            within(self.wind_down_penalty_ppm, self.penalty_floor_ppm, 100_000),
            within(self.wind_down_secs, 1, 3_600),
            within(self.wind_down_close_secs, 1, 86_400),
            within(self.best_leg_share_ppm, 1, PPM),
            within(self.best_leg_min_ppm, 0, 100_000),
            within(self.best_leg_end_secs, 1, 3_600),
            within(self.health_cap_ppm, 1, 500_000),
            within(self.target_token_buffer_ppm, 1, 200_000),
            within(self.target_perp_buffer_ppm, 1, 200_000),
            within(self.target_min_gap_ppm, 1, 100_000),
            within(self.stale_asset_secs, 600, 604_800),
            within(self.observation_gap_secs, 2, 600),
            within(self.cool_off_secs, 1, 60),
            within(self.write_age_secs, 1, self.read_age_secs),
            within(self.read_age_secs, 2, 300),
            within(self.risk_age_secs, self.write_age_secs, self.read_age_secs),
            within(self.future_secs, 0, 10),
            within(self.primary_stale_secs, self.write_age_secs, 3_600),
            within(self.submission_age_slots, 1, 1_500),
            within(self.confidence_sigmas_ppm, 0, 10 * PPM),
            within(self.age_sigmas_ppm, 0, 20 * PPM),
            within(self.edge_max_ppm, 1, 500_000),
            within(self.bypass_ratio_ppm, 1, PPM - 1),
            within(self.bypass_spacing_secs, 1, 60),
            within(self.pnl_weight_ppm, 0, PPM),
            within(self.fill_band_ppm, 1, 100_000),
            within(self.fill_insurance_ppm, 1, 10_000),
            within(self.premium_bound_ppm, 0, 50_000),
            within(self.funding_bound_ppm_per_hour, 0, 40_000),
            within(self.funding_max_secs, 60, 86_400),
            within(self.utilization_window_secs, 1, 86_400),
        ];
        Contradiction::BOUNDS.unless(!bounds.contains(&false))
    }
}

//! Parameters as instruction arguments: every field of the pure crate's struct by its own name.

use anchor_lang::prelude::*;
use plimsoll_risk::params::GlobalParams;

/// Defines the arguments and both conversions from one list, so that no field can be forgotten or swapped.
macro_rules! params_args {
    ($($(#[$doc:meta])* $field:ident: $type:ident,)+) => {
        /// [`GlobalParams`] as an argument; units stand in the names.
        #[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
        pub struct GlobalParamsArgs {
            $($(#[$doc])* pub $field: $type,)+
        }

        impl From<GlobalParamsArgs> for GlobalParams {
            fn from(args: GlobalParamsArgs) -> Self {
                Self { $($field: args.$field,)+ }
            }
        }

        impl From<GlobalParams> for GlobalParamsArgs {
            fn from(params: GlobalParams) -> Self {
                Self { $($field: params.$field,)+ }
            }
        }
    };
}

params_args! {
    /// Below this value a remainder is dust, micro-dollars.
    dust_usd_micro: u64,
    /// p0: penalty at the start of the auction.
    penalty_start_ppm: u32,
    /// pcap: penalty at the ceiling of the auction.
    penalty_cap_ppm: u32,
    /// T_a: time from p0 to pcap.
    auction_secs: u32,
    /// s: slope of the depth term.
    depth_slope_ppm: u32,
    /// k: factor below the bound at which a liquidation stops improving the ratio.
    improvement_factor_ppm: u32,
    /// c: insurance share of a penalty.
    insurance_share_ppm: u32,
    /// p_floor: what the cheapest liquidation costs a liquidator.
    penalty_floor_ppm: u32,
    /// p_wd: ceiling of the wind-down penalty.
    wind_down_penalty_ppm: u32,
    /// Time from p_floor to p_wd on the wind-down clock.
    wind_down_secs: u32,
    /// Time on the wind-down clock, past its ceiling, after which bases may be closed against their side.
    wind_down_close_secs: u32,
    /// A leg is admissible at this share of the best leg's marginal maintenance.
    best_leg_share_ppm: u32,
    /// Legs below this share of G do not set the best, unless all are.
    best_leg_min_ppm: u32,
    /// The best-leg rule ends when the auction has stood at its ceiling for so long.
    best_leg_end_secs: u32,
    /// The h in `p_max` is at most this.
    health_cap_ppm: u32,
    /// Target buffer of token weights.
    target_token_buffer_ppm: u32,
    /// Target buffer of perp rates.
    target_perp_buffer_ppm: u32,
    /// Listing wants `m_T - m` to be at least this.
    target_min_gap_ppm: u32,
    /// An asset leg stale for so long no longer blocks bankruptcy.
    stale_asset_secs: u32,
    /// Two under-water observations further apart restart the clocks.
    observation_gap_secs: u32,
    /// After passing an initial check an account cannot be liquidated for so long.
    cool_off_secs: u32,
    /// Oldest update that is accepted.
    write_age_secs: u32,
    /// Oldest price a leg is fresh with.
    read_age_secs: u32,
    /// Oldest price of any leg beside which risk is added; between the two above.
    risk_age_secs: u32,
    /// How far ahead of the clock an update may be.
    future_secs: u32,
    /// How long the primary must have been silent before the secondary counts.
    primary_stale_secs: u32,
    /// Oldest submission that a Switchboard result may count, slots.
    submission_age_slots: u32,
    /// z: width of the confidence term, in sigmas.
    confidence_sigmas_ppm: u32,
    /// z': width of the age term, in sigmas.
    age_sigmas_ppm: u32,
    /// b_max: largest edge of a leg.
    edge_max_ppm: u32,
    /// Below this ratio at two publish times spot alone counts.
    bypass_ratio_ppm: u32,
    /// Distance of those two publish times.
    bypass_spacing_secs: u32,
    /// w_pnl at maintenance and target; at most the quote's asset weight there. Zero at initial.
    pnl_weight_ppm: u32,
    /// Widest distance of a fill's price from the board's.
    fill_band_ppm: u32,
    /// Least share of a fill's notional that each side pays to insurance.
    fill_insurance_ppm: u32,
    /// Largest premium a venue may report.
    premium_bound_ppm: u32,
    /// Largest funding rate per hour.
    funding_bound_ppm_per_hour: u32,
    /// Longest time a stored funding rate is extrapolated without a crank.
    funding_max_secs: u32,
    /// Window of the utilization average that sets borrow rates.
    utilization_window_secs: u32,
}

//! Perps: what unsettled gains weigh, fills and funding.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! perp_params {
    ($with:ident) => {
        $with! {
            /// Perps: what unsettled gains weigh, fills and funding.
            perps: PerpParams, PerpArgs, 40 bytes, |all|
            /// w_pnl at maintenance and target; at most the quote's asset weight there. Zero at initial.
            pnl_weight_ppm: u32 = 1_000_000, from 0, to 1_000_000,
                class [up waits, down ramps, "a fall can liquidate who holds gains that are not settled"];
            /// Widest distance of a fill's price from the board's.
            fill_band_ppm: u32 = 10_000, from 1, to 100_000,
                class [up waits, down at once, "a fall refuses fills away from spot; who reduces still can at spot"];
            /// Least share of a fill's notional that each side pays to insurance.
            fill_insurance_ppm: u32 = 10, from 1, to 10_000,
                class [any waits, "a rise is a fee, a fall makes it cheaper to trade for what insurance pays"];
            /// Largest premium a venue may report.
            premium_bound_ppm: u32 = 500, from 0, to 50_000,
                class [up waits, down at once,
                    "a fall pays less funding from then on, as does a venue that reports less"];
            /// Largest funding rate per hour.
            funding_bound_ppm_per_hour: u32 = 500, from 0, to 40_000,
                class [up waits, down at once,
                    "a fall pays less funding from then on, as does a venue that reports less"];
            /// Longest time a stored funding rate is extrapolated without a crank.
            funding_max_secs: u32 = 3_600, from 60, to 86_400,
                class [any waits,
                    "it counts back to the last crank: one side or the other is paid otherwise than was said"];
        }
    };
}

perp_params!(group);
quantities! {
    PerpParams:
    pnl_weight_ppm as pnl_weight: Ppm,
    fill_band_ppm as fill_band: Ppm,
    fill_insurance_ppm as fill_insurance: Ppm,
    premium_bound_ppm as premium_bound: Ppm,
    funding_bound_ppm_per_hour as funding_bound_per_hour: Ppm,
    funding_max_secs as funding_max: Secs,
}

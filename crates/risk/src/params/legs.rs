//! Which leg is liquidated, and what is too small to be one.

use super::field::{durations, group};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds.
#[macro_export]
macro_rules! leg_params {
    ($with:ident) => {
        $with! {
            /// Which leg is liquidated, and what is too small to be one.
            legs: LegParams, LegArgs, 32 bytes, |all|
            /// Below this value a remainder is dust, micro-dollars.
            dust_usd_micro: u64 = 10_000_000, from 10_000, to 10_000_000_000;
            /// A leg is admissible at this share of the best leg's marginal maintenance.
            best_leg_share_ppm: u32 = 900_000, from 1, to 1_000_000;
            /// Legs below this share of G do not set the best, unless all are.
            best_leg_min_ppm: u32 = 10_000, from 0, to 100_000;
            /// The best-leg rule ends when the auction has stood at its ceiling for so long.
            best_leg_end_secs: u32 = 60, from 1, to 3_600;
        }
    };
}

leg_params!(group);
durations!(LegParams: best_leg_end_secs as best_leg_end);

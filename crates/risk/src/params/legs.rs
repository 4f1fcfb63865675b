//! Which leg is liquidated, and what is too small to be one.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! leg_params {
    ($with:ident) => {
        $with! {
            /// Which leg is liquidated, and what is too small to be one.
            legs: LegParams, LegArgs, 32 bytes, |all|
            /// Below this value a remainder is dust, micro-dollars.
            dust_usd_micro: u64 = 10_000_000, from 10_000, to 10_000_000_000,
                class [any waits,
                    "a rise closes and gives up more of an account, a fall leaves remainders that nobody closes"];
            /// A leg is admissible at this share of the best leg's marginal maintenance.
            best_leg_share_ppm: u32 = 900_000, from 1, to 1_000_000,
                class [up at once, down waits,
                    "a fall lets liquidators take what helps an account less, a rise binds only them, while it holds"];
            /// Legs below this share of G do not set the best, unless all are.
            best_leg_min_ppm: u32 = 10_000, from 0, to 100_000,
                class [any waits,
                    "a rise lets liquidators take what helps an account less, a fall sends them after crumbs first"];
            /// The best-leg rule ends when the auction has stood at its ceiling for so long.
            best_leg_end_secs: u32 = 60, from 1, to 3_600,
                class [any waits,
                    "sooner, liquidators take what helps an account less; later, what nobody wants delays them"];
        }
    };
}

leg_params!(group);
quantities! {
    LegParams:
    dust_usd_micro as dust: UsdMicro,
    best_leg_share_ppm as best_leg_share: Ppm,
    best_leg_min_ppm as best_leg_min: Ppm,
    best_leg_end_secs as best_leg_end: Secs,
}

//! Wind-down, and what comes after it.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! wind_down_params {
    ($with:ident) => {
        $with! {
            /// Wind-down, and what comes after it.
            wind_down: WindDownParams, WindDownArgs, 32 bytes, |all|
            /// p_wd: ceiling of the wind-down penalty.
            wind_down_penalty_ppm: u32 = 10_000, from all.auction.penalty_floor_ppm, to 100_000,
                class [any waits,
                    "a rise costs whoever is wound down; too low for a liquidator, losses become those of lenders"];
            /// Time from p_floor to p_wd on the wind-down clock.
            wind_down_secs: u32 = 120, from 1, to 3_600,
                class [any waits, "shorter, penalties rise sooner; longer, wind-downs come later"];
            /// Time on the wind-down clock, past its ceiling, after which bases may be closed against their side.
            wind_down_close_secs: u32 = 180, from 1, to 86_400,
                class [any waits, "sooner, gains on the other side are closed; later, a loss stays open"];
            /// An asset leg stale for so long no longer blocks bankruptcy.
            stale_asset_secs: u32 = 14_400, from 600, to 604_800,
                class [any waits, "sooner, what has no price for now is given up; later, a loss stays open"];
        }
    };
}

wind_down_params!(group);
quantities! {
    WindDownParams:
    wind_down_penalty_ppm as wind_down_penalty: Ppm,
    wind_down_secs as wind_down: Secs,
    wind_down_close_secs as wind_down_close: Secs,
    stale_asset_secs as stale_asset: Secs,
}

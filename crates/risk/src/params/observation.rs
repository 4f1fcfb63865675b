//! Who counts as under water, and from when on.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! observation_params {
    ($with:ident) => {
        $with! {
            /// Who counts as under water, and from when on.
            observation: ObservationParams, ObservationArgs, 32 bytes, |all|
            /// Two under-water observations further apart restart the clocks.
            observation_gap_secs: u32 = 30, from 2, to 600,
                class [any waits,
                    "longer, unseen time counts towards penalties; shorter, clocks restart and liquidations come later"];
            /// After passing an initial check an account cannot be liquidated for so long.
            cool_off_secs: u32 = 2, from 1, to 60,
                class [any waits,
                    "shorter, who has just passed a check is liquidated sooner; longer, a loss grows meanwhile"];
            /// Below this ratio at two publish times spot alone counts.
            bypass_ratio_ppm: u32 = 700_000, from 1, to 999_999,
                class [up ramps, down waits,
                    "a rise liquidates more by spot alone, a fall leaves who falls fast to the averages"];
            /// Distance of those two publish times.
            bypass_spacing_secs: u32 = 2, from 1, to 60,
                class [any waits, "shorter, a spike counts as two looks; longer, who falls fast is liquidated later"];
            /// b: an owner is called below 1 + b times maintenance.
            call_band_ppm: u32 = 100_000, from 0, to 1_000_000,
                class [up harmless, down waits, "it liquidates nobody; a fall warns owners later"];
        }
    };
}

observation_params!(group);
quantities! {
    ObservationParams:
    observation_gap_secs as observation_gap: Secs,
    cool_off_secs as cool_off: Secs,
    bypass_ratio_ppm as bypass_ratio: Ppm,
    bypass_spacing_secs as bypass_spacing: Secs,
    call_band_ppm as call_band: Ppm,
}

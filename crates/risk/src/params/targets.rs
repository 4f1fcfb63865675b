//! Where a liquidation stops: how far beyond maintenance.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! target_params {
    ($with:ident) => {
        $with! {
            /// Where a liquidation stops: how far beyond maintenance.
            targets: TargetParams, TargetArgs, 16 bytes, |all|
            /// Target buffer of token weights.
            target_token_buffer_ppm: u32 = 10_000, from 1, to 200_000,
                class [up ramps, down waits,
                    "a rise makes liquidations close more, a fall makes them stop nearer to the next"];
            /// Target buffer of perp rates.
            target_perp_buffer_ppm: u32 = 12_500, from 1, to 200_000,
                class [up ramps, down waits,
                    "a rise makes liquidations close more, a fall makes them stop nearer to the next"];
            /// Listing wants `m_T - m` to be at least this.
            target_min_gap_ppm: u32 = 5_000, from 1, to 100_000,
                class [up harmless, down waits, "it is asked of changes only: a rise allows fewer"];
        }
    };
}

target_params!(group);
quantities! {
    TargetParams:
    target_token_buffer_ppm as target_token_buffer: Ppm,
    target_perp_buffer_ppm as target_perp_buffer: Ppm,
    target_min_gap_ppm as target_min_gap: Ppm,
}

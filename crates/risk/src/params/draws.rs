//! Insurance: how much of a fund may be drawn.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! draw_params {
    ($with:ident) => {
        $with! {
            /// Insurance: how much of a fund may be drawn. A fund is what it is now and what it paid within the hour.
            draws: DrawParams, DrawArgs, 24 bytes, |all|
            /// Most of a bank's fund that one event may draw, the resolution of one account; a million: no limit.
            draw_event_ppm: u32 = 500_000, from 0, to 1_000_000,
                class [any waits, "a rise lets one loss draw more, a fall leaves more of it to lenders and winners"];
            /// Most of a bank's fund that one market, or the bank's own debts, may draw within a day; a million: no limit.
            draw_source_ppm: u32 = 500_000, from 0, to 1_000_000,
                class [any waits, "a rise lets one market draw more, a fall leaves more of it to lenders and winners"];
            /// Most of a bank's fund that all together may draw within an hour; a million: no limit.
            draw_hour_ppm: u32 = 500_000, from 0, to 1_000_000,
                class [any waits, "a rise lets one hour draw more, a fall leaves more of it to lenders and winners"];
        }
    };
}

draw_params!(group);
quantities! {
    DrawParams:
    draw_event_ppm as draw_event: Ppm,
    draw_source_ppm as draw_source: Ppm,
    draw_hour_ppm as draw_hour: Ppm,
}

impl DrawParams {
    /// No limit but the fund itself.
    pub const UNLIMITED: Self =
        Self { draw_event_ppm: 1_000_000, draw_source_ppm: 1_000_000, draw_hour_ppm: 1_000_000, ..Self::DEFAULT };
}

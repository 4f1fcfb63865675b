//! Ages of prices, and how far one may be doubted.

use super::field::{durations, group};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds.
#[macro_export]
macro_rules! price_params {
    ($with:ident) => {
        $with! {
            /// Ages of prices, and how far one may be doubted.
            prices: PriceParams, PriceArgs, 48 bytes, |all|
            /// Oldest update that is accepted.
            write_age_secs: u32 = 5, from 1, to all.prices.read_age_secs;
            /// Oldest price a leg is fresh with.
            read_age_secs: u32 = 15, from 2, to 300;
            /// Oldest price of any leg beside which risk is added; between the two above.
            risk_age_secs: u32 = 5, from all.prices.write_age_secs, to all.prices.read_age_secs;
            /// How far ahead of the clock an update may be.
            future_secs: u32 = 2, from 0, to 10;
            /// How long the primary must have been silent before the secondary counts.
            primary_stale_secs: u32 = 30, from all.prices.write_age_secs, to 3_600;
            /// Oldest submission that a Switchboard result may count, slots.
            submission_age_slots: u32 = 150, from 1, to 1_500;
            /// z: width of the confidence term, in sigmas.
            confidence_sigmas_ppm: u32 = 2_000_000, from 0, to 10_000_000;
            /// z': width of the age term, in sigmas.
            age_sigmas_ppm: u32 = 3_000_000, from 0, to 20_000_000;
            /// b_max: largest edge of a leg.
            edge_max_ppm: u32 = 200_000, from 1, to 500_000;
        }
    };
}

price_params!(group);
durations! {
    PriceParams:
    write_age_secs as write_age,
    read_age_secs as read_age,
    risk_age_secs as risk_age,
    future_secs as future,
    primary_stale_secs as primary_stale
}

//! Ages of prices, and how far one may be doubted.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! price_params {
    ($with:ident) => {
        $with! {
            /// Ages of prices, and how far one may be doubted.
            prices: PriceParams, PriceArgs, 48 bytes, |all|
            /// Oldest update that is accepted.
            write_age_secs: u32 = 5, from 1, to all.prices.read_age_secs,
                class [any waits,
                    "longer, whoever refreshes has more prices to choose from; shorter, a slow feed goes silent"];
            /// Oldest price a leg is fresh with.
            read_age_secs: u32 = 15, from 2, to 300,
                class [any waits, "longer, liquidations and fills take older prices; shorter, legs count as stale"];
            /// Oldest price of any leg beside which risk is added; between the two above.
            risk_age_secs: u32 = 5, from all.prices.write_age_secs, to all.prices.read_age_secs,
                class [any waits,
                    "longer, risk is added at prices that the market has left; shorter, nobody can add or take out"];
            /// How far ahead of the clock an update may be.
            future_secs: u32 = 2, from 0, to 10,
                class [any waits,
                    "longer, a price may be dated ahead of others; shorter, a fast clock silences a feed"];
            /// How long the primary must have been silent before the secondary counts.
            primary_stale_secs: u32 = 30, from all.prices.write_age_secs, to 3_600,
                class [any waits,
                    "shorter, the secondary replaces a primary that only paused; longer, a dead one is not replaced"];
            /// Oldest submission that a Switchboard result may count, slots.
            submission_age_slots: u32 = 150, from 1, to 1_500,
                class [any waits, "longer, old submissions make a price; shorter, a slow feed goes silent"];
            /// z: width of the confidence term, in sigmas.
            confidence_sigmas_ppm: u32 = 2_000_000, from 0, to 10_000_000,
                class [any waits,
                    "a rise delays liquidations, a fall adds risk and liquidates at prices that are less certain"];
            /// z': width of the age term, in sigmas.
            age_sigmas_ppm: u32 = 3_000_000, from 0, to 20_000_000,
                class [up waits, down ramps,
                    "a rise delays liquidations beside stale prices, a fall liquidates at them"];
            /// b_max: largest edge of a leg.
            edge_max_ppm: u32 = 200_000, from 1, to 500_000,
                class [up waits, down ramps,
                    "a rise delays liquidations at doubtful prices, a fall liquidates at them"];
        }
    };
}

price_params!(group);
quantities! {
    PriceParams:
    write_age_secs as write_age: Secs,
    read_age_secs as read_age: Secs,
    risk_age_secs as risk_age: Secs,
    future_secs as future: Secs,
    primary_stale_secs as primary_stale: Secs,
    confidence_sigmas_ppm as confidence_sigmas: Ppm,
    age_sigmas_ppm as age_sigmas: Ppm,
    edge_max_ppm as edge_max: Ppm,
}

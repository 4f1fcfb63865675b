//! What an authority sets on a price, beside its sources.

use super::stored;

/// Hands the list to the macro `$with`, behind what else the caller says.
#[macro_export]
macro_rules! price_settings {
    ($with:ident $($extra:tt)*) => {
        $with! {
            { $($extra)* }
            /// What an authority decides about a slot.
            PriceConfigArgs of |feed: Feed, slot: PriceSlot, own, all|

            /// How a price is averaged, and how it may fall.
            PriceTerms in [slot.terms] (32 bytes) {
                /// Time constant of the fast average, seconds; shorter than where it is left out only on a test cluster.
                fast_secs: [u32 = plimsoll_risk::oracle::DEFAULT_FAST_SECS] {
                    from 1, to 300,
                    class [any waits, "shorter, a spike moves the average; longer, it follows a fall too late"]
                };
                /// Time constant of the slow average, seconds; shorter than where it is left out only on a test cluster.
                slow_secs: [u32 = plimsoll_risk::oracle::DEFAULT_SLOW_SECS] {
                    from own.fast_secs(), to 86_400,
                    class [any waits, "shorter, a spike moves the average; longer, it follows a fall too late"]
                };
                /// Fastest fall of the calibration, ppm per second; markets on this price need a rate that survives it.
                fastest_fall_ppm_per_sec: u32 {
                    from 1, to 100_000,
                    class [any waits,
                        "lower, weights and rates pass that a fall outruns; higher, none may be changed"]
                };
                /// How often the feed moves, seconds.
                update_secs: u32 {
                    from 1, to 3_600,
                    class [any waits,
                        "lower, weights and rates pass that a fall outruns; higher, none may be changed"]
                };
                /// Furthest that the price may be from its slow average without halting the adding of risk, ppm of the
                /// average; the largest number: any distance.
                spot_band_ppm: [u32 = 500_000] {
                    from 10_000, to u32::MAX,
                    class [up waits, down at once, "nobody is liquidated by it"]
                };
                /// Widest that one sigma of the price may be without halting the adding of risk, ppm of the price; the
                /// largest number: any width.
                max_sigma_ppm: [u32 = 100_000] {
                    from 1_000, to u32::MAX,
                    class [up waits, down at once, "nobody is liquidated by it"]
                };
                /// Furthest that the sources may be apart where a refresh shows both, without halting the adding of risk, ppm;
                /// left out, or the largest number: not compared.
                sources_apart_ppm: [u32 = u32::MAX] {
                    from 1_000, to u32::MAX,
                    class [up waits, down at once, "nobody is liquidated by it"]
                };
            }
        }
    };
}

price_settings!(stored);

//! What an authority sets on a market.

use super::stored;

/// Hands the list to the macro `$with`, behind what else the caller says.
#[macro_export]
macro_rules! market_settings {
    ($with:ident $($extra:tt)*) => {
        $with! {
            { $($extra)* }
            /// Terms of a market that may change later.
            MarketTerms of |market: Market, slot: MarketSlot, own, all|

            /// Charge rates; that of the target follows.
            MarketRates in [slot.rates.0] () {
                /// Charge rate at maintenance; the target's follows.
                maint_rate_ppm: u32 {
                    from 1, to own.init_rate_ppm(), as maint_ppm,
                    class [up ramps, down waits]
                };
                /// Charge rate at initial.
                init_rate_ppm: u32 {
                    from 1, to 1_000_000, as init_ppm,
                    class [up at once, down waits,
                        "nobody is liquidated by it; target and band of a fill follow within the engine's buffer and band"]
                };
            }

            /// What a fill costs.
            MarketFees in [slot.fees] (16 bytes) {
                /// Fee of each side of a fill, ppm of notional, at least the engine's floor to insurance.
                fill_fee_ppm: u32 {
                    from all.perps.fill_insurance_ppm, to plimsoll_risk::listing::MAX_FILL_FEE_PPM,
                    class [any waits, "a rise is a fee, a fall makes it cheaper to trade for what insurance pays"]
                };
            }

            /// Caps of open interest and of insurance.
            MarketCaps in [market.caps] (32 bytes) {
                /// Largest open interest a side, base units; at most one largest position.
                open_interest_cap_units: u64 {
                    from 0, to plimsoll_risk::params::MAX_BASE_UNITS,
                    class [up waits, down at once, "what is open stays"]
                };
                /// Most insurance one event of this market may draw, quote atoms; left out, or the largest number: no limit.
                draw_cap_event_atoms: [u64 = u64::MAX] {
                    from 0, to u64::MAX,
                    class [any waits,
                        "a rise lets one loss draw more, a fall leaves more of it to lenders"]
                };
            }
        }
    };
}

market_settings!(stored);

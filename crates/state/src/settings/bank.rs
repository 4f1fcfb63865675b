//! What an authority sets on a bank.

use super::stored;

/// Hands the list to the macro `$with`, behind what else the caller says.
#[macro_export]
macro_rules! bank_settings {
    ($with:ident $($extra:tt)*) => {
        $with! {
            { $($extra)* }
            /// Everything about a bank that can be changed after its listing.
            BankConfigArgs of |bank: Bank, slot: BankSlot, own, all|

            /// Weights; those of the target follow.
            TokenWeights in [slot.weights.0] () {
                /// Asset weight at maintenance; the target's follows.
                asset_maint_ppm: u32 {
                    from 0, to 1_000_000,
                    class [up waits, down ramps]
                };
                /// Asset weight at initial.
                asset_init_ppm: u32 {
                    from 0, to own.asset_maint_ppm(),
                    class [up waits, down at once, "nobody is liquidated by it; the target follows within its buffer"]
                };
                /// Liability weight at maintenance; the target's follows.
                liability_maint_ppm: u32 {
                    from 1_000_000, to own.liability_init_ppm(),
                    class [up ramps, down waits]
                };
                /// Liability weight at initial.
                liability_init_ppm: u32 {
                    from 1_000_000, to 4_000_000,
                    class [up at once, down waits, "nobody is liquidated by it; the target follows within its buffer"]
                };
            }

            /// The rate curve, and what the protocol takes of interest.
            BankLending in [bank.lending] (28 bytes) {
                /// Utilization at the kink of the rate curve.
                kink_ppm: u32 {
                    from 1, to 999_999,
                    class [any waits, "borrowers pay the curve and lenders get it: each direction costs one of them"]
                };
                /// Annual rate at utilization 0.
                rate_zero_ppm: u32 {
                    from 0, to own.rate_kink_ppm(),
                    class [any waits, "borrowers pay the curve and lenders get it: each direction costs one of them"]
                };
                /// Annual rate at the kink.
                rate_kink_ppm: u32 {
                    from 0, to own.rate_full_ppm(),
                    class [any waits, "borrowers pay the curve and lenders get it: each direction costs one of them"]
                };
                /// Annual rate at utilization 1.
                rate_full_ppm: u32 {
                    from 0, to plimsoll_risk::params::MAX_ANNUAL_RATE_PPM,
                    class [any waits, "borrowers pay the curve and lenders get it: each direction costs one of them"]
                };
                /// Protocol's share of interest.
                interest_fee_ppm: u32 {
                    from 0, to 500_000,
                    class [up waits, down harmless, "a fall leaves lenders more"]
                };
            }

            /// Caps of all accounts together, of insurance, and of what leaves the vault; at the lowest deposit index a cap's worth of shares fits.
            BankCaps in [bank.caps] (64 bytes) {
                /// Largest deposits of all accounts together, atoms.
                deposit_cap_atoms: u64 {
                    from 0, to plimsoll_risk::params::MAX_ATOMS,
                    class [up waits, down at once, "what is deposited stays"]
                };
                /// Largest borrows of all accounts together, atoms.
                borrow_cap_atoms: u64 {
                    from 0, to plimsoll_risk::params::MAX_ATOMS,
                    class [up waits, down at once, "what is borrowed stays"]
                };
                /// Most insurance one event may draw, atoms; left out, or the largest number: no limit.
                draw_cap_event_atoms: [u64 = u64::MAX] {
                    from 0, to u64::MAX,
                    class [any waits,
                        "a rise lets one loss draw more, a fall leaves more of it to lenders"]
                };
                /// Most insurance any hour may draw, atoms; left out, or the largest number: no limit.
                draw_cap_hour_atoms: [u64 = u64::MAX] {
                    from 0, to u64::MAX,
                    class [any waits,
                        "a rise lets one loss draw more, a fall leaves more of it to lenders"]
                };
                /// Most of the deposits that may leave within an hour, net; a million: no limit.
                outflow_hour_ppm: [u32 = 250_000] {
                    from 10_000, to own.outflow_day_ppm(),
                    class [any waits,
                        "a rise lets a thief out with more, a fall keeps lenders in"]
                };
                /// Most of the deposits that may leave within a day, net; a million: no limit.
                outflow_day_ppm: [u32 = 500_000] {
                    from 10_000, to 1_000_000,
                    class [any waits,
                        "a rise lets a thief out with more, a fall keeps lenders in"]
                };
                /// Insurance that pays nothing but debts that deposits cannot bear, atoms; left out: none.
                insurance_floor_atoms: [u64 = 0] {
                    from 0, to plimsoll_risk::params::MAX_ATOMS,
                    class [any waits,
                        "a rise leaves more of a loss to lenders, a fall lets losses draw what was kept"]
                };
                /// Insurance above which some may be taken out, by a change that has waited, atoms; left out, or the largest
                /// number: none ever.
                insurance_target_atoms: [u64 = u64::MAX] {
                    from 0, to u64::MAX,
                    class [up at once, down waits, "what is kept pays for losses"]
                };
            }
        }
    };
}

bank_settings!(stored);

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
                asset_maint_ppm: u32 { from 0, to 1_000_000 };
                /// Asset weight at initial.
                asset_init_ppm: u32 { from 0, to own.asset_maint_ppm() };
                /// Liability weight at maintenance; the target's follows.
                liability_maint_ppm: u32 { from 1_000_000, to own.liability_init_ppm() };
                /// Liability weight at initial.
                liability_init_ppm: u32 { from 1_000_000, to 4_000_000 };
            }

            /// The rate curve, and what the protocol takes of interest.
            BankLending in [bank.lending] (28 bytes) {
                /// Utilization at the kink of the rate curve.
                kink_ppm: u32 { from 1, to 999_999 };
                /// Annual rate at utilization 0.
                rate_zero_ppm: u32 { from 0, to own.rate_kink_ppm() };
                /// Annual rate at the kink.
                rate_kink_ppm: u32 { from 0, to own.rate_full_ppm() };
                /// Annual rate at utilization 1.
                rate_full_ppm: u32 { from 0, to plimsoll_risk::params::MAX_ANNUAL_RATE_PPM };
                /// Protocol's share of interest.
                interest_fee_ppm: u32 { from 0, to 500_000 };
            }

            /// Caps of all accounts together, of insurance, and of what leaves the vault; at the lowest deposit index a cap's worth of shares fits.
            BankCaps in [bank.caps] (48 bytes) {
                /// Largest deposits of all accounts together, atoms.
                deposit_cap_atoms: u64 { from 0, to plimsoll_risk::params::MAX_ATOMS };
                /// Largest borrows of all accounts together, atoms.
                borrow_cap_atoms: u64 { from 0, to plimsoll_risk::params::MAX_ATOMS };
                /// Most insurance one event may draw, atoms; left out, or the largest number: no limit.
                draw_cap_event_atoms: [u64 = u64::MAX] { from 0, to u64::MAX };
                /// Most insurance any hour may draw, atoms; left out, or the largest number: no limit.
                draw_cap_hour_atoms: [u64 = u64::MAX] { from 0, to u64::MAX };
                /// Most of the deposits that may leave within an hour, net; a million: no limit.
                outflow_hour_ppm: [u32 = 250_000] { from 0, to 1_000_000 };
                /// Most of the deposits that may leave within a day, net; a million: no limit.
                outflow_day_ppm: [u32 = 500_000] { from 0, to 1_000_000 };
            }
        }
    };
}

bank_settings!(stored);

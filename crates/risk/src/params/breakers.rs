//! Breakers: how much is liquidated, and how much insurance pays, before nobody may add to it for a while.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! breaker_params {
    ($with:ident) => {
        $with! {
            /// Breakers: what is liquidated and what insurance pays within an hour before nobody may add to it for a while.
            breakers: BreakerParams, BreakerArgs, 16 bytes, |all|
            /// Debts of a bank liquidated within an hour, of its deposits; beyond, its breaker trips; a million: no limit.
            liquidated_debts_ppm: u32 = 50_000, from 10_000, to 1_000_000,
                class [up waits, down at once, "nobody is liquidated by it"];
            /// Positions of a market liquidated within an hour, of its open interest; beyond, its breaker trips; a million: no limit.
            liquidated_positions_ppm: u32 = 100_000, from 10_000, to 1_000_000,
                class [up waits, down at once, "nobody is liquidated by it"];
            /// Insurance of a bank drawn within an hour, of its fund; beyond, its breaker trips; a million: no limit.
            drawn_insurance_ppm: u32 = 250_000, from 10_000, to 1_000_000,
                class [up waits, down at once, "nobody is liquidated by it"];
        }
    };
}

breaker_params!(group);
quantities! {
    BreakerParams:
    liquidated_debts_ppm as liquidated_debts: Ppm,
    liquidated_positions_ppm as liquidated_positions: Ppm,
    drawn_insurance_ppm as drawn_insurance: Ppm,
}

impl BreakerParams {
    /// No breaker trips by what is liquidated or drawn.
    pub const UNLIMITED: Self = Self {
        liquidated_debts_ppm: 1_000_000,
        liquidated_positions_ppm: 1_000_000,
        drawn_insurance_ppm: 1_000_000,
        ..Self::DEFAULT
    };
}

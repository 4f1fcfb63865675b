//! Changes of parameters: how long they wait, how fast what can liquidate moves.

use super::field::{group, quantities};
use crate::units::Secs;

/// The shortest delay that an engine which holds other people's money may have.
pub const SHORTEST_CHANGE_DELAY: Secs = Secs::new(86_400);

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! change_params {
    ($with:ident) => {
        $with! {
            /// Changes: how long they wait in public, how fast what can liquidate moves, how a listing begins.
            changes: ChangeParams, ChangeArgs, 32 bytes, |all|
            /// A change that waits can be executed so long after it was proposed; below a day on engines of a test cluster only.
            change_delay_secs: u32 = 172_800, from 0, to 2_592_000,
                class [any waits, "shorter, users have less time to leave; longer, what is wrong stays so"];
            /// How far a weight may move within an hour where that can liquidate somebody.
            weight_ramp_ppm_per_hour: u32 = 10_000, from 1, to 1_000_000,
                class [any waits, "a rise liquidates sooner, a fall leaves what is too generous in force for longer"];
            /// How far a rate may move within an hour where that can liquidate somebody, parts of notional.
            rate_ramp_ppm_per_hour: u32 = 2_500, from 1, to 1_000_000,
                class [any waits, "a rise liquidates sooner, a fall leaves what is too generous in force for longer"];
            /// What the caps of a new bank or market may be worth at first, dollars; from then on they double at most once a day.
            first_cap_usd: u32 = 1_000_000, from 0, to 4_000_000_000,
                class [up waits, down at once];
        }
    };
}

change_params!(group);
quantities! {
    ChangeParams:
    change_delay_secs as change_delay: Secs,
    weight_ramp_ppm_per_hour as weight_ramp: PpmPerHour,
    rate_ramp_ppm_per_hour as rate_ramp: PpmPerHour,
}

impl ChangeParams {
    /// Whether an engine of this kind may have this delay: one that is not for a test cluster at least a day (POWER-1).
    pub const fn delay_is_allowed(&self, test_cluster: bool) -> bool {
        test_cluster || self.change_delay_secs as u64 >= SHORTEST_CHANGE_DELAY.get()
    }
}

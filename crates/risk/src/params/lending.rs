//! Banks: what sets their borrow rates.

use super::field::{group, quantities};

/// Hands the list of this group's parameters to the macro `$with`: name, type, default, bounds, class.
#[macro_export]
macro_rules! lending_params {
    ($with:ident) => {
        $with! {
            /// Banks: what sets their borrow rates.
            lending: LendingParams, LendingArgs, 16 bytes, |all|
            /// Window of the utilization average that sets borrow rates.
            utilization_window_secs: u32 = 600, from 1, to 86_400,
                class [any waits,
                    "shorter, one borrower can move the rate of all; longer, rates follow a rush too late"];
        }
    };
}

lending_params!(group);
quantities! {
    LendingParams:
    utilization_window_secs as utilization_window: Secs,
}

//! How often a node is asked.

use std::time::Duration;

/// How often a node is bothered with a transaction until it is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks at its status.
    pub look_every: Duration,
    /// Between two attempts at sending it.
    pub resend_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { look_every: Duration::from_millis(250), resend_every: Duration::from_millis(1_000) }
    }
}

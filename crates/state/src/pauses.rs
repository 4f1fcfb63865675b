//! Pauses as stored: see [`plimsoll_risk::breaker`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::breaker::{Pause, Spell};
use plimsoll_risk::units::UnixSecs;

use crate::assert_layout;

/// Bits that the registry has room for.
pub const PAUSE_PLACES: usize = 16;

/// Until when one thing is paused, and how often the guardian has asked for it; zeroed it never was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StoredPause {
    /// The authority's pause ends here, Unix seconds.
    pub authority_until_at: i64,
    /// The guardian's pause ends here, Unix seconds.
    pub guardian_until_at: i64,
    /// How many the guardian has begun in a row.
    pub guardian_in_a_row: u32,
    /// Zero.
    pub _pad: u32,
}

assert_layout!(StoredPause, 24);

impl StoredPause {
    /// As the state machine takes it.
    #[inline(always)]
    pub const fn get(&self) -> Pause {
        Pause {
            authority_until: UnixSecs::new(self.authority_until_at),
            guardian: Spell { until: UnixSecs::new(self.guardian_until_at), in_a_row: self.guardian_in_a_row },
        }
    }
}

impl From<Pause> for StoredPause {
    #[inline(always)]
    fn from(pause: Pause) -> Self {
        Self {
            authority_until_at: pause.authority_until.get(),
            guardian_until_at: pause.guardian.until.get(),
            guardian_in_a_row: pause.guardian.in_a_row,
            _pad: 0,
        }
    }
}

//! In whose name a change is asked for, and so which changes come at once; when one that was proposed may be executed.

use super::{Change, Verdict};
use crate::units::{Secs, UnixSecs};

/// How long a change that is due can be executed. After that it has to be proposed again: a change that was forgotten
/// meets another engine than the one that it was meant for.
pub const EXECUTION_WINDOW: Secs = Secs::new(7 * 86_400);

/// In whose name a change is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The engine is not launched, so that nobody has an account, or it is one for tests without a delay.
    SettingUp,
    /// A key of the engine signed just now.
    Direct,
    /// It was proposed, and has waited in public.
    Waited,
}

impl Standing {
    /// Whether all of these changes may come (POWER-1): what waits comes by [`Standing::Waited`] alone, once the engine is
    /// launched.
    ///
    /// # Errors
    /// The first change that has to wait.
    pub const fn admits(self, verdict: &Verdict) -> Result<(), Change> {
        match (self, &verdict.waits) {
            (Self::Direct, Some(change)) => Err(*change),
            _ => Ok(()),
        }
    }

    /// Whether what can liquidate somebody moves by a ramp, whoever asked for it.
    pub const fn ramps(self) -> bool {
        !matches!(self, Self::SettingUp)
    }
}

/// From when until when a proposed change can be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From when on anybody may execute it.
    pub due_at: UnixSecs,
    /// From when on nobody may any more.
    pub expires_at: UnixSecs,
}

/// Where a proposed change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has to wait for so long.
    Waiting(Secs),
    /// Anybody may execute it.
    Due,
    /// Nobody may execute it any more.
    Expired,
}

impl Schedule {
    /// Of a change that is proposed now.
    pub const fn of(now: UnixSecs, delay: Secs) -> Self {
        let due_at = now.plus(delay);
        Self { due_at, expires_at: due_at.plus(EXECUTION_WINDOW) }
    }

    /// Where it stands.
    pub const fn at(&self, now: UnixSecs) -> Progress {
        if now.get() >= self.expires_at.get() {
            Progress::Expired
        } else if now.get() >= self.due_at.get() {
            Progress::Due
        } else {
            Progress::Waiting(self.due_at.elapsed_since(now))
        }
    }
}

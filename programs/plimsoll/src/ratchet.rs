//! Whether a change of parameters comes now: what users would be worse off by waits in public (POWER-1).

use plimsoll_risk::params::ChangeParams;
use plimsoll_risk::ratchet::{CapChange, Change, Standing, Verdict};
use plimsoll_risk::units::{UnixSecs, UsdMicro};

use crate::error::{fail, EngineError, Failure, Result};
use crate::report::{decimal, line};

/// All that is asked to be another may come now.
///
/// # Errors
/// `ChangeWaits`, after a line that names the first change that has to wait.
#[inline(never)]
pub fn admit(standing: Standing, verdict: &Verdict) -> Result<()> {
    standing.admits(verdict).map_err(|change| waits(&change))
}

#[cold]
#[inline(never)]
fn waits(change: &Change) -> Failure {
    match change.numbers {
        Some((from, to)) => line(&["waits: ", change.name, " from ", &decimal(from), " to ", &decimal(to)]),
        None => line(&["waits: ", change.name]),
    }
    fail(EngineError::ChangeWaits)
}

/// Caps may be what is asked for; returns when one was last raised. Before the launch nobody is there to be protected.
///
/// # Errors
/// `CapGrowthLimited`.
#[inline(never)]
pub fn caps(
    standing: Standing,
    changes: &[CapChange],
    params: &ChangeParams,
    raised_at: UnixSecs,
    now: UnixSecs,
) -> Result<UnixSecs> {
    if standing == Standing::SettingUp {
        return Ok(raised_at);
    }
    let first_cap = UsdMicro::dollars(params.first_cap_usd);
    for change in changes {
        change.check(first_cap, raised_at, now)?;
    }
    Ok(if changes.iter().any(CapChange::rises) { now } else { raised_at })
}

//! What leaves a vault: bounded by the ledger, refused with what fits now and when the rest does (LIMIT-1).

use plimsoll_ledger::outflow;
use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::outflow::Deposits;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::Bank;

use crate::error::Result;
use crate::report::{decimal, line};

/// Books what is withdrawn or lent; see [`outflow::pay_out`].
///
/// # Errors
/// `OutflowLimited`, after a line that says how much may leave now and from when on the amount may; `NumberOutOfRange`.
#[inline(always)]
pub fn pay_out(bank: &mut Bank, before: Deposits, atoms: Atoms, delta: ShareDelta, now: UnixSecs) -> Result<()> {
    match outflow::pay_out(bank, before, atoms, delta, now) {
        Ok(()) => Ok(()),
        Err(error) => {
            if error == RiskError::OutflowLimited {
                explain(bank, before, atoms, now);
            }
            Err(error.into())
        }
    }
}

#[cold]
#[inline(never)]
fn explain(bank: &Bank, deposits: Deposits, atoms: Atoms, now: UnixSecs) {
    let (mut fits, mut from) = (Atoms::MAX, Some(now));
    for limit in bank.outflows(now).iter().flatten() {
        let room = limit.room(deposits);
        fits = fits.min(room.atoms);
        if room.atoms < atoms {
            from = from.zip(limit.fits_at(atoms, deposits)).map(|(one, other)| one.max(other));
        }
    }
    let (bank, fits) = (decimal(bank.index as u64), decimal(fits.get()));
    let when = from.map(|at| decimal(at.get().unsigned_abs()));
    let parts = match &when {
        Some(at) => ["all of it from ", at],
        None => ["never all of it at once", ""],
    };
    line(&["leaves bank ", &bank, " now: ", &fits, " atoms; ", parts[0], parts[1]]);
}

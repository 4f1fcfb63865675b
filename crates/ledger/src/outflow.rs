//! What leaves a bank's vault is counted, and bounded within any hour and any day (LIMIT-1).

use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::outflow::{Deposits, Move};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::Bank;

/// Books what goes out: withdrawn or lent. `before` is what was deposited before it, `delta` how the bank's totals changed by it.
///
/// # Errors
/// `OutflowLimited` where it is more than the hour or the day still lets out; `NumberOutOfRange`.
#[inline(never)]
pub fn pay_out(bank: &mut Bank, before: Deposits, atoms: Atoms, delta: ShareDelta, now: UnixSecs) -> RiskResult<()> {
    let moved = Move { vault: atoms.signed()?, deposit_shares: delta.deposit_shares.saturating_neg() };
    let (hour_share, day_share) = (bank.outflow_hour_share(), bank.outflow_day_share());
    let [hour_window, day_window] = Bank::OUTFLOW_WINDOWS_SECS;
    let (mut hour, mut day) = (bank.outflow_hour.as_mut(), bank.outflow_day.as_mut());
    let (hour_place, day_place) = (hour.advance(now, hour_window), day.advance(now, day_window));
    if !hour.lets_out(atoms, before, hour_share) || !day.lets_out(atoms, before, day_share) {
        return Err(RiskError::OutflowLimited);
    }
    hour.count(&moved, hour_place);
    day.count(&moved, day_place);
    Ok(())
}

/// Books what comes in: deposited or repaid. `delta` is how the bank's totals changed by it.
///
/// # Errors
/// `NumberOutOfRange`.
#[inline(never)]
pub fn take_in(bank: &mut Bank, atoms: Atoms, delta: ShareDelta, now: UnixSecs) -> RiskResult<()> {
    let moved = Move { vault: atoms.negative()?, deposit_shares: delta.deposit_shares.saturating_neg() };
    let [hour_window, day_window] = Bank::OUTFLOW_WINDOWS_SECS;
    let (mut hour, mut day) = (bank.outflow_hour.as_mut(), bank.outflow_day.as_mut());
    let (hour_place, day_place) = (hour.advance(now, hour_window), day.advance(now, day_window));
    hour.count(&moved, hour_place);
    day.count(&moved, day_place);
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;
    use plimsoll_risk::bank::shares_down;
    use plimsoll_risk::params::INDEX_ONE;

    use super::*;
    use crate::totals::apply_totals;

    const NOW: i64 = 1_700_000_000;

    /// A thousand deposited at an index of 1.5, long ago.
    fn bank(hour_ppm: u32, day_ppm: u32) -> Bank {
        let mut bank = Bank::zeroed();
        (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE + INDEX_ONE / 2, INDEX_ONE);
        bank.deposit_shares = 667;
        (bank.caps.outflow_hour_ppm, bank.caps.outflow_day_ppm) = (hour_ppm, day_ppm);
        bank
    }

    fn move_shares(bank: &mut Bank, deposit_shares: i64) -> ShareDelta {
        let delta = ShareDelta { deposit_shares, borrow_shares: 0 };
        apply_totals(bank, delta).unwrap();
        delta
    }

    fn withdraw(bank: &mut Bank, atoms: u64, now: i64) -> RiskResult<()> {
        let before = bank.deposits();
        let shares = shares_down(Atoms::new(atoms), bank.deposit_index)? as i64;
        let delta = move_shares(bank, -shares);
        pay_out(bank, before, Atoms::new(atoms), delta, UnixSecs::new(now))
    }

    #[test]
    fn the_narrower_of_hour_and_day_decides_and_a_refusal_counts_nothing() {
        let mut bank = bank(250_000, 500_000);
        assert_eq!(withdraw(&mut bank, 250, NOW), Ok(()));
        let counted = (bank.outflow_hour, bank.outflow_day);
        let (held, nothing) = (bank.deposits(), ShareDelta::default());
        assert_eq!(
            pay_out(&mut bank, held, Atoms::new(1), nothing, UnixSecs::new(NOW)),
            Err(RiskError::OutflowLimited)
        );
        assert_eq!((bank.outflow_hour, bank.outflow_day), counted);
        // Two hours later a quarter of what is left, and then no more that day: half of what it began with.
        assert_eq!(withdraw(&mut bank, 186, NOW + 7_200), Ok(()));
        assert_eq!(withdraw(&mut bank, 64, NOW + 14_400), Ok(()));
        assert_eq!(withdraw(&mut bank, 3, NOW + 14_400), Err(RiskError::OutflowLimited));
        let [hour, day] =
            bank.outflows(UnixSecs::new(NOW + 14_400)).map(|outflow| outflow.unwrap().room(bank.deposits()));
        assert!(hour.atoms > day.atoms && day.atoms < Atoms::new(3), "{hour:?} {day:?}");
    }

    #[test]
    fn what_came_in_may_leave_again_and_a_share_of_a_million_lets_everything_out() {
        let mut limited = bank(250_000, 500_000);
        let delta = move_shares(&mut limited, 2_000);
        take_in(&mut limited, Atoms::new(3_000), delta, UnixSecs::new(NOW)).unwrap();
        assert_eq!(withdraw(&mut limited, 3_250, NOW), Ok(()));
        assert_eq!(withdraw(&mut limited, 3, NOW), Err(RiskError::OutflowLimited));
        let mut free = bank(1_000_000, 1_000_000);
        assert_eq!(withdraw(&mut free, 1_000, NOW), Ok(()));
        assert_eq!(free.outflow_day.vault_atoms.iter().sum::<i64>(), 1_000);
    }
}

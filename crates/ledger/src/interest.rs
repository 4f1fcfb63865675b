//! Interest of a bank: what borrowers are charged and depositors earn, and the rate until the next crank (INTEREST).
//!
//! The arithmetic is `plimsoll_risk::bank`'s; what only reads is in [`Bank`] and [`BankSlot`].

use plimsoll_risk::bank::{utilization_ema, utilization_ppm_down};
use plimsoll_risk::num::{mul_u32, PPM};
use plimsoll_risk::units::{Atoms, Ppm, Secs, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Bank, BankSlot, U128Le};

/// Brings the bank to `now`: adds the time since the last change to the utilization integral, at the utilization
/// of that time, and books what borrowers were charged (INTEREST-2). Runs before any change of totals;
/// a second time in one second it does nothing.
#[inline(never)]
pub fn book_now(bank: &mut Bank, slot: &BankSlot, now: UnixSecs) {
    let totals = bank.totals();
    let elapsed = now.elapsed_since(bank.utilization_until());
    if !elapsed.is_zero() {
        let utilization = utilization_ppm_down(totals.borrows_bits(), totals.deposits_bits());
        let added = mul_u32(elapsed.get(), utilization.get());
        bank.utilization_integral = U128Le::new(bank.utilization_integral.get().saturating_add(added));
        bank.utilization_at = now.get();
    }
    let borrow_index = slot.borrow_index_at(now);
    if borrow_index > bank.booked_borrow_index {
        let booking = totals.book(borrow_index, bank.interest_fee());
        bank.deposit_index = booking.deposit_index;
        bank.fees_atoms = bank.fees_atoms.saturating_add(booking.fee_atoms.get());
        bank.uncovered_atoms = bank.uncovered_atoms.saturating_sub(booking.covered_atoms.get());
        bank.booked_borrow_index = borrow_index;
    }
}

/// The crank: books, folds the linear growth into the registry's index, copies the deposit index, and sets the
/// borrow rate by the moving average of the interval's mean utilization. Twice in one second is once (INTEREST-3).
///
/// # Errors
/// `ParameterOutOfBounds` where the stored curve is not valid.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "no time at all has returned; cut to a million by the minimum"
)]
pub fn accrue(bank: &mut Bank, slot: &mut BankSlot, window: Secs, now: UnixSecs) -> RiskResult<()> {
    book_now(bank, slot, now);
    slot.deposit_index = bank.deposit_index;
    let elapsed = now.elapsed_since(slot.accrued());
    if elapsed.is_zero() {
        return Ok(());
    }
    let mean = Ppm::new((bank.utilization_integral.get() / elapsed.get() as u128).min(PPM as u128) as u32);
    bank.utilization_ema_ppm = utilization_ema(bank.utilization_ema(), mean, elapsed, window).get();
    bank.utilization_integral = U128Le::new(0);
    bank.accrued_at = now.get();
    slot.borrow_index = bank.booked_borrow_index;
    slot.borrow_rate_per_sec = bank.rate_curve().rate_per_sec_up(bank.utilization_ema())?;
    slot.accrued_at = now.get();
    Ok(())
}

/// Takes fees off a booked bank, which `atoms` of them leave; the vault's tokens are the caller's to move.
///
/// # Errors
/// `BalanceInsufficient` where the bank has fewer.
#[inline(always)]
pub fn take_fees(bank: &mut Bank, atoms: Atoms) -> RiskResult<()> {
    bank.fees_atoms = bank.fees_atoms.checked_sub(atoms.get()).ok_or(RiskError::BalanceInsufficient)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::apply_totals;
    use bytemuck::Zeroable;
    use plimsoll_risk::bank::{debt_atoms_up, RateCurve, ShareDelta};
    use plimsoll_risk::params::INDEX_ONE;
    use proptest::prelude::*;

    const START: i64 = 1_700_000_000;

    fn listed() -> (Bank, BankSlot) {
        let (mut bank, mut slot) = (Bank::zeroed(), BankSlot::zeroed());
        (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
        (slot.deposit_index, slot.borrow_index) = (INDEX_ONE, INDEX_ONE);
        (bank.utilization_at, bank.accrued_at, slot.accrued_at) = (START, START, START);
        let curve = RateCurve::DEFAULT;
        (bank.lending.kink_ppm, bank.lending.rate_zero_ppm) = (curve.kink_ppm.get(), curve.rate_zero_ppm.get());
        (bank.lending.rate_kink_ppm, bank.lending.rate_full_ppm) =
            (curve.rate_kink_ppm.get(), curve.rate_full_ppm.get());
        bank.lending.interest_fee_ppm = 150_000;
        (bank, slot)
    }

    fn same(a: &Bank, b: &Bank) -> bool {
        bytemuck::bytes_of(a) == bytemuck::bytes_of(b)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// INTEREST-1
        #[test]
        fn what_a_reader_projects_is_what_accrue_writes_to_the_atom(
            deposits in 1u64..1 << 52, borrowed_ppm in 0u32..=1_000_000, index in INDEX_ONE..INDEX_ONE << 6,
            rate in 0u64..1_754_000_000_000, dt in 0i64..100_000_000, debt_shares in 1u64..1 << 52,
        ) {
            let (mut bank, mut slot) = listed();
            bank.deposit_shares = deposits;
            bank.borrow_shares = Ppm::new(borrowed_ppm).of_down(deposits).unwrap();
            (slot.borrow_index, slot.borrow_rate_per_sec, bank.booked_borrow_index) = (index, rate, index);
            let read = slot.indices_at(UnixSecs::new(START + dt));
            accrue(&mut bank, &mut slot, Secs::new(600), UnixSecs::new(START + dt)).unwrap();
            prop_assert_eq!(slot.borrow_index_at(UnixSecs::new(START + dt)), read.borrow_index);
            prop_assert_eq!(bank.booked_borrow_index, read.borrow_index);
            let projected = debt_atoms_up(debt_shares, read.borrow_index).get();
            prop_assert_eq!(debt_atoms_up(debt_shares, slot.indices_at(UnixSecs::new(START + dt)).borrow_index).get(), projected);
            prop_assert!(slot.deposit_index >= read.deposit_index, "the copy is older, never higher");
            prop_assert!(slot.deposit_index <= bank.deposit_index);
        }

        #[test]
        fn cranking_twice_in_one_second_is_cranking_once(
            deposits in 1u64..1 << 52, borrowed_ppm in 0u32..=1_000_000, dt in 0i64..1_000_000,
        ) {
            let (mut bank, mut slot) = listed();
            bank.deposit_shares = deposits;
            bank.borrow_shares = Ppm::new(borrowed_ppm).of_down(deposits).unwrap();
            accrue(&mut bank, &mut slot, Secs::new(600), UnixSecs::new(START + dt)).unwrap();
            let (once, once_slot) = (bank, slot);
            accrue(&mut bank, &mut slot, Secs::new(600), UnixSecs::new(START + dt)).unwrap();
            accrue(&mut bank, &mut slot, Secs::new(600), UnixSecs::new(START - 5)).unwrap();
            prop_assert!(same(&once, &bank));
            prop_assert_eq!(bytemuck::bytes_of(&once_slot), bytemuck::bytes_of(&slot));
        }

        /// INTEREST-3
        #[test]
        fn utilization_opened_and_closed_in_one_second_weighs_nothing(
            deposits in 1u64..1 << 52, flash in 1i64..1 << 51, before in 0i64..10_000, after in 0i64..10_000,
        ) {
            let (mut calm, mut calm_slot) = listed();
            calm.deposit_shares = deposits;
            let (mut flashed, mut flashed_slot) = (calm, calm_slot);
            book_now(&mut flashed, &flashed_slot, UnixSecs::new(START + before));
            apply_totals(&mut flashed, ShareDelta { deposit_shares: 0, borrow_shares: flash }).unwrap();
            book_now(&mut flashed, &flashed_slot, UnixSecs::new(START + before));
            apply_totals(&mut flashed, ShareDelta { deposit_shares: 0, borrow_shares: -flash }).unwrap();
            let end = START + before + after;
            accrue(&mut calm, &mut calm_slot, Secs::new(600), UnixSecs::new(end)).unwrap();
            accrue(&mut flashed, &mut flashed_slot, Secs::new(600), UnixSecs::new(end)).unwrap();
            prop_assert_eq!(bytemuck::bytes_of(&calm_slot), bytemuck::bytes_of(&flashed_slot));
            prop_assert!(same(&calm, &flashed));
        }
    }

    #[test]
    fn the_rate_follows_mean_utilization_of_the_interval_and_holds_until_the_next_crank() {
        let (mut bank, mut slot) = listed();
        bank.deposit_shares = 1_000_000;
        book_now(&mut bank, &slot, UnixSecs::new(START + 300));
        apply_totals(&mut bank, ShareDelta { deposit_shares: 0, borrow_shares: 800_000 }).unwrap();
        accrue(&mut bank, &mut slot, Secs::new(600), UnixSecs::new(START + 600)).unwrap();
        // Half of the time at 80 %: a mean of 40 %, weighed by 600 / (600 + 600).
        assert_eq!(bank.utilization_ema_ppm, 200_000);
        assert_eq!(slot.borrow_rate_per_sec, RateCurve::DEFAULT.rate_per_sec_up(Ppm::new(200_000)).unwrap());
        let rate = slot.borrow_rate_per_sec;
        book_now(&mut bank, &slot, UnixSecs::new(START + 900));
        assert_eq!(slot.borrow_rate_per_sec, rate);
    }
}

//! What happens to a bank's layouts: projection, booking, cranking and socialized loss.
//!
//! The program, the keeper and the simulator call these; the arithmetic is `plimsoll_risk::bank`.

use plimsoll_risk::bank::{
    borrow_index_at_up, deposit_index_at_most_up, socialize, utilization_ema, utilization_ppm_down, Indices, RateCurve,
    ShareDelta, Socialized, Totals,
};
use plimsoll_risk::num::{mul_u32, PPM};
use plimsoll_risk::RiskResult;

use crate::{pause, Bank, BankSlot, Registry, SlotStatus, U128Le};

impl BankSlot {
    /// The borrow index projected to `now`, 48 fraction bits, rounded up; a clock behind the last crank adds nothing.
    #[inline(always)]
    pub const fn borrow_index_at(&self, now: i64) -> u64 {
        borrow_index_at_up(self.borrow_index, self.borrow_rate_per_sec, secs_between(self.accrued_at, now))
    }

    /// What margin and share transfers count with: the copy of the deposit index and the projected borrow index.
    #[inline(always)]
    pub const fn indices_at(&self, now: i64) -> Indices {
        Indices { deposit_index: self.deposit_index, borrow_index: self.borrow_index_at(now) }
    }

    /// The most that the bank's own deposit index can be at `now`, whatever the copy missed; exact right after a crank.
    pub const fn deposit_index_at_most(&self, now: i64) -> u64 {
        deposit_index_at_most_up(self.deposit_index, self.borrow_index, self.borrow_index_at(now))
    }
}

impl Bank {
    /// The totals as plain numbers, by the booked indices.
    #[inline(always)]
    pub const fn totals(&self) -> Totals {
        Totals {
            deposit_shares: self.deposit_shares,
            borrow_shares: self.borrow_shares,
            deposit_index: self.deposit_index,
            borrow_index: self.booked_borrow_index,
            uncovered_atoms: self.uncovered_atoms,
        }
    }

    /// What a move of money counts with: the bank's own indices, once it is booked.
    #[inline(always)]
    pub const fn indices(&self) -> Indices {
        Indices { deposit_index: self.deposit_index, borrow_index: self.booked_borrow_index }
    }

    /// The rate curve.
    pub const fn rate_curve(&self) -> RateCurve {
        RateCurve {
            kink_ppm: self.kink_ppm,
            rate_zero_ppm: self.rate_zero_ppm,
            rate_kink_ppm: self.rate_kink_ppm,
            rate_full_ppm: self.rate_full_ppm,
        }
    }

    /// Brings the bank to `now`: adds the time since the last change to the utilization integral, at the utilization
    /// of that time, and books what borrowers were charged (INTEREST-2). Runs before any change of totals;
    /// a second time in one second it does nothing.
    #[inline(never)]
    pub fn book_now(&mut self, slot: &BankSlot, now: i64) {
        let totals = self.totals();
        let elapsed = secs_between(self.utilization_at, now);
        if elapsed > 0 {
            let utilization = utilization_ppm_down(totals.borrows_bits(), totals.deposits_bits());
            let added = mul_u32(elapsed, utilization);
            self.utilization_integral = U128Le::new(self.utilization_integral.get().saturating_add(added));
            self.utilization_at = now;
        }
        let borrow_index = slot.borrow_index_at(now);
        if borrow_index > self.booked_borrow_index {
            let booking = totals.book(borrow_index, self.interest_fee_ppm);
            self.deposit_index = booking.deposit_index;
            self.fees_atoms = self.fees_atoms.saturating_add(booking.fee_atoms);
            self.uncovered_atoms = self.uncovered_atoms.saturating_sub(booking.covered_atoms);
            self.booked_borrow_index = borrow_index;
        }
    }

    /// What a booking would make the deposit index at `now`; writes nothing.
    pub fn deposit_index_at(&self, slot: &BankSlot, now: i64) -> u64 {
        self.totals().book(slot.borrow_index_at(now), self.interest_fee_ppm).deposit_index
    }

    /// Adds what accounts' shares changed by. The bank is booked.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    #[inline(always)]
    pub fn apply_delta(&mut self, delta: ShareDelta) -> RiskResult<()> {
        let totals = self.totals().plus(delta)?;
        self.deposit_shares = totals.deposit_shares;
        self.borrow_shares = totals.borrow_shares;
        Ok(())
    }

    /// What may be lent here by way of something else than a `borrow`, atoms: up to the borrow cap, and nothing while
    /// borrowing is paused or the bank is reduce-only or terminal. The bank is booked (PNL-3).
    #[inline(never)]
    pub fn lending_room_down(&self, registry: &Registry) -> u64 {
        let active = registry.bank(self.index as usize).is_some_and(|slot| slot.status == SlotStatus::Active as u8);
        if !active || registry.is_paused(pause::BORROW) {
            return 0;
        }
        self.totals().borrow_room_down(self.borrow_cap_atoms)
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
    pub fn accrue(&mut self, slot: &mut BankSlot, window_secs: u32, now: i64) -> RiskResult<()> {
        self.book_now(slot, now);
        slot.deposit_index = self.deposit_index;
        let elapsed = secs_between(slot.accrued_at, now);
        if elapsed == 0 {
            return Ok(());
        }
        let mean = (self.utilization_integral.get() / elapsed as u128).min(PPM as u128) as u32;
        self.utilization_ema_ppm = utilization_ema(self.utilization_ema_ppm, mean, elapsed, window_secs);
        self.utilization_integral = U128Le::new(0);
        self.accrued_at = now;
        slot.borrow_index = self.booked_borrow_index;
        slot.borrow_rate_per_sec = self.rate_curve().rate_per_sec_up(self.utilization_ema_ppm)?;
        slot.accrued_at = now;
        Ok(())
    }

    /// Writes `loss_atoms` off against depositors (LOSS-1): lowers the deposit index and the registry's copy,
    /// records what deposits cannot bear, and makes the bank terminal at the floor. The bank is booked; the caller
    /// removes the debt's shares.
    #[expect(clippy::arithmetic_side_effects, reason = "what is uncovered is at most the loss")]
    pub fn socialize(&mut self, slot: &mut BankSlot, loss_atoms: u64) -> Socialized {
        let result = socialize(self.deposit_shares, self.deposit_index, loss_atoms);
        self.deposit_index = result.deposit_index;
        slot.deposit_index = result.deposit_index;
        self.uncovered_atoms = self.uncovered_atoms.saturating_add(result.uncovered_atoms);
        self.socialized_atoms = self.socialized_atoms.saturating_add(loss_atoms - result.uncovered_atoms);
        if result.terminal {
            slot.status = SlotStatus::Terminal as u8;
        }
        result
    }
}

/// Seconds from `from` to `to`; zero where the clock went back.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "the later time less the earlier one is positive, and fits as unsigned")]
const fn secs_between(from: i64, to: i64) -> u64 {
    if to > from {
        // The distance of two signed numbers fits an unsigned one.
        to.wrapping_sub(from) as u64
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_risk::bank::debt_atoms_up;
    use plimsoll_risk::params::INDEX_ONE;
    use proptest::prelude::*;

    const START: i64 = 1_700_000_000;

    fn listed() -> (Bank, BankSlot) {
        let (mut bank, mut slot) = (Bank::zeroed(), BankSlot::zeroed());
        (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
        (slot.deposit_index, slot.borrow_index) = (INDEX_ONE, INDEX_ONE);
        (bank.utilization_at, bank.accrued_at, slot.accrued_at) = (START, START, START);
        let curve = RateCurve::DEFAULT;
        (bank.kink_ppm, bank.rate_zero_ppm) = (curve.kink_ppm, curve.rate_zero_ppm);
        (bank.rate_kink_ppm, bank.rate_full_ppm) = (curve.rate_kink_ppm, curve.rate_full_ppm);
        bank.interest_fee_ppm = 150_000;
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
            bank.borrow_shares = plimsoll_risk::num::ppm_down(deposits, borrowed_ppm).unwrap();
            (slot.borrow_index, slot.borrow_rate_per_sec, bank.booked_borrow_index) = (index, rate, index);
            let read = slot.indices_at(START + dt);
            bank.accrue(&mut slot, 600, START + dt).unwrap();
            prop_assert_eq!(slot.borrow_index_at(START + dt), read.borrow_index);
            prop_assert_eq!(bank.booked_borrow_index, read.borrow_index);
            let projected = debt_atoms_up(debt_shares, read.borrow_index);
            prop_assert_eq!(debt_atoms_up(debt_shares, slot.indices_at(START + dt).borrow_index), projected);
            prop_assert!(slot.deposit_index >= read.deposit_index, "the copy is older, never higher");
            prop_assert!(slot.deposit_index <= bank.deposit_index);
        }

        #[test]
        fn cranking_twice_in_one_second_is_cranking_once(
            deposits in 1u64..1 << 52, borrowed_ppm in 0u32..=1_000_000, dt in 0i64..1_000_000,
        ) {
            let (mut bank, mut slot) = listed();
            bank.deposit_shares = deposits;
            bank.borrow_shares = plimsoll_risk::num::ppm_down(deposits, borrowed_ppm).unwrap();
            bank.accrue(&mut slot, 600, START + dt).unwrap();
            let (once, once_slot) = (bank, slot);
            bank.accrue(&mut slot, 600, START + dt).unwrap();
            bank.accrue(&mut slot, 600, START - 5).unwrap();
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
            flashed.book_now(&flashed_slot, START + before);
            flashed.apply_delta(ShareDelta { deposit_shares: 0, borrow_shares: flash }).unwrap();
            flashed.book_now(&flashed_slot, START + before);
            flashed.apply_delta(ShareDelta { deposit_shares: 0, borrow_shares: -flash }).unwrap();
            let end = START + before + after;
            calm.accrue(&mut calm_slot, 600, end).unwrap();
            flashed.accrue(&mut flashed_slot, 600, end).unwrap();
            prop_assert_eq!(bytemuck::bytes_of(&calm_slot), bytemuck::bytes_of(&flashed_slot));
            prop_assert!(same(&calm, &flashed));
        }
    }

    #[test]
    fn the_rate_follows_mean_utilization_of_the_interval_and_holds_until_the_next_crank() {
        let (mut bank, mut slot) = listed();
        bank.deposit_shares = 1_000_000;
        bank.book_now(&slot, START + 300);
        bank.apply_delta(ShareDelta { deposit_shares: 0, borrow_shares: 800_000 }).unwrap();
        bank.accrue(&mut slot, 600, START + 600).unwrap();
        // Half of the time at 80 %: a mean of 40 %, weighed by 600 / (600 + 600).
        assert_eq!(bank.utilization_ema_ppm, 200_000);
        assert_eq!(slot.borrow_rate_per_sec, RateCurve::DEFAULT.rate_per_sec_up(200_000).unwrap());
        let rate = slot.borrow_rate_per_sec;
        bank.book_now(&slot, START + 900);
        assert_eq!(slot.borrow_rate_per_sec, rate);
    }

    /// LOSS-1
    #[test]
    fn a_loss_lowers_both_indices_at_once_and_the_floor_makes_the_bank_terminal() {
        let (mut bank, mut slot) = listed();
        slot.status = SlotStatus::Active as u8;
        bank.deposit_shares = 1_000;
        bank.socialize(&mut slot, 250);
        assert_eq!((bank.deposit_index, slot.deposit_index), (INDEX_ONE / 4 * 3, INDEX_ONE / 4 * 3));
        assert_eq!((slot.status, bank.socialized_atoms), (SlotStatus::Active as u8, 250));
        bank.socialize(&mut slot, 800);
        assert_eq!((slot.status, bank.uncovered_atoms), (SlotStatus::Terminal as u8, 51));
    }
}

//! What happens to a bank's layouts: projection, booking, cranking, insurance and socialised loss.
//!
//! The program, the keeper and the simulator call these; the arithmetic is `plimsoll_risk::bank`.

use plimsoll_risk::bank::{
    borrow_index_at_up, deposit_atoms_down, shares_down, socialize, utilization_ema, utilization_ppm_down, Indices,
    RateCurve, ShareDelta, Socialized, Totals,
};
use plimsoll_risk::num::{mul_u32, to_i64, PPM};
use plimsoll_risk::{RiskError, RiskResult};

use crate::{Bank, BankSlot, SlotStatus, U128Le};

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

    /// Brings the bank to `now`: adds the time since the last change to the utilisation integral, at the utilisation
    /// of that time, and books what borrowers were charged (DESIGN 4, `Bank`). Runs before any change of totals;
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
            self.booked_borrow_index = borrow_index;
        }
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

    /// The crank: books, folds the linear growth into the registry's index, copies the deposit index, and sets the
    /// borrow rate by the moving average of the interval's mean utilisation. Twice in one second is once.
    ///
    /// # Errors
    /// `ParameterOutOfBounds` where the stored curve is not valid.
    #[inline(never)]
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

    /// Mints a deposit of `atoms`, rounded down to shares, that waits to become insurance; returns the shares. The bank
    /// is booked, and the atoms come from somebody else's balance in it.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn deposit_waiting(&mut self, atoms: u64) -> RiskResult<u64> {
        let shares = shares_down(atoms, self.deposit_index)?;
        self.apply_delta(ShareDelta { deposit_shares: to_i64(shares)?, borrow_shares: 0 })?;
        self.receive_waiting(shares)?;
        Ok(shares)
    }

    /// Deposit shares that somebody gave up wait to become insurance from now on; totals stay.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn receive_waiting(&mut self, shares: u64) -> RiskResult<()> {
        self.waiting_shares = self.waiting_shares.checked_add(shares).ok_or(RiskError::NumberOutOfRange)?;
        Ok(())
    }

    /// Turns waiting deposits into insurance as far as there is free liquidity; returns the atoms. The bank is booked.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn sweep_waiting(&mut self) -> RiskResult<u64> {
        let free_shares = match self.totals().free_liquidity_down() {
            0 => 0,
            free => shares_down(free, self.deposit_index).unwrap_or(u64::MAX),
        };
        // Rounded down, so that deposits fall by no more than what was free.
        let shares = self.waiting_shares.min(free_shares);
        let atoms = deposit_atoms_down(shares, self.deposit_index);
        if atoms == 0 {
            return Ok(0);
        }
        self.apply_delta(ShareDelta { deposit_shares: -to_i64(shares)?, borrow_shares: 0 })?;
        self.waiting_shares -= shares;
        self.add_insurance(atoms)?;
        Ok(atoms)
    }

    /// Adds atoms that are in the vault and nobody's to the insurance.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn add_insurance(&mut self, atoms: u64) -> RiskResult<()> {
        self.insurance_atoms = self.insurance_atoms.checked_add(atoms).ok_or(RiskError::NumberOutOfRange)?;
        self.insurance_in_atoms = self.insurance_in_atoms.saturating_add(atoms);
        Ok(())
    }

    /// Writes `loss_atoms` off against depositors (DESIGN 2, step 5): lowers the deposit index and the registry's copy,
    /// records what deposits cannot bear, and makes the bank terminal at the floor. The bank is booked; the caller
    /// removes the debt's shares.
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
const fn secs_between(from: i64, to: i64) -> u64 {
    let elapsed = to.saturating_sub(from);
    if elapsed > 0 {
        elapsed as u64
    } else {
        0
    }
}

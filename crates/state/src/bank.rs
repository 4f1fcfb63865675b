//! A bank: vault, totals, interest, fees and insurance of one token.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::bank::{Fund, Indices, RateCurve, Totals};
use plimsoll_risk::draw::Drawable;
use plimsoll_risk::params::{DEPOSIT_INDEX_FLOOR, INDEX_ONE, MAX_BANKS};
use plimsoll_risk::units::{Atoms, Ppm, Secs, UnixSecs};

use crate::{
    assert_layout, ensure, pause, Address, BankCaps, BankLending, BankSlot, EngineAccount, InvariantViolation,
    Registry, SlotStatus, SpentAtoms, StoredFlow, StoredThroughput, U128Le,
};

/// Totals of one token. Written only when they move.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Bank {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the bank's address.
    pub bump: u8,
    /// Bump of the vault's address.
    pub vault_bump: u8,
    /// Slot of the registry.
    pub index: u8,
    /// Decimals of the mint.
    pub decimals: u8,
    /// Zero.
    pub _pad: [u8; 3],
    /// The engine.
    pub engine: Address,
    /// The mint.
    pub mint: Address,
    /// The vault, a token account of the bank's address.
    pub vault: Address,
    /// Token program of the mint.
    pub token_program: Address,
    /// Deposit shares of all holders: accounts, market pools, waiting insurance.
    pub deposit_shares: u64,
    /// Borrow shares of all debtors.
    pub borrow_shares: u64,
    /// Value of a deposit share, 48 fraction bits, rounded down.
    pub deposit_index: u64,
    /// Borrow index up to which interest has been booked, 48 fraction bits.
    pub booked_borrow_index: u64,
    /// Integral of utilization over time since the last `accrue`, ppm seconds.
    pub utilization_integral: U128Le,
    /// Up to when the integral includes utilization, Unix seconds.
    pub utilization_at: i64,
    /// When `accrue` last ran, Unix seconds.
    pub accrued_at: i64,
    /// Moving average of utilization, ppm.
    pub utilization_ema_ppm: u32,
    /// The rate curve, and what the protocol takes of interest.
    pub lending: BankLending,
    /// Caps of all accounts together, and of insurance.
    pub caps: BankCaps,
    /// Protocol fees not yet collected, atoms; outside deposits.
    pub fees_atoms: u64,
    /// Insurance, outside deposits, reserved part not included, atoms.
    pub insurance_atoms: u64,
    /// Insurance promised to bankrupt legs, atoms.
    pub reserved_atoms: u64,
    /// Deposit shares that are insurance and pay first; they leave deposits when there is liquidity.
    pub waiting_shares: u64,
    /// Bad debt that exceeded what deposits could bear, atoms; whatever comes in pays it first.
    pub uncovered_atoms: u64,
    /// Drawn lately: within any hour at most `caps.draw_cap_hour_atoms` and `draws.draw_hour_ppm` of the fund.
    pub drawn: SpentAtoms,
    /// What left the vault, net, within the hour of `caps.outflow_hour_ppm`.
    pub outflow_hour: StoredFlow,
    /// What left the vault, net, within the day of `caps.outflow_day_ppm`.
    pub outflow_day: StoredFlow,
    /// Sum of all insurance paid in, atoms (statistics).
    pub insurance_in_atoms: u64,
    /// Sum of all insurance paid out (statistics).
    pub insurance_out_atoms: u64,
    /// Sum of all socialized losses, atoms (statistics).
    pub socialized_atoms: u64,
    /// Drawn lately for debts of this bank: within any day at most `draws.draw_source_ppm` of the fund.
    pub debts_drawn: SpentAtoms,
    /// When a cap was last raised, Unix seconds; zero before.
    pub cap_raised_at: i64,
    /// Sum of all insurance taken out above its target (statistics).
    pub insurance_withdrawn_atoms: u64,
    /// Debts of this bank that were liquidated lately, atoms, and the breaker that they trip.
    pub throughput: StoredThroughput,
    /// Zero.
    pub _reserved: [u8; 16],
}

assert_layout!(Bank, 784, engine @ 8, mint @ 40);

impl Bank {
    /// The window of `caps.draw_cap_hour_atoms` and `draws.draw_hour_ppm`.
    pub const DRAW_WINDOW_SECS: Secs = Secs::new(3_600);
    /// The window of `draws.draw_source_ppm`.
    pub const SOURCE_WINDOW_SECS: Secs = Secs::new(86_400);

    /// The totals as plain numbers, by the booked indices.
    #[inline(always)]
    pub const fn totals(&self) -> Totals {
        Totals {
            deposit_shares: self.deposit_shares,
            borrow_shares: self.borrow_shares,
            deposit_index: self.deposit_index,
            borrow_index: self.booked_borrow_index,
            uncovered_atoms: self.uncovered(),
        }
    }

    /// The bank's own indices, by which moves of money are counted, once it is booked.
    #[inline(always)]
    pub const fn indices(&self) -> Indices {
        Indices { deposit_index: self.deposit_index, borrow_index: self.booked_borrow_index }
    }

    /// The rate curve.
    pub const fn rate_curve(&self) -> RateCurve {
        RateCurve {
            kink_ppm: Ppm::new(self.lending.kink_ppm),
            rate_zero_ppm: Ppm::new(self.lending.rate_zero_ppm),
            rate_kink_ppm: Ppm::new(self.lending.rate_kink_ppm),
            rate_full_ppm: Ppm::new(self.lending.rate_full_ppm),
        }
    }

    /// The deposit index that a booking at `now` would leave; writes nothing.
    pub fn deposit_index_at(&self, slot: &BankSlot, now: UnixSecs) -> u64 {
        self.totals().book(slot.borrow_index_at(now), self.interest_fee()).deposit_index
    }

    /// What other instructions than `borrow` may lend here: up to the borrow cap, and nothing while
    /// borrowing is paused or the bank is reduce-only or terminal. The bank is booked (PNL-3).
    #[inline(never)]
    pub fn lending_room_down(&self, registry: &Registry, now: UnixSecs) -> Atoms {
        let active = registry.bank(self.index as usize).is_some_and(|slot| slot.status == SlotStatus::Active as u8);
        if !active || registry.is_paused(pause::BORROW, now) {
            return Atoms::ZERO;
        }
        self.totals().borrow_room_down(self.borrow_cap())
    }

    /// What pays for losses, reserved insurance not included.
    pub const fn fund(&self) -> Fund {
        Fund {
            insurance_atoms: self.insurance(),
            waiting_shares: self.waiting_shares,
            deposit_index: self.deposit_index,
        }
    }

    /// The fund as its caps see it.
    #[inline(never)]
    pub fn drawable(&self, now: UnixSecs) -> Drawable {
        Drawable {
            worth: self.fund().worth_down(),
            floor: self.insurance_floor(),
            hour_drawn: self.drawn.total(now, Self::DRAW_WINDOW_SECS),
        }
    }
}

impl EngineAccount for Bank {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [142, 49, 166, 242, 50, 66, 97, 188];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure((self.index as usize) < MAX_BANKS, "bank index is out of range")?;
        ensure(self.deposit_index >= DEPOSIT_INDEX_FLOOR, "deposit index is below its floor")?;
        ensure(self.booked_borrow_index >= INDEX_ONE, "borrow index is below one")?;
        ensure(self.waiting_shares <= self.deposit_shares, "waiting insurance exceeds deposits")
    }
}

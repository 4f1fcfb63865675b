//! A market: open interest, pool, deficit and premium of one perp.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_risk::num::mul_div_down;
use plimsoll_risk::params::{INDEX_ONE, MAX_MARKETS};
use plimsoll_risk::perp::deficit_share_ppm_up;
use plimsoll_risk::units::{Atoms, Ppm};
use plimsoll_risk::{RiskError, RiskResult};

use crate::{
    assert_layout, ensure, Address, EngineAccount, I128Le, InvariantViolation, MarketCaps, SpentAtoms, SpentPerUnit,
    StoredThroughput, EPOCH_RING,
};

/// Open interest of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SideTotals {
    /// Shares of the current epoch, positions not yet carried over included.
    pub shares: u64,
    /// Positions of the current epoch.
    pub count: u32,
    /// Positions left in each ended epoch of the ring.
    pub ring_counts: [u32; EPOCH_RING],
    /// Zero.
    pub _pad: u32,
    /// Losses charged lately per base unit: within any hour at most maintenance rate times spot.
    pub charged: SpentPerUnit,
}

assert_layout!(SideTotals, 136);

/// Totals of one perp. Written only when they move.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Market {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the market's address.
    pub bump: u8,
    /// Slot of the registry.
    pub index: u8,
    /// Slot of the price board, as the registry's slot has it: what positions are of.
    pub price_slot: u8,
    /// Zero.
    pub _pad: [u8; 4],
    /// The engine.
    pub engine: Address,
    /// Name, UTF-8, zero-padded.
    pub name: [u8; 16],
    /// Longs, then shorts.
    pub sides: [SideTotals; 2],
    /// Deposit shares of the quote bank that the PnL pool holds.
    pub pool_shares: u64,
    /// Nominal quote atoms in the pool.
    pub pool_atoms: u64,
    /// What the pool lacks to pay every claim (the deficit, U in `docs/math.md`), quote atoms.
    pub deficit_atoms: u64,
    /// The market's own claim on its pool: fees and penalty shares, quote atoms.
    pub own_claim_atoms: u64,
    /// Caps of open interest and of insurance.
    pub caps: MarketCaps,
    /// Time integral of the reported premium since the last crank, ppm seconds.
    pub premium_integral: I128Le,
    /// Up to when the integral includes the premium, Unix seconds.
    pub premium_at: i64,
    /// Since when the integral runs: the last crank of funding, Unix seconds.
    pub premium_from: i64,
    /// The present premium of mark over index, ppm.
    pub premium_ppm: i32,
    /// Zero.
    pub _pad_premium: u32,
    /// Sum of losses socialized on sides, quote atoms (statistics).
    pub socialized_atoms: u64,
    /// Legs of all accounts that are not zero, with or without a base.
    pub leg_count: u32,
    /// Zero.
    pub _pad2: u32,
    /// When a venue last reported the premium, Unix seconds.
    pub premium_reported_at: i64,
    /// By how many units rounding may have let the two sides differ, and each exceed what its positions hold, since
    /// the market last had no position.
    pub rounding_units: u64,
    /// When the cap was last raised, Unix seconds; zero before.
    pub cap_raised_at: i64,
    /// Insurance drawn lately for its legs: within any day at most `draws.draw_source_ppm` of quote's fund.
    pub drawn: SpentAtoms,
    /// Positions of this market that were liquidated lately, base units, and the breaker that they trip.
    pub throughput: StoredThroughput,
    /// Zero.
    pub _reserved: [u8; 48],
}

assert_layout!(Market, 648, engine @ 8);

impl Market {
    /// What the pool's deposit is worth, quote.
    pub const fn pool_value_down(&self, deposit_index: u64) -> Atoms {
        deposit_atoms_down(self.pool_shares, deposit_index)
    }

    /// What the deficit takes of a claim once the pool is valued at a deposit index of quote, rounded up. At an
    /// index older than the bank's it is never less than at the bank's (PNL-6).
    #[inline(never)]
    pub fn deficit_share_ppm_up(&self, deposit_index: u64) -> Ppm {
        let value = self.pool_value_down(deposit_index);
        let deficit = if value >= self.pool() {
            self.deficit().saturating_sub(value.saturating_sub(self.pool()))
        } else {
            let lost = self.pool().saturating_sub(value);
            self.deficit().saturating_add(lost.saturating_sub(self.own_claim()))
        };
        deficit_share_ppm_up(value, deficit)
    }

    /// The largest credit that a payment of at most `atoms` buys.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn credit_of_down(atoms: Atoms, deposit_index: u64) -> RiskResult<Atoms> {
        let shares = mul_div_down(atoms.get(), INDEX_ONE, deposit_index).ok_or(RiskError::NumberOutOfRange)?;
        Ok(deposit_atoms_down(shares, deposit_index))
    }
}

impl EngineAccount for Market {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [219, 190, 213, 55, 0, 227, 198, 154];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure((self.index as usize) < MAX_MARKETS, "market index is out of range")
    }
}

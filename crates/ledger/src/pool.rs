//! A market's PnL pool, which is a deposit in the quote bank: claims on it, its deficit, payments into and out of it (PNL).
//!
//! Totals of the bank are the caller's to change by the shares that a payment moves.

use plimsoll_risk::bank::{debt_atoms_up, deposit_atoms_down};
use plimsoll_risk::num::{mul_div_down, mul_div_up};
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::Atoms;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Market, MarketSlot};

/// Fees and penalty shares out of PnL: set off against the deficit first, then the market's own claim (PNL-8).
///
/// # Errors
/// `NumberOutOfRange`.
pub fn add_own_claim(market: &mut Market, atoms: Atoms) -> RiskResult<()> {
    let (claim, deficit) = atoms.net(market.deficit());
    market.deficit_atoms = deficit.get();
    market.own_claim_atoms = market.own_claim().try_add(claim)?.get();
    Ok(())
}

/// Books the difference between the pool's value as a deposit and its nominal atoms: a shortfall takes from the
/// market's own claim and then adds to the deficit, a surplus the other way round (PNL-1).
///
/// # Errors
/// `NumberOutOfRange`.
pub fn revalue_pool(market: &mut Market, value: Atoms) -> RiskResult<()> {
    let nominal = market.pool();
    market.pool_atoms = value.get();
    let (gained, lost) = value.net(nominal);
    if lost.is_zero() {
        return add_own_claim(market, gained);
    }
    add_deficit(market, lost)
}

/// A loss that nobody bears: the market's own claim first, then the deficit (LOSS-2).
///
/// # Errors
/// `NumberOutOfRange`.
pub fn add_deficit(market: &mut Market, atoms: Atoms) -> RiskResult<()> {
    let (deficit, own_claim) = atoms.net(market.own_claim());
    market.own_claim_atoms = own_claim.get();
    market.deficit_atoms = market.deficit().try_add(deficit)?.get();
    Ok(())
}

/// Brings nominal atoms and value together; the first step of everything that touches the pool.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn touch_pool(market: &mut Market, deposit_index: u64) -> RiskResult<()> {
    revalue_pool(market, market.pool_value_down(deposit_index))
}

/// Pays for a credit of `atoms` into a touched pool: whole shares, rounded against the payer, who pays
/// `moved_atoms`, at least `atoms`. What the pool gains beyond the credit is the market's own claim. So a leg can
/// always be paid to zero, and rounding never becomes a deficit (PNL-1).
///
/// # Errors
/// `NumberOutOfRange`.
pub fn pay_in_up(market: &mut Market, atoms: Atoms, deposit_index: u64) -> RiskResult<PoolMove> {
    let shares = mul_div_up(atoms.get(), INDEX_ONE, deposit_index).ok_or(RiskError::NumberOutOfRange)?;
    market.pool_shares = market.pool_shares.checked_add(shares).ok_or(RiskError::NumberOutOfRange)?;
    let value = market.pool_value_down(deposit_index);
    let gained = value.try_sub(market.pool())?;
    market.pool_atoms = value.get();
    add_own_claim(market, gained.try_sub(atoms)?)?;
    Ok(PoolMove { shares, pool_atoms: gained, moved_atoms: debt_atoms_up(shares, deposit_index) })
}

/// Whole shares that atoms buy at an index.
fn shares_down(atoms: Atoms, deposit_index: u64) -> Option<u64> {
    mul_div_down(atoms.get(), INDEX_ONE, deposit_index)
}

/// Whether a claim can never be paid at this index: it is worth less than a share of the pool's deposit, or a share that pays for
/// none of the receiver's. At an index of 1.5 the single share that 2 atoms are worth pays 1 atom, which buys none.
pub fn buys_no_share(claim: Atoms, deposit_index: u64) -> bool {
    let moved = shares_down(claim, deposit_index).map(|shares| deposit_atoms_down(shares, deposit_index));
    !claim.is_zero() && moved.and_then(|moved| shares_down(moved, deposit_index)) == Some(0)
}

/// Turns a claim that is worth less than one share of the pool's deposit, at this index and at every higher one, into the
/// market's own; true where it did.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn absorb_dust(market: &mut Market, claim: Atoms, deposit_index: u64) -> RiskResult<bool> {
    if claim.is_zero() || shares_down(claim, deposit_index) != Some(0) {
        return Ok(false);
    }
    add_own_claim(market, claim)?;
    Ok(true)
}

/// Whole shares for at most `atoms` of a touched pool; for all of it all of its shares.
///
/// # Errors
/// `NumberOutOfRange`.
fn shares_of(market: &Market, atoms: Atoms, deposit_index: u64) -> RiskResult<u64> {
    if atoms == market.pool() {
        return Ok(market.pool_shares);
    }
    shares_down(atoms, deposit_index).ok_or(RiskError::NumberOutOfRange)
}

/// What [`pay_out_down`] would move.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn moved_down(market: &Market, atoms: Atoms, deposit_index: u64) -> RiskResult<Atoms> {
    Ok(deposit_atoms_down(shares_of(market, atoms, deposit_index)?, deposit_index))
}

/// Pays at most `atoms` out of a touched pool: whole shares, rounded against the receiver; for all of the pool all of
/// its shares, so that no share stays in it that is worth too little to be paid. The pool loses
/// `pool_atoms`, by which the claim falls; the receiver gets `moved_atoms`, at most an atom less.
///
/// # Errors
/// `NumberOutOfRange` where more is asked for than is there.
pub fn pay_out_down(market: &mut Market, atoms: Atoms, deposit_index: u64) -> RiskResult<PoolMove> {
    let shares = shares_of(market, atoms, deposit_index)?;
    market.pool_shares = market.pool_shares.checked_sub(shares).ok_or(RiskError::NumberOutOfRange)?;
    let value = market.pool_value_down(deposit_index);
    let lost = market.pool().try_sub(value)?;
    market.pool_atoms = value.get();
    Ok(PoolMove { shares, pool_atoms: lost, moved_atoms: deposit_atoms_down(shares, deposit_index) })
}

/// How much of a claim nothing covers: where the market counts no other leg, nobody owes anything any more, and
/// what claim and own claim together exceed pool and deficit by is what rounding has lost. The own claim bears it
/// first. Returns by how much the claim is cut; nothing where there are other legs (INDEX-6).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "sums of two 64-bit numbers in 128; of what is uncovered the own claim bears its part, the rest is at most the claim"
)]
pub(crate) fn strike_uncovered(market: &mut Market, claim: Atoms) -> Atoms {
    if market.leg_count != 1 {
        return Atoms::ZERO;
    }
    // Four numbers of 64 bits.
    let claims = claim.get() as u128 + market.own_claim_atoms as u128;
    let uncovered = claims.saturating_sub(market.pool_atoms as u128 + market.deficit_atoms as u128);
    let own = uncovered.min(market.own_claim_atoms as u128) as u64;
    market.own_claim_atoms -= own;
    Atoms::new((uncovered - own as u128) as u64)
}

/// Gives claims back what they are worth where a market's deficit has shrunk. The registry's copy and what the market
/// says at a deposit index no newer than the bank's are both at least what the deficit takes, so the lower one is kept,
/// whether or not the pool has been valued since quote last fell.
pub fn note_smaller_deficit(slot: &mut MarketSlot, market: &Market, deposit_index: u64) {
    if !slot.deficit_share().is_zero() {
        slot.deficit_share_ppm = slot.deficit_share().min(market.deficit_share_ppm_up(deposit_index)).get();
    }
}

/// A payment into or out of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolMove {
    /// Deposit shares that the pool gained or lost.
    pub shares: u64,
    /// By how much the pool's atoms changed.
    pub pool_atoms: Atoms,
    /// What the account paid or receives.
    pub moved_atoms: Atoms,
}

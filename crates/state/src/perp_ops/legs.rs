//! Legs of an account's table, and the claims on a market's pool.

use plimsoll_risk::num::{mul_div_down, mul_div_up, mul_shift_down, mul_shift_up};
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::perp::deficit_share_ppm_up;
use plimsoll_risk::{RiskError, RiskResult};

use crate::{DerivativePosition, MarginAccount, Market, PositionKind};

impl MarginAccount {
    /// The leg of `market`, taking a free place of the table if there is none; counts it in the market.
    ///
    /// # Errors
    /// `PositionTableFull`.
    pub fn open_leg(&mut self, market: &mut Market) -> RiskResult<usize> {
        if let Some(index) = self.perp_index(market.index) {
            return Ok(index);
        }
        let free = self.derivatives.iter().position(|d| d.kind == PositionKind::Empty as u8);
        let index = free.ok_or(RiskError::PositionTableFull)?;
        self.derivatives[index] = DerivativePosition {
            kind: PositionKind::Perp as u8,
            market: market.index,
            underlying: market.price_slot,
            ..DerivativePosition::default()
        };
        market.leg_count = market.leg_count.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
        Ok(index)
    }

    /// Frees the leg's place where neither base nor cash is left; true where it did.
    ///
    /// When the market's last leg goes nobody has a claim any more: its deficit is owed to nobody, and what is left
    /// in the pool becomes the market's own claim, that is, insurance once paid.
    ///
    /// # Errors
    /// `EpochMissing` where the market counts no leg.
    pub fn close_leg_if_zero(&mut self, index: usize, market: &mut Market) -> RiskResult<bool> {
        let position = &mut self.derivatives[index];
        let held = position.shares != 0 || position.cash_atoms != 0 || position.reserved_atoms != 0;
        if position.kind != PositionKind::Perp as u8 || held {
            return Ok(false);
        }
        *position = DerivativePosition::default();
        market.leg_count = market.leg_count.checked_sub(1).ok_or(RiskError::EpochMissing)?;
        if market.leg_count == 0 {
            market.deficit_atoms = 0;
            market.own_claim_atoms = market.pool_atoms;
        }
        Ok(true)
    }
}

impl Market {
    /// Fees and penalty shares out of PnL: set off against the deficit first, then the market's own claim (PNL-8).
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn add_own_claim(&mut self, atoms: u64) -> RiskResult<()> {
        let set_off = atoms.min(self.deficit_atoms);
        self.deficit_atoms -= set_off;
        self.own_claim_atoms = self.own_claim_atoms.checked_add(atoms - set_off).ok_or(RiskError::NumberOutOfRange)?;
        Ok(())
    }

    /// Books the difference between the pool's value as a deposit and its nominal atoms: a shortfall takes from the
    /// market's own claim and then adds to the deficit, a surplus the other way round (PNL-1).
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn revalue_pool(&mut self, value_atoms: u64) -> RiskResult<()> {
        let nominal = core::mem::replace(&mut self.pool_atoms, value_atoms);
        if value_atoms >= nominal {
            return self.add_own_claim(value_atoms - nominal);
        }
        self.add_deficit(nominal - value_atoms)
    }

    /// A loss that nobody bears: the market's own claim first, then the deficit (LOSS-2).
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn add_deficit(&mut self, atoms: u64) -> RiskResult<()> {
        let set_off = atoms.min(self.own_claim_atoms);
        self.own_claim_atoms -= set_off;
        self.deficit_atoms = self.deficit_atoms.checked_add(atoms - set_off).ok_or(RiskError::NumberOutOfRange)?;
        Ok(())
    }

    /// What the deficit takes of a claim once the pool is valued at a deposit index of quote, ppm, rounded up. At an
    /// index older than the bank's it is never less than at the bank's (PNL-6).
    #[inline(never)]
    pub fn deficit_share_ppm_up(&self, deposit_index: u64) -> u32 {
        let value = self.pool_value_down(deposit_index);
        let deficit = if value >= self.pool_atoms {
            self.deficit_atoms.saturating_sub(value - self.pool_atoms)
        } else {
            let lost = self.pool_atoms - value;
            self.deficit_atoms.saturating_add(lost.saturating_sub(self.own_claim_atoms))
        };
        deficit_share_ppm_up(value, deficit)
    }

    /// Brings nominal atoms and value together; the first step of everything that touches the pool.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn touch_pool(&mut self, deposit_index: u64) -> RiskResult<()> {
        self.revalue_pool(self.pool_value_down(deposit_index))
    }

    /// What the pool's deposit is worth, quote atoms.
    pub const fn pool_value_down(&self, deposit_index: u64) -> u64 {
        mul_shift_down(self.pool_shares, deposit_index, 48)
    }

    /// Pays for a credit of `atoms` into a touched pool: whole shares, rounded against the payer, who pays
    /// `moved_atoms`, at least `atoms`. What the pool gains beyond the credit is the market's own claim. So a leg can
    /// always be paid to zero, and rounding never becomes a deficit (PNL-1).
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn pay_in_up(&mut self, atoms: u64, deposit_index: u64) -> RiskResult<PoolMove> {
        let shares = mul_div_up(atoms, INDEX_ONE, deposit_index).ok_or(RiskError::NumberOutOfRange)?;
        self.pool_shares = self.pool_shares.checked_add(shares).ok_or(RiskError::NumberOutOfRange)?;
        let value = self.pool_value_down(deposit_index);
        let gained = value.checked_sub(self.pool_atoms).ok_or(RiskError::NumberOutOfRange)?;
        self.pool_atoms = value;
        self.add_own_claim(gained.checked_sub(atoms).ok_or(RiskError::NumberOutOfRange)?)?;
        Ok(PoolMove { shares, pool_atoms: gained, moved_atoms: mul_shift_up(shares, deposit_index, 48) })
    }

    /// The largest credit that a payment of at most `atoms` buys.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn credit_of_down(atoms: u64, deposit_index: u64) -> RiskResult<u64> {
        let shares = mul_div_down(atoms, INDEX_ONE, deposit_index).ok_or(RiskError::NumberOutOfRange)?;
        Ok(mul_shift_down(shares, deposit_index, 48))
    }

    /// Turns a claim that is worth less than one share of the pool's deposit, and so can never be paid, into the
    /// market's own; true where it did.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn absorb_dust(&mut self, claim_atoms: u64, deposit_index: u64) -> RiskResult<bool> {
        let payable = mul_div_down(claim_atoms, INDEX_ONE, deposit_index) != Some(0);
        if claim_atoms == 0 || payable {
            return Ok(false);
        }
        self.add_own_claim(claim_atoms)?;
        Ok(true)
    }

    /// Pays at most `atoms` out of a touched pool: whole shares, rounded against the receiver; for all of the pool all of
    /// its shares, so that no share stays in it that is worth too little to be paid. The pool loses
    /// `pool_atoms`, which is what is struck from the claim; the receiver gets `moved_atoms`, at most an atom less.
    ///
    /// # Errors
    /// `NumberOutOfRange` where more is asked for than is there.
    pub fn pay_out_down(&mut self, atoms: u64, deposit_index: u64) -> RiskResult<PoolMove> {
        let shares = if atoms == self.pool_atoms {
            self.pool_shares
        } else {
            mul_div_down(atoms, INDEX_ONE, deposit_index).ok_or(RiskError::NumberOutOfRange)?
        };
        self.pool_shares = self.pool_shares.checked_sub(shares).ok_or(RiskError::NumberOutOfRange)?;
        let value = self.pool_value_down(deposit_index);
        let lost = self.pool_atoms.checked_sub(value).ok_or(RiskError::NumberOutOfRange)?;
        self.pool_atoms = value;
        Ok(PoolMove { shares, pool_atoms: lost, moved_atoms: mul_shift_down(shares, deposit_index, 48) })
    }
}

/// A payment into or out of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolMove {
    /// Deposit shares that the pool gained or lost.
    pub shares: u64,
    /// By how much the pool's atoms changed.
    pub pool_atoms: u64,
    /// Atoms that the account paid or receives.
    pub moved_atoms: u64,
}

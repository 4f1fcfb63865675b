//! What owners do with their own money: accounts are opened, tokens come in and go out, debts are made and repaid.

use bytemuck::Zeroable;
use plimsoll_interface::args::WithdrawArgs;
use plimsoll_interface::pda;
use plimsoll_ledger::gate::Check;
use plimsoll_ledger::{interest, known, outflow, token};
use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_state::{Bank, MarginAccount, LAYOUT_VERSION};
use solana_pubkey::Pubkey;

use crate::accounts::{require_amount, require_sound};
use crate::gate;
use crate::{AccountNumber, Engine, EngineError, Result};

impl Engine {
    /// Opens margin account `id` of an owner, who pays its rent.
    ///
    /// # Errors
    /// `NotLaunched`; `AlreadyComplete` where the owner has it.
    pub fn open_account(&mut self, owner: Pubkey, id: u16) -> Result<AccountNumber> {
        ensure!(self.registry.launched == 1, EngineError::NotLaunched);
        let is_this = |account: &MarginAccount| account.id == id && account.owner == owner.to_bytes();
        ensure!(!self.accounts.iter().any(is_this), EngineError::AlreadyComplete);
        let engine = Pubkey::new_from_array(self.registry.engine);
        let account = MarginAccount {
            version: LAYOUT_VERSION,
            bump: pda::margin_account(&engine, &owner, id).1,
            id,
            engine: self.registry.engine,
            owner: owner.to_bytes(),
            rent_payer: owner.to_bytes(),
            ..MarginAccount::zeroed()
        };
        require_sound(&account)?;
        Ok(self.open(account))
    }

    /// Deposits tokens; a debt in the same token is repaid first.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `AccountMismatch`, `AccountBankrupt`, `SlotEmpty`, `TokenTableFull`; `ReduceOnly`,
    /// `BankTerminal` and `DepositCapReached` where deposits grow.
    pub fn deposit(&mut self, number: AccountNumber, bank: u8, amount_atoms: u64) -> Result<()> {
        require_amount(amount_atoms)?;
        let mut account = self.active(number)?;
        let mut bank = *self.bank(bank)?;
        let received = Atoms::new(amount_atoms);
        let slot = self.registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, self.now);
        let delta = book_in(&mut account, &mut bank, received)?;
        if delta.deposit_shares > 0 {
            token::require_growth_allowed(slot)?;
            ensure!(bank.totals().deposits_down() <= bank.deposit_cap(), EngineError::DepositCapReached);
        }
        outflow::take_in(&mut bank, received, delta, self.now)?;
        gate::observe_relief(&mut account, &self.books());
        self.keep_inflow(number, account, bank, amount_atoms)
    }

    /// Repays at most the debt; all of it for no amount. Anyone may, also of an account that is being resolved.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `AccountMismatch`, `SlotEmpty`, `NothingOwed`.
    pub fn repay(&mut self, number: AccountNumber, bank: u8, amount_atoms: Option<u64>) -> Result<()> {
        amount_atoms.map_or(Ok(()), require_amount)?;
        let mut account = *self.account(number)?;
        let mut bank = *self.bank(bank)?;
        let slot = self.registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, self.now);
        let debt = token::debt_atoms(&account, bank.index, &bank.indices());
        ensure!(!debt.is_zero(), EngineError::NothingOwed);
        let received = amount_atoms.map_or(debt, |most| debt.min(Atoms::new(most)));
        let delta = book_in(&mut account, &mut bank, received)?;
        outflow::take_in(&mut bank, received, delta, self.now)?;
        token::release_reserved(&mut account, &mut bank)?;
        gate::observe_relief(&mut account, &self.books());
        self.keep_inflow(number, account, bank, received.get())
    }

    /// Withdraws a deposit; never borrows. Returns the atoms.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `AccountMismatch`, `AccountBankrupt`, `SlotEmpty`, `BalanceInsufficient`,
    /// `LiquidityInsufficient`, `LossKnown`, `ThroughputBreakerTripped`, `OutflowLimited`; those of initial margin.
    pub fn withdraw(&mut self, number: AccountNumber, bank: u8, args: &WithdrawArgs) -> Result<u64> {
        if !args.all {
            require_amount(args.amount_atoms)?;
        }
        let mut account = self.active(number)?;
        let mut bank = *self.bank(bank)?;
        let slot = self.registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, self.now);
        let before = bank.deposits();
        let (atoms, delta) = take(args, &mut account, &bank)?;
        token::apply_totals(&mut bank, delta)?;
        ensure!(atoms.is_zero() || bank.totals().is_liquid(), EngineError::LiquidityInsufficient);
        if slot.known_loss_atoms != 0 && !atoms.is_zero() {
            known::require_bank_covered(&bank, &self.registry, self.now)?;
        }
        require_calm(&account, &bank, self.now)?;
        outflow::pay_out(&mut bank, before, atoms, delta, self.now)?;
        self.keep_outflow(number, account, bank, atoms)
    }

    /// Takes tokens out of a bank on credit; a deposit in the same token is used up first.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `AccountMismatch`, `AccountBankrupt`, `SlotEmpty`, `LiquidityInsufficient`,
    /// `TokenTableFull`, `ReduceOnly`, `BankTerminal`, `BorrowCapReached`, `LossKnown`, `ThroughputBreakerTripped`,
    /// `OutflowLimited`; those of initial margin.
    pub fn borrow(&mut self, number: AccountNumber, bank: u8, amount_atoms: u64) -> Result<()> {
        require_amount(amount_atoms)?;
        let mut account = self.active(number)?;
        let mut bank = *self.bank(bank)?;
        let slot = self.registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, self.now);
        let atoms = Atoms::new(amount_atoms);
        let debit = atoms.negative().map_err(|_| EngineError::AmountTooLarge)?;
        let before = bank.deposits();
        let delta = token::apply_delta(&mut account, bank.index, debit, &bank.indices())?;
        token::apply_totals(&mut bank, delta)?;
        if delta.borrow_shares > 0 {
            token::require_lending_allowed(&self.registry, slot, &bank, self.now)?;
        }
        ensure!(bank.totals().is_liquid(), EngineError::LiquidityInsufficient);
        if slot.known_loss_atoms != 0 {
            known::require_bank_covered(&bank, &self.registry, self.now)?;
        }
        require_calm(&account, &bank, self.now)?;
        outflow::pay_out(&mut bank, before, atoms, delta, self.now)?;
        self.keep_outflow(number, account, bank, atoms)?;
        Ok(())
    }

    /// Keeps what tokens that came in have changed.
    fn keep_inflow(&mut self, number: AccountNumber, account: MarginAccount, bank: Bank, atoms: u64) -> Result<()> {
        require_sound(&bank)?;
        require_sound(&account)?;
        let vault = self.vault_with(bank.index, atoms)?;
        self.keep_vault(bank.index, vault);
        self.keep_bank(bank);
        self.keep_account(number, account);
        Ok(())
    }

    /// Keeps what tokens that go out have changed, where initial margin holds afterwards.
    fn keep_outflow(
        &mut self,
        number: AccountNumber,
        mut account: MarginAccount,
        bank: Bank,
        atoms: Atoms,
    ) -> Result<u64> {
        gate::pass(&mut account, &self.books(), Check::Initial)?;
        require_sound(&bank)?;
        require_sound(&account)?;
        let vault = self.vault_without(bank.index, atoms.get())?;
        self.keep_vault(bank.index, vault);
        self.keep_bank(bank);
        self.keep_account(number, account);
        Ok(atoms.get())
    }
}

/// Books atoms that came in, in account and bank.
fn book_in(account: &mut MarginAccount, bank: &mut Bank, received: Atoms) -> Result<ShareDelta> {
    let atoms = received.signed().map_err(|_| EngineError::AmountTooLarge)?;
    let delta = token::apply_delta(account, bank.index, atoms, &bank.indices())?;
    token::apply_totals(bank, delta)?;
    Ok(delta)
}

/// Whoever owes anything takes nothing out of a bank in which much was liquidated lately.
fn require_calm(account: &MarginAccount, bank: &Bank, now: UnixSecs) -> Result<()> {
    let held = bank.throughput.breaker.get().stands(now) && !account.is_debt_free();
    ensure!(!held, EngineError::ThroughputBreakerTripped);
    Ok(())
}

/// Takes the atoms off the account; stops at zero (MONEY-4).
#[expect(clippy::arithmetic_side_effects, reason = "the negative of a non-negative number always fits")]
fn take(args: &WithdrawArgs, account: &mut MarginAccount, bank: &Bank) -> Result<(Atoms, ShareDelta)> {
    let view = bank.indices();
    let held = token::deposit_atoms(account, bank.index, &view);
    let atoms = if args.all { held } else { Atoms::new(args.amount_atoms) };
    ensure!(atoms <= held, EngineError::BalanceInsufficient);
    if !args.all {
        let debit = atoms.negative().map_err(|_| EngineError::AmountTooLarge)?;
        return Ok((atoms, token::apply_delta(account, bank.index, debit, &view)?));
    }
    let burned = i64::try_from(token::take_all_deposit_shares(account, bank.index));
    let burned = burned.map_err(|_| EngineError::NumberOutOfRange)?;
    ensure!(burned > 0, EngineError::BalanceInsufficient);
    Ok((atoms, ShareDelta { deposit_shares: -burned, borrow_shares: 0 }))
}

//! Withdraws a deposit; never borrows.

use anchor_lang::prelude::*;
use plimsoll_ledger::{interest, token};
use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_state::{Bank, Books, EngineAccount, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, TokenMove, Withdrawn};
use crate::gate;
use crate::guard::{permit, Action};
use crate::known;
use crate::loader::{read, write};
use crate::outflow;
use crate::vault::{require_amount, VaultSigner, VaultTransfer};

pub use plimsoll_interface::args::WithdrawArgs;

/// The margin check needs registry and board, whatever the account holds.
#[derive(Accounts)]
pub struct Withdraw<'info> {
    /// The account's owner; a delegate never withdraws.
    pub owner: Signer<'info>,
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Its engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The token's bank.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub bank: UncheckedAccount<'info>,
    /// The bank's vault.
    /// CHECK: compared with the bank.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// Where the tokens go: any token account of the mint, the owner's choice.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    /// The bank's mint.
    /// CHECK: compared with the bank.
    pub mint: UncheckedAccount<'info>,
    /// The mint's token program.
    /// CHECK: compared with the bank.
    pub token_program: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl<'info> Withdraw<'info> {
    fn validate(&self, args: &WithdrawArgs) -> Result<VaultSigner> {
        if !args.all {
            require_amount(args.amount_atoms)?;
        }
        let (account, bank) = (read::<MarginAccount>(&self.margin_account)?, read::<Bank>(&self.bank)?);
        // Only the owner takes money out.
        permit(Action::Withdraw).signed_for(&account, self.owner.key)?;
        // What a bankrupt account holds belongs to its creditors.
        permit(Action::Withdraw).on(&account)?;
        // Registry, board, account and bank are one engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*account)?;
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        require_same_engine(&*registry, &*bank)?;
        // Withdrawals can be paused.
        permit(Action::Withdraw).in_engine(&registry)?;
        // Vault, mint and token program are the bank's.
        self.transfer().validate(&bank)?;
        Ok(VaultSigner::from(&*bank))
    }

    fn transfer(&self) -> VaultTransfer<'_, 'info> {
        VaultTransfer {
            vault: &self.vault,
            outside: &self.destination,
            mint: &self.mint,
            token_program: &self.token_program,
        }
    }

    #[inline(never)]
    fn apply(&self, args: &WithdrawArgs, now: UnixSecs) -> Result<Withdrawn> {
        let registry = read::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        let before = bank.deposits();
        let (atoms, delta) = take(args, &mut account, &bank)?;
        token::apply_totals(&mut bank, delta)?;
        // Shares worth less than an atom may go although nothing is free: no atom leaves.
        ensure!(atoms.is_zero() || bank.totals().is_liquid(), EngineError::LiquidityInsufficient);
        if slot.known_loss_atoms != 0 && !atoms.is_zero() {
            known::require_bank_covered(&bank, &registry, now)?;
        }
        if bank.throughput.breaker.get().stands(now) && !account.is_debt_free() {
            permit(Action::Withdraw).calm_in("bank ", bank.index, &bank.throughput, now)?;
        }
        outflow::pay_out(&mut bank, before, atoms, delta, now)?;
        gate::require_initial(
            &mut account,
            &Books { registry: &registry, board: &*read::<PriceBoard>(&self.board)?, now },
        )?;
        bank.invariant()?;
        account.invariant()?;
        let moved = TokenMove {
            account: self.margin_account.key(),
            bank: bank.index,
            atoms: atoms.get(),
            deposit_shares_delta: delta.deposit_shares,
            borrow_shares_delta: delta.borrow_shares,
            after: BankRecord::from(&*bank),
        };
        Ok(Withdrawn { engine: Pubkey::new_from_array(bank.engine), destination: self.destination.key(), moved })
    }
}

/// Takes the atoms off the account; stops at zero (MONEY-4).
#[inline(never)]
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

/// Books the withdrawal, checks liquidity and initial margin, then moves the tokens.
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `NotOwner`, `AccountBankrupt`, `VersionUnknown`, `EngineMismatch`, `Paused`,
/// `VaultMismatch`, `MintMismatch`, `AccountMismatch`, `SlotEmpty`, `BalanceInsufficient`, `LiquidityInsufficient`,
/// `LossKnown`, `ThroughputBreakerTripped`, `OutflowLimited`, `VaultDeltaMismatch`; those of [`gate::require_initial`] and the token program.
pub fn handler(ctx: Context<Withdraw>, args: WithdrawArgs) -> Result<()> {
    let signer = ctx.accounts.validate(&args)?;
    let event = ctx.accounts.apply(&args, now()?)?;
    if event.moved.atoms > 0 {
        ctx.accounts.transfer().push(&ctx.accounts.bank, &signer, event.moved.atoms)?;
    }
    crate::event::emit_event!(ctx, event);
    Ok(())
}

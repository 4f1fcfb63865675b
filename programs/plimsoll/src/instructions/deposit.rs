//! Deposits tokens into a margin account; a debt in the same token is repaid first.

use anchor_lang::prelude::*;
use plimsoll_ledger::{interest, outflow, token};
use plimsoll_state::{Bank, Books, EngineAccount, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, Deposited, TokenMove};
use crate::gate;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::vault::{require_amount, VaultTransfer};
use plimsoll_risk::units::{Atoms, UnixSecs};

pub use plimsoll_interface::args::DepositArgs;

/// Needs no fresh prices: a deposit only ever helps. The board is there for an account that is recorded as
/// under water.
#[derive(Accounts)]
pub struct Deposit<'info> {
    /// The account's owner, or its delegate with the right to deposit, and owner of the tokens: nobody may donate into another's account.
    pub authority: Signer<'info>,
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
    /// Where the tokens come from.
    /// CHECK: the token program checks mint and owner.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
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

impl<'info> Deposit<'info> {
    /// Returns the mint's decimals.
    fn validate(&self, args: &DepositArgs) -> Result<u8> {
        require_amount(args.amount_atoms)?;
        let (account, bank) = (read::<MarginAccount>(&self.margin_account)?, read::<Bank>(&self.bank)?);
        // Only who runs the account may change what it holds (KEY-5).
        permit(Action::Deposit).signed_for(&account, self.authority.key)?;
        // A bankrupt account takes repayments only.
        permit(Action::Deposit).on(&account)?;
        // Registry, board, account and bank are one engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*account)?;
        require_same_engine(&*registry, &*bank)?;
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        permit(Action::Deposit).in_engine(&registry)?;
        // Vault, mint and token program are the bank's.
        self.transfer().validate(&bank)?;
        Ok(bank.decimals)
    }

    fn transfer(&self) -> VaultTransfer<'_, 'info> {
        VaultTransfer {
            vault: &self.vault,
            outside: &self.source,
            mint: &self.mint,
            token_program: &self.token_program,
        }
    }

    #[inline(never)]
    fn apply(&self, received: u64, now: UnixSecs) -> Result<Deposited> {
        let registry = read::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        let atoms = Atoms::new(received).signed().map_err(|_| EngineError::AmountTooLarge)?;
        let delta = token::apply_delta(&mut account, bank.index, atoms, &bank.indices())?;
        token::apply_totals(&mut bank, delta)?;
        if delta.deposit_shares > 0 {
            // Repaying always works; what grows deposits is bounded.
            token::require_growth_allowed(slot)?;
            let deposits = bank.totals().deposits_down();
            ensure!(deposits <= bank.deposit_cap(), EngineError::DepositCapReached);
        }
        outflow::take_in(&mut bank, Atoms::new(received), delta, now)?;
        let board = read::<PriceBoard>(&self.board)?;
        gate::observe_relief(&mut account, &Books { registry: &registry, board: &board, now }, &self.event_authority)?;
        bank.invariant()?;
        account.invariant()?;
        let moved = TokenMove {
            account: self.margin_account.key(),
            bank: bank.index,
            atoms: received,
            deposit_shares_delta: delta.deposit_shares,
            borrow_shares_delta: delta.borrow_shares,
            after: BankRecord::from(&*bank),
        };
        Ok(Deposited { engine: Pubkey::new_from_array(bank.engine), authority: self.authority.key(), moved })
    }
}

/// Moves the tokens, then books what arrived.
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `NotOwnerOrDelegate`, `DelegateMayNotDeposit`, `AccountBankrupt`, `VersionUnknown`, `EngineMismatch`,
/// `VaultMismatch`, `MintMismatch`, `AccountMismatch`, `SlotEmpty`, `TokenTableFull`; `ReduceOnly`, `BankTerminal` and
/// `DepositCapReached` where deposits grow; the token program's.
pub fn handler(ctx: Context<Deposit>, args: DepositArgs) -> Result<()> {
    let decimals = ctx.accounts.validate(&args)?;
    let received = ctx.accounts.transfer().pull(&ctx.accounts.authority, args.amount_atoms, decimals)?;
    let event = ctx.accounts.apply(received, now()?)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

//! Repays a debt of any account, a bankrupt one included; always works.

use anchor_lang::prelude::*;
use plimsoll_ledger::{interest, outflow, token};
use plimsoll_state::{Bank, Books, EngineAccount, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, Repaid, TokenMove};
use crate::gate;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::vault::{require_amount, VaultTransfer};
use plimsoll_risk::units::{Atoms, UnixSecs};

pub use plimsoll_interface::args::RepayArgs;

/// Anyone may pay: a repayment changes nobody's position for the worse.
#[derive(Accounts)]
pub struct Repay<'info> {
    /// Owner of the tokens.
    pub payer: Signer<'info>,
    /// The account whose debt is repaid.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Its engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its engine's prices, for an account that is recorded as under water.
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

impl<'info> Repay<'info> {
    fn validate(&self, args: &RepayArgs) -> Result<()> {
        if !args.all {
            require_amount(args.amount_atoms)?;
        }
        let bank = read::<Bank>(&self.bank)?;
        // Registry, board, account and bank are one engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*read::<MarginAccount>(&self.margin_account)?)?;
        require_same_engine(&*registry, &*bank)?;
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        permit(Action::Repay).in_engine(&registry)?;
        // Vault, mint and token program are the bank's.
        self.transfer().validate(&bank)
    }

    fn transfer(&self) -> VaultTransfer<'_, 'info> {
        VaultTransfer {
            vault: &self.vault,
            outside: &self.source,
            mint: &self.mint,
            token_program: &self.token_program,
        }
    }

    /// Books the bank to now; returns the atoms to pay and the mint's decimals.
    #[inline(never)]
    fn book(&self, args: &RepayArgs, now: UnixSecs) -> Result<(u64, u8)> {
        let registry = read::<Registry>(&self.registry)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        let debt = token::debt_atoms(&*read::<MarginAccount>(&self.margin_account)?, bank.index, &bank.indices());
        ensure!(!debt.is_zero(), EngineError::NothingOwed);
        let most = if args.all { Atoms::MAX } else { Atoms::new(args.amount_atoms) };
        Ok((debt.min(most).get(), bank.decimals))
    }

    #[inline(never)]
    fn apply(&self, received: u64, now: UnixSecs) -> Result<Repaid> {
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let atoms = Atoms::new(received).signed().map_err(|_| EngineError::AmountTooLarge)?;
        let delta = token::apply_delta(&mut account, bank.index, atoms, &bank.indices())?;
        token::apply_totals(&mut bank, delta)?;
        outflow::take_in(&mut bank, Atoms::new(received), delta, now)?;
        // Insurance that was promised to a bankrupt debt and is no longer needed.
        token::release_reserved(&mut account, &mut bank)?;
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
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
        Ok(Repaid { engine: Pubkey::new_from_array(bank.engine), payer: self.payer.key(), moved })
    }
}

/// Moves at most the debt, then books what arrived (KEY-5, MONEY-4).
///
/// # Errors
/// `AmountZero` (also where the amount is worth no share), `AmountTooLarge`, `VersionUnknown`, `EngineMismatch`,
/// `VaultMismatch`, `MintMismatch`, `AccountMismatch`, `SlotEmpty`, `NothingOwed`; the token program's.
pub fn handler(ctx: Context<Repay>, args: RepayArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let now = now()?;
    let (atoms, decimals) = ctx.accounts.book(&args, now)?;
    let received = ctx.accounts.transfer().pull(&ctx.accounts.payer, atoms, decimals)?;
    let event = ctx.accounts.apply(received, now)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

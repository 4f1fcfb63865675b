//! Takes tokens out of a bank on credit; a deposit in the same token is used up first.

use anchor_lang::prelude::*;
use plimsoll_ledger::{interest, token};
use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_state::{Bank, BankSlot, Books, EngineAccount, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, Borrowed, TokenMove};
use crate::gate;
use crate::guard::{permit, Action};
use crate::known;
use crate::loader::{read, write};
use crate::outflow;
use crate::vault::{require_amount, VaultSigner, VaultTransfer};

pub use plimsoll_interface::args::BorrowArgs;

/// The margin check needs registry and board, whatever the account holds.
#[derive(Accounts)]
pub struct Borrow<'info> {
    /// The account's owner; a delegate never borrows.
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

impl<'info> Borrow<'info> {
    fn validate(&self, args: &BorrowArgs) -> Result<VaultSigner> {
        require_amount(args.amount_atoms)?;
        let (account, bank) = (read::<MarginAccount>(&self.margin_account)?, read::<Bank>(&self.bank)?);
        // Only the owner takes on debt.
        permit(Action::Borrow).signed_for(&account, self.owner.key)?;
        // A bankrupt account takes repayments only.
        permit(Action::Borrow).on(&account)?;
        // Registry, board, account and bank are one engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*account)?;
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        require_same_engine(&*registry, &*bank)?;
        // Borrowing can be paused.
        permit(Action::Borrow).in_engine(&registry)?;
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
    fn apply(&self, args: &BorrowArgs, now: UnixSecs) -> Result<Borrowed> {
        let registry = read::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        let atoms = Atoms::new(args.amount_atoms).negative().map_err(|_| EngineError::AmountTooLarge)?;
        let before = bank.deposits();
        let delta = token::apply_delta(&mut account, bank.index, atoms, &bank.indices())?;
        token::apply_totals(&mut bank, delta)?;
        require_allowed(delta, &registry, slot, &bank, now)?;
        if slot.known_loss_atoms != 0 {
            known::require_bank_covered(&bank, &registry, now)?;
        }
        if bank.throughput.breaker.get().stands(now) && !account.is_debt_free() {
            permit(Action::Borrow).calm_in("bank ", bank.index, &bank.throughput, now)?;
        }
        outflow::pay_out(&mut bank, before, Atoms::new(args.amount_atoms), delta, now)?;
        gate::require_initial(
            &mut account,
            &Books { registry: &registry, board: &*read::<PriceBoard>(&self.board)?, now },
        )?;
        bank.invariant()?;
        account.invariant()?;
        let moved = TokenMove {
            account: self.margin_account.key(),
            bank: bank.index,
            atoms: args.amount_atoms,
            deposit_shares_delta: delta.deposit_shares,
            borrow_shares_delta: delta.borrow_shares,
            after: BankRecord::from(&*bank),
        };
        Ok(Borrowed { engine: Pubkey::new_from_array(bank.engine), destination: self.destination.key(), moved })
    }
}

/// What bounds a borrow besides margin, with the bank as it stands afterwards.
fn require_allowed(delta: ShareDelta, registry: &Registry, slot: &BankSlot, bank: &Bank, now: UnixSecs) -> Result<()> {
    let totals = bank.totals();
    if delta.deposit_shares < 0 {
        // The part that comes from the deposit is a withdrawal.
        permit(Action::Withdraw).in_engine(registry)?;
    }
    if delta.borrow_shares > 0 {
        token::require_lending_allowed(registry, slot, bank, now)?;
    }
    // Nothing but free liquidity leaves the vault.
    ensure!(totals.is_liquid(), EngineError::LiquidityInsufficient);
    Ok(())
}

/// Books the borrow, checks caps, liquidity and initial margin, then moves the tokens.
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `NotOwner`, `AccountBankrupt`, `VersionUnknown`, `EngineMismatch`, `Paused`,
/// `VaultMismatch`, `MintMismatch`, `AccountMismatch`, `SlotEmpty`, `LiquidityInsufficient`, `TokenTableFull`,
/// `ReduceOnly`, `BankTerminal`, `BorrowCapReached`, `LossKnown`, `ThroughputBreakerTripped`, `OutflowLimited`, `VaultDeltaMismatch`; those of
/// [`gate::require_initial`] and the token program.
pub fn handler(ctx: Context<Borrow>, args: BorrowArgs) -> Result<()> {
    let signer = ctx.accounts.validate(&args)?;
    let event = ctx.accounts.apply(&args, now()?)?;
    ctx.accounts.transfer().push(&ctx.accounts.bank, &signer, event.moved.atoms)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

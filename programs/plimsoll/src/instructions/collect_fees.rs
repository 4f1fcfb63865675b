//! Pays protocol fees out of a vault.

use anchor_lang::prelude::*;
use plimsoll_ledger::interest;
use plimsoll_state::{Bank, Engine, EngineAccount, Registry};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, FeesCollected};
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::vault::{require_amount, VaultSigner, VaultTransfer};
use plimsoll_risk::units::{Atoms, UnixSecs};

pub use plimsoll_interface::args::CollectFeesArgs;

/// Fees lie outside deposits, so neither insurance nor depositors' liquidity can be collected.
#[derive(Accounts)]
pub struct CollectFees<'info> {
    /// The engine's fee collector.
    pub fee_collector: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The bank.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub bank: UncheckedAccount<'info>,
    /// The bank's vault.
    /// CHECK: compared with the bank.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// Where the tokens go: any token account of the mint, the fee collector's choice.
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

impl<'info> CollectFees<'info> {
    fn validate(&self, args: &CollectFeesArgs) -> Result<VaultSigner> {
        if !args.all {
            require_amount(args.amount_atoms)?;
        }
        let (engine, bank) = (self.engine.key().to_bytes(), read::<Bank>(&self.bank)?);
        // Fees are the protocol's.
        permit(Action::CollectFees).signed_in(&*read::<Engine>(&self.engine)?, self.fee_collector.key)?;
        // Registry and bank are this engine's.
        {
            let registry = read::<Registry>(&self.registry)?;
            require_of_engine(&*registry, &engine)?;
            permit(Action::CollectFees).in_engine(&registry)?;
        }
        require_of_engine(&*bank, &engine)?;
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
    fn apply(&self, args: &CollectFeesArgs, now: UnixSecs) -> Result<FeesCollected> {
        let registry = read::<Registry>(&self.registry)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        let atoms = if args.all { bank.fees_atoms } else { args.amount_atoms };
        ensure!(atoms > 0, EngineError::AmountZero);
        interest::take_fees(&mut bank, Atoms::new(atoms))?;
        // A fee is booked when interest is charged, but its atoms come only when interest is paid: until then nothing covers it.
        ensure!(bank.totals().is_liquid(), EngineError::LiquidityInsufficient);
        bank.invariant()?;
        Ok(FeesCollected {
            engine: self.engine.key(),
            bank: bank.index,
            destination: self.destination.key(),
            atoms,
            after: BankRecord::from(&*bank),
        })
    }
}

/// Books interest, takes the fees off the bank, then moves the tokens (INSURE-1).
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `VaultMismatch`, `MintMismatch`,
/// `AccountMismatch`, `SlotEmpty`, `BalanceInsufficient`, `LiquidityInsufficient`, `VaultDeltaMismatch`; the token
/// program's.
pub fn handler(ctx: Context<CollectFees>, args: CollectFeesArgs) -> Result<()> {
    let signer = ctx.accounts.validate(&args)?;
    let event = ctx.accounts.apply(&args, now()?)?;
    ctx.accounts.transfer().push(ctx.accounts.bank.as_ref(), &signer, event.atoms)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

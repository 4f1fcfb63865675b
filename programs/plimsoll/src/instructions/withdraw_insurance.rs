//! Takes insurance above its target out of a vault: a change that has waited.

use anchor_lang::prelude::*;
use plimsoll_ledger::{insurance, interest};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{Bank, Engine, EngineAccount, Registry};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Failure, Result};
use crate::event::{BankRecord, InsuranceWithdrawn};
use crate::gate;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::report::{decimal, line};
use crate::vault::{require_amount, VaultSigner, VaultTransfer};

pub use plimsoll_interface::args::WithdrawInsuranceArgs;

/// Insurance lies outside deposits and fees, so neither can be taken with it.
#[derive(Accounts)]
pub struct WithdrawInsurance<'info> {
    /// The engine's executor; before the launch its authority.
    pub authority: Signer<'info>,
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
    /// Where the tokens go: the token account that was published.
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

impl<'info> WithdrawInsurance<'info> {
    fn validate(&self, args: &WithdrawInsuranceArgs) -> Result<VaultSigner> {
        require_amount(args.most_atoms)?;
        let (key, bank) = (self.engine.key().to_bytes(), read::<Bank>(&self.bank)?);
        let (engine, registry) = (read::<Engine>(&self.engine)?, read::<Registry>(&self.registry)?);
        // Registry and bank are this engine's.
        require_of_engine(&*registry, &key)?;
        permit(Action::WithdrawInsurance).in_engine(&registry)?;
        // What pays for losses leaves only after everybody could see that it will.
        permit(Action::WithdrawInsurance).standing_in(&engine, &registry, self.authority.key)?;
        require_of_engine(&*bank, &key)?;
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
    fn apply(&self, args: &WithdrawInsuranceArgs, now: UnixSecs) -> Result<InsuranceWithdrawn> {
        let registry = read::<Registry>(&self.registry)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        let most = Atoms::new(args.most_atoms);
        let taken = insurance::withdraw_excess(&mut bank, &registry, most, now);
        let atoms = taken.map_err(|error| explained(error, &bank, &registry, now))?;
        // Atoms leave only where lenders' are there too: a fee that is not paid yet is lent.
        ensure!(bank.totals().is_liquid(), EngineError::LiquidityInsufficient);
        bank.invariant()?;
        Ok(InsuranceWithdrawn {
            engine: self.engine.key(),
            bank: bank.index,
            destination: self.destination.key(),
            atoms: atoms.get(),
            after: BankRecord::from(&*bank),
        })
    }
}

#[cold]
#[inline(never)]
fn explained(error: RiskError, bank: &Bank, registry: &Registry, now: UnixSecs) -> Failure {
    let index = decimal(bank.index as u64);
    match (error, registry.drawn_until(bank.index, now)) {
        (RiskError::InsuranceDrawn, Some(until)) => return gate::drawn(bank.index, until),
        (RiskError::LossKnown, _) => line(&[
            "bank ",
            &index,
            ": a loss may claim its insurance; ends once frozen accounts and deficits are gone",
        ]),
        _ => {
            let kept = bank.insurance_target().max(bank.insurance_floor());
            line(&["bank ", &index, ": keeps ", &decimal(kept.get()), " of ", &decimal(bank.insurance_atoms)]);
        }
    }
    error.into()
}

/// Books interest, takes what is above target and floor off the insurance, then moves the tokens (INSURE-7).
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`, `VaultMismatch`,
/// `MintMismatch`, `AccountMismatch`, `SlotEmpty`, `LossKnown`, `DrawdownBreakerTripped`, `InsuranceWithinTarget`,
/// `LiquidityInsufficient`, `VaultDeltaMismatch`; the token program's.
pub fn handler(ctx: Context<WithdrawInsurance>, args: WithdrawInsuranceArgs) -> Result<()> {
    let signer = ctx.accounts.validate(&args)?;
    let event = ctx.accounts.apply(&args, now()?)?;
    ctx.accounts.transfer().push(ctx.accounts.bank.as_ref(), &signer, event.atoms)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

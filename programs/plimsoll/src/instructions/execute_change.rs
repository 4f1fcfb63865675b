//! Executes a change that is due: the executor signs the proposed instruction.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{change_flag, same_address, seeds, ChangeAccount, Engine, PendingChange};

use crate::access::{now, require_layout, require_of_engine};
use crate::error::{fail, EngineError, Failure, Result};
use crate::event::ChangeExecuted;
use crate::growth::close;
use crate::loader::read;
use crate::report::{decimal, line};

/// The accounts of the proposed instruction follow, in order.
#[derive(Accounts)]
pub struct ExecuteChange<'info> {
    /// Pays what the instruction creates.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// `["executor", engine]`, which signs.
    /// CHECK: compared with the engine.
    pub executor: UncheckedAccount<'info>,
    /// The change, which ends.
    /// CHECK: a [`PendingChange`] by `loader::write`.
    #[account(mut)]
    pub change: UncheckedAccount<'info>,
    /// Gets the change's rent.
    /// CHECK: compared with the change.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl<'info> ExecuteChange<'info> {
    /// Returns the proposed instruction, signed by the executor wherever that stands.
    #[inline(never)]
    fn validate(&self, accounts: &[AccountInfo<'info>], now: UnixSecs) -> Result<Instruction> {
        let (engine, change) = (read::<Engine>(&self.engine)?, read::<PendingChange>(&self.change)?);
        // Engine and change belong together.
        require_layout(engine.version)?;
        require_of_engine(&*change, self.engine.key().as_array())?;
        ensure!(same_address(&engine.executor, self.executor.key.as_array()), EngineError::ChangeMismatch);
        ensure!(same_address(&change.rent_payer, self.rent_payer.key.as_array()), EngineError::ChangeMismatch);
        // It has waited, and not too long.
        match change.schedule().at(now) {
            Progress::Due => {}
            Progress::Waiting(_) => return Err(not_due(&change)),
            Progress::Expired => return Err(fail(EngineError::ChangeExpired)),
        }
        // Every account is the proposed one.
        ensure!(accounts.len() == change.accounts().len(), EngineError::ChangeMismatch);
        let metas: Result<Vec<AccountMeta>> =
            change.accounts().iter().zip(accounts).map(|(proposed, given)| self.meta(proposed, given)).collect();
        Ok(Instruction { program_id: crate::ID, accounts: metas?, data: change.data().to_vec() })
    }

    fn meta(&self, proposed: &ChangeAccount, given: &AccountInfo<'info>) -> Result<AccountMeta> {
        let pays = proposed.flags & change_flag::PAYER != 0;
        let wanted = if pays { self.payer.key } else { &Pubkey::new_from_array(proposed.key) };
        ensure!(given.key == wanted, EngineError::ChangeMismatch);
        Ok(AccountMeta {
            pubkey: *wanted,
            is_signer: pays || wanted == self.executor.key,
            is_writable: proposed.flags & change_flag::WRITABLE != 0,
        })
    }
}

#[cold]
#[inline(never)]
fn not_due(change: &PendingChange) -> Failure {
    line(&["the change is due at ", &decimal(change.due_at.unsigned_abs())]);
    fail(EngineError::ChangeNotDue)
}

/// Calls the proposed instruction and ends the change.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `ChangeNotDue`, `ChangeExpired`, `ChangeMismatch`; those of the instruction.
pub fn handler<'info>(ctx: Context<'info, ExecuteChange<'info>>) -> Result<()> {
    let instruction = ctx.accounts.validate(ctx.remaining_accounts, now()?)?;
    let (key, bump) = (ctx.accounts.engine.key(), [read::<Engine>(&ctx.accounts.engine)?.executor_bump]);
    let event = {
        let change = read::<PendingChange>(&ctx.accounts.change)?;
        let (engine, payer) = (key, ctx.accounts.payer.key());
        ChangeExecuted { engine, change: ctx.accounts.change.key(), id: change.id, payer }
    };
    invoke_signed(&instruction, ctx.remaining_accounts, &[&[seeds::EXECUTOR, key.as_ref(), &bump]])?;
    crate::event::emit_event!(ctx, event);
    close(&ctx.accounts.change, &ctx.accounts.rent_payer)
}

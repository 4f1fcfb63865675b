//! Proposes a change: an instruction that anybody may execute once it has waited in public.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::Schedule;
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_state::{
    change_flag, seeds, ChangeAccount, Engine, EngineAccount, PendingChange, Registry, MAX_CHANGE_ACCOUNTS,
};

use crate::access::{now, require_of_engine};
use crate::entry::takes_a_change;
use crate::error::{EngineError, Result};
use crate::event::ChangeProposed;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::ProposeChangeArgs;

/// The accounts of the proposed instruction follow.
#[derive(Accounts)]
#[instruction(args: ProposeChangeArgs)]
pub struct ProposeChange<'info> {
    /// The engine's authority or its risk authority.
    pub proposer: Signer<'info>,
    /// Pays the rent and gets it back.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine, which counts its changes.
    /// CHECK: an [`Engine`] by `loader::write`.
    #[account(mut)]
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The change, which is created.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(
        mut, seeds = [seeds::CHANGE, engine.key().as_ref(), &args.id.to_le_bytes()], bump,
    )]
    pub change: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl<'info> ProposeChange<'info> {
    /// Returns the delay.
    fn validate(&self, args: &ProposeChangeArgs, accounts: &[AccountInfo<'info>]) -> Result<Secs> {
        let (engine, registry, data) =
            (read::<Engine>(&self.engine)?, read::<Registry>(&self.registry)?, &args.data.bytes);
        // Who may propose.
        permit(Action::ProposeChange).signed_in(&engine, self.proposer.key)?;
        // Changes are numbered in order, so that a proposal sent twice cannot come twice.
        ensure!(args.id == engine.changes_proposed, EngineError::SlotTaken);
        // The delay is this engine's.
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        permit(Action::ProposeChange).in_engine(&registry)?;
        // The executor signs for nothing else.
        ensure!(takes_a_change(data), EngineError::NotChangeable);
        ensure!(accounts.len() <= MAX_CHANGE_ACCOUNTS, EngineError::ChangeTooLarge);
        Ok(registry.change_delay())
    }

    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "validated: at most 512 bytes and 16 accounts; changes are proposed one by one, never 2^64"
    )]
    fn apply(
        &self,
        data: &[u8],
        accounts: &[AccountInfo<'info>],
        delay: Secs,
        now: UnixSecs,
    ) -> Result<(u64, Schedule)> {
        let (mut engine, mut change) = (write::<Engine>(&self.engine)?, write::<PendingChange>(&self.change)?);
        let schedule = Schedule::of(now, delay);
        change.engine = self.engine.key().to_bytes();
        change.id = engine.changes_proposed;
        change.proposer = self.proposer.key().to_bytes();
        change.rent_payer = self.payer.key().to_bytes();
        change.proposed_at = now.get();
        change.due_at = schedule.due_at.get();
        change.expires_at = schedule.expires_at.get();
        change.account_count = accounts.len() as u8;
        change.data_len = data.len() as u16;
        for (stored, account) in change.accounts.iter_mut().zip(accounts) {
            *stored = as_stored(account);
        }
        for (stored, byte) in change.data.iter_mut().zip(data) {
            *stored = *byte;
        }
        engine.changes_proposed += 1;
        engine.invariant()?;
        change.invariant()?;
        Ok((change.id, schedule))
    }
}

/// An account that signs stands for whoever executes the change.
fn as_stored(account: &AccountInfo<'_>) -> ChangeAccount {
    let written = if account.is_writable { change_flag::WRITABLE } else { 0 };
    if account.is_signer {
        return ChangeAccount { key: [0; 32], flags: change_flag::PAYER | written };
    }
    ChangeAccount { key: account.key.to_bytes(), flags: written }
}

/// Records the change; it is checked as a whole when it is executed, against what is then in force.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotTaken`, `NotChangeable`, `ChangeTooLarge`,
/// `AlreadyComplete`.
pub fn handler<'info>(ctx: Context<'info, ProposeChange<'info>>, args: ProposeChangeArgs) -> Result<()> {
    let (accounts, now) = (&ctx.accounts, now()?);
    let delay = accounts.validate(&args, ctx.remaining_accounts)?;
    let (engine, id) = (accounts.engine.key(), args.id.to_le_bytes());
    let growth = Growth {
        account: &accounts.change,
        payer: &accounts.payer,
        system_program: &accounts.system_program,
        seeds: &[seeds::CHANGE, engine.as_ref(), &id],
        bump: ctx.bumps.change,
    };
    growth.step::<PendingChange>()?;
    let (id, schedule) = accounts.apply(&args.data.bytes, ctx.remaining_accounts, delay, now)?;
    let listed = args.data.bytes.len();
    let event = ChangeProposed {
        engine,
        change: accounts.change.key(),
        id,
        proposer: accounts.proposer.key(),
        due_at: schedule.due_at.get(),
        expires_at: schedule.expires_at.get(),
        data: args.data.bytes,
    };
    crate::event::send_listing(&accounts.event_authority, &event, listed)
}

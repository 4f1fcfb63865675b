//! Brings an account of the previous layout version to this program's; permissionless.

use anchor_lang::prelude::*;
use plimsoll_state::{migrate, MigrationError, LAYOUT_VERSION};

use crate::error::{EngineError, Result};
use crate::event::AccountMigrated;

/// One account; the others do not have to be migrated before or after it.
#[derive(Accounts)]
pub struct MigrateAccount<'info> {
    /// An account of the engine, whatever its type.
    /// CHECK: the migration reads its type from the discriminator.
    #[account(mut)]
    pub account: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl MigrateAccount<'_> {
    fn validate(&self) -> Result<()> {
        // Only what this program wrote has a layout of this program's.
        if *self.account.owner == crate::ID {
            return Ok(());
        }
        Err(ErrorCode::AccountOwnedByWrongProgram.into())
    }
}

/// Upgrades the account in place.
///
/// # Errors
/// `LayoutCurrent` where there is nothing to do, as always in the first layout; `VersionUnknown` where the account is of
/// another version than the one before; `AccountDiscriminatorMismatch` where it is none of the engine's types or not
/// complete; `InvariantBroken`.
pub fn handler(ctx: Context<MigrateAccount>) -> Result<()> {
    ctx.accounts.validate()?;
    let engine = match migrate(&mut ctx.accounts.account.try_borrow_mut_data()?) {
        Ok(engine) => engine,
        Err(MigrationError::LayoutCurrent) => return Err(crate::error::fail(EngineError::LayoutCurrent)),
        Err(MigrationError::VersionUnknown) => return Err(crate::error::fail(EngineError::VersionUnknown)),
        Err(MigrationError::TypeUnknown) => return Err(ErrorCode::AccountDiscriminatorMismatch.into()),
        Err(MigrationError::Broken(violation)) => return Err(violation.into()),
    };
    let account = ctx.accounts.account.key();
    let engine = engine.map_or(account, Pubkey::new_from_array);
    crate::event::emit_event!(ctx, AccountMigrated { engine, account, version: LAYOUT_VERSION });
    Ok(())
}

//! Lets a registered venue settle fills on an account, up to a notional.

use anchor_lang::prelude::*;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{EngineAccount, MarginAccount, Venue, VenueApproval};

use crate::access::{require_active, require_owner, require_same_engine};
use crate::error::{EngineError, IntoEngine};

/// How much.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct ApproveVenueArgs {
    /// Notional it may settle from now on, quote atoms; replaces what was left of an earlier approval.
    pub notional_limit_atoms: u64,
}

/// A delegate never approves venues.
#[derive(Accounts)]
pub struct ApproveVenue<'info> {
    /// The owner.
    pub owner: Signer<'info>,
    /// The account.
    #[account(mut)]
    pub margin_account: AccountLoader<'info, MarginAccount>,
    /// The venue.
    pub venue: AccountLoader<'info, Venue>,
}

impl ApproveVenue<'_> {
    fn validate(&self, args: &ApproveVenueArgs) -> Result<()> {
        let (account, venue) = (self.margin_account.load()?, self.venue.load()?);
        // Only the owner.
        require_owner(&account, self.owner.key)?;
        // A bankrupt account is frozen.
        require_active(&account)?;
        // The venue is registered with the account's engine, and in use.
        require_same_engine(&*account, &*venue)?;
        ensure!(venue.active == 1, EngineError::VenueInactive);
        // A limit of nothing is a revocation and has its own instruction.
        ensure!(args.notional_limit_atoms > 0, EngineError::AmountZero);
        ensure!(args.notional_limit_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        Ok(())
    }
}

/// Records the approval.
///
/// # Errors
/// `NotOwner`, `AccountBankrupt`, `VersionUnknown`, `EngineMismatch`, `VenueInactive`, `AmountZero`, `AmountTooLarge`,
/// `VenuesFull`.
pub fn handler(ctx: Context<ApproveVenue>, args: ApproveVenueArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let venue = ctx.accounts.venue.key().to_bytes();
    let mut account = ctx.accounts.margin_account.load_mut()?;
    let approved = account.venues.iter().position(|approval| approval.venue == venue);
    let free = || account.venues.iter().position(|approval| approval.venue == [0; 32]);
    let index = approved.or_else(free).ok_or(EngineError::VenuesFull)?;
    account.venues[index] = VenueApproval { venue, notional_left_atoms: args.notional_limit_atoms };
    account.invariant().engine()
}

//! Lets a registered venue settle fills on an account: in some markets, up to a notional, until some second.

use anchor_lang::prelude::*;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{EngineAccount, MarginAccount, Venue, VenueApproval};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::VenueApproved;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::ApproveVenueArgs;

/// A delegate never approves venues.
#[derive(Accounts)]
pub struct ApproveVenue<'info> {
    /// The owner.
    pub owner: Signer<'info>,
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// The venue.
    /// CHECK: a [`Venue`] by `loader::read`.
    pub venue: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl ApproveVenue<'_> {
    fn validate(&self, args: &ApproveVenueArgs, now: UnixSecs) -> Result<()> {
        let (account, venue) = (read::<MarginAccount>(&self.margin_account)?, read::<Venue>(&self.venue)?);
        // Only the owner.
        permit(Action::ApproveVenue).signed_for(&account, self.owner.key)?;
        // A bankrupt account is frozen.
        permit(Action::ApproveVenue).on(&account)?;
        // The venue is registered with the account's engine, and in use.
        require_same_engine(&*account, &*venue)?;
        ensure!(venue.active == 1, EngineError::VenueInactive);
        // A limit of zero would be a revocation, which has its own instruction.
        ensure!(args.notional_limit_atoms > 0, EngineError::AmountZero);
        ensure!(args.notional_limit_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        // The owner agrees only to markets that the venue settles now, not to those that it may be given later.
        let offered = args.markets != 0 && args.markets & !venue.settle_markets == 0;
        ensure!(offered, EngineError::ApprovalMarketsInvalid);
        // Powers that nobody uses any more must end by themselves.
        let lasts = UnixSecs::new(args.expires_at).elapsed_since(now);
        ensure!(!lasts.is_zero() && lasts <= VenueApproval::MAX_SECS, EngineError::ApprovalExpiryInvalid);
        Ok(())
    }
}

/// Records the approval (KEY-3).
///
/// # Errors
/// `NotOwner`, `AccountBankrupt`, `VersionUnknown`, `EngineMismatch`, `VenueInactive`, `AmountZero`, `AmountTooLarge`,
/// `ApprovalMarketsInvalid`, `ApprovalExpiryInvalid`, `VenuesFull`.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn handler(ctx: Context<ApproveVenue>, args: ApproveVenueArgs) -> Result<()> {
    let now = now()?;
    ctx.accounts.validate(&args, now)?;
    let ApproveVenueArgs { markets, notional_limit_atoms, expires_at } = args;
    let key = ctx.accounts.venue.key();
    let engine = {
        let mut account = write::<MarginAccount>(&ctx.accounts.margin_account)?;
        let venue = key.to_bytes();
        let approved = account.venues.iter().position(|approval| approval.venue == venue);
        // A free entry expired at zero.
        let free = || account.venues.iter().position(|approval| approval.has_expired(now));
        let index = approved.or_else(free).ok_or(EngineError::VenuesFull)?;
        account.venues[index] =
            VenueApproval { venue, notional_left_atoms: notional_limit_atoms, expires_at, markets, _pad: [0; 4] };
        account.invariant()?;
        Pubkey::from(account.engine)
    };
    crate::event::emit_event!(
        ctx,
        VenueApproved {
            engine,
            account: ctx.accounts.margin_account.key(),
            owner: ctx.accounts.owner.key(),
            venue: key,
            markets,
            notional_limit_atoms,
            expires_at,
        }
    );
    Ok(())
}

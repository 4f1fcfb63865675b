//! Margin accounts: open, close, delegate, venues.

use plimsoll_interface as interface;
use plimsoll_interface::args::{ApproveVenueArgs, DelegateArgs, OpenAccountArgs};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::SYSTEM_PROGRAM;
use crate::pda::EngineKeys;

/// Opens a margin account.
pub fn open_account(keys: &EngineKeys, owner: Pubkey, payer: Pubkey, args: OpenAccountArgs) -> Instruction {
    let accounts = interface::OpenAccount {
        owner,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        margin_account: keys.margin_account(&owner, args.id),
        system_program: SYSTEM_PROGRAM,
    };
    interface::open_account(&accounts, args.id, args.delegate)
}

/// Closes an empty margin account.
pub fn close_account(owner: Pubkey, margin_account: Pubkey, rent_payer: Pubkey) -> Instruction {
    let accounts = interface::CloseAccount { owner, margin_account, rent_payer };
    interface::close_account(&accounts)
}

/// Names or replaces the delegate with all of its rights, or removes it.
pub fn set_delegate(owner: Pubkey, margin_account: Pubkey, delegate: Option<DelegateArgs>) -> Instruction {
    let accounts = interface::SetDelegate { owner, margin_account };
    interface::set_delegate(&accounts, delegate)
}

/// Approves a venue, or replaces the whole approval of an approved one.
pub fn approve_venue(owner: Pubkey, margin_account: Pubkey, venue: Pubkey, args: ApproveVenueArgs) -> Instruction {
    let accounts = interface::ApproveVenue { owner, margin_account, venue };
    interface::approve_venue(&accounts, args.markets, args.notional_limit_atoms, args.expires_at)
}

/// Revokes a venue.
pub fn revoke_venue(owner: Pubkey, margin_account: Pubkey, venue: Pubkey) -> Instruction {
    let accounts = interface::RevokeVenue { owner, margin_account };
    interface::revoke_venue(&accounts, venue)
}

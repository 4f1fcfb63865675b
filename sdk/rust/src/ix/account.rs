//! Margin accounts: open, close, delegate, venues.

use anchor_lang::prelude::Pubkey;
use plimsoll::instructions::{ApproveVenueArgs, DelegateArgs, OpenAccountArgs, RevokeVenueArgs, SetDelegateArgs};
use plimsoll::{accounts, instruction};
use solana_instruction::Instruction;

use super::{build, SYSTEM_PROGRAM};
use crate::pda::{self, EngineKeys, PROGRAM_ID};

/// Opens a margin account.
pub fn open_account(keys: &EngineKeys, owner: Pubkey, payer: Pubkey, args: OpenAccountArgs) -> Instruction {
    let accounts = accounts::OpenAccount {
        owner,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        margin_account: keys.margin_account(&owner, args.id),
        system_program: SYSTEM_PROGRAM,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::OpenAccount { args })
}

/// Closes an empty margin account.
pub fn close_account(owner: Pubkey, margin_account: Pubkey, rent_payer: Pubkey) -> Instruction {
    let accounts = accounts::CloseAccount {
        owner,
        margin_account,
        rent_payer,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::CloseAccount {})
}

/// Names or replaces the delegate with all of its rights, or removes it.
pub fn set_delegate(owner: Pubkey, margin_account: Pubkey, delegate: Option<DelegateArgs>) -> Instruction {
    let accounts =
        accounts::SetDelegate { owner, margin_account, event_authority: pda::event_authority(), program: PROGRAM_ID };
    build(accounts, instruction::SetDelegate { args: SetDelegateArgs { delegate } })
}

/// Approves a venue, or replaces the whole approval of an approved one.
pub fn approve_venue(owner: Pubkey, margin_account: Pubkey, venue: Pubkey, args: ApproveVenueArgs) -> Instruction {
    let accounts = accounts::ApproveVenue {
        owner,
        margin_account,
        venue,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::ApproveVenue { args })
}

/// Revokes a venue.
pub fn revoke_venue(owner: Pubkey, margin_account: Pubkey, venue: Pubkey) -> Instruction {
    let accounts =
        accounts::RevokeVenue { owner, margin_account, event_authority: pda::event_authority(), program: PROGRAM_ID };
    build(accounts, instruction::RevokeVenue { args: RevokeVenueArgs { venue } })
}

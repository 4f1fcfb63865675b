//! Engine, authorities, venues.

use anchor_lang::prelude::Pubkey;
use plimsoll::instructions::{
    CreateEngineArgs, GrowRegistryArgs, ProposeAuthorityArgs, RegisterVenueArgs, SetPauseArgs, UpdateParamsArgs,
    UpdateVenueArgs,
};
use plimsoll::{accounts, instruction};
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{EngineAccount, FeedBook, PriceBoard, Registry};
use solana_instruction::Instruction;

use super::{build, SYSTEM_PROGRAM};
use crate::pda::{self, EngineKeys, PROGRAM_ID};

/// Calls of [`grow_registry`] that complete an engine's registry.
pub const REGISTRY_STEPS: usize = steps(Registry::SPACE);
/// Calls of [`grow_board`] that complete an engine's price board.
pub const BOARD_STEPS: usize = steps(PriceBoard::SPACE);
/// Calls of [`grow_feeds`] that complete an engine's feed book.
pub const FEEDS_STEPS: usize = steps(FeedBook::SPACE);

const fn steps(space: usize) -> usize {
    space.div_ceil(plimsoll::growth::MAX_STEP)
}

/// Creates an engine.
pub fn create_engine(creator: Pubkey, payer: Pubkey, args: CreateEngineArgs) -> Instruction {
    let accounts = accounts::CreateEngine {
        creator,
        payer,
        engine: pda::engine(&creator, args.id),
        system_program: SYSTEM_PROGRAM,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::CreateEngine { args })
}

/// Creates or grows the registry by one step; signed by the authority.
pub fn grow_registry(keys: &EngineKeys, authority: Pubkey, payer: Pubkey, params: &GlobalParams) -> Instruction {
    let accounts = accounts::GrowRegistry {
        authority,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        system_program: SYSTEM_PROGRAM,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::GrowRegistry { args: GrowRegistryArgs { params: (*params).into() } })
}

/// Creates or grows the board by one step.
pub fn grow_board(keys: &EngineKeys, payer: Pubkey) -> Instruction {
    let accounts = accounts::GrowBoard {
        payer,
        engine: keys.engine,
        board: keys.board,
        system_program: SYSTEM_PROGRAM,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::GrowBoard {})
}

/// Creates or grows the feed book by one step.
pub fn grow_feeds(keys: &EngineKeys, payer: Pubkey) -> Instruction {
    let accounts = accounts::GrowFeeds {
        payer,
        engine: keys.engine,
        feeds: keys.feeds,
        system_program: SYSTEM_PROGRAM,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::GrowFeeds {})
}

/// Replaces the parameters.
pub fn update_params(keys: &EngineKeys, authority: Pubkey, params: &GlobalParams) -> Instruction {
    let accounts = accounts::UpdateParams {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::UpdateParams { args: UpdateParamsArgs { params: (*params).into() } })
}

/// Replaces the pause bits; signed by the authority, or by the pause authority where bits are only added.
pub fn set_pause(keys: &EngineKeys, signer: Pubkey, pause_bits: u32) -> Instruction {
    let accounts = accounts::SetPause {
        signer,
        engine: keys.engine,
        registry: keys.registry,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::SetPause { args: SetPauseArgs { pause_bits } })
}

/// Proposes a successor, or none, and optionally replaces the pause authority.
pub fn propose_authority(keys: &EngineKeys, authority: Pubkey, args: ProposeAuthorityArgs) -> Instruction {
    let accounts = accounts::ProposeAuthority {
        authority,
        engine: keys.engine,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::ProposeAuthority { args })
}

/// Brings an account of the layout version before the program's to the program's; anyone may send it.
pub fn migrate_account(account: Pubkey) -> Instruction {
    let accounts = accounts::MigrateAccount { account, event_authority: pda::event_authority(), program: PROGRAM_ID };
    build(accounts, instruction::MigrateAccount {})
}

/// Takes office.
pub fn accept_authority(keys: &EngineKeys, pending_authority: Pubkey) -> Instruction {
    let accounts = accounts::AcceptAuthority {
        pending_authority,
        engine: keys.engine,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::AcceptAuthority {})
}

/// Registers a venue.
pub fn register_venue(keys: &EngineKeys, authority: Pubkey, payer: Pubkey, args: RegisterVenueArgs) -> Instruction {
    let accounts = accounts::RegisterVenue {
        authority,
        payer,
        engine: keys.engine,
        venue: keys.venue(&args.signer),
        system_program: SYSTEM_PROGRAM,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::RegisterVenue { args })
}

/// Changes what a venue may do.
pub fn update_venue(keys: &EngineKeys, authority: Pubkey, venue: Pubkey, args: UpdateVenueArgs) -> Instruction {
    let accounts = accounts::UpdateVenue {
        authority,
        engine: keys.engine,
        venue,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::UpdateVenue { args })
}

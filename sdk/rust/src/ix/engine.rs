//! Engine, authorities, venues.

use plimsoll_interface as interface;
use plimsoll_interface::args::{
    CreateEngineArgs, GrowRegistryArgs, HaltPriceArgs, RegisterVenueArgs, SetPauseArgs, SwitchSourceArgs,
    UpdateParamsArgs, UpdateVenueArgs,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{EngineAccount, FeedBook, PriceBoard, Registry, MAX_GROWTH_BYTES};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::SYSTEM_PROGRAM;
use crate::pda::{self, EngineKeys};

/// Calls of [`grow_registry`] that complete an engine's registry.
pub const REGISTRY_STEPS: usize = steps(Registry::SPACE);
/// Calls of [`grow_board`] that complete an engine's price board.
pub const BOARD_STEPS: usize = steps(PriceBoard::SPACE);
/// Calls of [`grow_feeds`] that complete an engine's feed book.
pub const FEEDS_STEPS: usize = steps(FeedBook::SPACE);

const fn steps(space: usize) -> usize {
    space.div_ceil(MAX_GROWTH_BYTES)
}

/// Creates an engine.
pub fn create_engine(creator: Pubkey, payer: Pubkey, args: CreateEngineArgs) -> Instruction {
    let accounts = interface::CreateEngine {
        creator,
        payer,
        engine: pda::engine(&creator, args.id),
        system_program: SYSTEM_PROGRAM,
    };
    interface::create_engine(&accounts, args)
}

/// Creates or grows the registry by one step; signed by the authority.
pub fn grow_registry(keys: &EngineKeys, authority: Pubkey, payer: Pubkey, params: &GlobalParams) -> Instruction {
    let accounts = interface::GrowRegistry {
        authority,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        system_program: SYSTEM_PROGRAM,
    };
    interface::grow_registry(&accounts, GrowRegistryArgs { params: (*params).into() })
}

/// Creates or grows the board by one step.
pub fn grow_board(keys: &EngineKeys, payer: Pubkey) -> Instruction {
    let accounts =
        interface::GrowBoard { payer, engine: keys.engine, board: keys.board, system_program: SYSTEM_PROGRAM };
    interface::grow_board(&accounts)
}

/// Creates or grows the feed book by one step.
pub fn grow_feeds(keys: &EngineKeys, payer: Pubkey) -> Instruction {
    let accounts =
        interface::GrowFeeds { payer, engine: keys.engine, feeds: keys.feeds, system_program: SYSTEM_PROGRAM };
    interface::grow_feeds(&accounts)
}

/// Replaces the parameters.
pub fn update_params(keys: &EngineKeys, authority: Pubkey, params: &GlobalParams) -> Instruction {
    let accounts =
        interface::UpdateParams { authority, engine: keys.engine, registry: keys.registry, board: keys.board };
    interface::update_params(&accounts, UpdateParamsArgs { params: (*params).into() })
}

/// Pauses and ends pauses; signed by the authority, or by the guardian where it only pauses.
pub fn set_pause(keys: &EngineKeys, signer: Pubkey, args: SetPauseArgs) -> Instruction {
    let accounts = interface::SetPause { signer, engine: keys.engine, registry: keys.registry };
    interface::set_pause(&accounts, args)
}

/// [`set_pause`] for as long as the signer may.
pub fn pause(keys: &EngineKeys, signer: Pubkey, bits: u32) -> Instruction {
    set_pause(keys, signer, SetPauseArgs { add_bits: bits, remove_bits: 0, lasts_secs: None })
}

/// [`set_pause`] that ends pauses; signed by the authority.
pub fn unpause(keys: &EngineKeys, authority: Pubkey, bits: u32) -> Instruction {
    set_pause(keys, authority, SetPauseArgs { add_bits: 0, remove_bits: bits, lasts_secs: None })
}

/// Halts a price or ends its halt; signed by the authority, or by the guardian where it halts.
pub fn halt_price(keys: &EngineKeys, signer: Pubkey, args: HaltPriceArgs) -> Instruction {
    let accounts = interface::HaltPrice { signer, engine: keys.engine, board: keys.board };
    interface::halt_price(&accounts, args)
}

/// Switches a price to its standby or back, showing the account of the source that is switched to; signed by the risk
/// authority or the authority.
pub fn switch_source(keys: &EngineKeys, signer: Pubkey, source: Pubkey, args: SwitchSourceArgs) -> Instruction {
    let accounts = interface::SwitchSource {
        signer,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        feeds: keys.feeds,
        source,
    };
    interface::switch_source(&accounts, args)
}

/// Brings an account of the layout version before the program's to the program's; anyone may send it.
pub fn migrate_account(account: Pubkey) -> Instruction {
    let accounts = interface::MigrateAccount { account };
    interface::migrate_account(&accounts)
}

/// Registers a venue.
pub fn register_venue(keys: &EngineKeys, authority: Pubkey, payer: Pubkey, args: RegisterVenueArgs) -> Instruction {
    let accounts = interface::RegisterVenue {
        authority,
        payer,
        engine: keys.engine,
        registry: keys.registry,
        venue: keys.venue(&args.signer),
        system_program: SYSTEM_PROGRAM,
    };
    interface::register_venue(&accounts, args)
}

/// Changes what a venue may do.
pub fn update_venue(keys: &EngineKeys, authority: Pubkey, venue: Pubkey, args: UpdateVenueArgs) -> Instruction {
    let accounts = interface::UpdateVenue { authority, engine: keys.engine, registry: keys.registry, venue };
    interface::update_venue(&accounts, args)
}

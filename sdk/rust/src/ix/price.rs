//! Price slots.

use plimsoll_interface as interface;
pub use plimsoll_interface::args::Refresh;
use plimsoll_interface::args::{ListPriceArgs, UpdatePriceArgs};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::pda::EngineKeys;

/// Lists an underlying in the next free slot of the board.
pub fn list_price(keys: &EngineKeys, authority: Pubkey, args: ListPriceArgs) -> Instruction {
    let accounts = interface::ListPrice {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        feeds: keys.feeds,
    };
    interface::list_price(&accounts, args)
}

/// Changes a slot's sources, averages and calibration.
pub fn update_price(keys: &EngineKeys, authority: Pubkey, args: UpdatePriceArgs) -> Instruction {
    let accounts = interface::UpdatePrice {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        feeds: keys.feeds,
    };
    interface::update_price(&accounts, args)
}

/// Takes newer prices of several feeds into the board; anyone may send it.
pub fn refresh_price(keys: &EngineKeys, feeds: &[Refresh]) -> Instruction {
    let accounts = interface::RefreshPrice { registry: keys.registry, board: keys.board, feeds: keys.feeds };
    interface::refresh_price(&accounts, feeds)
}

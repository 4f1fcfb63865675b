//! Price slots.

use anchor_lang::prelude::Pubkey;
use plimsoll::instructions::{ListPriceArgs, RefreshEntry, RefreshPriceArgs, UpdatePriceArgs};
use plimsoll::{accounts, instruction};
use solana_instruction::{AccountMeta, Instruction};

use super::build;
use crate::pda::{self, EngineKeys, PROGRAM_ID};

/// Lists an underlying in the next free slot of the board.
pub fn list_price(keys: &EngineKeys, authority: Pubkey, args: ListPriceArgs) -> Instruction {
    let accounts = accounts::ListPrice {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        feeds: keys.feeds,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::ListPrice { args })
}

/// Changes a slot's sources, averages and calibration.
pub fn update_price(keys: &EngineKeys, authority: Pubkey, args: UpdatePriceArgs) -> Instruction {
    let accounts = accounts::UpdatePrice {
        authority,
        engine: keys.engine,
        registry: keys.registry,
        board: keys.board,
        feeds: keys.feeds,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::UpdatePrice { args })
}

/// One feed of a [`refresh_price`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Slot of the board.
    pub slot: u8,
    /// The primary's account.
    pub primary: Pubkey,
    /// The secondary's account, to be used if the primary is shown to be silent.
    pub secondary: Option<Pubkey>,
}

/// Takes newer prices of several feeds into the board; anyone may send it.
pub fn refresh_price(keys: &EngineKeys, feeds: &[Refresh]) -> Instruction {
    let accounts = accounts::RefreshPrice { registry: keys.registry, board: keys.board, feeds: keys.feeds };
    let entries =
        feeds.iter().map(|feed| RefreshEntry { slot: feed.slot, with_secondary: feed.secondary.is_some() }).collect();
    let mut refresh = build(accounts, instruction::RefreshPrice { args: RefreshPriceArgs { entries } });
    for feed in feeds {
        let oracles = [Some(feed.primary), feed.secondary];
        refresh.accounts.extend(oracles.into_iter().flatten().map(|key| AccountMeta::new_readonly(key, false)));
    }
    refresh
}

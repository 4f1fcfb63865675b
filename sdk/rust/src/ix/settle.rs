//! Settlement of PnL against a market's pool.

use anchor_lang::prelude::Pubkey;
use plimsoll::instructions::TakeWinArgs;
use plimsoll::{accounts, instruction};
use plimsoll_state::Registry;
use solana_instruction::Instruction;

use super::build;
use crate::pda::{self, EngineKeys, PROGRAM_ID};

/// Turns an account's PnL into quote, or the market's own claim into insurance where there is no account; anyone may
/// send it.
pub fn settle_pnl(keys: &EngineKeys, market: u8, margin_account: Option<Pubkey>) -> Instruction {
    let accounts = accounts::SettlePnl {
        margin_account,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
        quote_bank: keys.bank(Registry::QUOTE_BANK as u8).bank,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::SettlePnl {})
}

/// The owner leaves a market with a deficit for his share of its pool; of an account under water anyone takes all of it.
pub fn take_win(
    keys: &EngineKeys,
    market: u8,
    signer: Pubkey,
    margin_account: Pubkey,
    args: TakeWinArgs,
) -> Instruction {
    let accounts = accounts::TakeWin {
        signer,
        margin_account,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
        quote_bank: keys.bank(Registry::QUOTE_BANK as u8).bank,
        event_authority: pda::event_authority(),
        program: PROGRAM_ID,
    };
    build(accounts, instruction::TakeWin { args })
}

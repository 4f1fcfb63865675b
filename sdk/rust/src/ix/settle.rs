//! Settlement of PnL against a market's pool.

use plimsoll_interface as interface;
use plimsoll_interface::args::TakeWinArgs;
use plimsoll_state::Registry;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::pda::EngineKeys;

/// Turns an account's PnL into quote, or the market's own claim into insurance where there is no account; anyone may
/// send it.
pub fn settle_pnl(keys: &EngineKeys, market: u8, margin_account: Option<Pubkey>) -> Instruction {
    let accounts = interface::SettlePnl {
        margin_account,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
        quote_bank: keys.bank(Registry::QUOTE_BANK as u8).bank,
    };
    interface::settle_pnl(&accounts)
}

/// The owner leaves a market with a deficit for his share of its pool; of an account under water anyone takes all of it.
pub fn take_win(
    keys: &EngineKeys,
    market: u8,
    signer: Pubkey,
    margin_account: Pubkey,
    args: TakeWinArgs,
) -> Instruction {
    let accounts = interface::TakeWin {
        signer,
        margin_account,
        registry: keys.registry,
        board: keys.board,
        market: keys.market(market),
        quote_bank: keys.bank(Registry::QUOTE_BANK as u8).bank,
    };
    interface::take_win(&accounts, args.claim_atoms, args.all, args.min_paid_atoms)
}

//! Resolution of bankrupt accounts.

use plimsoll_interface as interface;
use plimsoll_interface::args::ResolveStep;
use plimsoll_state::Registry;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::pda::EngineKeys;

/// One step of a resolution; anyone may send it. The quote bank is passed with every step that can need it.
pub fn resolve_bankruptcy(keys: &EngineKeys, margin_account: Pubkey, step: ResolveStep) -> Instruction {
    let quote = Registry::QUOTE_BANK as u8;
    let (bank, market) = match step {
        ResolveStep::SeizeToken { bank } | ResolveStep::PayBorrow { bank } => (Some(bank), None),
        ResolveStep::SeizePnl { market } | ResolveStep::PayPnl { market } => (None, Some(market)),
        ResolveStep::Freeze | ResolveStep::Finish => (None, None),
    };
    let other = bank.filter(|bank| *bank != quote);
    let without_quote = match step {
        ResolveStep::SeizeToken { bank } => bank != quote,
        _ => false,
    };
    let accounts = interface::ResolveBankruptcy {
        margin_account,
        registry: keys.registry,
        board: keys.board,
        quote_bank: (!without_quote).then(|| keys.bank(quote).bank),
        bank: other.map(|bank| keys.bank(bank).bank),
        market: market.map(|market| keys.market(market)),
    };
    interface::resolve_bankruptcy(&accounts, step)
}

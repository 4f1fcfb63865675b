//! INV-64: the events of a run, and nothing else, rebuild every balance and position to the bit.

use anchor_lang::prelude::Pubkey;
use litesvm::types::TransactionMetadata;
use plimsoll::event::EngineEvent;
use plimsoll_sim::rebuild::Rebuilt;
use plimsoll_state::Bank;
use plimsoll_tests::*;

use super::run::Checked;

/// What there is before the first event that counts.
pub fn of(books: &Books) -> Rebuilt {
    Rebuilt {
        registry: books.registry.clone(),
        banks: banks(books),
        markets: books.markets.clone(),
        accounts: books.accounts.clone(),
    }
}

fn banks(books: &Books) -> Vec<Bank> {
    books.banks.iter().map(|(bank, _)| *bank).collect()
}

/// Applies the events of a transaction of this second.
///
/// # Errors
/// Where one does not follow from those before it.
pub fn apply(rebuilt: &mut Rebuilt, meta: &TransactionMetadata, now: i64) -> Checked {
    for data in event_data(meta) {
        let event = EngineEvent::decode(&data).ok_or("INV-64: an event that cannot be read")?;
        assert_eq!(event.engine(), Pubkey::from(rebuilt.registry.engine), "{}", event.name());
        rebuilt.apply(&event, now).map_err(|fact| format!("INV-64: {}: {fact}", event.name()))?;
    }
    Ok(())
}

/// Every balance and position is what the chain holds.
///
/// # Errors
/// The first that is not.
pub fn compare(rebuilt: &Rebuilt, real: &Books) -> Checked {
    rebuilt.compare(&banks(real), &real.markets, &real.accounts).map(drop).map_err(|fact| format!("INV-64: {fact}"))
}

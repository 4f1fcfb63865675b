//! Which events are asked for.

use solana_pubkey::Pubkey;

use super::{EngineEvent, RecordedEvent};
use crate::pda;

/// Which events; all of the program where nothing is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this engine.
    pub engine: Option<Pubkey>,
    /// That name this account: a margin account, a venue, a change, an owner.
    pub account: Option<Pubkey>,
}

impl Filter {
    /// Whether an event is asked for. One that cannot be read is of the engine and names the accounts that its bytes name.
    pub fn takes(&self, recorded: &RecordedEvent) -> bool {
        let is_of_engine = self.engine.is_none_or(|engine| match &recorded.event {
            Some(event) => event.engine() == engine,
            None => names(&recorded.bytes, &engine) || recorded.accounts.contains(&engine),
        });
        is_of_engine && self.account.is_none_or(|account| names_account(recorded, &account))
    }
}

fn names_account(recorded: &RecordedEvent, account: &Pubkey) -> bool {
    match &recorded.event {
        // The only event that names an account by its owner and number.
        Some(EngineEvent::MarginCalled(call))
            if pda::margin_account(&call.engine, &call.owner, call.id) == *account =>
        {
            true
        }
        Some(_) => names(&recorded.bytes, account),
        None => names(&recorded.bytes, account) || recorded.accounts.contains(account),
    }
}

/// Whether an address stands anywhere in an event: 32 bytes are no other number by chance.
fn names(bytes: &[u8], address: &Pubkey) -> bool {
    bytes.windows(32).any(|window| window == address.as_array())
}

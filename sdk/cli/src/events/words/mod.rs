//! What an event says of an account, in words.

mod bankruptcy;
mod funding;
mod liquidation;
mod money;
mod powers;
mod trading;

use plimsoll_rpc::history::ReadEvent;
use plimsoll_sdk::event::EngineEvent;
use solana_pubkey::Pubkey;

use super::{short, Known};

pub use funding::Told;

/// An event from the side of the account that it is told of.
struct Side<'a> {
    account: &'a Pubkey,
    known: &'a Known,
}

impl Side<'_> {
    fn is(&self, account: &Pubkey) -> bool {
        self.account == account
    }

    /// Another account or key, or nobody.
    fn other(&self, key: &Pubkey) -> String {
        if self.is(key) {
            "itself".to_owned()
        } else {
            short(key)
        }
    }
}

/// What happened to an account, a sentence without a full stop; `told` remembers what was told of it before.
pub fn told(read: &ReadEvent, account: &Pubkey, known: &Known, told: &mut Told) -> String {
    let Some(event) = &read.recorded.event else {
        return "something that this version cannot read".to_owned();
    };
    let side = Side { account, known };
    let words = money::words(event, &side)
        .or_else(|| trading::words(event, &side))
        .or_else(|| liquidation::words(event, &side))
        .or_else(|| bankruptcy::words(event, &side))
        .or_else(|| powers::words(event, &side));
    let words = words.unwrap_or_else(|| named(event));
    match told.funding(event, account) {
        Some((market, atoms)) => {
            let verb = if atoms < 0 { "paid" } else { "received" };
            format!("{words}; funding of {} since: {verb} {}", known.market(market), known.quote(atoms.abs()))
        }
        None => words,
    }
}

/// What names the account and is not told in words.
fn named(event: &EngineEvent) -> String {
    format!("is named in {}", event.name())
}

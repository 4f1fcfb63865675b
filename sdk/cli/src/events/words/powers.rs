//! Accounts and who may act on them.

use plimsoll_sdk::event::EngineEvent;
use plimsoll_sdk::ix::args::DelegateArgs;
use plimsoll_state::right;

use super::super::utc;
use super::{short, Side};

pub fn words(event: &EngineEvent, side: &Side<'_>) -> Option<String> {
    Some(match event {
        EngineEvent::AccountOpened(event) => {
            let delegate = event.delegate.map_or_else(String::new, |delegate| format!(", {}", named(&delegate, side)));
            format!("was opened as account {} of {}{delegate}", event.id, short(&event.owner))
        }
        EngineEvent::AccountClosed(event) => format!("was closed, its rent back to {}", short(&event.rent_payer)),
        EngineEvent::AccountMigrated(event) => format!("was brought to layout {}", event.version),
        EngineEvent::DelegateSet(event) => match &event.delegate {
            Some(delegate) => named(delegate, side),
            None => "its delegate was removed".to_owned(),
        },
        EngineEvent::VenueApproved(event) => format!(
            "let venue {} settle {} up to {} until {}",
            short(&event.venue),
            side.known.markets(event.markets),
            side.known.quote(event.notional_limit_atoms),
            utc(Some(event.expires_at))
        ),
        EngineEvent::VenueRevoked(event) => format!("took back its approval of venue {}", short(&event.venue)),
        _ => return None,
    })
}

fn named(delegate: &DelegateArgs, side: &Side<'_>) -> String {
    let names = [(right::LIQUIDATE, "liquidate"), (right::DEPOSIT, "deposit"), (right::TRADE, "trade")];
    let held: Vec<&str> = names.iter().filter(|(bit, _)| delegate.rights & bit != 0).map(|(_, name)| *name).collect();
    let may = if held.is_empty() { "nothing".to_owned() } else { held.join(", ") };
    let limit = match delegate.trade_limit_atoms_per_day {
        0 => String::new(),
        atoms => format!(" up to {} a day", side.known.quote(atoms)),
    };
    format!("named {} as delegate, who may {may}{limit}", short(&delegate.key))
}

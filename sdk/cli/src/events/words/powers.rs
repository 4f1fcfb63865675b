//! Accounts and who may act on them.

use plimsoll_sdk::event::EngineEvent;
use plimsoll_sdk::ix::args::DelegateArgs;

use super::super::utc;
use super::{short, Side};
use crate::rights::may;

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
    let limit = delegate.trade_limit_atoms_per_day;
    let may = may(delegate.rights, (limit > 0).then(|| side.known.quote(limit)));
    format!("named {} as delegate, who may {may}", short(&delegate.key))
}

//! What becomes of a bankrupt account.

use plimsoll_sdk::event::{BorrowResolved, EngineEvent, PnlResolved, PnlSeized};

use super::trading::forgone;
use super::Side;
use crate::amount::usd_pico;

pub fn words(event: &EngineEvent, side: &Side<'_>) -> Option<String> {
    Some(match event {
        EngineEvent::BankruptcyFrozen(event) => format!("was frozen as bankrupt: NAV {}", usd_pico(event.nav_usd_pico)),
        EngineEvent::TokenSeized(event) => {
            format!("{} went to insurance", side.known.tokens(event.bank.bank, event.atoms))
        }
        EngineEvent::PnlSeized(event) => seized(event, side),
        EngineEvent::InsuranceReserved(event) => {
            format!("insurance reserved {} for its debts", side.known.quote(event.reserved_atoms))
        }
        EngineEvent::BorrowResolved(event) => borrow(event, side),
        EngineEvent::PnlResolved(event) => pnl(event, side),
        EngineEvent::BankruptcyResolved(event) => match event.thawed {
            true => "was resolved: nothing is left and it is active again".to_owned(),
            false => "its last leg in the settlement token was resolved".to_owned(),
        },
        _ => return None,
    })
}

fn seized(event: &PnlSeized, side: &Side<'_>) -> String {
    let (market, quote) = (side.known.market(event.market.market), |atoms: u64| side.known.quote(atoms));
    let paid = match (event.from_pool_atoms, event.into_pool_atoms) {
        (0, 0) => "nothing moved".to_owned(),
        (0, paid) => format!("paid {}", quote(paid)),
        (received, _) => format!("received {}", quote(received)),
    };
    format!(
        "PnL of {market} was collected: {paid}{}{}",
        forgone(event.forgone_atoms, side),
        closed(event.closed_units, event.market.market, side)
    )
}

fn borrow(event: &BorrowResolved, side: &Side<'_>) -> String {
    let tokens = |atoms: u64| side.known.tokens(event.bank.bank, atoms);
    let paid = event.from_reserved_atoms.saturating_add(event.from_unreserved_atoms);
    format!(
        "debt of {} was resolved: insurance paid {}, depositors bore {}",
        tokens(event.owed_atoms),
        tokens(paid),
        tokens(event.socialized_atoms)
    )
}

fn pnl(event: &PnlResolved, side: &Side<'_>) -> String {
    let quote = |atoms: u64| side.known.quote(atoms);
    let paid = event.from_reserved_atoms.saturating_add(event.from_unreserved_atoms);
    format!(
        "loss of {} in {} was resolved: insurance paid {}, the other side bore {}{}",
        side.known.quote(i128::from(event.pnl_atoms).abs()),
        side.known.market(event.market.market),
        quote(paid),
        quote(event.charged_atoms),
        closed(event.closed_units, event.market.market, side)
    )
}

/// What was closed of a position.
fn closed(units: i64, market: u8, side: &Side<'_>) -> String {
    match units {
        0 => String::new(),
        units => format!(", {} closed", side.known.size(market, units)),
    }
}

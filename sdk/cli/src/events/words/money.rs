//! Tokens in and out.

use plimsoll_sdk::event::{EngineEvent, TokenMove};

use super::{short, Side};

pub fn words(event: &EngineEvent, side: &Side<'_>) -> Option<String> {
    let tokens = |moved: &TokenMove| side.known.tokens(moved.bank, moved.atoms);
    Some(match event {
        EngineEvent::Deposited(event) => {
            let repaid = if event.moved.borrow_shares_delta < 0 { ", which repaid debt first" } else { "" };
            format!("deposited {}{repaid}", tokens(&event.moved))
        }
        EngineEvent::Withdrawn(event) => {
            format!("withdrew {} to {}", tokens(&event.moved), short(&event.destination))
        }
        EngineEvent::Borrowed(event) => {
            let own = if event.moved.deposit_shares_delta < 0 { ", its deposit first" } else { "" };
            format!("borrowed {}{own}, to {}", tokens(&event.moved), short(&event.destination))
        }
        EngineEvent::Repaid(event) => {
            format!("repaid {}, paid by {}", tokens(&event.moved), short(&event.payer))
        }
        _ => return None,
    })
}

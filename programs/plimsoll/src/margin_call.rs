//! Calls an owner once where the account has entered the band above maintenance (CALL-1).

use anchor_lang::prelude::*;
use plimsoll_ledger::gate;
use plimsoll_risk::liquidate::{Assessment, Plan};
use plimsoll_risk::margin::{Priced, Slopes};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::Ppm;
use plimsoll_state::{Books, MarginAccount};

use crate::error::Result;
use crate::event::{send_or_log, MarginCalled, PriceDistance};

/// Records an observation, and calls the owner where the account was not in the band when it was last seen. The event is a
/// call by the program to itself where the instruction has the event authority, and logged where it has not.
///
/// # Errors
/// Those of the event.
#[inline(never)]
pub fn record(
    account: &mut MarginAccount,
    assessment: &Assessment,
    portfolio: &Portfolio,
    books: &Books<'_>,
    event_authority: Option<&AccountInfo<'_>>,
) -> Result<()> {
    if gate::record(account, assessment, portfolio) {
        call(account, assessment, portfolio, books, event_authority)?;
    }
    Ok(())
}

/// Records what a liquidation leaves. An owner who was not called yet is by the next observation, with what is then true.
#[inline(never)]
pub fn record_liquidated(account: &mut MarginAccount, plan: &Plan, after: &Portfolio) {
    gate::record_liquidated(account, plan, after);
}

#[cold]
#[inline(never)]
fn call(
    account: &MarginAccount,
    assessment: &Assessment,
    portfolio: &Portfolio,
    books: &Books<'_>,
    event_authority: Option<&AccountInfo<'_>>,
) -> Result<()> {
    let registry = books.registry;
    let price_of = |what| match what {
        Priced::Bank(bank) => Some(registry.bank(bank as usize)?.price_slot),
        Priced::Market(market) => Some(registry.market(market as usize)?.price_slot),
    };
    let slopes = Slopes::of(portfolio, &assessment.spot, &price_of);
    let distances: Vec<PriceDistance> =
        slopes.distances().map(|(slot, move_ppm)| PriceDistance { slot, move_ppm }).collect();
    let listed_bytes = core::mem::size_of_val(distances.as_slice());
    let event = MarginCalled {
        engine: Pubkey::new_from_array(account.engine),
        owner: Pubkey::new_from_array(account.owner),
        id: account.id,
        ratio_ppm: assessment.spot.ratio_ppm_down(Ppm::MAX).get(),
        distances,
    };
    send_or_log(event_authority, &event, listed_bytes)
}

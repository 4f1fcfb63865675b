//! Liquidations and calls.

use plimsoll_sdk::event::{CollateralLiquidated, EngineEvent, MarginCalled, PositionLiquidated};

use super::Side;
use crate::amount::{percent, ratio, show, usd_pico};

pub fn words(event: &EngineEvent, side: &Side<'_>) -> Option<String> {
    Some(match event {
        EngineEvent::CollateralLiquidated(event) => collateral(event, side),
        EngineEvent::PositionLiquidated(event) => position(event, side),
        EngineEvent::MarginCalled(event) => called(event, side),
        _ => return None,
    })
}

/// What a liquidation cost the account: nothing else in it changes what the account is worth at spot.
fn penalty(before_usd_pico: i128, after_usd_pico: i128, ppm: u32) -> String {
    format!("penalty {} ({})", usd_pico(before_usd_pico.saturating_sub(after_usd_pico)), percent(ppm))
}

fn collateral(event: &CollateralLiquidated, side: &Side<'_>) -> String {
    let taken = side.known.tokens(event.asset_bank, event.seized_atoms);
    let repaid = side.known.tokens(event.liability_bank, event.repaid_atoms);
    let debt = match event.market {
        u8::MAX => "debt".to_owned(),
        market => format!("loss in {}", side.known.market(market)),
    };
    let penalty = penalty(event.nav_before_usd_pico, event.nav_after_usd_pico, event.penalty_ppm);
    if side.is(&event.liquidatee) {
        format!("was liquidated: {taken} taken for {repaid} of {debt} by {}, {penalty}", side.other(&event.liquidator))
    } else {
        format!("liquidated {}: took {taken} for {repaid} of {debt}, {penalty}", side.other(&event.liquidatee))
    }
}

fn position(event: &PositionLiquidated, side: &Side<'_>) -> String {
    let direction = if event.long == 1 { "long" } else { "short" };
    let size = side.known.size(event.market, event.units);
    let notional = side.known.quote(event.notional_atoms);
    let penalty = penalty(event.nav_before_usd_pico, event.nav_after_usd_pico, event.penalty_ppm);
    if side.is(&event.liquidatee) {
        let liquidator = side.other(&event.liquidator);
        format!("was liquidated: {direction} {size} taken over at {notional} by {liquidator}, {penalty}")
    } else {
        let liquidatee = side.other(&event.liquidatee);
        format!("liquidated {liquidatee}: took over {direction} {size} at {notional}, {penalty}")
    }
}

fn called(event: &MarginCalled, side: &Side<'_>) -> String {
    let moves = event.distances.iter().map(|distance| {
        let (verb, ppm) =
            if distance.move_ppm < 0 { ("falls", -distance.move_ppm) } else { ("rises", distance.move_ppm) };
        format!("{} {verb} by {} %", side.known.price(distance.slot), show(ppm.into(), 4))
    });
    let moves: Vec<String> = moves.collect();
    let until = if moves.is_empty() { String::new() } else { format!("; at maintenance if {}", moves.join(" or ")) };
    format!("was called: margin ratio {}{until}", ratio(event.ratio_ppm))
}

//! Fills and settlements.

use plimsoll_sdk::event::{EngineEvent, FillSettled, PnlSettled, PositionTouched};

use super::Side;

pub fn words(event: &EngineEvent, side: &Side<'_>) -> Option<String> {
    Some(match event {
        EngineEvent::FillSettled(fill) => filled(fill, side),
        EngineEvent::PnlSettled(settled) => settled_pnl(settled, side),
        EngineEvent::PositionTouched(touched) => written_off(touched, side),
        _ => return None,
    })
}

fn filled(fill: &FillSettled, side: &Side<'_>) -> String {
    let (verb, preposition, other) =
        if side.is(&fill.buyer) { ("bought", "from", &fill.seller) } else { ("sold", "to", &fill.buyer) };
    let (size, quote) = (side.known.size(fill.market, fill.base_units), side.known.quote(fill.quote_atoms));
    let fee = match fill.fee_atoms {
        0 => String::new(),
        atoms => format!(", fee {}", side.known.quote(atoms)),
    };
    format!("{verb} {size} for {quote} {preposition} {}{fee}", side.other(other))
}

fn settled_pnl(settled: &PnlSettled, side: &Side<'_>) -> String {
    let market = side.known.market(settled.market);
    let quote = side.known.quote(i128::from(settled.quote_atoms).abs());
    let moved = match settled.quote_atoms {
        0 => "nothing moved".to_owned(),
        ..0 => format!("paid {quote}"),
        1.. => format!("received {quote}"),
    };
    format!("settled PnL of {market}: {moved}{}", forgone(settled.forgone_atoms, side))
}

fn written_off(touched: &PositionTouched, side: &Side<'_>) -> String {
    let base = match touched.written_off_units {
        0 => format!("{} was brought up to date", side.known.market(touched.market)),
        units => format!("{} was written off: nobody held the other side", side.known.size(touched.market, units)),
    };
    format!("{base}{}", forgone(touched.forgone_atoms, side))
}

/// What of a gain nothing covered.
pub fn forgone(atoms: u64, side: &Side<'_>) -> String {
    match atoms {
        0 => String::new(),
        atoms => format!(", {} given up", side.known.quote(atoms)),
    }
}

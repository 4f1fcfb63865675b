//! What anybody can take and set now: the powers over an engine, and the limits of its banks and markets.

use plimsoll_risk::breaker::{AUTHORITY_PAUSE, GUARDIAN_TERMS};
use plimsoll_risk::ratchet::{EXECUTION_WINDOW, RAISE_INTERVAL};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_sdk::change::ramps;
use plimsoll_state::{Bank, BreakerReading, Registry};
use solana_pubkey::Pubkey;

use super::change::span;
use crate::amount::{percent, show};
use crate::context::Loaded;
use crate::names::name_of;
use crate::output::Report;

/// Who can do what to users, with the engine's values of now.
pub fn powers(loaded: &Loaded) -> Report {
    let (engine, registry) = (&loaded.accounts.engine, &loaded.accounts.registry);
    let (waits, changes) = (!registry.is_set_up_freely(), &registry.params().changes);
    let (guardian, authority) = (span(GUARDIAN_TERMS.lasts.get()), span(AUTHORITY_PAUSE.get()));
    let pauses = format!("pause and halt prices for {authority} at a time, end pauses; cancel changes");
    let stops = format!(
        "pause and halt prices for {guardian} at a time, {} in a row, then not for {}; cancel changes",
        GUARDIAN_TERMS.most,
        span(GUARDIAN_TERMS.rest.get()),
    );
    let tightens = "set what tightens and liquidates nobody; begin ramps of what can liquidate";
    let (all, proposed) = if waits {
        (format!("{tightens}; {pauses}"), "everything else")
    } else {
        ("everything: nothing waits yet".to_owned(), "nothing")
    };
    let key = |bytes: [u8; 32]| Pubkey::new_from_array(bytes).to_string();
    let rows = vec![
        vec!["authority".to_owned(), key(engine.authority), all, proposed.to_owned()],
        vec!["risk authority".into(), key(engine.risk_authority), tightens.into(), "everything else".into()],
        vec!["guardian".into(), key(engine.guardian), stops, "nothing".into()],
        vec!["fee collector".into(), key(engine.fee_collector), "take the protocol's fees".into(), "nothing".into()],
        vec![
            "anyone".into(),
            String::new(),
            "execute what is due, move ramps, clear away what has expired".into(),
            "nothing".into(),
        ],
    ];
    let first_cap = format!("${}", changes.first_cap_usd);
    let facts = vec![
        ("launched", if registry.launched == 1 { "yes" } else { "no: nobody can have an account" }.to_owned()),
        ("a change waits", span(registry.change_delay().get())),
        ("and can be executed for", span(EXECUTION_WINDOW.get())),
        ("a weight that can liquidate moves an hour by", percent(changes.weight_ramp_ppm_per_hour)),
        ("a rate that can liquidate moves an hour by", percent(changes.rate_ramp_ppm_per_hour)),
        ("caps of what is new are worth at most", first_cap),
        ("a cap doubles at most every", span(RAISE_INTERVAL.get())),
        ("changes proposed so far", engine.changes_proposed.to_string()),
        ("ramps under way", ramps(registry).len().to_string()),
    ];
    Report::default().with_facts("engine", facts).with_rows("powers", &["role", "key", "at once", "in public"], rows)
}

/// How much can leave, be drawn and be raised now, and how near each breaker is to tripping.
pub fn limits(loaded: &Loaded) -> Report {
    let banks = (0..loaded.accounts.banks.len() as u8).map(|bank| bank_row(loaded, bank)).collect();
    let markets = (0..loaded.accounts.markets.len() as u8).map(|market| market_row(loaded, market)).collect();
    let of_banks = [
        "bank",
        "may leave an hour",
        "may leave a day",
        "draws left, a bankruptcy",
        "draws left today, own debts",
        "deposit cap",
        "borrow cap",
        "caps may rise",
    ];
    let of_markets = ["market", "draws left today", "open interest cap", "cap may rise"];
    Report::default().with_rows("banks", &of_banks, banks).with_rows("markets", &of_markets, markets).with_rows(
        "breakers",
        &["of", "trips by", "within an hour", "beyond", "state"],
        breaker_rows(loaded),
    )
}

/// What was liquidated and drawn within the hour, what trips a breaker, and until when one stands.
fn breaker_rows(loaded: &Loaded) -> Vec<Vec<String>> {
    let (accounts, now) = (&loaded.accounts, UnixSecs::new(loaded.accounts.now));
    let params = accounts.registry.params().breakers;
    let row = |of: String, by: &str, decimals: u8, reading: &BreakerReading| {
        let [seen, beyond] =
            [reading.seen, reading.beyond.unwrap_or(u64::MAX)].map(|size| shown(Atoms::new(size), decimals));
        vec![of, by.to_owned(), seen, beyond, stands(reading.until, now)]
    };
    let banks = accounts.banks.iter().flat_map(|bank| {
        let slot = &accounts.registry.banks[bank.index as usize];
        let name = name_of(&loaded.names.banks, bank.index);
        let liquidated = bank.liquidated_reading(params.liquidated_debts(), now);
        let drawn = bank.drawn_reading(slot, params.drawn_insurance(), now);
        [
            row(name.clone(), "debts liquidated", bank.decimals, &liquidated),
            row(name, "insurance drawn", bank.decimals, &drawn),
        ]
    });
    let markets = accounts.markets.iter().map(|market| {
        let slot = &accounts.registry.markets[market.index as usize];
        let liquidated = market.liquidated_reading(slot, params.liquidated_positions(), now);
        row(name_of(&loaded.names.markets, market.index), "positions liquidated", slot.base_decimals, &liquidated)
    });
    banks.chain(markets).collect()
}

/// Whether a breaker stands, and until when.
fn stands(until: Option<UnixSecs>, now: UnixSecs) -> String {
    match until {
        Some(until) => format!("nobody adds risk until {} (for {})", until.get(), span(until.elapsed_since(now).get())),
        None => "open".to_owned(),
    }
}

/// When a cap may rise that last rose then.
fn rises(raised_at: i64, now: UnixSecs) -> String {
    let raised_at = UnixSecs::new(raised_at);
    let since = now.elapsed_since(raised_at).get();
    if !raised_at.is_set() || since >= RAISE_INTERVAL.get() {
        return "now, to twice what it is".to_owned();
    }
    format!("in {}", span(RAISE_INTERVAL.get().saturating_sub(since)))
}

/// So many atoms, or that there is no limit.
pub fn shown(atoms: Atoms, decimals: u8) -> String {
    if atoms == Atoms::MAX {
        return "unlimited".to_owned();
    }
    show(atoms.get() as i128, decimals as u32)
}

fn bank_row(loaded: &Loaded, bank: u8) -> Vec<String> {
    let (account, decimals) = (&loaded.accounts.banks[bank as usize], loaded.decimals(bank));
    let (params, now) = (&loaded.accounts.registry.params().draws, UnixSecs::new(loaded.accounts.now));
    let (caps, limits) = (&account.caps, account.limits(params, now));
    let leaves = |window: usize| match limits.leaves[window] {
        Some(room) => format!("{} of {}", shown(room.atoms, decimals), shown(room.most, decimals)),
        None => "unlimited".to_owned(),
    };
    vec![
        name_of(&loaded.names.banks, bank),
        leaves(0),
        leaves(1),
        shown(limits.event_draw, decimals),
        shown(limits.own_draw, decimals),
        shown(Atoms::new(caps.deposit_cap_atoms), decimals),
        shown(Atoms::new(caps.borrow_cap_atoms), decimals),
        rises(account.cap_raised_at, now),
    ]
}

fn market_row(loaded: &Loaded, market: u8) -> Vec<String> {
    let (account, accounts) = (&loaded.accounts.markets[market as usize], &loaded.accounts);
    let (params, now) = (&accounts.registry.params().draws, UnixSecs::new(accounts.now));
    let quote = &accounts.banks[Registry::QUOTE_BANK];
    let drawn = account.drawn.total(now, Bank::SOURCE_WINDOW_SECS);
    let decimals = accounts.registry.markets[market as usize].base_decimals;
    vec![
        name_of(&loaded.names.markets, market),
        shown(quote.drawable(now).source_room_down(params, drawn), loaded.quote_decimals()),
        show(account.caps.open_interest_cap_units as i128, decimals as u32),
        rises(account.cap_raised_at, now),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_rises_once_a_day_and_a_breaker_ends_by_itself() {
        let now = UnixSecs::new(1_760_000_000);
        assert_eq!(rises(0, now), "now, to twice what it is");
        assert_eq!(rises(now.get() - 86_400, now), "now, to twice what it is");
        assert_eq!(rises(now.get() - 3_600, now), "in 23.0 h");
        let until = UnixSecs::new(now.get() + 300);
        assert_eq!(stands(Some(until), now), "nobody adds risk until 1760000300 (for 5.0 min)");
        assert_eq!(stands(None, now), "open");
        assert_eq!(shown(Atoms::MAX, 6), "unlimited");
        assert_eq!(shown(Atoms::new(1_500_000), 6), "1.5");
    }
}

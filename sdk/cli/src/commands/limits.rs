//! What anybody can take and set now: the powers over an engine, and the limits of its banks and markets.

use plimsoll_risk::breaker::{AUTHORITY_PAUSE, GUARDIAN_TERMS};
use plimsoll_risk::ratchet::{EXECUTION_WINDOW, RAISE_INTERVAL};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_sdk::change::ramps;
use plimsoll_state::{Bank, BreakerReading, Registry};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::bank::Leaves;
use super::change::span;
use crate::amount::percent;
use crate::answer::Answer;
use crate::context::Loaded;
use crate::names::name_of;
use crate::quantity::{Amount, Size};
use crate::row;
use crate::text::Text;

/// Who can do what to users.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Powers {
    /// Whether anybody can have an account.
    pub launched: bool,
    /// How long a change waits.
    pub change_waits_secs: u64,
    /// For how long it can be executed afterwards.
    pub executable_for_secs: u64,
    /// How far a weight that can liquidate moves within an hour.
    pub weight_ramp_ppm_an_hour: u32,
    /// How far a rate that can liquidate does.
    pub rate_ramp_ppm_an_hour: u32,
    /// What caps of what is new are worth at most, whole dollars.
    pub first_cap_whole_usd: u64,
    /// How often a cap may double.
    pub cap_doubles_every_secs: u64,
    /// How many changes were ever proposed.
    pub changes_proposed: u64,
    /// How many ramps are under way.
    pub ramps_under_way: usize,
    /// Role by role.
    pub powers: Vec<Power>,
}

/// What a role may do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Power {
    /// The role.
    pub role: String,
    /// Who has it; null where anybody may.
    pub key: Option<String>,
    /// What it does at once.
    pub at_once: String,
    /// What has to wait in public.
    pub in_public: String,
}

impl Answer for Powers {
    fn text(&self) -> Text {
        let launched = if self.launched { "yes" } else { "no: nobody can have an account" };
        let facts = vec![
            ("launched", launched.into()),
            ("a change waits", span(self.change_waits_secs).into()),
            ("and can be executed for", span(self.executable_for_secs).into()),
            ("a weight that can liquidate moves an hour by", percent(self.weight_ramp_ppm_an_hour).into()),
            ("a rate that can liquidate moves an hour by", percent(self.rate_ramp_ppm_an_hour).into()),
            ("caps of what is new are worth at most", format!("${}", self.first_cap_whole_usd).into()),
            ("a cap doubles at most every", span(self.cap_doubles_every_secs).into()),
            ("changes proposed so far", self.changes_proposed.into()),
            ("ramps under way", self.ramps_under_way.into()),
        ];
        let rows =
            self.powers.iter().map(|of| row![of.role, of.key.as_deref().unwrap_or(""), of.at_once, of.in_public]);
        Text::default().facts(facts).rows(&["role", "key", "at once", "in public"], rows.collect())
    }
}

/// Who can do what to users, with the engine's values of now.
pub fn powers(loaded: &Loaded) -> Powers {
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
    let key = |bytes: [u8; 32]| Some(Pubkey::new_from_array(bytes).to_string());
    let power = |role: &str, key: Option<String>, at_once: &str, in_public: &str| Power {
        role: role.to_owned(),
        key,
        at_once: at_once.to_owned(),
        in_public: in_public.to_owned(),
    };
    let anyone = "execute what is due, move ramps, clear away what has expired";
    Powers {
        launched: registry.launched == 1,
        change_waits_secs: registry.change_delay().get(),
        executable_for_secs: EXECUTION_WINDOW.get(),
        weight_ramp_ppm_an_hour: changes.weight_ramp_ppm_per_hour,
        rate_ramp_ppm_an_hour: changes.rate_ramp_ppm_per_hour,
        first_cap_whole_usd: changes.first_cap_usd.into(),
        cap_doubles_every_secs: RAISE_INTERVAL.get(),
        changes_proposed: engine.changes_proposed,
        ramps_under_way: ramps(registry).len(),
        powers: vec![
            power("authority", key(engine.authority), &all, proposed),
            power("risk authority", key(engine.risk_authority), tightens, "everything else"),
            power("guardian", key(engine.guardian), &stops, "nothing"),
            power("fee collector", key(engine.fee_collector), "take the protocol's fees", "nothing"),
            power("anyone", None, anyone, "nothing"),
        ],
    }
}

/// How much can leave, be drawn and be raised now, and how near each breaker is to tripping.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Limits {
    /// Of banks.
    pub banks: Vec<BankLimits>,
    /// Of markets.
    pub markets: Vec<MarketLimits>,
    /// Breakers of both.
    pub breakers: Vec<Breaker>,
    #[serde(skip)]
    now: i64,
}

/// Limits of a bank.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BankLimits {
    /// The bank.
    pub bank: String,
    /// What may leave within an hour.
    pub leaves_an_hour: Leaves,
    /// What may leave within a day.
    pub leaves_a_day: Leaves,
    /// What one bankruptcy may still draw of its insurance.
    pub draw_an_event: Amount,
    /// What its own debts may still draw today.
    pub draw_today: Amount,
    /// Most that may be deposited.
    pub deposit_cap: Amount,
    /// Most that may be borrowed.
    pub borrow_cap: Amount,
    /// In how many seconds its caps may rise to twice what they are.
    pub caps_rise_in_secs: u64,
}

/// Limits of a market.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MarketLimits {
    /// The market.
    pub market: String,
    /// What it may still draw of insurance today.
    pub draw_today: Amount,
    /// Most that may be open on a side.
    pub open_interest_cap: Size,
    /// In how many seconds its cap may rise to twice what it is.
    pub cap_rises_in_secs: u64,
}

/// A breaker of a bank or a market.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Breaker {
    /// The bank or market.
    pub of: String,
    /// What trips it.
    pub trips_by: TripsBy,
    /// How much of that there was within the hour: tokens of the bank, or base of the market.
    pub within_an_hour: Amount,
    /// More than this trips it.
    pub beyond: Amount,
    /// Until when nobody adds risk; null where it does not stand.
    pub stands_until_unix_secs: Option<i64>,
}

/// What trips a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripsBy {
    /// Debts of a bank that were liquidated.
    DebtsLiquidated,
    /// Insurance of a bank that was drawn.
    InsuranceDrawn,
    /// Positions of a market that were liquidated.
    PositionsLiquidated,
}

impl TripsBy {
    const fn words(self) -> &'static str {
        match self {
            Self::DebtsLiquidated => "debts liquidated",
            Self::InsuranceDrawn => "insurance drawn",
            Self::PositionsLiquidated => "positions liquidated",
        }
    }
}

impl Answer for Limits {
    fn text(&self) -> Text {
        let banks = self.banks.iter().map(|of| {
            let (hour, day) = (of.leaves_an_hour.text(), of.leaves_a_day.text());
            let (event, today) = (of.draw_an_event.text(), of.draw_today.text());
            let (deposits, borrows) = (of.deposit_cap.text(), of.borrow_cap.text());
            row![of.bank, hour, day, event, today, deposits, borrows, rises(of.caps_rise_in_secs)]
        });
        let markets = self
            .markets
            .iter()
            .map(|of| row![of.market, of.draw_today.text(), of.open_interest_cap.text(), rises(of.cap_rises_in_secs)]);
        let breakers = self.breakers.iter().map(|of| {
            let (seen, beyond) = (of.within_an_hour.text(), of.beyond.text());
            row![of.of, of.trips_by.words(), seen, beyond, stands(of.stands_until_unix_secs, self.now)]
        });
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
        Text::default()
            .rows(&of_banks, banks.collect())
            .rows(&of_markets, markets.collect())
            .rows(&["of", "trips by", "within an hour", "beyond", "state"], breakers.collect())
    }
}

/// How much can leave, be drawn and be raised now, and how near each breaker is to tripping.
pub fn limits(loaded: &Loaded) -> Limits {
    Limits {
        banks: (0..loaded.accounts.banks.len() as u8).map(|bank| bank_limits(loaded, bank)).collect(),
        markets: (0..loaded.accounts.markets.len() as u8).map(|market| market_limits(loaded, market)).collect(),
        breakers: breakers(loaded),
        now: loaded.accounts.now,
    }
}

/// What was liquidated and drawn within the hour, what trips a breaker, and until when one stands.
fn breakers(loaded: &Loaded) -> Vec<Breaker> {
    let (accounts, now) = (&loaded.accounts, UnixSecs::new(loaded.accounts.now));
    let params = accounts.registry.params().breakers;
    let breaker = |of: &String, trips_by, decimals: u8, reading: &BreakerReading| Breaker {
        of: of.clone(),
        trips_by,
        within_an_hour: Amount::of(reading.seen, decimals),
        beyond: Amount::limit(Atoms::new(reading.beyond.unwrap_or(u64::MAX)), decimals),
        stands_until_unix_secs: reading.until.map(UnixSecs::get),
    };
    let banks = accounts.banks.iter().flat_map(|bank| {
        let slot = &accounts.registry.banks[bank.index as usize];
        let name = name_of(&loaded.names.banks, bank.index);
        let liquidated = bank.liquidated_reading(params.liquidated_debts(), now);
        let drawn = bank.drawn_reading(slot, params.drawn_insurance(), now);
        [
            breaker(&name, TripsBy::DebtsLiquidated, bank.decimals, &liquidated),
            breaker(&name, TripsBy::InsuranceDrawn, bank.decimals, &drawn),
        ]
    });
    let markets = accounts.markets.iter().map(|market| {
        let slot = &accounts.registry.markets[market.index as usize];
        let liquidated = market.liquidated_reading(slot, params.liquidated_positions(), now);
        let name = name_of(&loaded.names.markets, market.index);
        breaker(&name, TripsBy::PositionsLiquidated, slot.base_decimals, &liquidated)
    });
    banks.chain(markets).collect()
}

/// Whether a breaker stands, and until when.
fn stands(until: Option<i64>, now: i64) -> String {
    match until {
        Some(until) => {
            format!("nobody adds risk until {until} (for {})", span(until.saturating_sub(now).unsigned_abs()))
        }
        None => "open".to_owned(),
    }
}

/// When a cap may rise that may in so many seconds.
fn rises(in_secs: u64) -> String {
    if in_secs == 0 {
        "now, to twice what it is".to_owned()
    } else {
        format!("in {}", span(in_secs))
    }
}

/// In how many seconds a cap may rise that last rose then.
fn rises_in(raised_at: i64, now: UnixSecs) -> u64 {
    let raised_at = UnixSecs::new(raised_at);
    if !raised_at.is_set() {
        return 0;
    }
    RAISE_INTERVAL.get().saturating_sub(now.elapsed_since(raised_at).get())
}

fn bank_limits(loaded: &Loaded, bank: u8) -> BankLimits {
    let (account, decimals) = (&loaded.accounts.banks[bank as usize], loaded.decimals(bank));
    let (params, now) = (&loaded.accounts.registry.params().draws, UnixSecs::new(loaded.accounts.now));
    let (caps, limits) = (&account.caps, account.limits(params, now));
    let limit = |atoms: Atoms| Amount::limit(atoms, decimals);
    let leaves = |window: usize| match limits.leaves[window] {
        Some(room) => Leaves { left: limit(room.atoms), most: limit(room.most) },
        None => Leaves { left: limit(Atoms::MAX), most: limit(Atoms::MAX) },
    };
    BankLimits {
        bank: name_of(&loaded.names.banks, bank),
        leaves_an_hour: leaves(0),
        leaves_a_day: leaves(1),
        draw_an_event: limit(limits.event_draw),
        draw_today: limit(limits.own_draw),
        deposit_cap: limit(Atoms::new(caps.deposit_cap_atoms)),
        borrow_cap: limit(Atoms::new(caps.borrow_cap_atoms)),
        caps_rise_in_secs: rises_in(account.cap_raised_at, now),
    }
}

fn market_limits(loaded: &Loaded, market: u8) -> MarketLimits {
    let (account, accounts) = (&loaded.accounts.markets[market as usize], &loaded.accounts);
    let (params, now) = (&accounts.registry.params().draws, UnixSecs::new(accounts.now));
    let quote = &accounts.banks[Registry::QUOTE_BANK];
    let drawn = account.drawn.total(now, Bank::SOURCE_WINDOW_SECS);
    let decimals = accounts.registry.markets[market as usize].base_decimals;
    MarketLimits {
        market: name_of(&loaded.names.markets, market),
        draw_today: Amount::limit(quote.drawable(now).source_room_down(params, drawn), loaded.quote_decimals()),
        open_interest_cap: Size::of(account.caps.open_interest_cap_units, decimals),
        cap_rises_in_secs: rises_in(account.cap_raised_at, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_rises_once_a_day_and_a_breaker_ends_by_itself() {
        let now = UnixSecs::new(1_760_000_000);
        let rises_of = |raised_at: i64| rises(rises_in(raised_at, now));
        assert_eq!(rises_of(0), "now, to twice what it is");
        assert_eq!(rises_of(now.get() - 86_400), "now, to twice what it is");
        assert_eq!(rises_of(now.get() - 3_600), "in 23.0 h");
        assert_eq!(stands(Some(now.get() + 300), now.get()), "nobody adds risk until 1760000300 (for 5.0 min)");
        assert_eq!(stands(None, now.get()), "open");
    }
}

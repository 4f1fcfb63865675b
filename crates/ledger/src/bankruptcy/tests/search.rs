//! The search for dead ends: small accounts of every kind, at many NAVs, each of which must be healthy, or liquidatable,
//! or resolvable, or wait for an event that has a name and a bound in time, after which it moves on.

mod legs;
mod stand;

use crate::token;
use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use plimsoll_risk::margin::margins;
use plimsoll_risk::portfolio::{LegPrices, Portfolio, PriceKind};
use plimsoll_risk::units::{SignedAtoms, SignedBaseUnits};
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_risk::RiskError;

use stand::{market_feed, Feed, Stand, NOW, PARAMS};

/// What an account that can neither be liquidated nor resolved now may wait for, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The cool-off after an initial check: 2 s.
    CoolOff,
    /// The best-leg rule of the auction ends: 100 s of observation.
    BestLegRule,
    /// The fast average comes to the price: a few of its time constants.
    FastAverage,
    /// A silent feed speaks, or has been silent for hours: 4 h.
    SilentFeed,
    /// Wind-down has stood at its ceiling: 300 s of observation.
    WindDown,
    /// `settle_pnl` or an exit pays a claim once losers have paid, which each can be made to.
    Claim,
    /// A dead feed returns. Only a solvent account waits for it: by its favourable edge nobody has lost anything.
    DeadFeed,
}

/// Where an account ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Healthy,
    Resolved,
    /// Solvent, and all it holds or owes is at or below dust, so that no whole atom of the asset pays for the debt.
    Crumbs,
}

/// Runs an account to its end by what anybody may do.
fn run(stand: &mut Stand) -> Result<(End, Vec<Event>), String> {
    let mut events = Vec::new();
    for _ in 0..80 {
        let (portfolio, assessment) = stand.observe();
        let verdict = check_bankrupt(&portfolio, &assessment);
        if verdict.is_ok() {
            if stand.resolve()? {
                events.push(Event::SilentFeed);
            }
            return Ok((End::Resolved, events));
        }
        if !assessment.spot.is_under_water() {
            return Ok((End::Healthy, events));
        }
        let refused = match stand.plan(&portfolio) {
            Ok((leg, plan)) => {
                stand.fill(leg, &plan);
                continue;
            }
            Err(refused) => refused,
        };
        let Some(event) = next_event(stand, &portfolio, verdict, &refused) else {
            if is_crumbs(&portfolio) {
                return Ok((End::Crumbs, events));
            }
            return Err(format!("{verdict:?} {refused:?} {portfolio:?}"));
        };
        if events.iter().filter(|seen| **seen == event).count() > 3 {
            return Err(format!("{event:?} again and again: {verdict:?} {refused:?} {portfolio:?}"));
        }
        events.push(event);
        wait_for(stand, event);
    }
    Err(format!("does not end: {events:?}"))
}

/// What a leg of any kind waits for of its prices.
struct Awaited {
    stale: bool,
    stale_for_hours: bool,
    /// The fast average has not reached the held price.
    differs: bool,
}

impl Awaited {
    fn of<Worth: Copy + PartialEq, Unit: Copy + PartialEq>(prices: &LegPrices<Worth, Unit>) -> Self {
        Self { stale: prices.stale, stale_for_hours: prices.stale_for_hours, differs: prices.fast != prices.spot }
    }
}

fn next_event(
    stand: &Stand,
    portfolio: &Portfolio,
    verdict: Result<(), RiskError>,
    refused: &[(plimsoll_risk::liquidate::Leg, RiskError)],
) -> Option<Event> {
    let says = |reason| refused.iter().any(|(_, refusal)| *refusal == reason);
    let prices = || {
        let quote = (portfolio.quote.amount_atoms != SignedAtoms::ZERO || portfolio.perp_count != 0)
            .then_some(Awaited::of(&portfolio.quote.prices));
        let legs = portfolio.tokens().iter().map(|leg| Awaited::of(&leg.prices));
        // No price values a leg without a base, so nobody waits for one.
        let bases = portfolio
            .perps()
            .iter()
            .filter(|leg| leg.units != SignedBaseUnits::ZERO)
            .map(|leg| Awaited::of(&leg.prices));
        legs.chain(bases).chain(quote)
    };
    let nav = margins(portfolio, PriceKind::Spot, true).nav.max(margins(portfolio, PriceKind::Fast, true).nav);
    if says(RiskError::CoolOff) {
        Some(Event::CoolOff)
    } else if verdict == Err(RiskError::PerpsRemain) {
        Some(Event::WindDown)
    } else if says(RiskError::NotBestLeg) {
        Some(Event::BestLegRule)
    } else if prices().any(|leg| !leg.stale && leg.differs) {
        Some(Event::FastAverage)
    } else if prices().any(|leg| leg.stale && !leg.stale_for_hours) {
        Some(Event::SilentFeed)
    } else if stand.claim().is_some() {
        Some(Event::Claim)
    } else if !nav.is_negative() && prices().any(|leg| leg.stale_for_hours) {
        Some(Event::DeadFeed)
    } else {
        None
    }
}

fn wait_for(stand: &mut Stand, event: Event) {
    let watch = |stand: &mut Stand, secs: u32| {
        for _ in 0..secs.div_ceil(30) + 1 {
            stand.pass(30);
            stand.observe();
        }
    };
    match event {
        Event::CoolOff => stand.pass(PARAMS.observation.cool_off_secs as i64),
        Event::BestLegRule => watch(stand, PARAMS.auction.auction_secs + PARAMS.legs.best_leg_end_secs),
        Event::FastAverage => stand.pass(10),
        Event::SilentFeed => stand.pass(PARAMS.wind_down.stale_asset_secs as i64 + 1),
        Event::WindDown => watch(stand, PARAMS.wind_down.wind_down_secs + PARAMS.wind_down.wind_down_close_secs),
        Event::Claim => {
            let market = stand.claim().expect("the event says so");
            stand.settle_claim(market);
        }
        Event::DeadFeed => {
            stand.alive.fill(true);
            stand.pass(1);
        }
    }
}

/// Nothing of the account is worth more than dust.
fn is_crumbs(portfolio: &Portfolio) -> bool {
    let value =
        |leg: &plimsoll_risk::portfolio::TokenLeg| leg.prices.spot.value_up(leg.amount_atoms.unsigned_abs()).get();
    let tokens =
        portfolio.tokens().iter().chain([&portfolio.quote]).all(|leg| value(leg) <= PARAMS.legs.dust_usd_micro);
    let bases = portfolio.perps().iter().any(|leg| leg.units != SignedBaseUnits::ZERO);
    tokens && !bases && margins(portfolio, PriceKind::Spot, true).nav.get() >= 0
}

use Feed::{Dead, Fresh, Silent};

/// Cents of a token and the state of its feed.
type Token = (i64, Feed);
/// Dollars of notional, PnL in atoms, the state of the feed.
type Perp = (i64, i64, Feed);

const GOOD: [Token; 8] = [
    (0, Fresh),
    (100_000, Fresh),
    (100_000, Silent),
    (100_000, Dead),
    (1_100, Silent),
    (500, Fresh),
    (-90_000, Fresh),
    (-90_000, Silent),
];
const OTHER: [Token; 6] =
    [(0, Fresh), (40_000, Fresh), (40_000, Silent), (-45_000, Fresh), (-45_000, Dead), (-600, Fresh)];
const WEIGHTLESS: [Token; 3] = [(0, Fresh), (30_000, Fresh), (-30_000, Silent)];
const FIRST: [Perp; 9] = [
    (0, 0, Fresh),
    (0, -2, Dead),
    (0, -400_000_000, Dead),
    (0, 300_000_000, Fresh),
    (5_000, -300_000_000, Fresh),
    (-5_000, -300_000_000, Silent),
    (5_000, 200_000_000, Dead),
    (-5_000, 200_000_000, Fresh),
    (100, 0, Silent),
];
const SECOND: [Perp; 4] =
    [(0, 0, Fresh), (0, 250_000_000, Fresh), (0, -250_000_000, Silent), (2_000, -50_000_000, Fresh)];
/// NAV at plain prices, cents: quote makes it so.
const NAVS: [i64; 8] = [-150_000, -4_000, -100, 0, 20, 2_500, 9_000, 30_000];

/// Everything around the account that is not its balances.
#[derive(Clone, Copy, Debug)]
struct Around {
    quote: Feed,
    /// The fast averages of the first token and the first market, percent of the price.
    fast: u64,
    full: bool,
    cool: bool,
    /// Both markets hold a quarter of what they owe.
    deficit: bool,
    /// No bank or market takes what grows.
    closed: bool,
}

const AROUND: [Around; 11] = [
    Around { quote: Fresh, fast: 100, full: false, cool: false, deficit: false, closed: false },
    Around { quote: Silent, fast: 100, full: false, cool: false, deficit: false, closed: false },
    Around { quote: Dead, fast: 100, full: false, cool: false, deficit: false, closed: false },
    Around { quote: Fresh, fast: 130, full: false, cool: false, deficit: false, closed: false },
    Around { quote: Fresh, fast: 75, full: false, cool: true, deficit: false, closed: false },
    Around { quote: Fresh, fast: 100, full: true, cool: false, deficit: false, closed: false },
    Around { quote: Silent, fast: 100, full: true, cool: true, deficit: false, closed: false },
    Around { quote: Fresh, fast: 100, full: false, cool: false, deficit: true, closed: false },
    Around { quote: Fresh, fast: 130, full: true, cool: false, deficit: true, closed: false },
    Around { quote: Fresh, fast: 100, full: false, cool: false, deficit: false, closed: true },
    Around { quote: Silent, fast: 130, full: true, cool: false, deficit: true, closed: true },
];

fn account(base: &Stand, tokens: [Token; 3], perps: [Perp; 2], nav_cents: i64, around: Around) -> Stand {
    let mut stand = base.clone();
    let mut cents = 0;
    for (place, (worth, feed)) in tokens.into_iter().enumerate() {
        stand.hold(place + 1, worth);
        stand.set_feed(place + 1, feed);
        cents += worth;
    }
    for (market, (dollars, pnl_atoms, feed)) in perps.into_iter().enumerate() {
        if (dollars, pnl_atoms) != (0, 0) {
            stand.trade(market, dollars, pnl_atoms);
        }
        stand.set_feed(market_feed(market), feed);
        cents += pnl_atoms / 10_000;
    }
    stand.hold(0, nav_cents - cents);
    if around.deficit {
        (0..perps.len()).for_each(|market| stand.owe_claims(market, 100_000_000, 300_000_000));
    }
    if around.full {
        for bank in 4..stand.banks.len() {
            if token::open_token(&mut stand.account, bank as u8).is_some() {
                stand.hold(bank, if bank % 2 == 0 { 3 } else { -2 });
            }
        }
    }
    if around.closed {
        stand.close();
    }
    stand.set_feed(0, around.quote);
    stand.set_fast(1, around.fast);
    stand.set_fast(market_feed(0), around.fast);
    stand.account.passed_at = if around.cool { NOW } else { 0 };
    stand
}

/// A share of all of them, every kind in it: the stride has no factor in common with the lists. Full tables have many
/// legs to try, and fewer of them are.
const STRIDE: usize = 5;
const FULL_STRIDE: usize = 7 * STRIDE;

#[test]
fn every_small_account_is_healthy_or_can_be_liquidated_or_resolved_or_waits_for_an_event_with_a_bound() {
    let base = Stand::new();
    let (mut ends, mut waited, mut count, mut index) = (BTreeMap::new(), BTreeMap::new(), 0, 0usize);
    for around in AROUND {
        for good in GOOD {
            for other in OTHER {
                for weightless in WEIGHTLESS {
                    for (first, second) in FIRST.into_iter().flat_map(|f| SECOND.map(|s| (f, s))) {
                        for nav in NAVS {
                            index += 1;
                            if !index.is_multiple_of(if around.full { FULL_STRIDE } else { STRIDE }) {
                                continue;
                            }
                            let (tokens, perps) = ([good, other, weightless], [first, second]);
                            let mut stand = account(&base, tokens, perps, nav, around);
                            let (end, events) = run(&mut stand).unwrap_or_else(|stuck| {
                                panic!("{tokens:?} {perps:?} at {nav} cents, {around:?}: {stuck}")
                            });
                            count += 1;
                            *ends.entry(end).or_insert(0) += 1;
                            for event in events {
                                *waited.entry(event).or_insert(0) += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    std::println!("{count} accounts ended {ends:?} and waited {waited:?}");
    // A kind that it no longer meets is a search that no longer looks. The best-leg rule ends for whoever refuses the best
    // leg; here everybody takes it.
    use Event::{Claim, CoolOff, DeadFeed, FastAverage, SilentFeed, WindDown};
    let met = [CoolOff, FastAverage, SilentFeed, WindDown, Claim, DeadFeed].map(|event| waited.contains_key(&event));
    assert!(count > 40_000 && ends.len() == 2 && met == [true; 6], "{count} {ends:?} {waited:?}");
}

/// A satoshi worth 500 millionths of a dollar against 480: under water, and whatever is repaid, no whole satoshi can be
/// seized for it. Nobody has lost anything; at 470 somebody has, and it is resolved.
#[test]
fn a_crumb_stands_still_only_while_it_is_worth_more_than_its_debt() {
    let mut stand = Stand::new();
    stand.hold_atoms(2, 1);
    stand.hold_atoms(0, -480);
    assert_eq!(run(&mut stand), Ok((End::Crumbs, Vec::new())));
    stand.hold_atoms(0, -40);
    assert_eq!(run(&mut stand), Ok((End::Resolved, Vec::new())));
}

//! Before the crash: listing, two hours of calm prices, deposits, positions, borrows.

use indicatif::ProgressBar;
use plimsoll_risk::oracle::{DEFAULT_SLOW_SECS, READY_TIME_CONSTANTS};

use crate::data::E8;
use crate::engine::Engine;
use crate::feed_plan::Posting;
use crate::host::{Host, Refused};
use crate::listing::{atoms_of_usd_down, units_of_usd_down, BANKS, FASTEST_FALL_PPM_PER_SEC, MARKETS};
use crate::operation::Operation;
use crate::population::Population;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::strategy::LIQUIDATORS;
use crate::world::{BankConfig, MarketConfig, PriceConfig, Tick, CALM_SIGMA_PPM};

/// Slow averages are ready after this many of their time constants, two hours; and a little more.
const WARM_UP_SECS: i64 = (READY_TIME_CONSTANTS * DEFAULT_SLOW_SECS) as i64 + 120;
const WARM_UP_STEP_SECS: i64 = 60;
/// Noise of the calm price, one sigma as a fraction per step.
const CALM_NOISE: f64 = 0.0004;
/// One sigma of a calm feed, parts per million.
const CALM_CONF_PPM: i64 = 400;
/// Caps of every bank, atoms: worth less than a tenth of what a value can hold, and never met.
const CAP_ATOMS: u64 = 1 << 48;
/// Seconds before the first bar at which accounts are opened.
const OPENING_LEAD_SECS: i64 = 4;
/// Capital of the market maker, who takes what longs and shorts do not match and the other side of liquidators that
/// close a position, dollars.
pub(crate) const MAKER_USD: u64 = 20_000_000;

/// An empty engine with everybody's accounts, deposits, debts and positions, at the prices of the first bar.
///
/// # Errors
/// The step of the set-up that the program refused.
pub fn open(
    mut host: Box<dyn Host>,
    scenario: &Scenario,
    population: &Population,
    start: i64,
    prices: [i64; 2],
    seed: u64,
    progress: &ProgressBar,
) -> Result<Engine, String> {
    progress.set_length(population.accounts.len() as u64);
    progress.set_message("opening accounts");
    host.set_clock(start - WARM_UP_SECS);
    list(&mut *host, prices)?;
    let mut engine = Engine::new(host);
    // Whose premiums count waits once the engine is launched.
    engine.register_venue().map_err(refused("register_venue"))?;
    engine.host.launch().map_err(refused("launch_engine"))?;
    engine.maker = engine.open_account("maker").map_err(refused("open_account"))?;
    for i in 0..LIQUIDATORS.len() {
        let trader = engine.open_account(&format!("liquidator {i}")).map_err(refused("open_account"))?;
        engine.liquidators.push(trader);
    }
    for i in 0..population.accounts.len() {
        let trader = engine.open_account(&format!("account {i}")).map_err(refused("open_account"))?;
        engine.accounts.push(trader);
        progress.inc(1);
    }
    calm(&mut engine, start, prices, seed);
    fund(&mut engine, scenario, population, prices)?;
    open_positions(&mut engine, population, prices)?;
    Ok(engine)
}

/// Lists prices, banks and markets.
fn list(host: &mut dyn Host, prices: [i64; 2]) -> Result<(), String> {
    for (bank, slot) in BANKS.iter().zip(0..) {
        // The settlement token's price stands still; it has no second source.
        let fall = bank.underlying.map_or(100, |u| FASTEST_FALL_PPM_PER_SEC[u.index()]);
        let secondary = bank.underlying.is_some();
        let config =
            PriceConfig { slow_secs: None, fastest_fall_ppm_per_sec: fall, secondary, ..PriceConfig::named(bank.name) };
        host.list_price(&config).map_err(refused("list_price"))?;
        let price_e8 = bank.underlying.map_or(E8, |u| prices[u.index()]);
        let conf_e8 = (price_e8 as i128 * CALM_SIGMA_PPM as i128 / 1_000_000) as u64;
        let primary = Some(Tick { price_e8, conf_e8, published_at: host.now() });
        host.post(slot, &Posting { primary, secondary: None });
        host.send(&Operation::RefreshPrice { slot, pair: false }).map_err(refused("refresh_price"))?;
    }
    for (bank, slot) in BANKS.iter().zip(0..) {
        let caps =
            BankConfig { deposit_cap_atoms: CAP_ATOMS, borrow_cap_atoms: CAP_ATOMS, ..BankConfig::of(bank, slot) };
        host.list_bank(bank, &caps).map_err(refused("list_bank"))?;
    }
    for market in &MARKETS {
        let price_slot = 1 + market.underlying.index() as u8;
        host.list_market(&MarketConfig::of(market, price_slot)).map_err(refused("list_market"))?;
    }
    Ok(())
}

fn refused(what: &str) -> impl Fn(Refused) -> String + '_ {
    move |refused| format!("the engine refused to set up the replay ({what}): {}", refused.0)
}

/// Two hours of calm prices at the first bar's open, so that both averages are ready.
fn calm(engine: &mut Engine, start: i64, prices: [i64; 2], seed: u64) {
    let mut rng = Rng::stream(seed, "calm");
    let end = start - OPENING_LEAD_SECS;
    let mut now = start - WARM_UP_SECS;
    while now <= end {
        engine.host.set_clock(now);
        for (slot, price) in [E8, prices[0], prices[1]].into_iter().enumerate() {
            // The last price is the first bar's own.
            let noise = if slot == 0 || now == end { 0.0 } else { CALM_NOISE * rng.normal() };
            let price = (price as f64 * (1.0 + noise)) as i64;
            let tick = Tick { published_at: now, price_e8: price, conf_e8: (price / 1_000_000 * CALM_CONF_PPM) as u64 };
            engine.post_and_refresh(slot, &Posting { primary: Some(tick), secondary: None });
        }
        now = if now == end { end + 1 } else { (now + WARM_UP_STEP_SECS).min(end) };
    }
}

/// Insurance and every deposit.
fn fund(engine: &mut Engine, scenario: &Scenario, population: &Population, prices: [i64; 2]) -> Result<(), String> {
    let price = |bank: usize| BANKS[bank].underlying.map_or(E8, |u| prices[u.index()]);
    let atoms = |bank: usize, usd: u64| atoms_of_usd_down(bank, usd, price(bank));
    engine.fund_insurance(0, atoms(0, scenario.insurance_usd)).map_err(refused("fund_insurance"))?;
    let (maker, liquidators, accounts) = (engine.maker, engine.liquidators.clone(), engine.accounts.clone());
    engine.deposit(&maker, 0, atoms(0, MAKER_USD)).map_err(refused("deposit"))?;
    for (trader, plan) in liquidators.iter().zip(&LIQUIDATORS) {
        let usd = (plan.capital_usd as f64 * scenario.capital_factor) as u64;
        engine.deposit(trader, 0, atoms(0, usd)).map_err(refused("deposit"))?;
    }
    for (trader, plan) in accounts.iter().zip(&population.accounts) {
        for (bank, &usd) in plan.deposits_usd.iter().enumerate().filter(|(_, usd)| **usd > 0) {
            engine.deposit(trader, bank, atoms(bank, usd)).map_err(refused("deposit"))?;
        }
    }
    Ok(())
}

/// Fills and borrows. An account at the edge of its initial margin may be refused one; the table shows how many were.
fn open_positions(engine: &mut Engine, population: &Population, prices: [i64; 2]) -> Result<(), String> {
    let snapshot = engine.snapshot();
    let (accounts, maker) = (engine.accounts.clone(), engine.maker);
    let party = |index: Option<usize>| index.map_or(maker, |i| accounts[i]);
    let mut done = 0;
    for fill in &population.fills {
        let units = units_of_usd_down(fill.market, fill.usd, prices[MARKETS[fill.market].underlying.index()]);
        let quote_atoms = engine.quote_atoms_of(&snapshot, fill.market, units);
        if units > 0 && quote_atoms > 0 {
            let (long, short) = (party(fill.long), party(fill.short));
            done += engine.fill(fill.market, long, short, units, quote_atoms) as usize;
        }
    }
    if done * 10 < population.fills.len() * 9 {
        return Err(format!(
            "only {done} of {} fills were settled: {:?}",
            population.fills.len(),
            engine.meter.refusals()
        ));
    }
    for (trader, plan) in accounts.iter().zip(&population.accounts) {
        for (bank, &usd) in plan.borrows_usd.iter().enumerate().filter(|(_, usd)| **usd > 0) {
            let price = BANKS[bank].underlying.map_or(E8, |u| prices[u.index()]);
            let _ = engine.borrow(trader, bank, atoms_of_usd_down(bank, usd, price));
        }
    }
    Ok(())
}

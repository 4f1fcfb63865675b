//! The main loop: prices arrive, cranks run, liquidators race, bankrupt accounts are resolved.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::offer::pays_with;

use crate::config::{Config, CRANK_SECS, OBSERVE_SECS, SAMPLE_SECS};
use crate::depth::Depth;
use crate::desk::{self, Desk};
use crate::engine::Engine;
use crate::feed_plan::{self, FeedPlan};
use crate::host::{Host, InMemory, OnChain};
use crate::listing::BANKS;
use crate::opening;
use crate::path;
use crate::population;
use crate::race;
use crate::resolve::{self, Resolver};
use crate::result::{bounded_ratio, Conservation, FeedResult, Liquidation, RunResult, Sample};
use crate::rng::Rng;
use crate::scenario::Underlying;
use crate::standing::Standing;
use crate::strategy::LIQUIDATORS;
use crate::watch::{self, Watch};

/// Market state of one underlying while it is replayed.
struct Market {
    series: Vec<i64>,
    plan: FeedPlan,
    result: FeedResult,
}

/// A replay under way.
struct Replay {
    config: Config,
    start: i64,
    engine: Engine,
    markets: [Market; 2],
    books: [Depth; 2],
    desks: Vec<Desk>,
    watch: Watch,
    resolver: Resolver,
    liquidations: Vec<Liquidation>,
    samples: Vec<Sample>,
    conservation: Conservation,
    rng: Rng,
}

/// Replays a crash through the built program on a chain in this process.
///
/// # Errors
/// A sentence on what could not be set up.
pub fn run(config: &Config, progress: &ProgressBar) -> Result<RunResult, String> {
    run_on(Box::new(OnChain::new(&GlobalParams::DEFAULT)), config, progress).map(|(result, _)| result)
}

/// Replays a crash through the engine's crates in memory. It finds what [`run`] finds, but for what transactions cost.
///
/// # Errors
/// A sentence on what could not be set up.
pub fn run_in_memory(config: &Config, progress: &ProgressBar) -> Result<RunResult, String> {
    let host = InMemory::new(&GlobalParams::DEFAULT).map_err(|refused| refused.0)?;
    let (mut result, _) = run_on(Box::new(host), config, progress)?;
    let unknown = ["compute_units.*", "transactions.bytes", "transactions.accounts", "liquidations.compute_units"];
    result.left_out = unknown.map(|field| (field.to_owned(), "in memory nothing is sent".to_owned())).into();
    Ok(result)
}

/// Replays a crash through an empty engine, and returns it as the replay left it.
///
/// # Errors
/// A sentence on what could not be set up.
pub fn run_on(host: Box<dyn Host>, config: &Config, progress: &ProgressBar) -> Result<(RunResult, Engine), String> {
    let mut replay = Replay::set_up(host, config, progress)?;
    let before = replay.engine.banks();
    let steps = replay.markets[0].series.len();
    progress.set_length(steps as u64);
    progress.set_position(0);
    for step in 0..steps {
        replay.step(step);
        progress.set_message(replay.message(step));
        progress.inc(1);
    }
    Ok(replay.finish(&before))
}

impl Replay {
    fn set_up(host: Box<dyn Host>, config: &Config, progress: &ProgressBar) -> Result<Self, String> {
        let Config { scenario, seed, step_secs, .. } = *config;
        let window = scenario.window(config.minutes)?;
        let markets = Underlying::ALL.map(|underlying| {
            let i = underlying.index();
            let series = path::series(&window.bars[i], step_secs);
            let plan = feed_plan::plan(underlying, &series, window.start, step_secs, &scenario.outage, seed);
            let result = FeedResult {
                underlying: underlying.name().to_owned(),
                source: window.sources[i].clone(),
                late: Some(plan.late),
                overtaken: Some(plan.overtaken),
                missing: Some(plan.missing),
                secondary_posted: Some(0),
                secondary_used: Some(0),
                unchanged: Some(0),
                ..FeedResult::default()
            };
            Market { series, plan, result }
        });
        let population = population::plan(config.accounts, seed, scenario.cushion_factor);
        let first = [markets[0].series[0], markets[1].series[0]];
        let engine = opening::open(host, scenario, &population, window.start, first, seed, progress)?;
        let capital = |plan: &crate::strategy::LiquidatorPlan| plan.capital_usd as f64 * scenario.capital_factor;
        Ok(Self {
            config: *config,
            start: window.start,
            books: scenario.depth_usd.map(|usd| Depth::new(usd, window.start)),
            desks: LIQUIDATORS.iter().map(|plan| Desk::new(*plan, capital(plan))).collect(),
            watch: Watch::new(engine.accounts.len(), &engine.standings()),
            resolver: Resolver::default(),
            liquidations: Vec::new(),
            samples: Vec::new(),
            conservation: Conservation::default(),
            rng: Rng::stream(seed, "races"),
            engine,
            markets,
        })
    }

    fn prices(&self, step: usize) -> [i64; 2] {
        [self.markets[0].series[step], self.markets[1].series[step]]
    }

    fn message(&self, step: usize) -> String {
        let [sol, btc] = self.prices(step).map(|p| p as f64 / crate::data::E8 as f64);
        let (fills, bankrupt) = (self.liquidations.len(), self.resolver.bankruptcies.len());
        format!("SOL {sol:.2}  BTC {btc:.0}  {fills} liquidations  {bankrupt} bankruptcies")
    }

    fn step(&mut self, step: usize) {
        let secs = step as i64 * self.config.step_secs as i64;
        let now = self.start + secs;
        self.engine.host.set_clock(now);
        self.post_prices(step, now);
        let prices = self.prices(step);
        self.move_books(step, now);
        if secs % CRANK_SECS == 0 {
            self.engine.crank(&prices);
        }
        let standings = self.look(now);
        if secs >= self.config.scenario.liquidators_from_secs {
            self.liquidate(step, &standings, &prices);
            for (i, desk) in self.desks.iter_mut().enumerate() {
                race::unwind(&mut self.engine, desk, i, &prices);
            }
            self.resolver.turn(&mut self.engine, &standings, &prices);
        }
        if secs % SAMPLE_SECS == 0 {
            let socialized = resolve::socialized_usd(&self.resolver.bankruptcies);
            let (board, banks) = (self.engine.host.board(), self.engine.banks());
            self.samples.push(watch::sample(&board, &banks, &standings, secs, &prices, socialized));
        }
        if secs % 60 == 0 {
            self.engine.check_conservation(&mut self.conservation);
        }
    }

    /// Posts what arrives now and refreshes the board.
    fn post_prices(&mut self, step: usize, now: i64) {
        self.engine.keep_quote_fresh(now);
        for (i, market) in self.markets.iter_mut().enumerate() {
            let posting = market.plan.postings[step];
            market.result.primary_posted += posting.primary.is_some() as usize;
            add(&mut market.result.secondary_posted, posting.secondary.is_some());
            let before = self.engine.price_slot(i + 1);
            let refreshed = self.engine.post_and_refresh(i + 1, &posting);
            let after = self.engine.price_slot(i + 1);
            match refreshed {
                Some(true) if after.published_at == before.published_at => add(&mut market.result.unchanged, true),
                Some(true) => add(&mut market.result.secondary_used, after.source == 1),
                Some(false) => market.result.refused += 1,
                None => {}
            }
            market.result.oldest_secs = market.result.oldest_secs.max(now - after.published_at);
        }
    }

    fn move_books(&mut self, step: usize, now: i64) {
        let back = step.saturating_sub((60 / self.config.step_secs) as usize);
        for (book, market) in self.books.iter_mut().zip(&self.markets) {
            let (price, past) = (market.series[step] as f64, market.series[back] as f64);
            book.advance(now, price / past - 1.0);
        }
    }

    /// Where every account stands; observes those whose clocks have to run.
    fn look(&mut self, now: i64) -> BTreeMap<usize, Standing> {
        let standings = self.engine.standings();
        self.watch.passed(self.config.step_secs as u64, &standings);
        for (&i, standing) in &standings {
            if standing.wants_observation(&self.engine.account(i), now, OBSERVE_SECS) {
                self.engine.observe(i);
            }
        }
        standings
    }

    fn liquidate(&mut self, step: usize, standings: &BTreeMap<usize, Standing>, prices: &[i64; 2]) {
        let mut under: Vec<(usize, Standing)> =
            standings.iter().filter(|(_, s)| s.under_water).map(|(&i, &s)| (i, s)).collect();
        self.rng.shuffle(&mut under);
        for (account, standing) in under {
            if self.engine.account(account).status != 0 {
                continue;
            }
            let won =
                race::race(&mut self.engine, &mut self.desks, &mut self.books, prices, step, account, &mut self.rng);
            for fill in won {
                let liquidation = record(&self.engine, account, &fill);
                self.watch.liquidated(account, &standing, liquidation.notional_closed as f64 / 1e6);
                self.liquidations.push(liquidation);
            }
        }
    }

    fn finish(mut self, before: &[plimsoll_state::Bank]) -> (RunResult, Engine) {
        let prices = self.prices(self.markets[0].series.len() - 1);
        for (i, desk) in self.desks.iter_mut().enumerate() {
            race::unwind(&mut self.engine, desk, i, &prices);
        }
        self.engine.check_conservation(&mut self.conservation);
        let snapshot = self.engine.snapshot();
        for (i, desk) in self.desks.iter_mut().enumerate() {
            let account = self.engine.host.margin_account(&self.engine.liquidators[i].account);
            let nav = snapshot.standing(&account).map_or(0.0, |s| s.nav_usd);
            desk.result.profit_usd = nav + desk.outside_usd - desk.capital_usd;
        }
        let figures = self.watch.figures(&self.engine.standings(), &self.liquidations, &self.resolver.bankruptcies);
        let result = RunResult {
            figures,
            insurance: watch::insurance(before, &self.engine.banks(), &self.samples),
            socialized_atoms: (resolve::socialized_usd(&self.resolver.bankruptcies) * 1e6).round() as u64,
            bankruptcies: self.resolver.bankruptcies,
            liquidations: self.liquidations,
            conservation: self.conservation,
            compute_units: self.engine.meter.compute_units(),
            transactions: self.engine.meter.transactions(),
            refusals: self.engine.meter.refusals(),
            no_ops: self.engine.meter.no_ops(),
            liquidators: self.desks.into_iter().map(|d| d.result).collect(),
            feeds: self.markets.into_iter().map(|m| m.result).collect(),
            samples: self.samples,
            ..RunResult::of(&self.config, self.start)
        };
        (result, self.engine)
    }
}

fn add(count: &mut Option<usize>, one: bool) {
    *count = Some(count.unwrap_or_default() + one as usize);
}

/// Writes a won fill down, and whether the plan came true.
fn record(engine: &Engine, account: usize, fill: &race::Won) -> Liquidation {
    let (plan, outcome) = (&fill.offer.plan, &fill.outcome);
    let usd = |pico: i128| pico as f64 / 1e12;
    let snapshot = engine.snapshot();
    let standing = snapshot.standing(&engine.account(account)).unwrap_or_default();
    let as_planned = (outcome.size, outcome.paid_atoms, outcome.received_atoms, outcome.fee_atoms, outcome.penalty_ppm)
        == (
            plan.size.get(),
            plan.paid_atoms.get(),
            plan.received_atoms.get(),
            plan.fee_atoms.get(),
            plan.penalty_ppm.get(),
        );
    let fee_bank = pays_with(&fill.offer.request.leg) as usize;
    let fee_usd = outcome.fee_atoms as f64 / 10f64.powi(BANKS[fee_bank].decimals as i32)
        * BANKS[fee_bank].underlying.map_or(1.0, |u| engine.board_price_usd(u.index() + 1));
    let micro = |usd: f64| (usd * 1e6).round().max(0.0) as u64;
    let (gain, insurance_fee) = (micro(fill.offer.gain_usd), micro(fee_usd));
    Liquidation {
        time: snapshot.now,
        account,
        liquidator: fill.liquidator,
        product: desk::product(&fill.offer.request.leg),
        regime: if outcome.regime == 0 { "cure" } else { "wind_down" }.to_owned(),
        ratio_before: bounded_ratio(usd(plan.before.nav.get()), usd(plan.before.mmr().get())),
        ratio_after: standing.ratio(),
        notional_closed: plan.notional.get(),
        penalty_ppm: outcome.penalty_ppm,
        penalty: gain + insurance_fee,
        liquidator_gain: gain,
        insurance_fee,
        expected_cost: micro(fill.offer.cost_usd),
        compute_units: fill.compute_units,
        as_planned: Some(as_planned),
    }
}

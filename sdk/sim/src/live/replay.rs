//! A recorded crash on a cluster, in real time: prices are posted while a liquidator works.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::UnitPrice;
use plimsoll_rpc::{Connection, Error};
use plimsoll_state::Bank;
use solana_keypair::Keypair;

use super::send::of;
use super::{Averages, Desk, Failed, Live, Look, Pace, Party, Poster, Summary, Tried, Turn};
use crate::data::E8;
use crate::depth::Depth;
use crate::listing::{atoms_of_usd_down, units_of_usd_down, BANKS, MARKETS};
use crate::path;
use crate::population::{self, AccountPlan, Population};
use crate::scenario::{Scenario, Underlying};

/// Engines of one authority that are looked through for a free number.
const MOST_ENGINES: u16 = 1_000;
const POSTED_EVERY: Duration = Duration::from_millis(800);
/// Time constants on the chain: averages of the recording's minutes would not be ready for hours.
const FAST_SECS: u32 = 15;
const SLOW_SECS: u32 = 3_600;
const LONGEST_SLOW_SECS: u32 = 10;
const READY_SECS: u64 = 300;
const MAKER_USD: u64 = 20_000_000;
const DESK_USD: u64 = 5_000_000;
/// What the liquidator pays outside on top of spread and impact, ppm.
const FEE_PPM: f64 = 300.0;
/// Recorded seconds between two rounds of cranks, and seconds of the cluster: a round takes its time.
const CRANK_SECS: u64 = 60;
const CRANK_WALL_SECS: u64 = 10;
/// Turns after the last price, in which what it did is dealt with.
const LAST_TURNS: u32 = 6;

/// What the command line chooses.
#[derive(Clone, Copy, Debug)]
pub struct LiveConfig {
    /// The crash.
    pub scenario: &'static Scenario,
    /// Minutes of it.
    pub minutes: usize,
    /// Margin accounts.
    pub accounts: usize,
    /// Seed of the population.
    pub seed: u64,
    /// Recorded seconds between two prices.
    pub step_secs: u32,
    /// Recorded seconds in a second.
    pub speed: u32,
}

/// Sets an engine of its own up and replays a crash on it. Whoever is `authority` pays and gets every account's key.
///
/// # Errors
/// What the cluster refuses while the engine is set up; a node that does not answer.
pub async fn replay(
    connection: Connection,
    authority: Keypair,
    config: &LiveConfig,
    progress: &ProgressBar,
) -> Tried<Summary> {
    let window =
        config.scenario.window(config.minutes).map_err(|reason| Failed::because("reading the recording", reason))?;
    let series = [0, 1].map(|i: usize| path::series(&window.bars[i], config.step_secs));
    let first = [series[0][0], series[1][0]];
    let population = population::plan(config.accounts, config.seed, config.scenario.cushion_factor);
    of("the engine's program", connection.require_program().await)?;
    let mut run = Run::set_up(connection, authority, config, first, progress).await?;
    run.open(&population, first, progress).await?;
    run.play(series, progress).await?;
    run.finish().await
}

struct Run {
    config: LiveConfig,
    live: Live,
    poster: Poster,
    desk: Desk,
    maker: Party,
    before: Bank,
    lamports: u64,
    summary: Summary,
}

impl Run {
    async fn set_up(
        connection: Connection,
        authority: Keypair,
        config: &LiveConfig,
        first: [i64; 2],
        progress: &ProgressBar,
    ) -> Tried<Self> {
        progress.set_message("engine, prices, banks and markets");
        let (mut live, id) = free_engine(connection, &authority).await?;
        let lamports = balance(&live).await?;
        live.create(id, &params(config.speed)).await?;
        let fast_secs = (FAST_SECS / config.speed).max(1);
        let slow_secs = (SLOW_SECS / config.speed).clamp(fast_secs, LONGEST_SLOW_SECS.max(fast_secs));
        live.list(Averages { fast_secs, slow_secs, update_secs: 2 }, first).await?;
        let poster = Poster::start(live.clone(), vec![E8, first[0], first[1]], POSTED_EVERY);
        live.fund_insurance(0, atoms_of_usd_down(0, config.scenario.insurance_usd, E8)).await?;
        let before = live.look().await?.shared.banks[0];
        let maker = live.open("maker", None, 0, atoms_of_usd_down(0, MAKER_USD, E8)).await?;
        let capital = DESK_USD as f64 * config.scenario.capital_factor;
        let party = live.open("liquidator", None, 0, atoms_of_usd_down(0, capital as u64, E8)).await?;
        let books = config.scenario.depth_usd.map(|usd| Depth::new(usd, 0));
        let summary = Summary {
            scenario: config.scenario.name.to_owned(),
            engine: live.keys.engine.to_string(),
            accounts: config.accounts,
            speed: config.speed,
            ..Summary::default()
        };
        let desk = Desk::new(party, FEE_PPM, 2.0 * capital, books);
        Ok(Self { config: *config, live, poster, desk, maker, before, lamports, summary })
    }

    /// Accounts and deposits, then, once averages are ready, fills and borrows.
    async fn open(&mut self, population: &Population, first: [i64; 2], progress: &ProgressBar) -> Tried<()> {
        progress.set_length(population.accounts.len() as u64);
        progress.set_message("opening accounts");
        let mut parties = Vec::new();
        for (i, plan) in population.accounts.iter().enumerate() {
            parties.push(self.deposit(&format!("account {i}"), plan, first).await?);
            progress.inc(1);
        }
        progress.set_message("waiting until averages are ready");
        self.wait_ready().await?;
        progress.set_message("opening positions");
        let look = self.live.look().await?;
        for fill in &population.fills {
            let units = units_of_usd_down(fill.market, fill.usd, first[MARKETS[fill.market].underlying.index()]);
            let quote_atoms = quote_atoms(&look, fill.market, units);
            let side = |index: Option<usize>| index.map_or(&self.maker, |i| &parties[i]);
            if units > 0 && quote_atoms > 0 {
                let market = fill.market as u8;
                let filled = self.live.fill(market, side(fill.long), side(fill.short), units, quote_atoms).await;
                self.allow_refusal(filled)?;
            }
        }
        for (party, plan) in parties.iter().zip(&population.accounts) {
            for (bank, &usd) in plan.borrows_usd.iter().enumerate().filter(|(_, usd)| **usd > 0) {
                let borrowed =
                    self.live.borrow(party, bank as u8, atoms_of_usd_down(bank, usd, price(bank, first))).await;
                self.allow_refusal(borrowed)?;
            }
        }
        Ok(())
    }

    async fn deposit(&self, name: &str, plan: &AccountPlan, first: [i64; 2]) -> Tried<Party> {
        let mut opened: Option<Party> = None;
        for (bank, &usd) in plan.deposits_usd.iter().enumerate().filter(|(_, usd)| **usd > 0) {
            let atoms = atoms_of_usd_down(bank, usd, price(bank, first));
            match &opened {
                None => opened = Some(self.live.open(name, None, bank as u8, atoms).await?),
                Some(party) => self.live.deposit(party, bank as u8, atoms).await?,
            }
        }
        opened.ok_or_else(|| Failed::because(name, "its plan deposits nothing"))
    }

    /// The program's refusal of a fill or borrow is counted; anything else ends the replay.
    fn allow_refusal(&mut self, tried: Tried<()>) -> Tried<()> {
        match tried {
            Err(failed) if matches!(failed.error, Error::Rejected { .. }) => {
                self.summary.opening_refused += 1;
                Ok(())
            }
            other => other,
        }
    }

    async fn wait_ready(&self) -> Tried<()> {
        for _ in 0..READY_SECS {
            if self.live.is_ready().await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let reason = self.poster.last_failure().unwrap_or_else(|| "no round of prices failed".to_owned());
        Err(Failed::because("waiting until averages are ready", reason))
    }

    async fn play(&mut self, series: [Vec<i64>; 2], progress: &ProgressBar) -> Tried<()> {
        let last = (series[0].len() as u64 - 1) * self.config.step_secs as u64;
        progress.set_length(last);
        let pace = Arc::new(Pace::start(series, self.config.step_secs, self.config.speed));
        let due = Arc::clone(&pace);
        self.poster.follow(move || due.prices());
        let (mut cranked, mut turns_left) = (0, LAST_TURNS);
        while turns_left > 0 {
            turns_left -= pace.is_over() as u32;
            let secs = pace.recorded_secs();
            self.move_books(&pace, secs);
            if secs as i64 >= self.config.scenario.liquidators_from_secs {
                let look = self.live.look().await?;
                let mut turn = self.desk.turn(&self.live, &look).await?;
                if secs >= cranked + CRANK_SECS.max(CRANK_WALL_SECS * self.config.speed as u64) {
                    cranked = secs;
                    self.live.crank(&look, &mut turn).await?;
                }
                self.summary.turns += 1;
                self.summary.turn.add(turn);
            } else {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            self.summary.recorded_secs = secs.min(last);
            progress.set_position(secs.min(last));
            progress.set_message(message(&pace, secs, &self.summary.turn));
        }
        Ok(())
    }

    fn move_books(&mut self, pace: &Pace, secs: u64) {
        let (now, past) = (pace.prices_at(secs), pace.prices_at(secs.saturating_sub(60)));
        for (i, book) in self.desk.books.iter_mut().enumerate() {
            book.advance(secs as i64, now[i] as f64 / past[i] as f64 - 1.0);
        }
    }

    async fn finish(mut self) -> Tried<Summary> {
        self.summary.rounds = self.poster.counts();
        drop(self.poster);
        let look = self.live.look_steadily().await?;
        let (before, after) = (&self.before, &look.shared.banks[0]);
        let summary = &mut self.summary;
        summary.insurance_atoms = [before.insurance_atoms, after.insurance_atoms];
        summary.insurance_moved_atoms = [
            after.insurance_in_atoms.saturating_sub(before.insurance_in_atoms),
            after.insurance_out_atoms.saturating_sub(before.insurance_out_atoms),
        ];
        let markets = &look.shared.markets;
        summary.socialized_atoms = after.socialized_atoms + markets.iter().map(|m| m.socialized_atoms).sum::<u64>();
        summary.deficit_atoms = after.uncovered_atoms + markets.iter().map(|m| m.deficit_atoms).sum::<u64>();
        summary.transactions = self.live.sent();
        summary.conservation = look.conservation(summary.transactions, summary.turn.calls);
        summary.spent_lamports = self.lamports.saturating_sub(balance(&self.live).await?);
        Ok(self.summary)
    }
}

fn message(pace: &Pace, secs: u64, turn: &Turn) -> String {
    let [sol, btc] = pace.prices_at(secs).map(|price| price as f64 / E8 as f64);
    let (fills, bankrupt) = (turn.liquidations, turn.bankruptcies);
    format!("SOL {sol:.2}  BTC {btc:.0}  {fills} liquidations  {bankrupt} bankruptcies")
}

/// Price of a bank's token, units of 1e-8 dollars.
fn price(bank: usize, prices: [i64; 2]) -> i64 {
    BANKS[bank].underlying.map_or(E8, |underlying: Underlying| prices[underlying.index()])
}

/// What base units are worth at the held price, quote atoms; zero where nothing is listed.
fn quote_atoms(look: &Look, market: usize, units: u64) -> u64 {
    let Some(slot) = look.shared.registry.market(market) else { return 0 };
    let Some(price) = look.shared.board.slot(slot.price_slot as usize) else { return 0 };
    UnitPrice::new_down(price.spot.get(), slot.scale.get()).value_down(units)
}

/// The engine's clocks run on the chain's time, so what the recording's pace shortens is shortened with it; how old a
/// price may be is the cluster's own affair.
fn params(speed: u32) -> GlobalParams {
    let scaled = |secs: u32| (secs / speed).max(1);
    let default = GlobalParams::DEFAULT;
    GlobalParams {
        auction_secs: scaled(default.auction_secs),
        best_leg_end_secs: scaled(default.best_leg_end_secs),
        wind_down_secs: scaled(default.wind_down_secs),
        wind_down_close_secs: scaled(default.wind_down_close_secs),
        write_age_secs: 10,
        read_age_secs: 30,
        ..default
    }
}

/// The first number of this authority that no engine has.
async fn free_engine(connection: Connection, authority: &Keypair) -> Tried<(Live, u16)> {
    for id in 0..MOST_ENGINES {
        let live = Live::new(connection.clone(), authority.insecure_clone(), id);
        if !live.exists().await? {
            return Ok((live, id));
        }
    }
    Err(Failed::because("creating an engine", format!("this key has {MOST_ENGINES} engines already")))
}

async fn balance(live: &Live) -> Tried<u64> {
    let balance = live.connection.rpc.get_balance(&live.authority()).await;
    of("reading the balance", balance.map_err(Into::into))
}

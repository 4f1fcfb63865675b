//! A recorded crash on a cluster, in real time: prices are posted while liquidators compete.

use std::time::Duration;

use indicatif::ProgressBar;
use plimsoll_risk::oracle::{DEFAULT_FAST_SECS, DEFAULT_SLOW_SECS};
use plimsoll_risk::params::GlobalParams;
use plimsoll_rpc::{Cluster, Connection};
use plimsoll_sdk::ix::{self, args};
use solana_keypair::Keypair;

use super::finish::Before;
use super::orders::Order;
use super::play::Play;
use super::{Averages, Failed, Live, Pace, Poster, Stop, Tried};
use crate::config::Config;
use crate::data::E8;
use crate::listing::atoms_of_usd_down;
use crate::path;
use crate::population::{self, Population};
use crate::result::{Conservation, RunResult};
use crate::scenario::Window;

/// Engines of one authority that are looked through for a free number.
const MOST_ENGINES: u16 = 1_000;
const POSTED_EVERY: Duration = Duration::from_millis(800);
/// Longest time constant on the chain: averages of the recording's minutes would not be ready for hours.
const LONGEST_SLOW_SECS: u32 = 10;

/// What the command line chooses.
#[derive(Clone, Copy, Debug)]
pub struct LiveConfig {
    /// What is replayed, as in process.
    pub run: Config,
    /// Recorded seconds in a second.
    pub speed: u32,
}

/// Sets an engine of its own up and replays a crash on it. Whoever is `authority` pays and gets every account's key.
/// Asked to stop, or left by its node, it reports what it has seen.
///
/// # Errors
/// What the cluster lacks or refuses, a node that does not answer, or a request to stop, while the engine is set up.
pub async fn replay(
    cluster: &Cluster,
    authority: Keypair,
    config: &LiveConfig,
    progress: &ProgressBar,
    stop: &Stop,
) -> Tried<RunResult> {
    let window = config
        .run
        .scenario
        .window(config.run.minutes)
        .map_err(|reason| Failed::because("reading the recording", reason))?;
    let series = [0, 1].map(|i: usize| path::series(&window.bars[i], config.run.step_secs));
    let setting = Setting { cluster, authority, config, window, progress };
    let (play, before, poster) = tokio::select! {
        set_up = setting.set_up(series, stop) => set_up?,
        () = stop.requested() => return Err(Failed::because("setting up", "stopped by request before the first price")),
    };
    let mut play = play;
    play.play(progress).await;
    progress.set_message("waiting for what is under way");
    Ok(play.finish(before, poster).await)
}

/// What an engine is set up with.
struct Setting<'a> {
    cluster: &'a Cluster,
    authority: Keypair,
    config: &'a LiveConfig,
    window: Window,
    progress: &'a ProgressBar,
}

impl Setting<'_> {
    /// Everything before the first price of the crash.
    async fn set_up(&self, series: [Vec<i64>; 2], stop: &Stop) -> Tried<(Play, Before, Poster)> {
        let (config, progress) = (self.config, self.progress);
        let first = [series[0][0], series[1][0]];
        let population = population::plan(config.run.accounts, config.run.seed, config.run.scenario.cushion_factor);
        progress.set_message("engine, prices, banks and markets");
        let connection = Connection::new(self.cluster);
        Live::new(connection.clone(), self.authority.insecure_clone(), 0).require(self.cluster, &population).await?;
        let (mut live, engine_id) = free_engine(connection, &self.authority).await?;
        let lamports = live.balance(&live.authority()).await?;
        let poster = self.engine(&mut live, engine_id, first).await?;
        let people = live.people(config.run.scenario, &population, first, progress).await?;
        self.open(&live, &people, &poster, &population, first).await?;
        let mut conservation = Conservation::default();
        let reading = live.patiently(|| live.read_steadily()).await?;
        reading.check_conservation(live.sent(), 0, &mut conservation);
        let before = Before {
            cluster: self.cluster.clone(),
            engine_id,
            banks: reading.shared.banks.clone(),
            lamports,
            conservation,
            sources: self.window.sources.clone(),
        };
        let pace = Pace::start(series, config.run.step_secs, config.speed);
        let due = pace.clone();
        poster.follow(move || due.prices());
        let play = Play::new(live, *config, self.window.start, pace, people, reading.into(), stop.clone());
        Ok((play, before, poster))
    }

    /// The engine with its listing, prices that are posted from now on, and insurance.
    async fn engine(&self, live: &mut Live, id: u16, first: [i64; 2]) -> Tried<Poster> {
        let speed = self.config.speed;
        live.create(id, &params(speed)).await?;
        let fast_secs = (DEFAULT_FAST_SECS / speed).max(1);
        let slow_secs = (DEFAULT_SLOW_SECS / speed).clamp(fast_secs, LONGEST_SLOW_SECS.max(fast_secs));
        live.list(Averages { fast_secs, slow_secs, update_secs: 2 }, first).await?;
        let poster = Poster::start(live.clone(), vec![E8, first[0], first[1]], POSTED_EVERY);
        let (funder, amount_atoms) =
            (live.authority(), atoms_of_usd_down(0, self.config.run.scenario.insurance_usd, E8));
        live.send("tokens for insurance", &[], &live.mint_instructions(&funder, 0, amount_atoms)).await?;
        let (source, args) = (live.wallet(&funder, 0), args::FundInsuranceArgs { amount_atoms });
        let fund = ix::fund_insurance(&live.keys, &live.token(0), funder, source, args);
        live.order(&Order::new("fund_insurance", &live.authority, &[], fund)).await?;
        Ok(poster)
    }

    async fn open(
        &self,
        live: &Live,
        people: &super::opening::People,
        poster: &Poster,
        population: &Population,
        first: [i64; 2],
    ) -> Tried<()> {
        self.progress.set_message("waiting until averages are ready");
        live.wait_until_ready(poster).await?;
        self.progress.set_message("opening positions");
        live.open_positions(people, population, first).await
    }
}

/// The engine's clocks run on the chain's time, so what the recording's pace shortens is shortened with it; how old a
/// price may be is the cluster's own affair.
fn params(speed: u32) -> GlobalParams {
    let scaled = |secs: u32| (secs / speed).max(1);
    let default = GlobalParams::DEFAULT;
    default.with(|new| {
        new.auction.auction_secs = scaled(default.auction.auction_secs);
        new.legs.best_leg_end_secs = scaled(default.legs.best_leg_end_secs);
        new.wind_down.wind_down_secs = scaled(default.wind_down.wind_down_secs);
        new.wind_down.wind_down_close_secs = scaled(default.wind_down.wind_down_close_secs);
        new.prices.write_age_secs = 10;
        new.prices.read_age_secs = 30;
        new.prices.risk_age_secs = 10;
    })
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

//! The loop of a replay on a cluster: looking, deciding, and taking what the tasks that were sent out come back with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use tokio::task::JoinSet;

use super::desk::Answer;
use super::opening::People;
use super::{Failed, Live, LiveConfig, Pace, Reading, Stop};
use crate::data::E8;
use crate::depth::Depth;
use crate::desk::Desk;
use crate::result::{Bankruptcy, Liquidation, Sample};
use crate::rng::Rng;
use crate::standing::Standing;
use crate::strategy::{Offer, LIQUIDATORS};
use crate::watch::Watch;

/// Between two looks; those of a public node are limited.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// A node that does not answer for so long is given up, and what was seen is reported.
const MOST_SILENCE: Duration = Duration::from_secs(120);
/// Looks after the last price, in which what it did is dealt with.
const LAST_LOOKS: u32 = 8;
/// What is under way at the end is waited for.
const LAST_WAIT: Duration = Duration::from_secs(60);

/// A replay that has begun.
pub(super) struct Play {
    pub live: Live,
    pub config: LiveConfig,
    /// Start of the recording, Unix seconds.
    pub start: i64,
    pub pace: Arc<Pace>,
    pub people: Arc<People>,
    /// The liquidators, in the order of [`People::desks`].
    pub desks: Vec<Desk>,
    pub books: [Depth; 2],
    pub rng: Rng,
    pub watch: Watch,
    pub history: History,
    pub pending: Pending,
    tasks: JoinSet<Event>,
    stop: Stop,
}

/// What has happened so far, as the readings showed it.
pub(super) struct History {
    /// The last reading.
    pub last: Arc<Reading>,
    pub first_slot: u64,
    pub looks: u64,
    /// Recorded seconds between looks.
    pub look_secs: Vec<u64>,
    /// Recorded second of the last look.
    pub secs: u64,
    pub liquidations: Vec<Liquidation>,
    /// Liquidations whose account has not been looked at since: index and slot.
    pub awaited: Vec<(usize, u64)>,
    pub bankruptcies: Vec<Bankruptcy>,
    pub samples: Vec<Sample>,
    /// Longest age of a held price, seconds of the chain, by underlying.
    pub oldest_secs: [i64; 2],
    pub connections_lost: u64,
    pub ended_early: Option<String>,
}

/// What is under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    /// Answers that each liquidator waits for.
    pub answers: [usize; LIQUIDATORS.len()],
    /// Liquidators on their way back to the settlement token.
    pub unwinding: [bool; LIQUIDATORS.len()],
    /// Answers that are waited for, by number of the account.
    pub racing: BTreeMap<usize, usize>,
    pub observing: bool,
    pub resolving: bool,
    pub cranking: bool,
    /// Recorded second of the last cranks.
    pub cranked_secs: u64,
}

/// What a task came back with.
pub(super) enum Event {
    /// A liquidation.
    Answered(Box<Sent>, Answer),
    /// A liquidator is back in the settlement token, or as near as he came.
    Unwound(usize, Box<Desk>),
    Observed,
    Resolved(Vec<Bankruptcy>),
    Cranked,
}

/// A liquidation that was sent.
pub(super) struct Sent {
    pub desk: usize,
    pub account: usize,
    pub offer: Offer,
    /// The account when it was planned.
    pub before: Standing,
    /// What was reserved for it, dollars.
    pub in_flight_usd: f64,
    /// When it was planned, Unix seconds of the recording.
    pub time: i64,
}

impl Play {
    /// Begins where `first` was just seen and `pace` has just started.
    pub fn new(
        live: Live,
        config: LiveConfig,
        start: i64,
        pace: Pace,
        people: People,
        first: Reading,
        stop: Stop,
    ) -> Self {
        let capital = |usd: u64| usd as f64 * config.run.scenario.capital_factor;
        let last = Arc::new(first);
        let mut play = Self {
            live,
            config,
            start,
            pace: Arc::new(pace),
            desks: LIQUIDATORS.iter().map(|plan| Desk::new(*plan, capital(plan.capital_usd))).collect(),
            people: Arc::new(people),
            books: config.run.scenario.depth_usd.map(|usd| Depth::new(usd, start)),
            rng: Rng::stream(config.run.seed, "races"),
            watch: Watch { tracks: Vec::new() },
            history: History::new(last),
            pending: Pending::default(),
            tasks: JoinSet::new(),
            stop,
        };
        play.watch = Watch::new(play.people.accounts.len(), &play.standings());
        play
    }

    /// Plays until the recording is over, somebody asks to stop, or the node is silent for too long.
    pub async fn play(&mut self, progress: &ProgressBar) {
        progress.set_length(self.pace.length_secs());
        let (mut looks_left, mut silent_since) = (LAST_LOOKS, None);
        while looks_left > 0 && self.history.ended_early.is_none() {
            let stop = self.stop.clone();
            let looked = tokio::select! {
                looked = self.live.read() => looked,
                () = stop.requested() => return self.end("stopped by request"),
            };
            match looked {
                Ok(reading) => {
                    silent_since = None;
                    looks_left -= self.pace.is_over() as u32;
                    self.turn(reading);
                    self.rest(BETWEEN_LOOKS).await;
                }
                Err(failed) => {
                    self.unanswered(&failed, &mut silent_since);
                    self.rest(BETWEEN_TRIES).await;
                }
            }
            progress.set_position(self.history.secs.min(self.pace.length_secs()));
            progress.set_message(self.message());
        }
    }

    fn end(&mut self, why: &str) {
        self.history.ended_early = Some(why.to_owned());
    }

    /// A look failed: counted, and after too long a silence the end.
    fn unanswered(&mut self, failed: &Failed, silent_since: &mut Option<Instant>) {
        self.live.tally.retried(&failed.error);
        let since = *silent_since.get_or_insert_with(|| {
            self.history.connections_lost += 1;
            Instant::now()
        });
        if since.elapsed() > MOST_SILENCE {
            self.end(&format!("the node gave no answer for {} s ({failed})", MOST_SILENCE.as_secs()));
        }
    }

    /// Waits, and meanwhile takes what comes back.
    async fn rest(&mut self, how_long: Duration) {
        let (until, stop) = (tokio::time::Instant::now() + how_long, self.stop.clone());
        loop {
            tokio::select! {
                Some(event) = self.tasks.join_next() => self.came_back(event),
                () = tokio::time::sleep_until(until) => return,
                () = stop.requested() => return,
            }
        }
    }

    fn came_back(&mut self, event: Result<Event, tokio::task::JoinError>) {
        match event {
            Ok(event) => self.take(event),
            Err(error) => self.end(&format!("a task ended: {error}")),
        }
    }

    /// Sends a task out.
    pub fn send_out(&mut self, task: impl std::future::Future<Output = Event> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits for everything that is under way; false where something did not come back.
    pub async fn gather(&mut self) -> bool {
        let until = tokio::time::Instant::now() + LAST_WAIT;
        while let Ok(Some(event)) = tokio::time::timeout_at(until, self.tasks.join_next()).await {
            self.came_back(event);
        }
        let is_all = self.tasks.is_empty();
        self.tasks.abort_all();
        while self.live.tally.is_measuring() && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        is_all
    }

    /// Every account of the population at the last look, by number; without those that cannot be valued.
    pub fn standings(&self) -> BTreeMap<usize, Standing> {
        let reading = &self.history.last;
        let number = |key| self.people.numbers.get(key).copied();
        let standing = |(key, account)| Some((number(key)?, Standing::of(&reading.shared.with(account))?));
        reading.accounts.iter().filter_map(standing).collect()
    }

    fn message(&self) -> String {
        let [sol, btc] = self.pace.prices_at(self.history.secs).map(|price| price as f64 / E8 as f64);
        let (fills, bankrupt) = (self.history.liquidations.len(), self.history.bankruptcies.len());
        let by = self.desks.iter().filter(|desk| desk.result.won > 0).count();
        let under_water = self.history.samples.last().map_or(0, |sample| sample.under_water);
        let lost = match self.history.connections_lost {
            0 => String::new(),
            lost => format!("  {lost} connections lost"),
        };
        format!("SOL {sol:.2}  BTC {btc:.0}  {under_water} under water  {fills} liquidations by {by}  {bankrupt} bankruptcies{lost}")
    }
}

impl History {
    fn new(last: Arc<Reading>) -> Self {
        Self {
            first_slot: last.shared.slot,
            last,
            looks: 0,
            look_secs: Vec::new(),
            secs: 0,
            liquidations: Vec::new(),
            awaited: Vec::new(),
            bankruptcies: Vec::new(),
            samples: Vec::new(),
            oldest_secs: [0; 2],
            connections_lost: 0,
            ended_early: None,
        }
    }
}

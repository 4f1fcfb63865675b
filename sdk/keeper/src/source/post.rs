//! Sends postings when they are worth it, and closes what they leave open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::{Error, Result};
use plimsoll_state::{pause, Address, FeedBook, OracleSource, PriceSlot};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::crossbar::Crossbar;
use super::hermes::Hermes;
use super::mock::MockPoster;
use super::pace::{counting, Pace};
use super::posting::{pack, Part, Posting, Step};
use super::pyth::PythPoster;
use super::switchboard::SwitchboardPoster;
use super::{feed_id, Due, PostError, PricePoster, PriceSource, Report};
use crate::backoff::Targets;
use crate::config::PricesConfig;
use crate::jobs::Context;
use crate::outbox::Submitted;

/// Name under which transactions that post are counted.
pub const POST: &str = "post_price";
/// Name under which transactions that only close are counted.
pub const CLOSE: &str = "close_price";
/// Transactions of one stage under way at once.
const AT_ONCE: usize = 8;
/// Wait after a failed posting of a feed; doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A source of the board, and its slot.
type Wanted<'a> = (&'a PriceSlot, &'a OracleSource);

/// The configured sources and posters.
pub struct Prices {
    sources: Vec<Arc<dyn PriceSource>>,
    posters: Vec<Box<dyn PricePoster>>,
    pace: Pace,
    posted: BTreeMap<Address, Pubkey>,
    state: Mutex<State>,
}

/// What is under way.
struct State {
    /// Accounts to be closed, and how.
    open: BTreeMap<Pubkey, Instruction>,
    /// It is not known what is open: at the start, and after a transaction whose fate is unknown.
    unknown: bool,
    /// Feeds whose posting has failed.
    waiting: Targets<Address>,
}

impl Prices {
    /// What the configuration names; `keypair` posts.
    pub fn new(config: &PricesConfig, http: &reqwest::Client, keypair: &Keypair) -> Self {
        let mut sources: Vec<Arc<dyn PriceSource>> = Vec::new();
        let mut posters: Vec<Box<dyn PricePoster>> = Vec::new();
        if let Some(url) = &config.hermes_url {
            let hermes = Arc::new(Hermes::new(url, key_of(config), http.clone()));
            sources.push(hermes.clone());
            if config.post_to_pyth {
                let (shards, treasury) = (config.pyth_shards.clone(), config.pyth_treasury);
                posters.push(Box::new(PythPoster::new(hermes, keypair, shards, treasury)));
            }
        }
        if let Some(url) = &config.crossbar_url {
            sources.push(Arc::new(Crossbar::new(url, http.clone())));
            if config.post_to_switchboard {
                posters.push(Box::new(SwitchboardPoster::new(url, http.clone(), keypair.pubkey())));
            }
        }
        if config.post_to_mock {
            posters.push(Box::new(MockPoster { key: keypair.pubkey() }));
        }
        let posted = config.posted_accounts.iter().filter_map(|(feed, key)| Some((feed_id(feed)?, key.parse().ok()?)));
        let pace = Pace { max_age_secs: config.post_max_age_secs, min_move_ppm: config.post_min_move_ppm };
        Self { posted: posted.collect(), ..Self::of(sources, posters, pace) }
    }

    /// With these sources and posters.
    pub fn of(sources: Vec<Arc<dyn PriceSource>>, posters: Vec<Box<dyn PricePoster>>, pace: Pace) -> Self {
        let waiting = Targets::new(FIRST_WAIT, LONGEST_WAIT);
        let state = Mutex::new(State { open: BTreeMap::new(), unknown: true, waiting });
        Self { sources, posters, pace, posted: BTreeMap::new(), state }
    }

    /// The account in which a source that the engine does not pin is looked for: the configured one, else the keeper's own.
    pub fn posted_account(&self, source: &OracleSource) -> Option<Pubkey> {
        let own = || self.posters.iter().find_map(|poster| poster.own_account(source));
        self.posted.get(&source.feed_id).copied().or_else(own)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the sources and posts what is worth it. A source or a posting that fails is counted and holds up no other.
    ///
    /// # Errors
    /// `RateLimited` or `Unreachable` of the node.
    pub async fn post(&self, context: &Arc<Context>) -> Result<()> {
        let (board, feeds, params, now) = {
            let tracker = context.tracker();
            let shared = &tracker.shared;
            if self.posters.is_empty()
                || shared.registry.is_paused(pause::PRICE | pause::LIQUIDATE, UnixSecs::new(tracker.now()))
            {
                return Ok(());
            }
            (shared.board.clone(), shared.feeds.clone(), *shared.registry.params(), tracker.now())
        };
        self.find_open(context, &feeds).await?;
        self.close(context).await?;
        for source in &self.sources {
            let wanted: Vec<Wanted> = counting(&board, &feeds, &params, now)
                .filter(|(_, listed, kind)| source.serves(*kind) && self.can_post(listed))
                .map(|(slot, listed, _)| (slot, listed))
                .collect();
            if !wanted.is_empty() {
                self.post_of(context, source.as_ref(), &wanted, now).await?;
            }
        }
        Ok(())
    }

    /// Whether somebody here writes the account that the board reads.
    fn can_post(&self, source: &OracleSource) -> bool {
        let elsewhere = source.address == [0; 32] && self.posted.contains_key(&source.feed_id);
        !elsewhere && self.posters.iter().any(|poster| poster.can_post(source))
    }

    /// Posts what one source says of what is wanted.
    async fn post_of(
        &self,
        context: &Arc<Context>,
        source: &dyn PriceSource,
        wanted: &[Wanted<'_>],
        now: i64,
    ) -> Result<()> {
        let mut feeds: Vec<Address> = wanted.iter().map(|(_, listed)| listed.feed_id).collect();
        feeds.sort_unstable();
        feeds.dedup();
        let report = match source.latest(&feeds).await {
            Ok(report) => report,
            Err(error) => {
                context.metrics.refuse(POST, source.name(), error.reason());
                tracing::warn!(source = source.name(), %error, "no prices");
                return Ok(());
            }
        };
        for fact in &report.unreadable {
            context.metrics.refuse(POST, source.name(), "unreadable_record");
            tracing::warn!(source = source.name(), fact, "a record cannot be read; the others are");
        }
        let due = self.due(wanted, &report, now);
        for poster in &self.posters {
            let own: Vec<Due> = due.iter().filter(|due| poster.can_post(&due.source)).copied().collect();
            if own.is_empty() {
                continue;
            }
            match poster.postings(&context.connection, &own, &report).await {
                Ok(made) => {
                    for (feeds, error) in &made.failed {
                        self.not_made(context, poster.name(), feeds, error);
                    }
                    self.send_all(context, &made.postings).await?;
                }
                Err(PostError::Node(error @ (Error::RateLimited | Error::Unreachable(_)))) => return Err(error),
                Err(error) => {
                    let feeds: Vec<Address> = own.iter().map(|due| due.source.feed_id).collect();
                    self.not_made(context, poster.name(), &feeds, &error);
                }
            }
        }
        Ok(())
    }

    /// What is worth posting and does not wait after a failure; slots that share an account count once.
    fn due(&self, wanted: &[Wanted<'_>], report: &Report, now: i64) -> Vec<Due> {
        let mut due = BTreeMap::new();
        for (slot, listed) in wanted {
            let quote = report.quotes.iter().find(|quote| quote.feed == listed.feed_id);
            if let Some(quote) = quote.filter(|quote| self.pace.is_worth(slot, listed, quote, now)) {
                let account = (listed.program, listed.address, listed.feed_id);
                due.insert(account, Due { source: **listed, quote: *quote });
            }
        }
        due.into_values().filter(|due| self.may(&due.source.feed_id)).collect()
    }

    fn may(&self, feed: &Address) -> bool {
        self.state().waiting.may(feed, Instant::now())
    }

    fn not_made(&self, context: &Context, oracle: &str, feeds: &[Address], error: &PostError) {
        context.metrics.refuse(POST, oracle, &error.reason());
        self.failed(context, oracle, feeds);
        let feeds: Vec<String> = feeds.iter().map(hex::encode).collect();
        tracing::warn!(oracle, feeds = feeds.join(", "), %error, "prices are not posted");
    }

    fn failed(&self, context: &Context, oracle: &str, feeds: &[Address]) {
        context.metrics.posts.with_label_values(&[oracle, "failed"]).inc_by(feeds.len() as u64);
        let mut state = self.state();
        for feed in feeds {
            state.waiting.failed(*feed, Instant::now());
        }
    }

    async fn send_all(&self, context: &Arc<Context>, postings: &[Posting]) -> Result<()> {
        for posting in postings {
            self.send(context, posting).await?;
        }
        Ok(())
    }

    /// Sends a posting's transactions stage by stage. One that is refused ends it after its stage; what is open then is
    /// closed at the end of the turn.
    async fn send(&self, context: &Arc<Context>, posting: &Posting) -> Result<()> {
        let oracle = posting.oracle;
        for (number, stage) in posting.stages.iter().enumerate() {
            let mut refused = false;
            let mut unheard = None;
            for some in stage.chunks(AT_ONCE) {
                for (step, result) in some.iter().zip(self.send_at_once(context, some).await) {
                    match result {
                        Ok(Submitted::Confirmed(..)) => self.posted(context, oracle, step),
                        Ok(Submitted::Dry(_)) => {
                            let feeds: usize = posting.stages.iter().flatten().map(|step| step.feeds().len()).sum();
                            context.metrics.posts.with_label_values(&[oracle, "dry"]).inc_by(feeds as u64);
                            tracing::info!(
                                oracle,
                                feeds,
                                "dry run: the first transaction of the posting would succeed"
                            );
                            return Ok(());
                        }
                        Err(error) => {
                            refused = true;
                            tracing::warn!(oracle, stage = number + 1, of = posting.stages.len(), %error, "not posted");
                            self.failed(context, oracle, &step.feeds());
                            unheard = Some(error).filter(is_silence).or(unheard);
                        }
                    }
                }
            }
            if let Some(error) = unheard {
                self.state().unknown = true;
                return Err(error);
            }
            if refused {
                let left = posting.stages.iter().skip(number + 1).flatten().flat_map(Step::feeds).collect::<Vec<_>>();
                self.failed(context, oracle, &left);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn send_at_once(&self, context: &Arc<Context>, steps: &[Step]) -> Vec<Result<Submitted>> {
        let mut sending = Vec::with_capacity(steps.len());
        for step in steps {
            sending.push(submit(context.clone(), step.clone()));
        }
        futures::future::join_all(sending).await
    }

    /// Notes what a confirmed transaction has done.
    fn posted(&self, context: &Context, oracle: &str, step: &Step) {
        let feeds = step.feeds();
        context.metrics.posts.with_label_values(&[oracle, "posted"]).inc_by(feeds.len() as u64);
        self.note(step);
        let mut state = self.state();
        feeds.iter().for_each(|feed| state.waiting.succeeded(feed));
    }

    /// Notes what a confirmed transaction opened and closed.
    fn note(&self, step: &Step) {
        let mut state = self.state();
        for part in &step.parts {
            if let Some((account, close)) = &part.opens {
                state.open.insert(*account, close.clone());
            }
            if let Some(account) = &part.closes {
                state.open.remove(account);
            }
        }
    }

    /// Looks for accounts that were left open, where that is not known.
    async fn find_open(&self, context: &Context, feeds: &FeedBook) -> Result<()> {
        if !self.state().unknown || context.outbox.is_dry() {
            return Ok(());
        }
        let sources: Vec<OracleSource> = feeds.feeds.iter().flat_map(|feed| feed.sources).collect();
        let mut found = BTreeMap::new();
        for poster in &self.posters {
            match poster.left_open(&context.connection, &sources).await {
                Ok(opened) => found.extend(opened),
                Err(PostError::Node(error)) => return Err(error),
                Err(error) => {
                    tracing::warn!(poster = poster.name(), %error, "accounts that earlier postings left open could not be looked up")
                }
            }
        }
        for account in found.keys() {
            tracing::info!(%account, "an earlier posting left this account open; it is closed");
            context.metrics.refuse(CLOSE, "posting", "left_open");
        }
        let mut state = self.state();
        (state.open, state.unknown) = (found, false);
        Ok(())
    }

    /// Closes what postings have left open, for the rent that it holds. What cannot be closed is named and counted, and
    /// looked for again at the next turn.
    ///
    /// # Errors
    /// `RateLimited` or `Unreachable` of the node.
    pub async fn close(&self, context: &Arc<Context>) -> Result<()> {
        let open = self.state().open.clone();
        if open.is_empty() {
            return Ok(());
        }
        let part = |(account, close): (Pubkey, Instruction)| Part { closes: Some(account), ..Part::of(close) };
        let packed = pack(&context.outbox.payer(), open.into_iter().map(part).collect());
        for step in packed.map_err(|error| Error::Configuration(error.to_string()))? {
            match context.outbox.submit(CLOSE, &step.instructions()).await {
                Ok(_) => self.note(&step),
                Err(error) => {
                    self.state().unknown = true;
                    let accounts: Vec<String> =
                        step.parts.iter().filter_map(|part| Some(part.closes?.to_string())).collect();
                    tracing::warn!(accounts = accounts.join(", "), %error, "accounts are left open for now");
                    if is_silence(&error) {
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }
}

async fn submit(context: Arc<Context>, step: Step) -> Result<Submitted> {
    context.outbox.submit_signed(POST, &step.instructions(), &step.signers()).await
}

/// Whether the node gave no answer, so that what became of a transaction is unknown.
const fn is_silence(error: &Error) -> bool {
    matches!(error, Error::RateLimited | Error::Unreachable(_))
}

/// Hermes' API key, from the environment.
fn key_of(config: &PricesConfig) -> Option<String> {
    let name = config.hermes_key_env.as_ref()?;
    let key = std::env::var(name).ok();
    if key.is_none() {
        tracing::warn!(variable = %name, "prices.hermes_key_env: the variable is not set, Hermes is asked without a key");
    }
    key
}

//! What the keeper knows: the engine's shared accounts, every margin account, and which of them need a look.

mod accounts;
mod clock;
mod look;
mod own;
mod shared;
mod tracked;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use bytemuck::Zeroable;
use plimsoll_risk::params::{GlobalParams, MAX_PRICES};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_rpc::EngineAccounts;
use plimsoll_state::{Bank, EngineAccount, FeedBook, MarginAccount, Market, PriceBoard, Registry, LAYOUT_VERSION};
use solana_pubkey::Pubkey;

use crate::config::IndexConfig;
use crate::index::exposure::price_usd;
use crate::index::{Assumptions, Exposure, TriggerIndex};

pub use accounts::{Accounts, Change};
pub use clock::ClusterClock;
pub use look::{Candidate, Loaded, Standing};
pub use own::OwnStanding;
pub use shared::{Concerned, Shared};
pub use tracked::{Tracked, Unreadable};
pub use update::Update;

/// A node so far behind what was heard is not slow but of a chain that was started anew, once it says so several times.
const FAR_BEHIND_SLOTS: u64 = 1_000;
/// A node this far behind what was heard is more than a little slow: slots may have been lost.
const FELL_BACK_SLOTS: u64 = 32;
/// See [`FAR_BEHIND_SLOTS`].
const BELIEVED_AFTER: u32 = 5;

/// What has happened, for the metrics; grows only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Updates taken.
    pub updates: u64,
    /// Updates older than what is held.
    pub old_updates: u64,
    /// Snapshots taken.
    pub snapshots: u64,
    /// How often the chain was started anew.
    pub restarts: u64,
    /// How often the chain fell back behind a slot that was heard of, or its node did.
    pub fall_backs: u64,
    /// Accounts that were read again and were what they had been.
    pub unchanged: u64,
    /// Accounts looked at because of a price, a change or time.
    pub looks: u64,
    /// Hot accounts assessed in full.
    pub assessments: u64,
    /// Accounts and shared accounts that could not be read, by reason.
    pub unreadable: BTreeMap<&'static str, u64>,
    /// Evaluations that failed, by reason.
    pub poison: BTreeMap<String, u64>,
}

/// Buffers that every evaluation reuses.
struct Buffers {
    account: Box<MarginAccount>,
    portfolio: Box<Portfolio>,
    found: Vec<u32>,
}

/// What the keeper knows.
pub struct Tracker {
    /// The shared accounts.
    pub shared: Shared,
    /// The margin accounts.
    pub accounts: Accounts,
    /// Trigger prices.
    pub index: TriggerIndex,
    /// What has happened.
    pub tally: Tally,
    /// Accounts below maintenance at spot, to be assessed at every tick.
    pub hot: BTreeSet<u32>,
    /// Numbers of accounts that are healthy at spot but remember a time under water.
    pub armed: BTreeSet<u32>,
    /// Numbers of accounts healthy at spot that have entered or left the band of a margin call since they were observed.
    pub turned: BTreeSet<u32>,
    /// Accounts that are being resolved.
    pub bankrupt: BTreeSet<u32>,
    /// Whether a snapshot of the margin accounts was taken.
    pub has_snapshot: bool,
    liquidator: Option<Pubkey>,
    own: Option<(u64, Box<MarginAccount>)>,
    assumed: Assumptions,
    drift: (u32, u32),
    exposure: Exposure,
    buffers: Buffers,
    prices: [f64; MAX_PRICES],
    /// Readings of the clock in a row that were far behind.
    readings_behind: u32,
    /// The newest slot that was heard of when the chain fell back behind it.
    fell_back_from: Option<u64>,
    wants_resync: bool,
}

impl Tracker {
    /// Starts from a first reading of the shared accounts; margin accounts follow as updates.
    pub fn new(read: EngineAccounts, liquidator: Option<Pubkey>, config: &IndexConfig) -> Self {
        let drift = (config.drift_share_ppm, config.recheck_secs);
        let assumed = Assumptions::of(&read.registry, drift.0, drift.1);
        let buffers = Buffers {
            account: Box::new(MarginAccount::zeroed()),
            portfolio: Box::new(Portfolio::empty(GlobalParams::DEFAULT)),
            found: Vec::new(),
        };
        let mut tracker = Self {
            shared: Shared::new(read),
            accounts: Accounts::default(),
            index: TriggerIndex::default(),
            tally: Tally::default(),
            hot: BTreeSet::new(),
            armed: BTreeSet::new(),
            turned: BTreeSet::new(),
            bankrupt: BTreeSet::new(),
            has_snapshot: false,
            liquidator,
            own: None,
            assumed,
            drift,
            exposure: Exposure::default(),
            buffers,
            prices: [0.0; MAX_PRICES],
            readings_behind: 0,
            fell_back_from: None,
            wants_resync: false,
        };
        tracker.prices = tracker.board_prices();
        tracker
    }

    /// What the cluster's clock shows now, Unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// The liquidator's own account, whole.
    pub fn own(&self) -> Option<&MarginAccount> {
        self.own.as_ref().map(|(_, account)| &**account)
    }

    /// The slot that it is of; zero where it is not known.
    pub fn own_slot(&self) -> u64 {
        self.own.as_ref().map_or(0, |(slot, _)| *slot)
    }

    /// The liquidator's address.
    pub const fn liquidator(&self) -> Option<Pubkey> {
        self.liquidator
    }

    /// Takes news, and looks at the accounts that it concerns.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::Account { key, slot, data } => {
                self.shared.heard(slot);
                self.tally.updates += 1;
                self.account(key, slot, &data);
            }
            Update::Snapshot { slot, accounts } => {
                self.accounts.begin_snapshot();
                self.part_of_snapshot(slot, &accounts);
                self.end_snapshot(slot);
            }
            Update::SnapshotBegins => self.accounts.begin_snapshot(),
            Update::SnapshotPart { slot, accounts } => self.part_of_snapshot(slot, &accounts),
            Update::Unreadable { keys } => {
                *self.tally.unreadable.entry("undecodable").or_default() += keys.len() as u64;
                keys.iter().for_each(|key| self.accounts.seen_in_snapshot(key));
            }
            Update::SnapshotEnds { slot } => self.end_snapshot(slot),
            Update::Clock { slot, unix_secs } => self.clock(slot, unix_secs),
        }
    }

    fn clock(&mut self, slot: u64, unix_secs: i64) {
        let is_behind = slot.saturating_add(FAR_BEHIND_SLOTS) < self.shared.slot;
        self.readings_behind = if is_behind { self.readings_behind + 1 } else { 0 };
        if self.readings_behind >= BELIEVED_AFTER {
            tracing::error!(slot, held = self.shared.slot, "the chain was started anew: everything is read again");
            self.readings_behind = 0;
            self.tally.restarts += 1;
            self.shared.restart(slot, unix_secs);
            self.accounts.restart();
            self.own = self.own.take().map(|(_, account)| (0, account));
            (self.fell_back_from, self.wants_resync) = (None, true);
        } else {
            self.note_fall_back(slot);
        }
        self.shared.heard(slot);
        self.shared.clock.update(slot, unix_secs);
    }

    /// What was heard of slots that the chain then lost stays until those slots are passed: then everything is read again.
    fn note_fall_back(&mut self, slot: u64) {
        match self.fell_back_from {
            None if slot.saturating_add(FELL_BACK_SLOTS) < self.shared.slot => {
                tracing::warn!(slot, heard = self.shared.slot, "the chain lost slots, or the node lags behind");
                self.tally.fall_backs += 1;
                self.fell_back_from = Some(self.shared.slot);
            }
            Some(from) if slot >= from => (self.fell_back_from, self.wants_resync) = (None, true),
            _ => {}
        }
    }

    fn account(&mut self, key: Pubkey, slot: u64, data: &[u8]) {
        if key == self.shared.keys.registry {
            if let Some(registry) = self.decoded::<Registry>(data) {
                self.registry(slot, registry);
            }
        } else if key == self.shared.keys.board {
            if let Some(board) = self.decoded::<PriceBoard>(data) {
                self.board(slot, board);
            }
        } else if key == self.shared.keys.feeds {
            if let Some(feeds) = self.decoded::<FeedBook>(data) {
                self.shared.set_feeds(slot, feeds);
            }
        } else if data.starts_with(&Bank::ACCOUNT_DISCRIMINATOR) {
            if let Some(bank) = self.decoded::<Bank>(data).filter(|bank| bank.engine == self.shared.registry.engine) {
                self.shared.set_bank(slot, *bank);
            }
        } else if data.starts_with(&Market::ACCOUNT_DISCRIMINATOR) {
            if let Some(market) = self.decoded::<Market>(data).filter(|m| m.engine == self.shared.registry.engine) {
                self.shared.set_market(slot, *market);
            }
        } else {
            let _ = self.margin_account(key, slot, data);
        }
    }

    /// A shared account; none, counted, where it is another type or version.
    fn decoded<T: EngineAccount>(&mut self, data: &[u8]) -> Option<Box<T>> {
        let version = data.get(plimsoll_state::DISCRIMINATOR_LEN).copied();
        let decoded = plimsoll_sdk::decode::account::<T>(data).filter(|_| version == Some(LAYOUT_VERSION));
        let valid = decoded.filter(|account| account.invariant().is_ok());
        if valid.is_none() {
            *self.tally.unreadable.entry("shared_account").or_default() += 1;
        }
        valid.map(Box::new)
    }

    fn margin_account(&mut self, key: Pubkey, slot: u64, data: &[u8]) -> Change {
        if Some(key) == self.liquidator && self.own.as_ref().is_none_or(|(held, _)| *held <= slot) {
            self.own = plimsoll_sdk::decode::account(data).map(|account| (slot, Box::new(account)));
        }
        let (change, unreadable) = self.accounts.apply(key, slot, data);
        if let Some(unreadable) = unreadable {
            *self.tally.unreadable.entry(unreadable.reason()).or_default() += 1;
            tracing::warn!(account = %key, slot, reason = unreadable.reason(), "an account cannot be read");
        }
        match change {
            Change::Old => self.tally.old_updates += 1,
            // It is filed as it was looked at; its trigger prices say when that no longer holds.
            Change::Same(_) => self.tally.unchanged += 1,
            Change::Set(id) => self.look(id),
            Change::Gone(id) => self.forget(id),
        }
        change
    }

    /// Whether an update tells something of a margin account that is not known.
    pub fn is_news(&self, update: &Update) -> bool {
        let Update::Account { key, slot, data } = update else { return false };
        self.accounts.differs(key, *slot, data)
    }

    fn forget(&mut self, id: u32) {
        self.index.remove(id);
        self.hot.remove(&id);
        self.armed.remove(&id);
        self.turned.remove(&id);
        self.bankrupt.remove(&id);
    }

    fn part_of_snapshot(&mut self, slot: u64, some: &[(Pubkey, Vec<u8>)]) {
        self.shared.heard(slot);
        for (key, data) in some {
            match self.margin_account(*key, slot, data) {
                Change::Same(id) | Change::Set(id) => self.accounts.id_seen_in_snapshot(id),
                // One that is known of a later slot is there all the same.
                Change::Old | Change::Gone(_) => self.accounts.seen_in_snapshot(key),
            }
        }
    }

    fn end_snapshot(&mut self, slot: u64) {
        self.tally.snapshots += 1;
        for id in self.accounts.end_snapshot(slot) {
            self.forget(id);
        }
        self.has_snapshot = true;
    }

    /// Whether a snapshot should be asked for now; asked once.
    pub fn take_resync(&mut self) -> bool {
        std::mem::take(&mut self.wants_resync)
    }

    fn registry(&mut self, slot: u64, registry: Box<Registry>) {
        let Some(concerned) = self.shared.set_registry(slot, registry, &mut self.assumed) else {
            self.tally.old_updates += 1;
            return;
        };
        if concerned.is_nobody() {
            return;
        }
        if concerned.all {
            self.assumed = Assumptions::of(&self.shared.registry, self.drift.0, self.drift.1);
        }
        let holds = |account: &Tracked| {
            concerned.all
                || account.banks & concerned.banks != 0
                || account.debts & concerned.debts != 0
                || account.markets & concerned.markets != 0
        };
        let ids: Vec<u32> = self.accounts.iter().filter(|(_, account)| holds(account)).map(|(id, _)| id).collect();
        for id in ids {
            self.look(id);
        }
    }

    fn board(&mut self, slot: u64, board: Box<PriceBoard>) {
        if !self.shared.set_board(slot, board) {
            self.tally.old_updates += 1;
            return;
        }
        let prices = self.board_prices();
        let mut found = std::mem::take(&mut self.buffers.found);
        found.clear();
        for (index, (price, held)) in prices.iter().zip(&self.prices).enumerate() {
            if price != held {
                self.index.left_by(index as u8, *price, &mut found);
            }
        }
        self.prices = prices;
        self.look_at_all(found);
    }

    fn board_prices(&self) -> [f64; MAX_PRICES] {
        let mut prices = [0.0; MAX_PRICES];
        for (price, slot) in prices.iter_mut().zip(&self.shared.board.slots) {
            *price = price_usd(slot);
        }
        prices
    }

    /// Looks at the accounts that are due because of interest, funding or time.
    pub fn tick(&mut self) {
        let now = self.now();
        let mut found = std::mem::take(&mut self.buffers.found);
        found.clear();
        self.index.due_at(now, &mut found);
        self.look_at_all(found);
    }

    fn look_at_all(&mut self, mut found: Vec<u32>) {
        found.sort_unstable();
        found.dedup();
        for id in &found {
            self.look(*id);
        }
        self.buffers.found = found;
    }
}

#[cfg(test)]
mod fork_tests;
#[cfg(test)]
mod tests;

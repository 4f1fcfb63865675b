//! The steps that are still needed between a file and the chain.
//!
//! [`plan`] is a pure comparison: state is read again before every step, so that a migration can stop anywhere and be
//! started again, and one that has nothing to do does nothing.

mod apply;
mod build;
#[cfg(test)]
mod hostile_tests;
mod signers;
#[cfg(test)]
mod tests;
mod waits;

use std::fmt;

use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix::args::UpdateVenueArgs;
use plimsoll_state::pause;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::chain::Chain;
use crate::config::{differences, Config, Difference, Key, PauseBit, Resolved, Role, VenueConfig};
use crate::error::Result;

pub use apply::{apply, Applied, ApplyOptions, Waiting};
pub use waits::{Part, Stage, Waits};

/// One step: one transaction, sent by one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Creates a mint of the creator's own for a bank.
    CreateMint {
        /// Slot of the bank.
        bank: u8,
    },
    /// Creates the engine.
    CreateEngine,
    /// Creates or grows the registry; the last call writes the parameters.
    GrowRegistry {
        /// Calls left, this one included.
        calls_left: usize,
    },
    /// Creates or grows the board.
    GrowBoard {
        /// Calls left, this one included.
        calls_left: usize,
    },
    /// Creates or grows the feed book.
    GrowFeeds {
        /// Calls left, this one included.
        calls_left: usize,
    },
    /// Creates a feed of the mock oracle and posts its first price.
    CreateFeed {
        /// Slot of the price.
        price: u8,
    },
    /// Replaces the parameters.
    UpdateParams,
    /// Lists a price.
    ListPrice {
        /// Slot.
        price: u8,
    },
    /// Changes a listed price.
    UpdatePrice {
        /// Slot.
        price: u8,
    },
    /// Lists a bank; its price is refreshed before.
    ListBank {
        /// Slot.
        bank: u8,
    },
    /// Changes a listed bank.
    UpdateBank {
        /// Slot.
        bank: u8,
    },
    /// Lists a market; its price is refreshed before.
    ListMarket {
        /// Slot.
        market: u8,
    },
    /// Changes a listed market.
    UpdateMarket {
        /// Slot.
        market: u8,
    },
    /// Registers a venue.
    RegisterVenue {
        /// Its place in the file.
        venue: usize,
    },
    /// Changes what a venue may do.
    UpdateVenue {
        /// Its place in the file.
        venue: usize,
    },
    /// Pauses and ends pauses.
    SetPause {
        /// Bits that are paused, for a week.
        add: u32,
        /// Bits whose pauses end.
        remove: u32,
    },
    /// Launches the engine.
    Launch,
    /// Names who may take a role over.
    ProposeRole {
        /// The role.
        role: Role,
    },
    /// Takes a role over.
    AcceptRole {
        /// The role.
        role: Role,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateMint { bank } => write!(f, "create the mint of bank {bank}"),
            Self::CreateEngine => write!(f, "create the engine"),
            Self::GrowRegistry { calls_left } => write!(f, "grow the registry ({calls_left} call(s) left)"),
            Self::GrowBoard { calls_left } => write!(f, "grow the price board ({calls_left} call(s) left)"),
            Self::GrowFeeds { calls_left } => write!(f, "grow the feed book ({calls_left} call(s) left)"),
            Self::CreateFeed { price } => write!(f, "create the mock feed of price {price} and post to it"),
            Self::UpdateParams => write!(f, "update the parameters"),
            Self::ListPrice { price } => write!(f, "list price {price}"),
            Self::UpdatePrice { price } => write!(f, "update price {price}"),
            Self::ListBank { bank } => write!(f, "refresh its price and list bank {bank}"),
            Self::UpdateBank { bank } => write!(f, "update bank {bank}"),
            Self::ListMarket { market } => write!(f, "refresh its price and list market {market}"),
            Self::UpdateMarket { market } => write!(f, "update market {market}"),
            Self::RegisterVenue { venue } => write!(f, "register venue {venue}"),
            Self::UpdateVenue { venue } => write!(f, "update venue {venue}"),
            Self::SetPause { add, remove } => {
                let named = |verb: &str, bits: u32| {
                    let names: Vec<&str> = PauseBit::of_bits(bits).into_iter().map(PauseBit::name).collect();
                    (bits != 0).then(|| format!("{verb} {}", names.join(", ")))
                };
                let parts: Vec<String> =
                    named("pause", *add).into_iter().chain(named("end the pause of", *remove)).collect();
                write!(f, "{}", parts.join(" and "))
            }
            Self::Launch => write!(f, "launch the engine"),
            Self::ProposeRole { role } => write!(f, "propose the new {role}"),
            Self::AcceptRole { role } => write!(f, "accept the role of {role}"),
        }
    }
}

/// A step, who has to sign it, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// Whose signature it needs.
    #[serde(serialize_with = "as_text")]
    pub signer: Pubkey,
    /// What it changes, where it changes something that exists.
    pub changes: Vec<String>,
    /// How much of the step it is.
    #[serde(skip_serializing_if = "Part::is_whole")]
    pub part: Part,
    /// Where it has to wait in public: what has to, and how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::Whole => write!(f, "{}", self.step),
            Part::AtOnce(_) => write!(f, "{}: what need not wait of it", self.step),
            Part::Rest => write!(f, "{}: what has to wait of it", self.step),
        }
    }
}

fn as_text<S: serde::Serializer>(key: &Pubkey, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// What is left to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Planned>,
    /// Differences in what can never be changed.
    pub immutable: Vec<String>,
    /// Changes that wait and would not make the engine what the file says, by number.
    pub others: Vec<u64>,
}

/// Compares the file with the chain. Steps are the authority's where they could be another key's as well: [`Plan::signed_by`].
///
/// # Errors
/// `Config` where a configuration cannot be compared.
pub fn plan(resolved: &Resolved, chain: &Chain) -> Result<Plan> {
    let authority = chain.engine.map_or(resolved.creator, |engine| Pubkey::new_from_array(engine.authority));
    let mut planner = Planner { resolved, chain, authority, plan: Plan::default(), found: Vec::new() };
    // What ramps is on its way: no step would bring it there sooner.
    if let Some(on_chain) = chain.at_goals().config(&resolved.config) {
        planner.found = differences(&managed(&resolved.config, &on_chain), &on_chain)?;
    }
    planner.creation();
    planner.immutable();
    planner.listings();
    planner.engine();
    waits::mark(&mut planner.plan, resolved, chain)?;
    Ok(planner.plan)
}

/// The file with what it leaves alone taken from the chain.
pub(crate) fn managed(file: &Config, chain: &Config) -> Config {
    let mut file = file.clone();
    let (ours, theirs) = (&mut file.engine, &chain.engine);
    ours.authority = ours.authority.or(theirs.authority);
    ours.risk_authority = ours.risk_authority.or(theirs.risk_authority);
    ours.guardian = ours.guardian.or(theirs.guardian);
    ours.fee_collector = ours.fee_collector.or(theirs.fee_collector);
    ours.pause = ours.pause.take().or_else(|| theirs.pause.clone());
    file
}

struct Planner<'a> {
    resolved: &'a Resolved,
    chain: &'a Chain,
    authority: Pubkey,
    plan: Plan,
    found: Vec<Difference>,
}

impl Planner<'_> {
    fn push(&mut self, step: Step, signer: Pubkey, changes: Vec<String>) {
        self.plan.steps.push(Planned { step, signer, changes, part: Part::Whole, waits: None });
    }

    /// Differences below a path.
    fn below(&self, path: &str) -> Vec<String> {
        let belongs = |found: &&Difference| {
            found.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.found.iter().filter(belongs).map(ToString::to_string).collect()
    }

    /// Everything up to a complete, empty engine, and what listings rely on.
    fn creation(&mut self) {
        let (creator, authority) = (self.resolved.creator, self.authority);
        for mint in &self.resolved.mints {
            if self.chain.mints.get(mint.bank as usize).is_none_or(Option::is_none) {
                self.push(Step::CreateMint { bank: mint.bank }, creator, Vec::new());
            }
        }
        if self.chain.engine.is_none() {
            self.push(Step::CreateEngine, creator, Vec::new());
        }
        for calls_left in (1..=self.chain.registry.calls_left()).rev() {
            self.push(Step::GrowRegistry { calls_left }, authority, Vec::new());
        }
        for calls_left in (1..=self.chain.board.calls_left()).rev() {
            self.push(Step::GrowBoard { calls_left }, authority, Vec::new());
        }
        for calls_left in (1..=self.chain.feed_book.calls_left()).rev() {
            self.push(Step::GrowFeeds { calls_left }, authority, Vec::new());
        }
        for (feed, exists) in self.resolved.feeds.iter().zip(&self.chain.feeds) {
            if !exists {
                self.push(Step::CreateFeed { price: feed.slot }, creator, Vec::new());
            }
        }
    }

    /// What no instruction can change: identities and slots.
    fn immutable(&mut self) {
        let forever = |path: &str| {
            let leaf = path.rsplit('.').next().unwrap_or(path);
            ["engine.id", "engine.test_cluster", "engine.creator"].contains(&path)
                || path.starts_with("bank[") && ["mint", "price_slot"].contains(&leaf)
                || path.starts_with("market[") && ["name", "price_slot", "base_decimals"].contains(&leaf)
        };
        let gone = |found: &Difference| found.in_file.is_none() && found.path.ends_with(']');
        self.plan.immutable =
            self.found.iter().filter(|found| forever(&found.path) || gone(found)).map(ToString::to_string).collect();
    }

    fn listings(&mut self) {
        let authority = self.authority;
        let params = self.below("params");
        if !params.is_empty() {
            self.push(Step::UpdateParams, authority, params);
        }
        let listed = self.chain.board.complete().map_or(0, |board| board.count as usize);
        for slot in 0..self.resolved.config.prices.len() {
            let changes = self.below(&format!("price[{slot}]"));
            if slot >= listed {
                self.push(Step::ListPrice { price: slot as u8 }, authority, Vec::new());
            } else if !changes.is_empty() {
                self.push(Step::UpdatePrice { price: slot as u8 }, authority, changes);
            }
        }
        for slot in 0..self.resolved.config.banks.len() {
            let changes = self.below(&format!("bank[{slot}]"));
            if slot >= self.chain.banks.len() {
                self.push(Step::ListBank { bank: slot as u8 }, authority, Vec::new());
            } else if !changes.is_empty() {
                self.push(Step::UpdateBank { bank: slot as u8 }, authority, changes);
            }
        }
        for slot in 0..self.resolved.config.markets.len() {
            let changes = self.below(&format!("market[{slot}]"));
            if slot >= self.chain.markets.len() {
                self.push(Step::ListMarket { market: slot as u8 }, authority, Vec::new());
            } else if !changes.is_empty() {
                self.push(Step::UpdateMarket { market: slot as u8 }, authority, changes);
            }
        }
    }

    /// Venues, pause and hand-over. A market of the file that is only listed below has new bits, so venues come last.
    fn engine(&mut self) {
        let (authority, file) = (self.authority, &self.resolved.config);
        for (venue, (config, on_chain)) in file.venues.iter().zip(&self.chain.venues).enumerate() {
            match on_chain {
                None => self.push(Step::RegisterVenue { venue }, authority, Vec::new()),
                Some(found) => {
                    let (wanted, found) = (config.args(), VenueConfig::observed(found).args());
                    let permissions = |args: &UpdateVenueArgs| (args.active, args.settle_markets, args.premium_markets);
                    if permissions(&wanted) != permissions(&found) {
                        self.push(Step::UpdateVenue { venue }, authority, vec![format!("{found:?} to {wanted:?}")]);
                    }
                }
            }
        }
        // A venue is registered active: one that the file stops is updated in the next round.
        let paused =
            self.chain.registry.complete().map_or(0, |registry| registry.paused_at(UnixSecs::new(self.chain.now)));
        if let Some(wanted) = file.engine.pause.as_deref().map(PauseBit::bits).filter(|bits| *bits != paused) {
            let changes = vec![format!("pause bits {:#010b} to {:#010b}", paused & pause::ALL, wanted)];
            self.push(Step::SetPause { add: wanted & !paused, remove: paused & !wanted }, authority, changes);
        }
        // Handing over comes before the launch, after which it has to wait; only accepting it needs another key.
        let accepts = self.hand_over();
        let launched = self.chain.registry.complete().is_some_and(|registry| registry.launched == 1);
        if file.engine.launch && !launched {
            self.push(Step::Launch, authority, Vec::new());
        }
        for (role, next) in accepts {
            self.push(Step::AcceptRole { role }, next, Vec::new());
        }
    }

    /// Proposes the holders of the file; returns who has to accept.
    fn hand_over(&mut self) -> Vec<(Role, Pubkey)> {
        let (authority, mut accepts) = (self.authority, Vec::new());
        for role in Role::ALL {
            let Some(wanted) = self.resolved.config.engine.holder(role) else { continue };
            let (holder, pending) = match &self.chain.engine {
                Some(engine) => (*engine.holder(role.stored()), *engine.pending(role.stored())),
                // Whoever creates the engine is its authority; the others are named when it is created.
                None if role == Role::Authority => (authority.to_bytes(), [0; 32]),
                None => continue,
            };
            if holder == wanted.0.to_bytes() {
                continue;
            }
            if pending != wanted.0.to_bytes() {
                let changes = vec![format!("{} to {wanted}", Key::from(holder))];
                self.push(Step::ProposeRole { role }, authority, changes);
            }
            // A proposal that has to wait can be accepted when it has.
            let waits = self.chain.registry.complete().is_some_and(|registry| !registry.is_set_up_freely());
            if self.chain.engine.is_some() && (!waits || pending == wanted.0.to_bytes()) {
                accepts.push((role, wanted.0));
            }
        }
        accepts
    }
}

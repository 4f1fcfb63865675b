//! The engine under replay: what carries it, everyone's accounts, and every operation measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_sdk::view::Accounts;
use plimsoll_state::{Bank, MarginAccount, Market, PriceBoard, Registry};
use solana_pubkey::Pubkey;

use crate::conserve::{self, Ledger};
use crate::host::{Host, Landed, Refused};
use crate::listing::{BANKS, MARKETS};
use crate::measure::{KnownCost, Meter};
use crate::operation::Operation;
use crate::result::Conservation;
use crate::standing::Standing;
use crate::world::Trader;

/// The engine and who has accounts there.
pub struct Engine {
    /// What carries it.
    pub host: Box<dyn Host>,
    /// What operations cost.
    pub meter: Meter,
    /// Accounts of the population.
    pub accounts: Vec<Trader>,
    /// Accounts of the liquidators.
    pub liquidators: Vec<Trader>,
    /// The market maker: takes what longs and shorts do not match, and the other side when a liquidator closes.
    pub maker: Trader,
    /// Signs for the venue that reports premiums.
    pub venue_signer: Pubkey,
}

/// What margin is decided on, decoded at one instant.
pub struct Snapshot {
    /// The registry.
    pub registry: Arc<Registry>,
    /// Prices.
    pub board: Arc<PriceBoard>,
    /// Unix seconds.
    pub now: i64,
}

impl Snapshot {
    /// A margin account beside registry and prices, as the SDK takes them.
    pub fn with<'a>(&'a self, account: &'a MarginAccount) -> Accounts<'a> {
        Accounts { account, registry: &self.registry, board: &self.board, now: self.now }
    }

    /// How an account stands at spot; none where a leg cannot be valued.
    pub fn standing(&self, account: &MarginAccount) -> Option<Standing> {
        Standing::of(&self.with(account))
    }
}

impl Engine {
    /// An engine in which nobody has an account yet.
    pub fn new(mut host: Box<dyn Host>) -> Self {
        let venue_signer = host.party("venue");
        let maker = Trader { owner: host.authority(), account: host.authority() };
        Self { host, meter: Meter::default(), accounts: Vec::new(), liquidators: Vec::new(), maker, venue_signer }
    }

    /// Does one thing and measures it under its name.
    ///
    /// # Errors
    /// Why it was refused; it is counted.
    pub fn send(&mut self, operation: &Operation) -> Result<Landed, Refused> {
        let name = operation.name();
        match self.host.send(operation) {
            Ok(landed) => {
                self.landed(name, &landed);
                Ok(landed)
            }
            Err(refused) => {
                self.meter.refused(name, &refused.0);
                Err(refused)
            }
        }
    }

    /// Does one thing where that is possible now; a refusal is not counted.
    pub fn send_if_possible(&mut self, operation: &Operation) -> bool {
        let landed = self.host.send(operation);
        landed.is_ok_and(|landed| {
            self.landed(operation.name(), &landed);
            true
        })
    }

    fn landed(&mut self, name: &str, landed: &Landed) {
        let cost = landed.cost.map_or_else(KnownCost::default, KnownCost::from);
        self.meter.landed(name, landed.outcome, cost);
    }

    /// Registry and prices now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { registry: self.host.registry(), board: self.host.board(), now: self.host.now() }
    }

    /// An account of the population.
    pub fn account(&self, index: usize) -> MarginAccount {
        self.host.margin_account(&self.accounts[index].account)
    }

    /// A bank.
    pub fn bank(&self, index: usize) -> Bank {
        self.host.bank(index)
    }

    /// A market.
    pub fn market(&self, index: usize) -> Market {
        self.host.market(index)
    }

    /// Every bank.
    pub fn banks(&self) -> Vec<Bank> {
        (0..BANKS.len()).map(|i| self.bank(i)).collect()
    }

    /// Every market.
    pub fn markets(&self) -> Vec<Market> {
        (0..MARKETS.len()).map(|i| self.market(i)).collect()
    }

    /// How every account of the population stands, by number; without those that cannot be valued.
    pub fn standings(&self) -> BTreeMap<usize, Standing> {
        let snapshot = self.snapshot();
        let standing = |i: usize| Some((i, snapshot.standing(&self.account(i))?));
        (0..self.accounts.len()).filter_map(standing).collect()
    }

    /// Addresses of every margin account: the population's, the liquidators', the maker's.
    pub fn addresses(&self) -> Vec<Pubkey> {
        let all = self.accounts.iter().chain(&self.liquidators).chain(std::iter::once(&self.maker));
        all.map(|trader| trader.account).collect()
    }

    /// Every margin account of the engine.
    pub fn everyone(&self) -> Vec<MarginAccount> {
        self.addresses().iter().map(|address| self.host.margin_account(address)).collect()
    }

    /// Checks that every atom is accounted for.
    pub fn check_conservation(&self, found: &mut Conservation) {
        let snapshot = self.snapshot();
        let vaults = (0..BANKS.len()).map(|i| self.host.vault_atoms(i));
        let banks: Vec<(Bank, u64)> = self.banks().into_iter().zip(vaults).collect();
        let markets = self.markets();
        let ledger = Ledger {
            registry: &snapshot.registry,
            board: &snapshot.board,
            banks: &banks,
            markets: &markets,
            accounts: &self.everyone(),
            now: snapshot.now,
            transactions: self.meter.total(),
            closings: self.meter.closings(),
        };
        conserve::check(&ledger, found);
    }
}

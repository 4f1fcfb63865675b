//! The engine under replay: its chain, everyone's accounts, and every transaction measured.

use std::collections::BTreeMap;

use litesvm::types::TransactionMetadata;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{Bank, MarginAccount, Market, PriceBoard, Registry};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::conserve::{self, Ledger};
use crate::listing::{BANKS, MARKETS};
use crate::measure::Meter;
use crate::result::Conservation;
use crate::standing::Standing;
use crate::world::{size_and_keys, Failure, Trader, World, BUDGET_INSTRUCTION_UNITS};

/// The chain and who is on it.
pub struct Engine {
    /// The chain with the engine.
    pub world: World,
    /// What transactions cost.
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
    pub registry: Box<Registry>,
    /// Prices.
    pub board: Box<PriceBoard>,
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

/// A refused transaction's reason: the program's error by name, else what the runtime said.
pub fn reason(failure: &Failure) -> String {
    let named = failure.logs.iter().find_map(|log| log.split("Error Code: ").nth(1)?.split('.').next());
    named.map_or_else(|| failure.text.clone(), str::to_owned)
}

impl Engine {
    /// A chain on which nobody has an account yet.
    pub fn new(mut world: World) -> Self {
        let venue_signer = world.party("venue");
        let maker = Trader { owner: world.authority, account: world.authority };
        Self { world, meter: Meter::default(), accounts: Vec::new(), liquidators: Vec::new(), maker, venue_signer }
    }

    /// Sends one instruction in a transaction of its own and measures it under `name`.
    ///
    /// # Errors
    /// What was refused; it is counted.
    pub fn send(
        &mut self,
        name: &str,
        payer: &Pubkey,
        instruction: Instruction,
    ) -> Result<TransactionMetadata, Failure> {
        let instructions = [instruction];
        let (bytes, keys) = size_and_keys(payer, &instructions);
        match self.world.send(payer, &instructions) {
            Ok(meta) => {
                let units = meta.compute_units_consumed.saturating_sub(BUDGET_INSTRUCTION_UNITS);
                self.meter.landed(name, &meta.return_data.data, Some(units), bytes, keys);
                Ok(meta)
            }
            Err(failure) => {
                self.meter.refused(name, &reason(&failure));
                Err(failure)
            }
        }
    }

    /// Registry and prices now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { registry: self.world.registry(), board: self.world.board(), now: self.world.now() }
    }

    /// An account of the population.
    pub fn account(&self, index: usize) -> MarginAccount {
        self.world.margin_account(&self.accounts[index])
    }

    /// A bank.
    pub fn bank(&self, index: usize) -> Bank {
        self.world.read(&self.world.keys.bank(index as u8).bank)
    }

    /// A market.
    pub fn market(&self, index: usize) -> Market {
        self.world.read(&self.world.keys.market(index as u8))
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

    /// Every margin account of the engine.
    pub fn everyone(&self) -> Vec<MarginAccount> {
        let all = self.accounts.iter().chain(&self.liquidators).chain(std::iter::once(&self.maker));
        all.map(|trader| self.world.margin_account(trader)).collect()
    }

    /// Checks that every atom is accounted for.
    pub fn check_conservation(&self, found: &mut Conservation) {
        let snapshot = self.snapshot();
        let vault = |i: usize| self.world.token_balance(&self.world.keys.bank(i as u8).vault);
        let banks: Vec<(Bank, u64)> = self.banks().into_iter().zip((0..BANKS.len()).map(vault)).collect();
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

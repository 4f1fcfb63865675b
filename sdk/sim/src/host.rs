//! What carries the engine of a replay: the built program on a chain in this process, or the engine's crates in memory.
//! The loop is the same, and so is what it finds; a chain also tells what transactions cost.

mod memory;
mod on_chain;

use std::sync::Arc;

use plimsoll_engine::Holdings;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_state::{Bank, FeedBook, MarginAccount, Market, PriceBoard, Registry};
use solana_pubkey::Pubkey;

use crate::feed_plan::Posting;
use crate::listing::BankListing;
use crate::operation::Operation;
use crate::world::{BankConfig, MarketConfig, PriceConfig};

pub use memory::InMemory;
pub use on_chain::OnChain;

/// What an operation that was taken reported.
#[derive(Clone, Copy, Debug, Default)]
pub struct Landed {
    /// Of a liquidation what it did.
    pub outcome: Option<LiquidationOutcome>,
    /// What it cost; none without a chain.
    pub cost: Option<Cost>,
}

/// What a transaction costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Compute units of the whole transaction.
    pub compute_units: u64,
    /// Bytes on the wire, signatures included.
    pub bytes: usize,
    /// Distinct accounts.
    pub accounts: usize,
}

/// Why an operation was refused: the program's error by name, else the runtime's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// Carries an engine.
pub trait Host {
    /// The time, Unix seconds.
    fn now(&self) -> i64;
    /// Sets the time, Unix seconds.
    fn set_clock(&mut self, unix: i64);
    /// The address that a name stands for.
    fn party(&mut self, name: &str) -> Pubkey;
    /// Who set the engine up.
    fn authority(&self) -> Pubkey;
    /// The address of an owner's margin account 0.
    fn margin_address(&self, owner: &Pubkey) -> Pubkey;

    /// The registry.
    fn registry(&self) -> Arc<Registry>;
    /// Prices.
    fn board(&self) -> Arc<PriceBoard>;
    /// Where prices come from.
    fn feed_book(&self) -> Arc<FeedBook>;
    /// A listed bank.
    fn bank(&self, index: usize) -> Bank;
    /// Atoms in a listed bank's vault.
    fn vault_atoms(&self, index: usize) -> u64;
    /// A listed market.
    fn market(&self, index: usize) -> Market;
    /// An open margin account.
    fn margin_account(&self, address: &Pubkey) -> MarginAccount;

    /// Lists a price in the next free slot.
    ///
    /// # Errors
    /// What is refused.
    fn list_price(&mut self, config: &PriceConfig) -> Result<(), Refused>;
    /// Lists a new token in the next free slot.
    ///
    /// # Errors
    /// What is refused.
    fn list_bank(&mut self, listing: &BankListing, config: &BankConfig) -> Result<(), Refused>;
    /// Lists a market in the next free slot.
    ///
    /// # Errors
    /// What is refused.
    fn list_market(&mut self, config: &MarketConfig) -> Result<(), Refused>;
    /// Launches the engine.
    ///
    /// # Errors
    /// What is refused.
    fn launch(&mut self) -> Result<(), Refused>;

    /// What the oracles of a price say from now on; a refresh takes it.
    fn post(&mut self, slot: u8, posting: &Posting);
    /// Does one thing, or changes nothing.
    ///
    /// # Errors
    /// Why it was refused.
    fn send(&mut self, operation: &Operation) -> Result<Landed, Refused>;

    /// Every account of the engine; of margin accounts those at these addresses.
    fn holdings(&self, accounts: &[Pubkey]) -> Holdings {
        let (registry, board) = (*self.registry(), *self.board());
        let (banks, markets) = (registry.bank_count as usize, registry.market_count as usize);
        Holdings {
            registry,
            board,
            feeds: *self.feed_book(),
            banks: (0..banks).map(|i| (self.bank(i), self.vault_atoms(i))).collect(),
            markets: (0..markets).map(|i| self.market(i)).collect(),
            accounts: accounts.iter().map(|address| self.margin_account(address)).collect(),
        }
    }
}

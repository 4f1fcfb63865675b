//! Every balance and position of an engine, rebuilt from its events and nothing else.
//!
//! An event says which amounts moved; what they make of shares follows from the same functions that the program uses, with
//! indices that earlier events gave. So it needs the cluster's time of each event to the second.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::event::{BankRecord, EngineEvent, EstateBank, PoolState};
use plimsoll_state::{Bank, BankSlot, FundingClock, MarginAccount, Market, MarketSlot, Registry, TokenPosition};
use solana_pubkey::Pubkey;

mod compare;
mod estates;
mod liquidations;
mod listings;
mod perps;
mod tokens;

/// What the events have said so far. Only balances are kept: prices, clocks and vaults are not rebuilt.
#[derive(Clone)]
pub struct Rebuilt {
    /// Parameters that funding is bounded by, rates and indices.
    pub registry: Box<Registry>,
    /// Banks by slot.
    pub banks: Vec<Bank>,
    /// Markets by slot.
    pub markets: Vec<Market>,
    /// Margin accounts by address.
    pub accounts: BTreeMap<Pubkey, MarginAccount>,
}

/// An event that does not follow from those before it: one was missed, or the time is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction(String);

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Contradiction {}

/// Whether an event followed.
pub type Applied<T = ()> = Result<T, Contradiction>;

fn missing(what: &str) -> Contradiction {
    Contradiction(format!("no event told of {what}"))
}

/// A formula refuses what the program has done.
fn refused(error: impl fmt::Debug) -> Contradiction {
    Contradiction(format!("a formula refuses what was done: {error:?}"))
}

impl Rebuilt {
    /// Before the first event.
    pub fn nothing() -> Self {
        Self {
            registry: Box::new(bytemuck::Zeroable::zeroed()),
            banks: Vec::new(),
            markets: Vec::new(),
            accounts: BTreeMap::new(),
        }
    }

    /// Applies an event of this second, Unix.
    ///
    /// # Errors
    /// Where it does not follow from those before it.
    pub fn apply(&mut self, event: &EngineEvent, now: i64) -> Applied {
        let applied = self.listed(event, now)
            || self.moved(event, now)?
            || self.traded(event, now)?
            || self.liquidated(event, now)?
            || self.resolved(event, now)?;
        // What moves no balance: powers, prices, pauses, calls, premiums.
        let _ = applied;
        Ok(())
    }

    fn account(&mut self, key: &Pubkey) -> Applied<&mut MarginAccount> {
        self.accounts.get_mut(key).ok_or_else(|| missing(&key.to_string()))
    }

    fn bank(&mut self, index: u8) -> Applied<(&mut Bank, &mut BankSlot)> {
        let found = self.banks.get_mut(index as usize).zip(self.registry.banks.get_mut(index as usize));
        found.ok_or_else(|| missing(&format!("bank {index}")))
    }

    fn market(&mut self, index: u8) -> Applied<(&mut Market, &mut MarketSlot)> {
        let found = self.markets.get_mut(index as usize).zip(self.registry.markets.get_mut(index as usize));
        found.ok_or_else(|| missing(&format!("market {index}")))
    }

    fn clock(&self, now: i64) -> FundingClock {
        self.registry.funding_at(UnixSecs::new(now))
    }

    /// Replaces an account's shares of a bank; negative ones are owed.
    fn set_shares(&mut self, key: &Pubkey, bank: u8, change: impl Fn(i64) -> i64) -> Applied {
        let account = self.account(key)?;
        let place = account.token_index(bank).or_else(|| account.tokens.iter().position(|token| token.used == 0));
        let position = &mut account.tokens[place.ok_or_else(|| missing("a free place for a balance"))?];
        let shares = change(position.shares);
        let used = u8::from(shares != 0);
        *position = TokenPosition { shares, used, bank: bank * used, ..TokenPosition::default() };
        Ok(())
    }
}

/// Writes what an event says of a bank afterwards.
fn record(bank: &mut Bank, after: &BankRecord) {
    (bank.deposit_shares, bank.borrow_shares) = (after.deposit_shares, after.borrow_shares);
    (bank.deposit_index, bank.booked_borrow_index) = (after.deposit_index, after.borrow_index);
    (bank.fees_atoms, bank.insurance_atoms, bank.reserved_atoms) =
        (after.fees_atoms, after.insurance_atoms, after.reserved_atoms);
    (bank.waiting_shares, bank.uncovered_atoms) = (after.waiting_shares, after.uncovered_atoms);
}

/// The same of a resolution.
fn estate(bank: &mut Bank, after: &EstateBank) {
    let after = BankRecord {
        deposit_shares: after.deposit_shares,
        borrow_shares: after.borrow_shares,
        deposit_index: after.deposit_index,
        borrow_index: after.borrow_index,
        fees_atoms: after.fees_atoms,
        insurance_atoms: after.insurance_atoms,
        reserved_atoms: after.reserved_atoms,
        waiting_shares: after.waiting_shares,
        uncovered_atoms: after.uncovered_atoms,
    };
    record(bank, &after);
}

/// The claims on a pool afterwards.
fn pool(market: &mut Market, after: &PoolState) {
    (market.pool_shares, market.pool_atoms) = (after.pool_shares, after.pool_atoms);
    (market.deficit_atoms, market.own_claim_atoms) = (after.deficit_atoms, after.own_claim_atoms);
}

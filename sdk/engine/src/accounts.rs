//! What an engine consists of, how it is read, and how a method keeps what it wrote.

use std::sync::Arc;

use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{
    AccountStatus, Bank, Books, EngineAccount, FeedBook, InvariantViolation, MarginAccount, Market, OfEngine,
    PriceBoard, Registry, LAYOUT_VERSION,
};

use crate::{EngineError, Result};

/// A margin account of an [`Engine`]: its place in the order in which they were opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(usize);

impl AccountNumber {
    /// The place, from zero.
    pub const fn place(self) -> usize {
        self.0
    }
}

/// Accounts of one engine, as somebody has read them.
#[derive(Clone, Debug)]
pub struct Holdings {
    /// Parameters, and banks and markets as margin checks read them.
    pub registry: Registry,
    /// Prices.
    pub board: PriceBoard,
    /// Where prices come from.
    pub feeds: FeedBook,
    /// Banks in the order of their slots, each with the atoms in its vault.
    pub banks: Vec<(Bank, u64)>,
    /// Markets in the order of their slots.
    pub markets: Vec<Market>,
    /// Margin accounts; their order is that of their numbers.
    pub accounts: Vec<MarginAccount>,
}

/// An engine in memory. A copy of it shares registry, prices and feeds with the original until one of them writes them.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) registry: Arc<Registry>,
    pub(crate) board: Arc<PriceBoard>,
    pub(crate) feeds: Arc<FeedBook>,
    pub(crate) banks: Vec<Bank>,
    /// Atoms in the banks' vaults.
    pub(crate) vaults: Vec<u64>,
    pub(crate) markets: Vec<Market>,
    pub(crate) accounts: Vec<MarginAccount>,
    pub(crate) now: UnixSecs,
}

impl Engine {
    /// An engine that goes on from accounts as they stand at `now`, Unix seconds.
    ///
    /// # Errors
    /// `VersionUnknown`; `EngineMismatch` where they are not of one engine; `BankMismatch` and `MarketMismatch` where banks
    /// or markets are fewer or in another order than the registry's slots; `Paused` where anything is.
    pub fn of(holdings: Holdings, now: i64) -> Result<Self> {
        let Holdings { registry, board, feeds, banks, markets, accounts } = holdings;
        require_one_engine(&registry, &board)?;
        require_one_engine(&registry, &feeds)?;
        banks.iter().try_for_each(|(bank, _)| require_one_engine(&registry, bank))?;
        markets.iter().try_for_each(|market| require_one_engine(&registry, market))?;
        accounts.iter().try_for_each(|account| require_one_engine(&registry, account))?;
        let banks_in_order = (0u8..).zip(&banks).all(|(index, (bank, _))| bank.index == index);
        ensure!(banks_in_order && banks.len() == registry.bank_count as usize, EngineError::BankMismatch);
        let markets_in_order = (0u8..).zip(&markets).all(|(index, market)| market.index == index);
        ensure!(markets_in_order && markets.len() == registry.market_count as usize, EngineError::MarketMismatch);
        let now = UnixSecs::new(now);
        ensure!(registry.paused_at(now) == 0, EngineError::Paused);
        let (banks, vaults) = banks.into_iter().unzip();
        let (registry, board, feeds) = (Arc::new(registry), Arc::new(board), Arc::new(feeds));
        Ok(Self { registry, board, feeds, banks, vaults, markets, accounts, now })
    }

    /// Every account as it stands.
    pub fn holdings(&self) -> Holdings {
        Holdings {
            registry: *self.registry,
            board: *self.board,
            feeds: *self.feeds,
            banks: self.banks.iter().copied().zip(self.vaults.iter().copied()).collect(),
            markets: self.markets.clone(),
            accounts: self.accounts.clone(),
        }
    }

    /// The time, Unix seconds.
    pub const fn now(&self) -> i64 {
        self.now.get()
    }

    /// Sets the time, Unix seconds, forwards or backwards as a chain's clock may.
    pub const fn set_clock(&mut self, unix: i64) {
        self.now = UnixSecs::new(unix);
    }

    /// The registry; a later change leaves what was returned as it is.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// The price board, likewise.
    pub fn board(&self) -> Arc<PriceBoard> {
        Arc::clone(&self.board)
    }

    /// The feed book, likewise.
    pub fn feeds(&self) -> Arc<FeedBook> {
        Arc::clone(&self.feeds)
    }

    /// The bank in a slot.
    ///
    /// # Errors
    /// `SlotEmpty`.
    pub fn bank(&self, index: u8) -> Result<&Bank> {
        self.banks.get(index as usize).ok_or(EngineError::SlotEmpty)
    }

    /// Atoms in a bank's vault.
    ///
    /// # Errors
    /// `SlotEmpty`.
    pub fn vault_atoms(&self, index: u8) -> Result<u64> {
        self.vaults.get(index as usize).copied().ok_or(EngineError::SlotEmpty)
    }

    /// The market in a slot.
    ///
    /// # Errors
    /// `SlotEmpty`.
    pub fn market(&self, index: u8) -> Result<&Market> {
        self.markets.get(index as usize).ok_or(EngineError::SlotEmpty)
    }

    /// A margin account.
    ///
    /// # Errors
    /// `AccountMismatch` where no account has this number.
    pub fn account(&self, number: AccountNumber) -> Result<&MarginAccount> {
        self.accounts.get(number.0).ok_or(EngineError::AccountMismatch)
    }

    /// Every margin account by its number.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountNumber, &MarginAccount)> {
        self.accounts.iter().enumerate().map(|(place, account)| (AccountNumber(place), account))
    }

    /// What every valuation reads beside an account.
    pub fn books(&self) -> Books<'_> {
        Books { registry: &self.registry, board: &self.board, now: self.now }
    }

    /// A copy of an account that nobody resolves.
    pub(crate) fn active(&self, number: AccountNumber) -> Result<MarginAccount> {
        let account = *self.account(number)?;
        ensure!(account.version == LAYOUT_VERSION, EngineError::VersionUnknown);
        ensure!(account.status == AccountStatus::Active as u8, EngineError::AccountBankrupt);
        Ok(account)
    }

    /// A copy of the settlement token's bank.
    pub(crate) fn quote_bank(&self) -> Result<Bank> {
        self.banks.first().copied().ok_or(EngineError::SlotEmpty)
    }

    pub(crate) fn open(&mut self, account: MarginAccount) -> AccountNumber {
        self.accounts.push(account);
        AccountNumber(self.accounts.len().saturating_sub(1))
    }

    /// Takes back what an operation wrote that did not fail.
    pub(crate) fn keep_account(&mut self, number: AccountNumber, account: MarginAccount) {
        if let Some(place) = self.accounts.get_mut(number.0) {
            *place = account;
        }
    }

    pub(crate) fn keep_bank(&mut self, bank: Bank) {
        if let Some(place) = self.banks.get_mut(bank.index as usize) {
            *place = bank;
        }
    }

    pub(crate) fn keep_market(&mut self, market: Market) {
        if let Some(place) = self.markets.get_mut(market.index as usize) {
            *place = market;
        }
    }

    /// The vault's balance after atoms came in.
    pub(crate) fn vault_with(&self, bank: u8, atoms: u64) -> Result<u64> {
        self.vault_atoms(bank)?.checked_add(atoms).ok_or(EngineError::NumberOutOfRange)
    }

    /// The vault's balance after atoms went out. A vault holds at least what the ledger calls liquid.
    pub(crate) fn vault_without(&self, bank: u8, atoms: u64) -> Result<u64> {
        self.vault_atoms(bank)?.checked_sub(atoms).ok_or(EngineError::LiquidityInsufficient)
    }

    pub(crate) fn keep_vault(&mut self, bank: u8, atoms: u64) {
        if let Some(place) = self.vaults.get_mut(bank as usize) {
            *place = atoms;
        }
    }
}

fn require_one_engine(registry: &Registry, theirs: &impl OfEngine) -> Result<()> {
    ensure!([registry.version, theirs.layout_version()] == [LAYOUT_VERSION; 2], EngineError::VersionUnknown);
    ensure!(registry.engine == *theirs.engine(), EngineError::EngineMismatch);
    Ok(())
}

/// An amount that an owner names.
pub(crate) fn require_amount(atoms: u64) -> Result<()> {
    ensure!(atoms > 0, EngineError::AmountZero);
    ensure!(atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
    Ok(())
}

/// What holds of an account after every instruction that wrote it.
pub(crate) fn require_sound(account: &impl EngineAccount) -> Result<()> {
    sound(account.invariant())
}

pub(crate) fn sound(invariant: core::result::Result<(), InvariantViolation>) -> Result<()> {
    invariant.map_err(|violation| match violation {
        InvariantViolation::VERSION => EngineError::VersionUnknown,
        _ => EngineError::InvariantBroken,
    })
}

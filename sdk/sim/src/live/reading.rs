//! The whole engine read at once, and whether its books are in order.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_risk::margin::margins;
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_rpc::EngineAccounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::MarginAccount;
use solana_account::Account;
use solana_pubkey::Pubkey;

use super::send::of;
use super::{Failed, Live, Tried};
use crate::conserve::{self, Ledger};
use crate::result::Conservation;

/// Reads until two in a row agree before it is given up.
const MOST_READS: u32 = 40;
const BETWEEN_READS: Duration = Duration::from_millis(300);
/// Where a token account keeps its amount, and a mint its supply.
const AMOUNT_OFFSET: usize = 64;
const SUPPLY_OFFSET: usize = 36;

/// What is decided on: an engine's accounts, without what its vaults hold.
#[derive(Clone)]
pub struct Reading {
    /// Registry, prices, banks, markets.
    pub shared: EngineAccounts,
    /// Every margin account, by address. They were read after `shared`.
    pub accounts: BTreeMap<Pubkey, MarginAccount>,
}

/// An engine as it was read.
pub struct FullReading {
    /// Registry, prices, banks, markets.
    pub shared: EngineAccounts,
    /// Every margin account, by address.
    pub accounts: BTreeMap<Pubkey, MarginAccount>,
    /// Atoms in each bank's vault.
    pub vaults_atoms: Vec<u64>,
    /// Supply of each bank's mint, atoms.
    pub supplies_atoms: Vec<u64>,
}

impl Live {
    /// Reads what is decided on.
    ///
    /// # Errors
    /// An RPC error, or what cannot be decoded.
    pub async fn read(&self) -> Tried<Reading> {
        let shared = of("reading the engine", self.connection.engine(self.keys.engine).await)?;
        let accounts = self.connection.margin_accounts(&self.keys.engine, None, None).await;
        let accounts: BTreeMap<_, _> = of("reading margin accounts", accounts)?.accounts.into_iter().collect();
        Ok(Reading { shared, accounts })
    }

    /// Reads the engine. Banks, markets and accounts may be some slots apart: see [`Live::read_steadily`].
    ///
    /// # Errors
    /// An RPC error, or what cannot be decoded.
    pub async fn read_all(&self) -> Tried<FullReading> {
        let Reading { shared, accounts } = self.read().await?;
        let vaults: Vec<Pubkey> = shared.banks.iter().map(|bank| Pubkey::from(bank.vault)).collect();
        let mints: Vec<Pubkey> = shared.banks.iter().map(|bank| Pubkey::from(bank.mint)).collect();
        let (_, tokens) = of("reading vaults", self.connection.accounts(&[vaults.as_slice(), &mints].concat()).await)?;
        let (vaults, mints) = tokens.split_at(vaults.len());
        Ok(FullReading {
            shared,
            accounts,
            vaults_atoms: numbers(vaults, AMOUNT_OFFSET)?,
            supplies_atoms: numbers(mints, SUPPLY_OFFSET)?,
        })
    }

    /// Reads until two looks in a row hold the same money, so that they are one moment's.
    ///
    /// # Errors
    /// As [`Live::read_all`]; what does not come to rest.
    pub async fn read_steadily(&self) -> Tried<FullReading> {
        let mut last = self.read_all().await?;
        for _ in 0..MOST_READS {
            tokio::time::sleep(BETWEEN_READS).await;
            let next = self.read_all().await?;
            if next.same_money(&last) {
                return Ok(next);
            }
            last = next;
        }
        Err(Failed::because("reading the engine", "its accounts change between every two reads"))
    }
}

impl From<FullReading> for Reading {
    fn from(reading: FullReading) -> Self {
        Self { shared: reading.shared, accounts: reading.accounts }
    }
}

impl FullReading {
    fn same_money(&self, other: &Self) -> bool {
        let bytes = |reading: &Self| {
            let parts =
                [bytemuck::cast_slice::<_, u8>(&reading.shared.banks), bytemuck::cast_slice(&reading.shared.markets)];
            (parts.concat(), reading.vaults_atoms.clone(), reading.supplies_atoms.clone())
        };
        let accounts = self.accounts.iter().map(|(key, account)| (key, bytemuck::bytes_of(account)));
        let others = other.accounts.iter().map(|(key, account)| (key, bytemuck::bytes_of(account)));
        bytes(self) == bytes(other) && accounts.eq(others)
    }

    /// An account's NAV and maintenance requirement at spot, dollars; none where it cannot be valued.
    pub fn standing(&self, account: &Pubkey) -> Option<(f64, f64)> {
        let portfolio = self.shared.with(self.accounts.get(account)?).portfolio(Views::SPOT).ok()?;
        let margins = margins(&portfolio, PriceKind::Spot, false);
        Some((margins.nav.get() as f64 / 1e12, margins.mmr().get() as f64 / 1e12))
    }

    /// Compares vaults, totals and everybody's shares, positions and gains: every atom belongs to somebody.
    ///
    /// `transactions` bounds what roundings may have left to a vault, `closings` the positions rounded by closings
    /// against their side.
    pub fn conservation(&self, transactions: u64, closings: u64) -> Conservation {
        let mut found = Conservation::default();
        self.check_conservation(transactions, closings, &mut found);
        found
    }

    /// The same, added to what earlier checks found.
    pub fn check_conservation(&self, transactions: u64, closings: u64, found: &mut Conservation) {
        let banks: Vec<_> = self.shared.banks.iter().copied().zip(self.vaults_atoms.iter().copied()).collect();
        let accounts: Vec<MarginAccount> = self.accounts.values().copied().collect();
        let ledger = Ledger {
            registry: &self.shared.registry,
            board: &self.shared.board,
            banks: &banks,
            markets: &self.shared.markets,
            accounts: &accounts,
            now: self.shared.now,
            transactions,
            closings,
        };
        conserve::check(&ledger, found);
    }
}

/// A little-endian number of each account.
fn numbers(accounts: &[Option<Account>], offset: usize) -> Tried<Vec<u64>> {
    let number = |account: &Option<Account>| {
        let bytes = account.as_ref()?.data.get(offset..offset + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let found: Option<Vec<u64>> = accounts.iter().map(number).collect();
    found.ok_or_else(|| Failed::because("reading vaults and mints", "one of them is missing"))
}

//! Whether what was rebuilt is what the chain holds.

use std::collections::BTreeMap;

use plimsoll_sdk::event::{BankRecord, PoolState};
use plimsoll_state::{Bank, MarginAccount, Market};
use solana_pubkey::Pubkey;

use super::{Applied, Contradiction, Rebuilt};

/// The shares of a bank that an account holds, negative where it owes them.
fn shares(account: &MarginAccount, bank: u8) -> i64 {
    account.token_index(bank).map_or(0, |place| account.tokens[place].shares)
}

/// A position as it is stored: shares, entry, cash, epoch.
fn position(account: &MarginAccount, market: u8) -> Option<(i64, i128, i64, u32)> {
    account.perp_index(market).map(|leg| {
        let leg = &account.derivatives[leg];
        (leg.shares, leg.k_entry.get(), leg.cash_atoms, leg.epoch)
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: impl Fn() -> String, is: &T, rebuilt: &T) -> Applied {
    if is == rebuilt {
        return Ok(());
    }
    Err(Contradiction(format!("{}: {is:?}, by events {rebuilt:?}", what())))
}

impl Rebuilt {
    /// Compares every balance and position with what the chain holds, to the share and the atom; how many there were that are
    /// not zero.
    ///
    /// # Errors
    /// The first that is another.
    pub fn compare(
        &self,
        banks: &[Bank],
        markets: &[Market],
        accounts: &BTreeMap<Pubkey, MarginAccount>,
    ) -> Applied<usize> {
        let keys = |accounts: &BTreeMap<Pubkey, MarginAccount>| accounts.keys().copied().collect::<Vec<_>>();
        same(|| "accounts".to_owned(), &keys(accounts), &keys(&self.accounts))?;
        let mut compared = 0;
        for ((key, account), own) in accounts.iter().zip(self.accounts.values()) {
            for bank in 0..banks.len() as u8 {
                let held = shares(account, bank);
                same(|| format!("shares of {key} in bank {bank}"), &held, &shares(own, bank))?;
                compared += usize::from(held != 0);
            }
            for market in 0..markets.len() as u8 {
                let held = position(account, market);
                same(|| format!("position of {key} in market {market}"), &held, &position(own, market))?;
                compared += usize::from(held.is_some());
            }
        }
        same(|| "number of banks".to_owned(), &banks.len(), &self.banks.len())?;
        for (bank, own) in banks.iter().zip(&self.banks) {
            same(|| format!("bank {}", bank.index), &BankRecord::from(bank), &BankRecord::from(own))?;
        }
        same(|| "number of markets".to_owned(), &markets.len(), &self.markets.len())?;
        for (market, own) in markets.iter().zip(&self.markets) {
            same(|| format!("pool of market {}", market.index), &PoolState::from(market), &PoolState::from(own))?;
        }
        Ok(compared)
    }
}

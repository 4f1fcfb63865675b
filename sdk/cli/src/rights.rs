//! A delegate's rights, as people name them.

use clap::{Args, ValueEnum};
use plimsoll_sdk::ix::args::DelegateArgs;
use plimsoll_state::{right, MarginAccount};
use solana_pubkey::Pubkey;

use crate::amount::{grouped, show, Amount};
use crate::fault::Result;
use crate::usage::usage;

/// One right.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Liquidate others through the account: all that a keeper needs
    Liquidate,
    /// Deposit into it from the delegate's own wallet
    Deposit,
    /// Sign fills at a price no worse than spot, up to --trade-limit a day
    Trade,
}

impl Right {
    const fn bit(self) -> u8 {
        match self {
            Self::Liquidate => right::LIQUIDATE,
            Self::Deposit => right::DEPOSIT,
            Self::Trade => right::TRADE,
        }
    }
}

/// What a delegate may do. It never withdraws, borrows, approves venues, takes a win, changes the delegate or closes.
#[derive(Args, Clone, Debug)]
pub struct Rights {
    /// What the delegate may do, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "liquidate", value_name = "RIGHTS")]
    pub may: Vec<Right>,
    /// Notional of the fills that it may sign within any day, in the settlement token
    #[arg(long, value_name = "AMOUNT")]
    pub trade_limit: Option<Amount>,
}

impl Rights {
    /// The delegate with these rights.
    ///
    /// # Errors
    /// Where there is a right to trade without a limit, or a limit without it.
    pub fn of(&self, key: Pubkey, quote_decimals: u8) -> Result<DelegateArgs> {
        let rights = self.may.iter().fold(0, |rights, right| rights | right.bit());
        let trade_limit_atoms_per_day = match (&self.trade_limit, rights & right::TRADE != 0) {
            (Some(limit), true) => limit.atoms(quote_decimals)?,
            (None, false) => 0,
            (None, true) => return Err(usage("a delegate that may trade needs a --trade-limit a day")),
            (Some(_), false) => return Err(usage("a --trade-limit is for a delegate that may trade: --may trade")),
        };
        Ok(DelegateArgs { key, rights, trade_limit_atoms_per_day })
    }
}

/// Rights by name.
pub fn names(rights: u8) -> Vec<&'static str> {
    let names = [(right::LIQUIDATE, "liquidate"), (right::DEPOSIT, "deposit"), (right::TRADE, "trade")];
    names.into_iter().filter(|(bit, _)| rights & bit != 0).map(|(_, name)| name).collect()
}

/// What a delegate may do, in words; `limit` is of a day, none without the right to trade.
pub fn may(rights: u8, limit: Option<String>) -> String {
    let held = names(rights);
    match (held.is_empty(), limit) {
        (true, _) => "nothing".to_owned(),
        (false, None) => held.join(", "),
        (false, Some(limit)) => format!("{} up to {limit} a day", held.join(", ")),
    }
}

/// What an account's delegate may do, in words.
pub fn words(account: &MarginAccount, quote_decimals: u32) -> String {
    let limit = account.delegate_limit_atoms_per_day;
    may(account.delegate_rights, (limit > 0).then(|| grouped(&show(limit as i128, quote_decimals))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn a_right_to_trade_is_given_with_a_limit_a_day_and_only_it() {
        let key = Pubkey::new_unique();
        let rights = |may: &[Right], limit: Option<&str>| {
            let trade_limit = limit.map(|text| text.parse().unwrap());
            Rights { may: may.to_vec(), trade_limit }.of(key, 6)
        };
        let keeper = rights(&[Right::Liquidate], None).unwrap();
        assert_eq!(keeper, DelegateArgs::liquidator(key));
        let all = rights(&[Right::Trade, Right::Liquidate, Right::Deposit], Some("12.5")).unwrap();
        assert_eq!((all.rights, all.trade_limit_atoms_per_day), (right::ALL, 12_500_000));
        assert!(rights(&[Right::Trade], None).unwrap_err().error().to_string().contains("--trade-limit"));
        assert!(rights(&[Right::Deposit], Some("1")).unwrap_err().error().to_string().contains("--may trade"));
    }

    #[test]
    fn rights_are_shown_in_words() {
        let mut account = MarginAccount::zeroed();
        assert_eq!(words(&account, 6), "nothing");
        account.delegate_rights = right::LIQUIDATE | right::DEPOSIT;
        assert_eq!(words(&account, 6), "liquidate, deposit");
        (account.delegate_rights, account.delegate_limit_atoms_per_day) = (right::TRADE, 5_000_000);
        assert_eq!(words(&account, 6), "trade up to 5 a day");
    }
}

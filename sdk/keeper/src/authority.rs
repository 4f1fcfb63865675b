//! What the keeper's key can and cannot do, said at the start.

use plimsoll_state::{right, MarginAccount};
use solana_pubkey::Pubkey;

/// What a key is to the liquidator's margin account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing: it cannot liquidate with this account.
    Stranger,
    /// The account's delegate, with these bits of [`right`].
    Delegate {
        /// Its rights.
        rights: u8,
        /// Notional of the fills that it may sign within any day, quote atoms.
        limit_atoms_per_day: u64,
    },
    /// Its owner, whose key could also take everything out.
    Owner,
}

impl Role {
    /// What `key` is to `account`.
    pub fn of(key: &Pubkey, account: &MarginAccount) -> Self {
        let key = key.to_bytes();
        if account.owner == key {
            Self::Owner
        } else if account.delegate == key && key != [0; 32] {
            let limit_atoms_per_day = account.delegate_limit_atoms_per_day;
            Self::Delegate { rights: account.delegate_rights, limit_atoms_per_day }
        } else {
            Self::Stranger
        }
    }

    /// Whether it may liquidate.
    pub const fn may_liquidate(self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Delegate { rights, .. } => rights & right::LIQUIDATE != 0,
            Self::Owner => true,
        }
    }

    /// What a keeper's key should not be able to do and this one can; none where a thief of it could take nothing.
    pub fn warning(self) -> Option<String> {
        match self {
            Self::Owner => Some(
                "this key OWNS the liquidator's account: whoever steals it withdraws, borrows and takes everything; give \
                 the keeper a key of its own and name that as delegate with the right to liquidate alone"
                    .to_owned(),
            ),
            Self::Delegate { rights, limit_atoms_per_day } if rights & right::TRADE != 0 => Some(format!(
                "this key may TRADE with the liquidator's account, up to {limit_atoms_per_day} quote atoms a day, which a \
                 keeper never does: whoever steals it can wear the account down by fees and leave positions in it; give \
                 the delegate the right to liquidate alone (`plimsoll account delegate`)"
            )),
            Self::Stranger | Self::Delegate { .. } => None,
        }
    }

    /// What it can and cannot do, for the log.
    pub fn statement(self) -> String {
        match self {
            Self::Stranger => {
                "this key is neither the owner nor the delegate of the liquidator's account: it cannot liquidate with it; \
                 the owner names it by `plimsoll account delegate`"
                    .to_owned()
            }
            Self::Delegate { rights, .. } => {
                let names = [
                    (right::LIQUIDATE, "liquidate"),
                    (right::DEPOSIT, "deposit what its own wallet holds"),
                    (right::TRADE, "trade"),
                ];
                let named = |held| {
                    let of = names.iter().filter(move |(bit, _)| (rights & bit != 0) == held).map(|(_, name)| *name);
                    of.collect::<Vec<_>>().join(", ")
                };
                let (may, may_not) = (named(true), named(false));
                let may = if may.is_empty() { "nothing".to_owned() } else { may };
                let more = if may_not.is_empty() { String::new() } else { format!("{may_not}, ") };
                format!(
                    "this key is the delegate of the liquidator's account: it can {may}; it cannot {more}borrow, withdraw, \
                     approve venues, name another delegate or close the account; the owner rebalances what liquidations \
                     leave in it"
                )
            }
            Self::Owner => "this key is the owner of the liquidator's account and can do anything with it".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn account(owner: &Pubkey, delegate: &Pubkey, rights: u8, limit: u64) -> MarginAccount {
        MarginAccount {
            owner: owner.to_bytes(),
            delegate: delegate.to_bytes(),
            delegate_rights: rights,
            delegate_limit_atoms_per_day: limit,
            ..MarginAccount::zeroed()
        }
    }

    #[test]
    fn a_key_is_told_what_it_can_and_cannot_do() {
        let (owner, delegate) = (Pubkey::new_unique(), Pubkey::new_unique());
        let account = account(&owner, &delegate, right::LIQUIDATE, 0);
        assert_eq!(Role::of(&owner, &account), Role::Owner);
        let role = Role::of(&delegate, &account);
        assert!(role.may_liquidate() && role.warning().is_none());
        let said = role.statement();
        assert!(said.contains("it can liquidate; it cannot deposit what its own wallet holds, trade, borrow, withdraw"));
        let stranger = Role::of(&Pubkey::new_unique(), &account);
        assert!(!stranger.may_liquidate() && stranger.statement().contains("cannot liquidate"));
    }

    #[test]
    fn a_key_that_may_trade_or_owns_the_account_is_warned_of_by_name() {
        let (owner, delegate) = (Pubkey::new_unique(), Pubkey::new_unique());
        let trades = account(&owner, &delegate, right::ALL, 5_000);
        let warning = Role::of(&delegate, &trades).warning().expect("a warning");
        assert!(warning.contains("may TRADE") && warning.contains("5000 quote atoms a day"));
        assert!(Role::of(&owner, &trades).warning().expect("a warning").contains("OWNS"));
        let keeper = account(&owner, &delegate, right::LIQUIDATE | right::DEPOSIT, 0);
        assert_eq!(Role::of(&delegate, &keeper).warning(), None);
    }

    #[test]
    fn a_delegate_without_the_right_to_liquidate_is_no_keeper() {
        let (owner, delegate) = (Pubkey::new_unique(), Pubkey::new_unique());
        let account = account(&owner, &delegate, right::DEPOSIT | right::TRADE, 1);
        let role = Role::of(&delegate, &account);
        assert!(!role.may_liquidate());
        assert!(role.statement().contains("it cannot liquidate, borrow"));
    }

    #[test]
    fn an_account_without_a_delegate_has_none_whatever_the_key() {
        let account = MarginAccount { owner: [7; 32], ..MarginAccount::zeroed() };
        assert_eq!(Role::of(&Pubkey::default(), &account), Role::Stranger);
    }
}

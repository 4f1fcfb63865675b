//! What the keeper's key can and cannot do, said at the start.

use plimsoll_state::MarginAccount;
use solana_pubkey::Pubkey;

/// What a key is to the liquidator's margin account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing: it cannot liquidate with this account.
    Stranger,
    /// The account's delegate: what a keeper should be.
    Delegate,
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
            Self::Delegate
        } else {
            Self::Stranger
        }
    }

    /// Whether it may liquidate.
    pub const fn may_liquidate(self) -> bool {
        !matches!(self, Self::Stranger)
    }

    /// What it can and cannot do, for the log.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::Stranger => {
                "this key is neither the owner nor the delegate of the liquidator's account: it cannot liquidate with it; \
                 the owner names it by `set_delegate`"
            }
            Self::Delegate => {
                "this key is the delegate of the liquidator's account: it can liquidate, trade, deposit and repay; it \
                 cannot borrow, withdraw, name another delegate or close the account; the owner rebalances what \
                 liquidations leave in it"
            }
            Self::Owner => {
                "this key OWNS the liquidator's account and could withdraw and borrow: give the keeper a key of its own \
                 and name it as delegate"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn a_key_is_told_what_it_can_and_cannot_do() {
        let (owner, delegate) = (Pubkey::new_unique(), Pubkey::new_unique());
        let account =
            MarginAccount { owner: owner.to_bytes(), delegate: delegate.to_bytes(), ..MarginAccount::zeroed() };
        assert_eq!(Role::of(&owner, &account), Role::Owner);
        assert_eq!(Role::of(&delegate, &account), Role::Delegate);
        assert!(Role::Delegate.statement().contains("cannot borrow, withdraw"));
        let stranger = Role::of(&Pubkey::new_unique(), &account);
        assert!(!stranger.may_liquidate() && stranger.statement().contains("cannot liquidate"));
    }

    #[test]
    fn an_account_without_a_delegate_has_none_whatever_the_key() {
        let account = MarginAccount { owner: [7; 32], ..MarginAccount::zeroed() };
        assert_eq!(Role::of(&Pubkey::default(), &account), Role::Stranger);
    }
}

//! Who helps to run a margin account, and with which rights: what `open_account` and `set_delegate` take.

use anchor_lang::prelude::*;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{right, MarginAccount, SpentAtoms};

use crate::error::{EngineError, Result};

/// A delegate and each of its rights. There is none to withdraw, borrow, approve venues, take a win, change the
/// delegate or close.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelegateArgs {
    /// Its key.
    pub key: Pubkey,
    /// Bits of [`right`].
    pub rights: u8,
    /// Notional of the fills that it may sign within any day, quote atoms; zero without the right to trade.
    pub trade_limit_atoms_per_day: u64,
}

impl DelegateArgs {
    /// What a keeper's key needs: it liquidates and does nothing else.
    pub const fn liquidator(key: Pubkey) -> Self {
        Self { key, rights: right::LIQUIDATE, trade_limit_atoms_per_day: 0 }
    }

    fn validate(&self) -> Result<()> {
        // The default address stands for nobody.
        ensure!(self.key != Pubkey::default(), EngineError::ParameterOutOfBounds);
        // A right that this program does not have would be one that a later program gives.
        ensure!(self.rights & !right::ALL == 0, EngineError::DelegateRightUnknown);
        // A delegate needs at least one right; to remove a delegate its owner names nobody.
        ensure!(self.rights != 0, EngineError::DelegateRightsEmpty);
        // A right to trade has a limit, and only it.
        let trades = self.rights & right::TRADE != 0;
        ensure!(trades == (self.trade_limit_atoms_per_day > 0), EngineError::DelegateLimitMismatch);
        ensure!(self.trade_limit_atoms_per_day <= MAX_ATOMS, EngineError::AmountTooLarge);
        Ok(())
    }
}

/// Replaces an account's delegate, or removes it; what the one before has traded is forgotten.
///
/// # Errors
/// `ParameterOutOfBounds` for the default address, `DelegateRightUnknown`, `DelegateRightsEmpty`,
/// `DelegateLimitMismatch`, `AmountTooLarge`.
pub(crate) fn store(account: &mut MarginAccount, delegate: Option<&DelegateArgs>) -> Result<()> {
    let (key, rights, limit) = match delegate {
        Some(delegate) => {
            delegate.validate()?;
            (delegate.key, delegate.rights, delegate.trade_limit_atoms_per_day)
        }
        None => (Pubkey::default(), 0, 0),
    };
    account.delegate = key.to_bytes();
    account.delegate_rights = rights;
    account.delegate_limit_atoms_per_day = limit;
    account.delegate_traded = SpentAtoms::default();
    Ok(())
}

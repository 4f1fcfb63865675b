//! Who helps to run a margin account, and with which rights: what `open_account` and `set_delegate` take.

use anchor_lang::prelude::*;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{right, MarginAccount, SpentAtoms};

use crate::error::{EngineError, Result};

pub use plimsoll_interface::args::DelegateArgs;

fn validate(delegate: &DelegateArgs) -> Result<()> {
    // The default address stands for nobody.
    ensure!(delegate.key != Pubkey::default(), EngineError::ParameterOutOfBounds);
    // A right unknown today could gain a meaning in a later program without the owner's consent.
    ensure!(delegate.rights & !right::ALL == 0, EngineError::DelegateRightUnknown);
    // A delegate needs at least one right; to remove a delegate its owner names nobody.
    ensure!(delegate.rights != 0, EngineError::DelegateRightsEmpty);
    // A right to trade has a limit, and only it.
    let trades = delegate.rights & right::TRADE != 0;
    ensure!(trades == (delegate.trade_limit_atoms_per_day > 0), EngineError::DelegateLimitMismatch);
    ensure!(delegate.trade_limit_atoms_per_day <= MAX_ATOMS, EngineError::AmountTooLarge);
    Ok(())
}

/// Replaces an account's delegate, or removes it; what the previous delegate has traded is forgotten.
///
/// # Errors
/// `ParameterOutOfBounds` for the default address, `DelegateRightUnknown`, `DelegateRightsEmpty`,
/// `DelegateLimitMismatch`, `AmountTooLarge`.
pub(crate) fn store(account: &mut MarginAccount, delegate: Option<&DelegateArgs>) -> Result<()> {
    let (key, rights, limit) = match delegate {
        Some(delegate) => {
            validate(delegate)?;
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

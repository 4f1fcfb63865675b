//! What may be taken out of a bank now, by the ledger that the program books it with.

use plimsoll_ledger::free::{most_out, Bound, Taking};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::RiskError;
use plimsoll_sdk::EngineError;
use plimsoll_state::{Books, MarginAccount};

use crate::context::Loaded;
use crate::fault::Free;
use crate::names::name_of;
use crate::quantity::Amount;

/// Until a transaction lands interest runs: so far ahead the account has to pass.
const LANDS_WITHIN_SECS: i64 = 20;

/// Who takes what.
pub struct Request<'a> {
    /// The engine.
    pub loaded: &'a Loaded,
    /// Out of whose account.
    pub account: &'a MarginAccount,
    /// The bank.
    pub bank: u8,
    /// How.
    pub taking: Taking,
}

/// The most that may be taken out now and still when the transaction lands, if prices stay, and what bounds it.
pub fn free_of(request: &Request) -> Free {
    let Request { loaded, account, bank, taking } = request;
    let (registry, board) = (&loaded.accounts.registry, &loaded.accounts.board);
    // A deposit without debts does not shrink.
    let ahead = if account.is_debt_free() && *taking == Taking::Withdrawal { 0 } else { LANDS_WITHIN_SECS };
    let books = Books { registry, board, now: UnixSecs::new(loaded.accounts.now + ahead) };
    let mut buffer = Box::new(Portfolio::empty(*registry.params()));
    let free = most_out(account, &loaded.accounts.banks[*bank as usize], &books, *taking, &mut buffer);
    let (bound, words) = match free.bound {
        Bound::Margin => ("initial_margin", "initial margin bounds it"),
        Bound::Liquidity => ("liquidity", "no more of the bank is free"),
        Bound::Breaker => ("breaker", "a breaker of the bank stands"),
        Bound::Refused(RiskError::BalanceInsufficient) => ("deposit", "no more is deposited"),
        Bound::Refused(error) => EngineError::from(error).text(),
    };
    let bound = bound.to_owned();
    let most = Amount::of(free.atoms.get(), loaded.decimals(*bank));
    Free { bank: name_of(&loaded.names.banks, *bank), most, bound, words }
}

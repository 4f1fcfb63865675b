//! Share totals of a bank.

use plimsoll_risk::bank::ShareDelta;
use plimsoll_risk::RiskResult;
use plimsoll_state::Bank;

/// Adds what accounts' shares changed by. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
#[inline(always)]
pub fn apply_totals(bank: &mut Bank, delta: ShareDelta) -> RiskResult<()> {
    let totals = bank.totals().plus(delta)?;
    bank.deposit_shares = totals.deposit_shares;
    bank.borrow_shares = totals.borrow_shares;
    Ok(())
}

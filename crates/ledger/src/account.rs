//! What an account stores beside balances and positions: its clocks and its delegate's allowance.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_state::MarginAccount;

/// Books notional of a fill that the delegate signs against its limit of any day; false, and nothing is booked, where
/// it does not fit.
#[must_use]
pub fn spend_delegate_limit(account: &mut MarginAccount, notional: Atoms, now: UnixSecs) -> bool {
    let room = account.delegate_traded.room(account.delegate_limit_per_day(), now, MarginAccount::DELEGATE_DAY_SECS);
    if notional > room {
        return false;
    }
    account.delegate_traded.spend(notional, now, MarginAccount::DELEGATE_DAY_SECS);
    true
}

/// Stores what an observation saw.
pub fn set_clocks(account: &mut MarginAccount, clocks: &Clocks) {
    account.under_water_secs = clocks.under_water_secs.stored();
    account.wind_down_secs = clocks.wind_down_secs.stored();
    account.observed = clocks.health_state as u8;
    account.observed_at = clocks.observed_at.get();
    account.passed_at = clocks.passed_at.get();
    account.bypass_published_at = clocks.bypass_published_at.get();
    account.bypass = clocks.bypass as u8;
}

//! Tokens that moved, insurance, fees and interest.

use plimsoll_sdk::event::{EngineEvent, TokenMove};

use super::{record, Applied, Rebuilt};

impl Rebuilt {
    /// Takes what moves tokens; whether it was that.
    pub(super) fn moved(&mut self, event: &EngineEvent, now: i64) -> Applied<bool> {
        let (bank, after) = match event {
            EngineEvent::Deposited(event) => return self.token_moved(&event.moved),
            EngineEvent::Withdrawn(event) => return self.token_moved(&event.moved),
            EngineEvent::Borrowed(event) => return self.token_moved(&event.moved),
            EngineEvent::Repaid(event) => return self.token_moved(&event.moved),
            EngineEvent::InsuranceFunded(event) => (event.bank, event.after),
            EngineEvent::InsuranceSwept(event) => (event.bank, event.after),
            EngineEvent::InsuranceWithdrawn(event) => (event.bank, event.after),
            EngineEvent::FeesCollected(event) => (event.bank, event.after),
            EngineEvent::BankAccrued(event) => {
                let (_, slot) = self.bank(event.bank)?;
                (slot.deposit_index, slot.borrow_index) = (event.after.deposit_index, event.after.borrow_index);
                (slot.borrow_rate_per_sec, slot.accrued_at) = (event.borrow_rate_per_sec, now);
                (event.bank, event.after)
            }
            _ => return Ok(false),
        };
        record(self.bank(bank)?.0, &after);
        Ok(true)
    }

    fn token_moved(&mut self, moved: &TokenMove) -> Applied<bool> {
        // Borrow shares are the negative ones.
        self.set_shares(&moved.account, moved.bank, |held| {
            held + moved.deposit_shares_delta - moved.borrow_shares_delta
        })?;
        record(self.bank(moved.bank)?.0, &moved.after);
        Ok(true)
    }
}

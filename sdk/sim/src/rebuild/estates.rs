//! What resolutions of bankrupt accounts move.

use plimsoll_ledger::perp;
use plimsoll_risk::lazy::Side;
use plimsoll_sdk::event::{BorrowResolved, EngineEvent, EstateMarket, PnlResolved, PnlSeized, PoolState};
use plimsoll_state::{AccountStatus, EpochEnd, I128Le, EPOCH_RING};
use solana_pubkey::Pubkey;

use super::{estate, missing, pool, refused, Applied, Rebuilt};

impl Rebuilt {
    /// Takes a step of a resolution; whether it was one that moves something.
    pub(super) fn resolved(&mut self, event: &EngineEvent, now: i64) -> Applied<bool> {
        match event {
            EngineEvent::TokenSeized(event) => {
                self.set_shares(&event.account, event.bank.bank, |_| 0)?;
                estate(self.bank(event.bank.bank)?.0, &event.bank);
            }
            EngineEvent::InsuranceReserved(event) => {
                self.account(&event.account)?.status = AccountStatus::Paying as u8;
                estate(self.bank(0)?.0, &event.bank);
            }
            EngineEvent::BankruptcyResolved(event) => {
                if let Some(after) = &event.bank {
                    estate(self.bank(0)?.0, after);
                }
            }
            EngineEvent::BorrowResolved(event) => self.borrow_resolved(event)?,
            EngineEvent::PnlSeized(event) => self.pnl_seized(event, now)?,
            EngineEvent::PnlResolved(event) => self.pnl_resolved(event, now)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn borrow_resolved(&mut self, event: &BorrowResolved) -> Applied {
        self.set_shares(&event.account, event.bank.bank, |_| 0)?;
        let (bank, slot) = self.bank(event.bank.bank)?;
        estate(bank, &event.bank);
        // A socialization writes the registry's copy of the index, and so does one of nothing.
        slot.deposit_index = event.bank.deposit_index;
        Ok(())
    }

    fn pnl_seized(&mut self, event: &PnlSeized, now: i64) -> Applied {
        let leg = self.touched(&event.account, event.market.market, now)?.ok_or_else(|| missing("the position"))?;
        self.market_after(&event.market)?;
        self.set_shares(&event.account, 0, |_| event.quote_shares)?;
        estate(self.bank(0)?.0, &event.bank);
        let (shares, cash) = (event.position.shares, event.position.cash_atoms);
        let held = (shares != 0 || cash != 0).then_some(cash);
        self.end_leg(&event.account, leg, event.market.market, held, &event.market.pool)
    }

    fn pnl_resolved(&mut self, event: &PnlResolved, now: i64) -> Applied {
        let leg = self.touched(&event.account, event.market.market, now)?.ok_or_else(|| missing("the position"))?;
        self.market_after(&event.market)?;
        estate(self.bank(0)?.0, &event.bank);
        self.end_leg(&event.account, leg, event.market.market, None, &event.market.pool)
    }

    /// Indices of both sides and the pool, after a closing may have ended epochs.
    fn market_after(&mut self, after: &EstateMarket) -> Applied {
        let (market, slot) = self.market(after.market)?;
        slot.funding_at = after.funding_at;
        for (side, (index, totals)) in after.sides.iter().zip(slot.sides.iter_mut().zip(&mut market.sides)) {
            while index.epoch < side.epoch {
                let entry = index.epoch as usize % EPOCH_RING;
                let mut end = EpochEnd { epoch: index.epoch, used: 1, ..EpochEnd::default() };
                (end.a, end.k) = (side.ended_a, I128Le::new(side.ended_k));
                index.ring[entry] = end;
                totals.ring_counts[entry] = std::mem::take(&mut totals.count);
                index.epoch += 1;
            }
            index.a = side.a;
            index.k.set(side.k);
            totals.shares = side.shares;
        }
        pool(market, &after.pool);
        Ok(())
    }

    /// A leg's base is gone, or a loss was paid on it; frees its place where nothing is left.
    fn end_leg(&mut self, key: &Pubkey, leg: usize, market: u8, cash: Option<i64>, after: &PoolState) -> Applied {
        let mut account = *self.account(key)?;
        let (market, _) = self.market(market)?;
        let position = &mut account.derivatives[leg];
        match cash {
            Some(atoms) => position.cash_atoms = atoms,
            None => {
                if let Some(side) = Side::of(position.shares) {
                    let totals = &mut market.sides[side as usize];
                    totals.count = totals.count.saturating_sub(1);
                }
                (position.shares, position.cash_atoms) = (0, 0);
            }
        }
        perp::close_leg_if_zero(&mut account, leg, market).map_err(refused)?;
        pool(market, after);
        self.accounts.insert(*key, account);
        Ok(())
    }
}

//! What there is to hold balances: banks, markets, accounts, and the parameters that move them.

use bytemuck::Zeroable;
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::Ppm;
use plimsoll_sdk::event::{AccountOpened, BankListed, BankUpdated, EngineEvent, MarketListed};
use plimsoll_state::{Bank, MarginAccount, Market, SideIndex, StoredParams};

use super::{record, Rebuilt};

impl Rebuilt {
    /// Takes a listing; whether it was one.
    pub(super) fn listed(&mut self, event: &EngineEvent, now: i64) -> bool {
        match event {
            EngineEvent::ParamsUpdated(event) => self.registry.params = StoredParams(event.params.into()),
            EngineEvent::BankListed(event) => self.bank_listed(event, now),
            EngineEvent::BankUpdated(event) => self.bank_updated(event),
            EngineEvent::MarketListed(event) => self.market_listed(event, now),
            EngineEvent::AccountOpened(event) => self.opened(event),
            EngineEvent::AccountClosed(event) => drop(self.accounts.remove(&event.account)),
            _ => return false,
        }
        true
    }

    fn bank_listed(&mut self, event: &BankListed, now: i64) {
        let mut bank = Bank { index: event.bank, engine: event.engine.to_bytes(), ..Bank::zeroed() };
        (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
        (bank.utilization_at, bank.accrued_at) = (now, now);
        let slot = &mut self.registry.banks[event.bank as usize];
        (slot.deposit_index, slot.borrow_index, slot.accrued_at) = (INDEX_ONE, INDEX_ONE, now);
        event.config.store(&mut bank, slot);
        slot.borrow_rate_per_sec = bank.rate_curve().rate_per_sec_up(Ppm::ZERO).unwrap_or_default();
        self.registry.bank_count = event.bank + 1;
        self.banks.truncate(event.bank as usize);
        self.banks.push(bank);
    }

    fn bank_updated(&mut self, event: &BankUpdated) {
        if let Ok((bank, slot)) = self.bank(event.bank) {
            event.config.store(bank, slot);
            record(bank, &event.after);
        }
    }

    /// The first of a slot lists it, further ones are of new terms, by which nothing is moved.
    fn market_listed(&mut self, event: &MarketListed, now: i64) {
        if self.markets.len() > event.index as usize {
            return;
        }
        let market = Market { index: event.index, engine: event.engine.to_bytes(), ..Market::zeroed() };
        let slot = &mut self.registry.markets[event.index as usize];
        slot.funding_at = now;
        slot.sides = [SideIndex::start(); 2];
        self.registry.market_count = event.index + 1;
        self.markets.push(market);
    }

    fn opened(&mut self, event: &AccountOpened) {
        let (engine, owner) = (event.engine.to_bytes(), event.owner.to_bytes());
        let account = MarginAccount { engine, owner, id: event.id, ..MarginAccount::zeroed() };
        self.accounts.insert(event.account, account);
    }
}

//! Fills, funding and settlements.

use plimsoll_ledger::token::{apply_delta, apply_totals, ShareDelta};
use plimsoll_ledger::{interest, perp, pool as claims};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::units::{Atoms, BaseUnits, SignedAtoms, UnixSecs};
use plimsoll_sdk::event::{EngineEvent, FundingCranked, PnlSettled, PositionTouched};
use solana_pubkey::Pubkey;

use super::{missing, pool, refused, Applied, Rebuilt};

/// A position that passes between two accounts.
pub(super) struct Passing<'a> {
    pub buyer: &'a Pubkey,
    pub seller: &'a Pubkey,
    pub market: u8,
    pub units: u64,
    /// What the buyer and the seller get, quote atoms.
    pub cash_atoms: [i64; 2],
    /// What becomes the market's own, quote atoms.
    pub claim_atoms: u64,
}

impl Rebuilt {
    /// Takes what moves positions; whether it was that.
    pub(super) fn traded(&mut self, event: &EngineEvent, now: i64) -> Applied<bool> {
        match event {
            EngineEvent::FillSettled(fill) => {
                let (quote, fee) = (fill.quote_atoms as i64, fill.fee_atoms as i64);
                let passing = Passing {
                    buyer: &fill.buyer,
                    seller: &fill.seller,
                    market: fill.market,
                    units: fill.base_units,
                    cash_atoms: [-quote - fee, quote - fee],
                    claim_atoms: 2 * fill.fee_atoms,
                };
                self.exchange(&passing, now)?;
            }
            EngineEvent::FundingCranked(event) => self.cranked(event, now)?,
            EngineEvent::PositionTouched(event) => self.touched_alone(event, now)?,
            EngineEvent::PnlSettled(event) => self.settled(event, now)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn cranked(&mut self, event: &FundingCranked, now: i64) -> Applied {
        let clock = self.clock(now);
        let (market, slot) = self.market(event.market)?;
        perp::accrue_funding(slot, clock).map_err(refused)?;
        perp::end_epochs(slot, market).map_err(refused)?;
        slot.funding_per_unit_sec = event.funding_per_unit_sec;
        Ok(())
    }

    fn touched_alone(&mut self, event: &PositionTouched, now: i64) -> Applied {
        let clock = self.clock(now);
        let mut account = *self.account(&event.account)?;
        let leg = account.perp_index(event.market).ok_or_else(|| missing("the position"))?;
        let (market, slot) = self.market(event.market)?;
        let position = &mut account.derivatives[leg];
        perp::touch(position, slot, Some(market), clock).map_err(refused)?;
        if let Some(side) = Side::of(event.written_off_units) {
            let totals = &mut market.sides[side as usize];
            totals.shares -= position.shares.unsigned_abs();
            totals.count -= 1;
            if totals.all_positions() == 0 {
                totals.shares = 0;
            }
            position.shares = 0;
            position.k_entry.set(0);
        }
        position.cash_atoms = event.position.cash_atoms;
        perp::close_leg_if_zero(&mut account, leg, market).map_err(refused)?;
        pool(market, &event.pool);
        self.accounts.insert(event.account, account);
        Ok(())
    }

    pub(super) fn exchange(&mut self, passing: &Passing<'_>, now: i64) -> Applied {
        let clock = self.clock(now);
        let (mut buys, mut sells) = (*self.account(passing.buyer)?, *self.account(passing.seller)?);
        let (market, slot) = self.market(passing.market)?;
        let b = perp::open_leg(&mut buys, market).map_err(refused)?;
        let s = perp::open_leg(&mut sells, market).map_err(refused)?;
        let legs = (&mut buys.derivatives[b], &mut sells.derivatives[s]);
        let [bought, sold] = passing.cash_atoms.map(SignedAtoms::new);
        perp::exchange(slot, market, legs.0, legs.1, BaseUnits::new(passing.units), bought, sold, clock)
            .map_err(refused)?;
        claims::add_own_claim(market, Atoms::new(passing.claim_atoms)).map_err(refused)?;
        perp::close_leg_if_zero(&mut buys, b, market).map_err(refused)?;
        perp::close_leg_if_zero(&mut sells, s, market).map_err(refused)?;
        self.accounts.insert(*passing.buyer, buys);
        self.accounts.insert(*passing.seller, sells);
        Ok(())
    }

    /// Brings quote bank, pool and the account's leg to now, as every settlement does first; the leg, if there is one.
    pub(super) fn touched(&mut self, account: &Pubkey, index: u8, now: i64) -> Applied<Option<usize>> {
        let clock = self.clock(now);
        let (bank, slot) = self.bank(0)?;
        interest::book_now(bank, slot, UnixSecs::new(now));
        let deposit_index = bank.deposit_index;
        let (market, _) = self.market(index)?;
        claims::touch_pool(market, deposit_index).map_err(refused)?;
        let Some(mut held) = self.accounts.get(account).copied() else { return Ok(None) };
        let Some(leg) = held.perp_index(index) else { return Ok(None) };
        let (market, slot) = self.market(index)?;
        perp::touch(&mut held.derivatives[leg], slot, Some(market), clock).map_err(refused)?;
        self.accounts.insert(*account, held);
        Ok(Some(leg))
    }

    fn settled(&mut self, event: &PnlSettled, now: i64) -> Applied {
        let leg = self.touched(&event.account, event.market, now)?;
        let (market, _) = self.market(event.market)?;
        let pool_shares = event.pool.pool_shares as i64 - market.pool_shares as i64;
        pool(market, &event.pool);
        let (bank, _) = self.bank(0)?;
        let Some(leg) = leg else {
            let waiting = bank.waiting_shares.checked_add_signed(-pool_shares);
            bank.waiting_shares = waiting.ok_or_else(|| missing("shares that wait"))?;
            return Ok(());
        };
        let view = bank.indices();
        apply_totals(bank, ShareDelta { deposit_shares: pool_shares, borrow_shares: 0 }).map_err(refused)?;
        let mut account = *self.account(&event.account)?;
        if event.quote_atoms != 0 {
            let delta = apply_delta(&mut account, 0, SignedAtoms::new(event.quote_atoms), &view).map_err(refused)?;
            apply_totals(self.bank(0)?.0, delta).map_err(refused)?;
        }
        account.derivatives[leg].cash_atoms = event.position.cash_atoms;
        let (market, _) = self.market(event.market)?;
        perp::close_leg_if_zero(&mut account, leg, market).map_err(refused)?;
        pool(market, &event.pool);
        self.accounts.insert(event.account, account);
        Ok(())
    }
}

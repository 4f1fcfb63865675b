//! INV-64: the events of a run, and nothing else, rebuild every balance and position to the bit.
//!
//! An event says which amounts moved; what they make of shares follows from the same functions that the program uses,
//! with indices that earlier events gave.

use anchor_lang::prelude::Pubkey;
use litesvm::types::TransactionMetadata;
use plimsoll::event::*;
use plimsoll_ledger::liquidation::{pass_collateral, repay_borrow, repay_pnl, Payment};
use plimsoll_ledger::token::{apply_delta, apply_totals, ShareDelta};
use plimsoll_ledger::{interest, perp, pool};
use plimsoll_risk::units::{Atoms, BaseUnits, SignedAtoms, UnixSecs};
use plimsoll_state::{AccountStatus, Bank, EpochEnd, MarginAccount, Market, TokenPosition, EPOCH_RING};
use plimsoll_tests::*;

use super::run::Checked;

/// What the events have said so far. Of the books only balances are kept: prices, clocks and vaults are not rebuilt.
pub struct Rebuilt(pub Books);

fn record(bank: &mut Bank, after: &BankRecord) {
    (bank.deposit_shares, bank.borrow_shares) = (after.deposit_shares, after.borrow_shares);
    (bank.deposit_index, bank.booked_borrow_index) = (after.deposit_index, after.borrow_index);
    (bank.fees_atoms, bank.insurance_atoms, bank.reserved_atoms) =
        (after.fees_atoms, after.insurance_atoms, after.reserved_atoms);
    (bank.waiting_shares, bank.uncovered_atoms) = (after.waiting_shares, after.uncovered_atoms);
}

fn estate(bank: &mut Bank, after: &EstateBank) {
    (bank.deposit_shares, bank.borrow_shares) = (after.deposit_shares, after.borrow_shares);
    (bank.deposit_index, bank.booked_borrow_index) = (after.deposit_index, after.borrow_index);
    (bank.fees_atoms, bank.insurance_atoms, bank.reserved_atoms) =
        (after.fees_atoms, after.insurance_atoms, after.reserved_atoms);
    (bank.waiting_shares, bank.uncovered_atoms) = (after.waiting_shares, after.uncovered_atoms);
}

fn pool(market: &mut Market, after: &PoolState) {
    (market.pool_shares, market.pool_atoms) = (after.pool_shares, after.pool_atoms);
    (market.deficit_atoms, market.own_claim_atoms) = (after.deficit_atoms, after.own_claim_atoms);
}

impl Rebuilt {
    /// Applies the events of a transaction of this second.
    pub fn apply(&mut self, meta: &TransactionMetadata, now: i64) {
        self.0.now = now;
        for data in event_data(meta) {
            assert_eq!(
                engine_of(&data),
                Some(Pubkey::from(self.0.registry.engine)),
                "every event begins with its engine"
            );
            self.tokens(&data, now);
            self.perps(&data, now);
            self.liquidations(&data, now);
            self.estates(&data, now);
        }
    }

    fn account(&mut self, key: &Pubkey) -> &mut MarginAccount {
        self.0.accounts.get_mut(key).expect("the account was there at the start")
    }

    fn bank(&mut self, index: u8) -> &mut Bank {
        &mut self.0.banks[index as usize].0
    }

    fn set_shares(&mut self, key: &Pubkey, bank: u8, change: impl Fn(i64) -> i64) {
        let account = self.account(key);
        let place = account.token_index(bank).or_else(|| account.tokens.iter().position(|t| t.used == 0));
        let position = &mut account.tokens[place.expect("a place")];
        let shares = change(position.shares);
        let used = (shares != 0) as u8;
        *position = TokenPosition { shares, used, bank: bank * used, ..TokenPosition::default() };
    }

    fn tokens(&mut self, data: &[u8], now: i64) {
        let moved = decode_event::<Deposited>(data).map(|e| e.moved);
        let moved = moved.or_else(|| decode_event::<Withdrawn>(data).map(|e| e.moved));
        let moved = moved.or_else(|| decode_event::<Borrowed>(data).map(|e| e.moved));
        let moved = moved.or_else(|| decode_event::<Repaid>(data).map(|e| e.moved));
        if let Some(moved) = moved {
            // Borrow shares are the negative ones.
            self.set_shares(&moved.account, moved.bank, |held| {
                held + moved.deposit_shares_delta - moved.borrow_shares_delta
            });
            record(self.bank(moved.bank), &moved.after);
        }
        let after = decode_event::<InsuranceFunded>(data).map(|e| (e.bank, e.after));
        let after = after.or_else(|| decode_event::<InsuranceSwept>(data).map(|e| (e.bank, e.after)));
        let after = after.or_else(|| decode_event::<InsuranceWithdrawn>(data).map(|e| (e.bank, e.after)));
        let after = after.or_else(|| decode_event::<FeesCollected>(data).map(|e| (e.bank, e.after)));
        let after = after.or_else(|| decode_event::<BankUpdated>(data).map(|e| (e.bank, e.after)));
        if let Some((bank, after)) = after {
            record(self.bank(bank), &after);
        }
        if let Some(e) = decode_event::<BankAccrued>(data) {
            record(self.bank(e.bank), &e.after);
            let slot = &mut self.0.registry.banks[e.bank as usize];
            (slot.deposit_index, slot.borrow_index) = (e.after.deposit_index, e.after.borrow_index);
            (slot.borrow_rate_per_sec, slot.accrued_at) = (e.borrow_rate_per_sec, now);
        }
    }

    fn perps(&mut self, data: &[u8], now: i64) {
        let clock = self.0.registry.funding_at(UnixSecs::new(now));
        if let Some(e) = decode_event::<FillSettled>(data) {
            let (quote, fee) = (e.quote_atoms as i64, e.fee_atoms as i64);
            self.exchange(&e.buyer, &e.seller, e.market, e.base_units, [-quote - fee, quote - fee], 2 * e.fee_atoms);
        }
        if let Some(e) = decode_event::<FundingCranked>(data) {
            let books = &mut self.0;
            let (slot, market) =
                (&mut books.registry.markets[e.market as usize], &mut books.markets[e.market as usize]);
            perp::accrue_funding(slot, clock).expect("in range");
            perp::end_epochs(slot, market).expect("in range");
            slot.funding_per_unit_sec = e.funding_per_unit_sec;
        }
        if let Some(e) = decode_event::<PositionTouched>(data) {
            self.touched_alone(&e, now);
        }
        if let Some(e) = decode_event::<PnlSettled>(data) {
            self.settled(&e, now);
        }
    }

    fn touched_alone(&mut self, e: &PositionTouched, now: i64) {
        let books = &mut self.0;
        let clock = books.registry.funding_at(UnixSecs::new(now));
        let account = books.accounts.get_mut(&e.account).expect("the account was there at the start");
        let leg = account.perp_index(e.market).expect("a leg");
        let (slot, market) = (&books.registry.markets[e.market as usize], &mut books.markets[e.market as usize]);
        let position = &mut account.derivatives[leg];
        perp::touch(position, slot, Some(market), clock).expect("in range");
        if let Some(side) = plimsoll_risk::lazy::Side::of(e.written_off_units) {
            let totals = &mut market.sides[side as usize];
            totals.shares -= position.shares.unsigned_abs();
            totals.count -= 1;
            if totals.all_positions() == 0 {
                totals.shares = 0;
            }
            position.shares = 0;
            position.k_entry.set(0);
        }
        position.cash_atoms = e.position.cash_atoms;
        perp::close_leg_if_zero(account, leg, market).expect("counted");
        pool(market, &e.pool);
    }

    fn exchange(&mut self, buyer: &Pubkey, seller: &Pubkey, market: u8, units: u64, cash: [i64; 2], claim: u64) {
        let (now, books) = (self.0.now, &mut self.0);
        let clock = books.registry.funding_at(UnixSecs::new(now));
        let slot = &books.registry.markets[market as usize];
        let market = &mut books.markets[market as usize];
        let (mut buys, mut sells) = (books.accounts[buyer], books.accounts[seller]);
        let (b, s) =
            (perp::open_leg(&mut buys, market).expect("room"), perp::open_leg(&mut sells, market).expect("room"));
        let legs = (&mut buys.derivatives[b], &mut sells.derivatives[s]);
        let cash = cash.map(SignedAtoms::new);
        perp::exchange(slot, market, legs.0, legs.1, BaseUnits::new(units), cash[0], cash[1], clock)
            .expect("it was done");
        pool::add_own_claim(market, Atoms::new(claim)).expect("in range");
        perp::close_leg_if_zero(&mut buys, b, market).expect("counted");
        perp::close_leg_if_zero(&mut sells, s, market).expect("counted");
        books.accounts.insert(*buyer, buys);
        books.accounts.insert(*seller, sells);
    }

    /// Brings quote bank, pool and the account's leg to now, as every settlement does first.
    fn touched(&mut self, account: &Pubkey, index: u8, now: i64) -> Option<usize> {
        let books = &mut self.0;
        let clock = books.registry.funding_at(UnixSecs::new(now));
        let bank = &mut books.banks[0].0;
        interest::book_now(bank, &books.registry.banks[0], UnixSecs::new(now));
        let market = &mut books.markets[index as usize];
        pool::touch_pool(market, bank.deposit_index).expect("in range");
        let account = books.accounts.get_mut(account)?;
        let leg = account.perp_index(index)?;
        let slot = &books.registry.markets[index as usize];
        perp::touch(&mut account.derivatives[leg], slot, Some(market), clock).expect("in range");
        Some(leg)
    }

    fn settled(&mut self, e: &PnlSettled, now: i64) {
        let leg = self.touched(&e.account, e.market, now);
        let books = &mut self.0;
        let (bank, market) = (&mut books.banks[0].0, &mut books.markets[e.market as usize]);
        let pool_shares = e.pool.pool_shares as i64 - market.pool_shares as i64;
        pool(market, &e.pool);
        let Some(leg) = leg else {
            bank.waiting_shares = bank.waiting_shares.checked_add_signed(-pool_shares).expect("in range");
            return;
        };
        let account = books.accounts.get_mut(&e.account).expect("found before");
        let view = bank.indices();
        apply_totals(bank, ShareDelta { deposit_shares: pool_shares, borrow_shares: 0 }).expect("in range");
        if e.quote_atoms != 0 {
            let delta = apply_delta(account, 0, SignedAtoms::new(e.quote_atoms), &view).expect("it was done");
            apply_totals(bank, delta).expect("in range");
        }
        account.derivatives[leg].cash_atoms = e.position.cash_atoms;
        perp::close_leg_if_zero(account, leg, market).expect("counted");
        pool(market, &e.pool);
    }

    fn liquidations(&mut self, data: &[u8], now: i64) {
        if let Some(e) = decode_event::<PositionLiquidated>(data) {
            let sold = if e.long == 1 { e.notional_atoms as i64 } else { -(e.notional_atoms as i64) };
            let (kept, fee) = (e.liquidator_penalty_atoms as i64, e.insurance_fee_atoms as i64);
            let (liquidatee, liquidator) = (sold - kept - fee, kept - sold);
            let claim = e.insurance_fee_atoms;
            if e.long == 1 {
                let cash = [liquidator, liquidatee];
                self.exchange(&e.liquidator, &e.liquidatee, e.market, e.units, cash, claim);
            } else {
                let cash = [liquidatee, liquidator];
                self.exchange(&e.liquidatee, &e.liquidator, e.market, e.units, cash, claim);
            }
        }
        if let Some(e) = decode_event::<CollateralLiquidated>(data) {
            let books = &mut self.0;
            let (mut from, mut to) = (books.accounts[&e.liquidatee], books.accounts[&e.liquidator]);
            let (asset, debt) = (e.asset_bank as usize, e.liability_bank as usize);
            let slot = &books.registry.banks[asset];
            let bank = Some(&mut books.banks[asset].0);
            pass_collateral(&mut from, &mut to, e.asset_bank, e.seized_shares, slot, bank, UnixSecs::new(now))
                .expect("it was done");
            let payment =
                Payment { debt_atoms: Atoms::new(e.repaid_atoms), fee_atoms: Atoms::new(e.insurance_fee_atoms) };
            let (slot, bank) = (&books.registry.banks[debt], &mut books.banks[debt].0);
            if e.market == u8::MAX {
                repay_borrow(&mut to, &mut from, bank, slot, payment, UnixSecs::new(now)).expect("it was done");
            } else {
                let market = &mut books.markets[e.market as usize];
                let market_slot = &books.registry.markets[e.market as usize];
                let clock = books.registry.funding_at(UnixSecs::new(now));
                repay_pnl(&mut to, &mut from, bank, slot, market, market_slot, payment, clock).expect("it was done");
            }
            books.accounts.insert(e.liquidatee, from);
            books.accounts.insert(e.liquidator, to);
        }
    }

    fn estates(&mut self, data: &[u8], now: i64) {
        if let Some(e) = decode_event::<TokenSeized>(data) {
            self.set_shares(&e.account, e.bank.bank, |_| 0);
            estate(self.bank(e.bank.bank), &e.bank);
        }
        if let Some(e) = decode_event::<InsuranceReserved>(data) {
            self.account(&e.account).status = AccountStatus::Paying as u8;
            estate(self.bank(0), &e.bank);
        }
        if let Some(bank) = decode_event::<BankruptcyResolved>(data).and_then(|e| e.bank) {
            estate(self.bank(0), &bank);
        }
        if let Some(e) = decode_event::<BorrowResolved>(data) {
            self.set_shares(&e.account, e.bank.bank, |_| 0);
            estate(self.bank(e.bank.bank), &e.bank);
            // A socialization writes the registry's copy of the index, and so does one of nothing.
            self.0.registry.banks[e.bank.bank as usize].deposit_index = e.bank.deposit_index;
        }
        if let Some(e) = decode_event::<PnlSeized>(data) {
            let leg = self.touched(&e.account, e.market.market, now).expect("a leg");
            self.market(&e.market);
            self.set_shares(&e.account, 0, |_| e.quote_shares);
            estate(self.bank(0), &e.bank);
            let held = (e.position.shares != 0 || e.position.cash_atoms != 0).then_some(e.position.cash_atoms);
            self.end_leg(&e.account, leg, e.market.market, held, &e.market.pool);
        }
        if let Some(e) = decode_event::<PnlResolved>(data) {
            let leg = self.touched(&e.account, e.market.market, now).expect("a leg");
            self.market(&e.market);
            estate(self.bank(0), &e.bank);
            self.end_leg(&e.account, leg, e.market.market, None, &e.market.pool);
        }
    }

    /// Indices of both sides and the pool, after a closing may have ended epochs.
    fn market(&mut self, after: &EstateMarket) {
        let books = &mut self.0;
        let slot = &mut books.registry.markets[after.market as usize];
        let market = &mut books.markets[after.market as usize];
        slot.funding_at = after.funding_at;
        for (side, (index, totals)) in after.sides.iter().zip(slot.sides.iter_mut().zip(&mut market.sides)) {
            while index.epoch != side.epoch {
                let entry = index.epoch as usize % EPOCH_RING;
                let mut end = EpochEnd { epoch: index.epoch, used: 1, ..EpochEnd::default() };
                (end.a, end.k) = (side.ended_a, plimsoll_state::I128Le::new(side.ended_k));
                index.ring[entry] = end;
                totals.ring_counts[entry] = std::mem::take(&mut totals.count);
                index.epoch += 1;
            }
            index.a = side.a;
            index.k.set(side.k);
            totals.shares = side.shares;
        }
        pool(market, &after.pool);
    }

    /// A leg's base is gone, or a loss was paid on it; frees its place where nothing is left.
    fn end_leg(&mut self, key: &Pubkey, leg: usize, market: u8, cash: Option<i64>, after: &PoolState) {
        let books = &mut self.0;
        let account = books.accounts.get_mut(key).expect("found before");
        let market = &mut books.markets[market as usize];
        let position = &mut account.derivatives[leg];
        match cash {
            Some(atoms) => position.cash_atoms = atoms,
            None => {
                if let Some(side) = plimsoll_risk::lazy::Side::of(position.shares) {
                    let totals = &mut market.sides[side as usize];
                    totals.count = totals.count.saturating_sub(1);
                }
                (position.shares, position.cash_atoms) = (0, 0);
            }
        }
        perp::close_leg_if_zero(account, leg, market).expect("counted");
        pool(market, after);
    }

    /// Every balance and position is what the chain holds.
    pub fn compare(&self, real: &Books) -> Checked {
        for (key, account) in &real.accounts {
            let own = &self.0.accounts[key];
            for bank in 0..real.banks.len() as u8 {
                let shares =
                    |account: &MarginAccount| account.token_index(bank).map_or(0, |place| account.tokens[place].shares);
                if shares(own) != shares(account) {
                    return Err(format!(
                        "INV-64: {key} has {} in bank {bank}, by events {}",
                        shares(account),
                        shares(own)
                    ));
                }
            }
            for market in 0..real.markets.len() as u8 {
                let state = |account: &MarginAccount| {
                    account.perp_index(market).map(|leg| {
                        let leg = &account.derivatives[leg];
                        (leg.shares, leg.k_entry.get(), leg.cash_atoms, leg.epoch)
                    })
                };
                if state(own) != state(account) {
                    return Err(format!(
                        "INV-64: {key} in market {market}: {:?}, by events {:?}",
                        state(account),
                        state(own)
                    ));
                }
            }
        }
        for ((own, _), (bank, _)) in self.0.banks.iter().zip(&real.banks) {
            let (own, is) = (BankRecord::from(own), BankRecord::from(bank));
            if own != is {
                return Err(format!("INV-64: bank {}: {is:?}, by events {own:?}", bank.index));
            }
        }
        for (own, market) in self.0.markets.iter().zip(&real.markets) {
            let claims = |m: &Market| (m.pool_shares, m.pool_atoms, m.deficit_atoms, m.own_claim_atoms);
            if claims(own) != claims(market) {
                return Err(format!(
                    "INV-64: market {}: {:?}, by events {:?}",
                    market.index,
                    claims(market),
                    claims(own)
                ));
            }
        }
        Ok(())
    }
}

//! A bank, another bank, three markets, a bankrupt account and everybody else.

use plimsoll_risk::RiskError;
use std::boxed::Box;
use std::vec::Vec;

use bytemuck::Zeroable;
use plimsoll_risk::bank::shares_down;
use plimsoll_risk::params::{DrawParams, GlobalParams, MarketRates, INDEX_ONE};
use plimsoll_risk::price::{base_scale_down, Price};
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, UnixSecs};
use plimsoll_state::{
    leg_pnl_down, Bank, Books, BooksMut, EngineAccount, FundingClock, Market, PriceBoard, SideIndex, SlotStatus,
    StoredParams, StoredRates,
};
use proptest::prelude::*;

use crate::bankruptcy::*;
use crate::perp::exchange;
use crate::{bankruptcy, perp, pool};

pub const NOW: i64 = 1_760_130_600;
pub const MARKETS: usize = 3;

#[derive(Clone)]
pub struct World {
    pub registry: Box<Registry>,
    pub board: Box<PriceBoard>,
    pub banks: [Bank; 2],
    pub markets: [Market; MARKETS],
    pub account: MarginAccount,
    pub others: MarginAccount,
    pub now: i64,
}

#[derive(Clone, Copy, Debug)]
pub enum Step {
    Token(usize),
    Pnl(usize),
    PayBorrow(usize),
    PayPnl(usize),
    Finish,
}

pub const STEPS: [Step; 11] = [
    Step::Token(0),
    Step::Token(1),
    Step::Pnl(0),
    Step::Pnl(1),
    Step::Pnl(2),
    Step::PayBorrow(0),
    Step::PayBorrow(1),
    Step::PayPnl(0),
    Step::PayPnl(1),
    Step::PayPnl(2),
    Step::Finish,
];

/// What a random account looks like.
#[derive(Clone, Debug)]
pub struct Seed {
    pub balances: [i64; 2],
    pub indices: (u64, u64),
    pub insurance: [u64; 2],
    pub waiting: u64,
    pub legs: [(i64, u64, u64, u64, u64); MARKETS],
    pub deposits: u64,
    /// Part of the deposits that is lent to others.
    pub lent_ppm: u32,
}

pub fn seed() -> impl Strategy<Value = Seed> {
    let balance = || prop_oneof![Just(0i64), -2_000_000i64..2_000_000, -5i64..5];
    let fund = || prop_oneof![Just(0u64), 0u64..1_000_000, Just(1 << 30)];
    // Units, entry and spot in dollars, the pool, the deficit.
    let leg = || {
        (
            prop_oneof![Just(0i64), -20_000i64..20_000],
            50u64..150,
            50u64..150,
            prop_oneof![Just(0u64), 0u64..1_000_000],
            prop_oneof![Just(0u64), Just(1), 0u64..300_000],
        )
    };
    (
        [balance(), balance()],
        (INDEX_ONE / 2..INDEX_ONE * 3 / 2, INDEX_ONE..INDEX_ONE * 2),
        [fund(), fund()],
        0u64..50_000,
        [leg(), leg(), leg()],
        (prop_oneof![Just(10_000_000u64), Just(1 << 40)], prop_oneof![Just(250_000u32), Just(1_000_000)]),
    )
        .prop_map(|(balances, (deposit, borrow), insurance, waiting, legs, (deposits, lent_ppm))| Seed {
            lent_ppm,
            balances,
            indices: (deposit, borrow),
            insurance,
            waiting,
            legs,
            deposits,
        })
}

pub fn dollars(price: u64) -> Price {
    Price::from_decimal_down(price, 0).unwrap()
}

impl World {
    pub fn new(seed: &Seed) -> Self {
        let mut world = World {
            registry: Box::new(Registry::zeroed()),
            board: Box::new(PriceBoard::zeroed()),
            banks: [Bank::zeroed(); 2],
            markets: [Market::zeroed(); MARKETS],
            account: MarginAccount::zeroed(),
            others: MarginAccount::zeroed(),
            now: NOW,
        };
        world.registry.params = StoredParams(GlobalParams::DEFAULT.with(|new| new.draws = DrawParams::UNLIMITED));
        world.account.version = plimsoll_state::LAYOUT_VERSION;
        for index in 0..2 {
            world.list_bank(seed, index);
        }
        for index in 0..MARKETS {
            world.list_market(seed, index);
        }
        let mut books = BooksMut { registry: &mut world.registry, board: &world.board, now: UnixSecs::new(NOW) };
        bankruptcy::freeze(&mut world.account, &world.banks[0], &mut books).unwrap();
        world
    }

    pub fn list_bank(&mut self, seed: &Seed, index: usize) {
        let slot = &mut self.registry.banks[index];
        slot.status = SlotStatus::Active as u8;
        (slot.deposit_index, slot.borrow_index) = seed.indices;
        slot.accrued_at = NOW;
        let bank = &mut self.banks[index];
        (bank.deposit_index, bank.booked_borrow_index) = seed.indices;
        (bank.version, bank.index) = (plimsoll_state::LAYOUT_VERSION, index as u8);
        (bank.caps.draw_cap_event_atoms, bank.caps.draw_cap_hour_atoms) = (u64::MAX, u64::MAX);
        bank.insurance_atoms = seed.insurance[index];
        bank.deposit_shares = shares_down(Atoms::new(seed.deposits), seed.indices.0).unwrap();
        bank.waiting_shares = seed.waiting;
        let shares = seed.balances[index];
        bank.deposit_shares += shares.max(0) as u64;
        // All that is lent, in full to the atom where there is no liquidity: the account's debt is a part of it.
        let lent = Ppm::new(seed.lent_ppm).of_down(bank.totals().deposits_down().get()).unwrap();
        bank.borrow_shares = shares_down(Atoms::new(lent), seed.indices.1).unwrap().max(shares.min(0).unsigned_abs());
        if shares != 0 {
            self.account.tokens[index] =
                TokenPosition { shares, bank: index as u8, used: 1, ..TokenPosition::default() };
        }
    }

    pub fn list_market(&mut self, seed: &Seed, index: usize) {
        let (units, entry, spot, pool, deficit) = seed.legs[index];
        let slot = &mut self.registry.markets[index];
        (slot.status, slot.price_slot) = (SlotStatus::Active as u8, index as u8);
        slot.rates = StoredRates(MarketRates {
            maint_ppm: Ppm::new(30_000),
            target_ppm: Ppm::new(42_500),
            init_ppm: Ppm::new(60_000),
        });
        slot.scale = base_scale_down(6, 6).unwrap().into();
        slot.funding_at = NOW;
        slot.sides = [SideIndex::start(); 2];
        let price = &mut self.board.slots[index];
        (price.active, price.published_at, price.spot) = (1, NOW, dollars(spot).into());
        let market = &mut self.markets[index];
        (market.version, market.index) = (plimsoll_state::LAYOUT_VERSION, index as u8);
        market.caps.draw_cap_event_atoms = u64::MAX;
        let mine = perp::open_leg(&mut self.account, market).unwrap();
        let theirs = perp::open_leg(&mut self.others, market).unwrap();
        let (mine, theirs) = (&mut self.account.derivatives[mine], &mut self.others.derivatives[theirs]);
        let cash = (units.unsigned_abs() * entry) as i64;
        let (buyer, seller) = if units >= 0 { (mine, &mut *theirs) } else { (&mut *theirs, mine) };
        exchange(
            slot,
            market,
            buyer,
            seller,
            BaseUnits::new(units.unsigned_abs()),
            SignedAtoms::new(-cash),
            SignedAtoms::new(cash),
            FundingClock { now: UnixSecs::new(NOW), max_secs: Secs::new(3_600) },
        )
        .unwrap();
        // Others have paid into the pool, and hold a claim that nobody covers.
        let paid = pool::pay_in_up(market, Atoms::new(pool), seed.indices.0).unwrap();
        self.banks[0].deposit_shares += paid.shares;
        theirs.cash_atoms += (pool + deficit) as i64;
        pool::add_deficit(market, Atoms::new(deficit)).unwrap();
        slot.deficit_share_ppm = market.deficit_share_ppm_up(self.banks[0].deposit_index).get();
        self.registry.market_count = self.registry.market_count.max(index as u8 + 1);
        let place = self.account.perp_index(index as u8).unwrap();
        perp::close_leg_if_zero(&mut self.account, place, &mut self.markets[index]).unwrap();
    }

    /// Runs a step or leaves everything as it was, as the program does.
    pub fn step(&mut self, step: Step) -> RiskResult<()> {
        let mut next = self.clone();
        next.run(step)?;
        *self = next;
        Ok(())
    }

    pub fn run(&mut self, step: Step) -> RiskResult<()> {
        let capped = self.is_capped();
        let (account, board, now) = (&mut self.account, &*self.board, UnixSecs::new(self.now));
        match step {
            Step::Token(bank) => {
                seize_token(account, &mut self.banks[bank], &Books { registry: &self.registry, board, now })?;
            }
            Step::Pnl(market) => {
                let (market, quote) = (&mut self.markets[market], &mut self.banks[0]);
                seize_pnl(account, market, quote, &mut BooksMut { registry: &mut self.registry, board, now })?;
            }
            Step::PayBorrow(bank) => {
                begin_paying(account, &mut self.banks[0], &mut BooksMut { registry: &mut self.registry, board, now })?;
                let paid = pay_borrow(
                    account,
                    &mut self.banks[bank],
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
                )?;
                assert_eq!(
                    paid.payment.covered_atoms().get() + paid.payment.remainder_atoms.get(),
                    paid.owed_atoms.get()
                );
                assert!(
                    paid.payment.remainder_atoms == Atoms::ZERO
                        || capped
                        || self.banks[bank].fund().worth_down().get() == 0
                );
                finish(
                    account,
                    (bank == 0).then_some(&mut self.banks[0]),
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
                )?;
            }
            Step::PayPnl(market) => {
                begin_paying(account, &mut self.banks[0], &mut BooksMut { registry: &mut self.registry, board, now })?;
                let (market, quote) = (&mut self.markets[market], &mut self.banks[0]);
                let paid = pay_pnl(account, market, quote, &mut BooksMut { registry: &mut self.registry, board, now })?;
                let loss = paid.pnl_atoms.min(SignedAtoms::ZERO).unsigned_abs();
                assert_eq!(paid.covered_atoms.get() + paid.charged_atoms.get() + paid.deficit_atoms.get(), loss.get());
                // Less than the price of one more share is left.
                assert!(
                    paid.covered_atoms == loss
                        || capped
                        || quote.fund().worth_down().get() <= 1 + (quote.deposit_index >> 48)
                );
                assert!(
                    paid.charged_atoms == Atoms::ZERO || market.own_claim_atoms == 0,
                    "charged before the market's own claim"
                );
                finish(
                    account,
                    Some(&mut self.banks[0]),
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
                )?;
            }
            Step::Finish => {
                account.require_status(AccountStatus::Paying)?;
                if !finish(
                    account,
                    Some(&mut self.banks[0]),
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
                )?
                .thawed
                {
                    return Err(RiskError::WrongStage);
                }
            }
        }
        Ok(())
    }

    /// Whether caps or floors may leave insurance untouched.
    pub fn is_capped(&self) -> bool {
        self.registry.params().draws != DrawParams::UNLIMITED
            || self.banks.iter().any(|bank| bank.caps.insurance_floor_atoms != 0)
    }

    /// What a bank's vault owes, atoms with 48 fraction bits.
    pub fn obligations(&self, bank: usize) -> i128 {
        let bank = &self.banks[bank];
        let totals = bank.totals();
        let atoms =
            (bank.insurance_atoms + bank.reserved_atoms + bank.fees_atoms) as i128 - bank.uncovered_atoms as i128;
        totals.deposits_bits() as i128 - totals.borrows_bits() as i128 + (atoms << 48)
    }

    /// By how much more is lent than deposited, atoms with 48 fraction bits.
    pub fn lent_out(&self, bank: usize) -> u128 {
        let totals = self.banks[bank].totals();
        let owed = totals.borrows_bits() + ((totals.uncovered_atoms.get() as u128) << 48);
        owed.saturating_sub(totals.deposits_bits())
    }

    /// A market whose pool is brought to its value.
    pub fn touched(&self, index: usize) -> Market {
        let mut market = self.markets[index];
        pool::touch_pool(&mut market, self.banks[0].deposit_index).unwrap();
        market
    }

    /// Claims on a market's pool less what covers them; rounding only ever lowers it.
    pub fn excess_claims(&self, index: usize) -> i128 {
        let (market, slot) = (self.touched(index), &self.registry.markets[index]);
        let pnl = |account: &MarginAccount| {
            account.perp_index(index as u8).map_or(0, |place| {
                leg_pnl_down(
                    &account.derivatives[place],
                    slot,
                    &Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(self.now) },
                )
                .unwrap()
                .get()
            })
        };
        let claims = pnl(&self.account) as i128 + pnl(&self.others) as i128 + market.own_claim_atoms as i128;
        claims - market.pool_atoms as i128 - market.deficit_atoms as i128
    }

    /// What margin reads of a claim is at most what its market's pool would pay for it, to an atom of the pool.
    pub fn check_claims(&self, index: usize) {
        let market = self.touched(index);
        let counted = 1_000_000 - self.registry.markets[index].deficit_share_ppm as u128;
        let (pool, deficit) = (market.pool_atoms as u128, market.deficit_atoms as u128);
        assert!(deficit == 0 || counted * (pool + deficit) <= (pool + 1) * 1_000_000, "{counted} of {pool}, {deficit}");
        // And so says a crank, whatever index of quote the registry has.
        let share = self.markets[index].deficit_share_ppm_up(self.registry.banks[0].deposit_index);
        assert!(share >= market.deficit_share_ppm_up(self.banks[0].deposit_index));
    }

    pub fn check(&self) {
        self.account.invariant().unwrap();
        (0..self.markets.len()).for_each(|index| self.check_claims(index));
        self.banks.iter().for_each(|bank| bank.invariant().unwrap());
        assert_eq!(self.banks[0].reserved_atoms, self.account.estate_reserved_atoms);
        self.check_known_losses();
        let legs = self
            .account
            .tokens
            .iter()
            .map(|t| t.reserved_atoms)
            .chain(self.account.derivatives.iter().map(|d| d.reserved_atoms));
        if self.account.status == AccountStatus::Paying as u8 {
            assert!(legs.sum::<u64>() <= self.account.estate_reserved_atoms);
        }
    }

    /// The registry counts what the account's legs are counted with, to the atom, and once it is active nothing.
    pub fn check_known_losses(&self) {
        let (tokens, legs) = (&self.account.tokens, &self.account.derivatives);
        for (index, slot) in self.registry.banks.iter().enumerate() {
            let counted =
                tokens.iter().filter(|token| token.bank as usize == index).map(|token| token.fixed_debt_atoms);
            assert_eq!(slot.known_loss_atoms, counted.sum::<u64>(), "bank {index}");
        }
        for (index, slot) in self.registry.markets.iter().enumerate() {
            let counted = legs.iter().filter(|leg| leg.market as usize == index).map(|leg| leg.known_loss_atoms);
            assert_eq!(slot.known_loss().get(), counted.sum::<u64>(), "market {index}");
        }
        let known = |slot: &plimsoll_state::BankSlot| slot.known_loss_atoms;
        let is_active = self.account.status == AccountStatus::Active as u8;
        assert!(!is_active || self.registry.banks.iter().all(|slot| known(slot) == 0));
    }

    /// Every step in a random order, again and again, until the account is active; `between` runs after each.
    pub fn resolve(&mut self, mut random: u64, mut between: impl FnMut(&mut World, u64)) -> usize {
        let mut calls = 0;
        while self.account.status != AccountStatus::Active as u8 {
            let mut order: Vec<Step> = STEPS.to_vec();
            let mut progress = false;
            while !order.is_empty() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let step = order.swap_remove((random >> 33) as usize % order.len());
                if self.step(step).is_ok() {
                    progress = true;
                    calls += 1;
                    self.check();
                    between(self, random);
                }
            }
            // An account that was repaid or touched empty in stage (a) has nothing to pay.
            if !progress && self.account.is_empty() {
                finish(
                    &mut self.account,
                    Some(&mut self.banks[0]),
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now: UnixSecs::new(self.now) },
                )
                .unwrap();
                progress = true;
            }
            self.check_known_losses();
            assert!(progress, "the resolution is stuck");
            assert!(calls < 40, "the resolution does not end");
        }
        calls
    }
}

impl World {
    /// A step where a cap leaves insurance untouched.
    pub fn run_capped(&mut self, step: Step) {
        let (account, now) = (&mut self.account, UnixSecs::new(self.now));
        begin_paying(
            account,
            &mut self.banks[0],
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )
        .unwrap();
        match step {
            Step::PayBorrow(bank) => {
                pay_borrow(
                    account,
                    &mut self.banks[bank],
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
                )
                .unwrap();
            }
            Step::PayPnl(market) => {
                let (market, quote) = (&mut self.markets[market], &mut self.banks[0]);
                pay_pnl(
                    account,
                    market,
                    quote,
                    &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
                )
                .unwrap();
            }
            _ => {}
        }
        finish(
            account,
            Some(&mut self.banks[0]),
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )
        .unwrap();
    }
}

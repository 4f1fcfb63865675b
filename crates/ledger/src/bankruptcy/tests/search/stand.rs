//! One small account, what it deals with, and the moves that anybody can make on it: on the layouts, at indices of one.

use plimsoll_risk::RiskError;
use std::boxed::Box;
use std::vec::Vec;

use bytemuck::Zeroable;
use plimsoll_risk::liquidate::{assess, plan, Assessment, Leg, LegSize, Plan, Request};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE, MAX_TOKEN_POSITIONS};
use plimsoll_risk::perp::claim_payout_down;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price};
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, UnixSecs};
use plimsoll_state::snapshot::{load, Views};
use plimsoll_state::{Bank, Market, PriceBoard, SideIndex, SlotStatus, StoredParams, StoredRates, StoredWeights};
use plimsoll_state::{Books, BooksMut, FundingClock};

use crate::bankruptcy::{self, *};
use crate::{account, perp, pool, token};

pub const NOW: i64 = 1_760_130_600;
pub const PARAMS: GlobalParams = GlobalParams::DEFAULT;
/// Quote, a good token, another, one of weight 0, and what fills a table.
pub const BANKS: usize = 4 + MAX_TOKEN_POSITIONS;
pub const MARKETS: usize = 2;
/// Dollars, decimals and maintenance and initial weights of the four banks; the rest are like the second.
const TOKENS: [(u64, u8, [u32; 4]); 4] = [
    (1, 6, [1_000_000, 990_000, 1_000_000, 1_010_000]),
    (100, 9, [850_000, 750_000, 1_150_000, 1_250_000]),
    (50_000, 8, [900_000, 800_000, 1_100_000, 1_200_000]),
    (2, 6, [0, 0, 1_500_000, 1_750_000]),
];
/// Dollars of both markets' underlyings.
const PERP_DOLLARS: u64 = 100;

/// How old a price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    Fresh,
    /// For a minute: nothing is seized at it.
    Silent,
    /// For longer than an asset blocks.
    Dead,
}

impl Feed {
    pub fn published_at(self, now: i64) -> i64 {
        match self {
            Feed::Fresh => now,
            Feed::Silent => now - 60,
            Feed::Dead => now - PARAMS.wind_down.stale_asset_secs as i64 - 1,
        }
    }
}

#[derive(Clone)]
pub struct Stand {
    pub registry: Box<Registry>,
    pub board: Box<PriceBoard>,
    pub banks: Vec<Bank>,
    pub markets: [Market; MARKETS],
    pub account: MarginAccount,
    pub others: MarginAccount,
    pub now: i64,
    /// Feeds that are published whenever time passes; the others stay silent.
    pub alive: Vec<bool>,
}

/// Slot of the board: banks first, then markets.
pub const fn market_feed(market: usize) -> usize {
    BANKS + market
}

impl Stand {
    /// Nothing in the account; everybody else has lent and holds plenty.
    pub fn new() -> Self {
        let mut stand = Self {
            registry: Box::new(Registry::zeroed()),
            board: Box::new(PriceBoard::zeroed()),
            banks: std::vec![Bank::zeroed(); BANKS],
            markets: [Market::zeroed(); MARKETS],
            account: MarginAccount::zeroed(),
            others: MarginAccount::zeroed(),
            now: NOW,
            alive: std::vec![true; BANKS + MARKETS],
        };
        stand.registry.params = StoredParams(PARAMS);
        stand.registry.market_count = MARKETS as u8;
        stand.account.version = plimsoll_state::LAYOUT_VERSION;
        for bank in 0..BANKS {
            let (dollars, decimals, w) = TOKENS[if bank < TOKENS.len() { bank } else { 1 }];
            let slot = &mut stand.registry.banks[bank];
            (slot.status, slot.price_slot, slot.decimals) = (SlotStatus::Active as u8, bank as u8, decimals);
            slot.weights = StoredWeights(
                TokenWeights::new(Ppm::new(w[0]), Ppm::new(w[1]), Ppm::new(w[2]), Ppm::new(w[3]), &PARAMS).unwrap(),
            );
            slot.scale = token_scale_down(decimals).unwrap().into();
            (slot.deposit_index, slot.borrow_index, slot.accrued_at) = (INDEX_ONE, INDEX_ONE, NOW);
            let held = &mut stand.banks[bank];
            (held.version, held.index) = (plimsoll_state::LAYOUT_VERSION, bank as u8);
            (held.deposit_index, held.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
            (held.caps.draw_cap_event_atoms, held.caps.draw_cap_hour_atoms) = (u64::MAX, u64::MAX);
            (held.deposit_shares, held.borrow_shares) = (1 << 50, 1 << 49);
            stand.publish(bank, dollars);
        }
        for market in 0..MARKETS {
            let slot = &mut stand.registry.markets[market];
            (slot.status, slot.price_slot) = (SlotStatus::Active as u8, market_feed(market) as u8);
            slot.rates = StoredRates(MarketRates {
                maint_ppm: Ppm::new(30_000),
                target_ppm: Ppm::new(42_500),
                init_ppm: Ppm::new(60_000),
            });
            slot.scale = base_scale_down(6, 6).unwrap().into();
            (slot.funding_at, slot.sides) = (NOW, [SideIndex::start(); 2]);
            let totals = &mut stand.markets[market];
            (totals.version, totals.index) = (plimsoll_state::LAYOUT_VERSION, market as u8);
            totals.caps.draw_cap_event_atoms = u64::MAX;
            stand.publish(market_feed(market), PERP_DOLLARS);
        }
        stand
    }

    fn publish(&mut self, feed: usize, dollars: u64) {
        let price = Price::from_decimal_down(dollars, 0).unwrap().into();
        let slot = &mut self.board.slots[feed];
        (slot.active, slot.published_at, slot.first_published_at) = (1, NOW, NOW - 1_000_000);
        (slot.spot, slot.fast, slot.slow, slot.low, slot.high) = (price, price, price, price, price);
        (slot.update_count, slot.vol_ppm_per_sqrt_sec) = (1_000, 141);
    }

    /// No bank and no market takes what grows; quote's deposits are worth next to nothing.
    pub fn close(&mut self) {
        let (banks, markets) = (&mut self.registry.banks[..BANKS], &mut self.registry.markets[..MARKETS]);
        banks.iter_mut().for_each(|slot| slot.status = SlotStatus::ReduceOnly as u8);
        markets.iter_mut().for_each(|slot| slot.status = SlotStatus::ReduceOnly as u8);
        self.registry.banks[Registry::QUOTE_BANK].status = SlotStatus::Terminal as u8;
    }

    pub fn set_feed(&mut self, feed: usize, state: Feed) {
        self.board.slots[feed].published_at = state.published_at(self.now);
        self.alive[feed] = state == Feed::Fresh;
    }

    /// The fast average still stands where the price was, in percent of it.
    pub fn set_fast(&mut self, feed: usize, percent: u64) {
        let dollars = if feed < BANKS { TOKENS[if feed < TOKENS.len() { feed } else { 1 }].0 } else { PERP_DOLLARS };
        let price = Price::from_decimal_down(dollars * percent, -2).unwrap();
        self.board.slots[feed].fast = price.into();
    }

    /// Holds (or owes) so many cents worth of a bank's token.
    pub fn hold(&mut self, bank: usize, cents: i64) {
        let (dollars, decimals, _) = TOKENS[if bank < TOKENS.len() { bank } else { 1 }];
        let atoms = (cents.unsigned_abs() as u128 * 10u128.pow(decimals as u32) / (100 * dollars) as u128) as i64;
        self.hold_atoms(bank, atoms * cents.signum());
    }

    pub fn hold_atoms(&mut self, bank: usize, atoms: i64) {
        if atoms == 0 {
            return;
        }
        let place = token::position_or_open(&mut self.account, bank as u8).unwrap();
        self.account.tokens[place].shares += atoms;
        let totals = &mut self.banks[bank];
        totals.deposit_shares += atoms.max(0) as u64;
        totals.borrow_shares += atoms.min(0).unsigned_abs();
    }

    /// A base of so many dollars' notional, signed, with PnL of so many atoms; of no dollars PnL alone. Everybody else
    /// has the opposite of both.
    pub fn trade(&mut self, market: usize, dollars: i64, pnl_atoms: i64) {
        let totals = &mut self.markets[market];
        let (mine, theirs) =
            (perp::open_leg(&mut self.account, totals).unwrap(), perp::open_leg(&mut self.others, totals).unwrap());
        let (mine, theirs) = (&mut self.account.derivatives[mine], &mut self.others.derivatives[theirs]);
        let slot = &self.registry.markets[market];
        let units = dollars.unsigned_abs() * 1_000_000 / PERP_DOLLARS;
        let cash = dollars.abs() * 1_000_000;
        let (buyer, seller) = if dollars >= 0 { (&mut *mine, &mut *theirs) } else { (&mut *theirs, &mut *mine) };
        if units > 0 {
            perp::exchange(
                slot,
                totals,
                buyer,
                seller,
                BaseUnits::new(units),
                SignedAtoms::new(-cash),
                SignedAtoms::new(cash),
                FundingClock { now: UnixSecs::new(NOW), max_secs: Secs::new(3_600) },
            )
            .unwrap();
        }
        mine.cash_atoms += pnl_atoms;
        theirs.cash_atoms -= pnl_atoms;
    }

    /// Others have a claim on a market of which its pool holds a part and the rest is its deficit.
    pub fn owe_claims(&mut self, market: usize, pool_atoms: u64, deficit_atoms: u64) {
        let totals = &mut self.markets[market];
        let theirs = perp::open_leg(&mut self.others, totals).unwrap();
        pool::pay_in_up(totals, Atoms::new(pool_atoms), INDEX_ONE).unwrap();
        pool::add_deficit(totals, Atoms::new(deficit_atoms)).unwrap();
        self.others.derivatives[theirs].cash_atoms += (pool_atoms + deficit_atoms) as i64;
        self.copy_deficit(market);
    }

    pub(super) fn copy_deficit(&mut self, market: usize) {
        self.registry.markets[market].deficit_share_ppm = self.markets[market].deficit_share_ppm_up(INDEX_ONE).get();
    }

    pub fn portfolio(&self) -> Box<Portfolio> {
        let mut out = Box::new(Portfolio::empty(PARAMS));
        load(
            &self.account,
            &Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(self.now) },
            Views::LIQUIDATION,
            &mut out,
        )
        .unwrap();
        out
    }

    /// What an observation now says; stored, as every observation is.
    pub fn observe(&mut self) -> (Box<Portfolio>, Assessment) {
        let portfolio = self.portfolio();
        let assessment = assess(&portfolio, &self.account.clocks(), UnixSecs::new(self.now));
        account::set_clocks(&mut self.account, &assessment.clocks);
        (portfolio, assessment)
    }

    /// Time passes; feeds that are alive are published, and their averages come along.
    pub fn pass(&mut self, secs: i64) {
        self.now += secs;
        for (feed, alive) in self.alive.iter().enumerate() {
            if *alive {
                let slot = &mut self.board.slots[feed];
                (slot.published_at, slot.fast) = (self.now, slot.spot);
            }
        }
    }

    /// The first leg that has a plan, and the plan; else why there is none.
    pub fn plan(&self, portfolio: &Portfolio) -> Result<(Leg, Plan), Vec<(Leg, RiskError)>> {
        let mut refused = Vec::new();
        for leg in Self::legs(portfolio) {
            let request =
                Request { leg, max_size: None, min_size: LegSize::new(0), limit_numerator: 0, limit_denominator: 0 };
            match plan(&mut portfolio.clone(), &self.account.clocks(), &request, UnixSecs::new(self.now)) {
                Ok(plan) => return Ok((leg, plan)),
                Err(refusal) => refused.push((leg, refusal.reason)),
            }
        }
        Err(refused)
    }

    pub(super) fn move_shares(&mut self, bank: u8, shares: i64) {
        let place = token::position_or_open(&mut self.account, bank).unwrap();
        self.account.tokens[place].shares += shares;
        free_if_zero(&mut self.account.tokens[place]);
    }

    /// A market whose claim without a base waits for its pool.
    pub fn claim(&self) -> Option<u8> {
        let mut legs = self.account.derivatives.iter();
        legs.find(|leg| leg.kind != 0 && leg.shares == 0 && leg.cash_atoms > 0).map(|leg| leg.market)
    }

    /// Losers pay what the claim is into the pool, and it is taken; while there is a deficit, by the exit.
    pub fn settle_claim(&mut self, market: u8) {
        let place = self.account.perp_index(market).unwrap();
        let claim = self.account.derivatives[place].cash_atoms as u64;
        let theirs = self.others.perp_index(market).unwrap();
        let totals = &mut self.markets[market as usize];
        pool::pay_in_up(totals, Atoms::new(claim), INDEX_ONE).unwrap();
        self.others.derivatives[theirs].cash_atoms += claim as i64;
        let exit =
            claim_payout_down(Atoms::new(claim), Atoms::new(totals.pool_atoms), Atoms::new(totals.deficit_atoms))
                .unwrap();
        let paid = pool::pay_out_down(totals, exit.paid_atoms, INDEX_ONE).unwrap();
        totals.deficit_atoms -= exit.forgone_atoms.get();
        self.account.derivatives[place].cash_atoms -= (paid.pool_atoms.get() + exit.forgone_atoms.get()) as i64;
        perp::close_leg_if_zero(&mut self.account, place, totals).unwrap();
        self.copy_deficit(market as usize);
        // The pool's deposit was somebody's who lost, and repays a debt of the account first.
        let place = self.account.token_index(0);
        let owed = place.map_or(0, |place| self.account.tokens[place].shares.min(0).unsigned_abs());
        let repaid = owed.min(paid.moved_atoms.get());
        self.banks[0].deposit_shares -= repaid;
        self.banks[0].borrow_shares -= repaid;
        self.move_shares(0, paid.moved_atoms.get() as i64);
    }

    /// Freezes and runs every step that works until the account is empty and active; a base whose price is silent waits
    /// until it has been so for hours. Returns whether it waited.
    ///
    /// # Errors
    /// What is left of an account that is stuck.
    pub fn resolve(&mut self) -> Result<bool, std::string::String> {
        let now = UnixSecs::new(self.now);
        let mut books = BooksMut { registry: &mut self.registry, board: &self.board, now };
        bankruptcy::freeze(&mut self.account, &self.banks[0], &mut books).map_err(|e| std::format!("{e:?}"))?;
        let mut waited = false;
        while self.account.status != AccountStatus::Active as u8 {
            if self.any_step() {
                continue;
            }
            if waited {
                return Err(std::format!("a resolution is stuck: {:?}", self.portfolio()));
            }
            waited = true;
            self.pass(PARAMS.wind_down.stale_asset_secs as i64 + 1);
        }
        if self.account.is_empty() {
            return Ok(waited);
        }
        Err("thawed with something left".into())
    }

    fn any_step(&mut self) -> bool {
        let held: Vec<u8> = self.account.tokens.iter().filter(|t| t.used == 1).map(|t| t.bank).collect();
        let markets: Vec<u8> = self.account.derivatives.iter().filter(|d| d.kind != 0).map(|d| d.market).collect();
        let before = self.clone();
        let mut attempt = |step: &dyn Fn(&mut Self) -> RiskResult<()>| {
            let done = step(self).is_ok();
            if !done {
                *self = before.clone();
            }
            done
        };
        markets.iter().any(|market| attempt(&|stand| stand.seize_pnl(*market as usize)))
            || held.iter().any(|bank| attempt(&|stand| stand.seize_token(*bank as usize)))
            || held.iter().any(|bank| attempt(&|stand| stand.pay_borrow(*bank as usize)))
            || markets.iter().any(|market| attempt(&|stand| stand.pay_pnl(*market as usize)))
            || attempt(&|stand| stand.finish())
    }

    fn seize_token(&mut self, bank: usize) -> RiskResult<()> {
        seize_token(
            &mut self.account,
            &mut self.banks[bank],
            &Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(self.now) },
        )
        .map(|_| ())
    }

    fn seize_pnl(&mut self, market: usize) -> RiskResult<()> {
        let (market, quote) = (&mut self.markets[market], &mut self.banks[0]);
        seize_pnl(
            &mut self.account,
            market,
            quote,
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now: UnixSecs::new(self.now) },
        )
        .map(|_| ())
    }

    fn pay_borrow(&mut self, bank: usize) -> RiskResult<()> {
        let now = UnixSecs::new(self.now);
        begin_paying(
            &mut self.account,
            &mut self.banks[0],
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )?;
        pay_borrow(
            &mut self.account,
            &mut self.banks[bank],
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )?;
        finish(
            &mut self.account,
            (bank == 0).then_some(&mut self.banks[0]),
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )
        .map(|_| ())
    }

    fn pay_pnl(&mut self, market: usize) -> RiskResult<()> {
        let now = UnixSecs::new(self.now);
        begin_paying(
            &mut self.account,
            &mut self.banks[0],
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )?;
        let (market, quote) = (&mut self.markets[market], &mut self.banks[0]);
        pay_pnl(
            &mut self.account,
            market,
            quote,
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )?;
        finish(
            &mut self.account,
            Some(&mut self.banks[0]),
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now },
        )
        .map(|_| ())
    }

    fn finish(&mut self) -> RiskResult<()> {
        match finish(
            &mut self.account,
            Some(&mut self.banks[0]),
            &mut BooksMut { registry: &mut self.registry, board: &self.board, now: UnixSecs::new(self.now) },
        )?
        .thawed
        {
            true => Ok(()),
            false => Err(RiskError::WrongStage),
        }
    }
}

//! The tracker against every account evaluated anew: nobody under water is missed, and few are looked at in vain.

use plimsoll_risk::margin::margins;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE};
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price};
use plimsoll_risk::units::{Ppm, Secs, UnixSecs};
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::snapshot::Views;
use plimsoll_state::Books;
use plimsoll_state::{
    DerivativePosition, Engine, PositionKind, PriceSlot, SideIndex, SlotStatus, StoredParams, StoredRates,
    StoredWeights, TokenPosition,
};
use proptest::prelude::*;
use rand_xoshiro::rand_core::{RngCore as _, SeedableRng as _};
use rand_xoshiro::SplitMix64;

use super::*;

const NOW: i64 = 1_760_130_600;
const PARAMS: GlobalParams = GlobalParams::DEFAULT;
/// Quote, then volatile tokens; each has the price slot of its number.
const BANKS: usize = 5;
/// The first two share an underlying with a token.
const MARKETS: usize = 3;
const MARKET_SLOTS: [u8; MARKETS] = [1, 2, 5];
const SLOTS: usize = 6;
const DOLLARS: [f64; SLOTS] = [1.0, 200.0, 100_000.0, 0.002, 1.01, 3_000.0];
const DECIMALS: u8 = 6;

/// One seed names a whole run.
struct Dice(SplitMix64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Within minus one and one.
    fn signed(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn chance(&mut self, share: f64) -> bool {
        self.signed() * 0.5 + 0.5 < share
    }
}

fn registry(dice: &mut Dice) -> Box<Registry> {
    let mut registry: Box<Registry> = bytemuck::zeroed_box();
    (registry.version, registry.params) = (LAYOUT_VERSION, StoredParams(PARAMS));
    (registry.bank_count, registry.market_count) = (BANKS as u8, MARKETS as u8);
    for index in 0..BANKS {
        let risk = if index == 0 { 0 } else { 50_000 + (dice.next() % 150_000) as u32 };
        let (asset, liability) = (1_000_000 - risk, 1_000_000 + risk / 2);
        let weights = TokenWeights::new(
            Ppm::new(asset),
            Ppm::new(asset - 40_000),
            Ppm::new(liability),
            Ppm::new(liability + 40_000),
            &PARAMS,
        )
        .unwrap();
        let bank = &mut registry.banks[index];
        (bank.status, bank.decimals, bank.price_slot) = (SlotStatus::Active as u8, DECIMALS, index as u8);
        (bank.weights, bank.scale) = (StoredWeights(weights), token_scale_down(DECIMALS).unwrap().into());
        (bank.deposit_index, bank.borrow_index) = (INDEX_ONE + INDEX_ONE / 7, INDEX_ONE + INDEX_ONE / 3);
        // Up to a hundred per cent a year.
        (bank.borrow_rate_per_sec, bank.accrued_at) = (dice.next() % 585_000_000_000, NOW);
    }
    for index in 0..MARKETS {
        let rates =
            MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };
        let market = &mut registry.markets[index];
        (market.status, market.base_decimals, market.price_slot) = (SlotStatus::Active as u8, 6, MARKET_SLOTS[index]);
        (market.rates, market.scale) = (StoredRates(rates), base_scale_down(DECIMALS, 6).unwrap().into());
        market.sides = [SideIndex::start(); 2];
        (market.funding_at, market.funding_per_unit_sec) = (NOW, (dice.signed() * 1e15) as i64);
    }
    registry
}

pub(super) fn set_price(slot: &mut PriceSlot, dollars: f64, now: i64) {
    let price: Price = Price::from_decimal_down((dollars * 1e9) as u64, -9).unwrap();
    (slot.active, slot.published_at, slot.update_count) = (1, now, 10);
    for held in [&mut slot.spot, &mut slot.fast, &mut slot.slow, &mut slot.low, &mut slot.high] {
        *held = price.into();
    }
}

fn board(dice: &mut Dice) -> Box<PriceBoard> {
    let mut board: Box<PriceBoard> = bytemuck::zeroed_box();
    (board.version, board.count) = (LAYOUT_VERSION, SLOTS as u8);
    for (index, dollars) in DOLLARS.into_iter().enumerate() {
        set_price(&mut board.slots[index], dollars, NOW);
        board.slots[index].vol_ppm_per_sqrt_sec =
            if index == 0 || index == 4 { 3 } else { 100 + (dice.next() % 400) as u32 };
    }
    board
}

/// A registry and a board.
pub(super) fn an_engine() -> (Box<Registry>, Box<PriceBoard>) {
    let mut dice = Dice::new(1);
    (registry(&mut dice), board(&mut dice))
}

/// Shares that are worth this many dollars of a bank.
fn shares(registry: &Registry, bank: usize, dollars: f64) -> i64 {
    let slot = &registry.banks[bank];
    let index = if dollars >= 0.0 { slot.deposit_index } else { slot.borrow_index };
    (dollars / DOLLARS[bank] * 10f64.powi(DECIMALS as i32) * INDEX_ONE as f64 / index as f64) as i64
}

/// A random account whose quote balance leaves it between no and a good deal of excess over maintenance.
fn account(dice: &mut Dice, registry: &Registry) -> MarginAccount {
    let mut account = MarginAccount { version: LAYOUT_VERSION, ..MarginAccount::zeroed() };
    let (mut excess, mut gross) = (0.0, 0.0);
    for bank in 1..BANKS {
        if dice.chance(0.5) {
            let dollars = dice.signed() * 50_000.0;
            let weights = registry.banks[bank].weights.0;
            let ppm = if dollars >= 0.0 { weights.asset_maint_ppm } else { weights.liability_maint_ppm };
            excess += dollars * ppm.get() as f64 / 1e6;
            gross += dollars.abs();
            account.tokens[bank] = TokenPosition {
                shares: shares(registry, bank, dollars),
                bank: bank as u8,
                used: 1,
                ..Default::default()
            };
        }
    }
    for market in 0..MARKETS {
        if dice.chance(0.4) {
            let dollars = dice.signed() * 80_000.0;
            let units = (dollars / DOLLARS[MARKET_SLOTS[market] as usize] * 1e6) as i64;
            let cash = -dollars * 1e6 + dice.signed() * 5e9;
            excess += cash / 1e6 + dollars - dollars.abs() * 0.03;
            gross += dollars.abs();
            account.derivatives[market] = DerivativePosition {
                shares: units,
                cash_atoms: cash as i64,
                kind: PositionKind::Perp as u8,
                market: market as u8,
                last_sign: units.signum() as i8,
                ..Default::default()
            };
        }
    }
    let tightness = if dice.chance(0.3) { 0.002 } else { 0.2 };
    let quote = (dice.signed() * 0.5 + 0.48) * tightness * gross - excess;
    account.tokens[0] = TokenPosition { shares: shares(registry, 0, quote), bank: 0, used: 1, ..Default::default() };
    if account.tokens[0].shares == 0 {
        account.tokens[0].used = 0;
    }
    account
}

struct Run {
    dice: Dice,
    tracker: Tracker,
    accounts: Vec<(Pubkey, MarginAccount)>,
    dollars: [f64; SLOTS],
    slot: u64,
    now: i64,
}

impl Run {
    fn new(seed: u64, count: usize) -> Self {
        Self::with(seed, count, &IndexConfig::default())
    }

    fn with(seed: u64, count: usize, config: &IndexConfig) -> Self {
        let mut dice = Dice::new(seed);
        let (registry, board) = (registry(&mut dice), board(&mut dice));
        let accounts: Vec<(Pubkey, MarginAccount)> =
            (0..count).map(|_| (Pubkey::new_unique(), account(&mut dice, &registry))).collect();
        let keys = EngineKeys::of(Pubkey::new_unique());
        let (banks, markets) = (Vec::new(), Vec::new());
        let engine = Engine::zeroed();
        let read = EngineAccounts {
            slot: 1,
            now: NOW,
            keys,
            engine,
            registry,
            board,
            feeds: bytemuck::zeroed_box(),
            banks,
            markets,
        };
        let mut tracker = Tracker::new(read, None, config);
        let data = accounts.iter().map(|(key, account)| (*key, plimsoll_sdk::decode::encode(account))).collect();
        tracker.apply(Update::Snapshot { slot: 1, accounts: data });
        Self { dice, tracker, accounts, dollars: DOLLARS, slot: 1, now: NOW }
    }

    /// Prices move by about `size`, some of them not at all, after some seconds.
    fn step(&mut self, size: f64, secs: i64) {
        self.slot += 1;
        self.now += secs;
        self.tracker.apply(Update::Clock { slot: self.slot, unix_secs: self.now });
        let mut board = self.tracker.shared.board.clone();
        for (index, dollars) in self.dollars.iter_mut().enumerate() {
            // Dollars of a stable coin move too, a little, and once in a while far.
            let own = if index == 0 { 0.02 } else { 1.0 };
            if self.dice.chance(0.7) {
                *dollars *= (self.dice.signed() * size * own).exp();
            }
            set_price(&mut board.slots[index], *dollars, self.now);
        }
        let data = plimsoll_sdk::decode::encode(&*board);
        self.tracker.apply(Update::Account { key: self.tracker.shared.keys.board, slot: self.slot, data });
        self.tracker.tick();
    }

    /// Accounts whose `NAV - MMR` at spot is negative, evaluated anew; whoever can be liquidated is among them.
    fn under_water(&self) -> Vec<Pubkey> {
        let (shared, now) = (&self.tracker.shared, self.tracker.now());
        let mut portfolio = Box::new(Portfolio::empty(PARAMS));
        let mut is_below = |account: &MarginAccount| {
            let books = Books { registry: &shared.registry, board: &shared.board, now: UnixSecs::new(now) };
            books.load(account, Views::SPOT, &mut portfolio).unwrap();
            margins(&portfolio, PriceKind::Spot, false).is_under_water()
        };
        self.accounts.iter().filter(|(_, account)| is_below(account)).map(|(key, _)| *key).collect()
    }

    fn missed(&self) -> Vec<Pubkey> {
        let is_hot = |key: &Pubkey| self.tracker.accounts.id(key).is_some_and(|id| self.tracker.hot.contains(&id));
        self.under_water().into_iter().filter(|key| !is_hot(key)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nobody_under_water_is_missed_whatever_prices_do(seed: u64, size in 1e-5f64..0.2, secs in 0i64..2_000) {
        let mut run = Run::new(seed, 60);
        prop_assert_eq!(run.missed(), Vec::<Pubkey>::new());
        for step in 0..12 {
            // Now and then one move is far larger than all the others.
            let size = if step % 5 == 4 { size * 10.0 } else { size };
            run.step(size.min(0.5), secs);
            prop_assert_eq!(run.missed(), Vec::<Pubkey>::new(), "step {}", step);
        }
        prop_assert!(run.tracker.tally.poison.is_empty());
    }

    #[test]
    fn nobody_is_missed_by_interest_and_funding_alone(seed: u64, secs in 1i64..80_000) {
        // No look is due but by what interest and funding may have used up.
        let config = IndexConfig { recheck_secs: u32::MAX, ..IndexConfig::default() };
        let mut run = Run::with(seed, 60, &config);
        for _ in 0..6 {
            run.step(0.0, secs);
            prop_assert_eq!(run.missed(), Vec::<Pubkey>::new());
        }
    }

    #[test]
    fn nobody_is_missed_when_rates_weights_or_indices_change(seed: u64) {
        let mut run = Run::new(seed, 60);
        for _ in 0..6 {
            let mut registry = run.tracker.shared.registry.clone();
            let bank = (run.dice.next() % BANKS as u64) as usize;
            match run.dice.next() % 4 {
                0 => registry.banks[bank].borrow_rate_per_sec *= 50,
                1 => registry.banks[bank].deposit_index -= registry.banks[bank].deposit_index / 100,
                2 => {
                    let weight = &mut registry.banks[bank].weights.0.asset_maint_ppm;
                    *weight = weight.saturating_sub(Ppm::new(5_000));
                }
                _ => registry.markets[bank % MARKETS].sides[0].k.set(-(1i128 << 64) / 1_000),
            }
            run.slot += 1;
            let (key, data) = (run.tracker.shared.keys.registry, plimsoll_sdk::decode::encode(&*registry));
            run.tracker.apply(Update::Account { key, slot: run.slot, data });
            prop_assert_eq!(run.missed(), Vec::<Pubkey>::new());
            run.step(0.001, 600);
            prop_assert_eq!(run.missed(), Vec::<Pubkey>::new());
        }
    }
}

#[test]
fn a_small_move_looks_at_few_accounts_and_a_crash_finds_those_it_puts_under_water() {
    let mut run = Run::new(7, 2_000);
    let hot = run.tracker.hot.len();
    let before = run.tracker.tally.looks;
    for _ in 0..20 {
        run.step(0.0002, 2);
    }
    let looked = run.tracker.tally.looks - before;
    // Forty thousand evaluations without an index.
    assert!(looked < 8_000, "{looked}");
    run.step(0.3, 2);
    assert!(run.tracker.hot.len() > hot + 100, "{} {hot}", run.tracker.hot.len());
    assert_eq!(run.missed(), vec![]);
}

/// Every snapshot evaluated every account again, though nothing about most of them had changed.
#[test]
fn accounts_that_are_read_again_unchanged_are_not_evaluated_and_nobody_is_missed_for_it() {
    let mut run = Run::new(13, 500);
    for round in 0..10 {
        run.step(if round % 3 == 0 { 0.1 } else { 0.0005 }, 2);
        let (looks, hot) = (run.tracker.tally.looks, run.tracker.hot.clone());
        let accounts = run.accounts.iter().map(|(key, a)| (*key, plimsoll_sdk::decode::encode(a))).collect();
        run.tracker.apply(Update::Snapshot { slot: run.slot, accounts });
        assert_eq!((run.tracker.tally.looks, &run.tracker.hot), (looks, &hot));
        assert_eq!((run.tracker.tally.unchanged, run.tracker.accounts.len()), (500 * (round + 1), 500));
        assert_eq!(run.missed(), vec![]);
    }
    // What has changed is looked at, and what a chain that began anew says is, whatever it says.
    let (key, account) = run.accounts[0];
    let looks = run.tracker.tally.looks;
    let mut changed = account;
    changed.under_water_secs += 1;
    let data = plimsoll_sdk::decode::encode(&changed);
    run.tracker.apply(Update::Account { key, slot: run.slot, data: data.clone() });
    assert_eq!(run.tracker.tally.looks, looks + 1);
    run.tracker.accounts.restart();
    run.tracker.apply(Update::Account { key, slot: 1, data });
    assert_eq!(run.tracker.tally.looks, looks + 2);
}

#[test]
fn an_account_that_recovers_gets_trigger_prices_again() {
    let mut run = Run::new(11, 200);
    run.step(0.3, 2);
    let hot = run.tracker.hot.len();
    assert!(hot > 10);
    run.dollars = DOLLARS;
    run.step(0.0, 2);
    run.tracker.assess_hot();
    assert!(run.tracker.hot.len() < hot, "{} {hot}", run.tracker.hot.len());
    assert_eq!(run.missed(), vec![]);
}

#[test]
fn a_tracked_account_takes_less_than_a_kilobyte_with_everything_about_it() {
    let run = Run::new(3, 5_000);
    let legs: usize = run.tracker.accounts.iter().map(|(_, account)| account.memory_bytes()).sum();
    let map = run.tracker.accounts.len() * 2 * (32 + 4);
    let each = (legs + map + run.tracker.index.memory_bytes()) / run.tracker.accounts.len();
    assert!(each < 1_024, "{each} bytes");
}

#[test]
fn the_least_healthy_come_first() {
    let mut run = Run::new(5, 300);
    run.step(0.05, 2);
    let worst = run.tracker.least_healthy(25);
    let ratios: Vec<Ppm> = worst.iter().map(|(_, standing)| standing.spot.ratio_ppm_down(Ppm::MAX)).collect();
    assert!(ratios.is_sorted() && worst.len() == 25, "{ratios:?}");
    let all = run.tracker.least_healthy(usize::MAX);
    assert!(all.iter().skip(25).all(|(_, standing)| standing.spot.ratio_ppm_down(Ppm::MAX) >= ratios[24]));
}

#[test]
fn a_chain_that_began_anew_is_believed_after_several_readings_and_its_accounts_replace_the_old_ones() {
    let mut run = Run::new(5, 20);
    run.slot = 1_000_000;
    run.step(0.0, 2);
    let (key, mut account) = run.accounts[0];
    account.under_water_secs = 77;
    let news = |slot| Update::Account { key, slot, data: plimsoll_sdk::decode::encode(&account) };
    let clock = |slot| Update::Clock { slot, unix_secs: NOW };
    // Without a restart: an old slot.
    run.tracker.apply(Update::Account { key, slot: 900_000, data: plimsoll_sdk::decode::encode(&run.accounts[0].1) });
    run.tracker.apply(news(3));
    let secs = |tracker: &Tracker| tracker.accounts.get(tracker.accounts.id(&key).unwrap()).unwrap().clocks();
    assert_eq!(secs(&run.tracker).under_water_secs, Secs::ZERO);
    for slot in 1..5 {
        run.tracker.apply(clock(slot));
    }
    assert_eq!(run.tracker.tally.restarts, 0, "a slow node may be behind for a while");
    run.tracker.apply(clock(5));
    run.tracker.apply(news(6));
    assert_eq!((run.tracker.tally.restarts, run.tracker.shared.slot), (1, 6));
    assert_eq!(secs(&run.tracker).under_water_secs, Secs::new(77));
}

//! Accounts by the million, and an engine to hold them.

use bytemuck::Zeroable;
use plimsoll_keeper::config::IndexConfig;
use plimsoll_keeper::state::{Tracked, Tracker, Update};
use plimsoll_rpc::EngineAccounts;
use plimsoll_sdk::decode::encode;
use plimsoll_state::{
    Bank, DerivativePosition, I128Le, MarginAccount, Market, PositionKind, PriceBoard, StoredPrice, TokenPosition,
    LAYOUT_VERSION,
};
use plimsoll_tests::World;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rand_xoshiro::SplitMix64;
use solana_pubkey::Pubkey;

use crate::stage::Stage;
use plimsoll_risk::units::Ppm;

/// Balances and perps of an account.
const BALANCES: usize = 4;
const PERPS: usize = 4;
/// Tokens that are not quote, each with a market.
const UNDERLYINGS: u64 = 16;

/// The same accounts everywhere.
pub struct Random(SplitMix64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.0.next_u64() as u128 * bound as u128 >> 64) as u64
    }
}

/// The engine of the program's benchmark, read as a keeper reads it.
pub fn engine(world: &World) -> EngineAccounts {
    let (registry, board) = (world.registry(), world.board());
    let banks: Vec<Bank> = (0..registry.bank_count).map(|at| world.read(&world.keys.bank(at).bank)).collect();
    let markets: Vec<Market> = (0..registry.market_count).map(|at| world.read(&world.keys.market(at))).collect();
    EngineAccounts {
        slot: 1,
        now: world.now(),
        keys: world.keys,
        engine: world.read(&world.keys.engine),
        registry,
        board,
        feeds: world.feed_book(),
        banks,
        markets,
    }
}

/// What accounts are made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Well above maintenance: between half and all of what initial margin allows is unused.
    Healthy,
    /// So near to maintenance that a fall of one per cent of every price takes it below.
    Brink,
}

/// One account: quote owed against three tokens, longs of four markets. `stage` names amounts by dollars.
pub fn account(stage: &Stage, engine: &EngineAccounts, random: &mut Random, kind: Kind) -> MarginAccount {
    let mut account = MarginAccount {
        version: LAYOUT_VERSION,
        engine: engine.registry.engine,
        owner: Pubkey::new_unique().to_bytes(),
        ..MarginAccount::zeroed()
    };
    let first = random.below(UNDERLYINGS);
    let mut weighted_usd = 0.0;
    for place in 1..BALANCES {
        let bank = 1 + ((first + place as u64) % UNDERLYINGS) as u8;
        let usd = 2_000 + random.below(8_000);
        let slot = &engine.registry.banks[bank as usize];
        weighted_usd += usd as f64 * slot.weights.0.asset_maint_ppm.get() as f64 / 1e6;
        account.tokens[place] =
            TokenPosition { shares: stage.atoms(bank, usd) as i64, bank, used: 1, ..TokenPosition::default() };
    }
    for place in 0..PERPS {
        let market = ((first + place as u64) % UNDERLYINGS) as u8;
        let usd = 1_000 + random.below(4_000);
        let slot = &engine.registry.markets[market as usize];
        weighted_usd -= usd as f64 * slot.rates.0.maint_ppm.get() as f64 / 1e6;
        account.derivatives[place] = DerivativePosition {
            shares: stage.units(market, usd) as i64,
            k_entry: I128Le::new(slot.sides[0].k.get()),
            cash_atoms: -((usd * 1_000_000) as i64),
            epoch: slot.sides[0].epoch,
            kind: PositionKind::Perp as u8,
            market,
            last_sign: 1,
            ..DerivativePosition::default()
        };
    }
    let share = match kind {
        Kind::Healthy => 0.40 + random.below(400) as f64 / 1_000.0,
        // Rounding of the unit counts above is far below these ten thousandths.
        Kind::Brink => 0.9930 + random.below(60) as f64 / 10_000.0,
    };
    let owed_atoms = (weighted_usd * share * 1e6) as i64;
    account.tokens[0] = TokenPosition { shares: -owed_atoms, bank: 0, used: 1, ..TokenPosition::default() };
    account
}

/// A tracker with accounts in it: `brink` of them near maintenance, the others healthy.
pub fn tracker(stage: &Stage, engine: &EngineAccounts, accounts: usize, brink: usize) -> Tracker {
    let mut tracker = Tracker::new(engine.clone(), None, &IndexConfig::default());
    let mut random = Random::new(20_251_010);
    for at in 0..accounts {
        let kind = if at < brink { Kind::Brink } else { Kind::Healthy };
        let account = account(stage, engine, &mut random, kind);
        tracker.apply(Update::Account { key: Pubkey::new_unique(), slot: 1, data: encode(&account) });
    }
    tracker
}

/// The board with every price but quote's moved by so many ppm, spot and fast average alike, published just now.
pub fn moved(board: &PriceBoard, ppm: i64, now: i64) -> PriceBoard {
    let mut moved = *board;
    for slot in moved.slots.iter_mut().filter(|slot| slot.active == 1) {
        slot.published_at = now;
    }
    for slot in moved.slots.iter_mut().skip(1).filter(|slot| slot.active == 1) {
        for price in [&mut slot.spot, &mut slot.fast] {
            let scaled = price
                .get()
                .scaled_ppm_down(Ppm::new((1_000_000 + ppm) as u32))
                .expect("within the exponents of a board");
            *price = StoredPrice::from(scaled);
        }
    }
    moved
}

/// Bytes of the accounts themselves and of their trigger prices, an account.
pub fn memory_per_account(tracker: &Tracker) -> usize {
    let accounts: usize = tracker.accounts.iter().map(|(_, account): (u32, &Tracked)| account.memory_bytes()).sum();
    (accounts + tracker.index.memory_bytes()) / tracker.accounts.len().max(1)
}

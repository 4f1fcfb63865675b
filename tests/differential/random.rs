//! Engines and accounts as proptest draws them: prices, averages, widths, ages, indices, weights and positions.

use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE};
use plimsoll_risk::price::Price;
use plimsoll_risk::units::Ppm;
use plimsoll_state::{
    Bank, DerivativePosition, MarginAccount, Market, PositionKind, PriceSlot, StoredPrice, StoredRates, StoredWeights,
    TokenPosition,
};
use plimsoll_tests::*;
use proptest::prelude::*;

const PPM: u32 = 1_000_000;

/// What one slot of board, banks and markets holds, and what the account holds in it.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Spot against the listed price.
    spot_ppm: u32,
    /// Averages against spot.
    fast_ppm: u32,
    slow_ppm: u32,
    sigma_ppm: u32,
    vol_ppm: u32,
    age_secs: i64,
    /// Weights below and above one.
    rate_ppm: u32,
    gap_ppm: u32,
    deposit_index: u64,
    borrow_index: u64,
    borrow_rate: u64,
    /// Dollars held or owed.
    dollars: i64,
    /// PnL of a perp next to its base, dollars.
    cash_dollars: i64,
    a: u64,
}

/// A leg; stale with a chance of a few in a hundred.
pub fn leg(most_dollars: i64) -> impl Strategy<Value = Leg> {
    let prices = (
        500_000u32..2_000_000,
        prop_oneof![3 => 900_000u32..1_100_000, 1 => Just(PPM)],
        800_000u32..1_200_000,
        0u32..20_000,
        0u32..5_000,
        prop_oneof![20 => 0i64..16, 1 => 16i64..20_000],
    );
    let terms = (20_000u32..200_000, 20_000u32..100_000);
    let indices = (INDEX_ONE / 8..INDEX_ONE * 2, INDEX_ONE..INDEX_ONE * 3, 0u64..1 << 39);
    let held = (-most_dollars..most_dollars, -most_dollars / 8..most_dollars / 8, 1u64 << 60..=1 << 63);
    (prices, terms, indices, held).prop_map(|(prices, terms, indices, held)| Leg {
        spot_ppm: prices.0,
        fast_ppm: prices.1,
        slow_ppm: prices.2,
        sigma_ppm: prices.3,
        vol_ppm: prices.4,
        age_secs: prices.5,
        rate_ppm: terms.0,
        gap_ppm: terms.1,
        deposit_index: indices.0,
        borrow_index: indices.1,
        borrow_rate: indices.2,
        dollars: held.0,
        cash_dollars: held.1,
        a: held.2,
    })
}

impl Leg {
    /// Prices around the listed one; the worst bounds are those of the averages and the width.
    pub fn price(&self, slot: &mut PriceSlot, now: i64) {
        let scaled = |price: Price, ppm: u32| price.scaled_ppm_down(Ppm::new(ppm)).expect("in range");
        let spot = scaled(slot.spot.get(), self.spot_ppm);
        let (fast, slow) = (scaled(spot, self.fast_ppm), scaled(spot, self.slow_ppm));
        let width = 2 * self.sigma_ppm;
        let low = scaled(spot, PPM - width).min(fast).min(slow);
        let high = scaled(spot, PPM + width).max(fast).max(slow);
        let stored = [spot, fast, slow, low, high].map(StoredPrice::from);
        [slot.spot, slot.fast, slot.slow, slot.low, slot.high] = stored;
        (slot.sigma_ppm, slot.vol_ppm_per_sqrt_sec) = (self.sigma_ppm, self.vol_ppm);
        slot.published_at = now - self.age_secs;
        slot.first_published_at = now - 100_000;
    }

    /// The same with a price as of now.
    pub fn fresh(self) -> Self {
        Self { age_secs: 0, ..self }
    }

    fn weights(&self) -> TokenWeights {
        let (rate, init) = (self.rate_ppm, self.rate_ppm + self.gap_ppm);
        TokenWeights::new(
            Ppm::new(PPM - rate),
            Ppm::new(PPM - init),
            Ppm::new(PPM + rate),
            Ppm::new(PPM + init),
            &GlobalParams::DEFAULT,
        )
        .expect("in order")
    }

    fn rates(&self) -> MarketRates {
        let params = GlobalParams::DEFAULT;
        let init_ppm = self.rate_ppm + self.gap_ppm;
        let target_ppm = (self.rate_ppm + params.targets.target_perp_buffer_ppm).min(init_ppm);
        MarketRates {
            maint_ppm: Ppm::new(self.rate_ppm),
            target_ppm: Ppm::new(target_ppm),
            init_ppm: Ppm::new(init_ppm),
        }
    }
}

/// Signed atoms or units of some dollars at a listed price.
fn amount(dollars: i64, listed: i64, power: u32) -> i64 {
    (dollars as i128 * 10i128.pow(power) / listed as i128) as i64
}

/// Copies of the three listed banks and two markets, with each leg's own numbers, and an account that holds them.
///
/// Banks and markets beyond the listed ones exist in the registry only, which is all that a margin check reads.
pub fn write(stage: &mut Stage, of: &Trader, banks: &[Leg], perps: &[Leg]) {
    let now = stage.now();
    let (mut registry, mut board) = (stage.registry(), stage.board());
    let mut account: MarginAccount = stage.margin_account(of);
    let listed = [(1, 6), (200, 9), (100_000, 8)];
    for (index, leg) in banks.iter().enumerate() {
        let kind = if index < 3 { index } else { 1 + index % 2 };
        let (dollars, decimals) = listed[kind];
        let price = index.min(63);
        board.slots[price] = board.slots[kind.min(price)];
        if index > 0 {
            board.slots[price] = stage.board().slots[kind];
            leg.price(&mut board.slots[price], now);
            registry.banks[index] = stage.registry().banks[kind];
            registry.banks[index].weights = StoredWeights(leg.weights());
        }
        let slot = &mut registry.banks[index];
        slot.price_slot = price as u8;
        (slot.deposit_index, slot.borrow_index) = (leg.deposit_index, leg.borrow_index);
        (slot.borrow_rate_per_sec, slot.accrued_at) = (leg.borrow_rate, now - 1_000);
        let atoms = amount(leg.dollars, dollars, decimals);
        let share = if atoms > 0 { leg.deposit_index } else { leg.borrow_index };
        let shares = ((atoms as i128) << 48) / share as i128;
        let used = (shares != 0) as u8;
        account.tokens[index] =
            TokenPosition { shares: shares as i64, bank: index as u8 * used, used, ..TokenPosition::default() };
    }
    for (index, leg) in perps.iter().enumerate() {
        let kind = index % 2;
        let (dollars, power) = [(200, 6), (100_000, 9)][kind];
        let price = 32 + index;
        board.slots[price] = stage.board().slots[1 + kind];
        leg.price(&mut board.slots[price], now);
        registry.markets[index] = stage.registry().markets[kind];
        let slot = &mut registry.markets[index];
        (slot.price_slot, slot.rates) = (price as u8, StoredRates(leg.rates()));
        for side in &mut slot.sides {
            side.a = leg.a;
            side.k.set((leg.cash_dollars as i128) << 40);
        }
        slot.funding_per_unit_sec = leg.cash_dollars << 20;
        slot.funding_at = now - 500;
        let units = amount(leg.dollars, dollars, power);
        let shares = ((units as i128) << 63) / leg.a as i128;
        account.derivatives[index] = DerivativePosition {
            shares: shares as i64,
            cash_atoms: -(leg.dollars - leg.cash_dollars) * 1_000_000,
            kind: PositionKind::Perp as u8,
            market: index as u8,
            last_sign: shares.signum() as i8,
            ..DerivativePosition::default()
        };
    }
    board.count = 64;
    let keys = stage.keys;
    stage.write(&keys.registry, &*registry);
    stage.write(&keys.board, &*board);
    account.passed_at = 0;
    stage.write(&of.account, &account);
}

/// Moves the settlement token off its peg, by up to an eighth, and away from its averages.
pub fn peg(stage: &mut Stage, quote: &Leg) {
    let (mut board, key, now) = (stage.board(), stage.keys.board, stage.now());
    let spot_ppm = PPM - 125_000 + quote.spot_ppm / 8;
    Leg { spot_ppm, ..quote.clone() }.price(&mut board.slots[USDC as usize], now);
    stage.write(&key, &*board);
}

/// Totals of the three banks and two markets that exist, large enough for any move, at the registry's indices.
pub fn write_totals(stage: &mut Stage) {
    let (registry, keys) = (stage.registry(), stage.keys);
    for index in 0..3 {
        let key = keys.bank(index).bank;
        let mut bank: Bank = stage.read(&key);
        let slot = &registry.banks[index as usize];
        (bank.deposit_shares, bank.borrow_shares) = (1 << 52, 1 << 50);
        (bank.deposit_index, bank.booked_borrow_index) = (slot.deposit_index, slot.borrow_index);
        stage.write(&key, &bank);
    }
    for index in 0..2 {
        let key = keys.market(index);
        let mut market: Market = stage.read(&key);
        market.leg_count = 4;
        for side in &mut market.sides {
            (side.shares, side.count) = (1 << 50, 4);
        }
        stage.write(&key, &market);
    }
}

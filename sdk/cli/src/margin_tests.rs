use bytemuck::zeroed_box;
use plimsoll_risk::listing::Calibration;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE};
use plimsoll_risk::price::{base_scale_down, token_scale_down};
use plimsoll_risk::units::{Ppm, PpmPerSec, Secs};
use plimsoll_state::{
    DerivativePosition, SideIndex, SlotStatus, StoredParams, StoredRates, StoredWeights, TokenPosition,
};

use super::*;
use crate::amount::{atoms, show_price};

pub(crate) const NOW: i64 = 1_760_130_000;
pub(crate) const USDC: usize = 0;
pub(crate) const SOL: usize = 1;

pub(crate) struct World {
    pub(crate) registry: Box<Registry>,
    pub(crate) board: Box<PriceBoard>,
    pub(crate) account: Box<MarginAccount>,
}

/// USDC and SOL as in the README's worked example, SOL at 200 dollars, and SOL-PERP at 3 %.
pub(crate) fn world() -> World {
    let params = GlobalParams::DEFAULT;
    let (mut registry, mut board): (Box<Registry>, Box<PriceBoard>) = (zeroed_box(), zeroed_box());
    registry.params = StoredParams(params);
    let weights = [(1_000_000, 990_000, 1_000_000, 1_010_000), (850_000, 750_000, 1_120_000, 1_200_000)];
    for (index, (weights, decimals)) in weights.into_iter().zip([6, 9]).enumerate() {
        let slot = &mut registry.banks[index];
        (slot.status, slot.decimals, slot.price_slot) = (SlotStatus::Active as u8, decimals, index as u8);
        (slot.deposit_index, slot.borrow_index, slot.accrued_at) = (INDEX_ONE, INDEX_ONE, NOW);
        let of = TokenWeights::new(
            Ppm::new(weights.0),
            Ppm::new(weights.1),
            Ppm::new(weights.2),
            Ppm::new(weights.3),
            &params,
        )
        .unwrap();
        slot.weights = StoredWeights(of);
        slot.scale = token_scale_down(decimals).unwrap().into();
    }
    let quote = registry.banks[USDC].weights.0;
    let market = &mut registry.markets[0];
    (market.status, market.base_decimals, market.price_slot) = (SlotStatus::Active as u8, 6, SOL as u8);
    let price = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(2_100), update_secs: Secs::new(2) };
    market.rates = StoredRates(MarketRates::new(Ppm::new(30_000), Ppm::new(60_000), price, &quote, &params).unwrap());
    (market.scale, market.funding_at) = (base_scale_down(6, 6).unwrap().into(), NOW);
    market.sides = [SideIndex { a: 1 << 63, ..SideIndex::default() }; 2];
    for (index, dollars) in [(USDC, "1"), (SOL, "200")] {
        let slot = &mut board.slots[index];
        let price = StoredPrice::from(crate::amount::price(dollars).unwrap());
        (slot.active, slot.published_at, slot.terms.fast_secs, slot.terms.slow_secs) = (1, NOW, 15, 3_600);
        (slot.spot, slot.fast, slot.slow, slot.low, slot.high) = (price, price, price, price, price);
    }
    World { registry, board, account: zeroed_box() }
}

impl World {
    pub(crate) fn hold(&mut self, place: usize, bank: usize, shares: i64) -> &mut Self {
        self.account.tokens[place] = TokenPosition { shares, bank: bank as u8, used: 1, ..TokenPosition::default() };
        self
    }

    /// A perp of whole SOL, entered at `cash` dollars in all.
    pub(crate) fn perp(&mut self, sol: i64, cash_dollars: i64) -> &mut Self {
        self.account.derivatives[0] = DerivativePosition {
            shares: sol * 1_000_000,
            cash_atoms: cash_dollars * 1_000_000,
            kind: PositionKind::Perp as u8,
            last_sign: sol.signum() as i8,
            ..DerivativePosition::default()
        };
        self
    }

    pub(crate) fn accounts(&self) -> Accounts<'_> {
        Accounts { account: &self.account, registry: &self.registry, board: &self.board, now: NOW }
    }

    fn prices(&self) -> LiquidationPrices {
        liquidation_prices(&self.accounts(), SOL as u8).unwrap()
    }
}

/// Within a hundred-millionth of a dollar and the bisection's 200 * 2^-32.
fn close(found: Option<Price>, dollars: &str) {
    let shown = show_price(found.unwrap());
    let difference = atoms(&shown, 8).unwrap().abs_diff(atoms(dollars, 8).unwrap());
    assert!(difference <= 20, "{shown} is not {dollars}");
}

#[test]
fn a_borrower_is_liquidated_where_weighted_collateral_equals_the_debt() {
    let mut world = world();
    // 100 SOL at 85 % against 14,000 USDC: 14,000 / 85.
    world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -14_000_000_000);
    let found = world.prices();
    close(found.below, "164.70588235");
    assert_eq!((found.above, found.hopeless), (None, false));
}

#[test]
fn who_owes_sol_is_liquidated_above_a_price() {
    let mut world = world();
    // 30,000 USDC against 100 SOL owed at 112 %: 30,000 / 112.
    world.hold(0, USDC, 30_000_000_000).hold(1, SOL, -100_000_000_000);
    let found = world.prices();
    close(found.above, "267.85714285");
    assert_eq!(found.below, None);
}

#[test]
fn a_long_and_a_short_have_their_prices_on_either_side() {
    let mut long = world();
    // 3,000 USDC, 100 SOL long from 200: 3,000 + 100 (p - 200) = 3 p.
    long.hold(0, USDC, 3_000_000_000).perp(100, -20_000);
    let found = long.prices();
    close(found.below, "175.25773195");
    assert_eq!(found.above, None);
    let mut short = world();
    // 3,000 USDC, 100 SOL short from 200: 3,000 + 100 (200 - p) = 3 p.
    short.hold(0, USDC, 3_000_000_000).perp(-100, 20_000);
    let found = short.prices();
    close(found.above, "223.30097087");
    assert_eq!(found.below, None);
}

#[test]
fn a_hedged_account_may_be_liquidated_on_both_sides() {
    let mut world = world();
    // 100 SOL at 85 %, 100 SOL short from 200, 15,000 USDC owed: the interval is closed on one side by the debt.
    world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -15_000_000_000).perp(-100, 20_000);
    let found = world.prices();
    // Rising: 85 p - 15,000 + 20,000 - 100 p - 3 p = 0 at 5,000 / 18.
    close(found.above, "277.77777777");
    assert_eq!(found.below, None);
}

#[test]
fn an_account_under_water_is_told_what_price_would_help_or_that_none_does() {
    let mut world = world();
    world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -18_000_000_000);
    let found = world.prices();
    // 18,000 / 85 is above today's 200.
    close(found.below, "211.76470588");
    let mut hopeless = self::world();
    hopeless.hold(0, USDC, -1_000_000);
    assert!(hopeless.prices().hopeless);
}

#[test]
fn an_account_without_debts_has_no_liquidation_price() {
    let mut world = world();
    world.hold(0, SOL, 1_000_000_000).hold(1, USDC, 5_000_000);
    assert_eq!(world.prices(), LiquidationPrices::default());
    assert_eq!(underlyings(&world.account, &world.registry), [SOL as u8]);
}

#[test]
fn the_price_found_is_the_last_at_which_the_account_is_healthy() {
    let mut world = world();
    world.hold(0, SOL, 77_000_000_000).hold(1, USDC, -9_123_456_789);
    let found = world.prices().below.unwrap();
    let ratio = |price: Price| {
        let board = with_price(&world.board, SOL as u8, price, false, Ppm::new(2_000_000)).unwrap();
        let accounts = Accounts { board: &board, ..world.accounts() };
        Standing::of(&accounts).unwrap().ratio_ppm
    };
    assert!(ratio(found) >= 1_000_000);
    assert!(ratio(found.scaled_ppm_down(Ppm::new(999_999)).unwrap()) < 1_000_000);
}

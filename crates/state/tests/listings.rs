//! Which conditions are asked of what is listed, and of nothing else.

use bytemuck::Zeroable;
use plimsoll_risk::params::{Contradiction, GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price};
use plimsoll_risk::units::{Ppm, PpmPerSec, Secs};
use plimsoll_state::*;

const QUOTE: TokenWeights = TokenWeights {
    asset_maint_ppm: Ppm::WHOLE,
    asset_target_ppm: Ppm::new(990_000),
    asset_init_ppm: Ppm::new(980_000),
    liability_maint_ppm: Ppm::new(1_020_000),
    liability_target_ppm: Ppm::new(1_030_000),
    liability_init_ppm: Ppm::new(1_050_000),
};
const SOL: TokenWeights = TokenWeights {
    asset_maint_ppm: Ppm::new(900_000),
    asset_target_ppm: Ppm::new(890_000),
    asset_init_ppm: Ppm::new(800_000),
    liability_maint_ppm: Ppm::new(1_100_000),
    liability_target_ppm: Ppm::new(1_110_000),
    liability_init_ppm: Ppm::new(1_200_000),
};
const RATES: MarketRates =
    MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };

/// Two banks and a market, the second bank and the market behind a gap, each on a price of its own.
#[derive(Clone)]
struct World {
    registry: Box<Registry>,
    board: Box<PriceBoard>,
}

impl World {
    fn sound() -> Self {
        let (mut registry, mut board) = (Box::new(Registry::zeroed()), Box::new(PriceBoard::zeroed()));
        registry.params = StoredParams(GlobalParams::DEFAULT);
        for (bank, price_slot, weights, decimals) in [(0, 0, QUOTE, 6), (2, 1, SOL, 9)] {
            let slot = &mut registry.banks[bank];
            (slot.status, slot.price_slot) = (SlotStatus::Active as u8, price_slot);
            (slot.weights, slot.scale) = (StoredWeights(weights), token_scale_down(decimals).unwrap().into());
        }
        let market = &mut registry.markets[3];
        (market.status, market.price_slot, market.fees.fill_fee_ppm) = (SlotStatus::ReduceOnly as u8, 2, 100);
        (market.rates, market.scale) = (StoredRates(RATES), base_scale_down(6, 6).unwrap().into());
        for (slot, dollars) in board.slots.iter_mut().zip([1, 200, 300]) {
            (slot.active, slot.terms.fastest_fall_ppm_per_sec, slot.terms.update_secs) = (1, 100, 1);
            slot.spot = Price::from_decimal_down(dollars, -2).unwrap().into();
        }
        Self { registry, board }
    }

    fn listings(&self) -> Result<(), Contradiction> {
        self.registry.check_listings(&self.board)
    }

    fn units(&self) -> Result<(), Contradiction> {
        self.registry.check_units(&self.board)
    }
}

type Change = fn(&mut World);

#[test]
fn every_listing_has_to_survive_its_conditions() {
    assert_eq!(World::sound().listings(), Ok(()));
    let cases: [(Contradiction, Change); 13] = [
        (Contradiction::BOUNDS, |world| world.registry.params = StoredParams::zeroed()),
        (Contradiction::WEIGHTS_ORDER, |world| world.registry.banks[0].weights.0.asset_maint_ppm = Ppm::new(1_000_001)),
        (Contradiction::WEIGHTS_ORDER, |world| world.registry.banks[2].weights.0.asset_maint_ppm = Ppm::new(1_000_001)),
        (Contradiction::PRICE_MISSING, |world| world.board.slots[0].active = 0),
        (Contradiction::PRICE_MISSING, |world| world.board.slots[1].active = 0),
        (Contradiction::PRICE_MISSING, |world| world.board.slots[2].active = 0),
        (Contradiction::PAIR_FALLS, |world| world.board.slots[1].terms.fastest_fall_ppm_per_sec = 50_000),
        (Contradiction::PAIR_FALLS, |world| world.board.slots[1].terms.update_secs = 2_000),
        (Contradiction::PAIR_INITIAL, |world| {
            world.board.slots[0].terms.fastest_fall_ppm_per_sec = 20_000;
            world.registry.banks[2].weights.0.liability_init_ppm = Ppm::new(1_110_000);
        }),
        (Contradiction::PNL_WEIGHT, |world| {
            let weights = &mut world.registry.banks[0].weights.0;
            (weights.asset_maint_ppm, weights.asset_target_ppm) = (Ppm::new(999_999), Ppm::new(989_999));
        }),
        (Contradiction::RATES_ORDER, |world| world.registry.markets[3].rates.0.target_ppm = Ppm::new(60_001)),
        (Contradiction::UNCALIBRATED, |world| world.board.slots[2].terms.update_secs = 0),
        (Contradiction::FEE_RANGE, |world| world.registry.markets[3].fees.fill_fee_ppm = 9),
    ];
    for (number, (contradiction, change)) in cases.into_iter().enumerate() {
        let mut world = World::sound();
        change(&mut world);
        assert_eq!(world.listings(), Err(contradiction), "case {number}");
    }
}

#[test]
fn nothing_is_asked_of_what_is_not_listed() {
    let cases: [Change; 4] = [
        |world| {
            let bank = &mut world.registry.banks[1];
            (bank.price_slot, bank.weights.0.asset_maint_ppm) = (9, Ppm::new(2_000_000));
        },
        |world| (world.registry.markets[3].status, world.registry.markets[3].rates.0.maint_ppm) = (0, Ppm::ZERO),
        // Without a settlement token nothing settles, whatever is written of markets.
        |world| (world.registry.banks[0].status, world.registry.markets[3].rates.0.maint_ppm) = (0, Ppm::ZERO),
        |world| world.board.slots[3].terms.update_secs = 0,
    ];
    for (number, change) in cases.into_iter().enumerate() {
        let mut world = World::sound();
        change(&mut world);
        assert_eq!(world.listings(), Ok(()), "case {number}");
    }
}

#[test]
fn what_an_atom_and_a_rate_mean_is_asked_at_todays_prices() {
    let price = |dollars, exponent| StoredPrice::from(Price::from_decimal_down(dollars, exponent).unwrap());
    assert_eq!(World::sound().units(), Ok(()));
    let mut world = World::sound();
    // Of nine decimals an atom is worth ten cents, a hundredth of dust, at a hundred million dollars.
    world.board.slots[1].spot = price(1, 8);
    assert_eq!(world.units(), Ok(()));
    world.board.slots[1].spot = price(10_000_001, 1);
    assert_eq!(world.units(), Err(Contradiction::ATOM_VALUE));
    let mut world = World::sound();
    world.board.slots[2].spot = price(1, 12);
    assert_eq!(world.units(), Err(Contradiction::FUNDING_RANGE));
    // The scale of each counts as its price does.
    let mut world = World::sound();
    world.registry.banks[0].scale = token_scale_down(0).unwrap().into();
    world.board.slots[0].spot = price(1, 0);
    assert_eq!(world.units(), Err(Contradiction::ATOM_VALUE));
    for slot in 0..3 {
        let mut world = World::sound();
        world.board.slots[slot].active = 0;
        assert_eq!(world.units(), Err(Contradiction::PRICE_MISSING));
    }
}

#[test]
fn the_calibration_of_a_price_is_what_its_slot_says() {
    let terms = PriceTerms { fastest_fall_ppm_per_sec: 7, update_secs: 9, ..PriceTerms::default() };
    let slot = PriceSlot { terms, ..PriceSlot::zeroed() };
    let calibration = slot.calibration();
    assert_eq!((calibration.fastest_fall_ppm_per_sec, calibration.update_secs), (PpmPerSec::new(7), Secs::new(9)));
}

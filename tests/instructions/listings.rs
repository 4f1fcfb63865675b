//! What may be listed, and what a change of anything leaves listed: every condition by name, whoever breaks it.

use plimsoll_risk::params::{Contradiction, GlobalParams, MAX_BANKS, MAX_MARKETS};
use plimsoll_sim::listing::BANKS;
use plimsoll_state::SlotStatus;
use plimsoll_tests::*;
use solana_instruction::Instruction;

const DEFAULT: GlobalParams = AT_ONCE;

fn listed() -> World {
    let mut world = World::new();
    world.default_listing();
    world
}

/// Refused as `ParameterOutOfBounds`, and the log says which condition does not hold; nothing changes.
#[track_caller]
fn contradicts(world: &mut World, instruction: Instruction, condition: Contradiction) {
    let authority = world.authority;
    let failure = world.simulate(&authority, std::slice::from_ref(&instruction)).expect_err(condition.0);
    let named = format!("condition: {}", condition.0);
    assert!(failure.logs.iter().any(|line| line.ends_with(&named)), "{named} is not in {failure}");
    assert_refused(world, &authority, &[instruction], EngineError::ParameterOutOfBounds);
}

fn params(world: &World, params: GlobalParams) -> Instruction {
    ix::update_params(&world.keys, world.authority, &params)
}

fn bank(world: &World, bank: u8, asset_ppm: [u32; 2], liability_ppm: [u32; 2]) -> Instruction {
    let config = BankConfig { asset_ppm, liability_ppm, ..BankConfig::of(&BANKS[bank as usize], bank) };
    let args = args::UpdateBankArgs { reduce_only: false, config: config.args() };
    ix::update_bank(&world.keys, world.authority, bank, args)
}

fn market(world: &World, market: u8, config: MarketConfig) -> Instruction {
    let args = args::UpdateMarketArgs { status: SlotStatus::Active as u8, terms: config.args(market).terms };
    ix::update_market(&world.keys, world.authority, market, args)
}

fn falls(world: &World, name: &'static str, slot: u8, fastest_fall_ppm_per_sec: u32) -> Instruction {
    let (listed, _) = world.price_args(&PriceConfig { fastest_fall_ppm_per_sec, ..PriceConfig::named(name) });
    let args = args::UpdatePriceArgs { slot, config: listed.config };
    ix::update_price(&world.keys, world.authority, args)
}

/// Prices fall by at most 0.21 % a second and move every 2 s; weights and rates are the replay's, fees a basis point.
///
/// A health cap of 0.1 % alone sent an account at h = 0.982 into wind-down, 100 % of the debt closed instead of 18 %; a
/// floor above a rate let a liquidation at h = 0.86 pay 5 %; weights of one let a fall of 2.5 % make bad debt.
/// LISTING-1.
#[test]
fn every_condition_between_listings_is_refused_by_name_whoever_breaks_it() {
    let mut world = listed();
    let w = &mut world;
    let new = [
        (DEFAULT.with(|new| new.auction.health_cap_ppm = 1_000), Contradiction::PAIR_CEILING),
        (DEFAULT.with(|new| new.auction.penalty_floor_ppm = 10_000), Contradiction::RATE_CEILING),
        (DEFAULT.with(|new| new.observation.cool_off_secs = 60), Contradiction::PAIR_INITIAL),
        (
            DEFAULT.with(|new| {
                new.prices.risk_age_secs = 15;
                new.observation.cool_off_secs = 10;
            }),
            Contradiction::RATE_INITIAL,
        ),
        (DEFAULT.with(|new| new.observation.bypass_ratio_ppm = 300_000), Contradiction::RATE_FALLS),
        (DEFAULT.with(|new| new.observation.bypass_ratio_ppm = 200_000), Contradiction::PAIR_FALLS),
        (DEFAULT.with(|new| new.perps.fill_insurance_ppm = 101), Contradiction::FEE_RANGE),
        (DEFAULT.with(|new| new.legs.dust_usd_micro = 10_000), Contradiction::ATOM_VALUE),
        (DEFAULT.with(|new| new.targets.target_min_gap_ppm = 30_000), Contradiction::WEIGHTS_GAP),
        (DEFAULT.with(|new| new.targets.target_perp_buffer_ppm = 5_000), Contradiction::RATES_GAP),
        (DEFAULT.with(|new| new.prices.risk_age_secs = 4), Contradiction::BOUNDS),
        (DEFAULT.with(|new| new.prices.risk_age_secs = 16), Contradiction::BOUNDS),
    ];
    for (new, condition) in new {
        let update = params(w, new);
        contradicts(w, update, condition);
    }
    let wild = ([1_000_000, 900_000], [1_000_000, 1_100_000]);
    let update = bank(w, SOL, wild.0, wild.1);
    contradicts(w, update, Contradiction::PAIR_FALLS);
    let update = bank(w, USDC, [990_000, 980_000], [1_000_000, 1_010_000]);
    contradicts(w, update, Contradiction::PNL_WEIGHT);
    let update = bank(w, USDC, [1_000_000, 990_000], [1_200_000, 1_500_000]);
    assert_sent(w.send_as_authority(update));
    let update = bank(w, USDC, [1_000_000, 990_000], [1_000_000, 1_010_000]);
    assert_sent(w.send_as_authority(update));
    for (fall, condition) in [(10_000, Contradiction::RATE_FALLS), (30_000, Contradiction::PAIR_FALLS)] {
        let update = falls(w, "SOL", SOL, fall);
        contradicts(w, update, condition);
    }
    let update = market(w, BTC_PERP, MarketConfig { rate_ppm: [11_000, 50_000], ..MarketConfig::BTC });
    contradicts(w, update, Contradiction::RATE_FALLS);
    let update =
        market(w, BTC_PERP, MarketConfig { rate_ppm: [24_000, 50_000], fill_fee_ppm: 10_000, ..MarketConfig::BTC });
    contradicts(w, update, Contradiction::FEE_LOWERS);
    // One percent is 2/5 of SOL's rate of three, until the factor of improvement falls.
    let update = market(w, SOL_PERP, MarketConfig { fill_fee_ppm: 10_000, ..MarketConfig::SOL });
    assert_sent(w.send_as_authority(update));
    let update = params(w, DEFAULT.with(|new| new.auction.improvement_factor_ppm = 600_000));
    contradicts(w, update, Contradiction::FEE_LOWERS);
}

#[test]
fn a_listing_is_judged_beside_all_others() {
    let mut world = listed();
    let mint = world.create_mint("WILD", 9);
    let wild = BankConfig {
        asset_ppm: [1_000_000, 900_000],
        liability_ppm: [1_120_000, 1_200_000],
        ..BankConfig::of(&BANKS[SOL as usize], SOL)
    };
    let (keys, authority, index) = (world.keys, world.authority, world.registry().bank_count);
    let list = |config: BankConfig| {
        let args = args::ListBankArgs { index, price_slot: config.price_slot, config: config.args() };
        ix::list_bank(&keys, authority, authority, (mint.key, mint.program), args)
    };
    contradicts(&mut world, list(wild), Contradiction::PAIR_FALLS);
    // As collateral that counts nothing it may fall as it likes.
    assert_sent(world.send_as_authority(list(BankConfig { asset_ppm: [0, 0], ..wild })));
    let fee = MarketConfig { name: "DEAR", rate_ppm: [24_000, 50_000], fill_fee_ppm: 10_000, ..MarketConfig::SOL };
    let list = ix::list_market(&keys, authority, authority, fee.args(2));
    contradicts(&mut world, list, Contradiction::FEE_LOWERS);
}

/// With nine decimals of quote a ten-millionth of a SOL is 20,000 atoms: 80 times the default bound leaves the storage.
#[test]
fn a_funding_bound_that_a_listed_unit_cannot_store_is_refused() {
    let mut world = World::new();
    for (name, dollars) in [("USDC", 1), ("SOL", 200)] {
        let slot = world.list_price(&PriceConfig::named(name));
        assert_sent(world.set_price(slot, dollars * E8));
    }
    let mint = world.create_mint("NINE", 9);
    let config =
        BankConfig { deposit_cap_atoms: 1 << 49, borrow_cap_atoms: 1 << 49, ..BankConfig::of(&BANKS[0], USDC) };
    world.list_bank(mint, &config).unwrap_or_else(|failure| panic!("{failure}"));
    let sol = MarketConfig { base_decimals: 7, ..MarketConfig::SOL };
    world.list_market(&sol).unwrap_or_else(|failure| panic!("{failure}"));
    let update = params(&world, DEFAULT.with(|new| new.perps.funding_bound_ppm_per_hour = 40_000));
    contradicts(&mut world, update, Contradiction::FUNDING_RANGE);
}

/// All slots in use: both walks over the banks and the one over the markets fit an instruction by far.
#[test]
fn a_full_registry_is_checked_within_one_instruction() {
    let mut world = listed();
    while (world.registry().bank_count as usize) < MAX_BANKS {
        let name = format!("MORE {}", world.registry().bank_count);
        let mint = world.create_mint(&name, 9);
        let listed = world.list_bank(mint, &BankConfig::of(&BANKS[SOL as usize], SOL));
        listed.unwrap_or_else(|failure| panic!("{failure}"));
    }
    while (world.registry().market_count as usize) < MAX_MARKETS {
        world.list_market(&MarketConfig::SOL).unwrap_or_else(|failure| panic!("{failure}"));
    }
    world.repeat_prices();
    let update = params(&world, DEFAULT.with(|new| new.observation.cool_off_secs = 3));
    let meta = assert_sent(world.send_as_authority(update));
    assert!(meta.compute_units_consumed < 400_000, "{}", meta.compute_units_consumed);
    let update = falls(&world, "SOL", SOL, 2_000);
    let meta = assert_sent(world.send_as_authority(update));
    assert!(meta.compute_units_consumed < 400_000, "{}", meta.compute_units_consumed);
}

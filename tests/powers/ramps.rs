//! What can liquidate somebody comes in steps, within a slope, however often or seldom anybody moves it (POWER-2).

use plimsoll_tests::*;

use super::{bank_args, launched, params, wait};

fn asset_weight(stage: &Stage) -> u32 {
    stage.registry().banks[SOL as usize].weights.0.asset_maint_ppm.get()
}

fn step(stage: &mut Stage, of: args::RampArg) -> Sent {
    let advance = ix::advance_ramp(&stage.keys, of);
    let anybody = stage.party("anybody");
    stage.send(&anybody, &[advance])
}

/// POWER-2
#[test]
fn a_weight_falls_by_one_percent_an_hour_and_an_hour_that_was_skipped_is_not_made_up_for() {
    let mut stage = launched();
    let (keys, authority, held) = (stage.keys, stage.authority, asset_weight(&stage));
    let lower = bank_args(SOL, |config| {
        config.asset_maint_ppm -= 25_000;
        config.asset_init_ppm -= 25_000;
    });
    assert_sent(stage.send_as_authority(ix::update_bank(&keys, authority, SOL, lower)));
    assert_eq!(asset_weight(&stage), held);
    assert_code(step(&mut stage, args::RampArg::Bank(BTC)), EngineError::NothingRamps);
    wait(&mut stage, 1_800);
    assert_sent(step(&mut stage, args::RampArg::Bank(SOL)));
    assert_eq!(asset_weight(&stage), held - 5_000);
    // Within the same second nothing moves.
    assert_sent(step(&mut stage, args::RampArg::Bank(SOL)));
    assert_eq!(asset_weight(&stage), held - 5_000);
    wait(&mut stage, 5 * 3_600);
    assert_sent(step(&mut stage, args::RampArg::Bank(SOL)));
    assert_eq!(asset_weight(&stage), held - 15_000);
    wait(&mut stage, 3_600);
    assert_sent(step(&mut stage, args::RampArg::Bank(SOL)));
    assert_eq!(asset_weight(&stage), held - 25_000);
    assert_code(step(&mut stage, args::RampArg::Bank(SOL)), EngineError::NothingRamps);
    let target = stage.registry().banks[SOL as usize].weights.0.asset_target_ppm.get();
    assert_eq!(target, (held - 35_000).max(lower.config.asset_init_ppm));
}

/// POWER-2
#[test]
fn whoever_asks_again_and_again_moves_a_weight_no_faster() {
    let mut stage = launched();
    let (keys, authority, held) = (stage.keys, stage.authority, asset_weight(&stage));
    for minute in 1..=60 {
        let lower = bank_args(SOL, |config| {
            config.asset_maint_ppm -= 25_000 + minute;
            config.asset_init_ppm -= 60_000;
        });
        assert_sent(stage.send_as_authority(ix::update_bank(&keys, authority, SOL, lower)));
        wait(&mut stage, 60);
        assert_sent(step(&mut stage, args::RampArg::Bank(SOL)));
    }
    let moved = held - asset_weight(&stage);
    assert!((9_900..=10_000).contains(&moved), "{moved}");
}

/// POWER-2
#[test]
fn a_rate_rises_by_a_quarter_of_a_percent_an_hour_and_the_target_follows() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let rates = |stage: &Stage| {
        let rates = stage.registry().markets[SOL_PERP as usize].rates.0;
        [rates.maint_ppm.get(), rates.target_ppm.get(), rates.init_ppm.get()]
    };
    let [held, _, initial] = rates(&stage);
    let mut terms = MarketConfig::SOL.args(SOL_PERP).terms;
    terms.maint_rate_ppm += 4_000;
    terms.init_rate_ppm += 20_000;
    let update = ix::update_market(&keys, authority, SOL_PERP, args::UpdateMarketArgs { status: 1, terms });
    assert_sent(stage.send_as_authority(update));
    let [now, _, init] = rates(&stage);
    assert_eq!((now, init), (held, initial + 20_000));
    for moved in [2_500, 4_000] {
        wait(&mut stage, 3_600);
        assert_sent(step(&mut stage, args::RampArg::Market(SOL_PERP)));
        let buffer = stage.registry().params().targets.target_perp_buffer_ppm;
        assert_eq!(rates(&stage), [held + moved, (held + moved + buffer).min(init), init]);
    }
}

/// POWER-2
#[test]
fn parameters_that_can_liquidate_ramp_and_what_listings_need_of_them_is_asked_where_they_end() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let held = *stage.registry().params();
    let tighter = params(&stage, |new| {
        new.perps.pnl_weight_ppm -= 15_000;
        new.prices.edge_max_ppm -= 15_000;
        new.targets.target_perp_buffer_ppm += 1_000;
    });
    assert_sent(stage.send_as_authority(ix::update_params(&keys, authority, &tighter)));
    assert_eq!(*stage.registry().params(), held);
    wait(&mut stage, 3_600);
    assert_sent(step(&mut stage, args::RampArg::Params));
    let now = *stage.registry().params();
    assert_eq!(now.perps.pnl_weight_ppm, held.perps.pnl_weight_ppm - 10_000);
    assert_eq!(now.targets.target_perp_buffer_ppm, held.targets.target_perp_buffer_ppm + 1_000);
    wait(&mut stage, 3_600);
    assert_sent(step(&mut stage, args::RampArg::Params));
    assert_eq!(*stage.registry().params(), tighter);
    assert_code(step(&mut stage, args::RampArg::Params), EngineError::NothingRamps);
}

/// POWER-2
#[test]
fn a_ramp_that_would_end_where_listings_are_refused_does_not_begin() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    // The whole win counts, so the quote's asset weight may not fall below it.
    let lower = bank_args(USDC, |config| {
        config.asset_maint_ppm -= 100_000;
        config.asset_init_ppm -= 100_000;
    });
    let update = ix::update_bank(&keys, authority, USDC, lower);
    assert_code(stage.send_as_authority(update), EngineError::ParameterOutOfBounds);
}

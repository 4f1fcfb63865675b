//! Checks between two instructions' worth of state: ratios, averages, and what one parameter promises another.

use plimsoll_risk::params::GlobalParams;
use plimsoll_sim::listing::BANKS;
use plimsoll_tests::*;

/// With NAV below zero every part of the position that goes takes requirement away, so the ratio falls with the fee alone.
/// FILL-4.
#[test]
fn a_fill_that_reduces_does_not_lower_the_ratio() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let dave = stage.funded_trader("dave", USDC, 1_300 * USD);
    let sent = stage.fill(SOL_PERP, &dave, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 195, &dave, 30);
    // Worth 800 dollars, and below maintenance not worse than spot: the ratio rises.
    let sent = stage.fill(SOL_PERP, &maker, &dave, 10 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 180, &dave, 30);
    let lower = stage.fill(SOL_PERP, &maker, &dave, 10 * SOL_UNITS, None);
    assert_code(lower, EngineError::MarginRatioFalls);
    let worse = stage.fill(SOL_PERP, &maker, &dave, 10 * SOL_UNITS, Some(179 * E8 + E8 / 2));
    assert_code(worse, EngineError::FillWorseThanSpot);
}

/// Spot is back where it was, the fast average is not: whoever gives up a claim now would be under water there.
#[test]
fn a_win_is_taken_only_at_or_above_maintenance_at_the_fast_average_too() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_000 * USD);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &alice, &maker, SOL_UNITS, None);
    stage.done(sent);
    stage.advance(2);
    stage.price(USDC, 1).price(BTC, 100_000).price(SOL, 220);
    stage.hold_prices(300, 5);
    let sent = stage.fill(SOL_PERP, &maker, &alice, SOL_UNITS, None);
    stage.done(sent);
    // The pool has what somebody else lost.
    let sent = stage.settle(SOL_PERP, Some(&maker));
    stage.done(sent);
    assert!(stage.margin_account(&alice).derivatives[0].cash_atoms > 10 * USD as i64);
    stage.falls_to(SOL, 140, &alice, 60);
    stage.advance(1);
    stage.price(USDC, 1).price(BTC, 100_000).price(SOL, 200);
    let view = stage.view(&alice);
    assert!(view.spot.nav_usd_pico.get() > view.spot.mmr_usd_pico.get());
    assert!(view.fast.nav_usd_pico.get() < view.fast.mmr_usd_pico.get());
    assert_code(stage.take_win(SOL_PERP, &alice, None), EngineError::MaintenanceMarginInsufficient);
    stage.hold_prices(300, 5);
    let sent = stage.take_win(SOL_PERP, &alice, None);
    stage.done(sent);
}

fn update_price(stage: &mut Stage, change: impl Fn(&mut args::PriceConfigArgs)) -> Sent {
    let mut config = stage.price_args(&PriceConfig::named("SOL")).0.config;
    change(&mut config);
    let (keys, authority) = (stage.keys, stage.authority);
    stage.send_as_authority(ix::update_price(&keys, authority, args::UpdatePriceArgs { slot: SOL, config }))
}

#[test]
fn a_price_whose_calibration_a_listed_market_does_not_survive_is_refused() {
    let mut stage = Stage::new();
    // A rate of 3 % survives 0.525 % a second with an update every two seconds, and 0.21 % with one every eight.
    let fall = update_price(&mut stage, |config| config.fastest_fall_ppm_per_sec = 5_251);
    assert_code(fall, EngineError::ParameterOutOfBounds);
    let slow = update_price(&mut stage, |config| config.update_secs = 9);
    assert_code(slow, EngineError::ParameterOutOfBounds);
    let sent = update_price(&mut stage, |config| config.fastest_fall_ppm_per_sec = 2_000);
    stage.done(sent);
    assert_eq!(stage.board().slots[SOL as usize].terms.fastest_fall_ppm_per_sec, 2_000);
}

fn update_params(stage: &mut Stage, params: &GlobalParams) -> Sent {
    let (keys, authority) = (stage.keys, stage.authority);
    stage.send_as_authority(ix::update_params(&keys, authority, params))
}

/// MARGIN-3
#[test]
fn the_weight_of_gains_stays_at_or_below_the_settlement_tokens_own_whichever_of_the_two_is_changed() {
    let mut stage = Stage::new();
    let weight = |pnl_weight_ppm| AT_ONCE.with(|new| new.perps.pnl_weight_ppm = pnl_weight_ppm);
    let quote = |stage: &mut Stage, asset_maint_ppm| {
        let config = args::BankConfigArgs {
            asset_maint_ppm,
            asset_init_ppm: asset_maint_ppm - 10_000,
            ..BankConfig::of(&BANKS[0], 0).args()
        };
        let (keys, authority) = (stage.keys, stage.authority);
        let args = args::UpdateBankArgs { reduce_only: false, config };
        stage.send_as_authority(ix::update_bank(&keys, authority, USDC, args))
    };
    assert_code(quote(&mut stage, 950_000), EngineError::ParameterOutOfBounds);
    assert_sent(update_params(&mut stage, &weight(950_000)));
    assert_sent(quote(&mut stage, 950_000));
    assert_code(update_params(&mut stage, &weight(950_001)), EngineError::ParameterOutOfBounds);
    assert_sent(update_params(&mut stage, &weight(940_000)));
    assert_code(quote(&mut stage, 939_999), EngineError::ParameterOutOfBounds);
}

/// LISTING-1
#[test]
fn parameters_under_which_a_listing_would_be_refused_are_refused() {
    let mut stage = Stage::new();
    for params in [
        // The fall until a second print, and what is left of the requirement at the bypass.
        AT_ONCE.with(|new| new.observation.bypass_spacing_secs = 9),
        AT_ONCE.with(|new| new.observation.bypass_ratio_ppm = 250_000),
        // Gaps between maintenance and target.
        AT_ONCE.with(|new| new.targets.target_min_gap_ppm = 40_000),
    ] {
        assert_code(update_params(&mut stage, &params), EngineError::ParameterOutOfBounds);
    }
    assert_eq!(*stage.registry().params(), AT_ONCE);
}

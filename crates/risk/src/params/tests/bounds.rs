//! Every bound is accepted at its ends and refused just beyond them.

use super::*;

/// Parameters with room around whatever depends on another: the narrowest and the widest of both.
const LOW: GlobalParams = GlobalParams {
    penalty_start_ppm: 0,
    penalty_floor_ppm: 1,
    write_age_secs: 1,
    risk_age_secs: 1,
    read_age_secs: 300,
    ..PARAMS
};
const HIGH: GlobalParams = GlobalParams {
    penalty_cap_ppm: 200_000,
    wind_down_penalty_ppm: 100_000,
    risk_age_secs: 15,
    primary_stale_secs: 3_600,
    ..PARAMS
};

macro_rules! check_bounds {
    ($($base:ident.$field:ident: $low:expr, $high:expr;)+) => {$(
        let judged = |value| GlobalParams { $field: value, ..$base }.validate();
        let name = stringify!($field);
        for inside in [$low, $high] {
            assert_eq!(judged(inside), Ok(()), "{name} of {inside}");
        }
        for outside in [$low.checked_sub(1), Some($high + 1)].into_iter().flatten() {
            assert_eq!(judged(outside), Err(Contradiction::BOUNDS), "{name} of {outside}");
        }
    )+};
}

#[test]
fn each_parameter_is_accepted_at_the_ends_of_its_bounds_and_refused_beyond() {
    check_bounds! {
        PARAMS.dust_usd_micro: 10_000u64, 10_000_000_000u64;
        HIGH.penalty_start_ppm: 0u32, 200_000u32;
        LOW.penalty_cap_ppm: 1u32, 200_000u32;
        PARAMS.auction_secs: 1u32, 3_600u32;
        PARAMS.depth_slope_ppm: 0u32, 2_000_000u32;
        PARAMS.improvement_factor_ppm: 100_000u32, 950_000u32;
        PARAMS.insurance_share_ppm: 0u32, 900_000u32;
        HIGH.penalty_floor_ppm: 1u32, 100_000u32;
        PARAMS.wind_down_penalty_ppm: 1_000u32, 100_000u32;
        PARAMS.wind_down_secs: 1u32, 3_600u32;
        PARAMS.wind_down_close_secs: 1u32, 86_400u32;
        PARAMS.best_leg_share_ppm: 1u32, 1_000_000u32;
        PARAMS.best_leg_min_ppm: 0u32, 100_000u32;
        PARAMS.best_leg_end_secs: 1u32, 3_600u32;
        PARAMS.health_cap_ppm: 1u32, 500_000u32;
        PARAMS.target_token_buffer_ppm: 1u32, 200_000u32;
        PARAMS.target_perp_buffer_ppm: 1u32, 200_000u32;
        PARAMS.target_min_gap_ppm: 1u32, 100_000u32;
        PARAMS.stale_asset_secs: 600u32, 604_800u32;
        PARAMS.observation_gap_secs: 2u32, 600u32;
        PARAMS.cool_off_secs: 1u32, 60u32;
        HIGH.write_age_secs: 1u32, 15u32;
        LOW.read_age_secs: 2u32, 300u32;
        PARAMS.risk_age_secs: 5u32, 15u32;
        LOW.risk_age_secs: 1u32, 300u32;
        PARAMS.future_secs: 0u32, 10u32;
        PARAMS.primary_stale_secs: 5u32, 3_600u32;
        PARAMS.submission_age_slots: 1u32, 1_500u32;
        PARAMS.confidence_sigmas_ppm: 0u32, 10_000_000u32;
        PARAMS.age_sigmas_ppm: 0u32, 20_000_000u32;
        PARAMS.edge_max_ppm: 1u32, 500_000u32;
        PARAMS.bypass_ratio_ppm: 1u32, 999_999u32;
        PARAMS.bypass_spacing_secs: 1u32, 60u32;
        PARAMS.pnl_weight_ppm: 0u32, 1_000_000u32;
        PARAMS.fill_band_ppm: 1u32, 100_000u32;
        PARAMS.fill_insurance_ppm: 1u32, 10_000u32;
        PARAMS.premium_bound_ppm: 0u32, 50_000u32;
        PARAMS.funding_bound_ppm_per_hour: 0u32, 40_000u32;
        PARAMS.funding_max_secs: 60u32, 86_400u32;
        PARAMS.utilization_window_secs: 1u32, 86_400u32;
    }
    // Penalties at each other's ends: a floor is neither above the cap nor above what a wind-down ends at.
    let floor = |penalty_floor_ppm, penalty_cap_ppm, wind_down_penalty_ppm| {
        GlobalParams { penalty_start_ppm: 0, penalty_floor_ppm, penalty_cap_ppm, wind_down_penalty_ppm, ..PARAMS }
            .validate()
            .is_ok()
    };
    assert!(floor(5_000, 5_000, 5_000));
    assert!(!floor(5_001, 5_000, 6_000) && !floor(5_001, 6_000, 5_000));
}

/// `e = p_floor / (k * (1 - c))`, rounded up to the part per million.
#[test]
fn the_boundary_of_wind_down_is_the_quotient_rounded_up() {
    for (penalty_floor_ppm, improvement_factor_ppm, insurance_share_ppm, boundary) in [
        (1_000, 800_000, 250_000, 1_667),
        (600, 800_000, 250_000, 1_000),
        (601, 800_000, 250_000, 1_002),
        (1, 950_000, 0, 2),
        (95, 950_000, 0, 100),
        (200_000, 100_000, 900_000, 20_000_000),
    ] {
        let params = GlobalParams { penalty_floor_ppm, improvement_factor_ppm, insurance_share_ppm, ..PARAMS };
        assert_eq!(params.wind_down_boundary_ppm_up(), boundary);
    }
}

/// Every order of six weights around their bounds, at gaps of half the minimum and one less.
#[test]
fn weights_are_accepted_in_order_with_half_of_the_gap_on_either_side_and_no_others() {
    const ASSETS: [u32; 7] = [0, 2_499, 2_500, 997_499, 997_500, PPM, PPM + 1];
    const LIABILITIES: [u32; 7] = [PPM - 1, PPM, 1_002_499, 1_002_500, 4_000_000 - 2_500, 4_000_000, 4_000_001];
    let each = |of: [u32; 7]| {
        let thirds = move |x, y| of.map(|z| [x, y, z]);
        let all: Vec<_> = of.into_iter().flat_map(|x| of.into_iter().flat_map(move |y| thirds(x, y))).collect();
        all
    };
    // An odd minimum asks for the larger half of either side.
    for target_min_gap_ppm in [5_000, 4_999, 5_001] {
        let params = GlobalParams { target_min_gap_ppm, ..PARAMS };
        let wide = |from: u32, to: u32| 2 * to.saturating_sub(from) >= target_min_gap_ppm;
        let liabilities = each(LIABILITIES);
        for [init, target, maint] in each(ASSETS) {
            for [liability_maint_ppm, liability_target_ppm, liability_init_ppm] in &liabilities {
                let weights = TokenWeights {
                    asset_maint_ppm: maint,
                    asset_target_ppm: target,
                    asset_init_ppm: init,
                    liability_maint_ppm: *liability_maint_ppm,
                    liability_target_ppm: *liability_target_ppm,
                    liability_init_ppm: *liability_init_ppm,
                };
                let line = [
                    init,
                    target,
                    maint,
                    PPM,
                    *liability_maint_ppm,
                    *liability_target_ppm,
                    *liability_init_ppm,
                    4_000_000,
                ];
                let gaps = (maint == 0 || wide(target, maint)) && wide(*liability_maint_ppm, *liability_target_ppm);
                let expected = match (line.is_sorted(), gaps) {
                    (false, _) => Err(Contradiction::WEIGHTS_ORDER),
                    (true, false) => Err(Contradiction::WEIGHTS_GAP),
                    (true, true) => Ok(()),
                };
                assert_eq!(weights.validate(&params), expected, "{weights:?} {target_min_gap_ppm}");
            }
        }
    }
}

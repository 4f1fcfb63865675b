//! Every bound is accepted at its ends and refused just beyond them.

use super::*;
use crate::units::Ppm;

/// Moves every other parameter within its bounds, so that only this one can leave its own.
fn settle_others(params: &mut GlobalParams, kept: &Field) {
    for _ in 0..4 {
        for field in GlobalParams::fields().filter(|field| field.name != kept.name) {
            let (low, high) = (field.low.at(params), field.high.at(params));
            let value = field.get(params).min(high).max(low);
            assert!(field.set(params, value), "{}", field.name);
        }
    }
}

#[test]
fn each_parameter_is_accepted_at_the_ends_of_its_bounds_and_refused_beyond() {
    for field in GlobalParams::fields() {
        for (bound, outwards) in [(&field.low, -1), (&field.high, 1)] {
            let (mut params, end) = (PARAMS, bound.at(&PARAMS));
            assert!(field.set(&mut params, end));
            settle_others(&mut params, field);
            assert_eq!((field.get(&params), bound.at(&params)), (end, end), "{}", field.name);
            assert_eq!(params.validate(), Ok(()), "{} of {end}", field.name);
            let Some(beyond) = end.checked_add_signed(outwards) else { continue };
            assert!(field.set(&mut params, beyond));
            assert_eq!(params.validate(), Err(Contradiction::BOUNDS), "{} of {beyond}", field.name);
        }
    }
}

#[test]
fn the_list_names_every_parameter_once_at_its_place_and_default() {
    let mut end = 0;
    for group in GlobalParams::GROUPS {
        assert_eq!(group.offset, end, "{}", group.name);
        for field in group.fields {
            assert_eq!((field.offset, field.group), (end, group.name), "{}", field.name);
            assert_eq!(GlobalParams::fields().filter(|other| other.name == field.name).count(), 1, "{}", field.name);
            assert_eq!(field.get(&PARAMS), field.default, "{}", field.name);
            let mut other = PARAMS;
            assert!(field.set(&mut other, field.default + 1) && other != PARAMS);
            assert!(field.set(&mut other, field.default) && other == PARAMS);
            assert!(field.bytes == 8 || !field.set(&mut other, 1 << 32), "{}", field.name);
            end += field.bytes;
        }
        end += group.room_bytes();
    }
    assert_eq!(end, size_of::<GlobalParams>());
    assert!(PARAMS.room_is_zero());
}

/// Once more by hand, so that a slip in how lists are read is seen.
#[test]
fn bounds_are_those_of_the_list() {
    let judged = |change: fn(&mut GlobalParams)| PARAMS.with(change).validate().is_ok();
    assert!(judged(|p| p.legs.dust_usd_micro = 10_000) && !judged(|p| p.legs.dust_usd_micro = 9_999));
    assert!(judged(|p| p.legs.dust_usd_micro = 10_000_000_000) && !judged(|p| p.legs.dust_usd_micro = 10_000_000_001));
    assert!(judged(|p| p.auction.penalty_start_ppm = 50_000) && !judged(|p| p.auction.penalty_start_ppm = 50_001));
    assert!(judged(|p| p.prices.risk_age_secs = 15) && !judged(|p| p.prices.risk_age_secs = 16));
    assert!(judged(|p| p.lending.utilization_window_secs = 1) && !judged(|p| p.lending.utilization_window_secs = 0));
}

/// Penalties at each other's ends: a floor is neither above the cap nor above what a wind-down ends at.
#[test]
fn a_floor_is_neither_above_the_cap_nor_above_what_a_wind_down_ends_at() {
    let floor = |penalty_floor_ppm, penalty_cap_ppm, wind_down_penalty_ppm| {
        PARAMS
            .with(|new| {
                new.auction.penalty_start_ppm = 0;
                new.auction.penalty_floor_ppm = penalty_floor_ppm;
                new.auction.penalty_cap_ppm = penalty_cap_ppm;
                new.wind_down.wind_down_penalty_ppm = wind_down_penalty_ppm;
            })
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
        let params = PARAMS.with(|new| {
            new.auction.penalty_floor_ppm = penalty_floor_ppm;
            new.auction.improvement_factor_ppm = improvement_factor_ppm;
            new.auction.insurance_share_ppm = insurance_share_ppm;
        });
        assert_eq!(params.wind_down_boundary_ppm_up(), Ppm::new(boundary));
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
        let params = PARAMS.with(|new| new.targets.target_min_gap_ppm = target_min_gap_ppm);
        let wide = |from: u32, to: u32| 2 * to.saturating_sub(from) >= target_min_gap_ppm;
        let liabilities = each(LIABILITIES);
        for [init, target, maint] in each(ASSETS) {
            for [liability_maint_ppm, liability_target_ppm, liability_init_ppm] in &liabilities {
                let weights = TokenWeights {
                    asset_maint_ppm: Ppm::new(maint),
                    asset_target_ppm: Ppm::new(target),
                    asset_init_ppm: Ppm::new(init),
                    liability_maint_ppm: Ppm::new(*liability_maint_ppm),
                    liability_target_ppm: Ppm::new(*liability_target_ppm),
                    liability_init_ppm: Ppm::new(*liability_init_ppm),
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

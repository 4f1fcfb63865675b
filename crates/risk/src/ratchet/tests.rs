use std::string::{String, ToString};
use std::vec::Vec;

use super::*;
use crate::params::{Field, GlobalParams};
use proptest::prelude::*;

const PARAMS: GlobalParams = GlobalParams::DEFAULT;

fn named(verdict: Option<Change>) -> &'static str {
    verdict.map_or("", |change| change.name)
}

/// The classes of the engine's parameters, written a second time by hand: whoever changes one says so here too.
const CLASSES: [(&str, &str); 50] = [
    ("auction.auction_secs", "any waits"),
    ("auction.depth_slope_ppm", "any waits"),
    ("auction.health_cap_ppm", "any waits"),
    ("auction.improvement_factor_ppm", "any waits"),
    ("auction.insurance_share_ppm", "any waits"),
    ("auction.penalty_cap_ppm", "any waits"),
    ("auction.penalty_floor_ppm", "any waits"),
    ("auction.penalty_start_ppm", "any waits"),
    ("breakers.drawn_insurance_ppm", "up waits, down at once"),
    ("breakers.liquidated_debts_ppm", "up waits, down at once"),
    ("breakers.liquidated_positions_ppm", "up waits, down at once"),
    ("changes.change_delay_secs", "any waits"),
    ("changes.first_cap_usd", "up waits, down at once"),
    ("changes.rate_ramp_ppm_per_hour", "any waits"),
    ("changes.weight_ramp_ppm_per_hour", "any waits"),
    ("draws.draw_event_ppm", "any waits"),
    ("draws.draw_hour_ppm", "any waits"),
    ("draws.draw_source_ppm", "any waits"),
    ("legs.best_leg_end_secs", "any waits"),
    ("legs.best_leg_min_ppm", "any waits"),
    ("legs.best_leg_share_ppm", "up at once, down waits"),
    ("legs.dust_usd_micro", "any waits"),
    ("lending.utilization_window_secs", "any waits"),
    ("observation.bypass_ratio_ppm", "up ramps, down waits"),
    ("observation.bypass_spacing_secs", "any waits"),
    ("observation.call_band_ppm", "up harmless, down waits"),
    ("observation.cool_off_secs", "any waits"),
    ("observation.observation_gap_secs", "any waits"),
    ("perps.fill_band_ppm", "up waits, down at once"),
    ("perps.fill_insurance_ppm", "any waits"),
    ("perps.funding_bound_ppm_per_hour", "up waits, down at once"),
    ("perps.funding_max_secs", "any waits"),
    ("perps.pnl_weight_ppm", "up waits, down ramps"),
    ("perps.premium_bound_ppm", "up waits, down at once"),
    ("prices.age_sigmas_ppm", "up waits, down ramps"),
    ("prices.confidence_sigmas_ppm", "any waits"),
    ("prices.edge_max_ppm", "up waits, down ramps"),
    ("prices.future_secs", "any waits"),
    ("prices.primary_stale_secs", "any waits"),
    ("prices.read_age_secs", "any waits"),
    ("prices.risk_age_secs", "any waits"),
    ("prices.submission_age_slots", "any waits"),
    ("prices.write_age_secs", "any waits"),
    ("targets.target_min_gap_ppm", "up harmless, down waits"),
    ("targets.target_perp_buffer_ppm", "up ramps, down waits"),
    ("targets.target_token_buffer_ppm", "up ramps, down waits"),
    ("wind_down.stale_asset_secs", "any waits"),
    ("wind_down.wind_down_close_secs", "any waits"),
    ("wind_down.wind_down_penalty_ppm", "any waits"),
    ("wind_down.wind_down_secs", "any waits"),
];

fn path(field: &Field) -> String {
    [field.group, ".", field.name].concat()
}

#[test]
fn every_parameter_has_the_class_that_is_written_here() {
    let mut listed: Vec<_> = GlobalParams::fields().map(|field| (path(field), field.class.to_string())).collect();
    listed.sort();
    let written: Vec<_> = CLASSES.iter().map(|(name, class)| (name.to_string(), class.to_string())).collect();
    assert_eq!(listed, written);
}

/// Of the two directions one loosens, or the parameter would not matter to anybody; what loosens both ways says why.
#[test]
fn every_parameter_waits_in_a_direction_and_says_why_where_it_waits_in_both() {
    for field in GlobalParams::fields() {
        let Class { up, down } = field.class;
        assert!(up == Effect::Waits || down == Effect::Waits, "{}", field.name);
        assert!(up != down || !field.why.is_empty(), "{}", field.name);
        let ramps = up == Effect::Ramps || down == Effect::Ramps;
        assert!(!ramps || field.bytes == 4 && field.name.ends_with("_ppm"), "{} is not what a ramp moves", field.name);
    }
}

#[test]
fn a_parameter_that_moves_alone_is_the_only_change_in_either_direction() {
    let mut judged = 0;
    for field in GlobalParams::fields() {
        for (to, effect) in [
            (field.default.checked_add(1), field.class.up),
            (Some(u32::MAX as u64), field.class.up),
            (field.default.checked_sub(1), field.class.down),
            (Some(0).filter(|_| field.default > 0), field.class.down),
        ] {
            let (mut asked, Some(to)) = (PARAMS, to) else { continue };
            assert!(field.set(&mut asked, to));
            let mut seen = Vec::new();
            PARAMS.changes(&asked, &mut |change| seen.push((change.name.to_string(), change.numbers, change.effect)));
            assert_eq!(seen, [(path(field), Some((field.default, to)), effect)]);
            judged += 1;
        }
    }
    assert_eq!(judged, 4 * 50);
    assert_eq!(PARAMS.verdict(&PARAMS), Verdict::default());
    assert_eq!(PARAMS.verdict(&PARAMS).kind(), VerdictKind::Nothing);
}

#[test]
fn a_verdict_names_the_first_of_each_kind_and_is_mixed_where_two_do_harm() {
    type Ask = fn(&mut GlobalParams);
    const HARMLESS: Ask = |new| new.targets.target_min_gap_ppm += 1;
    const AT_ONCE: Ask = |new| {
        new.perps.fill_band_ppm -= 1;
        new.perps.premium_bound_ppm -= 1;
    };
    const RAMPS: Ask = |new| {
        new.perps.pnl_weight_ppm -= 1;
        new.prices.edge_max_ppm -= 1;
    };
    const WAITS: Ask = |new| {
        new.lending.utilization_window_secs += 1;
        new.auction.insurance_share_ppm -= 1;
    };
    for (asks, kind) in [
        (&[HARMLESS][..], VerdictKind::AtOnce),
        (&[AT_ONCE], VerdictKind::AtOnce),
        (&[AT_ONCE, HARMLESS], VerdictKind::AtOnce),
        (&[RAMPS], VerdictKind::Ramps),
        (&[RAMPS, HARMLESS], VerdictKind::Ramps),
        (&[WAITS], VerdictKind::Waits),
        (&[WAITS, HARMLESS], VerdictKind::Waits),
        (&[AT_ONCE, RAMPS], VerdictKind::Mixed),
        (&[AT_ONCE, WAITS], VerdictKind::Mixed),
        (&[RAMPS, WAITS], VerdictKind::Mixed),
        (&[HARMLESS, AT_ONCE, RAMPS, WAITS], VerdictKind::Mixed),
    ] {
        let asked = PARAMS.with(|new| asks.iter().for_each(|ask| ask(new)));
        let verdict = PARAMS.verdict(&asked);
        assert_eq!(verdict.kind(), kind, "{verdict:?}");
        let of = |ask: Ask, name: &'static str| if asks.contains(&ask) { name } else { "" };
        assert_eq!(named(verdict.harmless), of(HARMLESS, "targets.target_min_gap_ppm"));
        assert_eq!(named(verdict.at_once), of(AT_ONCE, "perps.fill_band_ppm"));
        assert_eq!(named(verdict.ramps), of(RAMPS, "prices.edge_max_ppm"));
        assert_eq!(named(verdict.waits), of(WAITS, "auction.insurance_share_ppm"));
    }
}

fn params() -> impl Strategy<Value = GlobalParams> {
    // Of each parameter one of two neighbours of the default or the default, so that most pairs differ in many and agree in some.
    prop::collection::vec(0u64..3, 39).prop_map(|steps| {
        let mut params = PARAMS;
        for (field, step) in GlobalParams::fields().zip(steps) {
            assert!(field.set(&mut params, field.default - 1 + step));
        }
        params
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// What loosens on the way there does not on the way back, but for what waits in both directions.
    #[test]
    fn what_waits_one_way_does_not_the_other_way_unless_any_change_waits(one in params(), other in params()) {
        let effects = |from: &GlobalParams, to: &GlobalParams| {
            let mut seen = Vec::new();
            from.changes(to, &mut |change| seen.push((change.name, change.effect)));
            seen
        };
        let (there, back) = (effects(&one, &other), effects(&other, &one));
        let differing = GlobalParams::fields().filter(|field| field.get(&one) != field.get(&other));
        let differing: Vec<_> = differing.collect();
        prop_assert_eq!(there.len(), differing.len());
        prop_assert_eq!(back.len(), differing.len());
        for ((field, (name, there)), (again, back)) in differing.iter().zip(there).zip(back) {
            prop_assert_eq!(&path(field), name);
            prop_assert_eq!(name, again);
            let any = field.class.up == field.class.down;
            prop_assert_eq!(there == Effect::Waits, any || back != Effect::Waits);
        }
        let (there, back) = (one.verdict(&other), other.verdict(&one));
        prop_assert_eq!(there.kind() == VerdictKind::Nothing, one == other);
        prop_assert_eq!(back.kind() == VerdictKind::Nothing, one == other);
    }
}

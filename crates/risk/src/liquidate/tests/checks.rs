//! The caller's limit, the check of the state afterwards, and what rounding may cost.

use super::*;
use crate::units::{Atoms, Ppm, Secs};

fn fill(size: u64, paid_atoms: u64, received_atoms: u64, notional_usd_micro: u64) -> Fill<u64> {
    Fill {
        size,
        paid_atoms: Atoms::new(paid_atoms),
        fee_atoms: Atoms::new(1),
        received_atoms: Atoms::new(received_atoms),
        notional: UsdMicro::new(notional_usd_micro),
    }
}

fn of(nav: i128, mmr: i128) -> Margins {
    Margins { nav: UsdPico::new(nav), maint_excess: UsdPico::new(nav - mmr), ..Margins::default() }
}

#[test]
fn a_limit_is_kept_to_equality() {
    let of_pair = found(&pair(100, 100), PAIR).unwrap();
    let long = found(&account(0, &[], &[perp(7, 100, 0)]), PERP).unwrap();
    let short = found(&account(0, &[], &[perp(7, -100, 0)]), PERP).unwrap();
    for case in 0..5u64.pow(5) {
        let [size, paid, received, numerator, denominator] = [0, 1, 2, 3, 4].map(|place| case / 5u64.pow(place) % 5);
        let fill = fill(size, paid, received, 9);
        let limit = Limit { numerator, denominator };
        let (n, d) = (numerator, denominator);
        for (leg, kept) in [
            (&of_pair, received * d >= paid * n),
            (&long, paid.saturating_sub(received) * d <= size * n),
            (&short, (paid + received) * d >= size * n),
        ] {
            assert_eq!(leg.meets(limit, &fill), kept, "{case}");
        }
    }
}

#[test]
fn a_limit_that_is_missed_refuses_the_plan_and_a_zero_denominator_asks_for_none() {
    let clocks = Clocks {
        under_water_secs: Secs::new(10),
        health_state: HealthState::UnderWater,
        observed_at: NOW,
        ..Clocks::default()
    };
    let asked = |numerator, denominator| {
        let request = Request { limit_numerator: numerator, limit_denominator: denominator, ..whole(PAIR) };
        plan(&mut pair(1_000_000_000, 820_000_000), &clocks, &request, NOW).map_err(|refusal| refusal.reason)
    };
    let (paid, received) = asked(0, 0).map(|plan| (plan.paid_atoms, plan.received_atoms)).unwrap();
    assert!(asked(u64::MAX, 0).is_ok() && asked(received.get(), paid.get()).is_ok());
    assert_eq!(asked(received.get() + 1, paid.get()), Err(RiskError::BelowLimit));
}

#[test]
fn a_cure_must_raise_the_ratio_or_leave_nothing_that_needs_margin() {
    let leg = found(&pair(100, 100), PAIR).unwrap();
    for nav in -2..3i128 {
        for mmr in 1..4 {
            for nav_after in -2..3i128 {
                for mmr_after in 0..4 {
                    let better = nav_after * mmr > nav * mmr_after || mmr_after == 0 && nav_after >= 0;
                    let expected = if better { Ok(()) } else { Err(RiskError::AfterCheckFailed) };
                    let (before, after) = (of(nav, mmr), of(nav_after, mmr_after));
                    let found = leg.check_after(Regime::Cure, &before, &after, &fill(1, 1, 1, 1), 0);
                    assert_eq!(found, expected, "{nav} {mmr} {nav_after} {mmr_after}");
                }
            }
        }
    }
}

#[test]
fn a_wind_down_costs_at_most_the_penalty_and_the_rounding_and_shrinks_a_perps_requirement() {
    let of_pair = found(&pair(100, 100), PAIR).unwrap();
    let of_perp = found(&account(0, &[], &[perp(7, 100, 0)]), PERP).unwrap();
    // An atom of either leg and eight; of a perp at par its own atom and eight.
    for (leg, rounding, is_pair) in [(&of_pair, 10, true), (&of_perp, 9, false)] {
        assert_eq!(leg.rounding_usd_micro(), rounding);
        let fill = fill(7, 7, 7, 1_000);
        let cost = (1_000 + rounding as i128) * 10_000 + rounding as i128 * MILLION;
        for more in [-1i128, 0, 1] {
            for (mmr, mmr_after) in [(5, 4), (5, 5), (5, 6)] {
                let (before, after) = (of(3, mmr), of(3 - cost + more, mmr_after));
                let holds = more >= 0 && (is_pair || mmr_after < mmr);
                let expected = if holds { Ok(()) } else { Err(RiskError::AfterCheckFailed) };
                let found = leg.check_after(Regime::WindDown, &before, &after, &fill, 10_000);
                assert_eq!(found, expected, "{more} {mmr_after}");
            }
        }
    }
}

#[test]
fn rounding_costs_an_atom_of_each_part_at_its_price() {
    let mut p = pair(100, 100);
    (p.tokens[0].prices, p.tokens[1].prices) = (at(halves(7), halves(2)), at(halves(11), halves(2)));
    // 3.5 and 5.5 rounded up, and eight.
    assert_eq!(found(&p, PAIR).unwrap().rounding_usd_micro(), 4 + 6 + 8);
    let mut p = account(0, &[], &[perp(7, 100, 0)]);
    (p.perps[0].prices, p.quote.prices) = (at(halves(7), halves(2)), at(halves(5), halves(2)));
    // Four quote atoms at 2.5; a gain that a deficit cuts is rounded by one more.
    assert_eq!(found(&p, PERP).unwrap().rounding_usd_micro(), 10 + 8);
    p.perps[0].deficit_share_ppm = Ppm::new(1);
    assert_eq!(found(&p, PERP).unwrap().rounding_usd_micro(), 10 + 3 + 8);
}

#[test]
fn a_cut_fill_must_raise_the_ratio_by_more_than_four_atoms_of_each_leg() {
    let of_pair = found(&pair(100, 100), PAIR).unwrap();
    let of_perp = found(&account(0, &[], &[perp(7, 100, 0)]), PERP).unwrap();
    let before = of(50 * MILLION, 100 * MILLION);
    // Forty micro-dollars may be lost, and a tenth of them is charged: 90 less 40 are half of 96 and 4.
    for (nav, outweighs) in [(90 * MILLION - 1, false), (90 * MILLION, false), (90 * MILLION + 1, true)] {
        assert_eq!(of_pair.outweighs_shares(&before, &of(nav, 96 * MILLION)), outweighs);
        assert!(of_perp.outweighs_shares(&before, &of(nav, 96 * MILLION)));
    }
    assert!(of_pair.outweighs_shares(&before, &of(0, 0)) && of_perp.outweighs_shares(&before, &of(0, 0)));
    assert!(!of_pair.outweighs_shares(&before, &of(0, 1)));
}

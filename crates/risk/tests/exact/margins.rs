//! What the four sums of an account say: ratio, regime boundary, order of ratios.

use plimsoll_model::int;
use plimsoll_risk::margin::{quote_sides, Excess, Margins};
use plimsoll_risk::num::cmp_products;
use plimsoll_risk::params::{pair_rate_ppm, GlobalParams, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::units::{Atoms, Count, Ppm, SignedAtoms, SignedBaseUnits, UsdMicroSum, UsdPico};

fn of(nav: i128, mmr: i128) -> Margins {
    Margins { nav: UsdPico::new(nav), maint_excess: UsdPico::new(nav - mmr), ..Margins::default() }
}

#[test]
fn an_account_at_its_requirement_is_healthy_and_one_below_it_is_not() {
    for (maint, below) in [(-1, true), (0, false), (1, false)] {
        assert_eq!(
            Excess { maint_excess: UsdPico::new(maint), target_excess: UsdPico::new(-5) }.is_under_water(),
            below
        );
        assert_eq!(
            Margins { maint_excess: UsdPico::new(maint), target_excess: UsdPico::new(-5), ..Margins::default() }
                .is_under_water(),
            below
        );
    }
    let margins = Margins {
        nav: UsdPico::new(5),
        maint_excess: UsdPico::new(2),
        target_excess: UsdPico::new(-4),
        ..Margins::default()
    };
    assert_eq!((margins.mmr().get(), margins.tmr().get()), (3, 9));
}

#[test]
fn a_ratio_is_the_quotient_rounded_down_within_zero_and_its_cap() {
    for nav in [-7, -1, 0, 1, 2, 3, 7, 1 << 90] {
        for mmr in [-3, 0, 1, 2, 3, 7, 1_000_001, 1 << 90, (1 << 126) + 1] {
            for cap in [0u32, 1, 333_333, 1_000_000, u32::MAX] {
                let expected = match (mmr, nav) {
                    // Without a requirement nothing is too little.
                    (..=0, _) => cap,
                    (_, ..=0) => 0,
                    _ => (nav * 1_000_000 / mmr).min(cap as i128) as u32,
                };
                assert_eq!(of(nav, mmr).ratio_ppm_down(Ppm::new(cap)), Ppm::new(expected), "{nav} {mmr} {cap}");
            }
            for ratio in [0u32, 1, 333_333, 500_000, 1_000_000, 2_000_000] {
                let below = if mmr <= 0 {
                    nav < 0
                } else {
                    nav < 0 || int(nav) * int(1_000_000) < int(mmr) * int(ratio as i128)
                };
                assert_eq!(of(nav, mmr).is_ratio_below(Ppm::new(ratio)), below, "{nav} {mmr} {ratio}");
            }
        }
    }
}

#[test]
fn an_account_is_wound_down_below_its_boundary_and_not_at_it() {
    for nav in -2..9i128 {
        for gross in 0..4u128 {
            for boundary in 0..4u32 {
                let below = nav < 0 || nav < (gross * boundary as u128) as i128;
                let margins = Margins { nav: UsdPico::new(nav), ..Margins::default() };
                assert_eq!(
                    margins.is_below_boundary(UsdMicroSum::new(gross), Ppm::new(boundary)),
                    below,
                    "{nav} {gross} {boundary}"
                );
            }
        }
    }
}

/// Micro-dollars per atom, halves.
fn halves<Worth: Count, Unit: Count>(count: u64) -> UnitPrice<Worth, Unit> {
    UnitPrice::from_parts(count << 40, 41)
}

#[test]
fn gross_is_assets_and_the_notional_at_the_price_of_quote_up_to_a_bound() {
    let margins = Margins { assets: UsdMicroSum::new(1_000), notional_atoms: 7, ..Margins::default() };
    let mut quote = LegPrices { spot: halves(3), fast: halves(5), edge: 1 << 62, ..LegPrices::default() };
    assert_eq!(margins.gross(&quote, PriceKind::Spot).get(), 1_011);
    assert_eq!(margins.gross(&quote, PriceKind::Fast).get(), 1_018);
    // A stale quote counts at its lower edge: three quarters.
    quote.stale = true;
    assert_eq!(margins.gross(&quote, PriceKind::Spot).get(), 1_008);
    quote.spot = UnitPrice::from_parts(u64::MAX, -1);
    assert_eq!(margins.gross(&quote, PriceKind::Spot).get(), 1_000 + (1 << 90));
}

#[test]
fn products_are_ordered_exactly_over_the_whole_range() {
    let wide = [1, 3, (1 << 64) - 1, 1 << 64, (1 << 64) + 1, (1 << 100) + 12_345, i128::MAX - 1, i128::MAX];
    let numbers: Vec<i128> = wide.iter().flat_map(|n| [*n, -n]).chain([0, i128::MIN]).collect();
    let product = |a: i128, b: i128| int(a) * int(b);
    let all: Vec<_> = numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b))).collect();
    let exact: Vec<_> = all.iter().map(|(a, b)| product(*a, *b)).collect();
    for ((a, b), left) in all.iter().zip(&exact) {
        for ((c, d), right) in all.iter().zip(&exact) {
            assert_eq!(cmp_products(*a, *b, *c, *d), left.cmp(right), "{a} {b} {c} {d}");
        }
    }
}

#[test]
fn a_pair_releases_the_difference_of_its_weights_and_never_less_than_nothing() {
    let weights = |asset_maint_ppm, liability_maint_ppm| TokenWeights {
        asset_maint_ppm,
        liability_maint_ppm,
        ..TokenWeights::default()
    };
    assert_eq!(
        pair_rate_ppm(&weights(Ppm::new(900_000), Ppm::ZERO), &weights(Ppm::ZERO, Ppm::new(1_200_000))),
        Ppm::new(300_000)
    );
    assert_eq!(
        pair_rate_ppm(&weights(Ppm::new(900_000), Ppm::ZERO), &weights(Ppm::ZERO, Ppm::new(800_000))),
        Ppm::ZERO
    );
}

#[test]
fn what_is_taken_of_quote_is_no_more_than_is_there_and_what_is_owed_is_the_net_debt() {
    for amount_atoms in [i64::MIN, -5, 0, 5, i64::MAX] {
        for net in [-(1i128 << 70), -3, 0, 3, 8, 1 << 70] {
            let mut p = Portfolio::empty(GlobalParams::DEFAULT);
            p.quote = TokenLeg { amount_atoms: SignedAtoms::new(amount_atoms), ..TokenLeg::default() };
            let margins = Margins { quote_net_atoms: net, ..Margins::default() };
            let most = i64::MAX as i128;
            let expected = ((amount_atoms as i128).min(net).clamp(0, most), (-net).clamp(0, most));
            let expected = (Atoms::new(expected.0 as u64), Atoms::new(expected.1 as u64));
            assert_eq!(quote_sides(&p, &margins), expected, "{amount_atoms} {net}");
        }
    }
}

#[test]
fn pnl_is_cash_and_worth_and_saturates_at_both_ends() {
    let cash = [0, 1, -1, 1 << 62, (1 << 62) - 1, -(1 << 62), -(1 << 62) - 1, i64::MAX, i64::MIN];
    let worths = [0u64, 1, 5, (1 << 62) - 1, 1 << 62, (1 << 63) - 2, (1 << 63) - 1, 1 << 63, u64::MAX];
    for cash_atoms in cash {
        for worth in worths {
            for units in [-1i64, 0, 1] {
                let leg = PerpLeg {
                    units: SignedBaseUnits::new(units),
                    cash_atoms: SignedAtoms::new(cash_atoms),
                    ..PerpLeg::default()
                };
                let (held, most) = (worth.min(i64::MAX as u64) as i128, i64::MAX as i128);
                let pnl = match (units < 0, held == most) {
                    (false, _) => cash_atoms as i128 + held,
                    // A short whose base is worth more than the numbers hold has lost all that they hold.
                    (true, true) => i64::MIN as i128,
                    (true, false) => cash_atoms as i128 - held,
                };
                let pnl = pnl.clamp(i64::MIN as i128, most) as i64;
                assert_eq!(leg.pnl_of(Atoms::new(worth)), SignedAtoms::new(pnl), "{cash_atoms} {worth} {units}");
                // A unit worth a whole and a half: a long's value is rounded down, a short's up.
                let (lots, half) = (PerpLeg { units: SignedBaseUnits::new(units * 3), ..leg }, halves(3));
                let rounded = [5, 0, 4][(units + 1) as usize];
                assert_eq!(lots.pnl_at(half), lots.pnl_of(Atoms::new(rounded)));
            }
        }
    }
}

#[test]
fn a_gain_counts_what_the_deficit_leaves_of_it_rounded_down_unless_it_saturates() {
    for deficit_share_ppm in [0u32, 1, 333_333, 999_999, 1_000_000, 2_000_000] {
        let leg = PerpLeg { deficit_share_ppm: Ppm::new(deficit_share_ppm), ..PerpLeg::default() };
        for atoms in [0u64, 1, 2, 999_999, 1_000_001, i64::MAX as u64 - 1] {
            let kept = 1_000_000u128.saturating_sub(deficit_share_ppm as u128);
            assert_eq!(leg.gain_down(Atoms::new(atoms)).get() as u128, atoms as u128 * kept / 1_000_000);
        }
        assert_eq!(leg.gain_down(Atoms::new(i64::MAX as u64)), Atoms::new(i64::MAX as u64));
    }
}

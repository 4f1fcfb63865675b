//! Reservation, payment and the test of bankruptcy against the exact model.

mod convert;
mod support;

use convert::{bounds, coarse, unit, For};
use plimsoll_model::bankruptcy::{is_bankrupt, left_open, pay_other_mint, pro_rata, Assets, Estate, Unit};
use plimsoll_model::legs::{owed_value, seizable_value, Debt};
use plimsoll_model::margin::{balance_value, nav, View};
use plimsoll_model::rational::{max, positive, sum};
use plimsoll_model::{int, At as ModelAt, Q};
use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::liquidate::assess;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::{Atoms, Secs, SignedAtoms, UnixSecs};
use plimsoll_risk::waterfall::{check_bankrupt, divide_down, pay_leg};
use proptest::prelude::*;
use support::NOW;

const CASES: u32 = 10_000;

/// [`divide_down`] of plain numbers.
fn divide(fund: u64, claims: &[u64], shares: &mut [u64]) -> plimsoll_risk::RiskResult<u64> {
    let claims: Vec<Atoms> = claims.iter().copied().map(Atoms::new).collect();
    let mut divided: Vec<Atoms> = shares.iter().copied().map(Atoms::new).collect();
    let paid = divide_down(Atoms::new(fund), &claims, &mut divided)?;
    shares.iter_mut().zip(divided).for_each(|(share, divided)| *share = divided.get());
    Ok(paid.get())
}

fn whole(values: &[u64]) -> Vec<Q> {
    values.iter().map(|v| int(*v as i128)).collect()
}

fn claims() -> impl Strategy<Value = Vec<u64>> {
    let claim = prop_oneof![1 => Just(0u64), 2 => 1u64..20, 4 => 1u64..1 << 50];
    prop::collection::vec(claim, 1..17)
}

fn clocks() -> Clocks {
    Clocks {
        health_state: HealthState::WindDown,
        observed_at: UnixSecs::new(NOW),
        wind_down_secs: Secs::new(1_000),
        ..Clocks::default()
    }
}

fn check_bankruptcy(p: &Portfolio, bypass: bool) -> Result<(), TestCaseError> {
    let exact = convert::portfolio(p, For::Maintenance(PriceKind::Spot));
    let assessment = assess(p, &Clocks { bypass, ..clocks() }, UnixSecs::new(NOW));
    let found = check_bankrupt(p, &assessment);
    let (bound, excess) = bounds(p, &unit(p.quote.prices.spot));
    let at: &[ModelAt] = if bypass { &[ModelAt::Spot] } else { &[ModelAt::Spot, ModelAt::Fast] };
    let navs: Vec<Q> = at.iter().map(|at| nav(&exact, View::Eligible(*at))).collect();
    let worst = navs.iter().max().unwrap();
    if *worst >= int(0) && *worst < bound {
        return Ok(());
    }
    if *worst >= int(0) {
        prop_assert_eq!(found, Err(RiskError::NotBankrupt));
        return Ok(());
    }
    // What is stale of quote nets with PnL at two prices; the model leaves that to its caller.
    if p.quote.prices.stale {
        return Ok(());
    }
    let spot = View::Eligible(ModelAt::Spot);
    let (mut assets, mut debts) = (Assets::default(), Vec::new());
    for (place, balance) in exact.balances.iter().enumerate() {
        if balance.price.stale {
            assets.stale.push(positive(&balance_value(&exact, balance, spot)));
        } else {
            assets.fresh.push(seizable_value(&exact, place));
            debts.push(owed_value(&exact, Debt::Balance(place)));
        }
    }
    debts.extend((0..exact.perps.len()).map(|market| owed_value(&exact, Debt::NegativePnl(market))));
    let (dust, open) = (&exact.params.dust, left_open(&exact));
    let near = |a: &Q, b: &Q| a - b < excess && b - a < excess;
    let values = assets.fresh.iter().chain(&assets.stale).chain(&debts);
    if values.clone().any(|value| near(value, dust)) || near(&open, &-worst.clone()) {
        return Ok(());
    }
    let expected = if is_bankrupt(worst, &assets, &debts, &open, dust) { Ok(()) } else { Err(RiskError::AssetsRemain) };
    prop_assert_eq!(found, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// BANKRUPT-8
    #[test]
    fn a_fund_is_divided_as_the_model_does_to_the_atom(fund in prop_oneof![0u64..100, 0u64..1 << 54], claims in claims()) {
        let mut shares = vec![0; claims.len()];
        let given = divide(fund, &claims, &mut shares).unwrap();
        let exact = pro_rata(&int(fund as i128), &whole(&claims));
        prop_assert_eq!(int(given as i128), sum(&exact));
        prop_assert_eq!(given, shares.iter().sum::<u64>());
        for ((found, claim), exact) in shares.iter().zip(&claims).zip(&exact) {
            let off = int(*found as i128) - exact;
            prop_assert!(max(&off, &-off.clone()) < int(1) && found <= claim, "share off by {off}");
        }
    }

    /// BANKRUPT-6, BANKRUPT-7
    #[test]
    fn reserving_and_paying_legs_in_any_order_is_the_models_to_the_atom(
        fund in prop_oneof![0u64..100, 0u64..1 << 54], owed in claims(), moved in prop::collection::vec(0u32..3, 17),
        seed: u64,
    ) {
        let mut reserved = vec![0; owed.len()];
        let given = divide(fund, &owed, &mut reserved).unwrap();
        let mut unreserved = fund - given;
        let exact = whole(&owed);
        let mut estate = Estate::mark(&int(fund as i128), &exact[0], &exact[1..], Unit::Exact);
        // The borrow first, then the markets in any order; some debts move between the mark and their call.
        let mut order: Vec<usize> = (1..owed.len()).collect();
        order.sort_by_key(|i| (*i as u64).wrapping_mul(seed | 1).rotate_left(17));
        for (count, i) in core::iter::once(0).chain(order).enumerate() {
            let now = match moved[i] { 0 => owed[i], 1 => owed[i] / 2, _ => owed[i] + owed[i] / 3 };
            if owed[i] == 0 { continue; }
            estate.move_leg(i, int(now as i128));
            let expected = estate.pay(i).unwrap();
            let paid = pay_leg(Atoms::new(now), Atoms::new(reserved[i]), Atoms::new(unreserved), Atoms::MAX);
            unreserved = unreserved - paid.from_unreserved_atoms.get() + reserved[i] - paid.from_reserved_atoms.get();
            prop_assert_eq!(paid.covered_atoms().get() + paid.remainder_atoms.get(), now);
            // Every share was an atom off at most; what is returned and paid from the rest adds up over the legs.
            let off = int(paid.remainder_atoms.get() as i128) - &expected.socialized;
            prop_assert!(max(&off, &-off.clone()) <= int(count as i128 + 2), "off by {off}");
        }
        let off = int(unreserved as i128) - &estate.unreserved;
        prop_assert!(max(&off, &-off.clone()) <= int(owed.len() as i128 + 1), "left {off}");
    }

    /// BANKRUPT-7
    #[test]
    fn another_mints_debt_has_its_insurance_to_itself(insurance in 0u64..1 << 50, owed in 0u64..1 << 50) {
        let paid = pay_leg(Atoms::new(owed), Atoms::ZERO, Atoms::new(insurance), Atoms::MAX);
        let (covered, rest) = pay_other_mint(&int(insurance as i128), &int(owed as i128));
        prop_assert_eq!(int(paid.covered_atoms().get() as i128), covered);
        prop_assert_eq!(int(paid.remainder_atoms.get() as i128), rest);
    }

    /// BANKRUPT-1
    #[test]
    fn who_is_bankrupt_is_the_models_up_to_rounding(mut p in support::portfolio(5).prop_map(coarse), bypass: bool, spend in 0u32..4) {
        // Without assets an account below zero is bankrupt; with them it is wound down first.
        let count = p.token_count;
        for leg in p.tokens[..count].iter_mut().filter(|leg| leg.amount_atoms > SignedAtoms::ZERO) {
            leg.amount_atoms = SignedAtoms::new(leg.amount_atoms.get() / [1, 1_000, 1_000_000, i64::MAX][spend as usize]);
        }
        check_bankruptcy(&p, bypass)?;
    }
}

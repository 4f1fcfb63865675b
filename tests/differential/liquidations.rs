//! INV-65: whatever the account, the leg and the bounds, a liquidation does what `plan` says on the bytes before it,
//! or refuses for the plan's reason.

use plimsoll::event::{CollateralLiquidated, PositionLiquidated};
use plimsoll::liquidation::{Bounds, LiquidationBounds};
use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_state::MarginAccount;
use plimsoll_tests::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::random::{self, leg};

const CASES: u32 = 400;

fn legs() -> Vec<Leg> {
    let mut legs = vec![perp(0), perp(1)];
    for asset in 0..3 {
        legs.extend((0..3).filter(|debt| *debt != asset).map(|debt| pair(asset, debt)));
        legs.extend((0..2).filter(|_| asset != 0).map(|market| pnl_pair(asset, market)));
    }
    legs
}

/// Clocks, and what a liquidator asks for.
#[derive(Clone, Debug)]
struct Ask {
    under_water_secs: u32,
    wind_down_secs: u32,
    observed_ago: i64,
    passed_ago: i64,
    bypass: bool,
    size: Option<u64>,
    min_size: u64,
    limit: (u64, u64),
}

fn ask() -> impl Strategy<Value = Ask> {
    (
        (0u32..120, 0u32..300, 0i64..40, prop_oneof![1 => 0i64..4, 4 => 4i64..100], any::<bool>()),
        proptest::option::of(1u64..10_000_000_000),
        prop_oneof![4 => Just(0u64), 1 => 1u64..10_000_000],
        prop_oneof![4 => Just((0, 0)), 1 => (1u64..1_000_000, 1u64..1_000_000)],
    )
        .prop_map(|((under, wind, observed, passed, bypass), size, min_size, limit)| Ask {
            under_water_secs: under,
            wind_down_secs: wind.min(under),
            observed_ago: observed,
            passed_ago: passed,
            bypass,
            size,
            min_size,
            limit,
        })
}

impl Ask {
    fn write(&self, account: &mut MarginAccount, now: i64) {
        (account.under_water_secs, account.wind_down_secs) = (self.under_water_secs, self.wind_down_secs);
        (account.observed, account.observed_at) = ((self.under_water_secs > 0) as u8, now - self.observed_ago);
        (account.passed_at, account.bypass) = (now - self.passed_ago, self.bypass as u8);
    }

    fn bounds(&self) -> LiquidationBounds {
        LiquidationBounds {
            max_size: self.size.unwrap_or_default(),
            as_much_as_allowed: self.size.is_none(),
            min_size: self.min_size,
            limit_numerator: self.limit.0,
            limit_denominator: self.limit.1,
            no_op_if_refused: false,
        }
    }
}

/// The fields of the one event of a liquidation, in the order of the plan's.
fn event_fields(meta: &litesvm::types::TransactionMetadata) -> [i128; 9] {
    macro_rules! fields {
        ($event:expr, $amounts:expr) => {{
            let e = $event;
            let margins = [e.nav_before_usd_pico, e.nav_after_usd_pico, e.mmr_before_usd_pico, e.mmr_after_usd_pico];
            [&$amounts.map(i128::from)[..], &[e.penalty_ppm as i128], &margins]
                .concat()
                .try_into()
                .expect("nine fields")
        }};
    }
    let of_collateral = |e: CollateralLiquidated| {
        let paid = e.repaid_atoms + e.insurance_fee_atoms;
        fields!(e, [e.repaid_atoms, paid, e.seized_atoms, e.insurance_fee_atoms])
    };
    let of_position = |e: PositionLiquidated| {
        fields!(e, [e.units, e.notional_atoms, e.liquidator_penalty_atoms, e.insurance_fee_atoms])
    };
    let data = event_data(meta);
    let fields = |data: &Vec<u8>| decode_event(data).map(of_collateral).or_else(|| decode_event(data).map(of_position));
    let found: Vec<[i128; 9]> = data.iter().filter_map(fields).collect();
    assert_eq!(found.len(), 1, "events of a liquidation");
    found[0]
}

fn plan_fields(plan: &Plan) -> [i128; 9] {
    let amounts =
        [plan.size.get(), plan.paid_atoms.get(), plan.received_atoms.get(), plan.fee_atoms.get()].map(i128::from);
    let margins = [plan.before.nav.get(), plan.after.nav.get(), plan.before.mmr().get(), plan.after.mmr().get()];
    [&amounts[..], &[plan.penalty_ppm.get() as i128], &margins].concat().try_into().expect("nine fields")
}

/// Compares one leg; true where it was filled.
fn compare(stage: &Stage, of: &Trader, leg: Leg, bounds: LiquidationBounds) -> Result<bool, TestCaseError> {
    let planned = stage.plan(of, &bounds.request(leg).expect("a size"));
    let liquidate = |bounds| liquidate_ix(stage, &stage.liquidator, of, leg, bounds, true);
    let sent = stage.simulate(&stage.liquidator.owner, &[liquidate(bounds)]);
    match (planned, sent) {
        (Ok(plan), Ok(meta)) => {
            prop_assert_eq!(event_fields(&meta), plan_fields(&plan));
            let done = outcome(&meta);
            prop_assert_eq!(
                (done.size, done.paid_atoms, done.received_atoms),
                (plan.size.get(), plan.paid_atoms.get(), plan.received_atoms.get())
            );
            Ok(true)
        }
        (Err(refusal), Err(failure)) => {
            let expected: u32 = EngineError::from(refusal.reason).into();
            prop_assert_eq!(failure.code, Some(expected), "{:?} {:?}", leg, refusal);
            Ok(false)
        }
        (Ok(plan), Err(failure)) => {
            // Only the liquidator's own margin, or a stale price or table of his, may stop what the plan allows.
            let own =
                [EngineError::LiquidatorMarginInsufficient, EngineError::PriceStale, EngineError::NumberOutOfRange];
            let named = own.map(u32::from).contains(&failure.code.unwrap_or_default());
            prop_assert!(named, "{:?}: planned {:?}, failed with {}", leg, plan, failure);
            Ok(false)
        }
        (Err(refusal), Ok(_)) => Err(TestCaseError::fail(format!("{leg:?} went through, planned {refusal:?}"))),
    }
}

/// LIQ-7
#[test]
fn a_liquidation_does_what_the_plan_says_or_refuses_for_its_reason() {
    let mut stage = Stage::new();
    let of = stage.trader("random");
    let strategy =
        (proptest::collection::vec(leg(50_000), 3..=3), proptest::collection::vec(leg(100_000), 2..=2), ask());
    let filled = std::cell::Cell::new(0u32);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&strategy, |(banks, perps, ask)| {
            let mut stage = stage.clone();
            random::write(&mut stage, &of, &banks, &perps);
            random::write_totals(&mut stage);
            let (mut account, now) = (stage.margin_account(&of), stage.now());
            ask.write(&mut account, now);
            stage.write(&of.account, &account);
            for leg in legs() {
                filled.set(filled.get() + compare(&stage, &of, leg, ask.bounds())? as u32);
            }
            Ok(())
        })
        .unwrap();
    assert!(filled.get() > CASES / 4, "only {} fills", filled.get());
}

//! `check_margin` is what the SDK sees, to the byte, and what the exact model says, within its rounding.

use plimsoll_model::margin::margin;
use plimsoll_model::{At as ModelAt, Level, View};
use plimsoll_risk::portfolio::{At, Portfolio};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{MaintenanceView, MarginView};
use plimsoll_tests::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::convert::{self, bounds, pico, unit, For};
use super::random::{leg, write};

const CASES: u32 = 400;

/// What the program returns.
fn returned(stage: &Stage, of: &Trader, views: u8) -> Result<MarginView, TestCaseError> {
    let check = ix::check_margin(&stage.keys, of.account, views);
    let meta = stage.simulate(&of.owner, &[check]).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    let mut view = MarginView::default();
    bytemuck::bytes_of_mut(&mut view)[..meta.return_data.data.len()].copy_from_slice(&meta.return_data.data);
    Ok(view)
}

fn below(exact: &plimsoll_model::Q, rounded: i128, bound: &plimsoll_model::Q, what: &str) -> Result<(), TestCaseError> {
    let lost = exact - pico(rounded);
    let none = plimsoll_model::int(0);
    prop_assert!(lost >= none && lost <= *bound, "{what}: lost {lost} of {exact}, at most {bound}");
    Ok(())
}

fn compare(p: &Portfolio, at: At, view: &MaintenanceView) -> Result<(), TestCaseError> {
    let exact = convert::portfolio(p, For::Maintenance(at));
    let (nav, excess) = bounds(p, &unit(p.quote.prices.plain(at)));
    let plain = View::Plain(if at == At::Spot { ModelAt::Spot } else { ModelAt::Fast });
    let maint = margin(&exact, Level::Maintenance, plain);
    let rounded = view.nav_usd_pico.get();
    below(&maint.nav, rounded, &nav, "NAV")?;
    below(&maint.excess(), rounded - view.mmr_usd_pico.get(), &excess, "NAV - MMR")?;
    let target = margin(&exact, Level::Target, plain).excess();
    below(&target, rounded - view.tmr_usd_pico.get(), &excess, "NAV - TMR")
}

#[test]
fn check_margin_returns_what_the_sdk_sees_and_what_the_model_says() {
    let legs =
        |most| (proptest::collection::vec(leg(50_000), 1..=most), proptest::collection::vec(leg(50_000), 0..=most));
    let mut stage = Stage::new();
    let of = stage.trader("random");
    let fresh = std::cell::RefCell::new(stage);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&legs(16), |(banks, perps)| {
            let mut stage = fresh.borrow().clone();
            write(&mut stage, &of, &banks, &perps);
            let (account, registry, board) = (stage.margin_account(&of), stage.registry(), stage.board());
            let accounts = Accounts { account: &account, registry: &registry, board: &board, now: stage.now() };
            for views in [1, 3] {
                let seen =
                    accounts.margin_view(&of.account, views == 3).map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
                prop_assert_eq!(returned(&stage, &of, views)?, seen);
                let p = accounts.portfolio(Views::ALL).expect("loaded before");
                compare(&p, At::Spot, &seen.spot)?;
                if views == 3 {
                    compare(&p, At::Fast, &seen.fast)?;
                    prop_assert!(
                        seen.init_nav_usd_pico.get() - seen.imr_usd_pico.get()
                            <= seen.spot.nav_usd_pico.get() - seen.spot.tmr_usd_pico.get()
                    );
                }
            }
            Ok(())
        })
        .unwrap();
}

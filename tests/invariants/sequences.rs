//! Random sequences of every instruction, shrunk by proptest where one breaks a rule.

use std::cell::RefCell;

use plimsoll_tests::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::action::{Action, TRADERS};
use super::coverage::{Coverage, State, ALL};
use super::draw::{actions, any_action, any_quote, at_rest, unattended};
use super::preset::{any_preset, deleveraged_or_not, Preset};
use super::run::Run;

/// Sequences of a test: some in CI, many with `PLIMSOLL_NIGHTLY=1`.
fn cases(in_ci: u32) -> Config {
    let cases = if std::env::var_os("PLIMSOLL_NIGHTLY").is_some() { in_ci * 30 } else { in_ci };
    Config { cases, max_shrink_iters: 150, failure_persistence: None, ..Config::default() }
}

/// Everybody starts with something of everything.
fn start(run: &mut Run) -> Result<(), String> {
    for who in 0..TRADERS {
        for (bank, part) in [(USDC, 30_000 * (who as u32 + 1)), (SOL, 40_000 * (TRADERS - who) as u32)] {
            run.perform(&Action::Deposit { who, bank, part })?;
        }
    }
    Ok(())
}

fn play(quote_decimals: u8, preset: &Preset, actions: &[Action]) -> Result<Run, TestCaseError> {
    let mut run = Run::new(quote_decimals);
    preset.build(&mut run).map_err(|fact| TestCaseError::fail(format!("{preset:?}: {fact}")))?;
    start(&mut run).map_err(TestCaseError::fail)?;
    for (number, action) in actions.iter().enumerate() {
        run.perform(action).map_err(|fact| TestCaseError::fail(format!("action {number}, {action:?}: {fact}")))?;
    }
    if std::env::var_os("PLIMSOLL_COUNTS").is_some() {
        eprintln!("{:?}", run.done);
    }
    Ok(run)
}

/// All sequences together are in every state after at least this many instructions.
const FLOOR: u32 = 3;

#[test]
fn every_sequence_keeps_the_books_and_does_what_was_planned() {
    let seen = RefCell::new(Coverage::default());
    TestRunner::new(cases(80))
        .run(&(any_quote(), any_preset(), actions(any_action(), 60..240)), |(decimals, preset, actions)| {
            let run = play(decimals, &preset, &actions)?;
            seen.borrow_mut().add(&run.seen);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    seen.borrow().require(ALL, FLOOR);
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn at_rest_nobody_becomes_liquidatable_and_no_coalition_profits(
        decimals in any_quote(),
        actions in actions(at_rest(), 30..120),
    ) {
        let before = Run::new(decimals).unbacked_usd_micro();
        let gained = play(decimals, &Preset::Plain, &actions)?.unbacked_usd_micro() - before;
        // Each value is rounded down by up to a micro-dollar, 7 accounts hold up to 5 legs, 3 vaults are rounded up.
        prop_assert!(gained <= 38, "all accounts together gained {} micro-dollars", gained);
    }
}

fn unwound(quote_decimals: u8, preset: &Preset, actions: &[Action], attended: bool) -> Result<Run, TestCaseError> {
    let mut run = play(quote_decimals, preset, actions)?;
    run.unwind(attended).map_err(TestCaseError::fail)?;
    if std::env::var_os("PLIMSOLL_COUNTS").is_some() {
        eprintln!("unwound: {:?}", run.done);
    }
    Ok(run)
}

proptest! {
    #![proptest_config(cases(30))]

    /// 48 of 150 random sessions did not end so.
    #[test]
    fn every_session_can_be_unwound_to_nothing(
        decimals in any_quote(),
        actions in actions(any_action(), 40..160),
    ) {
        unwound(decimals, &Preset::Plain, &actions, true)?;
    }
}

/// Nobody takes over what is bankrupt, so that bases are closed against the other side.
#[test]
fn every_session_without_liquidators_can_be_unwound_to_nothing() {
    let seen = RefCell::new(Coverage::default());
    TestRunner::new(cases(30))
        .run(&(any_quote(), deleveraged_or_not(), actions(unattended(), 40..120)), |(decimals, preset, actions)| {
            seen.borrow_mut().add(&unwound(decimals, &preset, &actions, false)?.seen);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    seen.borrow().require(&[State::Deleveraged, State::EpochEnded], FLOOR);
}

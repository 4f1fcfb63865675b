//! What may leave a bank within an hour and a day (LIMIT-1).

use plimsoll_sim::listing::BANKS;
use plimsoll_state::Bank;
use plimsoll_tests::*;

/// A bank of 10,000 SOL that lets out a quarter an hour and half a day, all of it deposited days ago.
fn limited() -> Stage {
    let mut stage = Stage::new();
    let (keys, authority) = (stage.keys, stage.authority);
    let config = BankConfig { outflow_ppm: [250_000, 500_000], ..BankConfig::of(&BANKS[SOL as usize], SOL) }.args();
    let update = ix::update_bank(&keys, authority, SOL, args::UpdateBankArgs { reduce_only: false, config });
    assert_sent(stage.send_as_authority(update));
    stage.advance(3 * 86_400);
    stage.repeat_prices();
    stage
}

fn later(stage: &mut Stage, secs: i64) {
    stage.advance(secs);
    stage.repeat_prices();
}

fn log_of(refused: Sent) -> String {
    let failure = refused.expect_err("more than may leave");
    assert_eq!(failure.code, Some(EngineError::OutflowLimited as u32), "{failure}");
    let line = failure.logs.iter().find(|line| line.contains("leaves bank")).expect("it says what fits");
    line.split_once("leaves bank ").expect("found above").1.to_owned()
}

#[test]
fn a_quarter_of_a_bank_leaves_within_an_hour_whoever_takes_it_and_how() {
    let mut stage = limited();
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", USDC, 4_000_000 * USD);
    assert_sent(stage.withdraw(&maker, SOL, Some(1_500 * ONE_SOL)));
    assert_sent(stage.borrow(&alice, SOL, 1_000 * ONE_SOL));
    assert_code(stage.withdraw(&maker, SOL, Some(1)), EngineError::OutflowLimited);
    assert_code(stage.borrow(&alice, SOL, 1), EngineError::OutflowLimited);
    // Other banks let out what theirs allows.
    assert_sent(stage.withdraw(&maker, USDC, Some(USD)));
    // What comes in lets as much out again.
    assert_sent(stage.repay(&alice, SOL, Some(400 * ONE_SOL)));
    assert_sent(stage.withdraw(&maker, SOL, Some(400 * ONE_SOL)));
    assert_code(stage.withdraw(&maker, SOL, Some(ONE_SOL)), EngineError::OutflowLimited);
    // An hour and a fifth later a quarter of what is left may go; the day lets out half of what it began with.
    later(&mut stage, 4_320);
    assert_sent(stage.withdraw(&maker, SOL, Some(2_000 * ONE_SOL)));
    later(&mut stage, 4_320);
    assert_sent(stage.withdraw(&maker, SOL, Some(499 * ONE_SOL)));
    assert_code(stage.withdraw(&maker, SOL, Some(2 * ONE_SOL)), EngineError::OutflowLimited);
}

/// With 50,000 SOL of his own for the moment of it, a thief let no more out of 10,000 than without.
#[test]
fn who_deposits_in_order_to_let_more_out_raises_nothing() {
    let mut stage = limited();
    let thief = stage.funded_trader("thief", BTC, 1_000 * ONE_BTC);
    let alice = stage.funded_trader("alice", USDC, 4_000_000 * USD);
    assert_sent(stage.deposit(&alice, SOL, 50_000 * ONE_SOL));
    assert_sent(stage.borrow(&thief, SOL, 52_500 * ONE_SOL));
    assert_code(stage.borrow(&thief, SOL, ONE_SOL), EngineError::OutflowLimited);
    assert_code(stage.withdraw(&alice, SOL, Some(ONE_SOL)), EngineError::OutflowLimited);
    let bank: Bank = stage.read(&stage.keys.bank(SOL).bank);
    // What is left in the vault is what was there less a quarter of it.
    let vault = stage.token_balance(&stage.keys.bank(SOL).vault);
    assert!(vault >= 7_500 * ONE_SOL && vault <= 7_501 * ONE_SOL, "{vault} {bank:?}");
}

#[test]
fn a_refusal_names_what_fits_now_and_from_when_on_the_rest_does_and_both_come_true() {
    let mut stage = limited();
    let maker = stage.maker;
    assert_sent(stage.withdraw(&maker, SOL, Some(2_000 * ONE_SOL)));
    let line = log_of(stage.withdraw(&maker, SOL, Some(1_500 * ONE_SOL)));
    let (fits, when) =
        line.split_once(" now: ").expect("what fits").1.split_once(" atoms; all of it from ").expect("when");
    let (fits, when): (u64, i64) = (fits.parse().expect("a number"), when.parse().expect("a time"));
    assert_eq!(fits, 500 * ONE_SOL);
    let mut waited = stage.clone();
    let now = waited.now();
    later(&mut waited, when - 1 - now);
    assert_code(waited.withdraw(&maker, SOL, Some(1_500 * ONE_SOL)), EngineError::OutflowLimited);
    later(&mut waited, 1);
    assert_sent(waited.withdraw(&maker, SOL, Some(1_500 * ONE_SOL)));
    assert_code(stage.withdraw(&maker, SOL, Some(fits + 1)), EngineError::OutflowLimited);
    assert_sent(stage.withdraw(&maker, SOL, Some(fits)));
    // Six thousand are more than any day lets out.
    assert!(
        log_of(stage.withdraw(&maker, SOL, Some(6_000 * ONE_SOL))).ends_with("now: 0 atoms; never all of it at once")
    );
}

#[test]
fn deposits_repayments_and_liquidations_work_while_nothing_may_leave() {
    let mut stage = limited();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&alice, USDC, 13_900 * USD));
    let bob = stage.funded_trader("bob", USDC, 1_000_000 * USD);
    assert_sent(stage.borrow(&bob, SOL, 100 * ONE_SOL));
    assert_sent(stage.withdraw(&maker, SOL, Some(2_500 * ONE_SOL)));
    assert_code(stage.withdraw(&maker, SOL, Some(ONE_SOL)), EngineError::OutflowLimited);
    stage.falls_to(SOL, 150, &alice, 60);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    assert!(outcome(&stage.done(sent)).size > 0);
    assert_sent(stage.repay(&bob, SOL, None));
    assert_sent(stage.deposit(&maker, SOL, ONE_SOL));
}

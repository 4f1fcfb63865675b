//! Bankruptcy: freezing, seizing, insurance first, the rest socialized, and nobody who can stand in the way.

use plimsoll::event::{BankruptcyResolved, BorrowResolved, InsuranceReserved, PnlResolved, PnlSeized};
use plimsoll::instructions::ResolveStep::{Finish, Freeze, PayBorrow, PayPnl, SeizePnl, SeizeToken};
use plimsoll_state::{AccountStatus, Bank, Market};
use plimsoll_tests::*;

fn bank(stage: &Stage, index: u8) -> Bank {
    stage.read(&stage.keys.bank(index).bank)
}

fn market(stage: &Stage, index: u8) -> Market {
    stage.read(&stage.keys.market(index))
}

/// 100 SOL against 13,900 dollars; at 120 dollars 1,900 are missing, and a liquidator has taken all of the collateral.
fn insolvent_borrower(stage: &mut Stage) -> Trader {
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 120, &alice, 60);
    assert_code(stage.resolve(&alice, Freeze), EngineError::AssetsRemain);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    assert_eq!(outcome(&stage.done(sent)).regime, 1);
    assert!(stage.margin_account(&alice).token_index(SOL).is_none());
    alice
}

/// Long 100 SOL with 1,300 dollars: at 180 dollars a loss of 2,000 and a fee, 700 and more of it uncovered.
fn insolvent_long(stage: &mut Stage) -> Trader {
    let maker = stage.maker;
    let dave = stage.funded_trader("dave", USDC, 1_300 * USD);
    let sent = stage.fill(SOL_PERP, &dave, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 180, &dave, 60);
    dave
}

/// INSURE-1, LOSS-1
#[test]
fn a_bad_debt_takes_insurance_first_and_depositors_share_only_the_rest() {
    let mut stage = Stage::new();
    stage.lift_draw_caps();
    let sent = stage.fund_insurance(USDC, 1_000 * USD);
    stage.done(sent);
    let alice = insolvent_borrower(&mut stage);
    let before = bank(&stage, USDC);
    let sent = stage.resolve(&alice, Freeze);
    stage.done(sent);
    let sent = stage.resolve(&alice, PayBorrow { bank: USDC });
    let meta = stage.done(sent);
    let reserved: InsuranceReserved = event(&meta);
    let paid: BorrowResolved = event(&meta);
    let end: BankruptcyResolved = event(&meta);
    assert_eq!(reserved.reserved_atoms, 1_000 * USD);
    assert_eq!((paid.from_reserved_atoms, paid.from_unreserved_atoms), (1_000 * USD, 0));
    assert_eq!(paid.owed_atoms, 1_000 * USD + paid.socialized_atoms);
    assert!(end.thawed && stage.margin_account(&alice).is_empty());
    let after = bank(&stage, USDC);
    assert_eq!((after.insurance_atoms, after.reserved_atoms, after.uncovered_atoms), (0, 0, 0));
    // The index falls by the loss over all deposits, rounded against depositors by less than one unit of it.
    let lost = (before.deposit_index - after.deposit_index) as u128 * after.deposit_shares as u128;
    let loss = (paid.socialized_atoms as u128) << 48;
    assert!(lost >= loss && lost - loss < after.deposit_shares as u128);
    assert_eq!(stage.registry().banks[0].deposit_index, after.deposit_index);
    let sent = stage.withdraw(&alice, USDC, Some(1));
    assert_code(sent, EngineError::BalanceInsufficient);
}

#[test]
fn insurance_that_covers_the_whole_debt_socializes_nothing() {
    let mut stage = Stage::new();
    let sent = stage.fund_insurance(USDC, 10_000 * USD);
    stage.done(sent);
    let alice = insolvent_borrower(&mut stage);
    let index = bank(&stage, USDC).deposit_index;
    for step in [Freeze, PayBorrow { bank: USDC }] {
        let sent = stage.resolve(&alice, step);
        stage.done(sent);
    }
    let after = bank(&stage, USDC);
    assert_eq!((after.deposit_index, after.socialized_atoms, after.reserved_atoms), (index, 0, 0));
    assert!(stage.margin_account(&alice).is_empty());
}

/// BANKRUPT-4
#[test]
fn while_an_account_is_resolved_only_resolving_and_repaying_work() {
    let mut stage = Stage::new();
    let alice = insolvent_borrower(&mut stage);
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let sent = stage.resolve(&alice, Freeze);
    stage.done(sent);
    assert_eq!(stage.margin_account(&alice).status, AccountStatus::Seizing as u8);
    assert_code(stage.deposit(&alice, USDC, 1), EngineError::AccountBankrupt);
    assert_code(stage.withdraw(&alice, USDC, None), EngineError::AccountBankrupt);
    assert_code(stage.borrow(&alice, USDC, 1), EngineError::AccountBankrupt);
    assert_code(stage.fill(SOL_PERP, &alice, &maker, SOL_UNITS, None), EngineError::AccountBankrupt);
    assert_code(stage.observe(&alice), EngineError::AccountBankrupt);
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY), EngineError::AccountBankrupt);
    assert_code(stage.resolve(&alice, Freeze), EngineError::WrongStage);
    assert_code(stage.resolve(&alice, SeizeToken { bank: SOL }), EngineError::LegEmpty);
    assert_code(stage.resolve(&alice, SeizePnl { market: SOL_PERP }), EngineError::LegEmpty);
    let sent = stage.repay(&alice, USDC, None);
    stage.done(sent);
    // Somebody repaid the last leg: the account thaws by a call of its own.
    let sent = stage.resolve(&alice, Finish);
    stage.done(sent);
    assert_eq!(stage.margin_account(&alice).status, AccountStatus::Active as u8);
    let sent = stage.deposit(&alice, USDC, USD);
    stage.done(sent);
}

#[test]
fn a_repayment_in_the_paying_stage_gives_insurance_back() {
    let mut stage = Stage::new();
    let sent = stage.fund_insurance(USDC, 1_000 * USD);
    stage.done(sent);
    // Quote and SOL owed: the SOL leg is paid first, so that quote waits with its reserve.
    let alice = stage.funded_trader("alice", BTC, ONE_BTC / 5);
    for (bank, atoms) in [(USDC, 10_000 * USD), (SOL, 15 * ONE_SOL)] {
        let sent = stage.borrow(&alice, bank, atoms);
        stage.done(sent);
    }
    stage.falls_to(BTC, 50_000, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(BTC, USDC), ANY);
    stage.done(sent);
    for step in [Freeze, PayBorrow { bank: SOL }] {
        let sent = stage.resolve(&alice, step);
        stage.done(sent);
    }
    let reserved = bank(&stage, USDC).reserved_atoms;
    assert!(reserved > 0);
    let owed =
        stage.margin_account(&alice).tokens[stage.margin_account(&alice).token_index(USDC).unwrap()].fixed_debt_atoms;
    let sent = stage.repay(&alice, USDC, Some(owed - 10));
    stage.done(sent);
    assert!(bank(&stage, USDC).reserved_atoms <= 10);
    let sent = stage.resolve(&alice, PayBorrow { bank: USDC });
    stage.done(sent);
    assert!(stage.margin_account(&alice).is_empty());
    assert_eq!(bank(&stage, USDC).reserved_atoms, 0);
}

/// BANKRUPT-7
#[test]
fn a_debt_in_another_mint_has_that_mints_insurance_to_itself() {
    let mut stage = Stage::new();
    stage.lift_draw_caps();
    for (bank, atoms) in [(USDC, 100 * USD), (SOL, ONE_SOL)] {
        let sent = stage.fund_insurance(bank, atoms);
        stage.done(sent);
    }
    let alice = stage.funded_trader("alice", USDC, 13_000 * USD);
    let sent = stage.borrow(&alice, SOL, 52 * ONE_SOL);
    stage.done(sent);
    stage.falls_to(SOL, 300, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(USDC, SOL), ANY);
    stage.done(sent);
    let sent = stage.resolve(&alice, Freeze);
    stage.done(sent);
    let sent = stage.resolve(&alice, PayBorrow { bank: SOL });
    let paid: BorrowResolved = event(&stage.done(sent));
    assert_eq!((paid.from_unreserved_atoms, paid.from_reserved_atoms), (ONE_SOL, 0));
    assert!(paid.socialized_atoms > 7 * ONE_SOL);
    assert_eq!(bank(&stage, USDC).insurance_atoms, 100 * USD);
    assert!(stage.margin_account(&alice).is_empty());
}

/// LOSS-2
#[test]
fn a_perp_loss_takes_what_is_left_then_insurance_then_the_opposite_side_and_the_rest_is_the_deficit() {
    let mut stage = Stage::new();
    stage.lift_draw_caps();
    let sent = stage.fund_insurance(USDC, 50 * USD);
    stage.done(sent);
    let dave = insolvent_long(&mut stage);
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let sent = stage.liquidate(&liquidator, &dave, perp(SOL_PERP), ANY);
    let done = outcome(&stage.done(sent));
    assert_eq!((done.regime, done.size, done.fee_atoms), (1, 100 * SOL_UNITS, 0));
    let sent = stage.resolve(&dave, Freeze);
    stage.done(sent);
    assert_code(stage.resolve(&dave, SeizeToken { bank: USDC }), EngineError::WrongStage);
    let sent = stage.resolve(&dave, SeizePnl { market: SOL_PERP });
    let seized: PnlSeized = event(&stage.done(sent));
    assert_eq!(seized.into_pool_atoms, 1_300 * USD);
    let pool = market(&stage, SOL_PERP).pool_atoms;
    let sent = stage.resolve(&dave, PayPnl { market: SOL_PERP });
    let meta = stage.done(sent);
    let reserved: InsuranceReserved = event(&meta);
    let paid: PnlResolved = event(&meta);
    let end: BankruptcyResolved = event(&meta);
    // The event says which leg was promised what, and of no other.
    let [leg] = reserved.legs.as_slice() else { panic!("{reserved:?}") };
    assert_eq!(
        (leg.market, leg.fixed_debt_atoms, leg.reserved_atoms),
        (SOL_PERP, paid.pnl_atoms.unsigned_abs(), 50 * USD)
    );
    assert_eq!(
        (reserved.account, reserved.reserved_atoms, reserved.borrow_fixed_debt_atoms),
        (dave.account, 50 * USD, 0)
    );
    assert_eq!((paid.from_reserved_atoms, paid.covered_atoms), (50 * USD, 50 * USD));
    // At most maintenance rate times spot on each of the 100 SOL.
    assert!(paid.charged_atoms <= 540 * USD && paid.charged_atoms > 539 * USD);
    assert_eq!(paid.pnl_atoms, -((paid.covered_atoms + paid.charged_atoms + paid.deficit_atoms) as i64));
    assert!(end.thawed && stage.margin_account(&dave).is_empty());
    let after = market(&stage, SOL_PERP);
    assert_eq!(after.pool_atoms, pool + 50 * USD);
    assert!(after.deficit_atoms > 0);
    // The winner is paid his share of the pool, on his own decision only.
    assert_code(stage.settle(SOL_PERP, Some(&maker)), EngineError::MarketInDeficit);
    assert_code(stage.settle(SOL_PERP, None), EngineError::MarketInDeficit);
    let (pool, deficit) = (after.pool_atoms, after.deficit_atoms);
    let claim = 100 * USD;
    let sent = stage.take_win(SOL_PERP, &maker, Some(claim));
    stage.done(sent);
    let left = market(&stage, SOL_PERP);
    let taken = claim as u128 * pool as u128 / (pool + deficit) as u128;
    assert!((pool - left.pool_atoms) as u128 <= taken && taken - ((pool - left.pool_atoms) as u128) <= 1);
    assert_eq!((deficit - left.deficit_atoms) as u128, claim as u128 - taken);
}

/// BANKRUPT-3
#[test]
fn a_base_that_nobody_took_is_closed_against_the_opposite_side_after_the_clock_has_run() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let dave = insolvent_long(&mut stage);
    assert_code(stage.resolve(&dave, Freeze), EngineError::PerpsRemain);
    stage.watch(&dave, 235);
    assert_code(stage.resolve(&dave, Freeze), EngineError::PerpsRemain);
    stage.watch(&dave, 10);
    for step in [Freeze, SeizePnl { market: SOL_PERP }] {
        let sent = stage.resolve(&dave, step);
        stage.done(sent);
    }
    let sent = stage.resolve(&dave, PayPnl { market: SOL_PERP });
    let paid: PnlResolved = event(&stage.done(sent));
    assert_eq!((paid.closed_units, paid.matched_units), (100 * SOL_UNITS as i64, 100 * SOL_UNITS));
    assert!(stage.margin_account(&dave).is_empty());
    let books = Books::read(&stage);
    let (key, leg) = books.legs(&books.markets[0]).next().unwrap();
    assert_eq!(*key, maker.account);
    assert_eq!(books.units(&books.markets[0], leg), 0);
    // The epoch ended with the last unit; the winner's leg is carried over and paid.
    let sent = stage.touch(&maker, SOL_PERP);
    stage.done(sent);
    let sent = stage.take_win(SOL_PERP, &maker, None);
    stage.done(sent);
    let after = market(&stage, SOL_PERP);
    assert_eq!((after.leg_count, after.deficit_atoms), (0, 0));
    assert!(stage.margin_account(&maker).perp_index(SOL_PERP).is_none());
    assert_eq!(after.own_claim_atoms, after.pool_atoms);
}

/// BANKRUPT-5
#[test]
fn an_account_with_every_kind_of_leg_is_resolved_to_zero() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let sent = stage.fund_insurance(USDC, 200 * USD);
    stage.done(sent);
    let erin = stage.funded_trader("erin", USDC, 30_000 * USD);
    let sent = stage.deposit(&erin, BTC, ONE_BTC / 10);
    stage.done(sent);
    let sent = stage.borrow(&erin, SOL, 40 * ONE_SOL);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &maker, &erin, 500 * SOL_UNITS, None);
    stage.done(sent);
    let sent = stage.fill(BTC_PERP, &maker, &erin, BTC_UNITS / 5, None);
    stage.done(sent);
    // SOL up: both the borrow and the short lose; BTC down: the deposit loses, the short gains.
    stage.advance(2);
    stage.price(USDC, 1).price(BTC, 90_000).price(SOL, 290);
    stage.watch(&erin, 60);
    // Dust of every asset stays when liquidators are done; here they have taken the large ones.
    for leg in [pair(BTC, SOL), pnl_pair(BTC, SOL_PERP)] {
        if stage.plan(&erin, &any_of(leg)).is_ok() {
            let sent = stage.liquidate(&liquidator, &erin, leg, ANY);
            stage.done(sent);
        }
    }
    for market in [SOL_PERP, BTC_PERP] {
        let sent = stage.liquidate(&liquidator, &erin, perp(market), ANY);
        stage.done(sent);
    }
    let sent = stage.resolve(&erin, Freeze);
    stage.done(sent);
    // Any order within a stage; what is too early is refused.
    let mut calls = 0;
    while stage.margin_account(&erin).status != AccountStatus::Active as u8 {
        let steps = [
            PayPnl { market: BTC_PERP },
            PayPnl { market: SOL_PERP },
            PayBorrow { bank: SOL },
            PayBorrow { bank: USDC },
            SeizeToken { bank: USDC },
            SeizeToken { bank: BTC },
            SeizePnl { market: SOL_PERP },
            SeizePnl { market: BTC_PERP },
        ];
        let went = steps.into_iter().any(|step| stage.resolve(&erin, step).is_ok());
        assert!(went, "no step works: {:?}", stage.margin_account(&erin).status);
        stage.audit();
        calls += 1;
        assert!(calls < 12);
    }
    assert!(stage.margin_account(&erin).is_empty());
    assert_eq!(bank(&stage, USDC).reserved_atoms, 0);
}

#[test]
fn an_asset_below_dust_does_not_block_a_bankruptcy_and_goes_to_insurance() {
    let mut stage = Stage::new();
    let alice = insolvent_borrower(&mut stage);
    // An atom that the owner deposits in another mint.
    let sent = stage.deposit(&alice, BTC, 1);
    stage.done(sent);
    let sent = stage.resolve(&alice, Freeze);
    stage.done(sent);
    assert_code(stage.resolve(&alice, PayBorrow { bank: USDC }), EngineError::AssetsRemain);
    let sent = stage.resolve(&alice, SeizeToken { bank: BTC });
    stage.done(sent);
    assert_eq!(bank(&stage, BTC).waiting_shares, 1);
    let sent = stage.resolve(&alice, PayBorrow { bank: USDC });
    stage.done(sent);
    assert!(stage.margin_account(&alice).is_empty());
}

/// BANKRUPT-2
#[test]
fn an_asset_whose_price_is_stale_and_could_cover_the_loss_blocks_for_hours_but_not_for_ever() {
    let mut stage = Stage::new();
    let alice = insolvent_borrower(&mut stage);
    // Of 1,900 dollars that are missing 1,100 in BTC, which can be taken; then BTC's feed stops.
    let sent = stage.deposit(&alice, BTC, 11 * ONE_BTC / 1_000);
    stage.done(sent);
    assert_code(stage.resolve(&alice, Freeze), EngineError::AssetsRemain);
    let others = |stage: &mut Stage| {
        for (slot, dollars) in [(USDC, 1), (SOL, 120)] {
            stage.price(slot, dollars);
        }
    };
    stage.advance(14_000);
    others(&mut stage);
    assert_code(stage.resolve(&alice, Freeze), EngineError::AssetsRemain);
    stage.advance(600);
    others(&mut stage);
    for step in [Freeze, SeizeToken { bank: BTC }, PayBorrow { bank: USDC }] {
        let sent = stage.resolve(&alice, step);
        stage.done(sent);
    }
    assert!(stage.margin_account(&alice).is_empty());
}

/// BANKRUPT-1
#[test]
fn a_solvent_account_cannot_be_frozen() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    assert_code(stage.resolve(&maker, Freeze), EngineError::NotBankrupt);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 141, &alice, 100);
    assert_code(stage.resolve(&alice, Freeze), EngineError::NotBankrupt);
    assert_code(stage.resolve(&alice, PayBorrow { bank: USDC }), EngineError::WrongStage);
}

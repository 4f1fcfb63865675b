//! Return data: only the engine's counts, in the program's own layout.

use bytemuck::bytes_of;
use plimsoll_interface::answer::{self, AnswerError, LiquidationOutcome};
use plimsoll_interface::state::{I128Le, MaintenanceView, MarginView};
use solana_pubkey::Pubkey;

#[test]
fn a_liquidations_answer_is_read_whole() {
    let written = LiquidationOutcome {
        reason: 6_300,
        regime: 1,
        penalty_ppm: 13_250,
        _pad: 0,
        size: 1 << 40,
        paid_atoms: 2,
        received_atoms: 3,
        fee_atoms: 4,
    };
    let read = answer::liquidation_outcome(&plimsoll::ID, bytes_of(&written)).unwrap();
    assert_eq!((read, size_of::<LiquidationOutcome>()), (written, 48));
}

const ENGINE: Pubkey = Pubkey::new_from_array([1; 32]);
const ACCOUNT: Pubkey = Pubkey::new_from_array([2; 32]);
const OWNER: Pubkey = Pubkey::new_from_array([3; 32]);

/// An answer about the account above.
fn about(views: u32, nav: i128, imr: i128, flags: u32) -> MarginView {
    MarginView {
        flags,
        views,
        engine: ENGINE.to_bytes(),
        account: ACCOUNT.to_bytes(),
        owner: OWNER.to_bytes(),
        init_nav_usd_pico: I128Le::new(nav),
        imr_usd_pico: I128Le::new(imr),
        ..MarginView::default()
    }
}

const ALL: u32 = MarginView::SPOT | MarginView::FAST | MarginView::INITIAL;

#[test]
fn trailing_zeros_that_a_transactions_metadata_leave_out_are_put_back() {
    let written = MarginView { ratio_ppm: 1_250_000, ..about(MarginView::SPOT, 0, 0, 0) };
    let bytes = bytes_of(&written);
    let expected = answer::of_account(&ENGINE, &ACCOUNT);
    for kept in [112, 113, bytes.len()] {
        assert_eq!(answer::margin_view(&plimsoll::ID, &bytes[..kept], &expected), Ok(written));
    }
}

#[test]
fn another_programs_answer_an_empty_one_and_a_longer_one_are_refused() {
    let view = about(ALL, i128::MAX, 0, 0);
    let bytes = bytes_of(&view);
    let hostile = Pubkey::new_from_array([7; 32]);
    let read = |program: &Pubkey, data: &[u8]| answer::margin_view(program, data, &answer::of_owner(&ENGINE, &OWNER));
    assert_eq!(read(&hostile, bytes), Err(AnswerError::NotFromEngine));
    assert_eq!(read(&plimsoll::ID, &[]), Err(AnswerError::WrongLength));
    assert_eq!(read(&plimsoll::ID, &[bytes, &[0]].concat()), Err(AnswerError::WrongLength));
    assert_eq!(answer::liquidation_outcome(&plimsoll::ID, bytes), Err(AnswerError::WrongLength));
}

#[test]
fn an_answer_about_an_account_that_the_caller_does_not_mean_is_refused_when_it_is_read() {
    let view = about(ALL, i128::MAX, 0, 0);
    let read = |expected| answer::margin_view(&plimsoll::ID, bytes_of(&view), &expected);
    assert_eq!(read(answer::of_account(&ENGINE, &ACCOUNT)), Ok(view));
    assert_eq!(read(answer::of_owner(&ENGINE, &OWNER)), Ok(view));
    // An engine of the attacker's own, in which he is as rich as he likes.
    assert_eq!(read(answer::of_account(&OWNER, &ACCOUNT)), Err(AnswerError::EngineMismatch));
    assert_eq!(read(answer::of_owner(&ACCOUNT, &OWNER)), Err(AnswerError::EngineMismatch));
    // Somebody else's account, who is rich.
    assert_eq!(read(answer::of_account(&ENGINE, &OWNER)), Err(AnswerError::AccountMismatch));
    assert_eq!(read(answer::of_owner(&ENGINE, &ACCOUNT)), Err(AnswerError::OwnerMismatch));
}

#[test]
fn an_account_may_add_risk_at_its_initial_requirement_with_every_price_in_order() {
    let may = |view| answer::may_add_risk(&view, &answer::of_account(&ENGINE, &ACCOUNT));
    assert_eq!(may(about(ALL, 5, 5, 0)), Ok(true));
    assert_eq!(may(about(ALL, 4, 5, 0)), Ok(false));
    for flag in [MarginView::STALE, MarginView::NOT_READY, MarginView::SATURATED, MarginView::OLD] {
        assert_eq!(may(about(ALL, 9, 5, flag)), Ok(false));
    }
    assert_eq!(answer::initial_margin_left_usd_pico(&about(ALL, 4, 5, 0)), Ok(-1));
}

#[test]
fn an_answer_of_one_view_is_no_permission_to_add_risk() {
    // It compared a NAV of 0 with a requirement of 0, and said that the account may.
    let one = about(MarginView::SPOT, 0, 0, 0);
    for expected in [answer::of_account(&ENGINE, &ACCOUNT), answer::of_owner(&ENGINE, &OWNER)] {
        assert_eq!(answer::may_add_risk(&one, &expected), Err(AnswerError::ViewMissing));
    }
    assert_eq!(answer::initial_margin_left_usd_pico(&one), Err(AnswerError::ViewMissing));
    assert!(one.at_spot().is_ok() && one.at_fast().is_err());
    let foreign = answer::of_account(&OWNER, &ACCOUNT);
    assert_eq!(answer::may_add_risk(&one, &foreign), Err(AnswerError::EngineMismatch));
}

#[test]
fn under_water_is_below_maintenance_and_equality_is_healthy() {
    let at = |nav, mmr| MaintenanceView {
        nav_usd_pico: I128Le::new(nav),
        mmr_usd_pico: I128Le::new(mmr),
        ..MaintenanceView::default()
    };
    assert!(answer::is_under_water(&at(9, 10)));
    assert!(!answer::is_under_water(&at(10, 10)));
}

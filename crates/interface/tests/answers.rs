//! Return data: only the engine's counts, in the program's own layout.

use bytemuck::bytes_of;
use plimsoll::liquidation::LiquidationOutcome as TheirOutcome;
use plimsoll_interface::answer::{self, AnswerError, LiquidationOutcome};
use plimsoll_interface::state::{I128Le, MaintenanceView, MarginView};
use solana_pubkey::Pubkey;

#[test]
fn a_liquidations_answer_is_read_as_the_program_writes_it() {
    let written = TheirOutcome {
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
    let expected = LiquidationOutcome {
        reason: 6_300,
        regime: 1,
        penalty_ppm: 13_250,
        _pad: 0,
        size: 1 << 40,
        paid_atoms: 2,
        received_atoms: 3,
        fee_atoms: 4,
    };
    assert_eq!(read, expected);
    let all = [size_of::<TheirOutcome>(), size_of::<LiquidationOutcome>()];
    assert_eq!(all, [48, 48]);
}

#[test]
fn trailing_zeros_that_a_transactions_metadata_leave_out_are_put_back() {
    let written = MarginView { ratio_ppm: 1_250_000, ..MarginView::default() };
    let bytes = bytes_of(&written);
    for kept in [4, 17, bytes.len()] {
        assert_eq!(answer::margin_view(&plimsoll::ID, &bytes[..kept]), Ok(written));
    }
}

#[test]
fn another_programs_answer_an_empty_one_and_a_longer_one_are_refused() {
    let view = MarginView { ratio_ppm: u32::MAX, ..MarginView::default() };
    let bytes = bytes_of(&view);
    let hostile = Pubkey::new_from_array([7; 32]);
    assert_eq!(answer::margin_view(&hostile, &bytes), Err(AnswerError::NotFromEngine));
    assert_eq!(answer::margin_view(&plimsoll::ID, &[]), Err(AnswerError::WrongLength));
    assert_eq!(answer::margin_view(&plimsoll::ID, &[&bytes[..], &[0]].concat()), Err(AnswerError::WrongLength));
    assert_eq!(answer::liquidation_outcome(&plimsoll::ID, &bytes), Err(AnswerError::WrongLength));
}

#[test]
fn an_account_may_add_risk_at_its_initial_requirement_with_every_price_in_order() {
    let at = |nav, imr, flags| MarginView {
        flags,
        init_nav_usd_pico: I128Le::new(nav),
        imr_usd_pico: I128Le::new(imr),
        ..MarginView::default()
    };
    assert!(answer::may_add_risk(&at(5, 5, 0)));
    assert!(!answer::may_add_risk(&at(4, 5, 0)));
    for flag in [MarginView::STALE, MarginView::NOT_READY, MarginView::SATURATED, MarginView::OLD] {
        assert!(!answer::may_add_risk(&at(9, 5, flag)));
    }
    assert_eq!(answer::initial_margin_left_usd_pico(&at(4, 5, 0)), -1);
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

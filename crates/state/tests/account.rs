//! What a margin account says of itself.

use bytemuck::Zeroable;
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_state::*;

fn token(bank: u8, shares: i64) -> TokenPosition {
    TokenPosition { bank, used: 1, shares, ..TokenPosition::default() }
}

fn perp(market: u8) -> DerivativePosition {
    DerivativePosition { kind: PositionKind::Perp as u8, market, ..DerivativePosition::default() }
}

#[test]
fn a_balance_is_found_where_it_is_in_use() {
    let mut account = MarginAccount::zeroed();
    // An unused place names bank 0, and what it held before names nothing.
    account.tokens[1] = token(7, 1);
    account.tokens[2] = TokenPosition { used: 0, ..token(9, 0) };
    account.tokens[3] = token(0, 1);
    assert_eq!([0, 7, 9, 1].map(|bank| account.token_index(bank)), [Some(3), Some(1), None, None]);
    assert_eq!(MarginAccount::zeroed().token_index(0), None);
}

#[test]
fn a_leg_is_found_where_it_is_a_perp() {
    let mut account = MarginAccount::zeroed();
    account.derivatives[1] = perp(7);
    account.derivatives[2] = DerivativePosition { kind: PositionKind::Option as u8, ..perp(9) };
    account.derivatives[3] = perp(0);
    assert_eq!([0, 7, 9, 1].map(|market| account.perp_index(market)), [Some(3), Some(1), None, None]);
    assert_eq!(MarginAccount::zeroed().perp_index(0), None);
}

#[test]
fn an_account_is_empty_without_any_balance_or_position() {
    let empty = MarginAccount::zeroed();
    assert!(empty.is_empty() && empty.is_debt_free());
    let mut held = empty;
    held.tokens[15] = token(3, 0);
    assert!(!held.is_empty() && held.is_debt_free());
    let mut positioned = empty;
    positioned.derivatives[15] = perp(3);
    assert!(!positioned.is_empty() && !positioned.is_debt_free());
    let mut both = positioned;
    both.tokens[0] = token(3, 1);
    assert!(!both.is_empty() && !both.is_debt_free());
    let mut indebted = held;
    indebted.tokens[14] = token(4, 1);
    assert!(indebted.is_debt_free());
    indebted.tokens[15].shares = -1;
    assert!(!indebted.is_debt_free());
}

#[test]
fn an_approval_ends_in_the_second_that_it_names_and_lasts_a_year_at_most() {
    let approval = VenueApproval { expires_at: 1_000, ..VenueApproval::default() };
    assert_eq!([999, 1_000, 1_001].map(|now| approval.has_expired(UnixSecs::new(now))), [false, true, true]);
    assert_eq!(VenueApproval::MAX_SECS, Secs::new(31_622_400));
}

#[test]
fn rights_and_pause_bits_have_their_documented_numbers() {
    assert_eq!([right::LIQUIDATE, right::DEPOSIT, right::TRADE, right::ALL], [1, 2, 4, 7]);
    let bits = [
        pause::WITHDRAW,
        pause::BORROW,
        pause::FILL,
        pause::LIQUIDATE,
        pause::SETTLE,
        pause::RESOLVE,
        pause::PRICE,
        pause::OPEN_ACCOUNT,
        pause::ALL,
    ];
    assert_eq!(bits, [1, 2, 4, 8, 16, 32, 64, 128, 255]);
}

#[test]
fn quote_shares_are_those_of_the_first_bank() {
    let mut account = MarginAccount::zeroed();
    account.tokens[0] = token(3, 5);
    assert_eq!(account.quote_shares(), 0);
    account.tokens[4] = token(0, 9);
    assert_eq!(account.quote_shares(), 9);
    account.tokens[4].shares = -9;
    assert_eq!(account.quote_shares(), -9);
}

#[test]
fn the_stage_of_an_account_is_asked_for_exactly() {
    use plimsoll_risk::RiskError::WrongStage;
    const STAGES: [AccountStatus; 3] = [AccountStatus::Active, AccountStatus::Seizing, AccountStatus::Paying];
    for held in STAGES {
        let account = MarginAccount { status: held as u8, ..MarginAccount::zeroed() };
        for asked in STAGES {
            let expected = if held == asked { Ok(()) } else { Err(WrongStage) };
            assert_eq!(account.require_status(asked), expected);
        }
    }
}

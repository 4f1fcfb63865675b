//! Balances that are opened, clocks and the delegate's allowance, by hand.

use bytemuck::Zeroable;
use plimsoll_ledger::{account, token};
use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::units::{Atoms, Secs, UnixSecs};
use plimsoll_state::*;

fn token(bank: u8, shares: i64) -> TokenPosition {
    TokenPosition { bank, used: 1, shares, ..TokenPosition::default() }
}

#[test]
fn a_new_balance_takes_the_first_free_place_and_starts_from_nothing() {
    let mut account = MarginAccount::zeroed();
    account.tokens[0] = TokenPosition { reserved_atoms: 3, fixed_debt_atoms: 4, ..TokenPosition::default() };
    assert_eq!(token::open_token(&mut account, 5), Some(0));
    assert_eq!(account.tokens[0], token(5, 0));
    assert_eq!(token::open_token(&mut account, 6), Some(1));
    assert_eq!(token::open_token(&mut account, 7), Some(2));
    account.tokens[1] = TokenPosition::default();
    assert_eq!(token::open_token(&mut account, 8), Some(1));
    assert_eq!(account.tokens[..3], [token(5, 0), token(8, 0), token(7, 0)]);
    assert_eq!(account.tokens[3..], [TokenPosition::default(); 13]);
}

#[test]
fn the_last_free_place_is_quotes() {
    let filled = |count: u8, first: u8| {
        let mut account = MarginAccount::zeroed();
        for place in 0..count {
            account.tokens[place as usize] = token(first + place, 1);
        }
        account
    };
    // Two places are free: anything may take one.
    assert_eq!(token::open_token(&mut filled(14, 1), 40), Some(14));
    assert_eq!(token::open_token(&mut filled(14, 1), 0), Some(14));
    // One is: quote alone, unless quote has a place already.
    let before = filled(15, 1);
    let mut refused = before;
    assert_eq!(token::open_token(&mut refused, 40), None);
    assert_eq!(refused.tokens, before.tokens);
    assert_eq!(token::open_token(&mut filled(15, 1), 0), Some(15));
    assert_eq!(token::open_token(&mut filled(15, 0), 40), Some(15));
    assert_eq!(token::open_token(&mut filled(16, 0), 40), None);
    assert_eq!(token::open_token(&mut filled(16, 1), 0), None);
}

#[test]
fn a_delegate_signs_up_to_its_limit_and_what_does_not_fit_is_not_booked() {
    let mut account = MarginAccount { delegate_limit_atoms_per_day: 100, ..MarginAccount::zeroed() };
    let now = 1_760_130_600;
    assert!(account::spend_delegate_limit(&mut account, Atoms::new(60), UnixSecs::new(now)));
    let before = account.delegate_traded;
    assert!(!account::spend_delegate_limit(&mut account, Atoms::new(41), UnixSecs::new(now)));
    assert_eq!(account.delegate_traded, before);
    assert!(account::spend_delegate_limit(&mut account, Atoms::new(40), UnixSecs::new(now + 1)));
    assert!(!account::spend_delegate_limit(&mut account, Atoms::new(1), UnixSecs::new(now + 86_400)));
    assert!(account::spend_delegate_limit(&mut account, Atoms::ZERO, UnixSecs::new(now + 86_400)));
    assert!(account::spend_delegate_limit(&mut account, Atoms::new(100), UnixSecs::new(now + 86_400 * 6 / 5)));
    let mut without = MarginAccount::zeroed();
    assert!(!account::spend_delegate_limit(&mut without, Atoms::new(1), UnixSecs::new(now)));
}

#[test]
fn clocks_survive_being_stored() {
    let mut account = MarginAccount::zeroed();
    assert_eq!(account.clocks(), Clocks::default());
    for (number, health_state) in
        [HealthState::UnderWater, HealthState::WindDown, HealthState::Healthy].into_iter().enumerate()
    {
        let clocks = Clocks {
            under_water_secs: Secs::new(11),
            wind_down_secs: Secs::new(12),
            health_state,
            observed_at: UnixSecs::new(13),
            passed_at: UnixSecs::new(14),
            bypass_published_at: UnixSecs::new(15),
            bypass: number != 1,
        };
        account::set_clocks(&mut account, &clocks);
        assert_eq!(account.clocks(), clocks);
        assert_eq!((account.observed, account.bypass), (health_state as u8, clocks.bypass as u8));
    }
    account.observed = 3;
    assert_eq!(account.clocks().health_state, HealthState::Healthy);
}

//! What the end of a resolution gives back, and when it thaws.

use bytemuck::Zeroable;
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::RiskError;

use super::world::{World, NOW};
use crate::bankruptcy::*;

/// Debts in quote and in the other bank, whether a leg is left, and what is reserved.
fn estate(quote_shares: Option<i64>, other_shares: Option<i64>, has_leg: bool, reserved: u64) -> World {
    let mut world = World::new(&super::seize::nothing());
    let account = &mut world.account;
    account.status = AccountStatus::Paying as u8;
    for (bank, shares) in [(0, quote_shares), (1, other_shares)] {
        if let Some(shares) = shares {
            account.tokens[bank] = TokenPosition { shares, bank: bank as u8, used: 1, ..TokenPosition::default() };
        }
    }
    if has_leg {
        account.derivatives[9] = DerivativePosition { kind: 1, cash_atoms: -1, ..DerivativePosition::default() };
    }
    (account.under_water_secs, account.wind_down_secs, account.observed, account.bypass) = (1, 2, 2, 1);
    (account.observed_at, account.bypass_published_at, account.passed_at) = (3, 4, 5);
    (account.estate_reserved_atoms, account.estate_drawn_atoms) = (reserved, reserved);
    world.banks[0].reserved_atoms = reserved;
    world
}

#[test]
fn what_is_over_comes_back_with_the_last_quote_leg_and_the_account_thaws_with_its_last_debt() {
    let owed = Some(-5);
    for (number, (quote, other, has_leg, reserved, with_bank, returned, thawed)) in [
        (None, None, false, 70, true, 70, true),
        (None, None, false, 0, true, 0, true),
        (None, None, false, 0, false, 0, true),
        // Whoever pays the last debt of another mint may not have the quote bank with him.
        (None, None, false, 70, false, 0, false),
        (None, owed, false, 0, false, 0, false),
        (None, owed, false, 70, false, 0, false),
        (None, owed, false, 70, true, 70, false),
        (None, None, true, 70, true, 0, false),
        (None, None, true, 0, true, 0, false),
        (owed, None, false, 70, true, 0, false),
        (owed, None, false, 0, false, 0, false),
        (owed, owed, true, 70, true, 0, false),
        // Somebody repaid the borrow: its place is free from now on.
        (Some(0), None, false, 70, true, 70, true),
        (Some(0), owed, false, 70, true, 70, false),
        (Some(0), None, false, 0, false, 0, false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = estate(quote, other, has_leg, reserved);
        let before = world.account;
        let bank = with_bank.then_some(&mut world.banks[0]);
        let finished = finish(
            &mut world.account,
            bank,
            &mut BooksMut { registry: &mut world.registry, board: &world.board, now: UnixSecs::new(NOW) },
        )
        .unwrap();
        assert_eq!(finished, Finished { returned_atoms: Atoms::new(returned), thawed }, "case {number}");
        assert_eq!(finished.is_anything(), thawed || returned == 70, "case {number}");
        let account = &world.account;
        assert_eq!(account.estate_reserved_atoms, if thawed { 0 } else { reserved - returned }, "case {number}");
        let left = world.banks[0].reserved_atoms;
        assert_eq!((left, world.banks[0].insurance_atoms), (reserved - returned, returned), "case {number}");
        if thawed {
            // As new, but for when it last passed an initial check.
            let expected =
                MarginAccount { version: plimsoll_state::LAYOUT_VERSION, passed_at: 5, ..MarginAccount::zeroed() };
            assert_eq!(bytemuck::bytes_of(account), bytemuck::bytes_of(&expected), "case {number}");
        } else {
            assert_eq!(account.status, AccountStatus::Paying as u8);
            assert_eq!(account.clocks(), before.clocks());
            let is_freed = returned != 0 && quote == Some(0);
            assert_eq!(account.token_index(0), if is_freed { None } else { before.token_index(0) }, "case {number}");
            assert_eq!(account.tokens[1], before.tokens[1]);
        }
    }
}

#[test]
fn what_comes_back_is_booked_at_its_time() {
    let mut world = estate(None, None, false, 70);
    world.registry.banks[0].borrow_rate_per_sec = 1 << 63;
    finish(
        &mut world.account,
        Some(&mut world.banks[0]),
        &mut BooksMut { registry: &mut world.registry, board: &world.board, now: UnixSecs::new(NOW + 2) },
    )
    .unwrap();
    assert_eq!(world.banks[0].booked_borrow_index, 2 * INDEX_ONE);
    let mut unlisted = estate(None, None, false, 70);
    unlisted.registry.banks[0].status = 0;
    let result = finish(
        &mut unlisted.account,
        Some(&mut unlisted.banks[0]),
        &mut BooksMut { registry: &mut unlisted.registry, board: &unlisted.board, now: UnixSecs::new(NOW) },
    );
    assert_eq!(result, Err(RiskError::LegEmpty));
}

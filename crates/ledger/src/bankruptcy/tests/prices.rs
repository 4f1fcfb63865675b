//! What closes a base, what a leg is worth, and what freezing an account forgets.

use std::boxed::Box;

use bytemuck::Zeroable;
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::{BasePrice, Price};
use plimsoll_risk::units::{SignedAtoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{closing_price, leg_pnl_down, Books, LegPnl, PriceBoard};

use super::world::{dollars, World, NOW};
use crate::bankruptcy;
use crate::bankruptcy::*;

#[test]
fn a_base_is_closed_at_a_fresh_price_or_at_one_that_is_stale_for_hours() {
    let mut world = World::new(&super::seize::nothing());
    let price = |world: &World, age: i64| {
        closing_price(
            &world.registry.markets[0],
            &Books { registry: &world.registry, board: &world.board, now: UnixSecs::new(NOW + age) },
        )
    };
    let expected = Ok(BasePrice::new_down(dollars(100), world.registry.markets[0].scale.get()));
    let (read, hours) =
        (GlobalParams::DEFAULT.prices.read_age_secs as i64, GlobalParams::DEFAULT.wind_down.stale_asset_secs as i64);
    for (age, is_closing) in
        [(-5, true), (0, true), (1, true), (read, true), (read + 1, false), (hours, false), (hours + 1, true)]
    {
        let expected = if is_closing { expected } else { Err(RiskError::PriceStale) };
        assert_eq!(price(&world, age), expected, "age {age}");
    }
    world.board.slots[0].spot = Price::ZERO.into();
    for age in [0, read + 1, hours + 1] {
        assert_eq!(price(&world, age), Err(RiskError::LegPriceInvalid));
    }
    world.board.slots[0].spot = dollars(100).into();
    world.board.slots[0].active = 0;
    assert_eq!(price(&world, 0), Err(RiskError::LegPriceInvalid));
}

#[test]
fn a_leg_is_worth_its_base_at_spot_and_its_cash_against_the_holder() {
    let mut world = World::new(&super::seize::nothing());
    world.board.slots[0].spot = Price::from_decimal_down(25, -1).unwrap().into();
    let (slot, registry, board) = (&world.registry.markets[0], &world.registry, &world.board);
    let pnl = |shares, cash_atoms, now| {
        let leg = DerivativePosition { shares, cash_atoms, kind: 1, ..DerivativePosition::default() };
        leg_pnl_down(&leg, slot, &Books { registry, board, now })
    };
    assert_eq!(pnl(3, -100, UnixSecs::new(NOW)), Ok(SignedAtoms::new(-93)));
    assert_eq!(pnl(-3, 100, UnixSecs::new(NOW)), Ok(SignedAtoms::new(92)));
    assert_eq!(pnl(2, 0, UnixSecs::new(NOW)), Ok(SignedAtoms::new(5)));
    assert_eq!(pnl(1, 0, UnixSecs::new(NOW + 60)), Err(RiskError::PriceStale));
    // What has no base needs no price.
    assert_eq!(pnl(0, 7, UnixSecs::new(NOW + 60)), Ok(SignedAtoms::new(7)));
    assert_eq!(pnl(0, -7, UnixSecs::new(NOW + 60)), Ok(SignedAtoms::new(-7)));
    let mut account = MarginAccount::zeroed();
    account.derivatives[1].cash_atoms = 9;
    account.derivatives[3] = DerivativePosition { shares: 3, cash_atoms: -100, kind: 1, ..Default::default() };
    account.derivatives[5] = DerivativePosition { market: 2, cash_atoms: 8, kind: 1, ..Default::default() };
    let mut expected = LegPnl::default();
    (expected[3], expected[5]) = (SignedAtoms::new(-93), SignedAtoms::new(8));
    assert_eq!(account.legs_pnl_down(&Books { registry, board, now: UnixSecs::new(NOW) }), Ok(expected));
    account.derivatives[5].market = 9;
    assert_eq!(account.legs_pnl_down(&Books { registry, board, now: UnixSecs::new(NOW) }), Err(RiskError::LegEmpty));
}

#[test]
fn an_account_is_frozen_once_and_without_the_marks_of_an_earlier_time() {
    let mut account = MarginAccount::zeroed();
    let marked = |account: &mut MarginAccount| {
        for token in &mut account.tokens {
            (token.reserved_atoms, token.fixed_debt_atoms) = (1, 2);
        }
        for leg in &mut account.derivatives {
            (leg.reserved_atoms, leg.fixed_debt_atoms) = (3, 4);
        }
        (account.estate_reserved_atoms, account.estate_drawn_atoms) = (5, 6);
    };
    marked(&mut account);
    let (mut registry, board) = (Box::new(Registry::zeroed()), Box::new(PriceBoard::zeroed()));
    let mut books = BooksMut { registry: &mut registry, board: &board, now: UnixSecs::new(NOW) };
    let quote = Bank::zeroed();
    bankruptcy::freeze(&mut account, &quote, &mut books).unwrap();
    let expected = MarginAccount { status: AccountStatus::Seizing as u8, ..MarginAccount::zeroed() };
    assert_eq!(bytemuck::bytes_of(&account), bytemuck::bytes_of(&expected));
    marked(&mut account);
    for status in [AccountStatus::Seizing, AccountStatus::Paying] {
        account.status = status as u8;
        let before = account;
        assert_eq!(bankruptcy::freeze(&mut account, &quote, &mut books), Err(RiskError::WrongStage));
        assert_eq!(bytemuck::bytes_of(&account), bytemuck::bytes_of(&before));
    }
}

//! The set-up that every other test starts from.

use plimsoll_sdk::view::Accounts;
use plimsoll_state::{Bank, EngineAccount, MarginView, Market};
use plimsoll_tests::*;

const USDC_ATOMS: u64 = 1_000_000;
const SOL_ATOMS: u64 = 1_000_000_000;

fn listed() -> World {
    let mut world = World::new();
    world.default_listing();
    world
}

#[test]
fn the_default_listing_is_consistent_and_ready() {
    let world = listed();
    let (registry, board) = (world.registry(), world.board());
    assert_eq!((registry.bank_count, registry.market_count, board.count), (3, 2, 3));
    assert!(board.slots[..3].iter().all(|slot| slot.is_ready()));
    for bank in [USDC, SOL, BTC] {
        assert_eq!(world.read::<Bank>(&world.keys.bank(bank).bank).invariant(), Ok(()));
    }
    for market in [SOL_PERP, BTC_PERP] {
        assert_eq!(world.read::<Market>(&world.keys.market(market)).invariant(), Ok(()));
    }
}

/// MARGIN-9
#[test]
fn what_the_sdk_sees_is_what_check_margin_returns() {
    let mut world = listed();
    let (alice, bob) = (world.trader("alice"), world.trader("bob"));
    assert_sent(world.deposit(&bob, USDC, 100_000 * USDC_ATOMS));
    assert_sent(world.deposit(&alice, SOL, 100 * SOL_ATOMS));
    assert_sent(world.borrow(&alice, USDC, 5_000 * USDC_ATOMS));
    assert_sent(world.fill(SOL_PERP, &alice, &bob, 10_000_000, None));
    world.hold_prices(20, 5);
    assert_sent(world.set_price(SOL, 190 * E8));
    for views in [1, 3] {
        let check = ix::check_margin(&world.keys, alice.account, views);
        let meta = assert_sent(world.simulate(&alice.owner, &[check]));
        // The runtime strips trailing zeros of return data.
        let mut returned = meta.return_data.data;
        returned.resize(size_of::<MarginView>(), 0);
        let account = world.margin_account(&alice);
        let (registry, board) = (world.registry(), world.board());
        let accounts = Accounts { account: &account, registry: &registry, board: &board, now: world.now() };
        let seen = accounts.margin_view(&alice.account, views == 3).unwrap();
        assert_eq!(returned, bytemuck::bytes_of(&seen));
        assert!(seen.ratio_ppm > 1_000_000);
    }
}

#[test]
fn money_goes_in_and_out_through_every_helper() {
    let mut world = listed();
    let (alice, bob) = (world.trader("alice"), world.trader("bob"));
    assert_sent(world.deposit(&bob, USDC, 10_000 * USDC_ATOMS));
    assert_sent(world.deposit(&alice, SOL, 10 * SOL_ATOMS));
    assert_sent(world.borrow(&alice, USDC, 500 * USDC_ATOMS));
    assert_sent(world.repay(&alice, USDC, Some(100 * USDC_ATOMS)));
    assert_sent(world.repay(&alice, USDC, None));
    assert_sent(world.withdraw(&alice, SOL, Some(SOL_ATOMS)));
    assert_sent(world.withdraw(&alice, SOL, None));
    assert_sent(world.fund_insurance(USDC, 50 * USDC_ATOMS));
    assert_sent(world.accrue(USDC));
    assert_sent(world.crank_funding(SOL_PERP));
    assert_sent(world.observe(&bob));
    assert!(world.margin_account(&alice).is_empty());
}

/// MARGIN-8
#[test]
fn new_parameters_carry_over_to_what_is_listed_or_are_refused() {
    let mut world = listed();
    let (authority, keys) = (world.authority, world.keys);
    let before = world.registry().banks[SOL as usize].weights.0;
    let wider = AT_ONCE.with(|new| new.targets.target_token_buffer_ppm = 20_000);
    assert_sent(world.send(&authority, &[ix::update_params(&keys, authority, &wider)]));
    let after = world.registry().banks[SOL as usize].weights.0;
    assert_eq!(after.asset_target_ppm.get(), before.asset_target_ppm.get() - 10_000);
    assert_eq!((after.asset_maint_ppm, after.asset_init_ppm), (before.asset_maint_ppm, before.asset_init_ppm));
    // A gap that the listed markets' rates do not have.
    let gap = wider.with(|new| new.targets.target_min_gap_ppm = 100_000);
    let refused = ix::update_params(&keys, authority, &gap);
    assert_refused(&mut world, &authority, &[refused], EngineError::ParameterOutOfBounds);
}

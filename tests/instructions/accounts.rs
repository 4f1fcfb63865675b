//! Margin accounts: opening, delegates, venues, closing.

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::{MAX_ACCOUNT_VENUES, MAX_ATOMS};
use plimsoll_state::{pause, right, AccountStatus, EngineAccount, MarginAccount, PositionKind, VenueApproval};
use plimsoll_tests::*;

fn register_venue(world: &mut World, name: &str) -> Pubkey {
    let (keys, authority) = (world.keys, world.authority);
    let args = args::RegisterVenueArgs { signer: address(name), settle_markets: 1, premium_markets: 0 };
    assert_sent(world.send(&authority, &[ix::register_venue(&keys, authority, authority, args)]));
    keys.venue(&args.signer)
}

#[test]
fn an_account_is_opened_empty_with_any_payer_and_a_delegate() {
    let mut world = World::new();
    assert_sent(world.launch());
    let (owner, payer, delegate) = (address("owner without lamports"), world.party("payer"), world.party("delegate"));
    let args = args::OpenAccountArgs { id: 513, delegate: Some(args::DelegateArgs::liquidator(delegate)) };
    let open = ix::open_account(&world.keys, owner, payer, args);
    assert_sent(world.send(&payer, &[open]));
    let account: MarginAccount = world.read(&world.keys.margin_account(&owner, 513));
    assert_eq!((account.owner, account.delegate), (owner.to_bytes(), delegate.to_bytes()));
    assert_eq!((account.delegate_rights, account.delegate_limit_atoms_per_day), (right::LIQUIDATE, 0));
    assert_eq!((account.rent_payer, account.id), (payer.to_bytes(), 513));
    assert!(account.is_empty() && account.invariant().is_ok());
}

#[test]
fn opening_can_be_paused_and_needs_the_owners_signature() {
    let mut world = World::new();
    assert_sent(world.launch());
    let (keys, authority, owner) = (world.keys, world.authority, world.party("owner"));
    let mut open = ix::open_account(&keys, owner, authority, args::OpenAccountArgs { id: 0, delegate: None });
    open.accounts[0].is_signer = false;
    assert_refused(&mut world, &authority, &[open], anchor_lang::error::ErrorCode::AccountNotSigner);
    assert_sent(world.send(&authority, &[ix::pause(&keys, authority, pause::OPEN_ACCOUNT)]));
    let open = ix::open_account(&keys, owner, owner, args::OpenAccountArgs { id: 0, delegate: None });
    assert_refused(&mut world, &owner, &[open], EngineError::Paused);
}

#[test]
fn an_address_with_lamports_on_it_can_still_be_opened() {
    let mut world = World::new();
    assert_sent(world.launch());
    let owner = world.party("owner");
    let key = world.keys.margin_account(&owner, 0);
    world.set_lamports(&key, 1);
    let trader = world.trader("owner");
    assert_eq!(trader.account, key);
}

#[test]
fn closing_returns_the_rent_to_its_payer_and_frees_the_address() {
    let mut world = World::new();
    assert_sent(world.launch());
    let (keys, owner, payer) = (world.keys, world.party("owner"), world.party("payer"));
    let open = ix::open_account(&keys, owner, payer, args::OpenAccountArgs { id: 0, delegate: None });
    let account = keys.margin_account(&owner, 0);
    for _ in 0..2 {
        assert_sent(world.send(&payer, std::slice::from_ref(&open)));
        let (before, rent) = (world.lamports(&payer), world.lamports(&account));
        assert_sent(world.send(&owner, &[ix::close_account(owner, account, payer)]));
        assert_eq!(world.lamports(&payer), before + rent);
        assert_eq!(world.lamports(&account), 0);
    }
}

#[test]
fn closing_is_refused_to_strangers_with_another_receiver_and_while_anything_is_left() {
    let mut world = World::new();
    assert_sent(world.launch());
    let (alice, mallory) = (world.trader("alice"), world.party("mallory"));
    let close = ix::close_account(mallory, alice.account, alice.owner);
    assert_refused(&mut world, &mallory, &[close], EngineError::NotOwner);
    let divert = ix::close_account(alice.owner, alice.account, mallory);
    assert_refused(&mut world, &alice.owner, &[divert], EngineError::RentReceiverMismatch);

    let close = ix::close_account(alice.owner, alice.account, alice.owner);
    let empty = world.margin_account(&alice);
    let mut holding = empty;
    holding.tokens[15] = plimsoll_state::TokenPosition { used: 1, shares: 1, ..Default::default() };
    world.write(&alice.account, &holding);
    assert_refused(&mut world, &alice.owner, std::slice::from_ref(&close), EngineError::AccountNotEmpty);
    let mut holding = empty;
    holding.derivatives[15].kind = PositionKind::Perp as u8;
    world.write(&alice.account, &holding);
    assert_refused(&mut world, &alice.owner, std::slice::from_ref(&close), EngineError::AccountNotEmpty);
    let mut bankrupt = empty;
    bankrupt.status = AccountStatus::Paying as u8;
    world.write(&alice.account, &bankrupt);
    assert_refused(&mut world, &alice.owner, &[close], EngineError::AccountBankrupt);
}

#[test]
fn a_delegate_is_named_by_the_owner_and_changes_nothing_itself() {
    let mut world = World::new();
    assert_sent(world.launch());
    let (alice, bob) = (world.trader("alice"), world.party("bob"));
    assert_sent(world.send(&alice.owner, &[ix::set_delegate(alice.owner, alice.account, Some(all_rights(bob)))]));
    let named = world.margin_account(&alice);
    assert_eq!((named.delegate, named.delegate_rights), (bob.to_bytes(), right::ALL));
    assert_eq!(named.delegate_limit_atoms_per_day, MAX_ATOMS);
    for refused in [
        ix::set_delegate(bob, alice.account, None),
        ix::close_account(bob, alice.account, alice.owner),
        ix::revoke_venue(bob, alice.account, address("venue")),
    ] {
        assert_refused(&mut world, &bob, &[refused], EngineError::NotOwner);
    }
    assert_sent(world.send(&alice.owner, &[ix::set_delegate(alice.owner, alice.account, None)]));
    let nobody = world.margin_account(&alice);
    assert_eq!((nobody.delegate, nobody.delegate_rights, nobody.delegate_limit_atoms_per_day), ([0; 32], 0, 0));
}

/// KEY-1
#[test]
fn every_right_of_a_delegate_is_given_by_itself_and_none_that_does_not_exist() {
    let mut world = World::new();
    assert_sent(world.launch());
    let (alice, key) = (world.trader("alice"), world.party("bob"));
    let named = |key, rights, trade_limit_atoms_per_day| {
        let delegate = args::DelegateArgs { key, rights, trade_limit_atoms_per_day };
        ix::set_delegate(alice.owner, alice.account, Some(delegate))
    };
    for rights in 1..=right::ALL {
        let limit = if rights & right::TRADE == 0 { 0 } else { 5 };
        assert_sent(world.send(&alice.owner, &[named(key, rights, limit)]));
        assert_eq!(world.margin_account(&alice).delegate_rights, rights);
        let other = if limit == 0 { 5 } else { 0 };
        let refused = named(key, rights, other);
        assert_refused(&mut world, &alice.owner, &[refused], EngineError::DelegateLimitMismatch);
    }
    for (refused, error) in [
        // Intents are not built, so the right to run them cannot be given.
        (named(key, 8, 0), EngineError::DelegateRightUnknown),
        (named(key, right::ALL | 128, 5), EngineError::DelegateRightUnknown),
        (named(key, 0, 0), EngineError::DelegateRightsEmpty),
        (named(key, right::TRADE, MAX_ATOMS + 1), EngineError::AmountTooLarge),
        (named(Pubkey::default(), right::LIQUIDATE, 0), EngineError::ParameterOutOfBounds),
    ] {
        assert_refused(&mut world, &alice.owner, &[refused], error);
    }
    let (keys, owner) = (world.keys, world.party("carol"));
    let args = args::OpenAccountArgs {
        id: 0,
        delegate: Some(args::DelegateArgs { key, rights: 8, trade_limit_atoms_per_day: 0 }),
    };
    let open = ix::open_account(&keys, owner, owner, args);
    assert_refused(&mut world, &owner, &[open], EngineError::DelegateRightUnknown);
}

#[test]
fn venues_are_approved_up_to_four_replaced_and_revoked() {
    let mut world = World::new();
    assert_sent(world.launch());
    let alice = world.trader("alice");
    let venues: Vec<Pubkey> = (0..5).map(|i| register_venue(&mut world, &format!("venue {i}"))).collect();
    let approve = |world: &World, venue, limit| world.approve_venue(&alice, venue, limit);
    for venue in &venues[..MAX_ACCOUNT_VENUES] {
        let first = approve(&world, *venue, 1_000);
        assert_sent(world.send(&alice.owner, &[first]));
    }
    let fifth = approve(&world, venues[4], 1_000);
    assert_refused(&mut world, &alice.owner, &[fifth], EngineError::VenuesFull);
    let less = approve(&world, venues[2], 7);
    assert_sent(world.send(&alice.owner, &[less]));
    let stored = world.margin_account(&alice).venues;
    assert_eq!(stored.map(|approval| approval.notional_left_atoms), [1_000, 1_000, 7, 1_000]);
    let revoke = ix::revoke_venue(alice.owner, alice.account, venues[1]);
    assert_sent(world.send(&alice.owner, std::slice::from_ref(&revoke)));
    assert_refused(&mut world, &alice.owner, &[revoke], EngineError::VenueNotApproved);
    let zero = ix::revoke_venue(alice.owner, alice.account, Pubkey::default());
    assert_refused(&mut world, &alice.owner, &[zero], EngineError::VenueNotApproved);
    let fifth = approve(&world, venues[4], 9);
    assert_sent(world.send(&alice.owner, &[fifth]));
    assert_eq!(world.margin_account(&alice).venues[1].venue, venues[4].to_bytes());
    // What has expired holds no place.
    world.advance(30 * 86_400);
    let back = approve(&world, venues[1], 11);
    assert_sent(world.send(&alice.owner, &[back]));
    assert_eq!(world.margin_account(&alice).venues[0].venue, venues[1].to_bytes());
}

/// KEY-3
#[test]
fn an_approval_names_an_amount_in_range_markets_of_the_venue_and_an_end_and_the_venue_is_active() {
    let mut world = World::new();
    assert_sent(world.launch());
    let alice = world.trader("alice");
    let venue = register_venue(&mut world, "venue");
    let now = world.now();
    let with = |markets, notional_limit_atoms, expires_at| {
        let args = args::ApproveVenueArgs { markets, notional_limit_atoms, expires_at };
        ix::approve_venue(alice.owner, alice.account, venue, args)
    };
    let approve = |limit| with(1, limit, now + 60);
    assert_refused(&mut world, &alice.owner, &[approve(0)], EngineError::AmountZero);
    for limit in [MAX_ATOMS + 1, u64::MAX] {
        assert_refused(&mut world, &alice.owner, &[approve(limit)], EngineError::AmountTooLarge);
    }
    // The venue settles market 0 alone.
    for markets in [0, 2, 3, u32::MAX] {
        let refused = with(markets, 1, now + 60);
        assert_refused(&mut world, &alice.owner, &[refused], EngineError::ApprovalMarketsInvalid);
    }
    let latest = now + VenueApproval::MAX_SECS.get() as i64;
    for expires_at in [0, i64::MIN, now - 1, now, latest + 1, i64::MAX] {
        let refused = with(1, 1, expires_at);
        assert_refused(&mut world, &alice.owner, &[refused], EngineError::ApprovalExpiryInvalid);
    }
    for expires_at in [now + 1, latest] {
        assert_sent(world.simulate(&alice.owner, &[with(1, 1, expires_at)]));
    }
    let stop = args::UpdateVenueArgs { active: false, settle_markets: 1, premium_markets: 0 };
    let update = ix::update_venue(&world.keys, world.authority, venue, stop);
    assert_sent(world.send_as_authority(update));
    assert_refused(&mut world, &alice.owner, &[approve(MAX_ATOMS)], EngineError::VenueInactive);
}

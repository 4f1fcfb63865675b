//! Engine, growth of its large accounts, parameters, pause bits, authorities, venues.

use anchor_lang::error::ErrorCode;
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{pause, Engine, EngineAccount, EngineRole, FeedBook, PriceBoard, Registry, Venue};
use plimsoll_tests::*;

#[test]
fn an_engine_names_its_creator_as_authority_and_its_accounts() {
    let mut world = World::without_engine();
    assert_sent(world.create_engine(true));
    let engine: Engine = world.read(&world.keys.engine);
    assert_eq!(engine.authority, world.authority.to_bytes());
    assert_eq!((engine.registry, engine.board), (world.keys.registry.to_bytes(), world.keys.board.to_bytes()));
    assert_eq!((engine.test_cluster, engine.id, engine.invariant()), (1, 0, Ok(())));
}

#[test]
fn registry_board_and_feeds_are_complete_after_their_steps_and_refuse_another() {
    let mut world = World::without_engine();
    assert_sent(world.create_engine(false));
    for step in 1..=3 {
        assert!(world.try_read::<Registry>(&world.keys.registry).is_none());
        assert_sent(world.grow_registry(&GlobalParams::DEFAULT));
        assert_eq!(world.data(&world.keys.registry).len(), step * 10_240);
    }
    for step in 1..=4 {
        assert!(world.try_read::<FeedBook>(&world.keys.feeds).is_none());
        assert_sent(world.grow_feeds());
        assert_eq!(world.data(&world.keys.feeds).len(), FeedBook::ACCOUNT_LEN.min(step * 10_240));
    }
    for length in [10_240, PriceBoard::ACCOUNT_LEN] {
        assert!(world.try_read::<PriceBoard>(&world.keys.board).is_none());
        assert_sent(world.grow_board());
        assert_eq!(world.data(&world.keys.board).len(), length);
    }
    let (registry, board, feeds) = (world.registry(), world.board(), world.feed_book());
    assert_eq!((registry.invariant(), board.invariant(), feeds.invariant()), (Ok(()), Ok(()), Ok(())));
    assert_eq!((registry.test_cluster, *registry.params()), (0, GlobalParams::DEFAULT));
    assert_eq!([registry.engine, board.engine, feeds.engine], [world.keys.engine.to_bytes(); 3]);
    assert_code(world.grow_registry(&GlobalParams::DEFAULT), EngineError::AlreadyComplete);
    assert_code(world.grow_board(), EngineError::AlreadyComplete);
    assert_code(world.grow_feeds(), EngineError::AlreadyComplete);
    assert_code(world.create_engine(false), EngineError::AlreadyComplete);
}

#[test]
fn lamports_sent_to_an_address_in_advance_stop_nothing() {
    for lamports in [1, 890_880, 10_000_000_000] {
        let mut world = World::without_engine();
        let keys = world.keys;
        for key in [keys.engine, keys.registry, keys.board, keys.feeds] {
            world.set_lamports(&key, lamports);
        }
        assert_sent(world.create_engine(true));
        world.grow_all(&AT_ONCE);
        let rent = world.svm.minimum_balance_for_rent_exemption(Registry::ACCOUNT_LEN);
        assert_eq!(world.lamports(&keys.registry), rent.max(lamports));
    }
}

/// ACCOUNT-2
#[test]
fn nothing_half_grown_can_be_used() {
    let mut world = World::without_engine();
    assert_sent(world.create_engine(true));
    for _ in 0..2 {
        assert_sent(world.grow_registry(&AT_ONCE));
        let owner = world.party("alice");
        let open = ix::open_account(&world.keys, owner, owner, args::OpenAccountArgs { id: 0, delegate: None });
        let refused = world.send(&owner, &[open]).unwrap_err();
        assert_eq!(refused.code, Some(ErrorCode::AccountDiscriminatorMismatch.into()));
    }
}

#[test]
fn only_the_authority_chooses_the_first_parameters_and_only_valid_ones() {
    let mut world = World::without_engine();
    assert_sent(world.create_engine(true));
    let mallory = world.party("mallory");
    let grow = ix::grow_registry(&world.keys, mallory, mallory, &AT_ONCE);
    assert_refused(&mut world, &mallory, &[grow], EngineError::NotAuthority);
    let bad = AT_ONCE.with(|new| new.auction.improvement_factor_ppm = 1_000_000);
    assert_code(world.grow_registry(&bad), EngineError::ParameterOutOfBounds);
}

#[test]
fn another_engines_registry_is_refused() {
    let mut world = World::new();
    let stranger = world.party("stranger");
    let other = pda::EngineKeys::created_by(&stranger, 7);
    let args = args::CreateEngineArgs::held_by(stranger, 7, false);
    assert_sent(world.send(&stranger, &[ix::create_engine(stranger, stranger, args)]));
    let mixed = pda::EngineKeys { engine: other.engine, ..world.keys };
    let pause = ix::pause(&mixed, stranger, pause::ALL);
    assert_refused(&mut world, &stranger, &[pause], EngineError::EngineMismatch);
    let update = ix::update_params(&mixed, stranger, &AT_ONCE);
    assert_refused(&mut world, &stranger, &[update], EngineError::EngineMismatch);
}

/// ACCOUNT-4
#[test]
fn prices_of_one_engine_are_not_made_from_the_feeds_of_another() {
    let mut world = World::new();
    let slot = world.list_price(&PriceConfig::named("SOL"));
    let stranger = world.party("stranger");
    let theirs = pda::EngineKeys::created_by(&stranger, 0);
    let args = args::CreateEngineArgs::held_by(stranger, 0, true);
    assert_sent(world.send(&stranger, &[ix::create_engine(stranger, stranger, args)]));
    for _ in 0..ix::REGISTRY_STEPS {
        let grow = ix::grow_registry(&theirs, stranger, stranger, &AT_ONCE);
        assert_sent(world.send(&stranger, &[grow]));
    }
    for _ in 0..ix::FEEDS_STEPS {
        assert_sent(world.send(&stranger, &[ix::grow_feeds(&theirs, stranger)]));
    }
    for _ in 0..ix::BOARD_STEPS {
        assert_sent(world.send(&stranger, &[ix::grow_board(&theirs, stranger)]));
    }
    let (listing, feed) = world.price_args(&PriceConfig::named("SOL"));
    let listing = args::ListPriceArgs { slot: 0, ..listing };
    assert_sent(world.send(&stranger, &[ix::list_price(&theirs, stranger, listing)]));

    let ours = world.keys;
    let (their_feeds, their_board) =
        (pda::EngineKeys { feeds: theirs.feeds, ..ours }, pda::EngineKeys { board: theirs.board, ..ours });
    let authority = world.authority;
    for mixed in [their_feeds, their_board] {
        let refresh = ix::Refresh { slot, primary: feed.primary, secondary: None };
        let list = args::ListPriceArgs { slot: 1, ..listing };
        let update = args::UpdatePriceArgs { slot, config: listing.config };
        for call in [
            ix::refresh_price(&mixed, &[refresh]),
            ix::list_price(&mixed, authority, list),
            ix::update_price(&mixed, authority, update),
        ] {
            assert_refused(&mut world, &authority, &[call], EngineError::EngineMismatch);
        }
    }
}

#[test]
fn parameters_are_replaced_whole_and_only_within_bounds() {
    let mut world = World::new();
    let authority = world.authority;
    let new = AT_ONCE.with(|new| {
        new.observation.cool_off_secs = 3;
        new.legs.dust_usd_micro = 20_000_000;
    });
    let update = ix::update_params(&world.keys, authority, &new);
    assert_sent(world.send_as_authority(update));
    assert_eq!(*world.registry().params(), new);
    let bad = ix::update_params(&world.keys, authority, &new.with(|new| new.prices.read_age_secs = 0));
    assert_refused(&mut world, &authority, &[bad], EngineError::ParameterOutOfBounds);
    let mallory = world.party("mallory");
    let theft = ix::update_params(&world.keys, mallory, &new);
    assert_refused(&mut world, &mallory, &[theft], EngineError::NotAuthority);
}

/// KEY-4
#[test]
fn the_guardian_stops_and_only_the_authority_starts_again() {
    let mut world = World::new();
    let (authority, guard, mallory) = (world.authority, world.party("guard"), world.party("mallory"));
    let keys = world.keys;
    let propose = ix::propose_role(&keys, authority, args::RoleArg::Guardian, Some(guard));
    assert_sent(world.send_as_authority(propose));
    assert_sent(world.send(&guard, &[ix::accept_role(&keys, guard, args::RoleArg::Guardian)]));
    assert_sent(world.send(&guard, &[ix::pause(&keys, guard, pause::BORROW)]));
    assert_sent(world.send(&guard, &[ix::pause(&keys, guard, pause::BORROW | pause::FILL)]));
    assert_refused(&mut world, &guard, &[ix::unpause(&keys, guard, pause::FILL)], EngineError::PauseOnly);
    assert_refused(&mut world, &guard, &[ix::pause(&keys, guard, 1 << 31)], EngineError::UnknownValue);
    assert_refused(&mut world, &mallory, &[ix::pause(&keys, mallory, pause::ALL)], EngineError::NotAuthority);
    assert_sent(world.send(&authority, &[ix::unpause(&keys, authority, pause::ALL)]));
    assert_eq!(world.registry().pause_bits, 0);
}

/// KEY-4
#[test]
fn every_role_changes_hands_in_two_steps() {
    for (role, stored) in [
        (args::RoleArg::RiskAuthority, EngineRole::RiskAuthority),
        (args::RoleArg::Guardian, EngineRole::Guardian),
        (args::RoleArg::FeeCollector, EngineRole::FeeCollector),
        (args::RoleArg::Authority, EngineRole::Authority),
    ] {
        let mut world = World::new();
        let (authority, heir, mallory) = (world.authority, world.party("heir"), world.party("mallory"));
        let keys = world.keys;
        let (by_heir, by_mallory) = (ix::accept_role(&keys, heir, role), ix::accept_role(&keys, mallory, role));
        assert_refused(&mut world, &heir, std::slice::from_ref(&by_heir), EngineError::NotPendingAuthority);
        let theft = ix::propose_role(&keys, mallory, role, Some(heir));
        assert_refused(&mut world, &mallory, &[theft], EngineError::NotAuthority);
        assert_sent(world.send(&authority, &[ix::propose_role(&keys, authority, role, Some(heir))]));
        assert_refused(&mut world, &mallory, &[by_mallory], EngineError::NotPendingAuthority);
        assert_eq!(world.read::<Engine>(&keys.engine).holder(stored), authority.as_array());
        assert_sent(world.send(&heir, &[by_heir]));
        let engine: Engine = world.read(&keys.engine);
        assert_eq!((engine.holder(stored), engine.pending), (heir.as_array(), [[0; 32]; 4]));
        let before = Engine { authority: *authority.as_array(), ..engine };
        assert_eq!(
            [before.risk_authority, before.guardian, before.fee_collector]
                .iter()
                .filter(|key| **key == heir.to_bytes())
                .count(),
            (role != args::RoleArg::Authority) as usize
        );
    }
}

#[test]
fn whoever_was_the_authority_is_nobody() {
    let mut world = World::new();
    let (authority, heir, keys) = (world.authority, world.party("heir"), world.keys);
    assert_sent(world.send(&authority, &[ix::propose_role(&keys, authority, args::RoleArg::Authority, Some(heir))]));
    let risk = ix::propose_role(&keys, authority, args::RoleArg::RiskAuthority, Some(heir));
    assert_sent(world.send(&authority, &[risk]));
    for role in [args::RoleArg::Authority, args::RoleArg::RiskAuthority] {
        assert_sent(world.send(&heir, &[ix::accept_role(&keys, heir, role)]));
    }
    let update = ix::update_params(&keys, authority, &AT_ONCE);
    assert_refused(&mut world, &authority, &[update], EngineError::NotAuthority);
}

#[test]
fn a_withdrawn_proposal_cannot_be_accepted() {
    let mut world = World::new();
    let (authority, heir) = (world.authority, world.party("heir"));
    let keys = world.keys;
    for successor in [Some(heir), None] {
        let propose = ix::propose_role(&keys, authority, args::RoleArg::Authority, successor);
        assert_sent(world.send(&authority, &[propose]));
    }
    let accept = ix::accept_role(&keys, heir, args::RoleArg::Authority);
    assert_refused(&mut world, &heir, &[accept], EngineError::NotPendingAuthority);
}

#[test]
fn venues_are_registered_and_changed_by_the_authority_alone() {
    let mut world = World::new();
    let (authority, mallory, signer) = (world.authority, world.party("mallory"), address("venue signer"));
    let keys = world.keys;
    let args = args::RegisterVenueArgs { signer, settle_markets: 3, premium_markets: 1 };
    let theft = ix::register_venue(&keys, mallory, mallory, args);
    assert_refused(&mut world, &mallory, &[theft], EngineError::NotAuthority);
    assert_sent(world.send(&authority, &[ix::register_venue(&keys, authority, authority, args)]));
    let venue = keys.venue(&signer);
    let stored: Venue = world.read(&venue);
    assert_eq!((stored.active, stored.signer, stored.settle_markets), (1, signer.to_bytes(), 3));
    let stop = args::UpdateVenueArgs { active: false, settle_markets: 0, premium_markets: 0 };
    assert_refused(&mut world, &mallory, &[ix::update_venue(&keys, mallory, venue, stop)], EngineError::NotAuthority);
    assert_sent(world.send(&authority, &[ix::update_venue(&keys, authority, venue, stop)]));
    assert_eq!(world.read::<Venue>(&venue).active, 0);
}

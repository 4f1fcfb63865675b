use bytemuck::zeroed_box;
use plimsoll_risk::oracle::PriceState;
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_sdk::EngineError;
use plimsoll_state::{
    Bank, Engine, EngineRole, FeedBook, Market, PriceBoard, Registry, SlotStatus, StoredParams, Venue,
};

use super::*;
use crate::chain::{Grown, MintState};
use crate::config::{Bytes32, EngineConfig, VenueConfig};

const LOCALNET: &str = include_str!("../../localnet.toml");

pub(super) fn creator() -> Pubkey {
    Pubkey::new_from_array([7; 32])
}

pub(super) fn file() -> Config {
    Config::parse(LOCALNET).unwrap()
}

/// A cluster without the engine.
fn nothing(resolved: &Resolved) -> Chain {
    Chain {
        keys: EngineKeys::created_by(&creator(), 0),
        now: 1_760_130_000,
        engine: None,
        registry: Grown::Partial { calls_left: 3 },
        board: Grown::Partial { calls_left: 2 },
        feed_book: Grown::Partial { calls_left: 4 },
        banks: Vec::new(),
        markets: Vec::new(),
        venues: vec![None; resolved.config.venues.len()],
        other_venues: Vec::new(),
        mints: vec![None; resolved.config.banks.len()],
        feeds: vec![false; resolved.feeds.len()],
        changes: Vec::new(),
    }
}

/// A cluster on which a configuration has been applied, written by the program's own functions where it has some.
pub(super) fn applied(resolved: &Resolved) -> Chain {
    let config = &resolved.config;
    let mut chain = nothing(resolved);
    let mut engine: Engine = bytemuck::Zeroable::zeroed();
    engine.id = config.engine.id;
    engine.test_cluster = config.engine.test_cluster as u8;
    let key = creator().to_bytes();
    (engine.creator, engine.authority, engine.risk_authority) = (key, key, key);
    (engine.guardian, engine.fee_collector) = (key, key);
    chain.engine = Some(engine);
    let params = config.params;
    let (mut registry, mut board): (Box<Registry>, Box<PriceBoard>) = (zeroed_box(), zeroed_box());
    let mut feeds: Box<FeedBook> = zeroed_box();
    registry.params = StoredParams(params);
    registry.launched = 1;
    (board.count, registry.bank_count, registry.market_count) =
        (config.prices.len() as u8, config.banks.len() as u8, config.markets.len() as u8);
    for ((slot, feed), price) in board.slots.iter_mut().zip(&mut feeds.feeds).zip(&config.prices) {
        slot.active = 1;
        slot.store(
            feed,
            &PriceState::listed(Secs::new(price.args().fast_secs()), Secs::new(price.args().slow_secs()), 20_000),
        );
        price.args().write(slot, feed);
    }
    for (index, bank) in config.banks.iter().enumerate() {
        let mut account: Bank = bytemuck::Zeroable::zeroed();
        account.mint = bank.mint_key().unwrap().0.to_bytes();
        let slot = &mut registry.banks[index];
        (slot.status, slot.price_slot) = (SlotStatus::Active as u8, bank.price_slot);
        bank.settings().write(false, &params, &mut account, slot, UnixSecs::new(0));
        chain.banks.push(account);
    }
    for (index, market) in config.markets.iter().enumerate() {
        let args = market.args(index as u8);
        args.terms.validate::<EngineError>(args.price_slot, &registry, &board).unwrap();
        let slot = &mut registry.markets[index];
        (slot.status, slot.price_slot, slot.base_decimals) = (market.status(), args.price_slot, args.base_decimals);
        let mut account: Market = bytemuck::Zeroable::zeroed();
        account.name = args.name;
        args.terms.write(false, &params, &mut account, slot, UnixSecs::new(0));
        chain.markets.push(account);
    }
    (chain.registry, chain.board) = (Grown::Complete(registry), Grown::Complete(board));
    chain.feed_book = Grown::Complete(feeds);
    let token_program = plimsoll_sdk::pda::TOKEN_PROGRAM;
    chain.mints.fill(Some(MintState { decimals: 6, token_program }));
    chain.feeds.fill(true);
    chain
}

/// Where nothing has to wait.
fn without_delay() -> Config {
    let mut config = file();
    config.params.changes.change_delay_secs = 0;
    config
}

pub(super) fn resolved(config: &Config) -> Resolved {
    config.resolve(&creator()).unwrap()
}

fn steps(config: &Config, chain: &Chain) -> Vec<Step> {
    let plan = plan(&resolved(config), chain).unwrap();
    assert_eq!(plan.immutable, Vec::<String>::new());
    plan.steps.into_iter().map(|planned| planned.step).collect()
}

#[test]
fn an_empty_cluster_needs_every_step_in_the_order_that_the_program_enforces() {
    let config = file();
    let all = steps(&config, &nothing(&resolved(&config)));
    let mut expected: Vec<Step> = (0..3).map(|bank| Step::CreateMint { bank }).collect();
    expected.push(Step::CreateEngine);
    expected.extend([3, 2, 1].map(|calls_left| Step::GrowRegistry { calls_left }));
    expected.extend([2, 1].map(|calls_left| Step::GrowBoard { calls_left }));
    expected.extend([4, 3, 2, 1].map(|calls_left| Step::GrowFeeds { calls_left }));
    expected.extend((0..3).map(|price| Step::CreateFeed { price }));
    expected.extend((0..3).map(|price| Step::ListPrice { price }));
    expected.extend((0..3).map(|bank| Step::ListBank { bank }));
    expected.extend((0..2).map(|market| Step::ListMarket { market }));
    expected.push(Step::Launch);
    assert_eq!(all, expected);
}

#[test]
fn an_engine_that_is_as_the_file_says_needs_nothing() {
    let config = file();
    assert_eq!(steps(&config, &applied(&resolved(&config))), []);
}

#[test]
fn a_migration_that_stopped_anywhere_continues_there() {
    let config = file();
    let whole = applied(&resolved(&config));
    let mut chain = whole.clone();
    (chain.registry, chain.board) = (Grown::Partial { calls_left: 1 }, Grown::Partial { calls_left: 2 });
    chain.feed_book = Grown::Partial { calls_left: 1 };
    (chain.banks, chain.markets) = (Vec::new(), Vec::new());
    let left = steps(&config, &chain);
    assert_eq!(left[0], Step::GrowRegistry { calls_left: 1 });
    assert_eq!(
        left[1..4],
        [Step::GrowBoard { calls_left: 2 }, Step::GrowBoard { calls_left: 1 }, Step::GrowFeeds { calls_left: 1 }]
    );
    let mut chain = whole;
    chain.banks.truncate(2);
    chain.markets.clear();
    if let Grown::Complete(registry) = &mut chain.registry {
        (registry.bank_count, registry.market_count) = (2, 0);
    }
    let expected = [Step::ListBank { bank: 2 }, Step::ListMarket { market: 0 }, Step::ListMarket { market: 1 }];
    assert_eq!(steps(&config, &chain), expected);
}

#[test]
fn what_changed_in_the_file_is_updated_and_nothing_else() {
    let before = file();
    let chain = applied(&resolved(&before));
    let mut config = before.clone();
    config.params.auction.auction_secs = 41;
    config.prices[1].update_secs = 3;
    config.prices[2].primary.feed_id = Bytes32([9; 32]);
    config.banks[1].deposit_cap_atoms -= 1;
    config.banks[2].reduce_only = true;
    config.markets[0].fill_fee_ppm += 1;
    let plan = plan(&resolved(&config), &chain).unwrap();
    // Another feed id of the mock oracle is another account, which is still to be created.
    let found: Vec<String> =
        plan.steps.iter().map(|planned| format!("{} {}", planned.step, planned.changes.len())).collect();
    let expected = [
        "update the parameters 1",
        "update price 1 1",
        "update price 2 2",
        "update bank 1 1",
        "update bank 2 1",
        "update market 0 1",
    ];
    assert_eq!(found, expected);
    assert!(plan.steps.iter().all(|planned| planned.signer == creator()));
}

#[test]
fn what_can_never_change_is_named_and_not_attempted() {
    let before = file();
    let chain = applied(&resolved(&before));
    let mut config = before.clone();
    config.markets[1].base_decimals = 8;
    config.banks[1].price_slot = 2;
    config.banks.pop();
    let plan = plan(&resolved(&config), &chain).unwrap();
    let starts: Vec<&str> = plan.immutable.iter().map(|text| text.split(':').next().unwrap()).collect();
    assert_eq!(starts, ["bank[1].price_slot", "bank[2]", "market[1].base_decimals"]);
}

#[test]
fn what_was_paused_in_an_incident_stays_paused_unless_the_file_says_otherwise() {
    let mut config = file();
    let mut chain = applied(&resolved(&config));
    if let Grown::Complete(registry) = &mut chain.registry {
        registry.pause_bits = plimsoll_state::pause::BORROW;
        registry.pauses[1].guardian_until_at = chain.now + 60;
    }
    assert_eq!(steps(&config, &chain), []);
    config.engine.pause = Some(vec![PauseBit::Borrow]);
    assert_eq!(steps(&config, &chain), []);
    config.engine.pause = Some(Vec::new());
    assert_eq!(steps(&config, &chain), [Step::SetPause { add: 0, remove: plimsoll_state::pause::BORROW }]);
    // A week later nothing stands that could be ended.
    chain.now += 60;
    assert_eq!(steps(&config, &chain), []);
}

#[test]
fn the_authority_is_handed_over_last_and_accepted_by_its_own_key() {
    let next = Pubkey::new_from_array([8; 32]);
    let before = without_delay();
    let mut chain = applied(&resolved(&before));
    let mut config = Config {
        engine: EngineConfig { authority: Some(Key(next)), guardian: Some(Key(next)), ..before.engine.clone() },
        ..before
    };
    config.banks[1].borrow_cap_atoms -= 1;
    let planned = |chain: &Chain| {
        let plan = plan(&resolved(&config), chain).unwrap();
        plan.steps.into_iter().map(|planned| (planned.step, planned.signer)).collect::<Vec<_>>()
    };
    let proposed = |role| (Step::ProposeRole { role }, creator());
    let accepted = |role| (Step::AcceptRole { role }, next);
    let expected = [
        (Step::UpdateBank { bank: 1 }, creator()),
        proposed(Role::Guardian),
        proposed(Role::Authority),
        accepted(Role::Guardian),
        accepted(Role::Authority),
    ];
    assert_eq!(planned(&chain), expected);
    let engine = chain.engine.as_mut().unwrap();
    engine.propose(EngineRole::Guardian, next.to_bytes());
    engine.propose(EngineRole::Authority, next.to_bytes());
    engine.accept(EngineRole::Guardian);
    assert_eq!(planned(&chain), [(Step::UpdateBank { bank: 1 }, creator()), accepted(Role::Authority)]);
    chain.engine.as_mut().unwrap().accept(EngineRole::Authority);
    assert_eq!(planned(&chain), [(Step::UpdateBank { bank: 1 }, next)]);
}

#[test]
fn venues_are_registered_once_and_updated_where_their_permissions_differ() {
    let mut config = file();
    let signer = Key(Pubkey::new_from_array([3; 32]));
    let venue = VenueConfig { signer, active: true, settle_markets: vec![1, 0], premium_markets: Vec::new() };
    config.venues.push(venue);
    let mut chain = applied(&resolved(&config));
    assert_eq!(steps(&config, &chain), [Step::RegisterVenue { venue: 0 }]);
    let mut account: Venue = bytemuck::Zeroable::zeroed();
    (account.active, account.signer, account.settle_markets) = (1, signer.0.to_bytes(), 0b11);
    chain.venues = vec![Some(account)];
    assert_eq!(steps(&config, &chain), []);
    config.venues[0].active = false;
    assert_eq!(steps(&config, &chain), [Step::UpdateVenue { venue: 0 }]);
}

#[test]
fn what_the_file_does_not_name_differs_and_a_venue_of_that_kind_is_left_alone() {
    let mut config = file();
    let mut chain = applied(&resolved(&config));
    let mut account: Venue = bytemuck::Zeroable::zeroed();
    (account.active, account.signer, account.settle_markets) = (1, [3; 32], 0b11);
    chain.other_venues = vec![account];
    config.prices.pop();
    config.banks.pop();
    config.markets.pop();
    let on_chain = chain.config(&config).unwrap();
    let found = differences(&managed(&resolved(&config).config, &on_chain), &on_chain).unwrap();
    let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
    let venue = format!("venue.{}", Key(Pubkey::new_from_array([3; 32])));
    assert_eq!(paths, ["bank[2]", "market[1]", "price[2]", venue.as_str()]);
    assert!(found.iter().all(|difference| difference.in_file.is_none() && difference.on_chain.is_some()));
    // Applying a file neither stops it nor fails for it: only `verify` says that it is there.
    assert_eq!(steps(&file(), &chain), []);
}

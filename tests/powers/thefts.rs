//! What a stolen authority could do in one transaction, and what each attempt meets now.

use plimsoll_risk::params::Contradiction;
use plimsoll_state::{Bank, SlotStatus};
use plimsoll_tests::*;

use super::{bank_args, execute, launched, params, propose, settle_prices, update_bank, wait, DELAY};

/// The line that names what has to wait.
fn named(refused: Sent) -> String {
    let failure = refused.expect_err("it has to wait");
    assert_eq!(failure.code, Some(EngineError::ChangeWaits as u32), "{failure}");
    let line = failure.logs.iter().find_map(|line| line.split_once("waits: "));
    line.map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

/// A debtor far above maintenance: 100 SOL at 200 dollars, 10,000 dollars owed.
fn debtor(stage: &mut Stage) -> Trader {
    let debtor = stage.funded_trader("debtor", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&debtor, USDC, 10_000 * USD));
    stage.advance(3);
    stage.repeat_prices();
    debtor
}

/// Whoever signs for the attempt.
fn thieves(stage: &mut Stage) -> [anchor_lang::prelude::Pubkey; 2] {
    let (keys, risk) = (stage.keys, stage.party("risk authority"));
    let mut engine: plimsoll_state::Engine = stage.read(&keys.engine);
    engine.risk_authority = risk.to_bytes();
    stage.write(&keys.engine, &engine);
    [stage.authority, risk]
}

/// POWER-1. Emptied every vault down to insurance in one transaction of 1,162 bytes.
#[test]
fn a_worthless_mint_is_not_listed_at_once_and_borrows_nothing_once_it_is() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let worthless = stage.create_mint("WORTHLESS", 9);
    let list = |config, authority| {
        let args = args::ListBankArgs { index: 3, price_slot: SOL, config };
        ix::list_bank(&keys, authority, authority, (worthless.key, worthless.program), args)
    };
    let greedy = bank_args(SOL, |_| ()).config;
    named(stage.send_as_authority(list(greedy, authority)));
    // By the executor, who signs for what has waited, and with whoever executes it as the payer.
    let by_executor = |config| {
        let mut list = list(config, authority);
        list.accounts[0].pubkey = keys.executor();
        list
    };
    let first = propose(&mut stage, &by_executor(greedy));
    let rich = args::BankConfigArgs { asset_init_ppm: 0, ..greedy };
    let second = propose(&mut stage, &by_executor(rich));
    // 4,000 SOL at 200 dollars.
    let modest = args::BankConfigArgs { deposit_cap_atoms: 4_000 * ONE_SOL, borrow_cap_atoms: 0, ..rich };
    let third = propose(&mut stage, &by_executor(modest));
    assert_code(execute(&mut stage, third), EngineError::ChangeNotDue);
    wait(&mut stage, DELAY);
    let failure = execute(&mut stage, first).expect_err("its first weight is not zero");
    assert!(failure.logs.iter().any(|line| line.contains(Contradiction::FIRST_WEIGHT.0)), "{failure}");
    assert_code(execute(&mut stage, second), EngineError::CapGrowthLimited);
    assert_sent(execute(&mut stage, third));
    stage.mints.push(worthless);

    settle_prices(&mut stage);
    let thief = stage.trader("thief");
    assert_code(stage.deposit(&thief, 3, 4_001 * ONE_SOL), EngineError::DepositCapReached);
    assert_sent(stage.deposit(&thief, 3, 4_000 * ONE_SOL));
    for bank in [USDC, SOL, BTC] {
        assert_code(stage.borrow(&thief, bank, 1_000), EngineError::InitialMarginInsufficient);
    }
    // A weight above zero waits as long again.
    let weigh =
        args::UpdateBankArgs { reduce_only: false, config: args::BankConfigArgs { asset_init_ppm: 1, ..modest } };
    let line = named(stage.send_as_authority(ix::update_bank(&keys, authority, 3, weigh)));
    assert_eq!(line, "asset_init_ppm from 0 to 1");
}

/// POWER-2. Took 100 SOL for 99.90 dollars from an account far above maintenance.
#[test]
fn a_weight_that_is_set_to_zero_liquidates_nobody_at_once() {
    let mut stage = launched();
    let debtor = debtor(&mut stage);
    for thief in thieves(&mut stage) {
        let zero = bank_args(SOL, |config| (config.asset_maint_ppm, config.asset_init_ppm) = (0, 0));
        let seize = liquidate_ix(&stage, &stage.liquidator, &debtor, pair(SOL, USDC), ANY, true);
        let set = ix::update_bank(&stage.keys, thief, SOL, zero);
        let mut together = stage.clone();
        assert_code(together.send(&thief, &[set.clone(), seize]), EngineError::AccountHealthy);
        // In transactions of their own, half an hour later, it is no other.
        assert_sent(stage.send(&thief, &[set]));
        let advance = ix::advance_ramp(&stage.keys, args::RampArg::Bank(SOL));
        for _ in 0..3 {
            wait(&mut stage, 600);
            assert_sent(stage.send_as_authority(advance.clone()));
        }
        settle_prices(&mut stage);
        let liquidator = stage.liquidator;
        assert_code(stage.liquidate(&liquidator, &debtor, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
    }
}

/// POWER-1
#[test]
fn an_oracle_of_ones_own_waits_in_public() {
    let mut stage = launched();
    let keys = stage.keys;
    let mut config = stage.price_args(&PriceConfig::named("SOL")).0.config;
    config.primary.address = address("an oracle of my own");
    for thief in thieves(&mut stage) {
        let pin = ix::update_price(&keys, thief, args::UpdatePriceArgs { slot: SOL, config });
        assert_eq!(named(stage.send(&thief, &[pin])), "primary");
        let list =
            ix::list_price(&keys, thief, args::ListPriceArgs { slot: 3, config, variance_prior_pico_per_sec: None });
        assert!(stage.send(&thief, &[list]).is_err());
    }
}

/// POWER-1. Took 1,000 of 15,000 dollars, and the parameters looked untouched afterwards.
#[test]
fn a_penalty_of_a_fifth_waits_in_public() {
    let mut stage = launched();
    let debtor = debtor(&mut stage);
    let (keys, before) = (stage.keys, *stage.registry().params());
    let greedy =
        params(&stage, |new| (new.auction.penalty_start_ppm, new.auction.penalty_cap_ppm) = (200_000, 200_000));
    for thief in thieves(&mut stage) {
        let seize = liquidate_ix(&stage, &stage.liquidator, &debtor, pair(SOL, USDC), ANY, true);
        let (raise, restore) = (ix::update_params(&keys, thief, &greedy), ix::update_params(&keys, thief, &before));
        let zero =
            ix::update_bank(&keys, thief, SOL, bank_args(SOL, |config| config.asset_maint_ppm = config.asset_init_ppm));
        let line = named(stage.send(&thief, &[raise, zero, seize, restore]));
        assert_eq!(line, "auction.penalty_start_ppm from 1000 to 200000");
    }
    assert_eq!(*stage.registry().params(), before);
}

/// POWER-1
#[test]
fn in_several_transactions_within_seconds_nothing_comes_either() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let config = stage.price_args(&PriceConfig::named("SOL")).0.config;
    let pinned = args::PriceConfigArgs { fast_secs: Some(config.fast_secs() + 1), ..config };
    named(stage.send_as_authority(ix::update_price(
        &keys,
        authority,
        args::UpdatePriceArgs { slot: SOL, config: pinned },
    )));
    stage.advance(1);
    let update = update_bank(&stage, "authority", SOL, |config| config.asset_init_ppm += 1);
    named(stage.send_as_authority(update));
    stage.advance(1);
    let update = update_bank(&stage, "authority", SOL, |config| config.outflow_hour_ppm = Some(900_000));
    named(stage.send_as_authority(update));
    stage.advance(1);
    let update = ix::update_params(&keys, authority, &params(&stage, |new| new.changes.change_delay_secs = 86_400));
    assert_eq!(named(stage.send_as_authority(update)), "changes.change_delay_secs from 172800 to 86400");
}

/// KEY-4, POWER-1
#[test]
fn no_role_is_handed_over_at_once() {
    let mut stage = launched();
    let (keys, authority, heir) = (stage.keys, stage.authority, stage.party("heir"));
    for role in
        [args::RoleArg::Authority, args::RoleArg::RiskAuthority, args::RoleArg::Guardian, args::RoleArg::FeeCollector]
    {
        named(stage.send_as_authority(ix::propose_role(&keys, authority, role, Some(heir))));
    }
    let hand_over = ix::propose_role(&keys, keys.executor(), args::RoleArg::Guardian, Some(heir));
    let id = propose(&mut stage, &hand_over);
    wait(&mut stage, DELAY);
    assert_sent(execute(&mut stage, id));
    assert_sent(stage.send(&heir, &[ix::accept_role(&keys, heir, args::RoleArg::Guardian)]));
    assert_eq!(stage.read::<plimsoll_state::Engine>(&keys.engine).guardian, heir.to_bytes());
}

/// POWER-1
#[test]
fn a_venue_reports_no_premium_that_has_not_waited() {
    let mut stage = launched();
    let (keys, authority, signer) = (stage.keys, stage.authority, stage.party("venue"));
    let register = |premium_markets| {
        let args = args::RegisterVenueArgs { signer, settle_markets: 3, premium_markets };
        ix::register_venue(&keys, authority, authority, args)
    };
    assert_eq!(named(stage.send_as_authority(register(1))), "premium_markets from 0 to 1");
    assert_sent(stage.send_as_authority(register(0)));
    let update = |active, premium_markets| {
        let args = args::UpdateVenueArgs { active, settle_markets: 1, premium_markets };
        ix::update_venue(&keys, authority, keys.venue(&signer), args)
    };
    named(stage.send_as_authority(update(true, 2)));
    assert_sent(stage.send_as_authority(update(false, 0)));
    assert_eq!(named(stage.send_as_authority(update(true, 0))), "active from 0 to 1");
}

/// POWER-1
#[test]
fn the_executor_signs_for_nothing_but_setters() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let token = stage.token(USDC);
    let destination = stage.funded(&authority, USDC, 0);
    let everything = args::CollectFeesArgs { amount_atoms: 0, all: true };
    let collect = ix::collect_fees(&keys, &token, keys.executor(), destination, everything);
    let open = ix::open_account(&keys, keys.executor(), authority, args::OpenAccountArgs { id: 0, delegate: None });
    let pause = ix::pause(&keys, keys.executor(), 1);
    let launch = ix::launch_engine(&keys, keys.executor());
    let mut nothing = ix::update_params(&keys, keys.executor(), stage.registry().params());
    nothing.data.truncate(7);
    for instruction in [collect, open, pause, launch, nothing] {
        let propose = ix::propose_change(&keys, (authority, authority), 0, &instruction);
        assert_code(stage.send_as_authority(propose), EngineError::NotChangeable);
    }
    let mut long = ix::update_params(&keys, keys.executor(), stage.registry().params());
    long.data.resize(513, 0);
    let propose = ix::propose_change(&keys, (authority, authority), 0, &long);
    let unread = anchor_lang::error::ErrorCode::InstructionDidNotDeserialize;
    assert_refused(&mut stage, &authority, &[propose], unread);
    let mut wide = ix::update_params(&keys, keys.executor(), stage.registry().params());
    wide.accounts.extend((0..12).map(|_| solana_instruction::AccountMeta::new_readonly(keys.board, false)));
    let propose = ix::propose_change(&keys, (authority, authority), 0, &wide);
    assert_code(stage.send_as_authority(propose), EngineError::ChangeTooLarge);
}

/// POWER-1
#[test]
fn what_tightens_and_liquidates_nobody_comes_at_once() {
    let mut stage = launched();
    let keys = stage.keys;
    for thief in thieves(&mut stage) {
        let mut tight = bank_args(SOL, |config| {
            config.asset_init_ppm -= 10_000;
            config.liability_init_ppm += 10_000;
            config.deposit_cap_atoms /= 2;
            config.borrow_cap_atoms = 0;
        });
        tight.reduce_only = true;
        assert_sent(stage.send(&thief, &[ix::update_bank(&keys, thief, SOL, tight)]));
        assert_eq!(stage.registry().banks[SOL as usize].status, SlotStatus::ReduceOnly as u8);
        assert_eq!(stage.read::<Bank>(&keys.bank(SOL).bank).caps.borrow_cap_atoms, 0);
        // Back again it does not.
        tight.reduce_only = false;
        named(stage.send(&thief, &[ix::update_bank(&keys, thief, SOL, tight)]));
    }
    let liquidator = stage.liquidator;
    assert_sent(stage.withdraw(&liquidator, USDC, Some(USD)));
}

/// POWER-3
#[test]
fn caps_double_at_most_once_a_day() {
    let mut stage = launched();
    let keys = stage.keys;
    let raised = |factor: u64| bank_args(SOL, |config| config.deposit_cap_atoms *= factor);
    let ids =
        [2, 4, 5].map(|factor| propose(&mut stage, &ix::update_bank(&keys, keys.executor(), SOL, raised(factor))));
    wait(&mut stage, DELAY);
    assert_code(execute(&mut stage, ids[1]), EngineError::CapGrowthLimited);
    assert_sent(execute(&mut stage, ids[0]));
    assert_code(execute(&mut stage, ids[1]), EngineError::CapGrowthLimited);
    wait(&mut stage, 86_400 - 1);
    assert_code(execute(&mut stage, ids[1]), EngineError::CapGrowthLimited);
    wait(&mut stage, 1);
    assert_code(execute(&mut stage, ids[2]), EngineError::CapGrowthLimited);
    assert_sent(execute(&mut stage, ids[1]));
}

/// POWER-1. Before the launch there is nobody to protect, and nobody can come.
#[test]
fn until_the_launch_everything_comes_at_once_and_nobody_has_an_account() {
    let mut world = World::with_params(&plimsoll_risk::params::GlobalParams::DEFAULT, true);
    world.default_listing();
    let (keys, authority, owner) = (world.keys, world.authority, world.party("owner"));
    let open = ix::open_account(&keys, owner, owner, args::OpenAccountArgs { id: 0, delegate: None });
    assert_refused(&mut world, &owner, std::slice::from_ref(&open), EngineError::NotLaunched);
    let loose = ix::update_bank(&keys, authority, SOL, bank_args(SOL, |config| config.asset_init_ppm += 1));
    assert_sent(world.send_as_authority(loose.clone()));
    assert_refused(&mut world, &owner, &[ix::launch_engine(&keys, owner)], EngineError::NotAuthority);
    assert_sent(world.launch());
    assert_code(world.launch(), EngineError::AlreadyComplete);
    assert_sent(world.send(&owner, &[open]));
    let looser = ix::update_bank(&keys, authority, SOL, bank_args(SOL, |config| config.asset_init_ppm += 2));
    named(world.send_as_authority(looser));
}

/// POWER-1. Nobody waits for it before the launch, so nothing is lost; with no delay it would be executed after it, at once.
#[test]
fn a_change_that_was_proposed_before_the_launch_waits_as_long_as_any() {
    let mut world = World::with_params(&plimsoll_risk::params::GlobalParams::DEFAULT, true);
    world.default_listing();
    let (keys, authority, anybody) = (world.keys, world.authority, world.party("anybody"));
    let loose = ix::update_bank(&keys, keys.executor(), SOL, bank_args(SOL, |config| config.asset_init_ppm += 1));
    assert_sent(world.send_as_authority(ix::propose_change(&keys, (authority, authority), 0, &loose)));
    assert_sent(world.launch());
    let change: plimsoll_state::PendingChange = world.read(&keys.change(0));
    let execute = ix::execute_change(&keys, anybody, &change);
    assert_refused(&mut world, &anybody, std::slice::from_ref(&execute), EngineError::ChangeNotDue);
    world.advance(DELAY);
    assert_sent(world.send(&anybody, &[execute]));
}

/// POWER-1
#[test]
fn an_engine_that_holds_other_peoples_money_waits_at_least_a_day() {
    let mut world = World::without_engine();
    assert_sent(world.create_engine(false));
    let short = plimsoll_risk::params::GlobalParams::DEFAULT.with(|new| new.changes.change_delay_secs = 86_399);
    assert_code(world.grow_registry(&short), EngineError::ParameterOutOfBounds);
    world.grow_all(&short.with(|new| new.changes.change_delay_secs = 86_400));
    let update = ix::update_params(&world.keys, world.authority, &short);
    assert_code(world.send_as_authority(update), EngineError::ParameterOutOfBounds);
}

/// POWER-1, PRICE-9. Took 100 SOL for 99.90 dollars in one transaction, as readiness was not asked for a liquidation.
#[test]
fn a_new_source_liquidates_nobody_before_its_averages_are_ready() {
    let mut stage = launched();
    let (keys, debtor) = (stage.keys, debtor(&mut stage));
    let mine = PriceConfig { secondary: false, ..PriceConfig::named("MINE") };
    let (listing, mut feed) = stage.price_args(&mine);
    let held = stage.price_args(&PriceConfig::named("SOL")).0.config;
    let config = args::PriceConfigArgs { primary: listing.config.primary, secondary: None, ..held };
    let pin = ix::update_price(&keys, keys.executor(), args::UpdatePriceArgs { slot: SOL, config });
    let id = propose(&mut stage, &pin);
    wait(&mut stage, DELAY);
    assert_sent(execute(&mut stage, id));
    feed.slot = SOL;
    stage.feeds[SOL as usize] = feed;
    // At once, and for as long as its averages are not ready, whatever it says.
    let (liquidator, slow) = (stage.liquidator, held.slow_secs() as i64);
    let mut ready = 0;
    for second in 0..2 * slow + 60 {
        stage.advance(1);
        let _ = stage.set_price(USDC, E8);
        assert_sent(stage.set_price(SOL, 50 * E8));
        let found = stage.board().slots[SOL as usize];
        let seized = stage.liquidate(&liquidator, &debtor, pair(SOL, USDC), ANY);
        if found.awaits_averages() {
            assert!(seized.is_err(), "second {second}");
            assert_code(stage.withdraw(&debtor, SOL, Some(1)), EngineError::PriceHalted);
            continue;
        }
        assert!(found.is_ready());
        ready += 1;
    }
    assert!(ready > 0);
    // What stands in the board asks no slot any more.
    assert!(stage.board().stopped_until_at < stage.now());
}

/// PRICE-9
#[test]
fn a_halt_of_a_price_that_waits_for_its_averages_ends_no_earlier() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    let mut board = stage.board();
    board.restart(SOL as usize);
    stage.write(&keys.board, &*board);
    for halted in [true, false] {
        let halt = args::HaltPriceArgs { slot: SOL, halted, lasts_secs: None };
        assert_sent(stage.send_as_authority(ix::halt_price(&keys, authority, halt)));
        assert!(stage.board().slots[SOL as usize].awaits_averages());
    }
    stage.hold_prices(130, 5);
    assert!(!stage.board().slots[SOL as usize].awaits_averages());
}

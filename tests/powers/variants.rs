//! Variants of the thefts: in two transactions, by two keys, from another program, by a venue, with a pause, on an engine of
//! a test cluster. Each is refused by name; a file of `plimsoll-migrate` that asks for them is tried beside its planner
//! (`migrations/src/steps/hostile_tests.rs`).

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::change::{Asked, InForce};
use plimsoll_state::{pause, Engine, PendingChange, Venue};
use plimsoll_tests::*;
use solana_instruction::Instruction;
use testkit_hostile::client::Script;

use super::{bank_args, execute, launched, params, propose, settle_prices, wait, DELAY};

/// A debtor far above maintenance, and a risk authority and a guardian that are keys of their own.
struct Theft {
    stage: Stage,
    debtor: Trader,
    risk: Pubkey,
    guardian: Pubkey,
}

fn theft() -> Theft {
    let mut stage = launched();
    let (keys, risk, guardian) = (stage.keys, stage.party("risk authority"), stage.party("guardian"));
    let mut engine: Engine = stage.read(&keys.engine);
    (engine.risk_authority, engine.guardian) = (risk.to_bytes(), guardian.to_bytes());
    stage.write(&keys.engine, &engine);
    let debtor = stage.funded_trader("debtor", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&debtor, USDC, 10_000 * USD));
    stage.advance(3);
    stage.repeat_prices();
    deploy_hostile(&mut stage);
    Theft { stage, debtor, risk, guardian }
}

impl Theft {
    /// Takes the debtor's SOL for the liquidator.
    fn seize(&self) -> Instruction {
        liquidate_ix(&self.stage, &self.stage.liquidator, &self.debtor, pair(SOL, USDC), ANY, true)
    }

    fn signers(ix: &Instruction) -> Vec<Pubkey> {
        ix.accounts.iter().filter(|meta| meta.is_signer).map(|meta| meta.pubkey).collect()
    }

    /// These calls from within another program, with every signature that they ask for.
    fn by_cpi(calls: &[Instruction]) -> Instruction {
        let signers: Vec<Pubkey> = calls.iter().flat_map(Self::signers).collect();
        calls.iter().fold(Script::new(), |script, call| script.call(call)).instruction(&signers)
    }
}

/// POWER-2. Two keys, two transactions: one lowers what assets count, the other raises what debts do, and both move it.
#[test]
fn two_keys_that_ramp_both_sides_of_a_debt_move_each_within_its_slope() {
    let mut theft = theft();
    let (keys, authority, risk) = (theft.stage.keys, theft.stage.authority, theft.risk);
    let zero = bank_args(SOL, |config| (config.asset_maint_ppm, config.asset_init_ppm) = (0, 0));
    assert_sent(theft.stage.send(&risk, &[ix::update_bank(&keys, risk, SOL, zero)]));
    let dear =
        bank_args(USDC, |config| (config.liability_maint_ppm, config.liability_init_ppm) = (1_500_000, 1_600_000));
    assert_sent(theft.stage.send_as_authority(ix::update_bank(&keys, authority, USDC, dear)));
    let weights = |stage: &Stage| {
        let banks = stage.registry().banks;
        let (sol, usdc) = (banks[SOL as usize].weights.0, banks[USDC as usize].weights.0);
        (sol.asset_maint_ppm.get(), usdc.liability_maint_ppm.get())
    };
    let before = weights(&theft.stage);
    for _ in 0..6 {
        wait(&mut theft.stage, 600);
        for bank in [SOL, USDC] {
            let advance = ix::advance_ramp(&keys, args::RampArg::Bank(bank));
            // Called by both, twice in the same second.
            assert_sent(theft.stage.send(&risk, &[advance.clone()]));
            assert_sent(theft.stage.send_as_authority(advance));
        }
    }
    let after = weights(&theft.stage);
    assert_eq!((before.0 - after.0, after.1 - before.1), (10_000, 10_000));
    settle_prices(&mut theft.stage);
    let (liquidator, debtor) = (theft.stage.liquidator, theft.debtor);
    assert_code(theft.stage.liquidate(&liquidator, &debtor, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
}

/// POWER-1. One key proposes and another executes before it is due, or cancels what would undo it and tries again.
#[test]
fn a_second_key_makes_no_change_due_earlier() {
    let mut theft = theft();
    let (keys, risk, guardian) = (theft.stage.keys, theft.risk, theft.guardian);
    let raise = bank_args(SOL, |config| config.asset_init_ppm += 1_000);
    let by_executor = ix::update_bank(&keys, keys.executor(), SOL, raise);
    assert_sent(theft.stage.send(&risk, &[ix::propose_change(&keys, (risk, risk), 0, &by_executor)]));
    wait(&mut theft.stage, DELAY - 1);
    let change: PendingChange = theft.stage.read(&keys.change(0));
    for key in [theft.stage.authority, risk, guardian] {
        let execute = ix::execute_change(&keys, key, &change);
        assert_refused(&mut theft.stage, &key, &[execute], EngineError::ChangeNotDue);
    }
    // Proposed again it begins to wait again.
    let again = ix::propose_change(&keys, (risk, risk), 1, &by_executor);
    assert_sent(theft.stage.send(&risk, &[ix::cancel_change(&keys, risk, &change), again]));
    wait(&mut theft.stage, 1);
    assert_code(execute(&mut theft.stage, 1), EngineError::ChangeNotDue);
}

/// POWER-1. The signature passes from program to program; what it is good for does not grow.
#[test]
fn from_another_program_an_authority_sets_no_more_than_by_itself() {
    let mut theft = theft();
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    let greedy =
        params(&theft.stage, |new| (new.auction.penalty_start_ppm, new.auction.penalty_cap_ppm) = (200_000, 200_000));
    let zero = bank_args(SOL, |config| (config.asset_maint_ppm, config.asset_init_ppm) = (0, 0));
    let (raise, lower) = (ix::update_params(&keys, authority, &greedy), ix::update_bank(&keys, authority, SOL, zero));
    let seize = theft.seize();
    let penalty = Theft::by_cpi(&[raise, lower.clone(), seize.clone()]);
    assert_refused(&mut theft.stage, &authority, &[penalty], EngineError::ChangeWaits);
    let weights = Theft::by_cpi(&[lower, ix::advance_ramp(&keys, args::RampArg::Bank(SOL)), seize]);
    assert_refused(&mut theft.stage, &authority, &[weights], EngineError::AccountHealthy);
}

/// POWER-1. The executor is an address of the engine's program alone.
#[test]
fn another_program_does_not_sign_for_the_executor() {
    let mut theft = theft();
    let (keys, payer) = (theft.stage.keys, theft.stage.authority);
    let raise = bank_args(SOL, |config| config.asset_init_ppm += 1_000);
    let forged = ix::update_bank(&keys, keys.executor(), SOL, raise);
    let before = theft.stage.snapshot();
    let failure = theft.stage.send(&payer, &[Script::new().call(&forged).instruction(&[])]).expect_err("nobody signed");
    assert!(failure.text.contains("unauthorized signer"), "{failure}");
    assert_same(&before, &theft.stage.snapshot());
}

/// POWER-1
#[test]
fn another_program_executes_no_change_before_it_is_due_nor_twice() {
    let mut theft = theft();
    let (keys, payer) = (theft.stage.keys, theft.stage.authority);
    let raise = bank_args(SOL, |config| config.asset_init_ppm += 1_000);
    let id = propose(&mut theft.stage, &ix::update_bank(&keys, keys.executor(), SOL, raise));
    let change: PendingChange = theft.stage.read(&keys.change(id));
    let call = ix::execute_change(&keys, payer, &change);
    let early = Theft::by_cpi(std::slice::from_ref(&call));
    assert_refused(&mut theft.stage, &payer, &[early], EngineError::ChangeNotDue);
    wait(&mut theft.stage, DELAY);
    let twice = Theft::by_cpi(&[call.clone(), call.clone()]);
    let gone = theft.stage.simulate(&payer, &[twice]).expect_err("it is executed once");
    assert!(gone.code.is_some(), "{gone}");
    assert_sent(theft.stage.send(&payer, &[Theft::by_cpi(&[call])]));
}

/// POWER-1, FILL-1. A venue that the authority registers at once, and widens at once, fills nobody who did not approve it,
/// and of who did no market that he did not name.
#[test]
fn a_venue_that_is_widened_at_once_reaches_no_account_and_no_market_that_its_owner_did_not_name() {
    let mut theft = theft();
    let (keys, authority, signer) = (theft.stage.keys, theft.stage.authority, theft.stage.party("venue"));
    let register = args::RegisterVenueArgs { signer, settle_markets: 1, premium_markets: 0 };
    assert_sent(theft.stage.send_as_authority(ix::register_venue(&keys, authority, authority, register)));
    let (long, maker) = (theft.stage.funded_trader("long", USDC, 50_000 * USD), theft.stage.maker);
    let fill = |stage: &Stage, market: u8, units: u64, price_e8: i64| {
        let quote_atoms = stage.quote_atoms(market, units, Some(price_e8));
        let args = args::SettleFillArgs { base_units: units, quote_atoms };
        ix::settle_fill(&keys, market, long.account, maker.account, ix::FillAuthority::Venue { signer }, args)
    };
    let sol = fill(&theft.stage, SOL_PERP, SOL_UNITS, 200 * E8);
    assert_refused(&mut theft.stage, &signer, std::slice::from_ref(&sol), EngineError::VenueNotApproved);
    let venue = keys.venue(&signer);
    for trader in [long, maker] {
        let approve = theft.stage.approve_venue(&trader, venue, 1_000 * USD);
        assert_sent(theft.stage.send(&trader.owner, &[approve]));
    }
    let wide = args::UpdateVenueArgs { active: true, settle_markets: u32::MAX, premium_markets: 0 };
    assert_sent(theft.stage.send_as_authority(ix::update_venue(&keys, authority, venue, wide)));
    let btc = fill(&theft.stage, BTC_PERP, BTC_UNITS / 1_000, 100_000 * E8);
    assert_refused(&mut theft.stage, &signer, &[btc], EngineError::VenueNotApproved);
    let beyond = fill(&theft.stage, SOL_PERP, SOL_UNITS, 203 * E8);
    assert_refused(&mut theft.stage, &signer, &[beyond], EngineError::PriceOutsideBand);
    let more = fill(&theft.stage, SOL_PERP, 6 * SOL_UNITS, 200 * E8);
    assert_refused(&mut theft.stage, &signer, &[more], EngineError::VenueNotionalExceeded);
    assert_sent(theft.stage.send(&signer, &[sol]));
}

/// POWER-1, FUNDING-1. With a venue of one's own, and another market's right to report.
#[test]
fn a_venue_that_reports_elsewhere_reports_nothing_here_until_that_has_waited() {
    let mut theft = theft();
    let (keys, authority, signer) = (theft.stage.keys, theft.stage.authority, theft.stage.party("venue"));
    let register = args::RegisterVenueArgs { signer, settle_markets: 3, premium_markets: 2 };
    let by_executor = ix::register_venue(&keys, keys.executor(), authority, register);
    let id = propose(&mut theft.stage, &by_executor);
    wait(&mut theft.stage, DELAY);
    assert_sent(execute(&mut theft.stage, id));
    let widened = args::UpdateVenueArgs { active: true, settle_markets: 3, premium_markets: 3 };
    let update = ix::update_venue(&keys, authority, keys.venue(&signer), widened);
    assert_refused(&mut theft.stage, &authority, &[update], EngineError::ChangeWaits);
    // One market for another is no fewer.
    let moved = args::UpdateVenueArgs { premium_markets: 1, ..widened };
    let update = ix::update_venue(&keys, authority, keys.venue(&signer), moved);
    assert_refused(&mut theft.stage, &authority, &[update], EngineError::ChangeWaits);
    let report = ix::report_premium(&keys, SOL_PERP, signer, 500);
    assert_refused(&mut theft.stage, &signer, &[report], EngineError::VenueInactive);
    assert_eq!(theft.stage.read::<Venue>(&keys.venue(&signer)).premium_markets, 2);
}

/// POWER-1, KEY-4. The guardian's row does not begin anew because the authority ends a pause for it.
#[test]
fn two_keys_do_not_keep_everybody_in_for_longer_than_each_may() {
    let mut theft = theft();
    let (keys, authority, guardian) = (theft.stage.keys, theft.stage.authority, theft.guardian);
    let add = args::SetPauseArgs { add_bits: pause::WITHDRAW, remove_bits: 0, lasts_secs: None };
    let end = args::SetPauseArgs { add_bits: 0, remove_bits: pause::WITHDRAW, lasts_secs: None };
    for _ in 0..4 {
        assert_sent(theft.stage.send(&guardian, &[ix::set_pause(&keys, guardian, add)]));
        assert_sent(theft.stage.send_as_authority(ix::set_pause(&keys, authority, end)));
        wait(&mut theft.stage, 60);
    }
    let fifth = ix::set_pause(&keys, guardian, add);
    assert_refused(&mut theft.stage, &guardian, &[fifth], EngineError::PauseSpent);
    let liquidator = theft.stage.liquidator;
    assert_sent(theft.stage.withdraw(&liquidator, USDC, Some(USD)));
}

/// POWER-1, PRICE-9. While a price is halted nobody is liquidated at it, and he may repay.
#[test]
fn a_halt_that_keeps_somebody_in_does_not_let_him_be_liquidated() {
    let mut theft = theft();
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    let halt = args::HaltPriceArgs { slot: SOL, halted: true, lasts_secs: None };
    let seize = theft.seize();
    assert_sent(theft.stage.send_as_authority(ix::halt_price(&keys, authority, halt)));
    let debtor = theft.debtor;
    assert_code(theft.stage.withdraw(&debtor, SOL, Some(1)), EngineError::PriceHalted);
    // Deep under water at the price that is not believed.
    theft.stage.advance(2);
    for second in 0..120 {
        theft.stage.advance(1);
        let _ = theft.stage.set_price(USDC, E8);
        assert_sent(theft.stage.set_price(SOL, 90 * E8));
        let seized = theft.stage.simulate(&authority, std::slice::from_ref(&seize)).expect_err("the price is halted");
        let code = seized.code.unwrap_or_default();
        let named = [EngineError::AccountHealthy, EngineError::LegPriceInvalid].map(|error| error as u32);
        assert!(named.contains(&code), "second {second}: {seized}");
    }
    assert_sent(theft.stage.repay(&debtor, USDC, Some(5_000 * USD)));
}

/// POWER-1. What waits beside something harmless, something that tightens, something that ramps.
#[test]
fn what_waits_does_not_pass_in_company() {
    let mut theft = theft();
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    type Ask = fn(&mut GlobalParams);
    let company: [Ask; 4] = [
        |_| (),
        |new| new.targets.target_min_gap_ppm += 1,
        |new| new.perps.premium_bound_ppm -= 1,
        |new| new.perps.pnl_weight_ppm -= 1,
    ];
    for ask in company {
        let asked = params(&theft.stage, |new| {
            ask(new);
            new.wind_down.wind_down_penalty_ppm += 1;
        });
        for key in [authority, theft.risk] {
            let update = ix::update_params(&keys, key, &asked);
            assert_refused(&mut theft.stage, &key, &[update], EngineError::ChangeWaits);
        }
    }
}

/// POWER-1, POWER-3. A listing and its weight may wait together: both are in public, and what it can borrow is bounded by its
/// first cap.
#[test]
fn a_listing_and_its_weight_that_waited_together_borrow_no_more_than_a_first_cap_is_worth() {
    let mut theft = theft();
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    let worthless = theft.stage.create_mint("WORTHLESS", 9);
    // 5,000 SOL at 200 dollars.
    let config = bank_args(SOL, |config| {
        (config.asset_init_ppm, config.deposit_cap_atoms, config.borrow_cap_atoms) = (0, 5_000 * ONE_SOL, 0);
    })
    .config;
    let list = args::ListBankArgs { index: 3, price_slot: SOL, config };
    let mut list = ix::list_bank(&keys, authority, authority, (worthless.key, worthless.program), list);
    list.accounts[0].pubkey = keys.executor();
    let listing = propose(&mut theft.stage, &list);
    let update = |config| {
        let asked = args::UpdateBankArgs { reduce_only: false, config };
        ix::update_bank(&keys, keys.executor(), 3, asked)
    };
    let weighed = args::BankConfigArgs { asset_init_ppm: 750_000, ..config };
    let raised = args::BankConfigArgs { deposit_cap_atoms: 5_001 * ONE_SOL, ..weighed };
    let weight = propose(&mut theft.stage, &update(weighed));
    let more = propose(&mut theft.stage, &update(raised));
    assert_code(execute(&mut theft.stage, weight), EngineError::ChangeNotDue);
    wait(&mut theft.stage, DELAY);
    assert_sent(execute(&mut theft.stage, listing));
    assert_sent(execute(&mut theft.stage, weight));
    assert_code(execute(&mut theft.stage, more), EngineError::CapGrowthLimited);
    theft.stage.mints.push(worthless);
    settle_prices(&mut theft.stage);
    let thief = theft.stage.trader("thief");
    assert_code(theft.stage.deposit(&thief, 3, 5_001 * ONE_SOL), EngineError::DepositCapReached);
    assert_sent(theft.stage.deposit(&thief, 3, 5_000 * ONE_SOL));
    // Three quarters of a million, and no dollar beyond.
    assert_code(theft.stage.borrow(&thief, USDC, 750_000 * USD), EngineError::InitialMarginInsufficient);
    assert_sent(theft.stage.borrow(&thief, USDC, 740_000 * USD));
}

/// POWER-1. The flag of a test cluster is there from the first byte of the engine, and nothing sets it afterwards.
#[test]
fn an_engine_of_other_peoples_money_does_not_become_one_of_a_test_cluster() {
    let mut world = World::without_engine();
    assert_sent(world.create_engine(false));
    world.grow_all(&GlobalParams::DEFAULT);
    let (keys, authority) = (world.keys, world.authority);
    let flag = |world: &World| world.read::<Engine>(&keys.engine).test_cluster;
    assert_eq!(flag(&world), 0);
    // Created again with the flag, it exists.
    assert!(world.create_engine(true).is_err());
    let (mut listing, _) = world.price_args(&PriceConfig::named("SOL"));
    (listing.config.fast_secs, listing.config.slow_secs) = (Some(1), Some(1));
    let spiky = ix::list_price(&keys, authority, listing);
    assert_refused(&mut world, &authority, &[spiky], EngineError::TestClusterOnly);
    // A delay of zero is refused at once, and at the end of its waiting.
    let none = GlobalParams::DEFAULT.with(|new| new.changes.change_delay_secs = 0);
    let at_once = ix::update_params(&keys, authority, &none);
    assert_refused(&mut world, &authority, &[at_once], EngineError::ParameterOutOfBounds);
    let waits = ix::update_params(&keys, keys.executor(), &none);
    assert_sent(world.send_as_authority(ix::propose_change(&keys, (authority, authority), 0, &waits)));
    world.advance(DELAY);
    let change: PendingChange = world.read(&keys.change(0));
    let execute = ix::execute_change(&keys, authority, &change);
    assert_refused(&mut world, &authority, &[execute], EngineError::ParameterOutOfBounds);
    assert_eq!(flag(&world), 0);
}

/// POWER-1. On an engine of a test cluster the delay is under the ratchet too, and the flag stays visible.
#[test]
fn a_delay_of_zero_waits_out_the_delay_that_it_ends() {
    let mut theft = theft();
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    assert_eq!(theft.stage.read::<Engine>(&keys.engine).test_cluster, 1);
    let none = params(&theft.stage, |new| new.changes.change_delay_secs = 0);
    for key in [authority, theft.risk] {
        let update = ix::update_params(&keys, key, &none);
        assert_refused(&mut theft.stage, &key, &[update], EngineError::ChangeWaits);
    }
    let id = propose(&mut theft.stage, &ix::update_params(&keys, keys.executor(), &none));
    // What is proposed meanwhile keeps the delay of its own day.
    wait(&mut theft.stage, DELAY - 60);
    let oracle = theft.stage.price_args(&PriceConfig::named("SOL")).0.config;
    let pinned = args::PriceConfigArgs { fast_secs: Some(oracle.fast_secs() + 1), ..oracle };
    let pin = ix::update_price(&keys, keys.executor(), args::UpdatePriceArgs { slot: SOL, config: pinned });
    let late = propose(&mut theft.stage, &pin);
    assert_code(execute(&mut theft.stage, id), EngineError::ChangeNotDue);
    wait(&mut theft.stage, 60);
    assert_sent(execute(&mut theft.stage, id));
    assert_code(execute(&mut theft.stage, late), EngineError::ChangeNotDue);
    assert_eq!(theft.stage.read::<Engine>(&keys.engine).test_cluster, 1);
}

/// POWER-1. What a reader of the SDK is told has to wait is what the program refuses.
#[test]
fn what_the_sdk_says_has_to_wait_the_program_refuses_at_once() {
    let theft = theft();
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    let (registry, board, feeds) = (theft.stage.registry(), theft.stage.board(), theft.stage.feed_book());
    let banks: Vec<_> = (0..3).map(|bank| theft.stage.read(&keys.bank(bank).bank)).collect();
    let markets: Vec<_> = (0..2).map(|market| theft.stage.read(&keys.market(market))).collect();
    let in_force =
        InForce { registry: &registry, board: &board, feeds: &feeds, banks: &banks, markets: &markets, venues: &[] };
    let (mut waited, mut came) = (0, 0);
    for setting in args::BankConfigArgs::SETTINGS {
        let held = args::UpdateBankArgs::in_force(&banks[SOL as usize], &registry.banks[SOL as usize]);
        for value in [setting.get(&held.config).saturating_sub(1), setting.get(&held.config).saturating_add(1)] {
            let mut asked = held;
            if !setting.set(&mut asked.config, value) || setting.get(&asked.config) == setting.get(&held.config) {
                continue;
            }
            let update = ix::update_bank(&keys, authority, SOL, asked);
            let verdict = Asked::of(&keys, &update).and_then(|asked| in_force.verdict(&asked)).expect("it is a setter");
            let sent = theft.stage.simulate(&authority, &[update]);
            let waits = sent.err().and_then(|failure| failure.code) == Some(EngineError::ChangeWaits as u32);
            // A number out of its bounds is refused before anybody asks when it may come.
            if waits {
                assert!(verdict.waits.is_some(), "{} to {value}", setting.name);
                waited += 1;
            } else if verdict.waits.is_none() {
                came += 1;
            }
        }
    }
    assert!(waited >= 15 && came >= 5, "{waited} waited, {came} came");
}

//! Bounds of what the authority sets, and what each pause stops, at their edges.

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::{Contradiction, MAX_ATOMS, MAX_BASE_UNITS};
use plimsoll_sim::listing::BANKS;
use plimsoll_state::pause;
use plimsoll_tests::*;

fn update(stage: &Stage, config: BankConfig) -> solana_instruction::Instruction {
    let args = args::UpdateBankArgs { reduce_only: false, config: config.args() };
    ix::update_bank(&stage.keys, stage.authority, USDC, args)
}

#[test]
fn what_a_bank_takes_of_interest_and_holds_at_most_is_bounded() {
    let mut stage = Stage::new();
    let config = stage.bank_config(USDC);
    let accepted = [
        BankConfig { interest_fee_ppm: 500_000, ..config },
        BankConfig { deposit_cap_atoms: MAX_ATOMS, ..config },
        BankConfig { borrow_cap_atoms: MAX_ATOMS, ..config },
    ];
    for config in accepted {
        let update = update(&stage, config);
        assert_sent(stage.send_as_authority(update));
    }
}

/// What is one beyond either bound of a number of its list, everything else as it is.
fn beyond<Args: Copy>(settings: &[args::Setting<Args>], args: Args) -> Vec<(&'static str, Args)> {
    let mut changed = Vec::new();
    for setting in settings {
        let bounds = [&setting.low, &setting.high].map(|bound| bound.at(&args, &AT_ONCE));
        for value in [bounds[0].checked_sub(1), bounds[1].checked_add(1)].into_iter().flatten() {
            let mut other = args;
            if setting.set(&mut other, value) {
                changed.push((setting.name, other));
            }
        }
    }
    changed
}

/// LISTING-2, PRICE-6
#[test]
fn no_number_of_a_bank_a_market_or_a_price_is_set_beyond_its_bounds() {
    let mut stage = Stage::new();
    let (keys, authority, mut calls) = (stage.keys, stage.authority, Vec::new());
    for (name, config) in beyond(args::BankConfigArgs::SETTINGS, stage.bank_config(SOL).args()) {
        let args = args::UpdateBankArgs { reduce_only: false, config };
        calls.push((name, ix::update_bank(&keys, authority, SOL, args)));
    }
    for (name, terms) in beyond(args::MarketTerms::SETTINGS, stage.market_config(SOL_PERP).args(SOL_PERP).terms) {
        let args = args::UpdateMarketArgs { status: 1, terms };
        calls.push((name, ix::update_market(&keys, authority, SOL_PERP, args)));
    }
    let price = stage.price_args(&PriceConfig::named("SOL")).0.config;
    for (name, config) in beyond(args::PriceConfigArgs::SETTINGS, price) {
        let args = args::UpdatePriceArgs { slot: SOL, config };
        calls.push((name, ix::update_price(&keys, authority, args)));
    }
    assert!(calls.len() > 25, "{}", calls.len());
    for (name, call) in calls {
        let failure = stage.simulate(&authority, std::slice::from_ref(&call)).expect_err(name);
        let named = failure.logs.iter().any(|line| line.ends_with(Contradiction::BOUNDS.0));
        assert!(named, "{name}: {failure}");
        assert_refused(&mut stage, &authority, &[call], EngineError::ParameterOutOfBounds);
    }
}

#[test]
fn a_token_is_listed_once_its_price_is_known() {
    let mut world = World::new();
    let slot = world.list_price(&PriceConfig::named("USDC"));
    let mint = world.create_mint("USDC", 6);
    let config = BankConfig::of(&BANKS[0], slot);
    let failure = world.list_bank(mint, &config).expect_err("no price");
    assert_eq!(failure.code, Some(EngineError::PriceNotReady.into()), "{failure}");
    assert_sent(world.set_price(slot, E8));
    assert_eq!(world.list_bank(mint, &config).map_err(|failure| failure.to_string()), Ok(0));
}

#[test]
fn an_engine_that_nobody_may_pause_is_not_created() {
    let mut world = World::without_engine();
    let authority = world.authority;
    let args = args::CreateEngineArgs::held_by(Pubkey::default(), 0, true);
    let create = ix::create_engine(authority, authority, args);
    assert_refused(&mut world, &authority, &[create], EngineError::ParameterOutOfBounds);
}

/// A borrow out of one's own deposit is a withdrawal, and a borrow by its name: either pause stops it.
#[test]
fn either_pause_stops_a_borrow_that_the_deposit_covers() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let (keys, authority) = (stage.keys, stage.authority);
    for bits in [pause::BORROW, pause::WITHDRAW] {
        assert_sent(stage.send_as_authority(ix::pause(&keys, authority, bits)));
        assert_code(stage.borrow(&maker, USDC, USD), EngineError::Paused);
    }
    assert_sent(stage.send_as_authority(ix::unpause(&keys, authority, pause::ALL)));
    let sent = stage.borrow(&maker, USDC, USD);
    stage.done(sent);
}

#[test]
fn a_market_holds_at_most_one_largest_position_a_side() {
    let mut stage = Stage::new();
    let authority = stage.authority;
    let update = |stage: &Stage, open_interest_cap_units| {
        let terms = MarketConfig { open_interest_cap_units, ..stage.market_config(SOL_PERP) }.args(SOL_PERP).terms;
        ix::update_market(&stage.keys, authority, SOL_PERP, args::UpdateMarketArgs { status: 1, terms })
    };
    let largest = update(&stage, MAX_BASE_UNITS);
    assert_sent(stage.send_as_authority(largest));
    let larger = update(&stage, MAX_BASE_UNITS + 1);
    assert_refused(&mut stage, &authority, &[larger], EngineError::ParameterOutOfBounds);
}

#[test]
fn a_market_has_a_name_that_can_be_read_and_a_price_that_is_fresh() {
    let mut stage = Stage::new();
    let (keys, authority) = (stage.keys, stage.authority);
    let listed = MarketConfig { name: "SOL-2", ..MarketConfig::SOL }.args(2);
    let list = |listed| ix::list_market(&keys, authority, authority, listed);
    let mut garbled = listed;
    garbled.name[3] = 0xff;
    assert_refused(&mut stage, &authority, &[list(garbled)], EngineError::ParameterOutOfBounds);
    let read_age_secs = AT_ONCE.prices.read_age_secs as i64;
    stage.repeat_prices();
    stage.advance(read_age_secs + 1);
    assert_refused(&mut stage, &authority, &[list(listed)], EngineError::PriceStale);
    stage.repeat_prices();
    stage.advance(read_age_secs);
    assert_sent(stage.send_as_authority(list(listed)));
}

#[test]
fn the_first_variance_of_a_price_is_positive_and_bounded() {
    let mut world = World::new();
    let authority = world.authority;
    let (listed, _) = world.price_args(&PriceConfig::named("SOL"));
    let list = |world: &World, prior| {
        let listed = args::ListPriceArgs { variance_prior_pico_per_sec: Some(prior), ..listed };
        ix::list_price(&world.keys, authority, listed)
    };
    for prior in [0, 1_000_000_001] {
        let listing = list(&world, prior);
        assert_refused(&mut world, &authority, &[listing], EngineError::ParameterOutOfBounds);
    }
    let listing = list(&world, 1_000_000_000);
    assert_sent(world.send_as_authority(listing));
}

/// The default address signs nothing: who names it by mistake would be left with nobody.
#[test]
fn nobody_is_named_as_guardian_or_as_a_venues_signer() {
    let mut world = World::new();
    let (keys, authority, nobody) = (world.keys, world.authority, Pubkey::default());
    let register = args::RegisterVenueArgs { signer: nobody, settle_markets: 1, premium_markets: 0 };
    let calls = [
        ix::propose_role(&keys, authority, args::RoleArg::Guardian, Some(nobody)),
        ix::register_venue(&keys, authority, authority, register),
    ];
    for call in calls {
        assert_refused(&mut world, &authority, &[call], EngineError::ParameterOutOfBounds);
    }
}

/// Everything of nothing is a mistake that is named, not a success.
#[test]
fn everything_cannot_be_withdrawn_where_nothing_is_held_or_where_it_is_owed() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 100 * USD);
    stage.done(sent);
    for bank in [BTC, USDC] {
        assert_code(stage.withdraw(&alice, bank, None), EngineError::BalanceInsufficient);
        assert_code(stage.withdraw(&alice, bank, Some(1)), EngineError::BalanceInsufficient);
    }
}

/// An hour of interest on SOL, so that neither of its indices is one.
fn earn_interest(stage: &mut Stage) {
    for _ in 0..2 {
        stage.hold_prices(3_600, 60);
        let sent = stage.accrue(SOL);
        stage.done(sent);
    }
    let bank: plimsoll_state::Bank = stage.read(&stage.keys.bank(SOL).bank);
    assert!(bank.deposit_index > plimsoll_risk::params::INDEX_ONE);
}

/// To the atom: what is free can be taken, by whoever withdraws or borrows, and no atom more (MONEY-2).
#[test]
fn what_is_free_leaves_a_vault_and_no_atom_more() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", USDC, 4_000_000 * USD);
    let bank = |stage: &Stage| stage.read::<plimsoll_state::Bank>(&stage.keys.bank(SOL).bank).totals();
    let sent = stage.borrow(&alice, SOL, 9_000 * ONE_SOL);
    stage.done(sent);
    earn_interest(&mut stage);
    let free = bank(&stage).free_liquidity_down().get();
    assert!(free > 900 * ONE_SOL && free <= 1_000 * ONE_SOL, "{free}");
    for more in [1, 2, 1_000 * ONE_SOL] {
        assert_code(stage.withdraw(&maker, SOL, Some(free + more)), EngineError::LiquidityInsufficient);
        assert_code(stage.borrow(&alice, SOL, free + more), EngineError::LiquidityInsufficient);
    }
    let half = free / 2;
    let sent = stage.borrow(&alice, SOL, half);
    stage.done(sent);
    assert_code(stage.withdraw(&maker, SOL, Some(free - half + 1)), EngineError::LiquidityInsufficient);
    // The protocol's share of a second's interest is no longer free when it leaves.
    let fee = ONE_SOL / 10_000;
    let free = bank(&stage).free_liquidity_down().get();
    let sent = stage.withdraw(&maker, SOL, Some(free - fee));
    stage.done(sent);
    assert!(bank(&stage).free_liquidity_down().get() <= fee);
}

#[test]
fn a_market_that_has_claimed_nothing_is_paid_nothing() {
    let mut stage = Stage::new();
    for market in [SOL_PERP, BTC_PERP] {
        assert_code(stage.settle(market, None), EngineError::NothingToSettle);
    }
}

/// An atom of a deposit that has earned interest is worth less than a share; it would vanish in the bank (MONEY-3).
#[test]
fn what_is_worth_no_share_is_neither_deposited_nor_repaid() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", USDC, 4_000_000 * USD);
    let sent = stage.borrow(&alice, SOL, 9_000 * ONE_SOL);
    stage.done(sent);
    earn_interest(&mut stage);
    let maker = stage.maker;
    assert_code(stage.deposit(&maker, SOL, 1), EngineError::AmountZero);
    assert_code(stage.repay(&alice, SOL, Some(1)), EngineError::AmountZero);
    for atoms in [2, 3] {
        let sent = stage.deposit(&maker, SOL, atoms);
        stage.done(sent);
        let sent = stage.repay(&alice, SOL, Some(atoms));
        stage.done(sent);
    }
}

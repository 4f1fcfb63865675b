//! Refusals that no story meets: what does not belong together, slots where nothing is, stages out of order.

use anchor_lang::prelude::Pubkey;
use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow, PayPnl, SeizePnl};
use plimsoll_state::Market;
use plimsoll_tests::*;
use solana_instruction::Instruction;

/// The instruction with one account in another's place.
fn with(mut ix: Instruction, account: Pubkey, other: Pubkey) -> Instruction {
    let places: Vec<_> = ix.accounts.iter_mut().filter(|meta| meta.pubkey == account).collect();
    assert_eq!(places.len(), 1, "the account stands in one slot");
    places.into_iter().for_each(|meta| meta.pubkey = other);
    ix
}

/// The instruction without an optional account.
fn without(ix: Instruction, account: Pubkey) -> Instruction {
    with(ix, account, pda::PROGRAM_ID)
}

fn refused(stage: &mut Stage, ix: Instruction, error: EngineError) {
    let payer = stage.party("fees");
    assert_refused(stage, &payer, &[ix], error);
}

#[test]
fn tokens_pass_only_between_the_banks_own_vault_and_mint() {
    let mut stage = Stage::new();
    let (keys, maker, authority) = (stage.keys, stage.maker, stage.authority);
    let wallet = stage.funded(&maker.owner, USDC, 10 * USD);
    let fees = stage.funded(&authority, USDC, 10 * USD);
    let (token, amount_atoms) = (stage.token(USDC), USD);
    let (account, owner) = (maker.account, maker.owner);
    let withdraw = args::WithdrawArgs { amount_atoms, all: false };
    let calls = [
        ix::deposit(&keys, &token, owner, account, wallet, args::DepositArgs { amount_atoms }),
        ix::withdraw(&keys, &token, owner, account, wallet, withdraw),
        ix::borrow(&keys, &token, owner, account, wallet, args::BorrowArgs { amount_atoms }),
        ix::repay(&keys, &token, owner, account, wallet, args::RepayArgs { amount_atoms, all: false }),
        ix::fund_insurance(&keys, &token, authority, fees, args::FundInsuranceArgs { amount_atoms }),
        ix::withdraw_insurance(&keys, &token, authority, fees, args::WithdrawInsuranceArgs { most_atoms: USD }),
        ix::collect_fees(&keys, &token, authority, fees, args::CollectFeesArgs { amount_atoms, all: false }),
    ];
    let (other_vault, other_mint) = (keys.bank(SOL).vault, stage.mints[SOL as usize].key);
    for call in calls {
        refused(&mut stage, with(call.clone(), keys.bank(USDC).vault, other_vault), EngineError::VaultMismatch);
        refused(&mut stage, with(call, token.mint, other_mint), EngineError::MintMismatch);
    }
}

/// Alice owes 13,900 dollars against 100 SOL at 160, bob's long of 100 SOL has lost, carol's SOL stand for a loss.
fn under_water(stage: &mut Stage) -> [Trader; 3] {
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&alice, USDC, 13_900 * USD));
    let bob = stage.funded_trader("bob", USDC, 1_300 * USD);
    assert_sent(stage.fill(SOL_PERP, &bob, &maker, 100 * SOL_UNITS, None));
    let carol = stage.funded_trader("carol", SOL, 20 * ONE_SOL);
    assert_sent(stage.fill(SOL_PERP, &carol, &maker, 45 * SOL_UNITS, None));
    stage.falls_to(SOL, 147, &alice, 60);
    [alice, bob, carol].iter().for_each(|of| drop(assert_sent(stage.observe(of))));
    [alice, bob, carol]
}

/// LIQ-2
#[test]
fn a_liquidation_takes_the_banks_and_the_market_that_it_names_and_no_others() {
    let mut stage = Stage::new();
    let [alice, bob, carol] = under_water(&mut stage);
    let (keys, by) = (stage.keys, stage.liquidator);
    let borrow = liquidate_ix(&stage, &by, &alice, pair(SOL, USDC), ANY, true);
    let other = keys.bank(BTC).bank;
    for bank in [USDC, SOL] {
        refused(&mut stage, with(borrow.clone(), keys.bank(bank).bank, other), EngineError::BankMismatch);
    }
    let pnl = liquidate_ix(&stage, &by, &carol, pnl_pair(SOL, SOL_PERP), ANY, true);
    let (market, other_market) = (keys.market(SOL_PERP), keys.market(BTC_PERP));
    refused(&mut stage, with(pnl.clone(), market, other_market), EngineError::MarketMismatch);
    refused(&mut stage, without(pnl, market), EngineError::TotalsRequired);
    let position = liquidate_ix(&stage, &by, &bob, perp(SOL_PERP), ANY, true);
    refused(&mut stage, with(position, market, other_market), EngineError::MarketMismatch);
    assert_sent(stage.simulate(&by.owner, &[borrow]));
}

/// LIQ-2
#[test]
fn a_liquidator_who_owes_what_he_receives_brings_its_bank() {
    let mut stage = Stage::new();
    let [alice, ..] = under_water(&mut stage);
    let by = stage.liquidator;
    assert_sent(stage.borrow(&by, SOL, 10 * ONE_SOL));
    let bare = liquidate_ix(&stage, &by, &alice, pair(SOL, USDC), ANY, false);
    refused(&mut stage, bare, EngineError::TotalsRequired);
    let sent = stage.liquidate(&by, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
}

#[test]
fn a_settlement_takes_the_settlement_tokens_bank() {
    let mut stage = Stage::new();
    let [_, bob, _] = under_water(&mut stage);
    let (keys, maker) = (stage.keys, stage.maker);
    let other = keys.bank(SOL).bank;
    let settle = ix::settle_pnl(&keys, SOL_PERP, Some(bob.account));
    refused(&mut stage, with(settle, keys.bank(USDC).bank, other), EngineError::BankMismatch);
    let args = args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 0 };
    let take = ix::take_win(&keys, SOL_PERP, maker.owner, maker.account, args);
    refused(&mut stage, with(take, keys.bank(USDC).bank, other), EngineError::BankMismatch);
}

#[test]
fn a_resolution_takes_the_banks_and_the_market_of_its_step_and_pays_the_quote_borrow_first() {
    let mut stage = Stage::new();
    let (keys, maker, liquidator) = (stage.keys, stage.maker, stage.liquidator);
    // Owes quote, owes BTC and has lost more than it held.
    let dave = stage.funded_trader("dave", SOL, 60 * ONE_SOL);
    assert_sent(stage.borrow(&dave, USDC, 3_000 * USD));
    assert_sent(stage.borrow(&dave, BTC, ONE_BTC / 100));
    assert_sent(stage.fill(SOL_PERP, &dave, &maker, 60 * SOL_UNITS, None));
    stage.falls_to(SOL, 60, &dave, 60);
    for leg in [perp(SOL_PERP), pair(SOL, BTC), pair(SOL, USDC)] {
        let _ = stage.liquidate(&liquidator, &dave, leg, ANY);
    }
    assert_sent(stage.resolve(&dave, Freeze));
    let _ = stage.resolve(&dave, SeizePnl { market: SOL_PERP });
    let account = stage.margin_account(&dave);
    assert!(account.token_index(USDC).is_some() && account.perp_index(SOL_PERP).is_some(), "both are owed");
    assert_code(stage.resolve(&dave, PayPnl { market: SOL_PERP }), EngineError::QuoteBorrowFirst);

    let step = |step| ix::resolve_bankruptcy(&keys, dave.account, step);
    let (quote, other) = (keys.bank(USDC).bank, keys.bank(SOL).bank);
    let pay_quote = step(PayBorrow { bank: USDC });
    refused(&mut stage, without(pay_quote.clone(), quote), EngineError::TotalsRequired);
    refused(&mut stage, with(pay_quote, quote, other), EngineError::BankMismatch);
    let pay_btc = step(PayBorrow { bank: BTC });
    refused(&mut stage, without(pay_btc.clone(), keys.bank(BTC).bank), EngineError::TotalsRequired);
    refused(&mut stage, with(pay_btc, keys.bank(BTC).bank, other), EngineError::BankMismatch);
    let pay_pnl = step(PayPnl { market: SOL_PERP });
    let (market, other_market) = (keys.market(SOL_PERP), keys.market(BTC_PERP));
    refused(&mut stage, without(pay_pnl.clone(), market), EngineError::TotalsRequired);
    refused(&mut stage, with(pay_pnl, market, other_market), EngineError::MarketMismatch);

    assert_sent(stage.resolve(&dave, PayBorrow { bank: USDC }));
    assert_sent(stage.resolve(&dave, PayPnl { market: SOL_PERP }));
}

/// INDEX-4
#[test]
fn a_side_whose_ended_epochs_are_still_referred_to_opens_nothing() {
    let mut stage = Stage::new();
    let (maker, keys) = (stage.maker, stage.keys);
    let [alice, bob] = ["alice", "bob"].map(|name| stage.funded_trader(name, USDC, 10_000 * USD));
    assert_sent(stage.fill(SOL_PERP, &alice, &maker, 10 * SOL_UNITS, None));
    let fresh: Market = stage.read(&keys.market(SOL_PERP));
    for side in 0..2 {
        let mut market = fresh;
        // Somebody has a position of four epochs ago.
        market.sides[side].ring_counts[0] = 1;
        stage.write(&keys.market(SOL_PERP), &market);
        let opening = stage.fill(SOL_PERP, &bob, &maker, SOL_UNITS, None);
        assert_code(opening, EngineError::EpochRingFull);
        // What passes from one holder to another opens nothing.
        let price = stage.quote_atoms(SOL_PERP, SOL_UNITS, None);
        let sides = ix::FillAuthority::Sides { buyer: bob.owner, seller: alice.owner };
        let args = args::SettleFillArgs { base_units: SOL_UNITS, quote_atoms: price };
        let pass = ix::settle_fill(&keys, SOL_PERP, bob.account, alice.account, sides, args);
        assert_sent(stage.simulate(&bob.owner, &[pass]));
    }
}

/// INSURE-2
#[test]
fn nothing_is_swept_where_nothing_waits_or_nothing_is_free() {
    let mut stage = Stage::new();
    for bank in [USDC, SOL, BTC] {
        assert_code(stage.sweep(bank), EngineError::NothingToSweep);
    }
    let [alice, ..] = under_water(&mut stage);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    let sent = stage.sweep(USDC);
    stage.done(sent);
    assert_code(stage.sweep(USDC), EngineError::NothingToSweep);
}

#[test]
fn slots_where_nothing_is_listed_are_refused_by_name() {
    let mut world = World::new();
    let (authority, keys) = (world.authority, world.keys);
    let slot = world.list_price(&PriceConfig::named("USDC"));
    assert_sent(world.set_price(slot, E8));
    let mint = world.create_mint("USDC", 6);
    let bank = |price_slot| BankConfig { price_slot, ..BankConfig::of(&plimsoll_sim::listing::BANKS[0], 0) };
    let refused = world.list_bank(mint, &bank(1)).expect_err("no price is listed there");
    assert_eq!(refused.code, Some(EngineError::PriceSlotEmpty as u32));
    let market = MarketConfig { price_slot: slot, ..MarketConfig::SOL };
    let refused = world.list_market(&market).expect_err("there is no settlement token yet");
    assert_eq!(refused.code, Some(EngineError::SlotEmpty as u32));
    world.list_bank(mint, &bank(0)).expect("the price is listed");
    let refused = world.list_market(&MarketConfig { price_slot: 1, ..market }).expect_err("no price is listed there");
    assert_eq!(refused.code, Some(EngineError::PriceSlotEmpty as u32));

    let config = world.price_args(&PriceConfig::named("USDC")).0.config;
    for empty in [1, 63, 64, 255] {
        let update = ix::update_price(&keys, authority, args::UpdatePriceArgs { slot: empty, config });
        assert_refused(&mut world, &authority, &[update], EngineError::PriceSlotEmpty);
        let primary = world.feeds[slot as usize].primary;
        let refresh = ix::refresh_price(&keys, &[ix::Refresh { slot: empty, primary, secondary: None }]);
        assert_refused(&mut world, &authority, &[refresh], EngineError::PriceSlotEmpty);
    }
}

/// PRICE-6
#[test]
fn averages_shorter_than_the_defaults_are_for_engines_of_a_test_cluster() {
    let mut world = World::with_params(&plimsoll_risk::params::GlobalParams::DEFAULT, false);
    let (authority, keys) = (world.authority, world.keys);
    for (fast_secs, slow_secs) in [(Some(14), None), (None, Some(3_599)), (Some(1), Some(60))] {
        let config = PriceConfig { fast_secs, slow_secs, ..PriceConfig::named("USDC") };
        let list = ix::list_price(&keys, authority, world.price_args(&config).0);
        assert_refused(&mut world, &authority, &[list], EngineError::TestClusterOnly);
    }
    let longest = PriceConfig { fast_secs: Some(15), slow_secs: Some(3_600), ..PriceConfig::named("USDC") };
    let slot = world.list_price(&longest);
    let mut config = world.price_args(&longest).0.config;
    config.slow_secs = Some(600);
    let update = ix::update_price(&keys, authority, args::UpdatePriceArgs { slot, config });
    assert_refused(&mut world, &authority, &[update], EngineError::TestClusterOnly);
}

#[test]
fn a_price_is_read_from_its_pinned_accounts_and_from_no_others() {
    let mut stage = Stage::new();
    let keys = stage.keys;
    let (sol, btc) = (stage.feeds[SOL as usize], stage.feeds[BTC as usize]);
    let second = sol.secondary.expect("it has a second source").0;
    for (primary, secondary, error) in [
        (btc.primary, None, EngineError::OracleAddressMismatch),
        (second, None, EngineError::OracleAddressMismatch),
        (btc.primary, Some(second), EngineError::PrimaryMissing),
        (second, Some(sol.primary), EngineError::PrimaryMissing),
    ] {
        stage.advance(2);
        let refresh = ix::refresh_price(&keys, &[ix::Refresh { slot: SOL, primary, secondary }]);
        refused(&mut stage, refresh, error);
        stage.repeat_prices();
    }
}

/// RISK-2
#[test]
fn nothing_is_borrowed_before_the_averages_are_ready_or_beside_a_value_that_the_numbers_do_not_hold() {
    let mut world = World::new();
    for (slot, dollars) in [(USDC, 1), (SOL, 200)] {
        let listing = &plimsoll_sim::listing::BANKS[slot as usize];
        assert_eq!(world.list_price(&PriceConfig::named(listing.name)), slot);
        assert_sent(world.set_price(slot, dollars * E8));
        let mint = world.create_mint(listing.name, listing.decimals);
        world.list_bank(mint, &BankConfig::of(listing, slot)).expect("list_bank");
    }
    let lender = world.funded_trader("lender", USDC, 100_000 * USD);
    let alice = world.funded_trader("alice", SOL, 100 * ONE_SOL);
    assert_sent(world.withdraw(&lender, USDC, Some(USD)));
    assert_code(world.borrow(&alice, USDC, USD), EngineError::PriceNotReady);
    world.hold_prices(READY_SECS - 5, 5);
    assert_code(world.borrow(&alice, USDC, USD), EngineError::PriceNotReady);
    world.hold_prices(5, 5);
    assert_sent(world.borrow(&alice, USDC, USD));

    // A deposit of more atoms than a signed number holds.
    let (mut registry, key) = (world.registry(), world.keys.registry);
    registry.banks[SOL as usize].deposit_index = u64::MAX;
    let mut account = world.margin_account(&alice);
    let place = account.token_index(SOL).expect("the deposit");
    account.tokens[place].shares = i64::MAX;
    world.write(&key, &*registry);
    world.write(&alice.account, &account);
    world.advance(1);
    assert_code(world.borrow(&alice, USDC, USD), EngineError::NumberOutOfRange);
}

//! Amounts that are nothing, one atom, or more than anything; and tables that are full.

use plimsoll::liquidation::LiquidationBounds;
use plimsoll_ledger::token;
use plimsoll_risk::params::{MAX_ATOMS, MAX_BANKS, MAX_BASE_UNITS, MAX_MARKETS, MAX_PRICES};
use plimsoll_state::{Bank, MarginAccount, PositionKind};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::calls::{calls, Call, ALL};
use super::clean::complaint;
use super::stage::{Stage, UNITS};

/// Where an instruction's amounts stand in its data, and the largest that it takes.
const AMOUNTS: [(&str, usize, u64); 12] = [
    ("deposit", 8, MAX_ATOMS),
    ("withdraw", 8, MAX_ATOMS),
    ("borrow", 8, MAX_ATOMS),
    ("repay", 8, MAX_ATOMS),
    ("fund_insurance", 8, MAX_ATOMS),
    ("withdraw_insurance", 8, MAX_ATOMS),
    ("collect_fees", 8, MAX_ATOMS),
    ("approve_venue", 12, MAX_ATOMS),
    ("settle_fill: both sides", 8, MAX_BASE_UNITS),
    ("settle_fill: both sides", 16, MAX_ATOMS),
    ("settle_fill: a venue", 8, MAX_BASE_UNITS),
    ("take_win", 8, MAX_ATOMS),
];

fn find<'a>(calls: &'a [Call], title: &str) -> &'a Call {
    calls.iter().find(|call| call.title() == title).expect("the table has it")
}

fn with_amount(call: &Call, at: usize, amount: u64) -> Instruction {
    let mut ix = call.ix.clone();
    ix.data[at..at + 8].copy_from_slice(&amount.to_le_bytes());
    // 'Everything' is a flag behind the amount.
    if matches!(call.name, "withdraw" | "repay" | "collect_fees" | "take_win") {
        ix.data[at + 8] = 0;
    }
    ix
}

#[test]
fn nothing_and_more_than_the_ledger_holds_are_refused_by_name() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    for (title, at, most) in AMOUNTS {
        let call = find(&calls, title);
        assert_refused(&mut stage.world, &payer, &[with_amount(call, at, 0)], EngineError::AmountZero);
        for amount in [most + 1, 1 << 62, i64::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX] {
            let ix = with_amount(call, at, amount);
            assert_refused(&mut stage.world, &payer, &[ix], EngineError::AmountTooLarge);
        }
    }
}

#[test]
fn every_amount_in_range_does_what_it_says_or_fails_by_name() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    for (title, at, most) in AMOUNTS {
        for shift in 0..64 {
            for amount in
                [(1u64 << shift) - 1, 1 << shift, most].into_iter().filter(|amount| (1..=most).contains(amount))
            {
                let sent = stage.world.simulate(&payer, &[with_amount(find(&calls, title), at, amount)]);
                let found = sent.err().and_then(|failure| complaint(&failure, &stage.hostile));
                assert_eq!(found, None, "{title} with {amount}");
            }
        }
    }
}

/// MONEY-4
#[test]
fn everything_is_a_flag_and_the_amount_beside_it_is_not_read() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    // Enough on the funder's account for the whole debt.
    stage.world.funded(&address("funder"), USDC, 20_000_000_000);
    for title in ["withdraw", "repay", "collect_fees", "take_win"] {
        let mut results = Vec::new();
        for amount in [0, 1, u64::MAX] {
            let mut ix = with_amount(find(&calls, title), 8, amount);
            ix.data[16] = 1;
            let mut world = stage.world.clone();
            assert_sent(world.send(&payer, &[ix]));
            results.push(world.snapshot());
        }
        assert_same(&results[0], &results[1]);
        assert_same(&results[0], &results[2]);
    }
}

/// MONEY-4
#[test]
fn a_repayment_takes_at_most_the_debt() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let purse = stage.world.funded(&address("funder"), USDC, MAX_ATOMS);
    let before = stage.world.token_balance(&purse);
    assert_sent(stage.world.send(&payer, &[with_amount(find(&calls, "repay"), 8, MAX_ATOMS)]));
    let paid = before - stage.world.token_balance(&purse);
    assert!((14_000_000_000..14_010_000_000).contains(&paid), "{paid}");
    assert_eq!(stage.world.margin_account(&stage.debtor).token_index(USDC), None);
}

/// INSURE-1
#[test]
fn the_authority_collects_fees_and_never_insurance() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    assert_sent(stage.world.fund_insurance(USDC, 1_000_000_000));
    let bank: Bank = stage.world.read(&stage.world.keys.bank(USDC).bank);
    assert!(bank.insurance_atoms >= 1_000_000_000 && bank.fees_atoms < 1_000_000);
    let all = find(&calls, "collect_fees");
    for more in [1_000_000, bank.insurance_atoms, bank.fees_atoms + bank.insurance_atoms] {
        let ix = with_amount(all, 8, more);
        assert_refused(&mut stage.world, &payer, &[ix], EngineError::BalanceInsufficient);
    }
    assert_sent(stage.world.send(&payer, std::slice::from_ref(&all.ix)));
    let after: Bank = stage.world.read(&stage.world.keys.bank(USDC).bank);
    assert_eq!((after.fees_atoms, after.insurance_atoms), (0, bank.insurance_atoms));
    assert_refused(&mut stage.world, &payer, std::slice::from_ref(&all.ix), EngineError::AmountZero);
}

#[test]
fn a_liquidation_with_any_bounds_does_what_it_says_or_fails_by_name() {
    let mut stage = Stage::new();
    let payer = stage.world.party("fees");
    let (keys, by) = (stage.world.keys, stage.liquidator);
    let parties = |of: Trader| ix::Parties { signer: by.owner, liquidator: by.account, liquidatee: of.account };
    let extremes = [0, 1, 2, 1_000, MAX_ATOMS, u64::MAX / 2, u64::MAX];
    for max_size in extremes {
        for min_size in extremes {
            for (limit_numerator, limit_denominator) in
                [(0, 0), (u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX), (5, 0)]
            {
                let bounds = LiquidationBounds {
                    max_size,
                    as_much_as_allowed: false,
                    min_size,
                    limit_numerator,
                    limit_denominator,
                    no_op_if_refused: false,
                };
                let liability = args::LiabilityArg::Borrow(USDC);
                let pair = args::LiquidateCollateralArgs { asset_bank: SOL, liability, bounds };
                let perp = args::LiquidatePositionArgs { market: SOL_PERP, bounds };
                for ix in [
                    ix::liquidate_collateral(&keys, parties(stage.debtor), pair, false),
                    ix::liquidate_position(&keys, parties(stage.long), perp),
                ] {
                    let sent = stage.world.simulate(&payer, &[ix]);
                    let code = sent.as_ref().err().map(|failure| failure.code);
                    let found = sent.err().and_then(|failure| complaint(&failure, &stage.hostile));
                    assert_eq!(found, None, "{bounds:?}");
                    assert!(
                        max_size != 0 || code == Some(Some(EngineError::AmountZero as u32)),
                        "{bounds:?}: {code:?}"
                    );
                    assert!(min_size <= max_size || code.is_some(), "{bounds:?}");
                }
            }
        }
    }
}

/// LIQ-6
#[test]
fn nobody_liquidates_himself_and_no_asset_pays_its_own_debt() {
    let mut stage = Stage::new();
    let keys = stage.world.keys;
    let (debtor, long, by) = (stage.debtor, stage.long, stage.liquidator);
    let own = |of: Trader| ix::Parties { signer: of.owner, liquidator: of.account, liquidatee: of.account };
    let liability = args::LiabilityArg::Borrow(USDC);
    let pair = args::LiquidateCollateralArgs { asset_bank: SOL, liability, bounds: ALL };
    let perp = args::LiquidatePositionArgs { market: SOL_PERP, bounds: ALL };
    let himself =
        [ix::liquidate_collateral(&keys, own(debtor), pair, false), ix::liquidate_position(&keys, own(long), perp)];
    for (owner, ix) in [debtor.owner, long.owner].into_iter().zip(himself) {
        assert_refused(&mut stage.world, &owner, &[ix], EngineError::SelfLiquidation);
    }
    let other = ix::Parties { signer: by.owner, liquidator: by.account, liquidatee: debtor.account };
    for (asset_bank, liability) in [
        (SOL, args::LiabilityArg::Borrow(SOL)),
        (USDC, args::LiabilityArg::Borrow(USDC)),
        // Negative PnL is owed in quote.
        (USDC, args::LiabilityArg::NegativePnl(SOL_PERP)),
    ] {
        let same = args::LiquidateCollateralArgs { asset_bank, liability, ..pair };
        let ix = ix::liquidate_collateral(&keys, other, same, false);
        assert_refused(&mut stage.world, &by.owner, &[ix], EngineError::AssetIsLiability);
    }
    let fill = args::SettleFillArgs { base_units: UNITS, quote_atoms: 162_000_000 };
    let sides = ix::FillAuthority::Sides { buyer: by.owner, seller: by.owner };
    let ix = ix::settle_fill(&keys, SOL_PERP, by.account, by.account, sides, fill);
    assert_refused(&mut stage.world, &by.owner, &[ix], EngineError::SameAccount);
}

#[test]
fn legs_that_the_liquidatee_does_not_have_are_refused() {
    let mut stage = Stage::new();
    let (keys, by) = (stage.world.keys, stage.liquidator);
    let parties = ix::Parties { signer: by.owner, liquidator: by.account, liquidatee: stage.debtor.account };
    let bounds = LiquidationBounds { no_op_if_refused: false, ..ALL };
    for (asset_bank, liability) in [(BTC, args::LiabilityArg::Borrow(USDC)), (SOL, args::LiabilityArg::Borrow(BTC))] {
        let pair = args::LiquidateCollateralArgs { asset_bank, liability, bounds };
        let ix = ix::liquidate_collateral(&keys, parties, pair, false);
        assert_refused(&mut stage.world, &by.owner, &[ix], EngineError::LegEmpty);
    }
    let perp = args::LiquidatePositionArgs { market: BTC_PERP, bounds };
    let ix = ix::liquidate_position(&keys, parties, perp);
    assert_refused(&mut stage.world, &by.owner, &[ix], EngineError::LegEmpty);
}

/// Fills every place of the table, but the one that is quote's, with positions that nothing is held in yet.
fn fill_tables(account: &mut MarginAccount) {
    for place in 40..56 {
        let _ = token::open_token(account, place);
    }
    for (place, leg) in account.derivatives.iter_mut().enumerate().filter(|(_, leg)| leg.kind == 0) {
        (leg.kind, leg.market) = (PositionKind::Perp as u8, 10 + place as u8);
    }
}

#[test]
fn a_full_table_of_positions_is_refused_by_name() {
    let mut stage = Stage::new();
    let owner = stage.world.party("full");
    let full = stage.world.trader("full");
    let mut account = stage.world.margin_account(&full);
    fill_tables(&mut account);
    stage.world.write(&full.account, &account);
    let keys = stage.world.keys;
    let source = stage.world.funded(&owner, SOL, 1_000);
    let token = stage.world.token(SOL);
    let deposit = ix::deposit(&keys, &token, owner, full.account, source, args::DepositArgs { amount_atoms: 1_000 });
    assert_refused(&mut stage.world, &owner, &[deposit], EngineError::TokenTableFull);
    let borrow = ix::borrow(&keys, &token, owner, full.account, source, args::BorrowArgs { amount_atoms: 1_000 });
    assert_refused(&mut stage.world, &owner, &[borrow], EngineError::TokenTableFull);
}

#[test]
fn a_seventeenth_perp_is_refused_by_name() {
    let mut stage = Stage::new();
    let (keys, alice, bob) = (stage.world.keys, stage.alice, stage.bob);
    // Sixteen markets beside the first, all alike.
    for _ in 2..17 {
        assert_sent(stage.world.list_market(&MarketConfig::SOL).map(|_| Default::default()));
    }
    for market in 2..16 {
        let quote_atoms = stage.world.quote_atoms(market, UNITS, None);
        let sides = ix::FillAuthority::Sides { buyer: alice.owner, seller: bob.owner };
        let args = args::SettleFillArgs { base_units: UNITS, quote_atoms };
        let fill = ix::settle_fill(&keys, market, alice.account, bob.account, sides, args);
        assert_sent(stage.world.send(&alice.owner, &[fill]));
    }
    let quote_atoms = stage.world.quote_atoms(16, UNITS, None);
    let args = args::SettleFillArgs { base_units: UNITS, quote_atoms };
    for (buyer, seller) in [(alice, stage.liquidator), (stage.liquidator, bob)] {
        let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        let fill = ix::settle_fill(&keys, 16, buyer.account, seller.account, sides, args);
        assert_refused(&mut stage.world, &alice.owner, &[fill], EngineError::PositionTableFull);
    }
}

#[test]
fn a_liquidatee_with_full_tables_is_liquidated_all_the_same_and_a_full_liquidator_is_refused() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let pair = find(&calls, "liquidate_collateral: a borrow").ix.clone();
    // A bank that nothing is held in needs a slot in the registry to be valued.
    let mut registry = stage.world.registry();
    for slot in 40..56 {
        registry.banks[slot] = registry.banks[SOL as usize];
    }
    for slot in 10..26 {
        registry.markets[slot] = registry.markets[SOL_PERP as usize];
    }
    let keys = stage.world.keys;
    stage.world.write(&keys.registry, &*registry);
    for (trader, expected) in [(stage.debtor, None), (stage.liquidator, Some(EngineError::TokenTableFull))] {
        let mut world = stage.world.clone();
        let mut account = world.margin_account(&trader);
        if expected.is_some() {
            // The place of the asset is taken by something else.
            let place = account.token_index(SOL).expect("the liquidator holds SOL");
            account.tokens[place].bank = BTC;
        }
        fill_tables(&mut account);
        world.write(&trader.account, &account);
        match expected {
            None => drop(assert_sent(world.send(&payer, std::slice::from_ref(&pair)))),
            Some(error) => assert_refused(&mut world, &payer, std::slice::from_ref(&pair), error),
        }
    }
}

#[test]
fn full_tables_of_the_engine_are_refused_by_name_and_no_slot_is_skipped() {
    let mut stage = Stage::new();
    let (keys, payer, authority) = (stage.world.keys, stage.world.party("payer"), stage.world.authority);
    let mut registry = stage.world.registry();
    let mut board = stage.world.board();
    (registry.bank_count, registry.market_count) = (MAX_BANKS as u8, MAX_MARKETS as u8);
    board.count = MAX_PRICES as u8;
    let mint = stage.world.create_mint("NEW", 9);
    let mut world = stage.world.clone();
    world.write(&keys.registry, &*registry);
    world.write(&keys.board, &*board);
    let (prices, _) = world.price_args(&PriceConfig::named("NEW"));
    let config = super::calls::bank_config().args();
    let listings = |[bank, market, price]: [u8; 3]| {
        let args = args::ListBankArgs { index: bank, price_slot: SOL, config };
        [
            ix::list_bank(&keys, authority, payer, (mint.key, mint.program), args),
            ix::list_market(&keys, authority, payer, MarketConfig::SOL.args(market)),
            ix::list_price(&keys, authority, args::ListPriceArgs { slot: price, ..prices }),
        ]
    };
    for ix in listings([MAX_BANKS as u8, MAX_MARKETS as u8, MAX_PRICES as u8]) {
        assert_refused(&mut world, &payer, &[ix], EngineError::SlotsFull);
    }
    for ix in listings([4; 3]).into_iter().chain(listings([0; 3])) {
        let failure = stage.world.simulate(&payer, &[ix]).expect_err("skipped or taken");
        // Anchor's `init` finds an account that exists before the slot is compared.
        let exists = failure.logs.iter().any(|log| log.contains("already in use"));
        assert!(exists || failure.code == Some(EngineError::SlotTaken as u32), "{failure}");
    }
    for ix in listings([u8::MAX; 3]) {
        let failure = stage.world.simulate(&payer, &[ix]).expect_err("out of range");
        assert!(
            [EngineError::SlotTaken, EngineError::SlotsFull].map(|error| Some(error as u32)).contains(&failure.code),
            "{failure}"
        );
    }
}

//! A token and a perp from their first position to their last, at prices from 1e-9 to 1e12 dollars.

use plimsoll_state::{Bank, MarginView, Market};
use plimsoll_tests::*;

use super::calls::{bank_config, ALL};
use super::clean::complaint;
use super::mints::{cap_atoms, listed, set_raw_price};
use super::stage::USD;

/// Repeats a price, and those of all other feeds, until both averages stand at it.
fn hold(world: &mut World, slot: u8, mantissa: i64, exponent: i32) {
    for _ in 0..26 {
        world.hold_prices(5, 5);
        set_raw_price(world, slot, mantissa, exponent);
    }
}

/// Takes a token through its life at a price: deposit, borrow against it, margin, a fall, a liquidation, repayment, exit.
fn live_through(mantissa: i64, exponent: i32, dollars: f64, decimals: u8) {
    let title = format!("{decimals} decimals at {dollars} dollars");
    let mut world = listed();
    let slot = world.list_price(&PriceConfig::named("NEW"));
    set_raw_price(&mut world, slot, mantissa, exponent);
    let mint = world.create_mint("NEW", decimals);
    let cap = cap_atoms(dollars, decimals);
    let config = BankConfig { price_slot: slot, deposit_cap_atoms: cap, borrow_cap_atoms: cap, ..bank_config() };
    let bank = world.list_bank(mint, &config).unwrap_or_else(|failure| panic!("{title}: {failure}"));
    hold(&mut world, slot, mantissa, exponent);
    let (alice, lender) = (world.trader("alice"), world.trader("lender"));
    assert_sent(world.deposit(&lender, USDC, 10_000_000 * USD));
    // As much of the token as is worth a hundred thousand dollars, or all that the ledger takes.
    let atoms = ((1e5 / dollars * 10f64.powi(decimals as i32)) as u64).clamp(1, cap);
    assert_sent(world.deposit(&alice, bank, atoms));
    let worth = atoms as f64 / 10f64.powi(decimals as i32) * dollars;
    let owed = (worth * 0.7 * 1e6) as u64;
    if owed > 0 {
        assert_sent(world.borrow(&alice, USDC, owed));
    }
    let view = check(&mut world, &alice);
    assert!((view - worth * 0.3).abs() <= worth * 0.31 + 1e-5, "{title}: NAV {view} of {worth}");
    // It falls by a fifth: under water, and worth a liquidation unless all of it is dust.
    hold(&mut world, slot, mantissa * 8, exponent - 1);
    assert_sent(world.observe(&alice));
    let by = world.trader("liquidator");
    assert_sent(world.deposit(&by, USDC, 1_000_000 * USD));
    let parties = ix::Parties { signer: by.owner, liquidator: by.account, liquidatee: alice.account };
    let liability = args::LiabilityArg::Borrow(USDC);
    let args = args::LiquidateCollateralArgs { asset_bank: bank, liability, bounds: ALL };
    let liquidate = ix::liquidate_collateral(&world.keys, parties, args, true);
    let before = world.margin_account(&alice);
    match world.send(&by.owner, &[liquidate]) {
        Ok(_) => assert_ne!(bytemuck::bytes_of(&before), bytemuck::bytes_of(&world.margin_account(&alice))),
        Err(failure) => {
            assert_eq!(complaint(&failure, &address("hostile program")), None, "{title}");
            assert!(worth < 1.0, "{title}: {failure}");
        }
    }
    if world.margin_account(&alice).token_index(USDC).is_some() {
        assert_sent(world.repay(&alice, USDC, None));
    }
    if world.margin_account(&alice).token_index(bank).is_some() {
        assert_sent(world.withdraw(&alice, bank, None));
    }
    assert!(world.margin_account(&alice).is_empty(), "{title}");
    let totals: Bank = world.read(&world.keys.bank(bank).bank);
    let vault = world.token_balance(&world.keys.bank(bank).vault);
    assert!(vault >= totals.insurance_atoms + totals.fees_atoms, "{title}");
}

/// NAV at spot, dollars.
fn check(world: &mut World, trader: &Trader) -> f64 {
    let check = ix::check_margin(&world.keys, trader.account, 3);
    let meta = assert_sent(world.simulate(&trader.owner, &[check]));
    let mut data = meta.return_data.data;
    data.resize(size_of::<MarginView>(), 0);
    let view: MarginView = bytemuck::pod_read_unaligned(&data);
    view.spot.nav_usd_pico.get() as f64 / 1e12
}

/// NUMBER-2
#[test]
fn a_token_lives_from_deposit_to_exit_at_every_price_and_number_of_decimals() {
    for (mantissa, exponent, dollars, decimals) in [
        (1, -9, 1e-9, 0),
        (1, -9, 1e-9, 2),
        (1, -9, 1e-9, 6),
        (1, -6, 1e-6, 0),
        (5, -2, 0.05, 0),
        (1, 0, 1.0, 2),
        (1, 0, 1.0, 6),
        (2, 2, 200.0, 9),
        (2, 2, 200.0, 18),
        (1, 6, 1e6, 8),
        (1, 12, 1e12, 13),
        (1, 12, 1e12, 18),
    ] {
        live_through(mantissa, exponent, dollars, decimals);
    }
}

/// Takes a perp through its life at a price: a fill, funding, a fall, settlement, a liquidation, the way out.
fn trade_through(mantissa: i64, exponent: i32, dollars: f64, base_decimals: u8) {
    let title = format!("{base_decimals} base decimals at {dollars} dollars");
    let mut world = listed();
    let keys = world.keys;
    let slot = world.list_price(&PriceConfig::named("NEW"));
    set_raw_price(&mut world, slot, mantissa, exponent);
    let config = MarketConfig { name: "NEW-PERP", base_decimals, price_slot: slot, ..MarketConfig::SOL };
    let market = world.list_market(&config).unwrap_or_else(|failure| panic!("{title}: {failure}"));
    hold(&mut world, slot, mantissa, exponent);
    let (alice, bob, by) = (world.trader("alice"), world.trader("bob"), world.trader("liquidator"));
    let per_dollar = 10f64.powi(base_decimals as i32) / dollars;
    let units = (per_dollar * 1e5).min((1u64 << 43) as f64) as u64;
    let worth = units as f64 / per_dollar;
    assert_sent(world.deposit(&alice, USDC, (worth * 0.1 * 1e6) as u64));
    for trader in [bob, by] {
        assert_sent(world.deposit(&trader, USDC, 1_000_000 * USD));
    }
    let fill = |buyer: Trader, seller: Trader, base_units: u64, worth: f64| {
        let args = args::SettleFillArgs { base_units, quote_atoms: (worth * 1e6).round() as u64 };
        let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        ix::settle_fill(&keys, market, buyer.account, seller.account, sides, args)
    };
    assert_sent(world.send(&alice.owner, &[fill(alice, bob, units, worth)]));
    let nav = check(&mut world, &alice);
    assert!((nav - worth * 0.0999).abs() < worth * 1e-4 + 1e-4, "{title}: NAV {nav} of {worth}");
    assert_sent(world.crank_funding(market));
    // A fall by 8 %: what is left is 2 % of a charge of 3 %.
    hold(&mut world, slot, mantissa * 92, exponent - 2);
    assert_sent(world.observe(&alice));
    assert_sent(world.send(&bob.owner, &[ix::settle_pnl(&keys, market, Some(alice.account))]));
    assert_sent(world.send(&bob.owner, &[ix::settle_pnl(&keys, market, Some(bob.account))]));
    let parties = ix::Parties { signer: by.owner, liquidator: by.account, liquidatee: alice.account };
    let liquidate = ix::liquidate_position(&keys, parties, args::LiquidatePositionArgs { market, bounds: ALL });
    assert_sent(world.send(&by.owner, &[liquidate]));
    let taken = world.margin_account(&by).derivatives[0].shares as u64;
    assert!(taken > 0 && taken <= units, "{title}: {taken} of {units}");
    let left = units - taken;
    let price = 0.92 / per_dollar;
    if left > 0 {
        assert_sent(world.send(&bob.owner, &[fill(bob, alice, left, left as f64 * price)]));
    }
    assert_sent(world.send(&bob.owner, &[fill(bob, by, taken, taken as f64 * price)]));
    let totals: Market = world.read(&keys.market(market));
    assert_eq!((totals.sides[0].shares, totals.sides[1].shares), (0, 0), "{title}");
}

#[test]
fn a_perp_lives_from_fill_to_exit_at_every_price() {
    for (mantissa, exponent, dollars, base_decimals) in [
        (1, -9, 1e-9, 0),
        (1, -6, 1e-6, 0),
        (1, -6, 1e-6, 3),
        (1, -3, 1e-3, 0),
        (1, 0, 1.0, 6),
        (2, 2, 2e2, 6),
        (1, 6, 1e6, 10),
        (1, 12, 1e12, 15),
    ] {
        trade_through(mantissa, exponent, dollars, base_decimals);
    }
}

//! `resolve_bankruptcy`, step by step.

use plimsoll_tests::{args, ix, Trader};

use super::liquidation::{bounds, liquidator};
use super::measure::measure as run;
use super::row::Row;
use super::stage::{Stage, QUOTE};

/// Fast enough for the fast average to stay far above, slow enough for it to arrive.
const CRASH_PPM: i64 = -400_000;

/// Adds the rows: an account that held collateral, owed the settlement token, and had a losing and a winning perp.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let mut stage = stage.clone();
    let bankrupt = stage.world.trader("bankrupt");
    stage.deposit_usd(&bankrupt, 1, 10_000);
    stage.trade_usd(&bankrupt, 0, 10_000, true);
    stage.trade_usd(&bankrupt, 1, 1_000, false);
    stage.borrow_usd(&bankrupt, QUOTE, 6_000);
    let loser = stage.world.trader("loser");
    stage.deposit_usd(&loser, QUOTE, 10_000);
    stage.trade_usd(&loser, 0, 2_000, true);
    let insurance_atoms = stage.atoms(QUOTE, 100);
    stage.world.fund_insurance(QUOTE, insurance_atoms).unwrap_or_else(|failure| panic!("fund_insurance: {failure}"));
    let liquidator = liquidator(&mut stage);
    stage.move_prices(CRASH_PPM);
    for _ in 0..30 {
        stage.wait();
    }
    wind_down(&mut stage, &liquidator, &bankrupt);
    for (case, step) in [
        ("freezes the account", args::ResolveStep::Freeze),
        ("seizes a gain", args::ResolveStep::SeizePnl { market: 1 }),
        ("pays a borrow: reserves, then socializes", args::ResolveStep::PayBorrow { bank: QUOTE }),
        ("pays a loss and ends", args::ResolveStep::PayPnl { market: 0 }),
    ] {
        let resolve = ix::resolve_bankruptcy(&stage.world.keys, bankrupt.account, step);
        let account = stage.world.margin_account(&bankrupt);
        let tokens = account.tokens.iter().filter(|token| token.used == 1).count() as u8;
        let perps = account.derivatives.iter().filter(|leg| leg.kind != 0).count() as u8;
        let measured = run(&stage.world, &liquidator.owner, &resolve, case);
        rows.push(Row::new("resolve_bankruptcy", case, &measured).sized(tokens, perps));
        stage.sent(case, liquidator.owner, resolve);
    }
    assert!(stage.world.margin_account(&bankrupt).is_empty(), "the last step leaves an empty account");
    take_win(&mut stage, rows, &loser);
}

/// What the bankrupt account lost and nobody could bear is the market's deficit: its winner leaves at a discount.
fn take_win(stage: &mut Stage, rows: &mut Vec<Row>, loser: &Trader) {
    let (keys, winner) = (stage.world.keys, stage.maker);
    stage.sent("settle_pnl", winner.owner, ix::settle_pnl(&keys, 0, Some(loser.account)));
    let market: plimsoll_state::Market = stage.world.read(&keys.market(0));
    assert!(market.deficit_atoms > 0 && market.pool_atoms > 0, "the market has a deficit, and a pool to share");
    let args = args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };
    let take = ix::take_win(&keys, 0, winner.owner, winner.account, args);
    rows.push(Row::new("take_win", "", &run(&stage.world, &winner.owner, &take, "take_win")).sized(1, 16));
}

/// All collateral and both perps go to the liquidator.
fn wind_down(stage: &mut Stage, liquidator: &Trader, bankrupt: &Trader) {
    let parties =
        ix::Parties { signer: liquidator.owner, liquidator: liquidator.account, liquidatee: bankrupt.account };
    let keys = stage.world.keys;
    // Collateral passes to the last share only where no interest waits for a crank.
    stage.sent("accrue", liquidator.owner, ix::accrue(&keys, 1));
    let liability = args::LiabilityArg::Borrow(QUOTE);
    let args = args::LiquidateCollateralArgs { asset_bank: 1, liability, bounds: bounds() };
    stage.sent("liquidate_collateral", liquidator.owner, ix::liquidate_collateral(&keys, parties, args, false));
    for market in [0, 1] {
        let args = args::LiquidatePositionArgs { market, bounds: bounds() };
        stage.sent("liquidate_position", liquidator.owner, ix::liquidate_position(&keys, parties, args));
    }
}

//! Perps: fills, premium, funding, settlement.

use anchor_lang::prelude::Pubkey;
use plimsoll_tests::{args, ix, Trader};
use solana_instruction::Instruction;

use super::holder::{Book, Size};
use super::measure::measure as run;
use super::row::Row;
use super::stage::{Stage, QUOTE};

const MIDDLE: Size = Size { tokens: 8, perps: 4 };
/// Settlement token and one perp, as the maker of the bench has on every market.
const APPROVED_NOTIONAL_ATOMS: u64 = 1_000_000_000_000;

/// Adds the rows.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let mut stage = stage.clone();
    let holder = stage.holder("holder", MIDDLE, Book::Borrower);
    let desk = stage.world.trader("desk");
    stage.deposit_usd(&desk, QUOTE, 1_000_000);
    fills(&mut stage, rows, &holder, &desk);
    let (keys, authority, signer) = (stage.world.keys, stage.world.authority, stage.venue_signer);
    let report = ix::report_premium(&keys, 0, signer, 200);
    rows.push(Row::new("report_premium", "", &run(&stage.world, &signer, &report, "report_premium")));
    let crank = ix::crank_funding(&keys, 0);
    rows.push(Row::new("crank_funding", "", &run(&stage.world, &authority, &crank, "crank_funding")));
    let touch = ix::touch_position(&keys, holder.account, 0);
    let row = Row::new("touch_position", "", &run(&stage.world, &authority, &touch, "touch_position"));
    rows.push(row.sized(MIDDLE.tokens, MIDDLE.perps));
    settlement(&mut stage, rows, &holder);
}

/// Both sides of a fill count: the holder's eight tokens and four perps, and a desk with one balance.
fn fills(stage: &mut Stage, rows: &mut Vec<Row>, holder: &Trader, desk: &Trader) {
    let (keys, signer) = (stage.world.keys, stage.venue_signer);
    let venue = keys.venue(&signer);
    for trader in [holder, desk] {
        let approve = stage.world.approve_venue(trader, venue, APPROVED_NOTIONAL_ATOMS);
        stage.sent("approve_venue", trader.owner, approve);
    }
    let by_venue = ix::FillAuthority::Venue { signer };
    let by_both = ix::FillAuthority::Sides { buyer: holder.owner, seller: desk.owner };
    let grows = fill(stage, holder, desk, by_venue, 500);
    push(stage, rows, "settle_fill", "venue; both sides grow", &signer, &grows);
    let grows = fill(stage, holder, desk, by_both, 500);
    push(stage, rows, "settle_fill", "both owners; both sides grow", &holder.owner, &grows);
    let opened = fill(stage, holder, desk, by_venue, 500);
    stage.sent("settle_fill", signer, opened);
    stage.wait();
    let reduces = fill(stage, desk, holder, by_venue, 100);
    push(stage, rows, "settle_fill", "venue; both sides reduce", &signer, &reduces);
}

fn fill(stage: &Stage, buyer: &Trader, seller: &Trader, authority: ix::FillAuthority, usd: u64) -> Instruction {
    let base_units = stage.units(0, usd);
    let quote_atoms = stage.world.quote_atoms(0, base_units, None);
    let args = args::SettleFillArgs { base_units, quote_atoms };
    ix::settle_fill(&stage.world.keys, 0, buyer.account, seller.account, authority, args)
}

/// A long loses, its loss pays for a short, and what fees have left goes to insurance.
fn settlement(stage: &mut Stage, rows: &mut Vec<Row>, loser: &Trader) {
    let keys = stage.world.keys;
    for _ in 0..4 {
        stage.move_prices(-1_000);
    }
    for _ in 0..12 {
        stage.wait();
    }
    let pays = ix::settle_pnl(&keys, 0, Some(loser.account));
    push(stage, rows, "settle_pnl", "a loser pays", &loser.owner, &pays);
    stage.sent("settle_pnl", loser.owner, pays);
    let maker = stage.maker;
    let takes = ix::settle_pnl(&keys, 0, Some(maker.account));
    let measured = run(&stage.world, &maker.owner, &takes, "settle_pnl");
    rows.push(Row::new("settle_pnl", "a winner takes", &measured).sized(1, 16));
    let own = ix::settle_pnl(&keys, 0, None);
    rows.push(Row::new("settle_pnl", "the market's own claim", &run(&stage.world, &maker.owner, &own, "own claim")));
}

fn push(
    stage: &Stage,
    rows: &mut Vec<Row>,
    operation: &'static str,
    case: &str,
    payer: &Pubkey,
    instruction: &Instruction,
) {
    let measured = run(&stage.world, payer, instruction, case);
    rows.push(Row::new(operation, case, &measured).sized(MIDDLE.tokens, MIDDLE.perps));
}

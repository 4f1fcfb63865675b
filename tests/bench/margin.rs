//! `check_margin`, alone and by CPI, and `observe_margin`.

use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use example_venue::client::Venue;
use plimsoll_tests::{ix, pda, Trader};
use solana_instruction::Instruction;

use super::holder::{Book, Size};
use super::measure::measure as run;
use super::row::Row;
use super::stage::{venue_program, Stage};

/// What is measured, and the most that three views and one may cost.
const SIZES: [(Size, u64, u64); 5] = [
    (size(0, 0), 1_850, 1_650),
    (size(1, 0), 2_900, 2_300),
    (size(4, 2), 7_000, 4_400),
    (size(8, 4), 10_500, 6_300),
    (size(16, 16), 24_500, 14_000),
];
/// What calling may cost on top.
const CALL: u64 = 3_500;
/// What the caller's second reading of its own meter costs.
const READING: u64 = 100;

const fn size(tokens: u8, perps: u8) -> Size {
    Size { tokens, perps }
}

/// At most so many compute units for so many views.
fn goal(views: u8, size: Size) -> u64 {
    let found = SIZES.iter().find(|(known, ..)| (known.tokens, known.perps) == (size.tokens, size.perps));
    let (_, three, one) = found.expect("one of the sizes");
    *if views == 1 { one } else { three }
}

/// Adds the rows.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let mut stage = stage.clone();
    let (venue, file) = venue_program();
    stage.world.add_program(venue, &file);
    let create = reader(&stage).create();
    stage.sent("create_venue", stage.world.authority, create);
    let accounts: Vec<(Size, Trader)> = SIZES
        .into_iter()
        .map(|(size, ..)| (size, stage.holder(&format!("holder {}", size.tokens), size, Book::Borrower)))
        .collect();
    // Interest and funding have run since anybody booked them.
    stage.wait();
    for views in [3, 1] {
        for (size, trader) in &accounts {
            rows.push(direct(&stage, *size, trader, views));
        }
    }
    for views in [3, 1] {
        for (size, trader) in &accounts {
            rows.push(by_cpi(&stage, *size, trader, views));
        }
    }
    for (size, trader) in accounts.iter().filter(|(size, _)| size.perps > 0) {
        let observe = ix::observe_margin(&stage.world.keys, trader.account);
        let measured = run(&stage.world, &trader.owner, &observe, "observe_margin");
        rows.push(Row::new("observe_margin", "healthy", &measured).sized(size.tokens, size.perps));
    }
}

fn direct(stage: &Stage, size: Size, trader: &Trader, views: u8) -> Row {
    let check = ix::check_margin(&stage.world.keys, trader.account, views);
    let measured = run(&stage.world, &trader.owner, &check, "check_margin");
    let row = Row::new("check_margin", "", &measured).sized(size.tokens, size.perps);
    Row { views: Some(views), ..row }.at_most(goal(views, size))
}

/// The difference of the caller's meter, from before it builds the call until it has decoded the answer.
fn by_cpi(stage: &Stage, size: Size, trader: &Trader, views: u8) -> Row {
    let call = read_margin(stage, &trader.account, views);
    let measured = run(&stage.world, &trader.owner, &call, "check_margin by CPI");
    let done = stage.world.simulate(&trader.owner, &[call]).unwrap_or_else(|failure| panic!("{failure}"));
    let readings: Vec<u64> = done.logs.iter().filter_map(|line| meter_reading(line)).collect();
    let [before, after] = readings[..] else { panic!("the caller read its meter twice: {:?}", done.logs) };
    let row = Row::new("check_margin_cpi", "as the caller sees it", &measured).sized(size.tokens, size.perps);
    Row { views: Some(views), compute_units: Some(before - after - READING), ..row }.at_most(goal(views, size) + CALL)
}

/// "Program consumption: 123 units remaining".
fn meter_reading(line: &str) -> Option<u64> {
    line.strip_prefix("Program consumption: ")?.split(' ').next()?.parse().ok()
}

/// A venue that trusts the engine: it asks, and believes no other.
fn reader(stage: &Stage) -> Venue {
    Venue::of(stage.world.authority, stage.world.keys.engine)
}

fn read_margin(stage: &Stage, margin_account: &Pubkey, views: u8) -> Instruction {
    let keys = stage.world.keys;
    let accounts = example_venue::accounts::ReadMargin {
        config: reader(stage).config,
        margin_account: *margin_account,
        registry: keys.registry,
        board: keys.board,
        engine_program: pda::PROGRAM_ID,
    };
    Instruction {
        program_id: example_venue::ID,
        accounts: accounts.to_account_metas(None),
        data: example_venue::instruction::ReadMargin { views }.data(),
    }
}

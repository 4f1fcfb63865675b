//! Deposits, withdrawals, borrows, repayments, interest, insurance.

use anchor_lang::prelude::Pubkey;
use plimsoll_tests::{args, ix, Trader};
use solana_instruction::Instruction;

use super::holder::{Book, Size};
use super::measure::measure as run;
use super::row::Row;
use super::stage::{Stage, QUOTE, TOKEN_2022};

const EMPTY: Size = Size { tokens: 0, perps: 0 };
const MIDDLE: Size = Size { tokens: 8, perps: 4 };
const DEPOSIT_GOAL: u64 = 8_500;
const TAKE_GOAL: u64 = 14_000;

/// Adds the rows.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let mut stage = stage.clone();
    let newcomer = stage.world.trader("newcomer");
    let holder = stage.holder("holder", MIDDLE, Book::Borrower);
    for (size, trader) in [(EMPTY, newcomer), (MIDDLE, holder)] {
        let deposit = deposit(&mut stage, &trader, 1, 1_000);
        push(&stage, rows, "deposit", "SPL Token", size, &trader.owner, &deposit, Some(DEPOSIT_GOAL));
    }
    let deposit_2022 = deposit(&mut stage, &newcomer, TOKEN_2022, 1_000);
    push(&stage, rows, "deposit", "Token-2022", EMPTY, &newcomer.owner, &deposit_2022, None);

    let (keys, token) = (stage.world.keys, stage.world.token(1));
    let purse = stage.world.funded(&holder.owner, 1, 0);
    let some = args::WithdrawArgs { amount_atoms: stage.atoms(1, 10), all: false };
    let withdraw = ix::withdraw(&keys, &token, holder.owner, holder.account, purse, some);
    push(&stage, rows, "withdraw", "some of a deposit", MIDDLE, &holder.owner, &withdraw, Some(TAKE_GOAL));
    let borrow = stage.borrow_instruction(&holder, QUOTE, 10);
    push(&stage, rows, "borrow", "more of a debt", MIDDLE, &holder.owner, &borrow, Some(TAKE_GOAL));
    let crossing = stage.borrow_instruction(&holder, 1, 10_100);
    push(&stage, rows, "borrow", "the deposit and beyond", MIDDLE, &holder.owner, &crossing, Some(TAKE_GOAL));
    let purse = stage.world.funded(&holder.owner, QUOTE, 100_000_000);
    let args = args::RepayArgs { amount_atoms: 10_000_000, all: false };
    let repay = ix::repay(&keys, &stage.world.token(QUOTE), holder.owner, holder.account, purse, args);
    push(&stage, rows, "repay", "some of a debt", MIDDLE, &holder.owner, &repay, None);
    banks(&mut stage, rows);
}

/// What concerns a bank alone.
fn banks(stage: &mut Stage, rows: &mut Vec<Row>) {
    let (keys, authority) = (stage.world.keys, stage.world.authority);
    stage.wait();
    let accrue = ix::accrue(&keys, QUOTE);
    rows.push(Row::new("accrue", "", &run(&stage.world, &authority, &accrue, "accrue")));
    let funder = stage.world.party("funder");
    let source = stage.world.funded(&funder, QUOTE, 1_000_000_000);
    let args = args::FundInsuranceArgs { amount_atoms: 1_000_000 };
    let fund = ix::fund_insurance(&keys, &stage.world.token(QUOTE), funder, source, args);
    rows.push(Row::new("fund_insurance", "", &run(&stage.world, &funder, &fund, "fund_insurance")));
    stage.sent("accrue", authority, accrue);
    let purse = stage.world.funded(&authority, QUOTE, 0);
    let args = args::CollectFeesArgs { amount_atoms: 0, all: true };
    let collect = ix::collect_fees(&keys, &stage.world.token(QUOTE), authority, purse, args);
    rows.push(Row::new("collect_fees", "", &run(&stage.world, &authority, &collect, "collect_fees")));
}

fn deposit(stage: &mut Stage, trader: &Trader, bank: u8, usd: u64) -> Instruction {
    let amount_atoms = stage.atoms(bank, usd);
    let source = stage.world.funded(&trader.owner, bank, amount_atoms);
    let args = args::DepositArgs { amount_atoms };
    ix::deposit(&stage.world.keys, &stage.world.token(bank), trader.owner, trader.account, source, args)
}

#[expect(clippy::too_many_arguments, reason = "a row has so many parts")]
fn push(
    stage: &Stage,
    rows: &mut Vec<Row>,
    operation: &'static str,
    case: &str,
    size: Size,
    payer: &Pubkey,
    instruction: &Instruction,
    goal: Option<u64>,
) {
    let measured = run(&stage.world, payer, instruction, operation);
    let row = Row::new(operation, case, &measured).sized(size.tokens, size.perps);
    rows.push(goal.map_or(row.clone(), |goal| row.at_most(goal)));
}

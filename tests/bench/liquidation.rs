//! Both liquidations, and how many of them fit a block.

use plimsoll::liquidation::LiquidationBounds;
use plimsoll_risk::liquidate::LegName;
use plimsoll_sdk::offer::instruction_name;
use plimsoll_tests::{args, ix, pair, perp, pnl_pair, Trader};
use solana_instruction::Instruction;

use super::holder::{Book, Size};
use super::measure::{measure as run, Measured};
use super::row::{Envelope, Goal, Row};
use super::stage::{Stage, QUOTE};

const MIDDLE: Size = Size { tokens: 8, perps: 4 };
const LARGEST: Size = Size { tokens: 16, perps: 16 };
const MIDDLE_GOAL: u64 = 32_000;
const LARGEST_GOAL: u64 = 60_000;
/// What a legacy transaction without lookup tables holds.
pub const LEGACY: Envelope = Envelope { bytes: 1_232, accounts: 13 };
/// What the transactions of one 200 ms block may cost that write one account.
const UNITS_PER_WRITTEN_ACCOUNT: u64 = 20_000_000;
const PER_BLOCK_GOAL: u64 = 400;

/// Adds the rows.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let (mut per_block, mut sweep) = (None, None);
    for (size, goal) in [(MIDDLE, MIDDLE_GOAL), (LARGEST, LARGEST_GOAL)] {
        for book in [Book::Borrower, Book::Loser, Book::Trader] {
            let mut stage = stage.clone();
            let (operation, case, measured, liquidation) = liquidation(&mut stage, size, book);
            let envelope = (size == LARGEST).then_some(LEGACY);
            let row = Row::new(operation, case, &measured).sized(size.tokens, size.perps).at_most(goal);
            rows.push(Row { envelope, ..row });
            if (size, book) == (MIDDLE, Book::Borrower) {
                per_block = Some(measured);
                sweep = Some(sweep_of(&mut stage, liquidation));
            }
        }
    }
    let measured = per_block.expect("the list above has it");
    let row = Row::new("liquidate_collateral", "per block, one quote bank", &measured);
    let per_block = Some(UNITS_PER_WRITTEN_ACCOUNT / measured.cost);
    rows.push(
        Row { compute_units: Some(measured.cost), per_block, goal: Some(Goal::PerBlock(PER_BLOCK_GOAL)), ..row }
            .sized(MIDDLE.tokens, MIDDLE.perps),
    );
    refusals(&mut stage.clone(), rows);
    rows.extend(sweep);
}

/// The insurance share of a liquidation waits as a deposit; sweeping makes it insurance.
fn sweep_of(stage: &mut Stage, liquidation: Instruction) -> Row {
    let authority = stage.world.authority;
    stage.sent("liquidate_collateral", authority, liquidation);
    let sweep = ix::sweep_insurance(&stage.world.keys, QUOTE);
    Row::new("sweep_insurance", "", &run(&stage.world, &authority, &sweep, "sweep_insurance"))
}

/// The liquidation of an account's best leg by a liquidator with three positions.
fn liquidation(stage: &mut Stage, size: Size, book: Book) -> (&'static str, &'static str, Measured, Instruction) {
    let liquidatee = stage.stretched("liquidatee", size, book);
    let liquidator = liquidator(stage);
    let best = stage.sink(&liquidatee);
    let (operation, case, instruction) = instruction(stage, &liquidator, &liquidatee, book, best);
    (operation, case, run(&stage.world, &liquidator.owner, &instruction, case), instruction)
}

/// Settlement token, the token and the perp that it will take: three positions before and after.
pub fn liquidator(stage: &mut Stage) -> Trader {
    let liquidator = stage.world.trader("liquidator");
    stage.deposit_usd(&liquidator, QUOTE, 5_000_000);
    stage.deposit_usd(&liquidator, 1, 10_000);
    stage.trade_usd(&liquidator, 0, 1_000, true);
    liquidator
}

/// Everything that the plan allows, with a limit price that it meets.
pub fn bounds() -> LiquidationBounds {
    LiquidationBounds {
        max_size: 0,
        as_much_as_allowed: true,
        min_size: 1,
        limit_numerator: 0,
        limit_denominator: 0,
        no_op_if_refused: false,
    }
}

fn instruction(
    stage: &Stage,
    liquidator: &Trader,
    liquidatee: &Trader,
    book: Book,
    best: LegName,
) -> (&'static str, &'static str, Instruction) {
    let parties =
        ix::Parties { signer: liquidator.owner, liquidator: liquidator.account, liquidatee: liquidatee.account };
    let ((_, asset), _) = best.slots();
    // All markets charge the same, so the first long is as good as the one that the assessment names.
    let (case, leg, (limit_numerator, limit_denominator)) = match book {
        Book::Borrower => ("repays a quote borrow", pair(asset, QUOTE), (1, 1_000_000)),
        Book::Loser => ("repays negative PnL", pnl_pair(asset, 0), (1, 1_000_000)),
        Book::Trader => ("takes over a long", perp(0), (1_000_000, 1)),
    };
    let limits = LiquidationBounds { limit_numerator, limit_denominator, ..bounds() };
    (instruction_name(&leg), case, ix::liquidate_leg(&stage.world.keys, parties, leg, limits, false))
}

/// What a liquidator pays for coming too late.
fn refusals(stage: &mut Stage, rows: &mut Vec<Row>) {
    let healthy = stage.holder("healthy", MIDDLE, Book::Borrower);
    let liquidator = liquidator(stage);
    let parties = ix::Parties { signer: liquidator.owner, liquidator: liquidator.account, liquidatee: healthy.account };
    let bounds = LiquidationBounds { no_op_if_refused: true, ..bounds() };
    let args = args::LiquidateCollateralArgs { asset_bank: 1, liability: args::LiabilityArg::Borrow(QUOTE), bounds };
    let late = ix::liquidate_collateral(&stage.world.keys, parties, args, false);
    let measured = run(&stage.world, &liquidator.owner, &late, "no-op");
    rows.push(Row::new("liquidate_collateral", "account healthy, no-op", &measured).sized(MIDDLE.tokens, MIDDLE.perps));
}

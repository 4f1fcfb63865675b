//! The rows.

use std::time::{Duration, Instant};

use plimsoll_keeper::state::Update;
use plimsoll_risk::liquidate::assess;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::EngineAccounts;
use plimsoll_sdk::decode::encode;
use plimsoll_state::snapshot::Views;

use crate::liquidator::Liquidator;
use crate::population::{engine, memory_per_account, moved, tracker};
use crate::stage::Stage;

/// Accounts that one tick takes below maintenance, at most.
const AFFECTED: usize = 100;
/// Liquidations of 10 October 2025 in its worst second, on the venue that published them.
const BURST: usize = 11_279;
/// How far every price falls in the tick: below maintenance for who is on the brink, not for others.
const FALL_PPM: i64 = -10_000;
/// A median of so many ticks.
const TICKS: usize = 9;
/// Evaluations in a row.
const EVALUATED: usize = 200_000;
/// What the cost model lets all transactions of a 200 ms block that write one account cost.
const UNITS_PER_WRITTEN_ACCOUNT: u64 = 20_000_000;
/// A liquidation's cost in that model, 8 tokens and 4 perps: `docs/benchmarks.md`, the row "per block, one quote bank".
const LIQUIDATIONS_PER_BLOCK_ROW: &str = "per block, one quote bank";
const BLOCK: Duration = Duration::from_millis(200);

/// One line of the table.
pub struct Row {
    /// What is measured.
    pub what: &'static str,
    /// The figure.
    pub measured: String,
    /// What is wanted.
    pub goal: &'static str,
    /// How it was measured.
    pub how: String,
}

/// Measures everything with so many accounts.
///
/// # Panics
/// Where work that is timed was not done.
pub fn measure(stage: &Stage, tracked: usize) -> Vec<Row> {
    let engine = engine(&stage.world);
    let liquidator = Liquidator::new(stage);
    let mut rows = vec![evaluations(stage, &engine, tracked.min(EVALUATED))];
    rows.extend(ticks(stage, &engine, tracked, &liquidator));
    rows.extend(burst(stage, &engine, BURST.min(tracked), &liquidator));
    rows
}

/// Loads and assesses: maintenance at spot and at the fast average, eligibility edges where it is under water.
fn evaluations(stage: &Stage, engine: &EngineAccounts, accounts: usize) -> Row {
    let mut tracker = tracker(stage, engine, accounts, accounts / 100);
    let fresh = encode(&moved(&engine.board, 0, tracker.now()));
    tracker.apply(Update::Account { key: engine.keys.board, slot: 2, data: fresh });
    let (began, mut under_water) = (Instant::now(), 0);
    for id in 0..accounts as u32 {
        let assessed = tracker.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
            assess(portfolio, clocks, UnixSecs::new(now))
        });
        under_water += assessed.expect("tracked").expect("evaluates").spot.is_under_water() as usize;
    }
    let per_second = accounts as f64 / began.elapsed().as_secs_f64();
    assert_eq!(under_water, 0, "prices have not moved yet");
    Row {
        what: "full account evaluations a second, one core, 8 positions",
        measured: thousands(per_second as u64),
        goal: "1,000,000",
        how: format!("{} accounts decoded, loaded and assessed in a row", thousands(accounts as u64)),
    }
}

/// From the bytes of a price board to signed transactions, and what it takes to remember so many accounts.
fn ticks(stage: &Stage, engine: &EngineAccounts, tracked: usize, liquidator: &Liquidator) -> Vec<Row> {
    let resident = resident_bytes();
    let mut tracker = tracker(stage, engine, tracked, AFFECTED);
    let (memory, grown) = (memory_per_account(&tracker), resident_bytes().saturating_sub(resident) / tracked);
    let mut times = Vec::new();
    for tick in 0..TICKS {
        let slot = 2 + 2 * tick as u64;
        let data = encode(&moved(&engine.board, FALL_PPM, tracker.now()));
        let began = Instant::now();
        let signed = liquidator.tick(&mut tracker, engine, slot, data, AFFECTED);
        times.push(began.elapsed());
        assert_eq!(signed, AFFECTED, "every account on the brink is planned and signed for, and nobody else");
        tracker.apply(Update::Account {
            key: engine.keys.board,
            slot: slot + 1,
            data: encode(&moved(&engine.board, 0, tracker.now())),
        });
        tracker.assess_hot();
        assert!(tracker.hot.is_empty(), "prices are back");
    }
    times.sort_unstable();
    vec![
        Row {
            what: "price tick to signed transactions, median",
            measured: format!("{:.2} ms", times[TICKS / 2].as_secs_f64() * 1e3),
            goal: "5 ms",
            how: format!(
                "{AFFECTED} affected of {} tracked, every leg of each planned, one core",
                thousands(tracked as u64)
            ),
        },
        Row {
            what: "memory for a tracked account",
            measured: format!("{memory} bytes"),
            goal: "",
            how: format!("state and trigger prices; the process grew by {grown} bytes an account"),
        },
    ]
}

/// Many accounts liquidatable at once: what the keeper needs, and what the chain takes.
fn burst(stage: &Stage, engine: &EngineAccounts, accounts: usize, liquidator: &Liquidator) -> Vec<Row> {
    let mut tracker = tracker(stage, engine, accounts, accounts);
    let data = encode(&moved(&engine.board, FALL_PPM, tracker.now()));
    let began = Instant::now();
    let signed = liquidator.tick(&mut tracker, engine, 2, data, accounts);
    let took = began.elapsed();
    assert_eq!(signed, accounts, "all of them are planned and signed for");
    let per_block = liquidations_per_block();
    let blocks = (accounts as u64).div_ceil(per_block);
    vec![
        Row {
            what: "burst: all accounts planned and signed",
            measured: format!("{:.2} s", took.as_secs_f64()),
            goal: "",
            how: format!("{} accounts under water in one tick, one core", thousands(accounts as u64)),
        },
        Row {
            what: "burst: what the chain takes",
            measured: format!("{:.1} s", (BLOCK * blocks as u32).as_secs_f64()),
            goal: "",
            how: format!(
                "{blocks} blocks of 200 ms at {per_block} liquidations that share one quote bank ({} units a written account)",
                thousands(UNITS_PER_WRITTEN_ACCOUNT)
            ),
        },
    ]
}

/// From the recorded baseline of the program's benchmark.
fn liquidations_per_block() -> u64 {
    const PAGE: &str = include_str!("../../docs/benchmarks.md");
    let row = PAGE.lines().find(|line| line.contains(LIQUIDATIONS_PER_BLOCK_ROW)).expect("the benchmark has the row");
    let figure = row.split('|').nth(6).expect("the figure's column").trim().replace(',', "");
    figure.parse().expect("a number")
}

/// Resident memory of this process, bytes; zero where the system does not tell.
fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * 4_096
}

/// A number with separators.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

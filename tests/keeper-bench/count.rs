//! Instructions, counted by callgrind: the same on every machine that runs the same build, where times differ by two.
//!
//! The binary starts itself under valgrind once for each scenario. Only what runs inside of [`counted_work`] is counted.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_keeper::state::{Tracker, Update};
use plimsoll_risk::liquidate::assess;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::decode::encode;
use plimsoll_state::snapshot::Views;

use crate::input::Input;
use crate::liquidator::Liquidator;
use crate::population::moved;
use crate::stage::Stage;

/// Accounts of every scenario.
const ACCOUNTS: usize = 500;
/// Those on the brink, of which a tick takes all below maintenance.
const BRINK: usize = 100;
/// How far every price falls without taking anybody out of his band.
const SMALL_FALL_PPM: i64 = -1;
/// How far every price falls in the tick that takes those on the brink below maintenance.
const FALL_PPM: i64 = -10_000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Loading and assessing an account in full, at spot and at the fast average.
    Evaluation,
    /// A price tick that takes no price out of a band.
    TickWithinBands,
    /// An account that is read again and is what it was, as in every snapshot.
    Unchanged,
    /// An account that has changed: decoded, looked at, with new trigger prices.
    Changed,
    /// From the bytes of a price board to signed transactions.
    Signed,
}

impl Scenario {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Evaluation, Self::Unchanged, Self::TickWithinBands, Self::Changed, Self::Signed];

    /// Its name in files and arguments.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::TickWithinBands => "tick_within_bands",
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Signed => "signed",
        }
    }

    /// What one of it is.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Evaluation => "full evaluation of an account, 8 positions, spot and average",
            Self::TickWithinBands => "an account in a price tick that leaves no band",
            Self::Unchanged => "an account that is read again, unchanged, prices within its bands",
            Self::Changed => "an account that has changed: decoded, looked at, new trigger prices",
            Self::Signed => "price tick to signed transaction, an account below maintenance",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// How many of it are done inside of what is counted.
    const fn times(self) -> usize {
        match self {
            Self::Signed => BRINK,
            _ => ACCOUNTS,
        }
    }
}

/// Does what is counted; nothing else does anything in it, so that callgrind can be told to look here alone.
#[inline(never)]
fn counted_work<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

/// Runs a scenario with an input that was written to a file.
///
/// # Panics
/// Where the work was not done.
pub fn run(scenario: Scenario, input: &Path) {
    let input = Input::read(input);
    let mut tracker = input.tracker();
    let key = input.engine.keys.board;
    let board = |tracker: &Tracker, ppm| encode(&moved(&input.engine.board, ppm, tracker.now()));
    let fresh = board(&tracker, 0);
    tracker.apply(Update::Account { key, slot: 2, data: fresh });
    match scenario {
        Scenario::Evaluation => {
            let under_water = counted_work(|| {
                let evaluated = (0..ACCOUNTS as u32).map(|id| {
                    let assessed = tracker.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
                        assess(portfolio, clocks, UnixSecs::new(now))
                    });
                    usize::from(assessed.expect("tracked").expect("evaluates").spot.is_under_water())
                });
                evaluated.sum::<usize>()
            });
            assert_eq!(under_water, 0, "prices have not moved yet");
        }
        Scenario::TickWithinBands => {
            // Those on the brink have no band worth the name.
            let data = board(&tracker, SMALL_FALL_PPM);
            counted_work(|| tracker.apply(Update::Account { key, slot: 3, data }));
            assert!(tracker.hot.is_empty());
        }
        Scenario::Unchanged => {
            let accounts = (0..ACCOUNTS).map(|at| (Input::key(at), input.accounts[at].clone())).collect();
            counted_work(|| tracker.apply(Update::SnapshotPart { slot: 3, accounts }));
            assert_eq!((tracker.accounts.len(), tracker.accounts.get(0).expect("tracked").slot), (ACCOUNTS, 3));
        }
        Scenario::Changed => {
            // Everybody has what the next one had.
            let other = |at: usize| input.accounts[(at + 1) % ACCOUNTS].clone();
            let updates: Vec<Update> =
                (0..ACCOUNTS).map(|at| Update::Account { key: Input::key(at), slot: 3, data: other(at) }).collect();
            counted_work(|| updates.into_iter().for_each(|update| tracker.apply(update)));
            assert_eq!(tracker.accounts.len(), ACCOUNTS);
        }
        Scenario::Signed => {
            let (data, liquidator) = (board(&tracker, FALL_PPM), Liquidator::fixed(&input));
            let signed = counted_work(|| liquidator.tick(&mut tracker, &input.engine, 3, data, BRINK));
            assert_eq!(signed, BRINK);
        }
    }
}

/// Instructions of one of each scenario; none where there is no valgrind.
///
/// # Panics
/// Where valgrind fails.
pub fn measure(stage: &Stage) -> Option<Vec<(Scenario, u64)>> {
    let answers = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !answers.is_ok_and(|status| status.success()) {
        return None;
    }
    let directory = std::env::temp_dir().join(format!("plimsoll-keeper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for what is counted with");
    let input = directory.join("input");
    Input::new(stage, ACCOUNTS, BRINK).write(&input).expect("the input is written");
    let counts = Scenario::ALL.map(|scenario| (scenario, instructions(scenario, &input, &directory)));
    let _ = std::fs::remove_dir_all(&directory);
    Some(counts.to_vec())
}

fn instructions(scenario: Scenario, input: &Path, directory: &Path) -> u64 {
    let out: PathBuf = directory.join(scenario.name());
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted_work*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this binary"))
        .args(["--counted", scenario.name()])
        .arg(input)
        .output()
        .expect("valgrind starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", scenario.name());
    let text = std::fs::read_to_string(&out).expect("callgrind's file");
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    let total: u64 = total.and_then(|total| total.trim().parse().ok()).expect("callgrind's total");
    assert!(total > 0, "nothing was counted of {}", scenario.name());
    total / scenario.times() as u64
}

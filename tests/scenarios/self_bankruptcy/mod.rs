//! What an owner of two accounts takes from insurance by making one of them bankrupt, per dollar that it costs him (INSURE-5):
//! a search over sizes, paths of the price and orders of calls, and its table.
//!
//! `PLIMSOLL_RECORD=1 cargo test -p plimsoll-tests -- self_made_bankruptcy` writes `docs/self-bankruptcy.md` anew;
//! `PLIMSOLL_NIGHTLY=1` searches a hundred times as much and compares nothing with the table.

mod loans;
mod owner;
mod path;
mod perps;

use std::fmt::Write as _;

use loans::Loan;
use owner::Outcome;
use perps::TwoSides;

/// Dollars of insurance that the loss falls on.
const FUND: u64 = 50_000;
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/self-bankruptcy.md");
/// How often others look and liquidate, seconds; none where they come when the price stands.
const REACTIONS_SECS: [Option<i64>; 6] = [Some(1), Some(5), Some(15), Some(30), Some(60), None];

/// Numbers in an order that a seed fixes.
struct Draw(u64);

impl Draw {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// A way of making an account of one's own bankrupt.
trait Attack: std::fmt::Debug + Sized {
    /// A random one.
    fn drawn(draw: &mut Draw) -> Self;
    /// What it comes to against others who liquidate every `reaction_secs`, or who come when the price stands; none where the engine refuses its opening.
    fn run(&self, reaction_secs: Option<i64>) -> Option<Outcome>;
    /// What a price that jumps at once does, which no calibration allows, where nobody else liquidates.
    fn jump(percent: i64) -> Outcome;
}

/// What a search found.
struct Found {
    /// Attacks that the engine let begin.
    opened: u32,
    /// Of these, whose account could be liquidated or resolved at some time.
    fell: u32,
    /// The one that took most.
    dearest: Outcome,
    /// The one that paid its owner best.
    best: Outcome,
}

/// So many attacks.
fn search<A: Attack>(seed: u64, cases: u32, reaction_secs: Option<i64>) -> Found {
    let (mut draw, mut worst) = (Draw::new(seed), None);
    let none = Outcome { gained: i64::MIN, ..Outcome::default() };
    let mut found = Found { opened: 0, fell: 0, dearest: Outcome::default(), best: none };
    for _ in 0..cases {
        let attack = A::drawn(&mut draw);
        let Some(outcome) = attack.run(reaction_secs) else { continue };
        found.opened += 1;
        found.fell += outcome.fell as u32;
        if outcome.taken() > found.dearest.taken() {
            found.dearest = outcome;
        }
        if outcome.gained > found.best.gained {
            (found.best, worst) = (outcome, Some(attack));
        }
    }
    if nightly() {
        eprintln!("{reaction_secs:?} s: {:?} by {worst:?}", found.best);
    }
    found
}

fn nightly() -> bool {
    std::env::var_os("PLIMSOLL_NIGHTLY").is_some()
}

/// Searches against every reaction; against those up to `safe_secs` no attack takes a dollar for less than a dollar.
fn rows<A: Attack>(name: &str, cases: u32, safe_secs: i64) -> String {
    let mut rows = String::new();
    for (row, reaction_secs) in REACTIONS_SECS.into_iter().enumerate() {
        let Found { opened, fell, dearest, best } = search::<A>(2_026 + row as u64, cases, reaction_secs);
        assert!(opened * 3 > cases && fell * 3 > opened, "{name}: {opened} of {cases} opened, {fell} fell");
        let (taken, cost) = (dearest.taken(), dearest.cost());
        let looks = match reaction_secs {
            Some(1) => "at each price".to_owned(),
            Some(secs) => format!("every {secs} s"),
            None => "once it stands".to_owned(),
        };
        writeln!(rows, "| {name} | {looks} | {opened} | {fell} | {taken} | {cost} | {} |", best.gained)
            .expect("a string");
        if reaction_secs.is_some_and(|secs| secs <= safe_secs) {
            assert!(taken == 0 || taken < cost, "{name}, {looks}: {dearest:?}");
            assert!(best.gained <= 0, "{name}, {looks}: {best:?}");
        }
    }
    rows
}

/// What jumps do: never more than half of the fund, and the rest is lenders'.
fn jumps<A: Attack>(name: &str) -> String {
    let row = |percent| {
        let Outcome { insurance, lenders, gained, .. } = A::jump(percent);
        assert!(insurance <= FUND as i64 / 2, "{name}, {percent} %: {insurance}");
        format!("| {name} | {percent} % | {insurance} | {lenders} | {gained} |\n")
    };
    [5, 10, 20, 30, 50].map(row).concat()
}

/// Within the calibration, against liquidators who look every five seconds, no attack takes a dollar of insurance for less
/// than a dollar.
#[test]
fn no_self_made_bankruptcy_within_the_calibration_takes_a_dollar_for_less_than_one() {
    let cases = |few: u32, nightly_cases: u32| if nightly() { nightly_cases } else { few };
    let (perps, loans) = std::thread::scope(|scope| {
        let perps = scope
            .spawn(|| (rows::<TwoSides>("long and short", cases(30, 300), 5), jumps::<TwoSides>("long and short")));
        let loans = scope.spawn(|| (rows::<Loan>("loan", cases(20, 1_700), 60), jumps::<Loan>("loan")));
        (perps.join().expect("perps"), loans.join().expect("loans"))
    });
    let page = [HEAD, &perps.0, &loans.0, MIDDLE, &perps.1, &loans.1].concat();
    if std::env::var_os("PLIMSOLL_RECORD").is_some() {
        std::fs::write(PAGE, &page).expect("the page can be written");
    } else if !nightly() {
        assert_eq!(std::fs::read_to_string(PAGE).expect("the page is there"), page, "record it anew");
    }
}

const HEAD: &str = "# Self-made bankruptcies

Written by `PLIMSOLL_RECORD=1 cargo test -p plimsoll-tests -- self_made_bankruptcy`, which also compares it; `PLIMSOLL_NIGHTLY=1` searches 1,800 pairs of positions and 10,200 loans.

An owner lets an account of his own lose more than it has, so that insurance and lenders pay what another account or his wallet keeps:

- *long and short*: the one loses what the other takes out of the pool. Sizes of 50 to 1,000 SOL, margins just above the initial one, fills up to the band's edge, settlements and withdrawals on the way.
- *loan*: he borrows at least 90 % of what initial weights allow against 10,000 to 200,000 dollars, and keeps it: in his wallet, or lent by a second account that withdraws it bit by bit. The price moves against the collateral (SOL, owing dollars), the debt (SOL, against dollars) or both (SOL, owing BTC); wherever it turns, he withdraws collateral and borrows more. After each price everybody acts in another order.

Paths go up to the calibration's fastest move (0.21 % a second) with turns, with prices every second or two; in a third of the attacks the owner liquidates himself. Parameters are the defaults, insurance is 50,000 dollars. What prices move of what the owner holds is left out. \"Cost\" is everything that he lost beside what others paid; below a cost of what was taken an attack pays.

## Within the calibration

| attack | others look | attacks | under water | most taken, $ | its cost, $ | best gain of any owner, $ |
|---|---|--:|--:|--:|--:|--:|
";

const MIDDLE: &str = "
Against others who look every five seconds (long and short) or every minute (loan) the test asserts that nothing is taken for less than it costs, and that no owner gains. Slower liquidators are shown: there an attack pays, up to the shares of the fund (INSURE-5). So it does where prices come less often than the calibration says: at one every five seconds, with somebody who liquidates at each, 900 pairs of positions had one that took 109 dollars and gained 78.

## Beyond it

A price that jumps at once: both sides of 1,000 SOL at 13,500 dollars each, and 147,000 dollars borrowed against 1,000 SOL, where nobody liquidates but the owner. No rate and no weight survives every jump; what bounds it is the share of the fund (INSURE-5), and of a loan what exceeds it is the lenders'.

| attack | jump | insurance, $ | lenders, $ | gain of the owner, $ |
|---|---|--:|--:|--:|
";

//! How many checks passed, failed and were skipped.

use std::fmt;
use std::ops::AddAssign;

/// Counts of one stage, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that passed.
    pub passed: u64,
    /// Checks that failed.
    pub failed: u64,
    /// Checks that did not run.
    pub skipped: u64,
}

impl Counts {
    /// Reads the line with which Rust's test harness or vitest ends; other lines count nothing.
    pub fn from_line(line: &str) -> Option<Self> {
        // What a test leaves out for want of a tool it says by itself.
        if line.starts_with("skipped: ") {
            return Some(Counts { skipped: 1, ..Counts::default() });
        }
        if let Some(counts) = Self::from_vitest(line) {
            return Some(counts);
        }
        let line = line.trim().strip_prefix("test result: ")?;
        let mut counts = Counts::default();
        for part in line.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match kind {
                "passed" => counts.passed += number,
                "failed" => counts.failed += number,
                "ignored" => counts.skipped += number,
                _ => {}
            }
        }
        Some(counts)
    }

    /// `Tests  1 failed | 3 passed | 2 skipped (6)`, in whatever colours.
    fn from_vitest(line: &str) -> Option<Self> {
        let plain: String = line
            .split('\u{1b}')
            .enumerate()
            .map(|(at, part)| if at == 0 { part } else { after_colour(part) })
            .collect();
        let rest = plain.trim().strip_prefix("Tests ")?;
        let mut counts = Counts::default();
        for part in rest.split(['|', '(']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next().and_then(|word| word.parse::<u64>().ok()), words.next())
            else {
                continue;
            };
            match kind {
                "passed" => counts.passed += number,
                "failed" => counts.failed += number,
                "skipped" | "todo" => counts.skipped += number,
                _ => {}
            }
        }
        (counts != Counts::default()).then_some(counts)
    }

    /// Makes the counts agree with how the command ended: no failure goes uncounted, and a check without tests is one.
    pub fn with_status(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        if succeeded && self == Counts::default() {
            self.passed = 1;
        }
        self
    }
}

/// What follows a colour's escape sequence, which ends with an `m`.
fn after_colour(part: &str) -> &str {
    part.split_once('m').map_or(part, |(_, rest)| rest)
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harness_line_gives_all_three_counts() {
        let line = "test result: FAILED. 17 passed; 2 failed; 3 ignored; 4 measured; 5 filtered out; finished in 0.01s";
        assert_eq!(Counts::from_line(line), Some(Counts { passed: 17, failed: 2, skipped: 3 }));
        assert_eq!(Counts::from_line("test result_of_something ... ok"), None);
    }

    #[test]
    fn vitests_last_line_is_read_with_and_without_colours() {
        let plain = Counts::from_line("      Tests  1 failed | 30 passed | 2 skipped (33)");
        assert_eq!(plain, Some(Counts { passed: 30, failed: 1, skipped: 2 }));
        let coloured =
            Counts::from_line("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m30 passed\u{1b}[39m\u{1b}[22m (30)");
        assert_eq!(coloured, Some(Counts { passed: 30, failed: 0, skipped: 0 }));
        assert_eq!(Counts::from_line(" Test Files  3 passed (3)"), None);
    }

    #[test]
    fn a_command_that_fails_without_counts_is_one_failure() {
        assert_eq!(Counts::default().with_status(false).failed, 1);
        let crashed_later = Counts { passed: 9, ..Counts::default() };
        assert_eq!(crashed_later.with_status(false), Counts { passed: 9, failed: 1, skipped: 0 });
        let counted = Counts { failed: 3, ..Counts::default() };
        assert_eq!(counted.with_status(false).failed, 3);
    }

    #[test]
    fn a_command_that_succeeds_without_counts_is_one_check() {
        assert_eq!(Counts::default().with_status(true).passed, 1);
    }

    #[test]
    fn the_last_line_has_the_form_that_scripts_read() {
        assert_eq!(Counts { passed: 3, failed: 0, skipped: 1 }.to_string(), "3 passed, 0 failed, 1 skipped");
    }
}

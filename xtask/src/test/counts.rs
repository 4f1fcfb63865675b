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
    /// Reads the line with which Rust's test harness ends; other lines count nothing.
    pub fn from_line(line: &str) -> Option<Self> {
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

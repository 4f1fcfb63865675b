//! Running the tests as one of the breaks.

use crate::mutant::Mutant;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What became of a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A test failed, in this binary.
    Caught(String),
    /// The tests ran far longer than they do.
    Timeout,
    /// Every test passed.
    Missed,
}

/// A test that takes longer than this is asked after all others, seconds.
const SLOW_SECS: f64 = 3.0;

/// Tests that are run for each break, the quickest binary first.
#[derive(Debug)]
pub struct Tests {
    binaries: Vec<Binary>,
}

#[derive(Debug)]
struct Binary {
    file: PathBuf,
    directory: PathBuf,
    skipped: Vec<String>,
    /// Tests that take long.
    slow: Vec<String>,
    usual: Duration,
}

/// Which tests of a binary run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Quick,
    Slow,
}

impl Tests {
    /// Runs everything unbroken, which must pass.
    ///
    /// # Errors
    /// The binary whose tests fail as they are.
    pub fn measured(files: &[(PathBuf, PathBuf)], skipped: &[String], program: Option<&Path>) -> Result<Self, String> {
        let mut binaries = Vec::new();
        for (file, directory) in files {
            let (file, directory, skipped) = (file.clone(), directory.clone(), skipped.to_vec());
            let usual = Duration::from_secs(3_600);
            let mut binary = Binary { file, directory, skipped, slow: Vec::new(), usual };
            let started = Instant::now();
            let mut command = binary.command(0, program, Part::All);
            let output = command.arg("--report-time").output().map_err(|error| error.to_string())?;
            if !output.status.success() {
                return Err(format!("{} fails unbroken", binary.file.display()));
            }
            binary.slow = slow(&String::from_utf8_lossy(&output.stdout));
            binary.usual = started.elapsed();
            binaries.push(binary);
        }
        binaries.sort_by_key(|binary| binary.usual);
        Ok(Self { binaries })
    }

    /// How long all of it takes.
    pub fn usual(&self) -> Duration {
        self.binaries.iter().map(|binary| binary.usual).sum()
    }

    /// Runs until something fails: the tests of the crate that is broken first, what takes long at last, or not where it
    /// is to be quick. On a chain `program` is the file with the number in it.
    pub fn fate(&self, mutant: &Mutant, program: Option<&Path>, is_quick: bool) -> Fate {
        let number = mutant.number;
        let krate: PathBuf = Path::new(&mutant.file).components().take(2).collect();
        let (own, others): (Vec<&Binary>, Vec<&Binary>) =
            self.binaries.iter().partition(|binary| binary.directory.ends_with(&krate));
        let ordered = || own.iter().chain(&others).copied();
        let quick = ordered().map(|binary| (binary, Part::Quick));
        let slow = ordered().filter(|b| !is_quick && !b.slow.is_empty()).map(|binary| (binary, Part::Slow));
        for (binary, part) in quick.chain(slow) {
            match binary.run(number, program, part) {
                Some(true) => {}
                Some(false) => {
                    let name = binary.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    return Fate::Caught(name.rsplit_once('-').map_or(name.clone(), |(name, _)| name.to_owned()));
                }
                None => return Fate::Timeout,
            }
        }
        Fate::Missed
    }
}

/// Names of the slow tests in what the harness printed: `test a::b ... ok <1.234s>`.
fn slow(printed: &str) -> Vec<String> {
    let of_line = |line: &str| {
        let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let secs: f64 = rest.split_once('<')?.1.strip_suffix("s>")?.parse().ok()?;
        (secs > SLOW_SECS).then(|| name.to_owned())
    };
    printed.lines().filter_map(of_line).collect()
}

impl Binary {
    fn command(&self, number: u32, program: Option<&Path>, part: Part) -> Command {
        let mut command = Command::new(&self.file);
        command.current_dir(&self.directory).env("CARGO_MANIFEST_DIR", &self.directory);
        // Stopping at the first failure is the harness's own, and not stable yet.
        command.env("RUSTC_BOOTSTRAP", "1").args(["-Zunstable-options", "--fail-fast"]);
        command.args(self.skipped.iter().flat_map(|name| ["--skip", name]));
        match part {
            Part::All => {}
            Part::Quick => drop(command.args(self.slow.iter().flat_map(|name| ["--skip", name]))),
            Part::Slow => drop(command.args(&self.slow)),
        }
        command.env("PLIMSOLL_MUTANT", number.to_string()).env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command.env("PROPTEST_RNG_SEED", "20251010").env("RUST_BACKTRACE", "0");
        if let Some(program) = program {
            command.env("PLIMSOLL_SO", program);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Whether the tests pass; none where they do not end.
    fn run(&self, number: u32, program: Option<&Path>, part: Part) -> Option<bool> {
        let mut command = self.command(number, program, part);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let limit = self.usual * 4 + Duration::from_secs(10);
        let started = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some(status.success()),
                Ok(None) if started.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_take_long_are_found_in_what_the_harness_prints() {
        let printed = "running 3 tests\ntest a::quick ... ok <0.003s>\ntest b::slow ... ok <12.832s>\nother";
        assert_eq!(slow(printed), ["b::slow"]);
    }
}

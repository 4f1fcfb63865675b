//! Running the tests as one of the breaks.

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
    usual: Duration,
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
            let mut binary = Binary { file, directory, skipped, usual: Duration::from_secs(3_600) };
            let started = Instant::now();
            if binary.run(0, program) != Some(true) {
                return Err(format!("{} fails unbroken", binary.file.display()));
            }
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

    /// Runs until something fails. On a chain `program` is the file with the number in it.
    pub fn fate(&self, number: u32, program: Option<&Path>) -> Fate {
        for binary in &self.binaries {
            match binary.run(number, program) {
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

impl Binary {
    /// Whether the tests pass; none where they do not end.
    fn run(&self, number: u32, program: Option<&Path>) -> Option<bool> {
        let mut command = Command::new(&self.file);
        command.current_dir(&self.directory).env("CARGO_MANIFEST_DIR", &self.directory);
        // Stopping at the first failure is the harness's own, and not stable yet.
        command.env("RUSTC_BOOTSTRAP", "1").args(["-Zunstable-options", "--fail-fast", "-q"]);
        command.args(self.skipped.iter().flat_map(|name| ["--skip", name]));
        command.env("PLIMSOLL_MUTANT", number.to_string()).env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command.env("PROPTEST_RNG_SEED", "20251010").env("RUST_BACKTRACE", "0");
        if let Some(program) = program {
            command.env("PLIMSOLL_SO", program);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let limit = self.usual * 8 + Duration::from_secs(20);
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

//! Which of the engine's errors were provoked: a file for each, named by its code, in the directory that
//! [`PROVOKED_VARIABLE`] names. The test run looks there for errors that no test provokes.

use std::io::Write as _;

use plimsoll_sdk::pda;

use super::Failure;

/// Names the directory; without it nothing is written.
pub const PROVOKED_VARIABLE: &str = "PLIMSOLL_PROVOKED";

/// Notes an error of the engine's, with the test that provoked it first. A write that fails shows as a missing error.
pub(super) fn note(failure: &Failure) {
    let (Some(directory), Some(code)) = (std::env::var_os(PROVOKED_VARIABLE), failure.code) else { return };
    // Other programs have errors of the same numbers.
    let failed = format!("Program {} failed: custom program error: {code:#x}", pda::PROGRAM_ID);
    if !failure.logs.contains(&failed) {
        return;
    }
    let file = std::path::Path::new(&directory).join(code.to_string());
    if let Ok(mut file) = std::fs::File::create_new(file) {
        let _ = file.write_all(std::thread::current().name().unwrap_or_default().as_bytes());
    }
}

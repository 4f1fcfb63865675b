//! Runs a command, shows its output as it comes, and counts the tests in it.

use super::counts::Counts;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// The counts of a command's test results, corrected by how it ended.
pub fn count(command: &mut Command) -> Counts {
    let (counts, succeeded) = watch(command);
    counts.with_status(succeeded)
}

/// As [`count`], for a command that must run tests: none is a failure.
pub fn count_tests(command: &mut Command) -> Counts {
    let (counts, succeeded) = watch(command);
    counts.with_status(succeeded && counts != Counts::default())
}

fn watch(command: &mut Command) -> (Counts, bool) {
    say(command);
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => {
            println!("cannot start it: {error}");
            return (Counts::default(), false);
        }
    };
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        // By bytes, because a test may print anything.
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let mut shown = std::io::stdout().lock();
            // A closed terminal must not turn a test run into a panic.
            let _ = shown.write_all(&line).and_then(|()| shown.write_all(b"\n"));
            if let Some(more) = Counts::from_line(&String::from_utf8_lossy(&line)) {
                counts += more;
            }
        }
    }
    (counts, child.wait().is_ok_and(|status| status.success()))
}

/// Prints the command that is about to run.
pub fn say(command: &Command) {
    println!("$ {}", describe(command));
}

fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_stem().unwrap_or_default();
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

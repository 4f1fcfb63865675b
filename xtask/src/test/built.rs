//! The whole workspace compiled at once.
//!
//! Packages that are compiled apart ask for different features of the same dependencies, and cargo compiles those again
//! for each set: one compilation of everything is less than half the work of a compilation a stage.

use super::counts::Counts;
use super::stream::{count, say};
use crate::programs::{cargo, prepared, workspace};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What cargo made of the workspace.
#[derive(Debug)]
pub struct Built {
    executables: Vec<Executable>,
}

#[derive(Debug, PartialEq, Eq)]
struct Executable {
    package: String,
    directory: PathBuf,
    target: String,
    is_test: bool,
    file: PathBuf,
}

impl Built {
    /// Compiles every target of every package, and says whether all of them could be. What could be is kept.
    pub fn compile() -> (Self, bool) {
        let mut command = cargo();
        command.args(["build", "--workspace", "--all-targets", "--keep-going"]);
        command.arg("--message-format=json-render-diagnostics");
        say(&command);
        let mut executables = Vec::new();
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let succeeded = spawned.is_ok_and(|mut child| {
            let lines = child.stdout.take().map(|output| BufReader::new(output).lines().map_while(Result::ok));
            executables.extend(lines.into_iter().flatten().filter_map(|line| Executable::from_message(&line)));
            child.wait().is_ok_and(|status| status.success())
        });
        (Self { executables }, succeeded)
    }

    /// Runs the tests of these packages. A package of which nothing was compiled is a failure.
    pub fn tests(&self, packages: &[&str], prepare: impl Fn(&mut Command)) -> Counts {
        let mut counts = Counts::default();
        for package in packages {
            let mut tests = self.executables.iter().filter(|one| one.is_test && one.package == *package).peekable();
            if tests.peek().is_none() {
                println!("no test of {package} was compiled");
                counts += Counts::default().with_status(false);
            }
            for test in tests {
                let mut command = test.command(&test.directory);
                prepare(&mut command);
                println!("{package}, {}:", test.target);
                counts += count(&mut command);
            }
        }
        counts
    }

    /// A command that runs a binary at the root of the checkout, as `cargo run` does, if it was compiled.
    pub fn binary(&self, name: &str) -> Option<Command> {
        self.executables.iter().find(|one| !one.is_test && one.target == name).map(|one| one.command(&workspace()))
    }

    /// The file of a binary, if it was compiled.
    pub fn file(&self, name: &str) -> Option<&Path> {
        self.executables.iter().find(|one| !one.is_test && one.target == name).map(|one| one.file.as_path())
    }
}

impl Executable {
    /// Reads one of cargo's messages; `None` where it is not about an executable.
    fn from_message(line: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(line).ok()?;
        let manifest = Path::new(message["manifest_path"].as_str()?);
        Some(Self {
            package: package_name(message["package_id"].as_str()?)?.to_owned(),
            directory: manifest.parent()?.to_path_buf(),
            target: message["target"]["name"].as_str()?.to_owned(),
            is_test: message["profile"]["test"].as_bool()?,
            file: PathBuf::from(message["executable"].as_str()?),
        })
    }

    /// As cargo runs it, with the variables of the package. Cargo runs tests in the package's directory.
    fn command(&self, directory: &Path) -> Command {
        let mut command = prepared(&self.file, directory);
        command.env("CARGO_MANIFEST_DIR", &self.directory).env("CARGO_PKG_NAME", &self.package);
        command
    }
}

/// `path+file:///checkout/crates/risk#plimsoll-risk@0.1.0`, or without the name where the directory has the same.
fn package_name(id: &str) -> Option<&str> {
    let (location, fragment) = id.rsplit_once('#')?;
    match fragment.split_once('@') {
        Some((name, _)) => Some(name),
        None => location.rsplit('/').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packages_name_is_read_from_both_forms_of_its_id() {
        assert_eq!(package_name("path+file:///w/crates/risk#plimsoll-risk@0.1.0"), Some("plimsoll-risk"));
        assert_eq!(package_name("path+file:///w/programs/plimsoll#0.1.0"), Some("plimsoll"));
        assert_eq!(package_name("nothing"), None);
    }

    #[test]
    fn of_cargos_messages_only_executables_are_kept() {
        let test = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/xtask#0.1.0",
            "manifest_path":"/w/xtask/Cargo.toml","target":{"name":"architecture"},"profile":{"test":true},
            "executable":"/w/target/debug/deps/architecture-1"}"#;
        let executable = Executable::from_message(test).unwrap();
        assert_eq!(executable.package, "xtask");
        assert_eq!(executable.directory, Path::new("/w/xtask"));
        assert!(executable.is_test);
        assert_eq!(Executable::from_message(&test.replace(r#""/w/target/debug/deps/architecture-1""#, "null")), None);
        assert_eq!(Executable::from_message(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(Executable::from_message("warning: unused"), None);
    }

    #[test]
    fn a_binary_runs_at_the_root_of_the_checkout() {
        let replay = Executable {
            package: "plimsoll-sim".to_owned(),
            directory: workspace().join("sdk/sim"),
            target: "plimsoll-replay".to_owned(),
            is_test: false,
            file: PathBuf::from("plimsoll-replay"),
        };
        let command = Built { executables: vec![replay] }.binary("plimsoll-replay").unwrap();
        assert_eq!(command.get_current_dir(), Some(workspace().as_path()));
    }

    #[test]
    fn a_package_without_any_compiled_test_is_a_failure() {
        let built = Built { executables: Vec::new() };
        assert_eq!(built.tests(&["plimsoll-risk"], |_| ()).failed, 1);
    }
}

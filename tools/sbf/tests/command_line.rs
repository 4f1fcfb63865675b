//! The executable as a person meets it: without a toolchain, and with the official tools.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn without_a_toolchain_it_says_what_is_missing_and_what_to_install() {
    let output = run(
        &program("without-toolchain"),
        &["--no-install"],
        &[("PLIMSOLL_SBF_BUILDER", "own"), ("LLVM_PREFIX", "/nowhere")],
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("cargo install cargo-build-sbf"), "{said}");
}

#[test]
fn the_official_tools_are_used_where_they_are_installed() {
    let directory = program("official");
    install_fake_official_tools(&directory);
    let cargo_home = directory.join("home");
    let environment = [("CARGO_HOME", cargo_home.to_str().unwrap())];
    let output = run(&directory, &["--arch", "v0", "--features", "one,two"], &environment);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let built = fs::read_to_string(directory.join("target/program.so")).unwrap();
    let arguments: Vec<&str> = built.split_whitespace().collect();
    for expected in [["--arch", "v0"], ["--features", "one,two"]] {
        assert!(arguments.windows(2).any(|pair| pair == expected), "{built}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("built for v0"));
    let again = run(&directory, &["--arch", "v0", "--features", "one,two"], &environment);
    assert!(String::from_utf8_lossy(&again.stdout).contains("unchanged for v0"));
}

#[test]
fn sizes_are_printed_where_asked_and_the_official_tools_tell_none() {
    let directory = program("sizes");
    install_fake_official_tools(&directory);
    let cargo_home = directory.join("home");
    let environment = [("CARGO_HOME", cargo_home.to_str().unwrap())];
    let said =
        |arguments: &[&str]| String::from_utf8_lossy(&run(&directory, arguments, &environment).stdout).into_owned();
    assert!(said(&["--sizes"]).contains("only this repository's builder reports"));
    // Neither then nor of an unchanged build.
    assert!(said(&["--sizes"]).contains("only this repository's builder reports"));
    assert!(!said(&[]).contains("code by crate"));
}

#[test]
fn a_changed_source_is_built_again() {
    let directory = program("changed");
    install_fake_official_tools(&directory);
    let cargo_home = directory.join("home");
    let environment = [("CARGO_HOME", cargo_home.to_str().unwrap())];
    let said = |output: Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said(run(&directory, &[], &environment)).contains("built for v3"));
    fs::write(directory.join("src/lib.rs"), "pub fn new() {}\n").unwrap();
    assert!(said(run(&directory, &[], &environment)).contains("built for v3"));
    assert!(said(run(&directory, &[], &environment)).contains("unchanged for v3"));
}

#[test]
fn an_argument_that_does_not_exist_shows_the_usage() {
    let output = run(&program("usage"), &["--fast"], &[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: plimsoll-sbf"));
}

fn run(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-sbf"));
    command.current_dir(directory).args(["program", "target/program.so"]).args(arguments);
    command.env_remove("PLIMSOLL_SBF_BUILDER").env_remove("CARGO_TARGET_DIR");
    command.envs(environment.iter().copied()).output().unwrap()
}

/// A workspace with one program that nothing compiles.
fn program(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(directory.join("src")).unwrap();
    let manifest = "[workspace]\n[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                    [lib]\ncrate-type = [\"cdylib\"]\n";
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::write(directory.join("src/lib.rs"), "").unwrap();
    directory
}

/// Stands in for `cargo build-sbf`: the program it builds is the list of its arguments.
fn install_fake_official_tools(directory: &Path) {
    let script = "#!/bin/sh\n\
                  [ \"$1\" = --version ] && echo cargo-build-sbf 9.9.9 && exit 0\n\
                  for last; do [ \"$previous\" = --sbf-out-dir ] && out=$last; previous=$last; done\n\
                  echo \"$@\" > \"$out/program.so\"\n";
    let path = directory.join("home/bin/cargo-build-sbf");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

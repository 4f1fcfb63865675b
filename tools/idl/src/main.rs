//! Generates what the TypeScript client is made from, without the Anchor CLI: the interface descriptions in `idl/` and
//! the WebAssembly module in `sdk/ts/wasm/`.

mod artifact;
mod build;
mod constants;
mod layout;
mod source;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Generates the interface descriptions in `idl/`.
#[derive(Parser)]
#[command(name = "plimsoll-idl", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Write nothing; fail where the committed files are out of date.
    #[arg(long, global = true)]
    check: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Compiles the margin functions to `sdk/ts/wasm/plimsoll.wasm`; with `--check` compares the hash of its inputs.
    Wasm,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plimsoll-idl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let root = repository();
    match arguments.command {
        Some(Command::Wasm) => wasm::run(&root, arguments.check),
        None => idl(&root, arguments.check),
    }
}

/// The root of the repository.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn idl(root: &std::path::Path, check: bool) -> Result<()> {
    // The venue's dependencies must describe themselves too once Anchor's feature is on anywhere.
    let programs: [(&str, &[&str]); 2] =
        [("plimsoll", &[]), ("example-venue", &["plimsoll/idl-build", "plimsoll-state/idl-build"])];
    for (program, features) in programs {
        let mut idl = build::idl(root, program, features)?;
        if program == "plimsoll" {
            layout::add_to(&mut idl, root)?;
        }
        let text = serde_json::to_string_pretty(&idl)? + "\n";
        let path = root.join(format!("idl/{}.json", program.replace('-', "_")));
        artifact::write_or_compare(&path, text.as_bytes(), check)?;
    }
    Ok(())
}

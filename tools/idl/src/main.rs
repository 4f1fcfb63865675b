//! Generates what the TypeScript client is made from, without the Anchor CLI: the interface descriptions in `idl/` and
//! the WebAssembly module in `sdk/ts/wasm/`.

mod artifact;
mod build;
mod constants;
mod layout;
mod source;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
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
    let root = repository()?;
    match arguments.command {
        Some(Command::Wasm) => wasm::run(&root, arguments.check),
        None => idl(&root, arguments.check),
    }
}

/// The root of the repository.
fn repository() -> Result<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().with_context(|| format!("finding {}", root.display()))
}

fn idl(root: &Path, check: bool) -> Result<()> {
    for program in ["plimsoll", "example-venue"] {
        let mut idl = build::idl(root, program)?;
        if program == "plimsoll" {
            layout::add_to(&mut idl, root)?;
        }
        let text = serde_json::to_string_pretty(&idl)? + "\n";
        let path = root.join(format!("idl/{}.json", program.replace('-', "_")));
        artifact::write_or_compare(&path, text.as_bytes(), check)?;
    }
    Ok(())
}

//! Compiles `crates/wasm` to the module that the TypeScript client loads.

mod inputs;
mod toolchain;

use std::path::Path;

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

use toolchain::Toolchain;

const MODULE: &str = "sdk/ts/wasm/plimsoll.wasm";
const NOTE: &str = "sdk/ts/wasm/plimsoll.wasm.json";
const REGENERATE: &str = "cargo run -p plimsoll-idl -- wasm";
/// The module is committed and published, so it may not grow without anybody noticing.
const MOST_BYTES: usize = 400_000;

/// Compiles the module and notes what it was made from; with `check` only compares that note.
///
/// # Errors
/// The committed module is out of date (`check`), nothing here compiles to WebAssembly, or it does not compile.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let inputs = inputs::digest(root)?;
    if check {
        return compare(root, &inputs);
    }
    let toolchain = Toolchain::find()?;
    println!("{}", toolchain.describe());
    let module = toolchain.compile(root)?;
    if module.len() > MOST_BYTES {
        bail!("the module has {} bytes, more than {MOST_BYTES}", module.len());
    }
    let note = json!({
        "inputs_sha256": inputs,
        "module_sha256": sha256(&module),
        "bytes": module.len(),
        "compiler": toolchain.version,
    });
    let path = root.join(MODULE);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    std::fs::write(&path, &module).with_context(|| format!("writing {MODULE}"))?;
    let note = serde_json::to_string_pretty(&note)? + "\n";
    std::fs::write(root.join(NOTE), note).with_context(|| format!("writing {NOTE}"))?;
    println!("{MODULE}: {} bytes", module.len());
    Ok(())
}

fn compare(root: &Path, inputs: &str) -> Result<()> {
    let module = std::fs::read(root.join(MODULE)).with_context(|| format!("reading {MODULE}"))?;
    let note = std::fs::read_to_string(root.join(NOTE)).with_context(|| format!("reading {NOTE}"))?;
    let note: Value = serde_json::from_str(&note).with_context(|| format!("parsing {NOTE}"))?;
    if note["module_sha256"] != sha256(&module) {
        bail!("{MODULE} is not the module that {NOTE} describes; to compile it: {REGENERATE}");
    }
    if note["inputs_sha256"] != inputs {
        bail!("{MODULE} is out of date: what it is compiled from has changed; to compile it: {REGENERATE}");
    }
    println!("{MODULE} is current");
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

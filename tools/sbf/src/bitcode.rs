//! Runs cargo so that a program and the standard library come out as one LLVM module.

use crate::error::{AtPath, Error, Result};
use crate::process::{cargo, command, describe, not_started};
use crate::support::Support;
use crate::toolchain::OwnToolchain;
use crate::workspace::Program;
use object::read::archive::ArchiveFile;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What cargo produced: the program's module, and the library of arithmetic routines it may call.
#[derive(Debug)]
pub(crate) struct Bitcode {
    pub(crate) module: PathBuf,
    pub(crate) builtins: PathBuf,
}

/// Link-time optimisation is asked of rustc below, for the program alone. Where cargo knows of it, a dependency is
/// compiled in one way for a program and in another for a library that could be a program too: everything below the
/// engine twice, for the engine and for whatever calls it.
const LTO_BY_US: &str = "profile.release.lto=false";

/// Of the standard library `core` is compiled as its release is, which every other toolchain links as it comes (ADR 18): its
/// own counts, of borrows above all, are not checked. Where a program calls its arithmetic (sums of lists, powers), the
/// program's profile decides.
const CORE_AS_RELEASED: &str = "profile.release.package.core.overflow-checks=false";

/// Compiles the program. Where nothing changed cargo reports the artifacts it has.
pub(crate) fn compile(
    toolchain: &OwnToolchain,
    support: &Support,
    program: &Program,
    features: &[String],
) -> Result<Bitcode> {
    let mut command = command(cargo());
    command
        .current_dir(&program.workspace)
        .env("RUSTC", &toolchain.rustc)
        // The JSON target and build-std are unstable interfaces; a distribution's rustc has them behind this.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", support.library())
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(support))
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .args(["rustc", "--release", "--lib", "--crate-type", "cdylib", "--manifest-path"])
        .arg(&program.manifest)
        .arg("--target-dir")
        .arg(program.target_directory.join("sbf"))
        .arg("--target")
        .arg(support.target())
        .args(["-Zjson-target-spec", "-Zbuild-std=core,alloc,std,panic_abort"])
        .args(["--config", LTO_BY_US, "--config", CORE_AS_RELEASED])
        .arg("--message-format=json-render-diagnostics");
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    // One module must reach the linker whatever profile the workspace sets.
    command.args(["--", "-Clto=fat", "-Ccodegen-units=1"]).stdin(Stdio::null()).stderr(Stdio::inherit());
    let done = command.output().map_err(|error| not_started(&command, &error))?;
    if !done.status.success() {
        return Err(Error::Failed(format!("the program does not compile ({}): {}", done.status, describe(&command))));
    }
    artifacts(&String::from_utf8_lossy(&done.stdout), program)
}

fn rust_flags(support: &Support) -> String {
    let linker = format!("-Clinker={}", support.collector().display());
    // Encoded, because a path may contain spaces.
    ["-Zunstable-options", "-Cpanic=immediate-abort", &linker, "-Cembed-bitcode=yes", "-Clinker-plugin-lto"]
        .join("\u{1f}")
}

fn artifacts(messages: &str, program: &Program) -> Result<Bitcode> {
    let (mut module, mut builtins) = (None, None);
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let file = |ending: &str| {
            let names = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            names.filter(|name| name.ends_with(ending)).map(PathBuf::from).next()
        };
        let target = &message["target"];
        if message["manifest_path"].as_str().map(Path::new) == Some(&program.manifest)
            && target["name"] == program.library.as_str()
        {
            module = file(".so").or(module);
        }
        if target["name"] == "compiler_builtins" {
            builtins = file(".rlib").or(builtins);
        }
    }
    let module = module.ok_or_else(|| Error::Failed(format!("cargo reported no cdylib of {}", program.library)))?;
    let builtins = builtins.ok_or_else(|| Error::Failed("cargo reported no compiler_builtins".to_owned()))?;
    if !is_bitcode(&fs::read(&module).at("read", &module)?) {
        return Err(Error::Failed(format!(
            "{} is not one LLVM module: does a profile or a flag turn link-time optimisation off?",
            module.display()
        )));
    }
    Ok(Bitcode { module, builtins })
}

fn is_bitcode(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BC\xC0\xDE")
}

/// Unpacks the modules of a Rust library into `directory`.
pub(crate) fn unpack(library: &Path, directory: &Path) -> Result<Vec<PathBuf>> {
    let bytes = fs::read(library).at("read", library)?;
    let broken = |error: object::Error| Error::Failed(format!("cannot read {}: {error}", library.display()));
    let archive = ArchiveFile::parse(&*bytes).map_err(broken)?;
    let mut modules = Vec::new();
    for member in archive.members() {
        let data = member.map_err(broken)?.data(&*bytes).map_err(broken)?;
        // The other members are metadata for rustc.
        if is_bitcode(data) {
            let path = directory.join(format!("builtins-{}.bc", modules.len()));
            fs::write(&path, data).at("write", &path)?;
            modules.push(path);
        }
    }
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use super::is_bitcode;

    #[test]
    fn only_a_module_is_taken_for_bitcode() {
        assert!(is_bitcode(b"BC\xC0\xDE and more"));
        assert!(!is_bitcode(b"3 objects\n"));
        assert!(!is_bitcode(b"\x7fELF"));
    }
}

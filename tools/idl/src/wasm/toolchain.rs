//! What on this machine compiles to WebAssembly.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

const TARGET: &str = "wasm32-unknown-unknown";
/// Flags of the compiler. One megabyte of stack is 200 times the largest frame.
pub const FLAGS: &[&str] = &["-Clink-arg=-zstack-size=1048576", "-Clink-arg=--strip-all", "-Cpanic=abort"];
/// The profile, as cargo takes it on its command line.
pub const PROFILE: &[&str] = &[
    "profile.release.opt-level='s'",
    "profile.release.lto='fat'",
    "profile.release.codegen-units=1",
    "profile.release.overflow-checks=true",
    "profile.release.panic='abort'",
];

/// A compiler with a way to the target's core library, and a linker.
pub struct Toolchain {
    rustc: PathBuf,
    /// What the compiler says its version is.
    pub version: String,
    linker: Option<PathBuf>,
    /// Whether the core library is compiled too, from its sources.
    builds_core: bool,
}

impl Toolchain {
    /// The toolchain in use with rustup's target, else one with library sources and any `wasm-ld`.
    ///
    /// # Errors
    /// There is none; what to install.
    pub fn find() -> Result<Self> {
        let linker = linker();
        for rustc in rustcs() {
            let Ok(sysroot) = text(Command::new(&rustc).args(["--print", "sysroot"])) else { continue };
            let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
            let version = text(Command::new(&rustc).arg("--version"))?.trim().to_owned();
            if libraries.join(TARGET).is_dir() {
                return Ok(Self { rustc, version, linker: None, builds_core: false });
            }
            if libraries.join("src/rust/library/core/src/lib.rs").is_file() && linker.is_some() {
                return Ok(Self { rustc, version, linker, builds_core: true });
            }
        }
        bail!(
            "nothing on this machine compiles to WebAssembly; either: rustup target add {TARGET}\n\
             or, on Debian 12 and 13: apt-get install --no-remove rustc-web rust-web-src lld-22"
        )
    }

    /// One line that says what will compile.
    pub fn describe(&self) -> String {
        let linker = self.linker.as_ref().map_or("its own linker".to_owned(), |linker| linker.display().to_string());
        let core = if self.builds_core { ", core library from source" } else { "" };
        format!("{} at {} with {linker}{core}", self.version, self.rustc.display())
    }

    /// The compiled module's bytes.
    ///
    /// # Errors
    /// It does not compile, or its file cannot be read.
    pub fn compile(&self, root: &Path) -> Result<Vec<u8>> {
        let target = root.join("target/wasm");
        let mut flags: Vec<String> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        // Paths of this machine would make the module differ from another one's.
        for (path, name) in [(root.to_path_buf(), "plimsoll"), (cargo_home(), "cargo")] {
            flags.push(format!("--remap-path-prefix={}={name}", path.display()));
        }
        if let Some(linker) = &self.linker {
            flags.push(format!("-Clinker={}", linker.display()));
        }
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--release", "--locked", "-p", "plimsoll-wasm", "--lib", "--target", TARGET]);
        cargo.arg("--target-dir").arg(&target).current_dir(root);
        for setting in PROFILE {
            cargo.args(["--config", setting]);
        }
        if self.builds_core {
            cargo.arg("-Zbuild-std=core,alloc,panic_abort");
        }
        cargo
            .env("RUSTC", &self.rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        for variable in ["RUSTUP_TOOLCHAIN", "RUSTFLAGS", "RUSTC_WRAPPER"] {
            cargo.env_remove(variable);
        }
        let status = cargo.status().context("starting cargo")?;
        if !status.success() {
            bail!("compiling the module failed ({status})");
        }
        let module = target.join(TARGET).join("release/plimsoll_wasm.wasm");
        std::fs::read(&module).with_context(|| format!("reading {}", module.display()))
    }
}

/// The toolchain in use comes before the distribution's; without rustup's proxy.
fn rustcs() -> Vec<PathBuf> {
    let active = text(Command::new("rustc").args(["--print", "sysroot"])).ok();
    let active = active.map(|sysroot| Path::new(sysroot.trim()).join("bin/rustc"));
    let mut found: Vec<PathBuf> = active.into_iter().chain([PathBuf::from("/usr/bin/rustc")]).collect();
    found.retain(|rustc| rustc.is_file());
    found.dedup();
    found
}

/// LLVM's linker for WebAssembly, of a distribution's package or of a rustup toolchain.
fn linker() -> Option<PathBuf> {
    let llvms = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut llvms: Vec<PathBuf> = llvms
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("llvm-")))
        .map(|path| path.join("bin/wasm-ld"))
        .filter(|linker| linker.is_file())
        .collect();
    llvms.sort();
    let host = text(Command::new("rustc").args(["--print", "host-tuple"])).unwrap_or_default();
    let sysroot = text(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let bundled = Path::new(sysroot.trim()).join("lib/rustlib").join(host.trim()).join("bin/rust-lld");
    llvms.pop().or_else(|| bundled.is_file().then_some(bundled))
}

fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// What a command prints.
fn text(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{command:?} failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

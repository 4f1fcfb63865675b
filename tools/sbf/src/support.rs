//! What every program needs and no program changes: made once per user, keyed by everything it is made from.

use crate::digest::Digest;
use crate::error::{AtPath, Error, Result};
use crate::process::{command, output, text};
use crate::stdlib;
use crate::toolchain::OwnToolchain;
use std::fs;
use std::path::{Path, PathBuf};

const TARGET: &str = include_str!("../resources/bpfel-solana.json");
const RUNTIME: &str = include_str!("../resources/runtime.c");
const COLLECT: &str = include_str!("../resources/collect.rs");
const PLUGIN_SOURCES: [(&str, &str); 6] = [
    ("Lowering.h", include_str!("../resources/passes/Lowering.h")),
    ("Plugin.cpp", include_str!("../resources/passes/Plugin.cpp")),
    ("Libcalls.cpp", include_str!("../resources/passes/Libcalls.cpp")),
    ("Integers.cpp", include_str!("../resources/passes/Integers.cpp")),
    ("Floats.cpp", include_str!("../resources/passes/Floats.cpp")),
    ("Abi.cpp", include_str!("../resources/passes/Abi.cpp")),
];

/// The user's cached support files, ready to use.
#[derive(Debug)]
pub(crate) struct Support {
    pub(crate) directory: PathBuf,
    pub(crate) key: String,
}

impl Support {
    /// The edited standard library.
    pub(crate) fn library(&self) -> PathBuf {
        self.directory.join("library")
    }
    /// The target specification.
    pub(crate) fn target(&self) -> PathBuf {
        self.directory.join("bpfel-solana.json")
    }
    /// What rustc takes for its linker.
    pub(crate) fn collector(&self) -> PathBuf {
        self.directory.join(format!("collect{}", std::env::consts::EXE_SUFFIX))
    }
    /// The LLVM passes.
    pub(crate) fn plugin(&self) -> PathBuf {
        self.directory.join("libSbpfLowering.so")
    }
    /// The arithmetic and memory routines.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.directory.join("runtime.bc")
    }

    /// Takes the support files from the user's cache, making them first where they are not there yet.
    pub(crate) fn prepare(toolchain: &OwnToolchain) -> Result<Self> {
        let key = key(toolchain);
        let cache = user_cache()?;
        let directory = cache.join(&key);
        if !directory.is_dir() {
            eprintln!("plimsoll-sbf: preparing the standard library and LLVM passes in {}", directory.display());
            let unfinished = cache.join(format!("{key}.{}", std::process::id()));
            fs::create_dir_all(&unfinished).at("create", &unfinished)?;
            let made = make(toolchain, &unfinished).and_then(|()| publish(&unfinished, &directory));
            if made.is_err() {
                // What is left half-made must not stay in a user's cache; the first error is the one to report.
                let _ = fs::remove_dir_all(&unfinished);
            }
            made?;
        }
        Ok(Support { directory, key })
    }
}

fn key(toolchain: &OwnToolchain) -> String {
    let mut digest = Digest::new("support");
    digest.text(env!("CARGO_PKG_VERSION"));
    digest.text(&toolchain.rustc_version);
    digest.text(&toolchain.library.to_string_lossy());
    digest.text(&toolchain.llvm.version);
    digest.text(&toolchain.llvm.prefix.to_string_lossy());
    for text in [TARGET, RUNTIME, COLLECT, stdlib::ALLOCATOR] {
        digest.text(text);
    }
    for (name, text) in PLUGIN_SOURCES {
        digest.text(name);
        digest.text(text);
    }
    stdlib::describe_edits(&mut digest);
    digest.finish()
}

fn user_cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or_else(|| Error::Failed("neither XDG_CACHE_HOME nor HOME is set: no place for the cache".to_owned()))?;
    Ok(base.join("plimsoll-sbf"))
}

fn make(toolchain: &OwnToolchain, directory: &Path) -> Result<()> {
    stdlib::copy_edited(&toolchain.library, &directory.join("library"))?;
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).at("write", &path)
    };
    write("bpfel-solana.json", TARGET)?;
    write("runtime.c", RUNTIME)?;
    write("collect.rs", COLLECT)?;
    for (name, text) in PLUGIN_SOURCES {
        write(name, text)?;
    }
    output(
        command(&toolchain.rustc)
            .current_dir(directory)
            .args(["--edition", "2021", "-O", "collect.rs", "-o"])
            .arg(format!("collect{}", std::env::consts::EXE_SUFFIX)),
    )?;
    output(toolchain.llvm.tool("clang").current_dir(directory).args([
        "--target=bpfel",
        "-O2",
        "-mcpu=v2",
        "-fno-builtin",
        "-ffreestanding",
        "-emit-llvm",
        "-c",
        "runtime.c",
        "-o",
        "runtime.bc",
    ]))?;
    make_plugin(toolchain, directory)
}

fn make_plugin(toolchain: &OwnToolchain, directory: &Path) -> Result<()> {
    let flags = text(toolchain.llvm.tool("llvm-config").arg("--cppflags"))?;
    let mut compiler = toolchain.llvm.tool("clang++");
    compiler.current_dir(directory).args(["-shared", "-fPIC", "-O1", "-std=c++17", "-fno-rtti"]);
    if cfg!(target_os = "macos") {
        // The plugin's LLVM symbols are those of the program that loads it.
        compiler.args(["-undefined", "dynamic_lookup"]);
    }
    compiler.args(flags.split_whitespace());
    compiler.args(PLUGIN_SOURCES.iter().map(|(name, _)| name).filter(|name| name.ends_with(".cpp")));
    compiler.args(["-o", "libSbpfLowering.so"]);
    output(&mut compiler).map(|_| ())
}

/// Moves the finished files to their place at once, so that no process ever sees half of them.
fn publish(unfinished: &Path, directory: &Path) -> Result<()> {
    match fs::rename(unfinished, directory) {
        Err(_) if directory.is_dir() => fs::remove_dir_all(unfinished).at("remove", unfinished),
        renamed => renamed.at("create", directory),
    }
}

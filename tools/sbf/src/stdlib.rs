//! A copy of Rust's standard library that knows `target_os = "solana"`: no threads, no system, no allocator of its own.

use crate::digest::Digest;
use crate::error::{AtPath, Error, Result};
use std::fs;
use std::path::Path;

struct Edit {
    file: &'static str,
    find: &'static str,
    put: &'static str,
}

// Each edit files the target with the other systemless ones, or removes state the runtime would reject.
const EDITS: [Edit; 8] = [
    Edit {
        file: "std/build.rs",
        find: "target_os == \"zkvm\"",
        put: "target_os == \"zkvm\"\n        || target_os == \"solana\"",
    },
    Edit {
        file: "std/src/sys/alloc/mod.rs",
        find: "    target_arch = \"loongarch32\",",
        put: "    target_arch = \"bpf\",\n    target_arch = \"loongarch32\",",
    },
    Edit {
        file: "std/src/sys/alloc/mod.rs",
        find: "    target_os = \"zkvm\" => {\n        mod zkvm;",
        put: "    target_os = \"solana\" => {\n        mod solana;\n    }\n    target_os = \"zkvm\" => {\n        mod zkvm;",
    },
    Edit {
        file: "std/src/sys/io/error/mod.rs",
        find: "        target_os = \"zkvm\",",
        put: "        target_os = \"zkvm\",\n        target_os = \"solana\",",
    },
    Edit {
        file: "std/src/sys/thread_local/mod.rs",
        find: "target_os = \"zkvm\",",
        put: "target_os = \"zkvm\",\n        target_os = \"solana\",",
    },
    Edit {
        file: "std/src/sys/random/mod.rs",
        find: "        target_os = \"vexos\",\n    ) => {",
        put: "        target_os = \"vexos\",\n        target_os = \"solana\",\n    ) => {",
    },
    Edit {
        file: "std/src/sys/random/mod.rs",
        find: "    target_os = \"vexos\",\n)))]",
        put: "    target_os = \"vexos\",\n    target_os = \"solana\",\n)))]",
    },
    // Anchor's check for duplicate accounts builds a HashSet. Its seed lives in a thread-local, which on this
    // single-threaded target would be a writable static.
    Edit {
        file: "std/src/hash/random.rs",
        find: "        thread_local!(static KEYS",
        put: "        if cfg!(target_os = \"solana\") {\n            return RandomState { k0: 0, k1: 0 };\n        }\n        thread_local!(static KEYS",
    },
];

const ALLOCATOR_FILE: &str = "std/src/sys/alloc/solana.rs";
pub(crate) const ALLOCATOR: &str = include_str!("../resources/solana_alloc.rs");

/// Whether every edit has its place in this library.
pub(crate) fn check(library: &Path) -> Result<()> {
    for edit in &EDITS {
        let path = library.join(edit.file);
        if !fs::read_to_string(&path).at("read", &path)?.contains(edit.find) {
            return Err(unsupported(&path, edit.find));
        }
    }
    Ok(())
}

/// Makes a cache entry depend on the edits.
pub(crate) fn describe_edits(digest: &mut Digest) {
    for edit in &EDITS {
        digest.text(edit.file);
        digest.text(edit.find);
        digest.text(edit.put);
    }
}

/// Copies `library` to `destination` and applies the edits there.
pub(crate) fn copy_edited(library: &Path, destination: &Path) -> Result<()> {
    copy_tree(library, destination)?;
    for edit in &EDITS {
        let path = destination.join(edit.file);
        let text = fs::read_to_string(&path).at("read", &path)?;
        if !text.contains(edit.find) {
            return Err(unsupported(&path, edit.find));
        }
        fs::write(&path, text.replace(edit.find, edit.put)).at("write", &path)?;
    }
    let allocator = destination.join(ALLOCATOR_FILE);
    fs::write(&allocator, ALLOCATOR).at("write", &allocator)
}

fn unsupported(path: &Path, find: &str) -> Error {
    let wanted = find.lines().next().unwrap_or_default().trim();
    Error::Failed(format!(
        "{} does not contain {wanted:?}: this builder knows the standard library of Rust 1.95 and 1.96",
        path.display()
    ))
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).at("create", to)?;
    for entry in fs::read_dir(from).at("list", from)? {
        let entry = entry.at("list", from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if fs::metadata(&source).at("read", &source)?.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).at("copy", &source)?;
        }
    }
    Ok(())
}

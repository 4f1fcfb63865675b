//! What the module is made from, as one hash: it changes exactly when the committed module may be out of date.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::toolchain::{FLAGS, PROFILE};

/// Crates of this repository that are compiled into it.
const CRATES: [&str; 4] = ["crates/wasm", "crates/risk", "crates/state", "crates/ledger"];
/// Published crates that are compiled into it.
const DEPENDENCIES: [&str; 6] = ["fixed", "bytemuck", "bytemuck_derive", "az", "half", "typenum"];

/// Hash of sources, manifests, versions of dependencies and flags.
///
/// # Errors
/// A file that cannot be read.
pub fn digest(root: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut add = |name: &str, content: &[u8]| {
        // With their lengths, so that nothing can move from one file to the next unnoticed.
        for part in [name.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    };
    for folder in CRATES {
        let mut files = vec![root.join(folder).join("Cargo.toml")];
        collect(&root.join(folder).join("src"), &mut files)?;
        files.sort();
        for file in files {
            let content = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            add(&name, &content);
        }
    }
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("reading Cargo.lock")?;
    for package in lock.split("[[package]]\n").filter(|package| is_dependency(package)) {
        let identity: Vec<&str> = package.lines().filter(|line| line.contains(" = \"")).collect();
        add("package", identity.join("\n").as_bytes());
    }
    add(
        "flags",
        [FLAGS, PROFILE].concat().iter().flat_map(|word| word.bytes().chain([0])).collect::<Vec<_>>().as_slice(),
    );
    Ok(hex::encode(hash.finalize()))
}

fn is_dependency(package: &str) -> bool {
    DEPENDENCIES.iter().any(|name| package.starts_with(&format!("name = \"{name}\"\n")))
}

/// Rust sources, without those that only tests compile.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !is_test {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with one source file of these bytes.
    fn repository(source: &str, lock: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in CRATES {
            std::fs::create_dir_all(root.path().join(folder).join("src")).unwrap();
            std::fs::write(root.path().join(folder).join("Cargo.toml"), "").unwrap();
        }
        std::fs::write(root.path().join("crates/risk/src/lib.rs"), source).unwrap();
        std::fs::write(root.path().join("crates/risk/src/tests.rs"), source.len().to_string()).unwrap();
        std::fs::write(root.path().join("Cargo.lock"), lock).unwrap();
        root
    }

    #[test]
    fn the_hash_changes_with_a_source_or_a_dependency_and_with_nothing_else() {
        let lock = |version: &str| format!("[[package]]\nname = \"fixed\"\nversion = \"{version}\"\n");
        let of = |source: &str, lock: &str| digest(repository(source, lock).path()).unwrap();
        let first = of("fn a() {}", &lock("1.31.0"));
        assert_eq!(first, of("fn a() {}", &(lock("1.31.0") + "[[package]]\nname = \"tokio\"\nversion = \"1\"\n")));
        assert_ne!(first, of("fn b() {}", &lock("1.31.0")));
        assert_ne!(first, of("fn a() {}", &lock("1.32.0")));
    }

    #[test]
    fn sources_of_tests_do_not_count() {
        let root = repository("fn a() {}", "");
        let before = digest(root.path()).unwrap();
        std::fs::write(root.path().join("crates/risk/src/tests.rs"), "changed").unwrap();
        assert_eq!(digest(root.path()).unwrap(), before);
    }
}

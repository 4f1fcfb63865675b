//! Content hashes: what names the entries of both caches.

use crate::error::{AtPath, Result};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// A hash of a sequence of texts and files; each is preceded by its length, so that no two sequences collide by joining.
pub(crate) struct Digest(Sha256);

impl Digest {
    pub(crate) fn new(purpose: &str) -> Self {
        let mut digest = Digest(Sha256::new());
        digest.text(purpose);
        digest
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Every file below `directory` with its name, in a fixed order, without what builds and tools leave there.
    pub(crate) fn tree(&mut self, directory: &Path) -> Result<()> {
        let mut files = Vec::new();
        list(directory, &mut files)?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(directory).unwrap_or(&file);
            self.text(&name.to_string_lossy());
            self.bytes(&fs::read(&file).at("read", &file)?);
        }
        Ok(())
    }

    /// Sixteen hexadecimal digits: enough for names, short enough to read.
    pub(crate) fn finish(self) -> String {
        self.0.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).at("list", directory)? {
        let entry = entry.at("list", directory)?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') || name == "target" {
            continue;
        }
        let path = entry.path();
        // Following a link could leave the package or never end.
        match entry.file_type().at("read", &path)? {
            kind if kind.is_dir() => list(&path, files)?,
            kind if kind.is_file() => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_two_texts_gives_another_hash() {
        let mut apart = Digest::new("");
        apart.text("a");
        apart.text("b");
        let mut together = Digest::new("");
        together.text("ab");
        assert_ne!(apart.finish(), together.finish());
    }

    #[test]
    fn a_changed_file_changes_the_hash_of_its_tree() {
        let directory = std::env::temp_dir().join(format!("plimsoll-sbf-digest-{}", std::process::id()));
        fs::create_dir_all(directory.join("src")).unwrap();
        fs::write(directory.join("src/lib.rs"), "one").unwrap();
        let hash = || {
            let mut digest = Digest::new("");
            digest.tree(&directory).unwrap();
            digest.finish()
        };
        let before = hash();
        fs::create_dir_all(directory.join("target")).unwrap();
        fs::write(directory.join("target/output"), "ignored").unwrap();
        assert_eq!(before, hash());
        fs::write(directory.join("src/lib.rs"), "two").unwrap();
        assert_ne!(before, hash());
        fs::remove_dir_all(&directory).unwrap();
    }
}

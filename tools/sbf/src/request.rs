//! What is to be built, and the directory to build it in.

use crate::error::{AtPath, Result};
use crate::Arch;
use std::fs;
use std::path::{Path, PathBuf};

/// A program to build.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// A directory of the workspace.
    pub workspace: PathBuf,
    /// The cargo package.
    pub package: String,
    /// For which version of the runtime.
    pub arch: Arch,
    /// Cargo features beside the default ones.
    pub features: Vec<String>,
    /// Where the `.so` goes.
    pub out: PathBuf,
}

/// Makes a directory empty.
pub(crate) fn recreate(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).at("remove", directory)?;
    }
    fs::create_dir_all(directory).at("create", directory)
}

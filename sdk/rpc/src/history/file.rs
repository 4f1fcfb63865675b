//! A cursor in a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Cursor, Start};
use crate::error::{Error, Result};

/// The file that a cursor is kept in.
#[derive(Clone, Debug)]
pub struct CursorFile {
    path: PathBuf,
}

impl CursorFile {
    /// At a path, where there need not be a file yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where to begin: after the cursor that is stored, or with the oldest event where none is.
    ///
    /// # Errors
    /// `Configuration` where it cannot be read; `History` where what it holds is no cursor.
    pub fn start(&self) -> Result<Start> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(Start::After(text.trim().parse().map_err(Error::History)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Start::Oldest),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Replaces what is stored, in one step: whoever is ended meanwhile leaves the cursor before or this one.
    ///
    /// # Errors
    /// `Configuration` where it cannot be written.
    pub fn store(&self, cursor: &Cursor) -> Result<()> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let written =
            std::fs::write(&beside, format!("{cursor}\n")).and_then(|()| std::fs::rename(&beside, &self.path));
        written.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        Error::Configuration(format!("the cursor in {}: {error}", self.path.display()))
    }
}

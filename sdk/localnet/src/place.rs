//! The directory where a localnet keeps its keys and files. One localnet at a time has it.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use plimsoll_rpc::local::{self, LocalConfig};
use solana_keypair::{read_keypair_file, write_keypair_file, Keypair};

/// Held while a localnet runs; contains the number of its process.
const RUNNING: &str = "running";
/// The engine's configuration, which names its banks and prices.
pub const ENGINE: &str = "engine.toml";
/// The directory of keys.
pub const KEYS: &str = "keys";
/// The keeper's configuration.
pub const KEEPER: &str = "keeper.toml";
/// What the keeper says.
pub const KEEPER_LOG: &str = "keeper.log";

/// A directory that this process has. What tells `plimsoll` of the engine goes with this value; keys and logs stay.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    // Held as long as this value lives.
    _running: File,
}

impl Place {
    /// Takes a directory, which is made where it is not there.
    ///
    /// # Errors
    /// Where another localnet has it, or the system refuses.
    pub fn take(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory.join(KEYS)).with_context(|| directory.display().to_string())?;
        let directory = std::path::absolute(directory)?;
        let mut running =
            File::options().read(true).write(true).create(true).truncate(false).open(directory.join(RUNNING))?;
        match running.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                running.read_to_string(&mut process)?;
                bail!(
                    "a localnet runs already, with its files in {} (process {}): end it with Ctrl-C, or start another with \
                     --directory and --port",
                    directory.display(),
                    process.trim()
                );
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(|| directory.display().to_string()),
        }
        running.set_len(0)?;
        writeln!(running, "{}", std::process::id())?;
        Ok(Self { directory, _running: running })
    }

    /// A file of the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The key of a name, made where there is none yet.
    ///
    /// # Errors
    /// Where its file cannot be read or written.
    pub fn key(&self, name: &str) -> Result<Keypair> {
        let file = self.path(KEYS).join(format!("{name}.json"));
        let failed = |error: Box<dyn std::error::Error>| anyhow!("{}: {error}", file.display());
        if file.exists() {
            return read_keypair_file(&file).map_err(failed);
        }
        let key = Keypair::new();
        write_keypair_file(&key, &file).map_err(failed)?;
        Ok(key)
    }

    /// Writes a file of the directory.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let file = self.path(name);
        std::fs::write(&file, text).with_context(|| file.display().to_string())
    }

    /// Tells `plimsoll` of the engine.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn announce(&self, config: &LocalConfig) -> Result<()> {
        let head =
            "# Where `plimsoll` finds the engine of `cargo xtask localnet`, which removes this file when it ends.\n";
        self.write(local::FILE, &format!("{head}{}", toml::to_string(config)?))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Where it was never written there is nothing to remove.
        let _ = std::fs::remove_file(self.path(local::FILE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_signer::Signer as _;

    #[test]
    fn a_directory_is_one_localnets_and_free_again_when_it_ends() {
        let directory = tempfile::tempdir().unwrap();
        let first = Place::take(directory.path()).unwrap();
        let refused = Place::take(directory.path()).unwrap_err().to_string();
        let process = format!("(process {})", std::process::id());
        assert!(refused.contains("runs already") && refused.contains(&process), "{refused}");
        let config = LocalConfig { url: "http://127.0.0.1:1".into(), engine: "x".into(), ..LocalConfig::default() };
        first.announce(&config).unwrap();
        assert!(first.path(local::FILE).exists());
        drop(first);
        assert!(!directory.path().join(local::FILE).exists(), "what ended is announced");
        Place::take(directory.path()).unwrap();
    }

    #[test]
    fn a_name_has_the_same_key_the_next_time() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::take(directory.path()).unwrap();
        let first = place.key("alice").unwrap();
        assert_eq!(place.key("alice").unwrap().pubkey(), first.pubkey());
        assert_ne!(place.key("bob").unwrap().pubkey(), first.pubkey());
    }
}

//! `plimsoll.toml`: where a cluster of one's own is, which engine is on it, and whose keys there are. `cargo xtask localnet`
//! writes it, `plimsoll` finds it.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use solana_pubkey::Pubkey;

use crate::error::{Error, Result};

/// The file's name.
pub const FILE: &str = "plimsoll.toml";
/// Where it lies below the checkout of whoever runs a localnet.
pub const DIRECTORY: &str = "target/localnet";
/// Held by whoever moves prices: of two at once the later would undo what the first has just posted.
const PRICES: &str = "prices.lock";

/// What the file says. Paths are relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalConfig {
    /// Address of the node; subscriptions are a port further.
    pub url: String,
    /// Address of the engine.
    pub engine: String,
    /// The engine's configuration file, which names its banks and prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<PathBuf>,
    /// Directory of key files: `alice.json` is the key of alice.
    pub keys: PathBuf,
    /// Who signs unless another is named.
    pub signer: String,
    /// Who posts prices, where there are feeds of the mock oracle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poster: Option<String>,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Where.
    pub path: PathBuf,
    /// What it says.
    pub config: LocalConfig,
}

impl Local {
    /// The file that is named, else the first one in a directory, the ones above it, and `target/localnet` of each.
    ///
    /// # Errors
    /// As [`Local::read`].
    pub fn find(named: Option<&Path>, directory: &Path) -> Result<Option<Self>> {
        if let Some(path) = named {
            return Self::read(path).map(Some);
        }
        let mut places = directory.ancestors().flat_map(|above| [above.join(FILE), above.join(DIRECTORY).join(FILE)]);
        places.find(|path| path.is_file()).map(|path| Self::read(&path)).transpose()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Configuration` where it cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |reason: String| Error::Configuration(format!("{}: {reason}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let config = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { path: path.to_owned(), config })
    }

    /// The engine's address.
    ///
    /// # Errors
    /// `Configuration` where it is none.
    pub fn engine(&self) -> Result<Pubkey> {
        self.config.engine.parse().map_err(|_| {
            Error::Configuration(format!("{}: {:?} is not an address", self.path.display(), self.config.engine))
        })
    }

    /// The file of names.
    pub fn names(&self) -> Option<PathBuf> {
        self.config.names.as_ref().map(|names| self.beside(names))
    }

    /// Everybody who has a key, in order.
    pub fn people(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.beside(&self.config.keys)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".json")?.to_owned()));
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    /// The key file of a name.
    ///
    /// # Errors
    /// `Configuration`, with the names that there are.
    pub fn key_file(&self, name: &str) -> Result<PathBuf> {
        let people = self.people();
        if !people.iter().any(|known| known == name) {
            return Err(Error::Configuration(format!(
                "{}: there is no key of {name:?}; there are those of {}",
                self.path.display(),
                people.join(", ")
            )));
        }
        Ok(self.beside(&self.config.keys).join(format!("{name}.json")))
    }

    /// As [`lock_prices`], and waits until nobody else moves them.
    ///
    /// # Errors
    /// `Configuration` where the system refuses.
    pub fn lock_prices(&self) -> Result<File> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let locked = prices_file(directory).and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| Error::Configuration(format!("{}: {error}", directory.join(PRICES).display())))
    }

    fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new(".")).join(path)
    }
}

/// Keeps everybody else from moving the prices of the engine whose file is in a directory, until the value is dropped;
/// none where somebody does.
pub fn lock_prices(directory: &Path) -> Option<File> {
    prices_file(directory).and_then(|file| Ok(file.try_lock().map(|()| file)?)).ok()
}

fn prices_file(directory: &Path) -> std::io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(directory.join(PRICES))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own, empty.
    fn empty(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("plimsoll-local-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        directory
    }

    fn config() -> LocalConfig {
        let key = Pubkey::new_from_array([7; 32]).to_string();
        LocalConfig {
            url: "http://127.0.0.1:8899".into(),
            engine: key,
            names: Some("engine.toml".into()),
            keys: "keys".into(),
            signer: "alice".into(),
            poster: Some("authority".into()),
        }
    }

    fn write(directory: &Path) {
        std::fs::create_dir_all(directory.join("keys")).unwrap();
        for name in ["bob", "alice"] {
            std::fs::write(directory.join("keys").join(format!("{name}.json")), "").unwrap();
        }
        std::fs::write(directory.join(FILE), toml::to_string(&config()).unwrap()).unwrap();
    }

    #[test]
    fn the_file_is_found_from_any_directory_below() {
        let root = empty("found");
        let (below, localnet) = (root.join("a/b"), root.join(DIRECTORY));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::create_dir_all(&localnet).unwrap();
        assert_eq!(Local::find(None, &below).unwrap(), None);
        write(&localnet);
        let found = Local::find(None, &below).unwrap().unwrap();
        assert_eq!((&found.path, &found.config), (&localnet.join(FILE), &config()));
        assert_eq!(found.names(), Some(localnet.join("engine.toml")));
        assert_eq!(found.engine().unwrap(), Pubkey::new_from_array([7; 32]));
        // The nearest one counts, and one that is named before all others.
        write(&root.join("a"));
        assert_eq!(Local::find(None, &below).unwrap().unwrap().path, root.join("a").join(FILE));
        assert_eq!(Local::find(Some(&found.path), &below).unwrap().unwrap(), found);
        assert!(Local::find(Some(&root.join("none.toml")), &below).is_err());
    }

    #[test]
    fn a_name_without_a_key_is_refused_with_the_names_there_are() {
        let root = empty("names");
        write(&root);
        let local = Local::find(None, &root).unwrap().unwrap();
        assert_eq!(local.key_file("alice").unwrap(), root.join("keys/alice.json"));
        for name in ["carol", "../keys/alice"] {
            let refused = local.key_file(name).unwrap_err().to_string();
            assert!(refused.contains("alice, bob"), "{refused}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_named() {
        let root = empty("wrong");
        std::fs::write(root.join(FILE), "ulr = \"x\"").unwrap();
        let refused = Local::find(None, &root).unwrap_err().to_string();
        assert!(refused.contains(FILE) && refused.contains("ulr"), "{refused}");
    }

    #[test]
    fn of_two_who_move_prices_one_waits() {
        let root = empty("prices");
        write(&root);
        let local = Local::find(None, &root).unwrap().unwrap();
        let held = local.lock_prices().unwrap();
        assert!(lock_prices(&root).is_none());
        drop(held);
        assert!(lock_prices(&root).is_some());
    }
}

//! The Solana CLI's configuration and key files.

use std::path::{Path, PathBuf};

use solana_cli_config::{Config, CONFIG_FILE};
use solana_keypair::{read_keypair_file, Keypair};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::cluster::Cluster;
use crate::error::{Error, Result};

/// Who signs, and where: command line first, then the Solana CLI's configuration, then its defaults.
pub struct Wallet {
    /// The cluster.
    pub cluster: Cluster,
    /// Where the key comes from.
    pub path: PathBuf,
}

impl Wallet {
    /// Takes what is given and completes it from the Solana CLI's configuration file (`config`, else where the CLI keeps
    /// it). Reads no key yet.
    ///
    /// # Errors
    /// `Configuration` where a file is named and cannot be read, or the cluster is none.
    pub fn find(url: Option<&str>, keypair: Option<&Path>, config: Option<&Path>) -> Result<Self> {
        let given = config.map(|path| path.display().to_string());
        let stored = match (&given, CONFIG_FILE.as_ref()) {
            (Some(path), _) => Config::load(path)
                .map_err(|error| Error::Configuration(format!("the Solana CLI configuration {path}: {error}")))?,
            (None, Some(path)) if Path::new(path).exists() => Config::load(path)
                .map_err(|error| Error::Configuration(format!("the Solana CLI configuration {path}: {error}")))?,
            _ => Config::default(),
        };
        let mut cluster: Cluster = url.unwrap_or(&stored.json_rpc_url).parse()?;
        if url.is_none() && !stored.websocket_url.is_empty() {
            cluster.ws_url = stored.websocket_url.clone();
        }
        let path = keypair.map_or_else(|| expand(&stored.keypair_path), Path::to_path_buf);
        Ok(Self { cluster, path })
    }

    /// Reads the key.
    ///
    /// # Errors
    /// `Configuration`, with the command that makes a key.
    pub fn keypair(&self) -> Result<Keypair> {
        read_key(&self.path)
    }

    /// The key's address.
    ///
    /// # Errors
    /// As [`Wallet::keypair`].
    pub fn address(&self) -> Result<Pubkey> {
        Ok(self.keypair()?.pubkey())
    }
}

/// Reads a key file.
///
/// # Errors
/// `Configuration`: where there is no file, with the command that makes a key; where there is one that is no key, without,
/// since that command would overwrite it.
pub fn read_key(path: &Path) -> Result<Keypair> {
    read_keypair_file(path).map_err(|error| {
        let shown = path.display();
        Error::Configuration(if path.try_exists().unwrap_or(true) {
            format!("{shown} is not a key file: {error}; name another with --keypair")
        } else {
            format!("no key at {shown}; make one with `solana-keygen new -o {shown}`, or name another with --keypair")
        })
    })
}

/// `~` stands for the home directory.
fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_a_file_that_is_no_key_is_not_told_to_overwrite_it() {
        let no_key = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let said = |path: &Path| read_key(path).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said(&no_key).contains("is not a key file") && !said(&no_key).contains("solana-keygen"));
        let absent = Path::new("/nowhere/id.json");
        assert!(said(absent).contains("no key at /nowhere/id.json; make one with `solana-keygen new"));
    }
}

//! What is not said on the command line, from the `plimsoll.toml` of a local engine.

use std::path::PathBuf;

use plimsoll_rpc::Local;

use crate::cli::{Cli, Command};
use crate::fault::Result;
use crate::usage::usage;

/// Names the file, where it is not found from the current directory.
const VARIABLE: &str = "PLIMSOLL_CONFIG";

/// Completes a command line from the file, unless another cluster was named; the file, where it counts.
///
/// What is on the command line or in the environment goes before the file, and the file before the Solana CLI's
/// configuration.
///
/// # Errors
/// Where the file is wrong, or `--as` names nobody of it.
pub fn complete(cli: &mut Cli) -> Result<Option<Local>> {
    let has_config = matches!(&cli.command, Command::Keeper(command) if command.has_config());
    if cli.session.url.is_some() || cli.session.solana_config.is_some() || has_config {
        let Some(name) = &cli.signer else { return Ok(None) };
        return Err(usage(format!(
            "--as {name} takes a key of a local engine's plimsoll.toml, which does not count where a cluster is named \
             otherwise: use --keypair"
        )));
    }
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let directory = std::env::current_dir().unwrap_or_default();
    let Some(mut local) = Local::find(named.as_deref(), &directory)? else {
        let Some(name) = &cli.signer else { return Ok(None) };
        return Err(usage(format!(
            "--as {name} takes a key of a local engine, and there is none here: `cargo xtask localnet` makes one; elsewhere \
             its plimsoll.toml is named by {VARIABLE}"
        )));
    };
    cli.session.url = Some(local.config.url.clone());
    if cli.engine.is_none() {
        cli.engine = Some(local.engine()?);
    }
    cli.names = cli.names.take().or_else(|| local.names());
    if let Some(name) = &cli.signer {
        cli.session.keypair = Some(local.key_file(name)?);
    } else if cli.session.keypair.is_some() {
        // Whoever names a key file means it, for prices too.
        local.config.poster = None;
    } else {
        cli.session.keypair = Some(local.key_file(&local.config.signer)?);
    }
    Ok(Some(local))
}

/// A path as people type it: below the current directory without that.
pub fn shown(local: &Local) -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    local.path.strip_prefix(&directory).unwrap_or(&local.path).display().to_string()
}

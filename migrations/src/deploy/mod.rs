//! Deploys or upgrades a program over plain RPC, by the upgradeable loader.
//!
//! The file goes into a buffer account first, whose key is kept on disk: an interrupted deployment continues with the
//! chunks that are missing. In the end the bytes on chain are compared with the file's.

mod buffer;
mod state;

use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_rpc::wallet::read_key;
use plimsoll_rpc::SendOptions;
use serde::Serialize;
use solana_keypair::{write_keypair_file, Keypair};
use solana_loader_v3_interface::instruction as loader;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::error::{Error, Result};
use crate::session::Session;

pub use buffer::{chunk_len, missing_chunks};
pub use state::{executable_hash, ProgramState};

/// Fewest bytes that the loader extends a program by.
const LEAST_EXTENSION: usize = 10_240;
/// Between two looks at whether a new slot has begun.
const NEXT_SLOT: Duration = Duration::from_millis(200);
/// What a transaction of one signature costs, priority aside.
const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// What to deploy, and with which keys.
#[derive(Clone, Debug)]
pub struct DeployOptions {
    /// The program's ELF file.
    pub file: PathBuf,
    /// Key of the program's address; needed only where nothing is deployed yet.
    pub program_keypair: Option<PathBuf>,
    /// The program's address, where its key is not given.
    pub program: Pubkey,
    /// Where the buffer's key is kept until the deployment is done; beside the file by default.
    pub buffer_keypair: Option<PathBuf>,
    /// Most bytes the program can grow to later; the file's length by default.
    pub max_len: Option<usize>,
}

/// What was done, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The bytes on chain are the file's already.
    Nothing,
    /// Nothing was there.
    Deploy,
    /// Other bytes were there.
    Upgrade,
}

/// What was done, and what is on chain now.
#[derive(Clone, Debug, Serialize)]
pub struct Deployed {
    /// What was done; under a dry run, what would be.
    pub action: Action,
    /// The program.
    pub program: String,
    /// SHA-256 of the file, hexadecimal.
    pub file_sha256: String,
    /// SHA-256 of the file without the zero bytes at its end: what `solana-verify get-program-hash` shows.
    pub executable_sha256: String,
    /// Bytes of the file.
    pub bytes: usize,
    /// Chunks that were written, or would be.
    pub chunks: usize,
    /// The loader's transaction, if one was sent.
    pub signature: Option<String>,
}

/// Deploys, upgrades, or finds that nothing has to be done.
///
/// # Errors
/// `File`; `Program` where the key or the authority is another, or the bytes on chain differ in the end;
/// `NotConfirmed`; `Rpc`.
pub async fn deploy(session: &Session, options: &DeployOptions, mut progress: impl FnMut(&str)) -> Result<Deployed> {
    let elf = read_elf(&options.file)?;
    let program_key = options.program_keypair.as_deref().map(read_key).transpose()?;
    let program = program_key.as_ref().map_or(options.program, Signer::pubkey);
    let payer = session.keypair()?;
    let found = ProgramState::read(&session.connection, &program).await?;
    let action = match &found {
        None => Action::Deploy,
        Some(state) if state.holds(&elf) => Action::Nothing,
        Some(_) => Action::Upgrade,
    };
    check_keys(&program, &found, action, program_key.is_some(), &payer.pubkey())?;
    let path = options.buffer_keypair.clone().unwrap_or_else(|| beside(&options.file));
    let mut deployed = Deployed {
        action,
        program: program.to_string(),
        file_sha256: hex::encode(state::sha256(&elf)),
        executable_sha256: hex::encode(executable_hash(&elf)),
        bytes: elf.len(),
        chunks: 0,
        signature: None,
    };
    if action == Action::Nothing {
        if !session.dry_run {
            buffer::close_leftover(session, &path, &mut progress).await?;
        }
        return Ok(deployed);
    }
    if session.dry_run {
        deployed.chunks = buffer::chunks_left(session, &path, &payer, &elf).await?;
        return Ok(deployed);
    }
    let (verb, cluster) = (if action == Action::Deploy { "deploy" } else { "upgrade" }, &session.wallet.cluster.name);
    let hash = &deployed.executable_sha256;
    session.confirm(&format!(
        "{verb} {} bytes ({hash}) as {program} on {cluster}, by {}?",
        elf.len(),
        payer.pubkey()
    ))?;
    let buffer_key = buffer_key(&path)?;
    deployed.chunks = buffer::fill(session, &payer, &buffer_key, &elf, &mut progress).await?;
    let instructions = match &found {
        None => {
            deploy_instructions(session, &payer.pubkey(), &program, &buffer_key.pubkey(), elf.len(), options).await?
        }
        Some(state) => {
            extend(session, &program, elf.len(), state, &mut progress).await?;
            vec![loader::upgrade(&program, &buffer_key.pubkey(), &payer.pubkey(), &payer.pubkey(), true)]
        }
    };
    // What the loader loads besides is not what a simulation counts.
    let send = SendOptions { limit_loaded_data: false, ..session.options };
    let signers: Vec<&(dyn Signer + Sync)> = program_key.iter().map(|key| key as &(dyn Signer + Sync)).collect();
    let sent = session.connection.send(&payer, &signers, &instructions, &send).await?;
    deployed.signature = Some(sent.signature.to_string());
    require_bytes(session, &program, &elf).await?;
    // The buffer is gone, its key of no more use.
    let _ = std::fs::remove_file(&path);
    Ok(deployed)
}

/// Compares the bytes on chain with a file: the program's state, and whether they are the same.
///
/// # Errors
/// `File`; `Program` where nothing is deployed; `Rpc`.
pub async fn verify(session: &Session, program: &Pubkey, file: &Path) -> Result<(ProgramState, bool)> {
    let elf = read_elf(file)?;
    let found = ProgramState::read(&session.connection, program).await?;
    let state = found.ok_or_else(|| Error::Program { address: *program, reason: "nothing is deployed here".into() })?;
    let same = state.holds(&elf);
    Ok((state, same))
}

/// The bytes on chain are the file's now.
async fn require_bytes(session: &Session, program: &Pubkey, elf: &[u8]) -> Result<()> {
    match ProgramState::read(&session.connection, program).await? {
        Some(state) if state.holds(elf) => Ok(()),
        _ => {
            let reason = "the bytes on chain are not the file's after the deployment".into();
            Err(Error::Program { address: *program, reason })
        }
    }
}

fn read_elf(path: &Path) -> Result<Vec<u8>> {
    let failed = |reason: String| Error::File { path: path.to_path_buf(), reason };
    let elf = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    if elf.starts_with(b"\x7fELF") {
        Ok(elf)
    } else {
        Err(failed("is not an ELF file; build one with `cargo xtask build`".into()))
    }
}

fn check_keys(
    program: &Pubkey,
    found: &Option<ProgramState>,
    action: Action,
    has_key: bool,
    payer: &Pubkey,
) -> Result<()> {
    let failed = |reason: String| Err(Error::Program { address: *program, reason });
    match (action, found) {
        (Action::Deploy, _) if !has_key => {
            failed("nothing is deployed here, and a first deployment needs the address's key: --program-keypair".into())
        }
        (Action::Upgrade, Some(ProgramState { authority: None, .. })) => {
            failed("the program is final: it has no upgrade authority".into())
        }
        (Action::Upgrade, Some(ProgramState { authority: Some(authority), .. })) if authority != payer => {
            failed(format!("its upgrade authority is {authority}, not {payer}"))
        }
        _ => Ok(()),
    }
}

/// Where a buffer's key is kept by default.
fn beside(file: &Path) -> PathBuf {
    file.with_extension("buffer.json")
}

/// The buffer's key, made and kept where there is none yet.
fn buffer_key(path: &Path) -> Result<Keypair> {
    if path.exists() {
        return Ok(read_key(path)?);
    }
    let key = Keypair::new();
    write_keypair_file(&key, path)
        .map_err(|error| Error::File { path: path.to_path_buf(), reason: error.to_string() })?;
    Ok(key)
}

async fn deploy_instructions(
    session: &Session,
    payer: &Pubkey,
    program: &Pubkey,
    buffer: &Pubkey,
    len: usize,
    options: &DeployOptions,
) -> Result<Vec<solana_instruction::Instruction>> {
    let size = UpgradeableLoaderState::size_of_program();
    let rent = session.connection.rpc.get_minimum_balance_for_rent_exemption(size).await;
    let rent = rent.map_err(plimsoll_rpc::Error::from)?;
    let max_len = options.max_len.unwrap_or(len).max(len);
    loader::deploy_with_max_program_len(payer, program, buffer, payer, rent, max_len, true)
        .map_err(|error| Error::Program { address: *program, reason: error.to_string() })
}

/// Makes room for a longer file. The loader upgrades nothing in the slot in which it has extended it, so the next one is
/// waited for.
async fn extend(
    session: &Session,
    program: &Pubkey,
    len: usize,
    state: &ProgramState,
    progress: &mut impl FnMut(&str),
) -> Result<()> {
    let Some(more) = len.checked_sub(state.bytes.len()).filter(|more| *more > 0) else { return Ok(()) };
    let more = u32::try_from(more.max(LEAST_EXTENSION)).unwrap_or(u32::MAX);
    let payer = session.keypair()?;
    let extension = loader::extend_program(program, Some(&payer.pubkey()), more);
    let options = SendOptions { limit_loaded_data: false, ..session.options };
    let sent = session.connection.send(&payer, &[], &[extension], &options).await?;
    progress(&format!("extended by {more} bytes: {}", sent.signature));
    while session.connection.rpc.get_slot().await.map_err(plimsoll_rpc::Error::from)? <= sent.slot {
        tokio::time::sleep(NEXT_SLOT).await;
    }
    Ok(())
}

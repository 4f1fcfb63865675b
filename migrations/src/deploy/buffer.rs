//! Filling a buffer account: only what is missing, checked against what is there.

use std::path::Path;
use std::time::Duration;

use plimsoll_rpc::send::sign;
use plimsoll_rpc::wallet::read_key;
use plimsoll_rpc::{SendOptions, Simulated};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_loader_v3_interface::instruction as loader;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signer::Signer;
use tokio::task::JoinSet;

use super::state::buffer_content;
use super::LAMPORTS_PER_SIGNATURE;
use crate::error::{Error, Result};
use crate::session::Session;

/// Most bytes of a transaction.
const PACKET_LEN: usize = 1_232;
/// What the loader's `Write` uses.
const WRITE_UNITS: u64 = 2_370;
/// Sent at once; public nodes allow little more in a second.
const AT_ONCE: usize = 32;
/// Until a round's writes are looked for.
const ROUND: Duration = Duration::from_millis(1_500);
/// Rounds without any progress before giving up: longer than a blockhash lives.
const IDLE_ROUNDS: usize = 40;

/// The largest chunk that fits one transaction beside `budget`.
///
/// # Errors
/// `Rpc` where a transaction cannot be built.
pub fn chunk_len(payer: &dyn Signer, budget: &[Instruction]) -> Result<usize> {
    let buffer = Pubkey::new_from_array([1; 32]);
    let mut all = budget.to_vec();
    all.push(loader::write(&buffer, &payer.pubkey(), 0, Vec::new()));
    let empty = sign(payer, &[], &all, Default::default())?;
    let len = bincode::serialized_size(&empty)
        .map_err(|error| plimsoll_rpc::Error::Configuration(format!("a transaction cannot be measured: {error}")))?;
    // The length of the instruction's data takes a second byte where there is some.
    Ok(PACKET_LEN.saturating_sub(len as usize + 1))
}

/// Offsets of the chunks in which `content` is not yet `elf`.
pub fn missing_chunks(content: &[u8], elf: &[u8], chunk_len: usize) -> Vec<usize> {
    let starts = (0..elf.len()).step_by(chunk_len.max(1));
    starts
        .filter(|start| {
            let end = (start + chunk_len).min(elf.len());
            content.get(*start..end) != Some(&elf[*start..end])
        })
        .collect()
}

/// How many chunks a deployment would write.
pub(super) async fn chunks_left(session: &Session, path: &Path, payer: &Keypair, elf: &[u8]) -> Result<usize> {
    let len = chunk_len(payer, &write_budget(session, &[]).await?)?;
    let content = match path.exists() {
        true => content(session, &read_key(path)?.pubkey()).await?.map(|(_, content)| content),
        false => None,
    };
    Ok(missing_chunks(&content.unwrap_or_default(), elf, len).len())
}

/// Creates the buffer where it is missing and writes what is missing in it; the number of chunks written.
pub(super) async fn fill(
    session: &Session,
    payer: &Keypair,
    buffer: &Keypair,
    elf: &[u8],
    progress: &mut impl FnMut(&str),
) -> Result<usize> {
    let address = buffer.pubkey();
    match content(session, &address).await? {
        Some((authority, _)) if authority != Some(payer.pubkey()) => {
            let authority = authority.map_or_else(|| "nobody".into(), |key| key.to_string());
            return Err(Error::Program { address, reason: format!("the buffer belongs to {authority}") });
        }
        Some((_, content)) if content.len() == elf.len() => {}
        Some(_) => {
            progress("the buffer was made for another file: closed");
            close(session, payer, &address).await?;
            create(session, payer, buffer, elf.len()).await?;
        }
        None => create(session, payer, buffer, elf.len()).await?,
    }
    let sample = loader::write(&address, &payer.pubkey(), 0, Vec::new());
    let budget = write_budget(session, &[sample]).await?;
    let len = chunk_len(payer, &budget)?;
    let (mut first, mut least, mut idle) = (None, usize::MAX, 0);
    loop {
        let held = match content(session, &address).await {
            Ok(found) => found.map(|(_, content)| content).unwrap_or_default(),
            // Hundreds of transactions meet a node that is slow or limits requests; what it has taken is not lost.
            Err(Error::Rpc(error)) if error.is_transient() && idle < IDLE_ROUNDS => {
                idle += 1;
                progress(&format!("{error}; trying again"));
                tokio::time::sleep(ROUND).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let missing = missing_chunks(&held, elf, len);
        let written = *first.get_or_insert(missing.len());
        if missing.is_empty() {
            return Ok(written);
        }
        idle = if missing.len() < least { 0 } else { idle + 1 };
        least = least.min(missing.len());
        if idle >= IDLE_ROUNDS {
            let reason = format!("{} chunks of the buffer did not arrive", missing.len());
            return Err(Error::Program { address, reason });
        }
        progress(&format!("buffer {address}: {} of {written} chunks left", missing.len()));
        let some = &missing[..missing.len().min(AT_ONCE)];
        match write(session, payer, &address, elf, some, len, &budget).await {
            Err(Error::Rpc(error)) if error.is_transient() => progress(&format!("{error}; trying again")),
            done => done?,
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Sends one round of writes. Which of them arrived, the buffer says.
async fn write(
    session: &Session,
    payer: &Keypair,
    buffer: &Pubkey,
    elf: &[u8],
    starts: &[usize],
    len: usize,
    budget: &[Instruction],
) -> Result<()> {
    let blockhash = session.connection.rpc.get_latest_blockhash().await.map_err(plimsoll_rpc::Error::from)?;
    let config =
        RpcSendTransactionConfig { skip_preflight: true, max_retries: Some(0), ..RpcSendTransactionConfig::default() };
    let mut sending = JoinSet::new();
    for start in starts {
        let bytes = elf[*start..(start + len).min(elf.len())].to_vec();
        let mut all = budget.to_vec();
        all.push(loader::write(buffer, &payer.pubkey(), *start as u32, bytes));
        let transaction = sign(payer, &[], &all, blockhash)?;
        let rpc = session.connection.rpc.clone();
        sending.spawn(async move { rpc.send_transaction_with_config(&transaction, config).await });
    }
    let mut last_error = None;
    let mut sent = 0;
    while let Some(done) = sending.join_next().await {
        match done {
            Ok(Ok(_)) => sent += 1,
            Ok(Err(error)) => last_error = Some(plimsoll_rpc::Error::from(error)),
            Err(error) => last_error = Some(plimsoll_rpc::Error::Unreachable(error.to_string())),
        }
    }
    match last_error {
        Some(error) if sent == 0 && !error.is_transient() => Err(error.into()),
        _ => Ok(()),
    }
}

/// Compute-budget instructions of a write, the same for all of them.
async fn write_budget(session: &Session, writes: &[Instruction]) -> Result<Vec<Instruction>> {
    let simulated =
        Simulated { compute_units: WRITE_UNITS, loaded_bytes: None, logs: Vec::new(), return_data: None, slot: 0 };
    let options = SendOptions { limit_loaded_data: false, ..session.options };
    Ok(session.connection.budget(&simulated, writes, &options).await?)
}

async fn create(session: &Session, payer: &Keypair, buffer: &Keypair, len: usize) -> Result<()> {
    let (rpc, address) = (&session.connection.rpc, buffer.pubkey());
    let size = UpgradeableLoaderState::size_of_buffer(len);
    let rent = rpc.get_minimum_balance_for_rent_exemption(size).await.map_err(plimsoll_rpc::Error::from)?;
    let balance = rpc.get_balance(&payer.pubkey()).await.map_err(plimsoll_rpc::Error::from)?;
    let fees = LAMPORTS_PER_SIGNATURE * (len / 900 + 4) as u64;
    if balance < rent + fees {
        let reason = format!(
            "{} has {balance} lamports; the buffer needs {rent} (returned by the deployment) and fees about {fees}",
            payer.pubkey()
        );
        return Err(plimsoll_rpc::Error::Configuration(reason).into());
    }
    let instructions = loader::create_buffer(&payer.pubkey(), &address, &payer.pubkey(), rent, len)
        .map_err(|error| Error::Program { address, reason: error.to_string() })?;
    let options = SendOptions { limit_loaded_data: false, ..session.options };
    session.connection.send(payer, &[buffer], &instructions, &options).await?;
    Ok(())
}

async fn close(session: &Session, payer: &Keypair, buffer: &Pubkey) -> Result<()> {
    let close = loader::close(buffer, &payer.pubkey(), &payer.pubkey(), false);
    session.send(&[], &[close]).await?;
    Ok(())
}

/// Closes the buffer of an earlier attempt, so that its rent is not forgotten.
pub(super) async fn close_leftover(session: &Session, path: &Path, progress: &mut impl FnMut(&str)) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let (payer, buffer) = (session.keypair()?, read_key(path)?.pubkey());
    if content(session, &buffer).await?.is_some_and(|(authority, _)| authority == Some(payer.pubkey())) {
        close(session, &payer, &buffer).await?;
        progress(&format!("the buffer {buffer} of an earlier attempt: closed, its rent returned"));
    }
    let _ = std::fs::remove_file(path);
    Ok(())
}

/// A buffer's authority and content; none where there is no buffer.
async fn content(session: &Session, address: &Pubkey) -> Result<Option<(Option<Pubkey>, Vec<u8>)>> {
    let (_, found) = session.connection.accounts(std::slice::from_ref(address)).await?;
    let Some(account) = found.into_iter().next().flatten() else { return Ok(None) };
    match buffer_content(&account) {
        Some((authority, content)) => Ok(Some((authority, content.to_vec()))),
        None => Err(Error::Program { address: *address, reason: "this account is not a buffer".into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chunks_that_differ_are_missing() {
        let elf: Vec<u8> = (1..=10).collect();
        assert_eq!(missing_chunks(&[], &elf, 4), [0, 4, 8]);
        assert_eq!(missing_chunks(&[0; 10], &elf, 4), [0, 4, 8]);
        assert_eq!(missing_chunks(&[1, 2, 3, 4, 0, 0, 0, 0, 9, 10], &elf, 4), [4]);
        assert_eq!(missing_chunks(&elf, &elf, 4), Vec::<usize>::new());
        // A chunk of zeros is there in a new buffer.
        assert_eq!(missing_chunks(&[0; 4], &[5, 0, 0, 0], 2), [0]);
    }

    #[test]
    fn a_chunk_fills_its_transaction_to_the_last_byte() {
        let payer = Keypair::new();
        let len = chunk_len(&payer, &[]).unwrap();
        let write = loader::write(&Pubkey::new_unique(), &payer.pubkey(), u32::MAX, vec![7; len]);
        let transaction = sign(&payer, &[], &[write], Default::default()).unwrap();
        assert_eq!(bincode::serialized_size(&transaction).unwrap(), PACKET_LEN as u64);
    }
}

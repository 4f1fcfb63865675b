//! What Crossbar hands out to be signed: taken apart, checked, and made anew.
//!
//! Crossbar is a stranger's server, and the keeper's key pays and signs: of its instructions nothing is sent but oracles'
//! signatures, a value, a slot and the oracles' addresses, each where this module puts it.

use serde::Deserialize;
use serde_json::Value;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_sdk_ids::{secp256k1_program, system_program, sysvar};

/// First eight bytes of `sha256("global:pull_feed_submit_response_consensus")`.
const SUBMIT_CONSENSUS: [u8; 8] = [239, 124, 39, 184, 147, 222, 16, 248];
const TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const ASSOCIATED_TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// The mint of wrapped SOL, in which oracles are rewarded.
const NATIVE_MINT: Pubkey = Pubkey::from_str_const("So11111111111111111111111111111111111111112");
/// Offsets of a signature: of signature, address and message, each with the instruction that holds it; and a length.
const OFFSETS_LEN: usize = 11;
/// Slots after which a signed value no longer counts: Crossbar may have kept it, and the engine takes one of 25 slots.
const OLDEST_SLOTS: u64 = 20;
/// Signature, recovery id, address.
const BLOCK_LEN: usize = 85;
/// What the oracles sign: a hash.
const MESSAGE_LEN: usize = 32;

/// Why an answer of Crossbar is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionError {
    /// Its JSON is none, or has no update.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
    /// The oracles gave no value.
    #[error("the oracles gave no value: {0}")]
    NoValue(String),
    /// An instruction that cannot be decoded.
    #[error("instruction {0} cannot be decoded")]
    Instruction(usize),
    /// Not one verification of signatures and one submission to the pinned program.
    #[error("the instructions are for {0}, not for secp256k1 and the feed's program")]
    Programs(String),
    /// The verification is not the one that these signatures need.
    #[error("the verification of signatures is malformed")]
    Signatures,
    /// Fewer oracles signed than the feed asks for.
    #[error("{found} oracles signed, the feed asks for {wanted}")]
    TooFew {
        /// Who signed.
        found: usize,
        /// Who must.
        wanted: usize,
    },
    /// Another instruction, or arguments that it does not have.
    #[error("the submission is not one value of one feed")]
    Arguments,
    /// A value that is not a price.
    #[error("the value {0} is not positive")]
    NotPositive(i128),
    /// Oracles signed it too long ago for the engine to take it.
    #[error("it was signed in slot {signed}, too long before slot {now}")]
    Old {
        /// Whose hash they signed.
        signed: u64,
        /// The chain's.
        now: u64,
    },
    /// An account that does not belong there.
    #[error("account {place} is {found}, not {expected}")]
    Account {
        /// Which.
        place: usize,
        /// Whose it is.
        found: Pubkey,
        /// Whose it should be.
        expected: Pubkey,
    },
    /// Accounts of oracles that do not match the signatures.
    #[error("the accounts of {found} oracles do not fit {signatures} signatures")]
    Oracles {
        /// Accounts.
        found: usize,
        /// Signatures.
        signatures: usize,
    },
}

/// Where a value is to be submitted.
#[derive(Clone, Copy, Debug)]
pub struct Destination {
    /// Switchboard's program.
    pub program: Pubkey,
    /// The queue that the engine pins.
    pub queue: Pubkey,
    /// The feed that the engine pins.
    pub feed: Pubkey,
    /// Who pays and signs.
    pub payer: Pubkey,
    /// Fewest signatures that the engine and the feed take.
    pub wanted: usize,
}

#[derive(Deserialize)]
struct Update {
    success: bool,
    #[serde(rename = "pullIxns", default)]
    instructions: Vec<String>,
    /// What the oracles say, which is shown where there is no value: of no fixed form.
    #[serde(default)]
    responses: Value,
}

impl Update {
    fn errors(&self) -> String {
        let responses = self.responses.as_array().map(Vec::as_slice).unwrap_or_default();
        let errors: Vec<&str> = responses.iter().filter_map(|response| response["errors"].as_str()).collect();
        errors.join("; ")
    }
}

/// A value that oracles have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The slot whose hash they signed.
    pub slot: u64,
    /// Units of 10^-18 dollars.
    pub value: i128,
    /// Oracle by oracle: signature, recovery id, address.
    blocks: Vec<[u8; BLOCK_LEN]>,
    message: [u8; MESSAGE_LEN],
    oracles: Vec<AccountMeta>,
}

impl Submission {
    /// The submission in an answer to `/updates/solana`.
    ///
    /// # Errors
    /// Every [`SubmissionError`].
    pub fn parse(body: &str, to: &Destination) -> Result<Self, SubmissionError> {
        let unreadable = |error: serde_json::Error| SubmissionError::Answer(error.to_string());
        let updates: Vec<Value> = serde_json::from_str(body).map_err(unreadable)?;
        let first = updates.into_iter().next().ok_or_else(|| SubmissionError::Answer("it has no update".into()))?;
        let update: Update = serde_json::from_value(first).map_err(unreadable)?;
        if !update.success {
            return Err(SubmissionError::NoValue(update.errors()));
        }
        let decoded = |(place, text): (usize, &String)| decode(text).ok_or(SubmissionError::Instruction(place));
        let instructions =
            update.instructions.iter().enumerate().map(decoded).collect::<Result<Vec<Instruction>, _>>()?;
        match &instructions[..] {
            [verify, submit] if verify.program_id == secp256k1_program::ID && submit.program_id == to.program => {
                let (blocks, message) = signatures(&verify.data)?;
                if blocks.len() < to.wanted.max(1) {
                    return Err(SubmissionError::TooFew { found: blocks.len(), wanted: to.wanted.max(1) });
                }
                let (slot, value) = arguments(&submit.data)?;
                let oracles = oracles(&submit.accounts, to, blocks.len())?;
                Ok(Self { slot, value, blocks, message, oracles })
            }
            others => {
                let programs: Vec<String> = others.iter().map(|other| other.program_id.to_string()).collect();
                Err(SubmissionError::Programs(programs.join(", ")))
            }
        }
    }

    /// The engine would still take it, which may land a little later.
    ///
    /// # Errors
    /// [`SubmissionError::Old`].
    pub const fn require_young(&self, now: u64) -> Result<(), SubmissionError> {
        if now.saturating_sub(self.slot) > OLDEST_SLOTS {
            return Err(SubmissionError::Old { signed: self.slot, now });
        }
        Ok(())
    }

    /// Its two instructions, of which the first must stand at `place` in the transaction.
    pub fn instructions(&self, to: &Destination, place: u8) -> [Instruction; 2] {
        let verify = verification(&self.blocks, &self.message, place);
        let mut data = SUBMIT_CONSENSUS.to_vec();
        data.extend_from_slice(&self.slot.to_le_bytes());
        data.extend_from_slice(&1u32.to_le_bytes());
        data.extend_from_slice(&self.value.to_le_bytes());
        let mut accounts = fixed_accounts(to);
        accounts.extend_from_slice(&self.oracles);
        [
            Instruction { program_id: secp256k1_program::ID, accounts: Vec::new(), data: verify },
            Instruction { program_id: to.program, accounts, data },
        ]
    }
}

/// An instruction in bincode, in hexadecimal.
fn decode(text: &str) -> Option<Instruction> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
    bincode::deserialize(&bytes).ok()
}

type Signatures = (Vec<[u8; BLOCK_LEN]>, [u8; MESSAGE_LEN]);

/// Signatures and message of a verification, which must be exactly the one that is made of them.
fn signatures(data: &[u8]) -> Result<Signatures, SubmissionError> {
    let malformed = || SubmissionError::Signatures;
    let (count, rest) = data.split_first().ok_or_else(malformed)?;
    let count = usize::from(*count);
    let blocks = rest.get(count * OFFSETS_LEN..).ok_or_else(malformed)?;
    let (blocks, message) = blocks.split_at_checked(count * BLOCK_LEN).ok_or_else(malformed)?;
    let message: [u8; MESSAGE_LEN] = message.try_into().map_err(|_| malformed())?;
    let blocks: Vec<[u8; BLOCK_LEN]> = blocks.chunks(BLOCK_LEN).filter_map(|block| block.try_into().ok()).collect();
    let place = *data.get(3).ok_or_else(malformed)?;
    if verification(&blocks, &message, place) != data {
        return Err(malformed());
    }
    Ok((blocks, message))
}

/// The data of an instruction that verifies signatures of one message.
fn verification(blocks: &[[u8; BLOCK_LEN]], message: &[u8; MESSAGE_LEN], place: u8) -> Vec<u8> {
    const ADDRESS_AT: usize = 65;
    let mut data = vec![blocks.len() as u8];
    let first = 1 + blocks.len() * OFFSETS_LEN;
    let message_at = (first + blocks.len() * BLOCK_LEN) as u16;
    for number in 0..blocks.len() {
        let block = first + number * BLOCK_LEN;
        data.extend_from_slice(&(block as u16).to_le_bytes());
        data.push(place);
        data.extend_from_slice(&((block + ADDRESS_AT) as u16).to_le_bytes());
        data.push(place);
        data.extend_from_slice(&message_at.to_le_bytes());
        data.extend_from_slice(&(MESSAGE_LEN as u16).to_le_bytes());
        data.push(place);
    }
    blocks.iter().for_each(|block| data.extend_from_slice(block));
    data.extend_from_slice(message);
    data
}

/// Slot and value.
fn arguments(data: &[u8]) -> Result<(u64, i128), SubmissionError> {
    let malformed = || SubmissionError::Arguments;
    let rest = data.strip_prefix(&SUBMIT_CONSENSUS).ok_or_else(malformed)?;
    let (slot, rest) = rest.split_first_chunk::<8>().ok_or_else(malformed)?;
    let (count, value) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
    let value: [u8; 16] = value.try_into().map_err(|_| malformed())?;
    if u32::from_le_bytes(*count) != 1 {
        return Err(malformed());
    }
    let value = i128::from_le_bytes(value);
    // The sentinel of an oracle without a value is the largest one.
    if value <= 0 || value == i128::MAX {
        return Err(SubmissionError::NotPositive(value));
    }
    Ok((u64::from_le_bytes(*slot), value))
}

/// The accounts that are the same for every submission to a feed.
fn fixed_accounts(to: &Destination) -> Vec<AccountMeta> {
    let state = Pubkey::find_program_address(&[b"STATE"], &to.program).0;
    let seeds: [&[u8]; 3] = [to.queue.as_ref(), TOKEN_PROGRAM.as_ref(), NATIVE_MINT.as_ref()];
    let rewards = Pubkey::find_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM).0;
    vec![
        AccountMeta::new_readonly(to.queue, false),
        AccountMeta::new_readonly(state, false),
        AccountMeta::new_readonly(sysvar::slot_hashes::ID, false),
        AccountMeta::new(to.payer, true),
        AccountMeta::new_readonly(system_program::ID, false),
        AccountMeta::new(rewards, false),
        AccountMeta::new_readonly(TOKEN_PROGRAM, false),
        AccountMeta::new_readonly(NATIVE_MINT, false),
        AccountMeta::new_readonly(sysvar::instructions::ID, false),
        AccountMeta::new(to.feed, false),
    ]
}

/// The oracles' accounts, two for each signature: the oracle, and its statistics, which are written. Switchboard's clients
/// differ in whether they stand in pairs or the statistics after all oracles; the order is left as it is.
fn oracles(accounts: &[AccountMeta], to: &Destination, count: usize) -> Result<Vec<AccountMeta>, SubmissionError> {
    let fixed = fixed_accounts(to);
    for (place, expected) in fixed.iter().enumerate() {
        let found = accounts.get(place).map(|meta| meta.pubkey).unwrap_or_default();
        // Without a payer of its own Crossbar leaves the place to the system program.
        let is_left_open = expected.pubkey == to.payer && found == system_program::ID;
        if found != expected.pubkey && !is_left_open {
            return Err(SubmissionError::Account { place, found, expected: expected.pubkey });
        }
    }
    let rest = accounts.get(fixed.len()..).unwrap_or_default();
    let wrong = SubmissionError::Oracles { found: rest.len() / 2, signatures: count };
    if rest.len() != 2 * count {
        return Err(wrong);
    }
    let statistics_of =
        |oracle: &Pubkey| Pubkey::find_program_address(&[b"OracleStats", oracle.as_ref()], &to.program).0;
    let in_pairs = rest.chunks(2).all(|pair| statistics_of(&pair[0].pubkey) == pair[1].pubkey);
    let (all, after) = rest.split_at(count);
    let grouped = all.iter().zip(after).all(|(oracle, after)| statistics_of(&oracle.pubkey) == after.pubkey);
    if !in_pairs && !grouped {
        return Err(wrong);
    }
    let is_written = |place: usize| if in_pairs { place % 2 == 1 } else { place >= count };
    let meta = |(place, meta): (usize, &AccountMeta)| AccountMeta {
        pubkey: meta.pubkey,
        is_signer: false,
        is_writable: is_written(place),
    };
    Ok(rest.iter().enumerate().map(meta).collect())
}

#[cfg(test)]
#[path = "submission_tests.rs"]
mod tests;

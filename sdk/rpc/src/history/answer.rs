//! Answers of a node about transactions, of which only what events need is read.

use plimsoll_sdk::event::{RecordedInstruction, RecordedTransaction};
use serde::Deserialize;
use serde_json::Value;
use solana_pubkey::Pubkey;

/// A transaction in the answer of `getSignaturesForAddress`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    pub signature: String,
    pub slot: u64,
    pub block_time: Option<i64>,
    pub err: Option<Value>,
}

/// The answer of `getTransaction` with encoding `json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub block_time: Option<i64>,
    transaction: Transaction,
    meta: Option<Meta>,
}

#[derive(Clone, Debug, Deserialize)]
struct Transaction {
    message: Message,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    account_keys: Vec<String>,
    instructions: Vec<Instruction>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instruction {
    program_id_index: usize,
    accounts: Vec<usize>,
    data: String,
    stack_height: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    err: Option<Value>,
    inner_instructions: Option<Vec<Inner>>,
    log_messages: Option<Vec<String>>,
    loaded_addresses: Option<Loaded>,
}

#[derive(Clone, Debug, Deserialize)]
struct Inner {
    index: usize,
    instructions: Vec<Instruction>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Loaded {
    writable: Vec<String>,
    readonly: Vec<String>,
}

impl Found {
    /// The transaction as events are read from it; none where a text in it is not base58.
    pub fn recorded(self) -> Option<RecordedTransaction> {
        let Message { account_keys, instructions } = self.transaction.message;
        let meta = self.meta;
        let (is_failed, inner, logs, loaded) = match meta {
            Some(Meta { err, inner_instructions, log_messages, loaded_addresses }) => {
                (err.is_some(), inner_instructions, log_messages, loaded_addresses)
            }
            None => (false, None, None, None),
        };
        let Loaded { writable, readonly } = loaded.unwrap_or_default();
        let accounts = account_keys.iter().chain(&writable).chain(&readonly).map(|key| key.parse::<Pubkey>().ok());
        let inner = inner.map(|inner| {
            let each = inner.into_iter().map(|Inner { index, instructions }| Some((index, all(instructions)?)));
            each.collect::<Option<Vec<_>>>()
        });
        let inner = match inner {
            Some(inner) => Some(inner?),
            None => None,
        };
        Some(RecordedTransaction {
            accounts: accounts.collect::<Option<_>>()?,
            instructions: all(instructions)?,
            inner,
            logs: logs.unwrap_or_default(),
            is_failed,
        })
    }
}

fn all(instructions: Vec<Instruction>) -> Option<Vec<RecordedInstruction>> {
    let recorded = instructions.into_iter().map(|instruction| {
        let Instruction { program_id_index: program, accounts, data, stack_height } = instruction;
        let data = bs58::decode(data).into_vec().ok()?;
        Some(RecordedInstruction { program, accounts, data, stack_height })
    });
    recorded.collect()
}

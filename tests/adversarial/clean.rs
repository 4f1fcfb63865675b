//! What a refusal may look like.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_tests::*;
use solana_account::Account;

/// Refusals of the runtime and of the token and system programs that have no number of their own.
const NAMED: [&str; 11] = [
    "missing required signature for instruction",
    "Cross-program invocation with unauthorized signer or writable account",
    "invalid account data for instruction",
    "Provided owner is not allowed",
    "incorrect program id for instruction",
    "An account required by the instruction is missing",
    "Unsupported program id",
    "insufficient account keys for instruction",
    "invalid program argument",
    "instruction requires an initialized account",
    "instruction modified data of an account it does not own",
];

/// What is wrong with a refusal: a panic, an exhausted budget, an undefined error, or a call into the hostile program.
pub fn complaint(failure: &Failure, hostile: &Pubkey) -> Option<String> {
    if let Some(called) = called(&failure.logs, hostile) {
        return Some(called);
    }
    let logs = failure.logs.join("\n");
    let crashed = ["panicked", "Access violation", "failed to complete", "exceeded CUs"];
    if crashed.iter().any(|crash| logs.contains(crash) || failure.text.contains(crash)) {
        return Some(format!("crashed: {failure}"));
    }
    let defined = failure.code.is_some() || NAMED.iter().any(|named| failure.text.contains(named));
    (!defined).then(|| format!("failed without a defined error: {failure}"))
}

/// Whether the hostile program was called.
pub fn called(logs: &[String], hostile: &Pubkey) -> Option<String> {
    let invoked = format!("Program {hostile} invoke");
    logs.iter().any(|log| log.starts_with(&invoked)).then(|| "called the hostile program".into())
}

/// Names the first account that differs.
pub fn untouched(before: &BTreeMap<Pubkey, Account>, after: &BTreeMap<Pubkey, Account>) -> Option<String> {
    changed(before, after).first().map(|key| format!("was refused, but changed {key}"))
}

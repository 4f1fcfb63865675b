//! What a refusal may look like.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_tests::*;
use solana_account::Account;

/// Refusals of the runtime and of the token and system programs that have no number of their own.
const NAMED: [&str; 12] = [
    "instruction tries to borrow reference for an account which is already borrowed",
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

/// Errors of Anchor's that the tables meet, by number.
const ANCHORS: [(u32, &str); 15] = [
    (2000, "ConstraintMut"),
    (2001, "ConstraintHasOne"),
    (2002, "ConstraintSigner"),
    (2006, "ConstraintSeeds"),
    (2011, "ConstraintClose"),
    (2012, "ConstraintAddress"),
    (3001, "AccountDiscriminatorNotFound"),
    (3002, "AccountDiscriminatorMismatch"),
    (3003, "AccountDidNotDeserialize"),
    (3005, "AccountNotEnoughKeys"),
    (3006, "AccountNotMutable"),
    (3007, "AccountOwnedByWrongProgram"),
    (3008, "InvalidProgramId"),
    (3010, "AccountNotSigner"),
    (3012, "AccountNotInitialized"),
];

/// Errors of a token program's, by number; the system program's 0 is the only other that a table meets.
const TOKENS: [(u32, &str); 6] = [
    (0, "AlreadyInUse"),
    (1, "token: insufficient funds"),
    (3, "token: mint mismatch"),
    (4, "token: owner mismatch"),
    (17, "token: account frozen"),
    (18, "token: mint decimals mismatch"),
];

/// The name of a refusal: the engine's error, Anchor's, a token program's, or the runtime's words.
pub fn named(failure: &Failure) -> String {
    let Some(code) = failure.code else {
        let runtime = NAMED.iter().find(|named| failure.text.contains(*named));
        return runtime.map_or_else(|| failure.text.clone(), |named| (*named).to_owned());
    };
    let engine = EngineError::ALL.iter().find(|error| **error as u32 == code).map(|error| error.text().0);
    let foreign = ANCHORS.iter().chain(&TOKENS).find(|(number, _)| *number == code).map(|(_, name)| *name);
    engine.or(foreign).map_or_else(|| code.to_string(), str::to_owned)
}

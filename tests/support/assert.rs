//! Assertions about transactions.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_sim::world::{Chain, Sent};
use solana_account::Account;
use solana_instruction::Instruction;

/// The transaction was refused with exactly this code (`EngineError`, Anchor's `ErrorCode` or a number).
///
/// # Panics
/// Where it went through or failed otherwise.
#[track_caller]
pub fn assert_code(sent: Sent, expected: impl Into<u32>) {
    let expected = expected.into();
    match sent {
        Ok(meta) => panic!("expected error {expected}, but it went through:\n{}", meta.logs.join("\n")),
        Err(failure) if failure.code == Some(expected) => {}
        Err(failure) => panic!("expected error {expected}, got {failure}"),
    }
}

/// The transaction is refused with exactly this code and leaves every byte of every account as it was.
///
/// # Panics
/// Where it goes through, fails otherwise or changes anything.
#[track_caller]
pub fn assert_refused(chain: &mut Chain, payer: &Pubkey, instructions: &[Instruction], expected: impl Into<u32>) {
    let before = chain.snapshot();
    assert_code(chain.send(payer, instructions), expected);
    assert_same(&before, &chain.snapshot());
}

/// The transaction goes through.
///
/// # Panics
/// With the program's logs where it does not.
#[track_caller]
pub fn assert_sent(sent: Sent) -> litesvm::types::TransactionMetadata {
    sent.unwrap_or_else(|failure| panic!("{failure}"))
}

/// No account appeared, vanished or changed.
///
/// # Panics
/// Naming the first account that did, and the first byte.
#[track_caller]
pub fn assert_same(before: &BTreeMap<Pubkey, Account>, after: &BTreeMap<Pubkey, Account>) {
    for (key, account) in after {
        let Some(old) = before.get(key) else { panic!("{key} appeared") };
        let byte = old.data.iter().zip(&account.data).position(|(a, b)| a != b);
        assert!(
            old == account,
            "{key} changed: first byte {byte:?}, lamports {} -> {}",
            old.lamports,
            account.lamports
        );
    }
    for key in before.keys() {
        assert!(after.contains_key(key), "{key} vanished");
    }
}

/// Addresses of the accounts that differ between two snapshots.
pub fn changed(before: &BTreeMap<Pubkey, Account>, after: &BTreeMap<Pubkey, Account>) -> Vec<Pubkey> {
    let keys: std::collections::BTreeSet<&Pubkey> = before.keys().chain(after.keys()).collect();
    keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).copied().collect()
}

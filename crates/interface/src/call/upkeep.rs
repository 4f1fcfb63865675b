//! What anyone may send to keep an engine up to date.

use alloc::vec::Vec;

use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

use super::{call, encode, event_metas, instructions, role_meta, role_type, role_words, Outline};
use crate::args::{Refresh, RefreshEntry, RefreshPriceArgs, SwitchSourceArgs};

instructions! {
    Accrue, CrankFunding, SweepInsurance, RefreshPrice, SwitchSource,
}

call! {
    /// Books a bank's interest, sets its borrow rate and refreshes the registry's indices; anyone may.
    ///
    /// # Errors
    /// `EngineMismatch`, `SlotEmpty`.
    accrue, Accrue, events, [23, 76, 128, 149, 229, 247, 72, 228];
    /// Registry of the engine.
    registry: write,
    /// The bank.
    bank: write,
}

call! {
    /// Books funding and sets its rate from the mean premium; anyone may.
    ///
    /// # Errors
    /// `EngineMismatch`, `SlotEmpty`, `NumberOutOfRange`.
    crank_funding, CrankFunding, events, [83, 30, 120, 80, 177, 60, 27, 119];
    /// Registry of the engine.
    registry: write,
    /// Prices of the engine.
    board: read,
    /// The market.
    market: write,
}

call! {
    /// Turns deposits that wait for it into insurance, as far as there is free liquidity; anyone may.
    ///
    /// # Errors
    /// `EngineMismatch`, `SlotEmpty`, `NothingToSweep`.
    sweep_insurance, SweepInsurance, events, [60, 221, 5, 32, 9, 251, 194, 222];
    /// Registry of the engine.
    registry: read,
    /// The bank.
    bank: write,
}

call! {
    /// Switches a price to its standby source or back to the primary, and takes the first price of that source: its legs
    /// count as stale until its averages are ready.
    ///
    /// # Errors
    /// `VersionUnknown`, `EngineMismatch`, `Paused`, `NotAuthority`, `PriceSlotEmpty`, `StandbyMissing`, `SourceInUse`; `SwitchSpent` where
    /// the key has switched twice in a row; those of [`refresh_price`] for the source's account, and `PriceStale` where it
    /// says nothing newer than the board has.
    switch_source, SwitchSource, events, [178, 75, 104, 9, 167, 67, 160, 241];
    /// The engine's authority or its risk authority.
    signer: sign,
    /// The engine.
    engine: read,
    /// Its registry.
    registry: read,
    /// Its prices.
    board: write,
    /// Where its prices come from.
    feeds: write,
    /// The account of the source that is switched to.
    source: read,
    ; args: SwitchSourceArgs
}

/// Accounts of [`refresh_price`], in order; the oracles' follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshPrice {
    /// Registry of the engine.
    ///
    /// Read.
    pub registry: Pubkey,
    /// Prices of the engine.
    ///
    /// Written.
    pub board: Pubkey,
    /// Where the prices of the engine come from.
    ///
    /// Written.
    pub feeds: Pubkey,
}

impl RefreshPrice {
    /// First eight bytes of the instruction's data.
    pub const DISCRIMINATOR: [u8; 8] = [253, 61, 142, 248, 9, 32, 158, 32];

    /// The instruction in outline.
    pub const OUTLINE: Outline = Outline {
        name: "refresh_price",
        discriminator: Self::DISCRIMINATOR,
        accounts: &[("registry", "read"), ("board", "write"), ("feeds", "write")],
        sends_events: false,
        args: &[("entries", "Vec<RefreshEntry>")],
    };
}

/// Takes newer prices from oracle accounts, several feeds at once; anyone may. Each feed's accounts are only read.
///
/// A caller that needs a fresh price does this in a transaction of its own: in the same transaction as a margin check
/// it would make the board, which everything reads, a written account.
///
/// # Errors
/// `EngineMismatch`, `Paused`, `PriceSlotEmpty`, `AccountMismatch`, `OracleOwnerMismatch`, `OracleAddressMismatch`,
/// `OracleTypeMismatch`, `OracleFeedMismatch`, `OracleQueueMismatch`, `OracleTooFewSamples`, `PriceNotVerified`,
/// `PriceNotPositive`, `PriceExponentOutOfRange`, `PriceStale`, `PriceFromFuture`, `PriceNotFirstOfSecond`,
/// `PrimaryMissing`, `PrimaryNotStale`, `OnStandby`.
#[expect(clippy::arithmetic_side_effects, reason = "a slice has at most 2^63 bytes, and a feed of them more than two")]
pub fn refresh_price(accounts: &RefreshPrice, feeds: &[Refresh]) -> Instruction {
    let mut metas: Vec<AccountMeta> = Vec::with_capacity(3 + 2 * feeds.len());
    metas.push(AccountMeta::new_readonly(accounts.registry, false));
    metas.push(AccountMeta::new(accounts.board, false));
    metas.push(AccountMeta::new(accounts.feeds, false));
    let oracles = feeds.iter().flat_map(|feed| [Some(feed.primary), feed.secondary]).flatten();
    metas.extend(oracles.map(|key| AccountMeta::new_readonly(key, false)));
    let mut data = RefreshPrice::DISCRIMINATOR.to_vec();
    let entry = |feed: &Refresh| RefreshEntry { slot: feed.slot, with_secondary: feed.secondary.is_some() };
    encode(&RefreshPriceArgs { entries: feeds.iter().map(entry).collect() }, &mut data);
    Instruction { program_id: crate::ID, accounts: metas, data }
}

//! Switchboard on-demand pull feeds.

use core::mem::{offset_of, size_of};

use plimsoll_interface::EngineError;
use plimsoll_risk::oracle::{Observation, Signed};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::OracleSource;
use switchboard_on_demand::anchor_traits::Discriminator;
use switchboard_on_demand::{CurrentResult, PullFeedAccountData};

use crate::Result;

const DISCRIMINATOR: &[u8] = <PullFeedAccountData as Discriminator>::DISCRIMINATOR;
/// Samples that a feed holds.
const SAMPLES: usize = 32;
const ACCOUNT_LEN: usize = DISCRIMINATOR.len() + size_of::<PullFeedAccountData>();

/// Reads the bytes of an account that the pinned Switchboard program owns.
///
/// Only the fields that decide are read, unaligned: the SDK's `parse` asks for 16-byte alignment that account data
/// does not have, and the whole is 3 KB.
///
/// The date is that of the sample which the result is, the SDK's `result_ts`: the account's last write may be any oracle's,
/// and of a sample that does not count. It is when the sample landed; slots say when it was signed (PRICE-3).
///
/// # Errors
/// `OracleTypeMismatch` for another type, too few bytes or a result of no sample; `OracleQueueMismatch`; `OracleFeedMismatch` where the jobs
/// are not the pinned ones (the feed's authority may change them); `PriceNotVerified` where that authority may write
/// values itself; `OracleTooFewSamples`, `PriceNotPositive`, `PriceExponentOutOfRange`.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets within an account of a few kilobytes, the sample one of its 32"
)]
pub fn decode(data: &[u8], source: &OracleSource, params: &GlobalParams, slot: u64) -> Result<Observation> {
    let body = data
        .get(..ACCOUNT_LEN)
        .and_then(|account| account.strip_prefix(DISCRIMINATOR))
        .ok_or(EngineError::OracleTypeMismatch)?;
    let queue: [u8; 32] = field(body, offset_of!(PullFeedAccountData, queue))?;
    ensure!(queue == source.queue, EngineError::OracleQueueMismatch);
    let feed_hash: [u8; 32] = field(body, offset_of!(PullFeedAccountData, feed_hash))?;
    ensure!(feed_hash == source.feed_id, EngineError::OracleFeedMismatch);
    let written_by_authority: u8 = field(body, offset_of!(PullFeedAccountData, permit_write_by_authority))?;
    ensure!(written_by_authority == 0, EngineError::PriceNotVerified);
    let least: u8 = field(body, offset_of!(PullFeedAccountData, min_sample_size))?;
    let result: CurrentResult = field(body, offset_of!(PullFeedAccountData, result))?;
    ensure!(result.num_samples >= least.max(source.min_samples), EngineError::OracleTooFewSamples);
    let sample = result.submission_idx as usize;
    ensure!(sample < SAMPLES, EngineError::OracleTypeMismatch);
    let dates = offset_of!(PullFeedAccountData, submission_timestamps);
    let published_at = UnixSecs::new(field(body, dates + sample * size_of::<i64>())?);
    let signed = Signed {
        result_slot: result.slot,
        oldest_slot: result.min_slot,
        max_staleness_slots: field(body, offset_of!(PullFeedAccountData, max_staleness))?,
    };
    Observation::from_switchboard(result.value, result.std_dev, published_at, signed.is_overdue(slot, params))
        .map_err(Into::into)
}

/// A field at an offset of the body, whatever its alignment.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "offsets within an account of a few kilobytes")]
fn field<T: bytemuck::AnyBitPattern>(body: &[u8], offset: usize) -> Result<T> {
    let bytes = body.get(offset..offset + size_of::<T>()).ok_or(EngineError::OracleTypeMismatch)?;
    Ok(bytemuck::pod_read_unaligned(bytes))
}

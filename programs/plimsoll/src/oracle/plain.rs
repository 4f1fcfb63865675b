//! A plain record: what it is, which feed, a price and its width in units of 1e-8 dollars, and a date.

use plimsoll_risk::oracle::Observation;
use plimsoll_state::{Address, OracleSource};

use crate::error::{EngineError, Result};

/// First bytes of a record.
const TAG: &[u8; 8] = b"plainprc";
/// Price and width count units of `10^EXPONENT` dollars.
const EXPONENT: i32 = -8;

/// Reads the bytes of an account that the pinned program owns (PRICE-1).
///
/// # Errors
/// `OracleTypeMismatch` for another type or length, `OracleFeedMismatch`, `PriceNotPositive`.
#[inline(never)]
pub fn decode(data: &[u8], source: &OracleSource) -> Result<Observation> {
    let mismatch = EngineError::OracleTypeMismatch;
    let body = data.strip_prefix(TAG).ok_or(mismatch)?;
    let (feed_id, numbers): (&Address, _) = body.split_first_chunk().ok_or(mismatch)?;
    let ([price, conf, published_at], []) = numbers.as_chunks::<8>() else { return Err(mismatch.into()) };
    let (price, conf, published_at) =
        (i64::from_le_bytes(*price), u64::from_le_bytes(*conf), i64::from_le_bytes(*published_at));
    ensure!(*feed_id == source.feed_id, EngineError::OracleFeedMismatch);
    Ok(Observation::from_pyth(price, conf, EXPONENT, published_at, None)?)
}

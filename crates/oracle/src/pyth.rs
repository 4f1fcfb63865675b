//! Pyth `PriceUpdateV2`, of a push feed at a pinned address or posted by the caller.

use anchor_lang::AccountDeserialize;
use plimsoll_interface::EngineError;
use plimsoll_risk::oracle::Observation;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{OracleKind, OracleSource};
use pyth_solana_receiver_sdk::price_update::{PriceUpdateV2, VerificationLevel};

use crate::Result;

/// Reads the bytes of an account that the pinned receiver owns.
///
/// Offsets after the verification level depend on it, so the SDK deserialises. Nothing but `Full` is accepted: with
/// partial verification a few guardians make a price (PRICE-1).
///
/// # Errors
/// `OracleTypeMismatch` for another type or too few bytes, `PriceNotVerified`, `OracleFeedMismatch`,
/// `PriceNotPositive`, `PriceExponentOutOfRange`.
#[inline(never)]
pub fn decode(mut data: &[u8], source: &OracleSource) -> Result<Observation> {
    let account = PriceUpdateV2::try_deserialize(&mut data).map_err(|_| EngineError::OracleTypeMismatch)?;
    ensure!(account.verification_level == VerificationLevel::Full, EngineError::PriceNotVerified);
    let message = &account.price_message;
    ensure!(message.feed_id == source.feed_id, EngineError::OracleFeedMismatch);
    // Who may choose among accounts may choose among the updates of one second.
    let chosen = source.kind == OracleKind::PythPosted as u8;
    let previous_at = chosen.then_some(UnixSecs::new(message.prev_publish_time));
    let published_at = UnixSecs::new(message.publish_time);
    Observation::from_pyth(message.price, message.conf, message.exponent, published_at, previous_at).map_err(Into::into)
}

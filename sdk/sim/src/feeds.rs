//! Oracle accounts byte by byte, as Pyth's receiver and Switchboard on-demand write them.
//!
//! Written from the published layouts and not with the vendors' crates, so that the program's readers and these bytes
//! check each other.

/// Size of a Pyth price update account.
const PYTH_LEN: usize = 134;
/// Size of a Switchboard pull feed account.
const SWITCHBOARD_LEN: usize = 3_208;

/// How far a Pyth update has been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// A quorum of guardian signatures.
    Full,
    /// So many signatures; the engine refuses it.
    Partial(u8),
}

/// What a Pyth `PriceUpdateV2` account says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PythUpdate {
    /// Feed id.
    pub feed_id: [u8; 32],
    /// Price in units of `10^exponent` dollars.
    pub price: i64,
    /// Confidence in the same unit.
    pub conf: u64,
    /// Decimal exponent.
    pub exponent: i32,
    /// Publish time, Unix seconds.
    pub published_at: i64,
    /// Publish time of the update before, Unix seconds.
    pub previous_at: i64,
    /// How far it has been verified.
    pub verification: Verification,
}

/// The data of a Pyth price update account; its owner is the receiver.
pub fn pyth_account_bytes(update: &PythUpdate) -> Vec<u8> {
    let mut bytes = vec![0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
    // Write authority.
    bytes.extend_from_slice(&[0; 32]);
    // One byte for full verification, two for partial: everything after it moves.
    match update.verification {
        Verification::Full => bytes.push(1),
        Verification::Partial(signatures) => bytes.extend_from_slice(&[0, signatures]),
    }
    bytes.extend_from_slice(&update.feed_id);
    bytes.extend_from_slice(&update.price.to_le_bytes());
    bytes.extend_from_slice(&update.conf.to_le_bytes());
    bytes.extend_from_slice(&update.exponent.to_le_bytes());
    bytes.extend_from_slice(&update.published_at.to_le_bytes());
    bytes.extend_from_slice(&update.previous_at.to_le_bytes());
    // Pyth's own average and its confidence, which the engine does not read.
    bytes.extend_from_slice(&update.price.to_le_bytes());
    bytes.extend_from_slice(&update.conf.to_le_bytes());
    // Posted slot.
    bytes.extend_from_slice(&1u64.to_le_bytes());
    bytes.resize(PYTH_LEN, 0);
    bytes
}

/// What a Switchboard pull feed account says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchboardFeed {
    /// Queue whose oracles sign.
    pub queue: [u8; 32],
    /// Hash of the feed's jobs.
    pub feed_hash: [u8; 32],
    /// Median, units of 10^-18 dollars.
    pub value: i128,
    /// Standard deviation in the same unit.
    pub std_dev: i128,
    /// Samples of the result.
    pub samples: u8,
    /// Fewest samples that the feed itself asks for.
    pub min_samples: u8,
    /// When the sample that the result is landed, Unix seconds.
    pub published_at: i64,
    /// When anything was last written to the account, Unix seconds.
    pub written_at: i64,
    /// Slot at which the result was signed.
    pub slot: u64,
    /// Slot of the oldest sample that counts.
    pub oldest_slot: u64,
    /// How long the feed lets a sample count, slots.
    pub max_staleness_slots: u32,
}

impl SwitchboardFeed {
    /// Three samples that were signed, landed and written at once, of nothing by nobody.
    pub const fn signed(published_at: i64, slot: u64) -> Self {
        Self {
            queue: [0; 32],
            feed_hash: [0; 32],
            value: 0,
            std_dev: 0,
            samples: 3,
            min_samples: 1,
            published_at,
            written_at: published_at,
            slot,
            oldest_slot: slot,
            max_staleness_slots: 60,
        }
    }
}

/// The data of a Switchboard pull feed account; its owner is Switchboard on-demand.
pub fn switchboard_account_bytes(feed: &SwitchboardFeed) -> Vec<u8> {
    let mut bytes = vec![0; SWITCHBOARD_LEN];
    bytes[..8].copy_from_slice(&[0xc4, 0x1b, 0x6c, 0xc4, 0x0a, 0xd7, 0xdb, 0x28]);
    // Offsets are those of the body, which starts after the discriminator.
    let mut put = |offset: usize, field: &[u8]| bytes[8 + offset..8 + offset + field.len()].copy_from_slice(field);
    put(2_080, &feed.queue);
    put(2_112, &feed.feed_hash);
    put(2_207, &[feed.min_samples]);
    put(2_208, &feed.written_at.to_le_bytes());
    put(2_256, &feed.value.to_le_bytes());
    put(2_272, &feed.std_dev.to_le_bytes());
    // Mean, range, least and greatest of the samples: all of them agree on the value.
    put(2_288, &feed.value.to_le_bytes());
    put(2_320, &feed.value.to_le_bytes());
    put(2_336, &feed.value.to_le_bytes());
    // The result is the median, the one in the middle; the first sample is the oldest.
    let median = feed.samples / 2;
    put(2_352, &[feed.samples, median]);
    put(2_360, &feed.slot.to_le_bytes());
    put(2_368, &feed.oldest_slot.to_le_bytes());
    put(2_376, &feed.slot.to_le_bytes());
    put(2_384, &feed.max_staleness_slots.to_le_bytes());
    for sample in 0..usize::from(feed.samples).min(32) {
        let slot = if sample == 0 { feed.oldest_slot } else { feed.slot };
        put(64 * sample + 32, &slot.to_le_bytes());
        put(64 * sample + 40, &feed.slot.to_le_bytes());
        put(64 * sample + 48, &feed.value.to_le_bytes());
        put(2_944 + 8 * sample, &feed.published_at.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_oracle::{pyth, switchboard};
    use plimsoll_risk::oracle::Observation;
    use plimsoll_risk::params::GlobalParams;
    use plimsoll_risk::units::UnixSecs;
    use plimsoll_sdk::EngineError;
    use plimsoll_state::{OracleKind, OracleSource};

    const NOW: i64 = 1_760_130_000;
    const SLOT: u64 = 400_000_000;

    #[test]
    fn the_program_reads_from_fabricated_accounts_what_was_written() {
        let mut source = OracleSource { feed_id: [3; 32], kind: OracleKind::PythPosted as u8, ..Zeroable::zeroed() };
        let mut update = PythUpdate {
            feed_id: [3; 32],
            price: 19_706_000_000,
            conf: 19_706_000,
            exponent: -8,
            published_at: NOW,
            previous_at: NOW - 1,
            verification: Verification::Full,
        };
        let read = pyth::decode(&pyth_account_bytes(&update), &source).unwrap();
        assert_eq!(
            read,
            Observation::from_pyth(19_706_000_000, 19_706_000, -8, UnixSecs::new(NOW), Some(UnixSecs::new(NOW - 1)))
                .unwrap()
        );
        update.verification = Verification::Partial(13);
        let refused = pyth::decode(&pyth_account_bytes(&update), &source).unwrap_err();
        assert_eq!(refused, EngineError::PriceNotVerified);

        (source.queue, source.min_samples) = ([5; 32], 3);
        let feed = SwitchboardFeed {
            queue: [5; 32],
            feed_hash: [3; 32],
            value: 197_060_000_000_000_000_000,
            std_dev: 197_060_000_000_000_000,
            min_samples: 2,
            written_at: NOW + 3_600,
            ..SwitchboardFeed::signed(NOW, SLOT)
        };
        let decode = |bytes: &[u8]| switchboard::decode(bytes, &source, &GlobalParams::DEFAULT, SLOT);
        let second = decode(&switchboard_account_bytes(&feed)).unwrap();
        assert_eq!(second, Observation { previous_at: None, ..read });
        let few = switchboard_account_bytes(&SwitchboardFeed { samples: 2, ..feed });
        assert_eq!(decode(&few).unwrap_err(), EngineError::OracleTooFewSamples);
    }
}

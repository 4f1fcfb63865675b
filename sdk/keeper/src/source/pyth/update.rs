//! The binary part of a Hermes answer: a signed root of a Merkle tree (a VAA), and messages with their proofs.

use byteorder::BE;
use pyth_solana_receiver_sdk::price_update::PriceFeedMessage;
use pythnet_sdk::accumulators::merkle::MerkleRoot;
use pythnet_sdk::hashers::keccak256_160::Keccak160;
use pythnet_sdk::messages::Message;
use pythnet_sdk::wire::from_slice;
use pythnet_sdk::wire::v1::{AccumulatorUpdateData, MerklePriceUpdate, Proof, WormholeMessage, WormholePayload};

/// Version, guardian set, number of signatures.
const HEADER_LEN: usize = 6;
/// Guardian's number, signature, recovery id.
const SIGNATURE_LEN: usize = 66;
/// Timestamp, nonce, emitter's chain and address, sequence, consistency level.
const BODY_LEN: usize = 51;

/// Why an update is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// Not an accumulator update of version 1.
    #[error("the update is not an accumulator update: {0}")]
    NotAnUpdate(String),
    /// Its VAA is cut short.
    #[error("the VAA has {found} bytes, at least {least} belong to it")]
    Short {
        /// Bytes that are there.
        found: usize,
        /// Bytes that its header asks for.
        least: usize,
    },
    /// A VAA of an unknown version.
    #[error("the VAA is of version {0}, not 1")]
    Version(u8),
    /// The VAA signs something else than the root of a tree of prices.
    #[error("the VAA holds no Merkle root of prices")]
    NoRoot,
    /// A message that cannot be read.
    #[error("message {0} of the update cannot be read")]
    Message(usize),
    /// A message that is not in the tree whose root was signed.
    #[error("the proof of feed {0} does not lead to the signed root")]
    Proof(String),
}

/// A price and the proof that it is in the signed tree.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The price.
    pub message: PriceFeedMessage,
    /// As the receiver takes it.
    pub update: MerklePriceUpdate,
}

impl Proven {
    /// Whether it is the first update of its second: only such are taken from an account that the caller chose.
    pub const fn is_first_of_second(&self) -> bool {
        self.message.prev_publish_time < self.message.publish_time
    }
}

/// Prices under one signed root. The signatures are the bridge's to verify, on chain.
#[derive(Clone, Debug)]
pub struct SignedPrices {
    /// The VAA.
    pub vaa: Vec<u8>,
    /// The guardian set that signed it.
    pub guardian_set: u32,
    /// How many of the set signed.
    pub signatures: u8,
    /// The prices, each proven.
    pub prices: Vec<Proven>,
    /// Messages that cannot be read or are not proven: `Message`, `Proof`. They cost no other.
    pub refused: Vec<UpdateError>,
}

impl SignedPrices {
    /// Reads an update and checks everything but the signatures. Messages that are not prices are left out.
    ///
    /// # Errors
    /// `NotAnUpdate`, `Short`, `Version`, `NoRoot`.
    pub fn parse(bytes: &[u8]) -> Result<Self, UpdateError> {
        let data = AccumulatorUpdateData::try_from_slice(bytes)
            .map_err(|error| UpdateError::NotAnUpdate(error.to_string()))?;
        let Proof::WormholeMerkle { vaa, updates } = data.proof;
        let vaa: Vec<u8> = vaa.into();
        let (guardian_set, signatures, payload) = header(&vaa)?;
        let signed = WormholeMessage::try_from_bytes(payload).map_err(|_| UpdateError::NoRoot)?;
        let WormholePayload::Merkle(signed) = signed.payload;
        let root = MerkleRoot::<Keccak160>::new(signed.root);
        let (mut prices, mut refused) = (Vec::with_capacity(updates.len()), Vec::new());
        for (place, update) in updates.into_iter().enumerate() {
            match from_slice::<BE, Message>(update.message.as_ref()) {
                Err(_) => refused.push(UpdateError::Message(place)),
                Ok(read) if !root.check(update.proof.clone(), update.message.as_ref()) => {
                    refused.push(UpdateError::Proof(hex::encode(read.feed_id())));
                }
                Ok(Message::PriceFeedMessage(message)) => prices.push(Proven { message, update }),
                Ok(_) => {}
            }
        }
        Ok(Self { vaa, guardian_set, signatures, prices, refused })
    }
}

/// Guardian set, number of signatures, and what is signed for.
fn header(vaa: &[u8]) -> Result<(u32, u8, &[u8]), UpdateError> {
    let short = |least: usize| UpdateError::Short { found: vaa.len(), least };
    let [version, a, b, c, d, signatures, rest @ ..] = vaa else { return Err(short(HEADER_LEN)) };
    if *version != 1 {
        return Err(UpdateError::Version(*version));
    }
    let before = *signatures as usize * SIGNATURE_LEN + BODY_LEN;
    let payload = rest.get(before..).ok_or_else(|| short(HEADER_LEN + before))?;
    Ok((u32::from_be_bytes([*a, *b, *c, *d]), *signatures, payload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::hermes;

    const WORMHOLE: &str = include_str!("../../../fixtures/hermes-latest.json");
    const ROUTERS: &str = include_str!("../../../fixtures/hermes-three-of-five.json");

    fn update(answer: &str) -> Vec<u8> {
        hermes::parse(answer).unwrap().updates.remove(0)
    }

    #[test]
    fn genuine_updates_hold_what_hermes_says_of_them_and_proofs_that_lead_to_the_root() {
        for (answer, guardian_set, signatures) in [(WORMHOLE, 4, 13), (ROUTERS, 0, 3)] {
            let quotes = hermes::parse(answer).unwrap().quotes;
            let signed = SignedPrices::parse(&update(answer)).unwrap();
            assert_eq!((signed.guardian_set, signed.signatures), (guardian_set, signatures));
            assert_eq!(signed.prices.len(), quotes.len());
            for (proven, quote) in signed.prices.iter().zip(&quotes) {
                let message = &proven.message;
                assert_eq!((message.feed_id, i128::from(message.price)), (quote.feed, quote.price));
                assert_eq!((u128::from(message.conf), message.exponent), (quote.sigma, quote.exponent));
                assert_eq!(Some(message.publish_time), quote.published_at);
            }
        }
    }

    #[test]
    fn the_first_update_of_a_second_is_told_from_a_later_one() {
        assert!(SignedPrices::parse(&update(ROUTERS)).unwrap().prices[0].is_first_of_second());
        assert!(!SignedPrices::parse(&update(WORMHOLE)).unwrap().prices[0].is_first_of_second());
    }

    #[test]
    fn a_price_that_was_changed_is_not_under_the_root() {
        let mut changed = update(ROUTERS);
        let price = SignedPrices::parse(&changed).unwrap().prices[1].message.price.to_be_bytes();
        let place = changed.windows(8).position(|bytes| bytes == price).unwrap();
        changed[place + 7] ^= 1;
        let signed = SignedPrices::parse(&changed).unwrap();
        let [error] = &signed.refused[..] else { panic!("one is refused: {:?}", signed.refused) };
        assert!(matches!(error, UpdateError::Proof(feed) if feed.starts_with("ff61491a")), "{error}");
        assert_eq!(signed.prices.len(), 1, "the other one is proven all the same");
    }

    #[test]
    fn what_is_no_update_is_refused_by_what_it_is_not() {
        let good = update(ROUTERS);
        assert!(matches!(SignedPrices::parse(&good[..100]), Err(UpdateError::NotAnUpdate(_))));
        assert!(matches!(SignedPrices::parse(b"PNAUx"), Err(UpdateError::NotAnUpdate(_))));
        let spoilt = |place: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[place] = value;
            SignedPrices::parse(&bytes).unwrap_err()
        };
        // Magic, version, trailing bytes, kind of proof, length of the VAA: the VAA begins at the tenth byte.
        assert_eq!(spoilt(10, 2), UpdateError::Version(2));
        assert_eq!(spoilt(15, 200), UpdateError::Short { found: 292, least: 6 + 200 * 66 + 51 });
        assert_eq!(spoilt(15, 2), UpdateError::NoRoot);
    }
}

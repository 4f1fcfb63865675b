//! The mock oracle, a program that test clusters have their prices from, by its raw instructions: it is written with Anchor,
//! which no client needs.

use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

/// The mock oracle's address.
pub const MOCK_ORACLE: Pubkey = Pubkey::from_str_const("8GKKv34SXy7CMTu5n45n2mGEVhBJFvAwNLy4yyjjiJdn");
/// First eight bytes of `sha256("global:create_pyth")`.
const CREATE_PYTH: [u8; 8] = [81, 160, 16, 32, 181, 248, 102, 174];
/// First eight bytes of `sha256("global:post_pyth")`.
const POST_PYTH: [u8; 8] = [96, 57, 39, 56, 107, 152, 9, 198];
/// First eight bytes of `sha256("global:post_switchboard")`.
const POST_SWITCHBOARD: [u8; 8] = [48, 250, 154, 92, 178, 33, 127, 124];
/// Where a Pyth account says that its update is fully verified, which a mock's always is, and its value for that.
const VERIFICATION: (usize, u8) = (40, 1);
/// Where such an account has its price, and its exponent.
const PRICE_OFFSET: usize = 73;
const EXPONENT_OFFSET: usize = 89;
/// Exponent of a price in units of 1e-8 dollars.
const E8_EXPONENT: i32 = -8;
/// One sigma of the prices of [`PythPost::of_now`]: 0.02 %, a calm market's.
const SIGMA_PPM: u128 = 200;

/// A price that is posted as Pyth's. The update before it is what the account says, Pyth's own average the price itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PythPost {
    /// Price, units of `10^exponent` dollars.
    pub price: i64,
    /// Confidence in the same unit.
    pub conf: u64,
    /// Decimal exponent.
    pub exponent: i32,
    /// When it was published, Unix seconds; none for the chain's present time.
    pub published_at: Option<i64>,
}

impl PythPost {
    /// A price of the chain's present time, in units of 1e-8 dollars as Pyth has most.
    pub fn of_now(price_e8: i64) -> Self {
        // At most the price itself.
        let conf = (price_e8.unsigned_abs() as u128 * SIGMA_PPM / 1_000_000) as u64;
        Self { price: price_e8, conf, exponent: E8_EXPONENT, published_at: None }
    }
}

/// A result that is posted as Switchboard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchboardPost {
    /// Value, units of 1e-18 dollars.
    pub value: i128,
    /// One sigma in the same unit.
    pub std_dev: i128,
    /// Samples that it is of.
    pub samples: u8,
    /// When they were signed, Unix seconds; none for the chain's present time.
    pub signed_at: Option<i64>,
}

/// Address of the Pyth account that this creator makes for a feed.
pub fn pyth_feed(creator: &Pubkey, feed_id: &[u8; 32]) -> Pubkey {
    Pubkey::find_program_address(&[b"pyth", creator.as_ref(), feed_id], &MOCK_ORACLE).0
}

/// Creates a Pyth account to which its creator posts; signed and paid by him.
pub fn create_pyth(creator: Pubkey, feed_id: &[u8; 32]) -> Instruction {
    let accounts = vec![
        AccountMeta::new(creator, true),
        AccountMeta::new(pyth_feed(&creator, feed_id), false),
        AccountMeta::new_readonly(solana_sdk_ids::system_program::ID, false),
    ];
    let data = [&CREATE_PYTH[..], feed_id, creator.as_ref()].concat();
    Instruction { program_id: MOCK_ORACLE, accounts, data }
}

/// Posts a price; signed by the feed's poster.
pub fn post_pyth(poster: Pubkey, feed: Pubkey, post: &PythPost) -> Instruction {
    let mut data = POST_PYTH.to_vec();
    data.extend_from_slice(&post.price.to_le_bytes());
    data.extend_from_slice(&post.conf.to_le_bytes());
    data.extend_from_slice(&post.exponent.to_le_bytes());
    push_option(&mut data, post.published_at);
    push_option(&mut data, None);
    data.extend_from_slice(&post.price.to_le_bytes());
    data.extend_from_slice(&post.conf.to_le_bytes());
    posting(poster, feed, data)
}

/// The price that a Pyth account of the mock oracle holds, units of 1e-8 dollars; none where nothing was posted yet, or in
/// another unit.
pub fn posted_e8(data: &[u8]) -> Option<i64> {
    let at = |offset: usize| data.get(offset..);
    let price = i64::from_le_bytes(*at(PRICE_OFFSET)?.first_chunk()?);
    let exponent = i32::from_le_bytes(*at(EXPONENT_OFFSET)?.first_chunk()?);
    let verified = data.get(VERIFICATION.0) == Some(&VERIFICATION.1);
    (verified && exponent == E8_EXPONENT && price > 0).then_some(price)
}

/// Posts a result; signed by the feed's poster.
pub fn post_switchboard(poster: Pubkey, feed: Pubkey, post: &SwitchboardPost) -> Instruction {
    let mut data = POST_SWITCHBOARD.to_vec();
    data.extend_from_slice(&post.value.to_le_bytes());
    data.extend_from_slice(&post.std_dev.to_le_bytes());
    data.push(post.samples);
    push_option(&mut data, post.signed_at);
    posting(poster, feed, data)
}

fn posting(poster: Pubkey, feed: Pubkey, data: Vec<u8>) -> Instruction {
    let accounts = vec![AccountMeta::new_readonly(poster, true), AccountMeta::new(feed, false)];
    Instruction { program_id: MOCK_ORACLE, accounts, data }
}

fn push_option(data: &mut Vec<u8>, value: Option<i64>) {
    match value {
        None => data.push(0),
        Some(value) => {
            data.push(1);
            data.extend_from_slice(&value.to_le_bytes());
        }
    }
}

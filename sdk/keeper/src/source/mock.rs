//! Posting to the mock oracle, a program for test clusters, by its raw instructions.

use async_trait::async_trait;
use plimsoll_rpc::Connection;
use plimsoll_state::{OracleKind, OracleSource};
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

use super::posting::{pack, Part, Posting, Step};
use super::{Due, Made, PostError, PricePoster, Quote, Report};

/// The mock oracle's address.
pub const MOCK_ORACLE: Pubkey = Pubkey::from_str_const("8GKKv34SXy7CMTu5n45n2mGEVhBJFvAwNLy4yyjjiJdn");
/// First eight bytes of `sha256("global:post_pyth")`.
const POST_PYTH: [u8; 8] = [96, 57, 39, 56, 107, 152, 9, 198];
/// First eight bytes of `sha256("global:post_switchboard")`.
const POST_SWITCHBOARD: [u8; 8] = [48, 250, 154, 92, 178, 33, 127, 124];
/// Name in logs and metrics.
const NAME: &str = "mock";
/// Posts that go into one transaction.
const POSTS_PER_TRANSACTION: usize = 8;
/// Decimal exponent of Switchboard's values.
const SWITCHBOARD_EXPONENT: i32 = -18;

/// Posts to the mock oracle's feeds. Their creator must have named the keeper's key as poster.
pub struct MockPoster {
    /// The keeper's key.
    pub key: Pubkey,
}

impl MockPoster {
    /// The instruction that posts a quote to a source's account; none where the quote does not fit it.
    pub fn post(&self, source: &OracleSource, quote: &Quote) -> Option<Instruction> {
        let data = match OracleKind::try_from(source.kind) {
            Ok(OracleKind::PythPinned | OracleKind::PythPosted) => pyth(quote)?,
            Ok(OracleKind::SwitchboardPull) => switchboard(source, quote)?,
            _ => return None,
        };
        let feed = Pubkey::new_from_array(source.address);
        let accounts = vec![AccountMeta::new_readonly(self.key, true), AccountMeta::new(feed, false)];
        Some(Instruction { program_id: MOCK_ORACLE, accounts, data })
    }
}

#[async_trait]
impl PricePoster for MockPoster {
    fn name(&self) -> &'static str {
        NAME
    }

    fn can_post(&self, source: &OracleSource) -> bool {
        source.program == MOCK_ORACLE.to_bytes() && source.address != [0; 32]
    }

    async fn postings(&self, _: &Connection, due: &[Due], _: &Report) -> Result<Made, PostError> {
        let part = |due: &Due| {
            let feed = Some(due.source.feed_id);
            Some(Part { feed, ..Part::of(self.post(&due.source, &due.quote)?) })
        };
        let parts: Vec<Part> = due.iter().filter_map(part).collect();
        let steps = parts.chunks(POSTS_PER_TRANSACTION).map(|some| pack(&self.key, some.to_vec()));
        let stage: Vec<Step> = steps.collect::<Result<Vec<_>, _>>()?.concat();
        let posting = (!stage.is_empty()).then_some(Posting { oracle: NAME, stages: vec![stage] });
        Ok(posting.into_iter().collect::<Vec<_>>().into())
    }
}

/// Price, confidence, exponent, publish time, the one before (the account's own), and an average with its confidence.
fn pyth(quote: &Quote) -> Option<Vec<u8>> {
    let (price, conf) = (i64::try_from(quote.price).ok()?, u64::try_from(quote.sigma).ok()?);
    let mut data = POST_PYTH.to_vec();
    data.extend_from_slice(&price.to_le_bytes());
    data.extend_from_slice(&conf.to_le_bytes());
    data.extend_from_slice(&quote.exponent.to_le_bytes());
    push_option(&mut data, quote.published_at);
    push_option(&mut data, None);
    data.extend_from_slice(&price.to_le_bytes());
    data.extend_from_slice(&conf.to_le_bytes());
    Some(data)
}

/// Value, deviation, samples, when they were signed.
fn switchboard(source: &OracleSource, quote: &Quote) -> Option<Vec<u8>> {
    let shift = u32::try_from(quote.exponent.checked_sub(SWITCHBOARD_EXPONENT)?).ok()?;
    let power = 10i128.checked_pow(shift)?;
    let (value, sigma) = (quote.price.checked_mul(power)?, i128::try_from(quote.sigma).ok()?.checked_mul(power)?);
    let mut data = POST_SWITCHBOARD.to_vec();
    data.extend_from_slice(&value.to_le_bytes());
    data.extend_from_slice(&sigma.to_le_bytes());
    // A simulation reads each job once; the test feed is thought to have been read by as many oracles as it asks for.
    data.push(quote.samples.max(source.min_samples));
    push_option(&mut data, quote.published_at);
    Some(data)
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

//! Posting to the mock oracle, a program for test clusters, by its raw instructions.

use async_trait::async_trait;
use plimsoll_rpc::mock::{post_pyth, post_switchboard, PythPost, SwitchboardPost};
use plimsoll_rpc::Connection;
use plimsoll_state::{OracleKind, OracleSource};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::posting::{pack, Part, Posting, Step};
use super::{Due, Made, PostError, PricePoster, Quote, Report};

pub use plimsoll_rpc::mock::MOCK_ORACLE;

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
        let feed = Pubkey::new_from_array(source.address);
        match OracleKind::try_from(source.kind) {
            Ok(OracleKind::PythPinned | OracleKind::PythPosted) => Some(post_pyth(self.key, feed, &pyth(quote)?)),
            Ok(OracleKind::SwitchboardPull) => Some(post_switchboard(self.key, feed, &switchboard(source, quote)?)),
            _ => None,
        }
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

fn pyth(quote: &Quote) -> Option<PythPost> {
    Some(PythPost {
        price: i64::try_from(quote.price).ok()?,
        conf: u64::try_from(quote.sigma).ok()?,
        exponent: quote.exponent,
        published_at: quote.published_at,
    })
}

fn switchboard(source: &OracleSource, quote: &Quote) -> Option<SwitchboardPost> {
    let shift = u32::try_from(quote.exponent.checked_sub(SWITCHBOARD_EXPONENT)?).ok()?;
    let power = 10i128.checked_pow(shift)?;
    Some(SwitchboardPost {
        value: quote.price.checked_mul(power)?,
        std_dev: i128::try_from(quote.sigma).ok()?.checked_mul(power)?,
        // A simulation reads each job once; the test feed is thought to have been read by as many oracles as it asks for.
        samples: quote.samples.max(source.min_samples),
        signed_at: quote.published_at,
    })
}

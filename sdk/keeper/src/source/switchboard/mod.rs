//! Posting to Switchboard's pull feeds: Crossbar gets the oracles' signatures, the keeper submits them with the
//! instructions that it makes itself ([`submission`]).

pub mod submission;

use core::mem::{offset_of, size_of};

use async_trait::async_trait;
use plimsoll_rpc::{Connection, Reading};
use plimsoll_state::{OracleKind, OracleSource};
use solana_pubkey::Pubkey;
use switchboard_on_demand::PullFeedAccountData;

use super::posting::{pack, Part, Posting, Step};
use super::{Due, Made, PostError, PricePoster, Report, SourceError};
use submission::{Destination, Submission};

/// Name in logs and metrics.
const NAME: &str = "switchboard";
/// Switchboard's programs, and what Crossbar calls their networks.
const NETWORKS: [(Pubkey, &str); 2] = [
    (Pubkey::from_str_const("SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv"), "mainnet"),
    (Pubkey::from_str_const("Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2"), "devnet"),
];
const DISCRIMINATOR_LEN: usize = 8;

/// Posts what the oracles of Switchboard sign.
pub struct SwitchboardPoster {
    url: String,
    http: reqwest::Client,
    key: Pubkey,
}

impl SwitchboardPoster {
    /// With a Crossbar at this address and the keeper's key.
    pub fn new(url: &str, http: reqwest::Client, key: Pubkey) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), http, key }
    }

    /// The transaction that submits one feed's value.
    async fn step(&self, due: &Due, feed_samples: u8, slot: u64) -> Result<Step, PostError> {
        let source = &due.source;
        let network = network(source).unwrap_or_default();
        let to = Destination {
            program: Pubkey::new_from_array(source.program),
            queue: Pubkey::new_from_array(source.queue),
            feed: Pubkey::new_from_array(source.address),
            payer: self.key,
            wanted: usize::from(source.min_samples.max(feed_samples).max(1)),
        };
        let url = format!("{}/updates/solana/{network}/{}", self.url, to.feed);
        let asked = self.http.get(format!("{url}?payer={}&numSignatures={}", to.payer, to.wanted)).send().await;
        let answered = asked.and_then(reqwest::Response::error_for_status).map_err(SourceError::from)?;
        let body = answered.text().await.map_err(SourceError::from)?;
        let submission = Submission::parse(&body, &to)?;
        submission.require_young(slot)?;
        let [verify, submit] = submission.instructions(&to, 0);
        let parts = vec![Part::of(verify), Part { feed: Some(source.feed_id), ..Part::of(submit) }];
        match &pack(&self.key, parts)?[..] {
            [step] => Ok(step.clone()),
            // The two belong together, so that they must fit one transaction.
            steps => {
                let all: Vec<_> = steps.iter().flat_map(Step::instructions).collect();
                Err(PostError::TooLarge { program: to.program, bytes: super::posting::size(&self.key, &all) })
            }
        }
    }
}

fn network(source: &OracleSource) -> Option<&'static str> {
    let known = NETWORKS.iter().find(|(program, _)| program.as_ref() == source.program);
    known.map(|(_, network)| *network)
}

/// The chain's slot, and the fewest samples that feeds ask for themselves; none where the account is not a feed.
async fn samples(connection: &Connection, due: &[Due]) -> Result<(u64, Vec<u8>), PostError> {
    let feeds: Vec<Pubkey> = due.iter().map(|due| Pubkey::new_from_array(due.source.address)).collect();
    let (slot, readings) = connection.readings(&feeds).await?;
    let of = |reading: Reading| {
        let data =
            reading.account().map(|account| account.data).filter(|data| data.len() >= size_of::<PullFeedAccountData>());
        data.and_then(|data| data.get(DISCRIMINATOR_LEN + offset_of!(PullFeedAccountData, min_sample_size)).copied())
    };
    Ok((slot, readings.into_iter().map(|reading| of(reading).unwrap_or_default()).collect()))
}

#[async_trait]
impl PricePoster for SwitchboardPoster {
    fn name(&self) -> &'static str {
        NAME
    }

    fn can_post(&self, source: &OracleSource) -> bool {
        source.kind == OracleKind::SwitchboardPull as u8 && source.address != [0; 32] && network(source).is_some()
    }

    async fn postings(&self, connection: &Connection, due: &[Due], _: &Report) -> Result<Made, PostError> {
        let (slot, samples) = samples(connection, due).await?;
        let mut asked = Vec::with_capacity(due.len());
        for (due, samples) in due.iter().zip(samples) {
            asked.push(self.step(due, samples, slot));
        }
        let answers = futures::future::join_all(asked).await;
        let (mut stage, mut failed) = (Vec::new(), Vec::new());
        for (due, answer) in due.iter().zip(answers) {
            match answer {
                Ok(step) => stage.push(step),
                Err(error) => failed.push((vec![due.source.feed_id], error)),
            }
        }
        let posting = (!stage.is_empty()).then_some(Posting { oracle: NAME, stages: vec![stage] });
        Ok(Made { postings: posting.into_iter().collect(), failed })
    }
}

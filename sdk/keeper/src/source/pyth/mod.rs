//! Posting to Pyth: an update is written to the bridge as a VAA, verified there by all its signatures, and its prices
//! are posted under it. What comes of it says `Full`, the only verification that the engine takes.
//!
//! A feed that the engine pins is one of Pyth's push feeds, which anyone may write newer prices to; nothing of that is
//! the keeper's, and nothing is closed. For a feed that the engine does not pin, the keeper posts to an account of its
//! own, whose key follows from the keeper's, and closes it when the board has taken the price. The account of the VAA
//! is closed in the posting's last transaction where there is one that is surely the last, else at the end of the turn.

pub mod ix;
pub mod programs;
#[cfg(test)]
mod tests;
pub mod update;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_rpc::{Connection, Reading};
use plimsoll_state::{Address, OracleKind, OracleSource};
use pythnet_sdk::hashers::keccak256::Keccak256;
use pythnet_sdk::hashers::Hasher;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_rent::Rent;
use solana_sdk_ids::sysvar;
use solana_signer::Signer;

use super::hermes::Hermes;
use super::posting::{pack, Opened, Part, Posting, Step};
use super::{Due, Made, PostError, PricePoster, Report};
use ix::{Poster, VAA_HEADER_LEN, VAA_PART_LEN};
use programs::{Programs, KNOWN};
use update::{Proven, SignedPrices, UpdateError};

/// Name in logs and metrics.
const NAME: &str = "pyth";
/// What the keeper's key signs to get the keys of its own price accounts.
const KEYS_OF_ACCOUNTS: &[u8] = b"plimsoll-keeper: keys of the price update accounts of this key";

/// Posts Hermes' updates through Pyth's receiver.
pub struct PythPoster {
    hermes: Arc<Hermes>,
    key: Pubkey,
    secret: [u8; 32],
    shards: Vec<u16>,
    treasury: u8,
}

/// Where a source's price goes.
enum Target {
    /// To a push feed of this shard.
    Push(u16),
    /// To an account of the keeper's own.
    Own(Arc<Keypair>),
}

impl PythPoster {
    /// Posts with the keeper's key to push feeds of these shards, paying update fees to this treasury.
    pub fn new(hermes: Arc<Hermes>, keypair: &Keypair, shards: Vec<u16>, treasury: u8) -> Self {
        let secret = Keccak256::hashv(&[keypair.sign_message(KEYS_OF_ACCOUNTS).as_ref()]);
        Self { hermes, key: keypair.pubkey(), secret, shards, treasury }
    }

    fn poster(&self, programs: Programs) -> Poster {
        Poster { programs, key: self.key, treasury: self.treasury }
    }

    /// The key of the keeper's own account for a feed: always the same, so that what a crash leaves behind is found again.
    fn own_account(&self, programs: &Programs, feed_id: &Address) -> Keypair {
        Keypair::new_from_array(Keccak256::hashv(&[&self.secret, &programs.receiver.to_bytes(), feed_id]))
    }

    fn target(&self, source: &OracleSource) -> Option<(Programs, Target)> {
        let programs = Programs::of(&source.program)?;
        match OracleKind::try_from(source.kind).ok()? {
            OracleKind::PythPosted => {
                Some((programs, Target::Own(Arc::new(self.own_account(&programs, &source.feed_id)))))
            }
            OracleKind::PythPinned => {
                let is_here = |shard: &&u16| programs.push_feed(**shard, &source.feed_id).to_bytes() == source.address;
                self.shards.iter().find(is_here).map(|shard| (programs, Target::Push(*shard)))
            }
            _ => None,
        }
    }

    /// The updates that hold what is due. The latest one will do for push feeds; an account that the caller chooses needs
    /// the first update of a second, which is asked for where the latest is none.
    async fn updates(&self, due: &[Due], report: &Report) -> Gathered {
        let mut gathered = Gathered::of(due);
        let mut later: BTreeMap<i64, Vec<Due>> = BTreeMap::new();
        let not_first = gathered.take(report);
        // Another update may hold it as the first of its second.
        for due in not_first.into_iter().filter(|due| gathered.misses(due)) {
            let of_second = later.entry(due.quote.published_at.unwrap_or_default()).or_default();
            // Two updates may hold it.
            if !of_second.iter().any(|known| known.source.feed_id == due.source.feed_id) {
                of_second.push(due);
            }
        }
        for (published_at, due) in later {
            self.first_since(published_at, &due, &mut gathered).await;
        }
        gathered
    }

    /// Asks for the first update of a second; where one feed's absence costs the others the answer, for each by itself.
    async fn first_since(&self, published_at: i64, due: &[Due], gathered: &mut Gathered) {
        let feeds: Vec<Address> = due.iter().map(|due| due.source.feed_id).collect();
        match self.hermes.first_since(published_at, &feeds).await {
            Ok(report) => {
                gathered.take(&report);
            }
            Err(error) if error.is_refusal() && due.len() > 1 => {
                for feed in feeds {
                    match self.hermes.first_since(published_at, &[feed]).await {
                        Ok(report) => {
                            gathered.take(&report);
                        }
                        Err(error) => gathered.fail(vec![feed], error.into()),
                    }
                }
            }
            Err(error) => gathered.fail(feeds, error.into()),
        }
    }

    /// The transactions that post prices of one update through one receiver: the VAA's in order, then the prices' at once.
    fn posting(
        &self,
        programs: Programs,
        signed: &SignedPrices,
        due: &[Due],
        rent: &Rent,
    ) -> Result<Posting, PostError> {
        let poster = self.poster(programs);
        let lamports = rent.minimum_balance(VAA_HEADER_LEN + signed.vaa.len());
        let mut parts = vaa_parts(&poster, signed, lamports);
        let vaa_parts = parts.len();
        for due in due {
            let proven = signed.prices.iter().find(|price| takes(due, price));
            let (Some(proven), Some((_, target))) = (proven, self.target(&due.source)) else { continue };
            parts.push(price_part(&poster, &due.source.feed_id, proven, target));
        }
        let mut steps = pack(&self.key, parts)?;
        let mut before = 0;
        let in_order = steps.iter().take_while(|step| {
            before += step.parts.len();
            before - step.parts.len() < vaa_parts
        });
        let in_order = in_order.count();
        let mut prices = steps.split_off(in_order);
        // Closed as early as it is sure that nobody needs the VAA any more; else at the end of the turn.
        let close = Part { closes: Some(poster.vaa()), ..Part::of(poster.close_vaa()) };
        match &mut prices[..] {
            [] => steps.last_mut().is_some_and(|step| step.take(&self.key, &close)),
            [only] => only.take(&self.key, &close),
            _ => false,
        };
        let mut stages: Vec<Vec<Step>> = steps.into_iter().map(|step| vec![step]).collect();
        stages.extend((!prices.is_empty()).then_some(prices));
        Ok(Posting { oracle: NAME, stages })
    }
}

/// Updates that hold what is due, and why some of it is in none.
struct Gathered {
    updates: Vec<(SignedPrices, Vec<Due>)>,
    /// What no update holds yet.
    missing: Vec<Due>,
    failed: Vec<(Vec<Address>, PostError)>,
    /// What is wrong with updates or messages that are none.
    refused: Vec<UpdateError>,
}

impl Gathered {
    fn of(due: &[Due]) -> Self {
        Self { updates: Vec::new(), missing: due.to_vec(), failed: Vec::new(), refused: Vec::new() }
    }

    /// Takes a report's updates; what is due and in them, but not as the first of its second, where that is wanted.
    fn take(&mut self, report: &Report) -> Vec<Due> {
        let mut not_first = Vec::new();
        for bytes in &report.updates {
            let mut signed = match SignedPrices::parse(bytes) {
                Ok(signed) => signed,
                Err(error) => {
                    self.refused.push(error);
                    continue;
                }
            };
            self.refused.append(&mut signed.refused);
            let held = |due: &Due| signed.prices.iter().any(|price| price.message.feed_id == due.source.feed_id);
            let taken = |due: &Due| signed.prices.iter().any(|price| takes(due, price));
            not_first.extend(self.missing.iter().copied().filter(|due| held(due) && !taken(due)));
            let (here, missing) = self.missing.iter().copied().partition(|due| taken(due));
            self.missing = missing;
            self.updates.push((signed, here));
        }
        not_first
    }

    fn misses(&self, due: &Due) -> bool {
        self.missing.iter().any(|missing| missing.source.feed_id == due.source.feed_id)
    }

    fn fail(&mut self, feeds: Vec<Address>, error: PostError) {
        self.missing.retain(|due| !feeds.contains(&due.source.feed_id));
        self.failed.push((feeds, error));
    }

    /// Updates, and the feeds that are in none, each with the reason: its own, else that of an update that is none.
    fn done(mut self) -> (Vec<(SignedPrices, Vec<Due>)>, Vec<(Vec<Address>, PostError)>) {
        for due in std::mem::take(&mut self.missing) {
            let feed = due.source.feed_id;
            let own = |error: &&UpdateError| matches!(error, UpdateError::Proof(of) if *of == hex::encode(feed));
            let other = |error: &&UpdateError| !matches!(error, UpdateError::Proof(_));
            let reason = self.refused.iter().find(own).or_else(|| self.refused.iter().find(other));
            self.failed.push((vec![feed], reason.cloned().map_or(PostError::NoUpdate, PostError::from)));
        }
        (self.updates, self.failed)
    }
}

/// What writes and verifies the VAA.
fn vaa_parts(poster: &Poster, signed: &SignedPrices, rent_lamports: u64) -> Vec<Part> {
    let create = Part::of(poster.create_vaa(signed.vaa.len(), rent_lamports));
    let opens = Some((poster.vaa(), poster.close_vaa()));
    let mut parts = vec![Part { opens, ..create }, Part::of(poster.init_vaa())];
    for (number, part) in signed.vaa.chunks(VAA_PART_LEN).enumerate() {
        parts.push(Part::of(poster.write_vaa(number * VAA_PART_LEN, part)));
    }
    parts.push(Part::of(poster.verify_vaa(signed.guardian_set)));
    parts
}

/// Whether a price can be posted for a source.
fn takes(due: &Due, price: &Proven) -> bool {
    let is_chosen = due.source.kind == OracleKind::PythPosted as u8;
    price.message.feed_id == due.source.feed_id && (!is_chosen || price.is_first_of_second())
}

fn price_part(poster: &Poster, feed_id: &Address, proven: &Proven, target: Target) -> Part {
    let (update, feed) = (proven.update.clone(), Some(*feed_id));
    match target {
        Target::Push(shard) => Part { feed, ..Part::of(poster.update_price_feed(shard, feed_id, update)) },
        Target::Own(keypair) => {
            let account = keypair.pubkey();
            let opens = Some((account, poster.reclaim_rent(account)));
            Part { signer: Some(keypair), opens, feed, ..Part::of(poster.post_update(account, update)) }
        }
    }
}

/// What accounts must hold, from the account that says so.
async fn rent(connection: &Connection) -> Result<Rent, PostError> {
    let (_, accounts) = connection.accounts(&[sysvar::rent::ID]).await?;
    let data = accounts.into_iter().next().flatten().map(|account| account.data).unwrap_or_default();
    bincode::deserialize(&data).map_err(|error| PostError::Rent(error.to_string()))
}

#[async_trait]
impl PricePoster for PythPoster {
    fn name(&self) -> &'static str {
        NAME
    }

    fn can_post(&self, source: &OracleSource) -> bool {
        self.target(source).is_some()
    }

    fn own_account(&self, source: &OracleSource) -> Option<Pubkey> {
        match self.target(source)? {
            (_, Target::Own(keypair)) => Some(keypair.pubkey()),
            (_, Target::Push(_)) => None,
        }
    }

    async fn postings(&self, connection: &Connection, due: &[Due], report: &Report) -> Result<Made, PostError> {
        let rent = rent(connection).await?;
        let (updates, failed) = self.updates(due, report).await.done();
        let mut made = Made { postings: Vec::new(), failed };
        for (signed, here) in updates {
            for programs in KNOWN {
                let of: Vec<Due> =
                    here.iter().filter(|due| due.source.program == programs.receiver.to_bytes()).copied().collect();
                if of.is_empty() {
                    continue;
                }
                match self.posting(programs, &signed, &of, &rent) {
                    Ok(posting) => made.postings.push(posting),
                    Err(error) => made.failed.push((of.iter().map(|due| due.source.feed_id).collect(), error)),
                }
            }
        }
        Ok(made)
    }

    async fn left_open(&self, connection: &Connection, sources: &[OracleSource]) -> Result<Vec<Opened>, PostError> {
        let mut possible: Vec<(Pubkey, Opened)> = Vec::new();
        for programs in KNOWN {
            let poster = self.poster(programs);
            possible.push((programs.bridge, (poster.vaa(), poster.close_vaa())));
        }
        for source in sources {
            if let Some((programs, Target::Own(keypair))) = self.target(source) {
                let account = keypair.pubkey();
                possible.push((programs.receiver, (account, self.poster(programs).reclaim_rent(account))));
            }
        }
        let addresses: Vec<Pubkey> = possible.iter().map(|(_, (address, _))| *address).collect();
        let (_, readings) = connection.readings(&addresses).await?;
        let there = possible
            .into_iter()
            .zip(readings.into_iter().map(Reading::account))
            .filter(|((owner, _), account)| account.as_ref().is_some_and(|account| account.owner == *owner));
        Ok(there.map(|((_, opened), _)| opened).collect())
    }
}

//! Prices that walk: each second every price of the mock oracle moves a little from where it is on chain, so that whoever
//! moves one (`plimsoll price set`) is followed and not undone.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_migrations::config::Config;
use plimsoll_rpc::local::lock_prices;
use plimsoll_rpc::mock::{post_pyth, posted_e8, PythPost, MOCK_ORACLE};
use plimsoll_rpc::{Connection, Result, SendOptions};
use rand::Rng as _;
use rand_xoshiro::rand_core::SeedableRng as _;
use rand_xoshiro::SplitMix64;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::engine::Plan;
use crate::told::warn;

const EVERY: Duration = Duration::from_secs(1);
/// A calm second's largest step, as a part of the fastest fall that the engine reckons with.
const CALM: u32 = 10;
/// So many failures in a row are told of.
const MANY: u32 = 5;
const MILLION: i128 = 1_000_000;

/// A price that walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Walked {
    feed: Pubkey,
    step_ppm: u32,
}

/// Who posts which prices.
pub struct Walk {
    connection: Connection,
    poster: Keypair,
    prices: Vec<Walked>,
    directory: PathBuf,
    random: SplitMix64,
}

impl Walk {
    /// A walk of every mock feed of an engine, posted by the key that created them. Prices are left alone while somebody
    /// else moves them, which the lock in `directory` says.
    pub fn new(connection: Connection, poster: Keypair, plan: &Plan, directory: PathBuf) -> Self {
        let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let random = SplitMix64::seed_from_u64(seed.map_or(0, |since| since.as_nanos() as u64));
        Self { connection, poster, prices: walked(&plan.config, plan), directory, random }
    }

    /// Walks until it is dropped.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failed = 0;
        loop {
            ticks.tick().await;
            // Held until the new prices are on chain.
            let Some(_held) = lock_prices(&self.directory) else { continue };
            match self.step().await {
                Ok(()) => failed = 0,
                Err(error) => {
                    failed += 1;
                    if failed == MANY {
                        warn(&format!("prices stand still: {error}"));
                    }
                }
            }
        }
    }

    async fn step(&mut self) -> Result<()> {
        let feeds: Vec<Pubkey> = self.prices.iter().map(|price| price.feed).collect();
        let (_, found) = self.connection.accounts(&feeds).await?;
        let mut posts: Vec<Instruction> = Vec::new();
        for (price, account) in self.prices.iter().zip(found) {
            // A feed that is not created yet, or that nobody has posted to, has no price to walk from.
            let posted = account.filter(|account| account.owner == MOCK_ORACLE).and_then(|a| posted_e8(&a.data));
            let Some(now_e8) = posted else { continue };
            let step_ppm = self.random.random_range(-i64::from(price.step_ppm)..=i64::from(price.step_ppm));
            posts.push(post_pyth(self.poster.pubkey(), price.feed, &PythPost::of_now(moved(now_e8, step_ppm))));
        }
        if posts.is_empty() {
            return Ok(());
        }
        self.connection.send(&self.poster, &[], &posts, &SendOptions::default()).await.map(drop)
    }
}

fn walked(config: &Config, plan: &Plan) -> Vec<Walked> {
    let of = |feed: &plimsoll_migrations::config::MockFeed| {
        let fall_ppm = config.prices.get(feed.slot as usize).map_or(0, |price| price.fastest_fall_ppm_per_sec);
        Walked { feed: feed.address, step_ppm: fall_ppm / CALM }
    };
    plan.feeds.iter().map(of).collect()
}

/// A price after a step, rounded to the nearest; never below one unit.
fn moved(price_e8: i64, step_ppm: i64) -> i64 {
    let scaled = price_e8 as i128 * (MILLION + step_ppm as i128);
    i64::try_from((scaled + MILLION / 2) / MILLION).unwrap_or(price_e8).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_goes_as_far_either_way_and_rounding_drifts_nowhere() {
        assert_eq!((moved(20_000_000_000, 210), moved(20_000_000_000, -210)), (20_004_200_000, 19_995_800_000));
        assert_eq!((moved(1, -1_000), moved(100_000_000, 0)), (1, 100_000_000));
    }

    #[test]
    fn every_price_of_the_file_walks_and_a_stable_one_hardly() {
        let plan = Plan::of(&Pubkey::new_from_array([3; 32])).unwrap();
        let prices = walked(&plan.config, &plan);
        assert_eq!(prices.iter().map(|price| price.step_ppm).collect::<Vec<_>>(), [10, 210, 200]);
    }
}

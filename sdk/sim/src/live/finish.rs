//! The end of a replay on a cluster, and what it found.

use std::collections::BTreeMap;

use plimsoll_rpc::Cluster;
use plimsoll_state::Bank;

use super::play::Play;
use super::Poster;
use crate::resolve::socialized_usd;
use crate::result::{ClusterRun, Conservation, FeedResult, LiquidatorResult, RunResult, Spread};
use crate::scenario::Underlying;
use crate::standing::Standing;
use crate::watch;

/// What a transfer costs.
const TRANSFER_LAMPORTS: u64 = 5_000;

/// What was true before the first price, and where.
pub(super) struct Before {
    pub cluster: Cluster,
    pub engine_id: u16,
    pub banks: Vec<Bank>,
    /// Lamports of the payer before anything was sent.
    pub lamports: u64,
    pub conservation: Conservation,
    /// Where the prices come from, by underlying.
    pub sources: [String; 2],
}

impl Play {
    /// Waits for what is under way, brings liquidators back to the settlement token, checks the books, and reports.
    pub async fn finish(mut self, before: Before, poster: Poster) -> RunResult {
        let played_secs = self.pace.elapsed().as_secs_f64();
        let recorded_secs = self.history.secs.min(self.pace.length_secs());
        let mut is_whole = self.gather().await;
        self.unwind(self.pace.prices_at(self.history.secs));
        is_whole &= self.gather().await;
        let rounds = poster.counts();
        drop(poster);
        let mut conservation = before.conservation.clone();
        self.check_books(&mut conservation).await;
        let is_closed = is_whole && self.give_back().await;
        let standings = self.standings();
        self.see_last_ratios(&standings);
        let cluster = self.cluster_run(&before, (recorded_secs, played_secs), rounds, is_closed).await;
        self.result(&before, cluster, conservation, &standings, rounds)
    }

    /// Compares everything at rest; a node that does not answer leaves the books unchecked.
    async fn check_books(&mut self, found: &mut Conservation) {
        match self.live.patiently(|| self.live.read_steadily()).await {
            Ok(reading) => {
                // A resolution that closes positions against their side is at most all of its calls.
                let closings = self.history.bankruptcies.iter().map(|b| b.calls as u64).sum();
                reading.check_conservation(self.live.sent(), closings, found);
                self.history.last = std::sync::Arc::new(reading.into());
            }
            Err(failed) => {
                *found = Conservation {
                    failures: vec![format!("not checked at the end: {failed}")],
                    ..Conservation::default()
                };
            }
        }
    }

    fn see_last_ratios(&mut self, standings: &BTreeMap<usize, Standing>) {
        for (index, _) in std::mem::take(&mut self.history.awaited) {
            let liquidation = &mut self.history.liquidations[index];
            if let Some(standing) = standings.get(&liquidation.account) {
                liquidation.ratio_after = standing.ratio();
            }
        }
    }

    /// The liquidators give back what lamports they have left; false where one could not.
    async fn give_back(&self) -> bool {
        let mut is_all = true;
        for desk in &self.people.desks {
            let owner = desk.owner();
            let Ok(held) = self.live.patiently(|| self.live.balance(&owner)).await else { return false };
            let back = solana_system_interface::instruction::transfer(&owner, &self.live.authority(), held);
            if held > TRANSFER_LAMPORTS {
                is_all &= self.live.send("giving lamports back", &[&desk.key], &[back]).await.is_ok();
            }
        }
        is_all
    }

    async fn cluster_run(
        &self,
        before: &Before,
        (recorded_secs, played_secs): (u64, f64),
        (rounds_posted, rounds_failed): (u64, u64),
        is_closed: bool,
    ) -> ClusterRun {
        let (history, shared) = (&self.history, &self.history.last.shared);
        let left = if is_closed { self.live.balance(&self.live.authority()).await.ok() } else { None };
        ClusterRun {
            name: public_name(&before.cluster.name),
            engine: self.live.keys.engine.to_string(),
            engine_id: before.engine_id,
            payer: self.live.authority().to_string(),
            speed: self.config.speed,
            recorded_secs,
            ended_early: history.ended_early.clone(),
            played_secs,
            slots: [history.first_slot, shared.slot],
            looks: history.looks,
            look_secs: Spread::of(history.look_secs.clone()),
            rounds_posted,
            rounds_failed,
            retries: self.live.tally.retries(),
            connections_lost: history.connections_lost,
            transactions_signed: self.live.sent(),
            unmeasured: self.live.tally.meter().unmeasured(),
            spent_lamports: left.map(|left| before.lamports.saturating_sub(left)),
            deficit_atoms: shared.banks.first().map_or(0, |bank| bank.uncovered_atoms)
                + shared.markets.iter().map(|market| market.deficit_atoms).sum::<u64>(),
        }
    }

    fn liquidators(&self) -> Vec<LiquidatorResult> {
        let reading = &self.history.last;
        let result = |(desk, party): (&crate::desk::Desk, &super::Party)| {
            let own = reading.accounts.get(&party.account);
            let nav = own.and_then(|own| Standing::of(&reading.shared.with(own))).map_or(0.0, |s| s.nav_usd);
            LiquidatorResult { profit_usd: nav + desk.outside_usd - desk.capital_usd, ..desk.result.clone() }
        };
        self.desks.iter().zip(&self.people.desks).map(result).collect()
    }

    fn result(
        mut self,
        before: &Before,
        cluster: ClusterRun,
        conservation: Conservation,
        standings: &BTreeMap<usize, Standing>,
        rounds: (u64, u64),
    ) -> RunResult {
        let (refusals, meter) = {
            let meter = self.live.tally.meter();
            (meter.refusals(), meter.clone())
        };
        let refused: u64 = refusals.iter().filter(|(name, _)| name.starts_with("refresh_price")).map(|(_, n)| n).sum();
        let feed = |underlying: Underlying| FeedResult {
            underlying: underlying.name().to_owned(),
            source: before.sources[underlying.index()].clone(),
            primary_posted: rounds.0 as usize,
            refused: refused as usize,
            oldest_secs: self.history.oldest_secs[underlying.index()],
            ..FeedResult::default()
        };
        let history = &self.history;
        let mut result = RunResult {
            units: units(),
            figures: self.watch.figures(standings, &history.liquidations, &history.bankruptcies),
            insurance: watch::insurance(&before.banks, &history.last.shared.banks, &history.samples),
            socialized_atoms: (socialized_usd(&history.bankruptcies) * 1e6).round() as u64,
            conservation,
            compute_units: meter.compute_units(),
            transactions: meter.transactions(),
            refusals,
            no_ops: meter.no_ops(),
            feeds: Underlying::ALL.map(feed).into(),
            cluster: Some(cluster),
            left_out: left_out(),
            ..RunResult::of(&self.config.run, self.start)
        };
        result.figures.as_planned = None;
        result.bankruptcies = std::mem::take(&mut self.history.bankruptcies);
        result.samples = std::mem::take(&mut self.history.samples);
        result.liquidators = self.liquidators();
        result.liquidations = std::mem::take(&mut self.history.liquidations);
        result
    }
}

/// A cluster's name, or scheme and host of an address: path and query may hold somebody's key.
fn public_name(name: &str) -> String {
    let Some((scheme, rest)) = name.split_once("://") else { return name.to_owned() };
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    format!("{scheme}://{}", host.rsplit('@').next().unwrap_or(host))
}

fn units() -> BTreeMap<String, String> {
    let mut units = RunResult::units();
    let mut say = |name: &str, unit: &str| units.insert(name.to_owned(), unit.to_owned());
    say("time", "Unix seconds of the recording, when a liquidation was planned or a resolution began");
    say(
        "ratio_before, ratio_after",
        "NAV / MMR at spot as planned on and as first seen afterwards, within -1000 to 1000",
    );
    say("under_water_secs", "seconds of the recording, to within cluster.look_secs");
    say("feeds.oldest_secs", "seconds of the chain");
    units
}

/// Fields that a replay on a cluster cannot know, with the reason.
fn left_out() -> BTreeMap<String, String> {
    [
        (
            "figures.as_planned, liquidations.as_planned",
            "between plan and execution a cluster's clock and prices move, so the state that a plan was made for is not the one it met",
        ),
        (
            "feeds.late, feeds.overtaken, feeds.missing, feeds.secondary_posted, feeds.secondary_used",
            "prices are posted from one source as of the present second; the outage and the second source are not played, for the engine lets a second source in after ten seconds of silence at the earliest, about as long as the outage lasts when it is scaled",
        ),
        ("feeds.unchanged", "a confirmed refresh does not say whether it found anything newer"),
    ]
    .map(|(name, reason)| (name.to_owned(), reason.to_owned()))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_without_the_key_that_it_may_carry() {
        assert_eq!(public_name("devnet"), "devnet");
        assert_eq!(public_name("http://127.0.0.1:8899"), "http://127.0.0.1:8899");
        assert_eq!(public_name("https://me:pass@node.example/v2/secret?api-key=1"), "https://node.example");
    }
}

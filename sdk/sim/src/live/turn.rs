//! One look of a replay on a cluster: what is written down, what is decided, and what is sent out.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_risk::auction::Regime;
use plimsoll_sdk::offer::pays_with;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, MarginAccount};
use solana_pubkey::Pubkey;

use super::desk::{came_true, Answer};
use super::play::{Event, Play, Sent};
use super::Reading;
use crate::config::{CRANK_SECS, OBSERVE_SECS, SAMPLE_SECS};
use crate::desk::{product, racers};
use crate::listing::BANKS;
use crate::resolve::socialized_usd;
use crate::result::{bounded_ratio, Bankruptcy, Liquidation};
use crate::standing::{is_bankrupt, Standing};
use crate::strategy::Offer;
use crate::watch;

/// Seconds of the cluster between two rounds of cranks: a round takes its time.
const CRANK_WALL_SECS: u64 = 6;

impl Play {
    /// Takes a look in, and does what is to be done.
    pub fn turn(&mut self, reading: Reading) {
        self.history.last = Arc::new(reading);
        let secs = self.pace.recorded_secs().min(self.pace.length_secs());
        let passed = secs - self.history.secs;
        let standings = self.standings();
        self.watch.passed(passed, &standings);
        self.see_ratios(&standings);
        let prices = self.pace.prices_at(secs);
        self.move_books(secs, prices);
        self.note(secs, passed, &prices, &standings);
        self.observe(&standings);
        if secs as i64 >= self.config.run.scenario.liquidators_from_secs {
            self.liquidate(&standings);
            self.unwind(prices);
            self.resolve(&standings);
        }
        if !self.pending.cranking && secs >= self.pending.cranked_secs + self.crank_secs() {
            (self.pending.cranking, self.pending.cranked_secs) = (true, secs);
            let (live, people, last) = (self.live.clone(), Arc::clone(&self.people), Arc::clone(&self.history.last));
            self.send_out(async move {
                live.crank(&people, &last, prices).await;
                Event::Cranked
            });
        }
    }

    fn crank_secs(&self) -> u64 {
        (CRANK_SECS as u64).max(CRANK_WALL_SECS * self.config.speed as u64)
    }

    /// Writes the look down.
    fn note(&mut self, secs: u64, passed: u64, prices: &[i64; 2], standings: &BTreeMap<usize, Standing>) {
        let history = &mut self.history;
        if history.looks > 0 && passed > 0 {
            history.look_secs.push(passed);
        }
        (history.looks, history.secs) = (history.looks + 1, secs);
        let shared = &history.last.shared;
        for (i, oldest) in history.oldest_secs.iter_mut().enumerate() {
            let age = shared.board.slot(i + 1).map_or(0, |slot| shared.now - slot.published_at);
            *oldest = age.max(*oldest);
        }
        let due = history.samples.last().is_none_or(|last| secs as i64 >= last.secs + SAMPLE_SECS);
        if due {
            let socialized = socialized_usd(&history.bankruptcies);
            let (board, banks) = (&shared.board, &shared.banks);
            history.samples.push(watch::sample(board, banks, standings, secs as i64, prices, socialized));
        }
    }

    /// What liquidated accounts came to, where this look is the first after their liquidation.
    fn see_ratios(&mut self, standings: &BTreeMap<usize, Standing>) {
        let (slot, liquidations) = (self.history.last.shared.slot, &mut self.history.liquidations);
        self.history.awaited.retain(|&(index, landed)| {
            let liquidation = &mut liquidations[index];
            if let Some(standing) = standings.get(&liquidation.account).filter(|_| slot >= landed) {
                liquidation.ratio_after = standing.ratio();
                return false;
            }
            true
        });
    }

    fn move_books(&mut self, secs: u64, prices: [i64; 2]) {
        let past = self.pace.prices_at(secs.saturating_sub(60));
        for (i, book) in self.books.iter_mut().enumerate() {
            book.advance(self.start + secs as i64, prices[i] as f64 / past[i] as f64 - 1.0);
        }
    }

    fn account(&self, number: usize) -> Option<(Pubkey, MarginAccount)> {
        let key = self.people.accounts[number].account;
        Some((key, *self.history.last.accounts.get(&key)?))
    }

    /// Has clocks observed that have to run.
    fn observe(&mut self, standings: &BTreeMap<usize, Standing>) {
        let (now, every) = (self.history.last.shared.now, (OBSERVE_SECS / self.config.speed as i64).max(1));
        let wanted = |(number, standing): (&usize, &Standing)| {
            let (key, account) = self.account(*number)?;
            standing.wants_observation(&account, now, every).then_some(key)
        };
        let wanted: Vec<Pubkey> = standings.iter().filter_map(wanted).collect();
        if wanted.is_empty() || self.pending.observing {
            return;
        }
        self.pending.observing = true;
        let live = self.live.clone();
        self.send_out(async move {
            live.observe(wanted).await;
            Event::Observed
        });
    }

    /// Everybody under water is raced for, unless a race for him is still open.
    fn liquidate(&mut self, standings: &BTreeMap<usize, Standing>) {
        let mut under: Vec<(usize, Standing)> =
            standings.iter().filter(|(_, s)| s.under_water).map(|(&i, &s)| (i, s)).collect();
        self.rng.shuffle(&mut under);
        let reading = Arc::clone(&self.history.last);
        under.retain(|(number, _)| !self.pending.racing.contains_key(number));
        for (number, standing) in under {
            let Some((key, account)) = self.account(number) else { continue };
            if account.status != AccountStatus::Active as u8 {
                continue;
            }
            let Ok(portfolio) = reading.shared.with(&account).portfolio(Views::LIQUIDATION) else { continue };
            let (target, turn) = ((&*portfolio, &account.clocks()), self.history.looks as usize);
            let is_free = |desk: usize| !self.pending.unwinding[desk];
            let offers = racers(&self.desks, is_free, &self.books, target, reading.shared.now, turn, &mut self.rng);
            for (desk, offer) in offers {
                self.race(desk, (number, key), standing, offer);
            }
        }
    }

    fn race(&mut self, desk: usize, (account, key): (usize, Pubkey), before: Standing, offer: Offer) {
        let party = self.people.desks[desk].clone();
        let Some(own) = self.history.last.accounts.get(&party.account).copied() else { return };
        let in_flight_usd = offer.plan.notional.get() as f64 / 1e6;
        self.desks[desk].in_flight_usd += in_flight_usd;
        self.pending.answers[desk] += 1;
        *self.pending.racing.entry(account).or_default() += 1;
        let time = self.start + self.history.secs as i64;
        let sent = Box::new(Sent { desk, account, offer, before, in_flight_usd, time });
        let live = self.live.clone();
        self.send_out(async move {
            let answer = live.liquidate(&party, &own, key, &sent.offer).await;
            Event::Answered(sent, answer)
        });
    }

    /// Liquidators who wait for no answer bring back what they took.
    pub fn unwind(&mut self, prices: [i64; 2]) {
        for i in 0..self.desks.len() {
            if self.desks[i].inventory_usd <= 0.0 || self.pending.answers[i] > 0 || self.pending.unwinding[i] {
                continue;
            }
            self.pending.unwinding[i] = true;
            let (live, people, desk) = (self.live.clone(), Arc::clone(&self.people), self.desks[i].clone());
            self.send_out(async move {
                let desk = live.unwind(desk, &people.desks[i], &people, prices).await;
                Event::Unwound(i, Box::new(desk))
            });
        }
    }

    /// Begins what may begin and goes on with what is open.
    fn resolve(&mut self, standings: &BTreeMap<usize, Standing>) {
        if self.pending.resolving {
            return;
        }
        let now = self.start + self.history.secs as i64;
        for (&number, standing) in standings.iter().filter(|(_, standing)| standing.nav_usd < 0.0) {
            let is_open = self.history.bankruptcies.iter().any(|b| b.account == number && b.resolved_at.is_none());
            let Some((_, account)) = self.account(number).filter(|_| !is_open) else { continue };
            if is_bankrupt(&self.history.last.shared.with(&account)) {
                let nav = (standing.nav_usd * 1e6) as i64;
                self.history.bankruptcies.push(Bankruptcy { time: now, account: number, nav, ..Bankruptcy::default() });
            }
        }
        if self.history.bankruptcies.iter().all(|b| b.resolved_at.is_some()) {
            return;
        }
        self.pending.resolving = true;
        let (live, people, pace, start) =
            (self.live.clone(), Arc::clone(&self.people), Arc::clone(&self.pace), self.start);
        let mut bankruptcies = self.history.bankruptcies.clone();
        self.send_out(async move {
            live.resolve(&people, &mut bankruptcies, &pace, start).await;
            Event::Resolved(bankruptcies)
        });
    }

    /// Takes in what a task came back with.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Answered(sent, answer) => self.answered(*sent, answer),
            Event::Unwound(i, desk) => {
                self.desks[i] = *desk;
                self.pending.unwinding[i] = false;
            }
            Event::Observed => self.pending.observing = false,
            Event::Resolved(bankruptcies) => {
                self.history.bankruptcies = bankruptcies;
                self.pending.resolving = false;
            }
            Event::Cranked => self.pending.cranking = false,
        }
    }

    fn answered(&mut self, sent: Sent, answer: Answer) {
        let desk = &mut self.desks[sent.desk];
        desk.in_flight_usd -= sent.in_flight_usd;
        self.pending.answers[sent.desk] -= 1;
        if let Some(racing) = self.pending.racing.get_mut(&sent.account) {
            *racing -= 1;
            if *racing == 0 {
                self.pending.racing.remove(&sent.account);
            }
        }
        match answer {
            Answer::Failed => {}
            Answer::Lost => desk.lost(),
            Answer::Won { outcome, compute_units, slot } => {
                let mut offer = sent.offer.clone();
                offer.become_plan(came_true(&sent.offer.plan, &outcome));
                let liquidation = self.record(&sent, &mut offer, compute_units);
                let prices = self.pace.prices_at(self.pace.recorded_secs());
                self.desks[sent.desk].won(&offer, &mut self.books, &prices);
                let closed_usd = liquidation.notional_closed as f64 / 1e6;
                self.watch.liquidated(sent.account, &sent.before, closed_usd);
                self.history.awaited.push((self.history.liquidations.len(), slot));
                self.history.liquidations.push(liquidation);
            }
        }
    }

    /// Writes a won fill down, by what the program reported; `offer` takes on the gain that was really made.
    fn record(&self, sent: &Sent, offer: &mut Offer, compute_units: Option<u64>) -> Liquidation {
        let plan = offer.plan;
        let bank = pays_with(&offer.request.leg) as usize;
        let held = BANKS[bank].underlying.and_then(|u| self.history.last.shared.board.slot(u.index() + 1));
        let price_usd = held.map_or(1.0, |slot| crate::dues::dollars(slot.spot));
        let fee_usd = plan.fee_atoms.get() as f64 / 10f64.powi(BANKS[bank].decimals as i32) * price_usd;
        let micro = |usd: f64| (usd * 1e6).round().max(0.0) as u64;
        let penalty = plan.penalty_ppm.of_down(plan.notional.get()).unwrap_or(u64::MAX);
        let insurance_fee = micro(fee_usd).min(penalty);
        offer.gain_usd = (penalty - insurance_fee) as f64 / 1e6;
        let before = bounded_ratio(plan.before.nav.get() as f64 / 1e12, plan.before.mmr().get() as f64 / 1e12);
        Liquidation {
            time: sent.time,
            account: sent.account,
            liquidator: sent.desk,
            product: product(&offer.request.leg),
            regime: if plan.regime == Regime::Cure { "cure" } else { "wind_down" }.to_owned(),
            ratio_before: before,
            // Until the next look.
            ratio_after: before,
            notional_closed: plan.notional.get(),
            penalty_ppm: plan.penalty_ppm.get(),
            penalty,
            liquidator_gain: penalty - insurance_fee,
            insurance_fee,
            expected_cost: micro(offer.cost_usd),
            compute_units,
            as_planned: None,
        }
    }
}

//! Looking at accounts: cheap at spot for the index, in full where an account is under water.

use std::collections::HashSet;
use std::panic::{catch_unwind, AssertUnwindSafe};

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{assess, Assessment};
use plimsoll_risk::margin::{is_called, Margins};
use plimsoll_risk::num::PPM;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{Ppm, UnixSecs};
use plimsoll_risk::RiskResult;
use plimsoll_sdk::EngineError;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, Books, MarginAccount};
use solana_pubkey::Pubkey;

use super::{Buffers, Shared, Tracked, Tracker};
use crate::index::Verdict;

/// The mint of wrapped SOL.
const NATIVE_MINT: Pubkey = Pubkey::from_str_const("So11111111111111111111111111111111111111112");
/// An account that cannot be evaluated is tried again after this, seconds; a change of it is tried at once.
const POISON_RETRY_SECS: i64 = 30;

/// An account that can be liquidated now, as far as is known.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its number.
    pub id: u32,
    /// Its address.
    pub key: Pubkey,
    /// Eligibility, regime, best leg, and the clocks as an observation now would leave them.
    pub assessment: Assessment,
    /// The clocks as they stand.
    pub clocks: Clocks,
}

/// How an account stands at spot.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Its address.
    pub key: Pubkey,
    /// Margins at spot.
    pub spot: Margins,
}

/// An account as the program would load it.
pub struct Loaded<'a> {
    /// Its numbers.
    pub portfolio: &'a mut Portfolio,
    /// The account, without what the keeper does not remember of it.
    pub account: &'a MarginAccount,
    /// The engine's shared accounts.
    pub shared: &'a Shared,
    /// Unix seconds.
    pub now: i64,
}

/// Loads an account into the buffers.
fn fill(buffers: &mut Buffers, shared: &Shared, account: &Tracked, now: i64, views: Views) -> RiskResult<()> {
    account.write_to(&mut buffers.account);
    let books = Books { registry: &shared.registry, board: &shared.board, now: UnixSecs::new(now) };
    books.load(&buffers.account, views, &mut buffers.portfolio)
}

impl Tracker {
    /// Looks at one account at spot and files it: hot, with new trigger prices, or indifferent to prices.
    ///
    /// An account whose evaluation fails or panics is counted, and tried again later; it stops nothing.
    pub fn look(&mut self, id: u32) {
        self.tally.looks += 1;
        let now = self.now();
        let Some(account) = self.accounts.get(id) else { return self.forget(id) };
        if account.is_bankrupt() {
            self.forget(id);
            self.bankrupt.insert(id);
            return;
        }
        self.bankrupt.remove(&id);
        if account.is_debt_free() {
            return self.forget(id);
        }
        let (remembers, was_called) = (account.clocks().remembers(), account.is_called());
        let band = self.shared.registry.params().observation.call_band();
        let (buffers, shared, exposure, assumed) = (&mut self.buffers, &self.shared, &mut self.exposure, &self.assumed);
        let looked = catch_unwind(AssertUnwindSafe(|| {
            fill(buffers, shared, account, now, Views::SPOT)?;
            Ok(exposure.look(&mut buffers.portfolio, &shared.registry, &shared.board, assumed, now))
        }));
        match looked.unwrap_or_else(|_| Err(plimsoll_risk::RiskError::NumberOutOfRange)) {
            Ok((Verdict::Indifferent, _)) => {
                self.forget(id);
                if remembers {
                    self.armed.insert(id);
                }
            }
            Ok((Verdict::Hot, _)) => {
                self.index.remove(id);
                self.armed.remove(&id);
                self.turned.remove(&id);
                self.hot.insert(id);
            }
            Ok((Verdict::Watch { due_secs }, spot)) => {
                self.hot.remove(&id);
                if is_called(&spot, band) == was_called {
                    self.turned.remove(&id);
                } else {
                    self.turned.insert(id);
                }
                self.index.set(id, &self.exposure.bands, due_secs.max(now + 1));
                if remembers {
                    self.armed.insert(id);
                } else {
                    self.armed.remove(&id);
                }
            }
            Err(error) => self.poisoned(id, EngineError::from(error).name(), now),
        }
    }

    fn poisoned(&mut self, id: u32, reason: &str, now: i64) {
        if let Some(account) = self.accounts.get(id) {
            tracing::warn!(account = %account.key, reason, "an account cannot be evaluated");
        }
        *self.tally.poison.entry(reason.to_owned()).or_default() += 1;
        self.hot.remove(&id);
        self.index.set(id, &[], now + POISON_RETRY_SECS);
    }

    /// Assesses every hot account as the program would now. Those that recovered get trigger prices again; those that
    /// can be liquidated are returned.
    pub fn assess_hot(&mut self) -> Vec<Candidate> {
        let mut found = self.assess_hot_with_all();
        found.retain(|candidate| candidate.assessment.regime.is_some());
        found
    }

    /// As [`Tracker::assess_hot`], with those below maintenance at spot that cannot be liquidated (yet).
    pub fn assess_hot_with_all(&mut self) -> Vec<Candidate> {
        let now = self.now();
        let ids: Vec<u32> = self.hot.iter().copied().collect();
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            self.tally.assessments += 1;
            let assessed = self.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
                (assess(portfolio, clocks, UnixSecs::new(now)), *clocks)
            });
            match assessed {
                None => self.forget(id),
                Some(Err(error)) => self.poisoned(id, EngineError::from(error).name(), now),
                Some(Ok((assessment, _))) if !assessment.spot.is_under_water() => self.look(id),
                Some(Ok((assessment, clocks))) => {
                    let Some(account) = self.accounts.get(id) else { continue };
                    found.push(Candidate { id, key: account.key, assessment, clocks });
                }
            }
        }
        found
    }

    /// Accounts at or above maintenance at spot that still remember a time under water, or prints towards the bypass,
    /// assessed as the program would now: until somebody looks at them again, one more print may count as the second.
    pub fn assess_armed(&mut self) -> Vec<Candidate> {
        let ids: Vec<u32> = self.armed.iter().copied().collect();
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let assessed = self.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
                (assess(portfolio, clocks, UnixSecs::new(now)), *clocks)
            });
            let key = self.accounts.get(id).map(|account| account.key);
            if let (Some(Ok((assessment, clocks))), Some(key)) = (assessed, key) {
                found.push(Candidate { id, key, assessment, clocks });
            }
        }
        found
    }

    /// Accounts at or above maintenance at spot of which an observation now would call the owner, or note that the account
    /// has left the band.
    pub fn assess_turned(&mut self) -> Vec<Candidate> {
        let band = self.shared.registry.params().observation.call_band();
        let ids: Vec<u32> = self.turned.iter().copied().collect();
        let mut found = Vec::new();
        for id in ids {
            let assessed = self.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
                (assess(portfolio, clocks, UnixSecs::new(now)), *clocks)
            });
            let account = self.accounts.get(id).map(|account| (account.key, account.is_called()));
            let (Some(Ok((assessment, clocks))), Some((key, was_called))) = (assessed, account) else { continue };
            if is_called(&assessment.spot, band) != was_called {
                found.push(Candidate { id, key, assessment, clocks });
            }
        }
        found
    }

    /// Loads an account as the program would now and hands over its numbers; none where there is no such account.
    pub fn with_portfolio<R>(
        &mut self,
        id: u32,
        views: Views,
        then: impl FnOnce(&mut Portfolio, &Clocks, i64) -> R,
    ) -> Option<RiskResult<R>> {
        self.with_loaded(id, views, |loaded| then(loaded.portfolio, &loaded.account.clocks(), loaded.now))
    }

    /// Loads an account as the program would now and hands it over; none where there is no such account.
    pub fn with_loaded<R>(
        &mut self,
        id: u32,
        views: Views,
        then: impl FnOnce(Loaded<'_>) -> R,
    ) -> Option<RiskResult<R>> {
        let now = self.now();
        let account = self.accounts.get(id)?;
        let (buffers, shared) = (&mut self.buffers, &self.shared);
        let done = catch_unwind(AssertUnwindSafe(|| {
            fill(buffers, shared, account, now, views)?;
            let Buffers { account, portfolio, .. } = buffers;
            Ok(then(Loaded { portfolio, account, shared, now }))
        }));
        Some(done.unwrap_or_else(|_| Err(plimsoll_risk::RiskError::NumberOutOfRange)))
    }

    /// Dollars of a SOL by the board, of this bank or of the one of wrapped SOL; none where there is no such bank or price.
    pub fn sol_usd(&self, bank: Option<u8>) -> Option<f64> {
        let of = |bank: &&Bank| bank.mint == NATIVE_MINT.to_bytes();
        let bank = bank.or_else(|| self.shared.banks.iter().find(of).map(|bank| bank.index))?;
        let slot = self.shared.registry.bank(bank as usize)?.price_slot;
        self.prices.get(slot as usize).copied().filter(|price| *price > 0.0)
    }

    /// The liquidator's account and those that a price may soon make matter: below maintenance, being resolved, remembering
    /// a time under water; then those with a trigger price within `share_ppm` of where the price is, the nearest first.
    /// At most `most`.
    pub fn nearest(&self, most: usize, share_ppm: u32) -> Vec<Pubkey> {
        let sets = [&self.hot, &self.bankrupt, &self.armed, &self.turned];
        let mut ids: Vec<u32> = self.liquidator().iter().filter_map(|key| self.accounts.id(key)).collect();
        ids.extend(sets.into_iter().flatten());
        let mut near = Vec::new();
        for (slot, price) in self.prices.iter().enumerate().filter(|(_, price)| **price > 0.0) {
            self.index.near(slot as u8, *price, f64::from(share_ppm) / PPM as f64, most, &mut near);
        }
        near.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
        ids.extend(near.into_iter().map(|(_, id)| id));
        let mut seen = HashSet::new();
        let nearest = ids.into_iter().filter(|id| seen.insert(*id)).take(most);
        nearest.filter_map(|id| self.accounts.get(id)).map(|account| account.key).collect()
    }

    /// The accounts with the smallest `NAV / MMR` at spot, evaluated now; `most` of them, the worst first.
    pub fn least_healthy(&mut self, most: usize) -> Vec<(u32, Standing)> {
        let ids: Vec<u32> = self.accounts.iter().filter(|(_, a)| !a.is_debt_free()).map(|(id, _)| id).collect();
        let mut standings: Vec<(Ppm, u32, Standing)> = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(Ok(spot)) = self.with_portfolio(id, Views::SPOT, |portfolio, _, _| {
                plimsoll_risk::margin::margins(portfolio, plimsoll_risk::portfolio::PriceKind::Spot, false)
            }) else {
                continue;
            };
            let Some(account) = self.accounts.get(id) else { continue };
            standings.push((spot.ratio_ppm_down(Ppm::MAX), id, Standing { key: account.key, spot }));
        }
        standings.sort_by_key(|(ratio, id, standing)| (*ratio, standing.spot.nav.get().min(0), *id));
        standings.into_iter().take(most).map(|(_, id, standing)| (id, standing)).collect()
    }
}

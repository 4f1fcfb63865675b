//! What somebody must do besides liquidating: observations, bankruptcies, cranks.

use std::sync::Arc;

use plimsoll_sdk::ix;
use plimsoll_state::{AccountStatus, MarginAccount};
use solana_pubkey::Pubkey;

use super::opening::People;
use super::orders::Order;
use super::send::of;
use super::{Live, Pace, Reading, Tried};
use crate::dues::{self, dues, Due};
use crate::listing::MARKETS;
use crate::money;
use crate::resolve::{book, Paid, MOST_CALLS};
use crate::result::Bankruptcy;

/// Reads until it is known what a resolution has cost whom.
const MOST_READS: u32 = 30;

impl Live {
    /// Records of these accounts whether they are under water.
    pub(super) async fn observe(&self, accounts: Vec<Pubkey>) {
        let observe = |account: &Pubkey| ix::observe_margin(&self.keys, *account);
        let order = |account| Order::new("observe_margin", &self.authority, &[], observe(account)).once();
        self.orders(accounts.iter().map(order).collect()).await;
    }

    /// Goes on with open bankruptcies, one after another, and books what they made others bear.
    pub(super) async fn resolve(&self, people: &People, open: &mut [Bankruptcy], pace: &Pace, start: i64) {
        for record in open.iter_mut().filter(|record| record.resolved_at.is_none()) {
            let Ok(before) = self.paid().await else { return };
            // What the node does not answer is tried again in the next turn.
            let _ = self.go_on(&people.accounts[record.account].account, record, pace, start).await;
            for _ in 0..MOST_READS {
                if let Ok(after) = self.paid().await {
                    book(record, &before, &after, &pace.prices_at(pace.recorded_secs()));
                    break;
                }
                tokio::time::sleep(super::send::BETWEEN_ATTEMPTS).await;
            }
        }
    }

    async fn paid(&self) -> Tried<Paid> {
        let engine = of("reading the engine", self.connection.engine(self.keys.engine).await)?;
        Ok(Paid::of(&engine.banks, &engine.markets))
    }

    /// Sends the calls of a resolution that the program takes now.
    async fn go_on(&self, key: &Pubkey, record: &mut Bankruptcy, pace: &Pace, start: i64) -> Tried<()> {
        for _ in 0..MOST_CALLS {
            let read = self.connection.read::<MarginAccount>("margin account", key).await;
            let account = of("reading an account", read)?;
            if record.calls > 0 && account.status == AccountStatus::Active as u8 {
                record.resolved_at = Some(start + pace.recorded_secs() as i64);
                return Ok(());
            }
            let mut is_sent = false;
            for step in money::steps(&account) {
                let resolve = ix::resolve_bankruptcy(&self.keys, *key, step);
                if self.connection.simulate(&self.authority(), std::slice::from_ref(&resolve)).await.is_ok() {
                    self.order(&Order::new(money::step_name(step), &self.authority, &[], resolve)).await?;
                    record.calls += 1;
                    is_sent = true;
                    break;
                }
            }
            if !is_sent {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The permissionless cranks: interest, premium and funding, settlement of PnL, waiting insurance.
    pub(super) async fn crank(&self, people: &People, reading: &Reading, prices: [i64; 2]) {
        let by_anyone = |name: &str, instruction| Order::new(name, &self.authority, &[], instruction).once();
        let mut due = Vec::new();
        for bank in &reading.shared.banks {
            due.push(by_anyone("accrue", ix::accrue(&self.keys, bank.index)));
            if bank.waiting_shares > 0 {
                due.push(by_anyone("sweep_insurance", ix::sweep_insurance(&self.keys, bank.index)));
            }
        }
        let mut premiums = Vec::new();
        for (market, listing) in (0u8..).zip(&MARKETS) {
            let i = listing.underlying.index();
            let Some(slot) = reading.shared.board.slot(i + 1) else { continue };
            let premium = dues::premium_ppm(prices[i], slot.spot, &reading.shared.registry);
            let signer = solana_signer::Signer::pubkey(&*people.venue);
            let report = ix::report_premium(&self.keys, market, signer, premium);
            premiums.push(Order::new("report_premium", &self.authority, &[&people.venue], report).once());
            due.push(by_anyone("crank_funding", ix::crank_funding(&self.keys, market)));
        }
        self.orders(premiums).await;
        self.orders(due).await;
        self.settle(people).await;
    }

    /// Settles PnL worth settling: losers first, so that the pool has what winners are due; then the markets' own claims.
    async fn settle(&self, people: &People) {
        let Ok(reading) = self.read().await else { return };
        let accounts = reading.accounts.iter().map(|(key, account)| (*key, account));
        let due = dues(accounts, &reading.shared.registry, &reading.shared.board, reading.shared.now);
        let (losers, winners): (Vec<Due>, Vec<Due>) = due.into_iter().partition(|due| due.pnl_atoms < 0);
        let settle = |due: &Due| ix::settle_pnl(&self.keys, due.market, Some(due.account));
        let by_anyone = |instruction| Order::new("settle_pnl", &self.authority, &[], instruction).once();
        self.orders(losers.iter().map(|due| by_anyone(settle(due))).collect()).await;
        // The losers have changed the pools.
        let Ok(reading) = self.read().await else { return };
        let mut orders = Vec::new();
        for due in &winners {
            let Some(totals) = reading.shared.markets.get(due.market as usize) else { continue };
            if totals.deficit_atoms > 0 {
                orders.extend(self.take_win(people, due));
            } else if totals.pool_atoms > 0 {
                orders.push(by_anyone(settle(due)));
            }
        }
        let claims =
            reading.shared.markets.iter().filter(|m| m.own_claim_atoms.min(m.pool_atoms) >= dues::LEAST_SETTLED_ATOMS);
        let claims: Vec<Order> = claims.map(|m| by_anyone(ix::settle_pnl(&self.keys, m.index, None))).collect();
        self.orders(orders).await;
        self.orders(claims).await;
    }

    /// In a deficit only the owner takes a win, for his share of the pool.
    fn take_win(&self, people: &People, due: &Due) -> Option<Order> {
        let args = plimsoll_sdk::ix::args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };
        let owner = people.owner_of(&due.account)?;
        let take = ix::take_win(&self.keys, due.market, owner.owner(), due.account, args);
        Some(Order::new("take_win", &self.authority, &[&Arc::clone(&owner.key)], take).once())
    }
}

//! What the replay has done: one method for each instruction, all of them measured.

use std::collections::BTreeMap;

use plimsoll_risk::liquidate::Request;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::BaseUnits;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_state::PriceSlot;
use solana_pubkey::Pubkey;

use crate::data::E8;
use crate::dues;
use crate::engine::{Engine, Snapshot};
use crate::feed_plan::Posting;
use crate::listing::{BANKS, MARKETS};
use crate::operation::Operation;
use crate::world::{Tick, Trader};

/// Seconds between two updates of the settlement token's price, which stands at one dollar.
const QUOTE_UPDATE_SECS: i64 = 8;
const QUOTE_CONF: u64 = E8 as u64 / 10_000;

impl Engine {
    /// A slot of the board: 0 the settlement token, then the underlyings.
    pub fn price_slot(&self, index: usize) -> PriceSlot {
        self.host.board().slots[index]
    }

    /// The held price of a slot, dollars.
    pub fn board_price_usd(&self, index: usize) -> f64 {
        dues::dollars(self.price_slot(index).spot)
    }

    /// Keeps the settlement token's price younger than the read age.
    pub fn keep_quote_fresh(&mut self, now: i64) {
        if now - self.price_slot(0).published_at >= QUOTE_UPDATE_SECS {
            let quote = Tick { published_at: now, price_e8: E8, conf_e8: QUOTE_CONF };
            self.post_and_refresh(0, &Posting { primary: Some(quote), secondary: None });
        }
    }

    /// Writes the oracle accounts that arrive and refreshes the slot; none where nothing arrived, false where the
    /// program refused it.
    pub fn post_and_refresh(&mut self, slot: usize, posting: &Posting) -> Option<bool> {
        self.host.post(slot as u8, posting);
        // A keeper reads the second source only once the first has been silent for too long.
        let silent = self.host.now() - self.host.feed_book().feeds[slot].sources[0].published_at
            > self.host.registry().params().prices.primary_stale_secs as i64;
        let pair = silent && posting.primary.is_none() && posting.secondary.is_some();
        if posting.primary.is_none() && !pair {
            return None;
        }
        Some(self.send(&Operation::RefreshPrice { slot: slot as u8, pair }).is_ok())
    }

    /// Records whether an account is under water.
    pub fn observe(&mut self, account: usize) {
        let _ = self.send(&Operation::ObserveMargin { account: self.accounts[account].account });
    }

    /// A liquidation with the no-op flag: what it reported, and its compute units where they are known; none where it was
    /// refused.
    pub fn liquidate(
        &mut self,
        liquidator: usize,
        account: usize,
        request: &Request,
    ) -> Option<(LiquidationOutcome, Option<u64>)> {
        let (liquidator, liquidatee) = (self.liquidators[liquidator], self.accounts[account].account);
        let landed = self.send(&Operation::Liquidate { liquidator, liquidatee, request: *request }).ok()?;
        Some((landed.outcome?, landed.cost.map(|cost| cost.compute_units)))
    }

    /// A fill between two accounts whose owners both sign; true where it happened.
    pub fn fill(&mut self, market: usize, buyer: Trader, seller: Trader, base_units: u64, quote_atoms: u64) -> bool {
        let market = market as u8;
        self.send(&Operation::SettleFill { market, buyer, seller, base_units, quote_atoms }).is_ok()
    }

    /// What base units are worth at the held price, quote atoms.
    pub fn quote_atoms_of(&self, snapshot: &Snapshot, market: usize, units: u64) -> u64 {
        let Some(slot) = snapshot.registry.market(market) else { return 0 };
        let Some(price) = snapshot.board.slot(slot.price_slot as usize) else { return 0 };
        BasePrice::new_down(price.spot.get(), slot.scale.get()).value_down(BaseUnits::new(units)).get()
    }

    /// Closes a liquidator's perp against the maker at the held price; true where it happened.
    pub fn close_against_maker(&mut self, liquidator: usize, market: usize, units: i64, snapshot: &Snapshot) -> bool {
        let quote_atoms = self.quote_atoms_of(snapshot, market, units.unsigned_abs());
        let (desk, maker) = (self.liquidators[liquidator], self.maker);
        let (buyer, seller) = if units > 0 { (maker, desk) } else { (desk, maker) };
        quote_atoms > 0 && self.fill(market, buyer, seller, units.unsigned_abs(), quote_atoms)
    }

    /// The permissionless cranks of every minute: interest, premium and funding, settlement of PnL, waiting insurance.
    pub fn crank(&mut self, prices: &[i64; 2]) {
        for bank in 0..BANKS.len() as u8 {
            let _ = self.send(&Operation::Accrue { bank });
            if self.bank(bank as usize).waiting_shares > 0 {
                let _ = self.send(&Operation::SweepInsurance { bank });
            }
        }
        for (market, listing) in MARKETS.iter().enumerate() {
            let i = listing.underlying.index();
            let premium_ppm = dues::premium_ppm(prices[i], self.price_slot(i + 1).spot, &self.host.registry());
            let (market, signer) = (market as u8, self.venue_signer);
            let _ = self.send(&Operation::ReportPremium { market, signer, premium_ppm });
            let _ = self.send(&Operation::CrankFunding { market });
        }
        self.settle_everyone();
    }

    /// Settles PnL worth settling: losers first, so that the pool has what winners are due; then the markets' own claims.
    fn settle_everyone(&mut self) {
        let snapshot = self.snapshot();
        let traders: Vec<Trader> = self.accounts.iter().chain(&self.liquidators).copied().chain([self.maker]).collect();
        let owners: BTreeMap<Pubkey, Pubkey> = traders.iter().map(|t| (t.account, t.owner)).collect();
        let accounts: Vec<_> = traders.iter().map(|t| (t.account, self.host.margin_account(&t.account))).collect();
        let accounts = accounts.iter().map(|(key, account)| (*key, account));
        for due in dues::dues(accounts, &snapshot.registry, &snapshot.board, snapshot.now) {
            let (totals, market) = (self.market(due.market as usize), due.market);
            if due.pnl_atoms > 0 && totals.deficit_atoms > 0 {
                // In a deficit only the owner takes a win, for his share of the pool.
                let trader = Trader { owner: owners[&due.account], account: due.account };
                let _ = self.send(&Operation::TakeWin { market, trader });
            } else if due.pnl_atoms < 0 || totals.pool_atoms > 0 {
                let _ = self.send(&Operation::SettlePnl { market, account: Some(due.account) });
            }
        }
        for market in 0..MARKETS.len() {
            let totals = self.market(market);
            if totals.own_claim_atoms.min(totals.pool_atoms) >= dues::LEAST_SETTLED_ATOMS {
                let _ = self.send(&Operation::SettlePnl { market: market as u8, account: None });
            }
        }
    }
}

//! What the replay sends: one method for each instruction, all of them measured.

use std::collections::BTreeMap;

use plimsoll_risk::liquidate::Request;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::BaseUnits;
use plimsoll_sdk::ix::args::{SettleFillArgs, TakeWinArgs};
use plimsoll_sdk::ix::{self, FillAuthority, Parties};
use plimsoll_sdk::offer::instruction_name;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_state::PriceSlot;
use solana_pubkey::Pubkey;

use crate::data::E8;
use crate::dues;
use crate::engine::{Engine, Snapshot};
use crate::feed_plan::Posting;
use crate::listing::{BANKS, MARKETS};
use crate::order;
use crate::world::{Tick, Trader};

/// Seconds between two updates of the settlement token's price, which stands at one dollar.
const QUOTE_UPDATE_SECS: i64 = 8;
const QUOTE_CONF: u64 = E8 as u64 / 10_000;

impl Engine {
    /// A slot of the board: 0 the settlement token, then the underlyings.
    pub fn price_slot(&self, index: usize) -> PriceSlot {
        self.world.board().slots[index]
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
        if let Some(tick) = posting.primary {
            self.world.post_primary(slot as u8, tick);
        }
        if let Some(tick) = posting.secondary {
            self.world.post_secondary(slot as u8, tick);
        }
        // A keeper reads the second source only once the first has been silent for too long.
        let silent = self.world.now() - self.world.feed_book().feeds[slot].sources[0].published_at
            > self.world.registry().params().prices.primary_stale_secs as i64;
        let pair = silent && posting.primary.is_none() && posting.secondary.is_some();
        if posting.primary.is_none() && !pair {
            return None;
        }
        let name = if pair { "refresh_price (second source)" } else { "refresh_price" };
        let instruction = self.world.refresh_instruction(&[slot as u8], pair);
        let authority = self.world.authority;
        Some(self.send(name, &authority, instruction).is_ok())
    }

    /// Records whether an account is under water.
    pub fn observe(&mut self, account: usize) {
        let instruction = ix::observe_margin(&self.world.keys, self.accounts[account].account);
        let authority = self.world.authority;
        let _ = self.send("observe_margin", &authority, instruction);
    }

    /// Sends a liquidation with the no-op flag: what it reported and its compute units; none where it was refused.
    pub fn liquidate(
        &mut self,
        liquidator: usize,
        account: usize,
        request: &Request,
    ) -> Option<(LiquidationOutcome, u64)> {
        let trader = self.liquidators[liquidator];
        let parties =
            Parties { signer: trader.owner, liquidator: trader.account, liquidatee: self.accounts[account].account };
        let own = self.world.margin_account(&trader);
        let instruction = order::instruction(&self.world.keys, parties, &own, request);
        let meta = self.send(instruction_name(&request.leg), &trader.owner, instruction).ok()?;
        Some((order::outcome(&meta.return_data.data)?, meta.compute_units_consumed))
    }

    /// A fill between two accounts whose owners both sign; true where it happened.
    pub fn fill(&mut self, market: usize, buyer: Trader, seller: Trader, base_units: u64, quote_atoms: u64) -> bool {
        let authority = FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        let args = SettleFillArgs { base_units, quote_atoms };
        let instruction =
            ix::settle_fill(&self.world.keys, market as u8, buyer.account, seller.account, authority, args);
        self.send("settle_fill", &buyer.owner, instruction).is_ok()
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
        let (keys, authority) = (self.world.keys, self.world.authority);
        for bank in 0..BANKS.len() as u8 {
            let _ = self.send("accrue", &authority, ix::accrue(&keys, bank));
            if self.bank(bank as usize).waiting_shares > 0 {
                let _ = self.send("sweep_insurance", &authority, ix::sweep_insurance(&keys, bank));
            }
        }
        for (market, listing) in MARKETS.iter().enumerate() {
            let i = listing.underlying.index();
            let premium = dues::premium_ppm(prices[i], self.price_slot(i + 1).spot, &self.world.registry());
            let signer = self.venue_signer;
            let report = ix::report_premium(&keys, market as u8, signer, premium);
            let _ = self.send("report_premium", &signer, report);
            let _ = self.send("crank_funding", &authority, ix::crank_funding(&keys, market as u8));
        }
        self.settle_everyone();
    }

    /// Settles PnL worth settling: losers first, so that the pool has what winners are due; then the markets' own claims.
    fn settle_everyone(&mut self) {
        let snapshot = self.snapshot();
        let traders: Vec<Trader> = self.accounts.iter().chain(&self.liquidators).copied().chain([self.maker]).collect();
        let owners: BTreeMap<Pubkey, Pubkey> = traders.iter().map(|t| (t.account, t.owner)).collect();
        let accounts: Vec<_> = traders.iter().map(|t| (t.account, self.world.margin_account(t))).collect();
        let accounts = accounts.iter().map(|(key, account)| (*key, account));
        let (keys, authority) = (self.world.keys, self.world.authority);
        for due in dues::dues(accounts, &snapshot.registry, &snapshot.board, snapshot.now) {
            let (totals, market) = (self.market(due.market as usize), due.market);
            if due.pnl_atoms > 0 && totals.deficit_atoms > 0 {
                // In a deficit only the owner takes a win, for his share of the pool.
                let args = TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };
                let owner = owners[&due.account];
                let _ = self.send("take_win", &owner, ix::take_win(&keys, market, owner, due.account, args));
            } else if due.pnl_atoms < 0 || totals.pool_atoms > 0 {
                let _ = self.send("settle_pnl", &authority, ix::settle_pnl(&keys, market, Some(due.account)));
            }
        }
        for market in 0..MARKETS.len() {
            let totals = self.market(market);
            if totals.own_claim_atoms.min(totals.pool_atoms) >= dues::LEAST_SETTLED_ATOMS {
                let _ = self.send("settle_pnl", &authority, ix::settle_pnl(&keys, market as u8, None));
            }
        }
    }
}

//! What the replay sends: one method for each instruction, all of them measured.

use plimsoll::instructions::{
    LiabilityArg, LiquidateCollateralArgs, LiquidatePositionArgs, SettleFillArgs, TakeWinArgs,
};
use plimsoll::liquidation::{LiquidationBounds, LiquidationOutcome};
use plimsoll_risk::liquidate::{Leg, Liability, Request};
use plimsoll_risk::perp::settleable;
use plimsoll_risk::price::UnitPrice;
use plimsoll_sdk::ix::{self, FillAuthority, Parties};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, PriceSlot};

use crate::data::E8;
use crate::engine::{outcome, Engine, Snapshot};
use crate::feed_plan::Posting;
use crate::listing::{BANKS, MARKETS};
use crate::world::{Tick, Trader};

/// Seconds between two updates of the settlement token's price, which stands at one dollar.
const QUOTE_UPDATE_SECS: i64 = 8;
const QUOTE_CONF: u64 = E8 as u64 / 10_000;
/// PnL below this is left to accumulate, quote atoms.
const LEAST_SETTLED_ATOMS: u64 = 5_000_000;

impl Engine {
    /// A slot of the board: 0 the settlement token, then the underlyings.
    pub fn price_slot(&self, index: usize) -> PriceSlot {
        self.world.board().slots[index]
    }

    /// The held price of a slot, dollars.
    pub fn board_price_usd(&self, index: usize) -> f64 {
        let spot = self.price_slot(index).spot;
        spot.mantissa as f64 * 2f64.powi(spot.exponent as i32)
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
        let silent = self.world.now() - self.price_slot(slot).sources[0].published_at
            > self.world.registry().params().primary_stale_secs as i64;
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
        let bounds = LiquidationBounds {
            max_size: request.max_size.unwrap_or(0),
            as_much_as_allowed: request.max_size.is_none(),
            min_size: request.min_size,
            limit_numerator: request.limit_numerator,
            limit_denominator: request.limit_denominator,
            no_op_if_refused: true,
        };
        let (name, instruction) = match request.leg {
            Leg::Pair { asset, liability } => {
                let liability = match liability {
                    Liability::Borrow(bank) => LiabilityArg::Borrow(bank),
                    Liability::NegativePnl(market) => LiabilityArg::NegativePnl(market),
                };
                let args = LiquidateCollateralArgs { asset_bank: asset, liability, bounds };
                // The bank of the collateral is needed where the liquidator owes that token.
                let owes = self.world.margin_account(&trader);
                let owes = owes.token_index(asset).is_some_and(|i| owes.tokens[i].shares < 0);
                ("liquidate_collateral", ix::liquidate_collateral(&self.world.keys, parties, args, owes))
            }
            Leg::Perp { market } => {
                let args = LiquidatePositionArgs { market, bounds };
                ("liquidate_position", ix::liquidate_position(&self.world.keys, parties, args))
            }
        };
        let meta = self.send(name, &trader.owner, instruction).ok()?;
        Some((outcome(&meta)?, meta.compute_units_consumed))
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
        UnitPrice::new_down(price.spot.get(), slot.scale.get()).value_down(units)
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
            let premium = self.premium_ppm(prices[listing.underlying.index()], listing.underlying.index() + 1);
            let signer = self.venue_signer;
            let report = ix::report_premium(&keys, market as u8, signer, premium);
            let _ = self.send("report_premium", &signer, report);
            let _ = self.send("crank_funding", &authority, ix::crank_funding(&keys, market as u8));
        }
        self.settle_everyone();
    }

    /// Recorded price over held price, within the bound of reports.
    fn premium_ppm(&self, price_e8: i64, slot: usize) -> i32 {
        let held = self.board_price_usd(slot);
        let bound = self.world.registry().params().premium_bound_ppm as f64;
        ((price_e8 as f64 / E8 as f64 / held - 1.0) * 1e6).clamp(-bound, bound) as i32
    }

    /// Settles PnL worth settling: losers first, so that the pool has what winners are due; then the markets' own claims.
    fn settle_everyone(&mut self) {
        let snapshot = self.snapshot();
        let views = Views { spot: true, fast: true, initial: true, edges: true };
        let mut due: Vec<(i64, u8, Trader)> = Vec::new();
        let traders: Vec<Trader> = self.accounts.iter().chain(&self.liquidators).copied().chain([self.maker]).collect();
        for trader in traders {
            let account = self.world.margin_account(&trader);
            if account.status != AccountStatus::Active as u8 {
                continue;
            }
            let Ok(portfolio) = snapshot.with(&account).portfolio(views) else { continue };
            for leg in portfolio.perps().iter().filter(|leg| !leg.prices.stale) {
                let Some(slot) = snapshot.registry.market(leg.market as usize) else { continue };
                let Some(price) = snapshot.board.slot(slot.price_slot as usize) else { continue };
                let pnl = settleable(leg, UnitPrice::new_down(price.slow.get(), slot.scale.get()));
                due.push((pnl, leg.market, trader));
            }
        }
        due.retain(|(pnl, _, _)| pnl.unsigned_abs() >= LEAST_SETTLED_ATOMS);
        due.sort_by_key(|(pnl, market, trader)| (*pnl, *market, trader.account));
        let (keys, authority) = (self.world.keys, self.world.authority);
        for (pnl, market, trader) in due {
            let totals = self.market(market as usize);
            if pnl > 0 && totals.deficit_atoms > 0 {
                // In a deficit only the owner takes a win, for his share of the pool.
                let args = TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };
                let take = ix::take_win(&keys, market, trader.owner, trader.account, args);
                let _ = self.send("take_win", &trader.owner, take);
            } else if pnl < 0 || totals.pool_atoms > 0 {
                let _ = self.send("settle_pnl", &authority, ix::settle_pnl(&keys, market, Some(trader.account)));
            }
        }
        for market in 0..MARKETS.len() {
            let totals = self.market(market);
            if totals.own_claim_atoms.min(totals.pool_atoms) >= LEAST_SETTLED_ATOMS {
                let _ = self.send("settle_pnl", &authority, ix::settle_pnl(&keys, market as u8, None));
            }
        }
    }
}

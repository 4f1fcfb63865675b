//! The liquidators at work: looking, racing, and bringing what they took back to dollars.

use plimsoll_risk::liquidate::{Leg, Liability};
use plimsoll_state::snapshot::Views;

use crate::data::E8;
use crate::depth::{Depth, Way};
use crate::engine::{Engine, Snapshot};
use crate::listing::{BANKS, MARKETS};
use crate::result::LiquidatorResult;
use crate::rng::Rng;
use crate::strategy::{best_offer, LiquidatorPlan, Means, Offer};

/// Notional a liquidator takes at most before he has sold it, as a multiple of his capital.
const MOST_LEVERAGE: f64 = 2.0;
/// Liquidators that go for the same account at once.
const RACERS: usize = 2;

/// One liquidator.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What he can do.
    pub plan: LiquidatorPlan,
    /// Capital, dollars.
    pub capital_usd: f64,
    /// Notional taken and not yet sold, dollars.
    pub inventory_usd: f64,
    /// Owed to him by the outside world (negative: he owes), dollars.
    pub outside_usd: f64,
    /// Base sold outside against perps taken over (negative: bought), by market, base units, with its proceeds.
    hedged: [(i64, f64); 2],
    /// What he made of it.
    pub result: LiquidatorResult,
}

/// A fill that a liquidator won.
#[derive(Clone, Debug)]
pub struct Won {
    /// Who.
    pub liquidator: usize,
    /// The offer as it was planned on the state just before.
    pub offer: Offer,
    /// What the program reported.
    pub outcome: plimsoll::liquidation::LiquidationOutcome,
    /// Compute units.
    pub compute_units: u64,
}

impl Desk {
    /// A liquidator with all of his capital.
    pub fn new(plan: LiquidatorPlan, capital_usd: f64) -> Self {
        let result = LiquidatorResult { capital_usd, ..LiquidatorResult::default() };
        Self { plan, capital_usd, inventory_usd: 0.0, outside_usd: 0.0, hedged: [(0, 0.0); 2], result }
    }

    fn means<'a>(&self, books: &'a [Depth; 2]) -> Means<'a> {
        let limit_usd = (self.capital_usd * MOST_LEVERAGE - self.inventory_usd).max(0.0);
        Means { books, fee_ppm: self.plan.fee_ppm, limit_usd }
    }

    /// Trades outside what a liquidation brought, at once, at the recorded price less spread, impact and fee.
    fn hedge(&mut self, offer: &Offer, books: &mut [Depth; 2], prices: &[i64; 2]) {
        for hedge in &offer.hedges {
            let ppm = books[hedge.underlying.index()].trade(hedge.way, hedge.usd) + self.plan.fee_ppm;
            let cost = hedge.usd * ppm / 1e6;
            self.result.costs_usd += cost;
            self.outside_usd -= cost;
            self.inventory_usd += hedge.usd;
            let sign = if hedge.way == Way::Sell { 1.0 } else { -1.0 };
            match offer.request.leg {
                // Proceeds of tokens: settled when they are delivered.
                Leg::Pair { .. } => self.outside_usd += sign * hedge.usd,
                Leg::Perp { market } => {
                    let units = offer.plan.size as i64;
                    let price = prices[hedge.underlying.index()] as f64 / E8 as f64;
                    let base = 10f64.powi(MARKETS[market as usize].base_decimals as i32);
                    let hedged = &mut self.hedged[market as usize];
                    hedged.0 += if hedge.way == Way::Sell { units } else { -units };
                    hedged.1 += sign * units as f64 / base * price;
                }
            }
        }
    }
}

/// Every liquidator who looks at this step, in random order, goes for the account's best offer; at most
/// [`RACERS`] of them send, all with the no-op flag, and the chain decides.
pub fn race(
    engine: &mut Engine,
    desks: &mut [Desk],
    books: &mut [Depth; 2],
    prices: &[i64; 2],
    step: usize,
    account: usize,
    rng: &mut Rng,
) -> Vec<Won> {
    let seen = engine.snapshot();
    let liquidatee = engine.account(account);
    let Ok(portfolio) = seen.with(&liquidatee).portfolio(Views::LIQUIDATION) else { return Vec::new() };
    let clocks = liquidatee.clocks();
    let mut order: Vec<usize> = (0..desks.len()).filter(|&i| step.is_multiple_of(desks[i].plan.every_steps)).collect();
    rng.shuffle(&mut order);
    let offer = |i: usize| best_offer(&portfolio, &clocks, seen.now, &desks[i].means(books)).map(|offer| (i, offer));
    let offers: Vec<(usize, Offer)> = order.into_iter().filter_map(offer).take(RACERS).collect();
    let mut won = Vec::new();
    for (i, offer) in offers {
        if let Some(fill) = attempt(engine, &mut desks[i], i, books, prices, account, &offer) {
            won.push(fill);
        }
    }
    won
}

/// Sends one liquidation; none where somebody else was faster or it was refused.
fn attempt(
    engine: &mut Engine,
    desk: &mut Desk,
    liquidator: usize,
    books: &mut [Depth; 2],
    prices: &[i64; 2],
    account: usize,
    offer: &Offer,
) -> Option<Won> {
    // What the program will do with this very request in the state that it will find.
    let planned = {
        let now = engine.snapshot();
        let liquidatee = engine.account(account);
        now.with(&liquidatee).plan(&offer.request).ok()
    };
    let (outcome, compute_units) = engine.liquidate(liquidator, account, &offer.request)?;
    if outcome.reason != 0 {
        desk.result.lost += 1;
        return None;
    }
    let mut offer = offer.clone();
    if let Some(Ok(plan)) = planned {
        let scale = plan.size as f64 / offer.plan.size.max(1) as f64;
        offer.hedges.iter_mut().for_each(|h| h.usd *= scale);
        offer.gain_usd *= scale;
        offer.cost_usd *= scale;
        offer.plan = plan;
    }
    desk.result.won += 1;
    desk.result.penalties_usd += offer.gain_usd;
    desk.hedge(&offer, books, prices);
    Some(Won { liquidator, offer, outcome, compute_units })
}

/// Brings a liquidator's account back to the settlement token: delivers tokens, closes perps, settles the difference.
pub fn unwind(engine: &mut Engine, desk: &mut Desk, liquidator: usize, prices: &[i64; 2]) {
    if desk.inventory_usd <= 0.0 {
        return;
    }
    let snapshot = engine.snapshot();
    let trader = engine.liquidators[liquidator];
    let account = engine.world.margin_account(&trader);
    let Ok(portfolio) = snapshot.with(&account).portfolio(Views::SPOT) else { return };
    let mut clear = true;
    for leg in portfolio.perps().iter().filter(|l| l.units != 0) {
        clear &= close_perp(engine, desk, liquidator, &snapshot, leg.market as usize, leg.units, prices);
    }
    // First what comes in, so that initial margin allows what goes out.
    for leg in portfolio.tokens().iter().filter(|l| l.amount_atoms < 0) {
        clear &= engine.deposit(&trader, leg.bank as usize, leg.amount_atoms.unsigned_abs()).is_ok();
    }
    if desk.outside_usd > 0.0 {
        let atoms = (desk.outside_usd * 1e6) as u64;
        if atoms > 0 && engine.deposit(&trader, 0, atoms).is_ok() {
            desk.outside_usd = 0.0;
        }
    }
    for leg in portfolio.tokens().iter().filter(|l| l.amount_atoms > 0) {
        clear &= engine.withdraw(&trader, leg.bank as usize, None).is_ok();
    }
    if desk.outside_usd < 0.0 {
        let atoms = (-desk.outside_usd * 1e6) as u64;
        if atoms > 0 && engine.withdraw(&trader, 0, Some(atoms)).is_ok() {
            desk.outside_usd = 0.0;
        }
    }
    if clear {
        desk.inventory_usd = 0.0;
    }
}

/// Closes a perp against the maker at spot and the hedge outside at the recorded price.
fn close_perp(
    engine: &mut Engine,
    desk: &mut Desk,
    liquidator: usize,
    snapshot: &Snapshot,
    market: usize,
    units: i64,
    prices: &[i64; 2],
) -> bool {
    if !engine.close_against_maker(liquidator, market, units, snapshot) {
        return false;
    }
    let underlying = MARKETS[market].underlying;
    let price = prices[underlying.index()] as f64 / E8 as f64;
    let (hedged, proceeds) = std::mem::take(&mut desk.hedged[market]);
    let base = 10f64.powi(MARKETS[market].base_decimals as i32);
    desk.outside_usd += proceeds - hedged as f64 / base * price;
    true
}

/// The bank whose debt a leg repays, or that a perp settles in.
pub fn fee_bank(leg: &Leg) -> usize {
    match leg {
        Leg::Pair { liability: Liability::Borrow(bank), .. } => *bank as usize,
        _ => 0,
    }
}

/// `SOL/USDC` for a pair (sold / repaid), the market's name for a perp.
pub fn product(leg: &Leg) -> String {
    let bank = |i: u8| BANKS.get(i as usize).map_or("?", |b| b.name);
    let market = |i: u8| MARKETS.get(i as usize).map_or("?", |m| m.name);
    match *leg {
        Leg::Pair { asset, liability: Liability::Borrow(debt) } => format!("{}/{}", bank(asset), bank(debt)),
        Leg::Pair { asset, liability: Liability::NegativePnl(m) } => format!("{}/{} PnL", bank(asset), market(m)),
        Leg::Perp { market: m } => market(m).to_owned(),
    }
}

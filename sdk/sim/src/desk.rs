//! A liquidator: what he may take, what he hedges, and how he brings it back to dollars. The same in process and on a
//! cluster; [`race`](crate::race) and `live` send what is decided here.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{Leg, LegPart};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{SignedAtoms, SignedBaseUnits};
use plimsoll_sdk::offer::Instrument;

use crate::data::E8;
use crate::depth::{Depth, Way};
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
    /// Notional of liquidations that have been sent and not been answered yet, dollars.
    pub in_flight_usd: f64,
    /// Owed to him by the outside world (negative: he owes), dollars.
    pub outside_usd: f64,
    /// Base sold outside against perps taken over (negative: bought), by market, base units, with its proceeds.
    hedged: [(i64, f64); 2],
    /// What he made of it.
    pub result: LiquidatorResult,
}

/// A step on the way back to the settlement token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnwindStep {
    /// Closes a perp against the maker at the held price, and its hedge outside at the recorded one.
    ClosePerp {
        /// Market.
        market: usize,
        /// Base units held, positive long.
        units: i64,
    },
    /// Repays a debt with tokens bought outside.
    Repay {
        /// Bank.
        bank: usize,
        /// How much.
        atoms: u64,
    },
    /// Pays in what the outside world owed, in the settlement token.
    PayIn {
        /// How much.
        atoms: u64,
    },
    /// Delivers tokens that have been sold outside, all of a bank.
    Deliver {
        /// Bank.
        bank: usize,
    },
    /// Pays what is owed outside, in the settlement token.
    PayOut {
        /// How much.
        atoms: u64,
    },
}

impl Desk {
    /// A liquidator with all of his capital.
    pub fn new(plan: LiquidatorPlan, capital_usd: f64) -> Self {
        let result = LiquidatorResult { capital_usd, ..LiquidatorResult::default() };
        Self {
            plan,
            capital_usd,
            inventory_usd: 0.0,
            in_flight_usd: 0.0,
            outside_usd: 0.0,
            hedged: [(0, 0.0); 2],
            result,
        }
    }

    /// What he reckons with.
    pub fn means<'a>(&self, books: &'a [Depth; 2]) -> Means<'a> {
        let limit_usd = (self.capital_usd * MOST_LEVERAGE - self.inventory_usd - self.in_flight_usd).max(0.0);
        Means { books, fee_ppm: self.plan.fee_ppm, limit_usd }
    }

    /// A race was lost.
    pub fn lost(&mut self) {
        self.result.lost += 1;
    }

    /// A race was won: books the gain of what was really filled, and trades outside what it brought, at once, at the
    /// recorded price less spread, impact and fee.
    pub fn won(&mut self, offer: &Offer, books: &mut [Depth; 2], prices: &[i64; 2]) {
        self.result.won += 1;
        self.result.penalties_usd += offer.gain_usd;
        for hedge in &offer.hedges {
            let ppm = books[hedge.underlying.index()].trade(hedge.way, hedge.usd) + self.plan.fee_ppm;
            let cost = hedge.usd * ppm / 1e6;
            self.result.costs_usd += cost;
            self.outside_usd -= cost;
            self.inventory_usd += hedge.usd;
            let sign = if hedge.way == Way::Sell { 1.0 } else { -1.0 };
            match hedge.instrument {
                // Proceeds of tokens: settled when they are delivered.
                Instrument::Bank(_) => self.outside_usd += sign * hedge.usd,
                Instrument::Market(market) => {
                    let units = offer.plan.size.get() as i64;
                    let price = prices[hedge.underlying.index()] as f64 / E8 as f64;
                    let base = 10f64.powi(MARKETS[market as usize].base_decimals as i32);
                    let hedged = &mut self.hedged[market as usize];
                    hedged.0 += if hedge.way == Way::Sell { units } else { -units };
                    hedged.1 += sign * units as f64 / base * price;
                }
            }
        }
    }

    /// First steps: perps are closed, and debts repaid so that initial margin allows what goes out afterwards.
    pub fn first_unwind_steps(&self, portfolio: &Portfolio) -> Vec<UnwindStep> {
        let perps = portfolio.perps().iter().filter(|l| l.units != SignedBaseUnits::ZERO);
        let close = perps.map(|l| UnwindStep::ClosePerp { market: l.market as usize, units: l.units.get() });
        let debts = portfolio.tokens().iter().filter(|l| l.amount_atoms < SignedAtoms::ZERO);
        let repay =
            debts.map(|l| UnwindStep::Repay { bank: l.bank as usize, atoms: l.amount_atoms.unsigned_abs().get() });
        close.chain(repay).collect()
    }

    /// Last steps, by the account as the first ones found it: the difference with the outside world is settled and
    /// tokens are delivered.
    pub fn last_unwind_steps(&self, portfolio: &Portfolio) -> Vec<UnwindStep> {
        let atoms = (self.outside_usd.abs() * 1e6) as u64;
        let pay_in = (self.outside_usd > 0.0 && atoms > 0).then_some(UnwindStep::PayIn { atoms });
        let held = portfolio.tokens().iter().filter(|l| l.amount_atoms > SignedAtoms::ZERO);
        let deliver = held.map(|l| UnwindStep::Deliver { bank: l.bank as usize });
        let pay_out = (self.outside_usd < 0.0 && atoms > 0).then_some(UnwindStep::PayOut { atoms });
        pay_in.into_iter().chain(deliver).chain(pay_out).collect()
    }

    /// Books a step that was done, at the recorded prices.
    pub fn done(&mut self, step: &UnwindStep, prices: &[i64; 2]) {
        match *step {
            UnwindStep::ClosePerp { market, .. } => {
                let price = prices[MARKETS[market].underlying.index()] as f64 / E8 as f64;
                let (hedged, proceeds) = std::mem::take(&mut self.hedged[market]);
                let base = 10f64.powi(MARKETS[market].base_decimals as i32);
                self.outside_usd += proceeds - hedged as f64 / base * price;
            }
            UnwindStep::PayIn { .. } | UnwindStep::PayOut { .. } => self.outside_usd = 0.0,
            UnwindStep::Repay { .. } | UnwindStep::Deliver { .. } => {}
        }
    }
}

impl UnwindStep {
    /// Whether the liquidator holds inventory for as long as this is not done.
    pub const fn clears_inventory(&self) -> bool {
        !matches!(self, Self::PayIn { .. } | Self::PayOut { .. })
    }
}

/// Who goes for an account: of the liquidators who are free and look in this turn, in random order, the first
/// [`RACERS`] who have an offer that pays.
pub fn racers(
    desks: &[Desk],
    is_free: impl Fn(usize) -> bool,
    books: &[Depth; 2],
    (portfolio, clocks): (&Portfolio, &Clocks),
    now: i64,
    turn: usize,
    rng: &mut Rng,
) -> Vec<(usize, Offer)> {
    let looks = |i: &usize| is_free(*i) && turn.is_multiple_of(desks[*i].plan.every_steps);
    let mut order: Vec<usize> = (0..desks.len()).filter(looks).collect();
    rng.shuffle(&mut order);
    let offer = |i: usize| best_offer(portfolio, clocks, now, &desks[i].means(books)).map(|offer| (i, offer));
    order.into_iter().filter_map(offer).take(RACERS).collect()
}

/// `SOL/USDC` for a pair (sold / repaid), the market's name for a perp.
pub fn product(leg: &Leg) -> String {
    let bank = |i: u8| BANKS.get(i as usize).map_or("?", |b| b.name);
    let market = |i: u8| MARKETS.get(i as usize).map_or("?", |m| m.name);
    let words = leg.parts().map(|part| match part {
        LegPart::Collateral(of) | LegPart::Borrow(of) => bank(of).to_owned(),
        LegPart::Loss(of) => format!("{} PnL", market(of)),
        LegPart::Position(of) => market(of).to_owned(),
    });
    words.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::LIQUIDATORS;
    use plimsoll_risk::params::GlobalParams;

    #[test]
    fn what_is_in_flight_can_not_be_taken_twice() {
        let books = [Depth::new(1e6, 0), Depth::new(1e6, 0)];
        let mut desk = Desk::new(LIQUIDATORS[0], 100.0);
        (desk.inventory_usd, desk.in_flight_usd) = (50.0, 120.0);
        assert_eq!(desk.means(&books).limit_usd, 30.0);
        desk.in_flight_usd = 500.0;
        assert_eq!(desk.means(&books).limit_usd, 0.0);
    }

    #[test]
    fn debts_are_repaid_before_tokens_go_out_and_what_is_owed_outside_is_paid_last() {
        let mut portfolio = Portfolio::empty(GlobalParams::DEFAULT);
        (portfolio.tokens[0].bank, portfolio.tokens[0].amount_atoms) = (1, SignedAtoms::new(7));
        (portfolio.tokens[1].bank, portfolio.tokens[1].amount_atoms) = (2, SignedAtoms::new(-5));
        portfolio.token_count = 2;
        (portfolio.perps[0].market, portfolio.perps[0].units, portfolio.perp_count) = (1, SignedBaseUnits::new(-3), 1);
        let mut desk = Desk::new(LIQUIDATORS[0], 100.0);
        let first = [UnwindStep::ClosePerp { market: 1, units: -3 }, UnwindStep::Repay { bank: 2, atoms: 5 }];
        assert_eq!(desk.first_unwind_steps(&portfolio), first);
        desk.outside_usd = -2.0;
        let last = [UnwindStep::Deliver { bank: 1 }, UnwindStep::PayOut { atoms: 2_000_000 }];
        assert_eq!(desk.last_unwind_steps(&portfolio), last);
        desk.done(&last[1], &[E8, E8]);
        assert_eq!((desk.outside_usd, desk.last_unwind_steps(&portfolio).len()), (0.0, 1));
    }
}

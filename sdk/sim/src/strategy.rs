//! How a liquidator of the replay decides: the offers are everybody's ([`plimsoll_sdk::offer`]), the cost of trading out of
//! them in an order book is his own.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{LegSize, Plan, Refusal, Request};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UsdMicro;
use plimsoll_sdk::offer::{self, Instrument, Liquidator, Planner, LEAST_GAIN, SLIPPAGE};

use crate::depth::{Depth, Way};
use crate::listing::{BANKS, MARKETS};
use crate::scenario::Underlying;

/// What one liquidator can do.
#[derive(Clone, Copy, Debug)]
pub struct LiquidatorPlan {
    /// Own capital, dollars.
    pub capital_usd: u64,
    /// What he pays to trade outside, on top of spread and impact, ppm.
    pub fee_ppm: f64,
    /// He looks at the chain every so many steps.
    pub every_steps: usize,
}

/// Six of them, from a fast and rich one to a slow and small one.
pub const LIQUIDATORS: [LiquidatorPlan; 6] = [
    LiquidatorPlan { capital_usd: 400_000, fee_ppm: 300.0, every_steps: 1 },
    LiquidatorPlan { capital_usd: 300_000, fee_ppm: 200.0, every_steps: 2 },
    LiquidatorPlan { capital_usd: 200_000, fee_ppm: 400.0, every_steps: 1 },
    LiquidatorPlan { capital_usd: 150_000, fee_ppm: 250.0, every_steps: 2 },
    LiquidatorPlan { capital_usd: 100_000, fee_ppm: 500.0, every_steps: 1 },
    LiquidatorPlan { capital_usd: 50_000, fee_ppm: 150.0, every_steps: 3 },
];

/// An order outside the engine that undoes what a liquidation brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// What it undoes: tokens of a bank or the position in a market.
    pub instrument: Instrument,
    /// What is traded.
    pub underlying: Underlying,
    /// Which way.
    pub way: Way,
    /// How much, dollars.
    pub usd: f64,
}

/// A liquidation that pays.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What to send.
    pub request: Request,
    /// What the program will do if nothing happens before.
    pub plan: Plan,
    /// What is sold or bought outside afterwards.
    pub hedges: Vec<Hedge>,
    /// What the liquidator gets above what he pays, dollars.
    pub gain_usd: f64,
    /// What selling costs, dollars.
    pub cost_usd: f64,
}

impl Offer {
    /// Gain less cost, dollars.
    pub fn profit_usd(&self) -> f64 {
        self.gain_usd - self.cost_usd
    }

    /// Takes another plan's place, with hedges, gain and cost in proportion to its size.
    pub fn become_plan(&mut self, plan: Plan) {
        let scale = plan.size.get() as f64 / self.plan.size.max(LegSize::new(1)).get() as f64;
        self.hedges.iter_mut().for_each(|h| h.usd *= scale);
        self.gain_usd *= scale;
        self.cost_usd *= scale;
        self.plan = plan;
    }
}

/// What a liquidator knows besides the account.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// Order books by [`Underlying::index`].
    pub books: &'a [Depth; 2],
    /// His fee, ppm.
    pub fee_ppm: f64,
    /// Notional that his capital still allows him to take, dollars.
    pub limit_usd: f64,
}

/// The offer with the largest profit, if any is worth a transaction.
pub fn best_offer(portfolio: &Portfolio, clocks: &Clocks, now: i64, means: &Means<'_>) -> Option<Offer> {
    Planner::new(portfolio, clocks, now, SLIPPAGE).best(means).ok()
}

impl Liquidator for Means<'_> {
    type Taken = Offer;
    type Declined = ();
    type Score = f64;

    fn take(
        &self,
        whole: offer::Offer,
        smaller: &dyn Fn(LegSize) -> Result<offer::Offer, Refusal>,
    ) -> Result<Offer, ()> {
        let sized = self.sized(self.hedged(whole), smaller).ok_or(())?;
        let pays = sized.profit_usd() >= LEAST_GAIN.get() as f64 / 1e6;
        pays.then_some(sized).ok_or(())
    }

    fn score(&self, taken: &Offer) -> f64 {
        taken.profit_usd()
    }
}

impl Means<'_> {
    /// As much of an offer as earns most and can be paid for.
    fn sized(&self, whole: Offer, smaller: &dyn Fn(LegSize) -> Result<offer::Offer, Refusal>) -> Option<Offer> {
        let notional = whole.plan.notional.get() as f64 / 1e6;
        if notional <= 0.0 {
            return None;
        }
        let best = self.best_size_usd(&whole, notional).min(self.limit_usd);
        if best >= notional {
            return Some(whole);
        }
        let max_size = (whole.plan.size.get() as f64 * best / notional) as u64;
        let part = (max_size > 0).then(|| smaller(LegSize::new(max_size)).ok()).flatten();
        match part {
            Some(part) => Some(self.hedged(part)),
            None if notional <= self.limit_usd => Some(whole),
            None => None,
        }
    }

    /// The notional that earns most: a linear cost grows with size while the gain per dollar stays the same.
    fn best_size_usd(&self, offer: &Offer, notional: f64) -> f64 {
        let gain_ppm = offer.gain_usd / notional * 1e6;
        let (mut first, mut slope) = (0.0, 0.0);
        for hedge in &offer.hedges {
            let book = &self.books[hedge.underlying.index()];
            let share = hedge.usd / notional;
            first += (book.first_ppm(hedge.way) + self.fee_ppm) * share;
            slope += book.slope_ppm_per_usd() * share * share;
        }
        if slope <= 0.0 {
            return if gain_ppm > first { notional } else { 0.0 };
        }
        ((gain_ppm - first) / (2.0 * slope)).max(0.0)
    }

    /// What undoing an offer takes, and costs.
    fn hedged(&self, offer: offer::Offer) -> Offer {
        let usd = |value: UsdMicro| value.get() as f64 / 1e6;
        let hedge = |exposure: offer::Exposure| {
            let underlying = match exposure.instrument {
                Instrument::Bank(bank) => BANKS.get(bank as usize)?.underlying?,
                Instrument::Market(market) => MARKETS.get(market as usize)?.underlying,
            };
            let way = if exposure.long { Way::Sell } else { Way::Buy };
            Some(Hedge { instrument: exposure.instrument, underlying, way, usd: usd(exposure.value) })
        };
        let hedges: Vec<Hedge> = offer.exposures().filter_map(hedge).collect();
        let cost = |hedge: &Hedge| {
            let ppm = self.books[hedge.underlying.index()].cost_ppm(hedge.way, hedge.usd) + self.fee_ppm;
            ppm * hedge.usd / 1e6
        };
        let cost_usd = hedges.iter().map(cost).sum();
        let gain_usd = usd(offer.received) - usd(offer.paid);
        Offer { request: offer.request, plan: offer.plan, hedges, gain_usd, cost_usd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_risk::liquidate::Leg;
    use plimsoll_risk::listing::Calibration;
    use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
    use plimsoll_risk::portfolio::{LegPrices, PerpLeg, TokenLeg};
    use plimsoll_risk::price::{base_scale_down, token_scale_down, Price, UnitPrice};
    use plimsoll_risk::units::{Count, Ppm, PpmPerSec, Secs, SignedAtoms, SignedBaseUnits, UnixSecs, UsdMicro};

    const PARAMS: GlobalParams = GlobalParams::DEFAULT;

    fn weights(bank: usize) -> TokenWeights {
        let listing = &BANKS[bank];
        let ([asset, asset_init], [debt, debt_init]) = (listing.asset_ppm, listing.liability_ppm);
        TokenWeights::new(Ppm::new(asset), Ppm::new(asset_init), Ppm::new(debt), Ppm::new(debt_init), &PARAMS).unwrap()
    }

    fn prices<Worth: Count, Unit: Count>(usd: u64, scale: Price) -> LegPrices<Worth, Unit> {
        let unit = UnitPrice::new_down(Price::from_decimal_down(usd, 0).unwrap(), scale);
        LegPrices {
            spot: unit,
            fast: unit,
            init: unit,
            init_charge: unit,
            published_at: UnixSecs::new(100),
            ready: true,
            ..Default::default()
        }
    }

    fn token(bank: usize, amount_atoms: i64, usd: u64) -> TokenLeg {
        let scale = token_scale_down(BANKS[bank].decimals).unwrap();
        TokenLeg {
            amount_atoms: SignedAtoms::new(amount_atoms),
            weights: weights(bank),
            prices: prices(usd, scale),
            bank: bank as u8,
        }
    }

    /// 100 SOL at `usd` against 15,000 USDC.
    fn borrower(usd: u64) -> Portfolio {
        let mut portfolio = Portfolio::empty(PARAMS);
        portfolio.quote = token(0, -15_000_000_000, 1);
        portfolio.tokens[0] = token(1, 100_000_000_000, usd);
        portfolio.token_count = 1;
        portfolio
    }

    fn clocks(under_water_secs: u32) -> Clocks {
        Clocks {
            under_water_secs: Secs::new(under_water_secs),
            health_state: plimsoll_risk::auction::HealthState::UnderWater,
            observed_at: UnixSecs::new(100),
            ..Default::default()
        }
    }

    fn books() -> [Depth; 2] {
        [Depth::new(5_000_000.0, 100), Depth::new(20_000_000.0, 100)]
    }

    #[test]
    fn a_healthy_account_gets_no_offer_and_a_late_enough_auction_does() {
        let books = books();
        let means = Means { books: &books, fee_ppm: 300.0, limit_usd: 1e9 };
        assert!(best_offer(&borrower(200), &clocks(0), 100, &means).is_none());
        let offer = best_offer(&borrower(175), &clocks(20), 100, &means).unwrap();
        assert!(offer.profit_usd() > 0.0 && offer.plan.penalty_ppm > Ppm::new(5_000));
        assert_eq!(offer.hedges.len(), 1);
        assert_eq!((offer.hedges[0].underlying, offer.hedges[0].way), (Underlying::Sol, Way::Sell));
    }

    #[test]
    fn nobody_sells_at_a_loss() {
        let thin = [Depth::new(5_000.0, 100), Depth::new(5_000.0, 100)];
        let means = Means { books: &thin, fee_ppm: 300.0, limit_usd: 1e9 };
        let offer = best_offer(&borrower(175), &clocks(10), 100, &means).expect("a small part pays");
        assert!(offer.profit_usd() > 0.0);
        assert!(offer.plan.size < LegSize::new(5_000_000_000));
    }

    #[test]
    fn limited_capital_takes_a_part() {
        let books = books();
        let means = Means { books: &books, fee_ppm: 0.0, limit_usd: 1_000.0 };
        let offer = best_offer(&borrower(174), &clocks(20), 100, &means).unwrap();
        assert!(offer.plan.notional <= UsdMicro::new(1_000_000_000));
    }

    #[test]
    fn a_long_perp_is_taken_over_and_sold_outside() {
        let mut portfolio = Portfolio::empty(PARAMS);
        portfolio.quote = token(0, 1_000_000_000, 1);
        let scale = base_scale_down(6, MARKETS[0].base_decimals).unwrap();
        let price = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(2_100), update_secs: Secs::new(2) };
        let rates = MarketRates::new(Ppm::new(30_000), Ppm::new(60_000), price, &weights(0), &PARAMS).unwrap();
        portfolio.perps[0] = PerpLeg {
            units: SignedBaseUnits::new(100_000_000),
            cash_atoms: SignedAtoms::new(-20_600_000_000),
            rates,
            prices: prices(200, scale),
            ..PerpLeg::default()
        };
        portfolio.perp_count = 1;
        let books = books();
        let means = Means { books: &books, fee_ppm: 100.0, limit_usd: 1e9 };
        let offer = best_offer(&portfolio, &clocks(15), 100, &means).unwrap();
        assert_eq!(offer.request.leg, Leg::Perp { market: 0 });
        assert_eq!(offer.hedges[0].way, Way::Sell);
        let (plan, request) = (&offer.plan, &offer.request);
        let cost =
            plan.paid_atoms.try_sub(plan.received_atoms).unwrap().get() as u128 * request.limit_denominator as u128;
        assert!(cost <= plan.size.get() as u128 * request.limit_numerator as u128);
    }
}

//! What it costs to sell in a crash: the liquidators' view of the market outside the engine.
//!
//! A market has a *depth*: the notional that moves its price by one percent. In a fall it shrinks to a twelfth (a law
//! that is assumed, not fitted): `depth * max(0.08, 1 - 0.92 * min(1, |return of 60 s| / 5 %))`. Trading costs half a
//! spread plus half of the linear impact of one's own order plus the impact of what others have just sold; half of an
//! order's impact persists and fades with a half-life of 60 s.

const STRESS_MOVE: f64 = 0.05;
const LEAST_SHARE: f64 = 0.08;
const HALF_LIFE_SECS: f64 = 60.0;
const PERSISTING: f64 = 0.5;
const HALF_SPREAD_PPM: f64 = 300.0;
/// Impact of one depth, ppm.
const IMPACT_PPM: f64 = 10_000.0;

/// Which way an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Buying.
    Buy,
    /// Selling.
    Sell,
}

/// The order book of one underlying.
#[derive(Clone, Debug)]
pub struct Depth {
    calm_usd: f64,
    now_usd: f64,
    /// Recent net buying that still weighs on the price, dollars; negative: selling.
    pressure_usd: f64,
    at: i64,
}

impl Depth {
    /// A calm market.
    pub fn new(calm_usd: f64, at: i64) -> Self {
        Self { calm_usd, now_usd: calm_usd, pressure_usd: 0.0, at }
    }

    /// Moves to `now`; `return_60s` is the price's change over the last minute, as a fraction.
    pub fn advance(&mut self, now: i64, return_60s: f64) {
        let stress = (return_60s.abs() / STRESS_MOVE).min(1.0);
        self.now_usd = self.calm_usd * (1.0 - (1.0 - LEAST_SHARE) * stress).max(LEAST_SHARE);
        self.pressure_usd *= 0.5f64.powf((now - self.at) as f64 / HALF_LIFE_SECS);
        self.at = now;
    }

    /// Notional that moves the price by one percent now, dollars.
    pub fn now_usd(&self) -> f64 {
        self.now_usd
    }

    /// Cost of the first dollar, ppm: half the spread and the impact of what was done before in the same direction.
    pub fn first_ppm(&self, way: Way) -> f64 {
        let pressure = match way {
            Way::Buy => self.pressure_usd,
            Way::Sell => -self.pressure_usd,
        };
        HALF_SPREAD_PPM + pressure.max(0.0) / self.now_usd * IMPACT_PPM
    }

    /// Growth of the average cost with size, ppm per dollar.
    pub fn slope_ppm_per_usd(&self) -> f64 {
        0.5 * IMPACT_PPM / self.now_usd
    }

    /// Average cost of an order, ppm of its notional.
    pub fn cost_ppm(&self, way: Way, usd: f64) -> f64 {
        self.first_ppm(way) + self.slope_ppm_per_usd() * usd
    }

    /// The size that earns most where every dollar gains `gain_ppm`, dollars: `(gain - first) / (2 slope)`.
    pub fn best_usd(&self, way: Way, gain_ppm: f64) -> f64 {
        ((gain_ppm - self.first_ppm(way)) / (2.0 * self.slope_ppm_per_usd())).max(0.0)
    }

    /// Executes an order: the average cost, ppm.
    pub fn trade(&mut self, way: Way, usd: f64) -> f64 {
        let cost = self.cost_ppm(way, usd);
        self.pressure_usd += match way {
            Way::Buy => PERSISTING * usd,
            Way::Sell => -PERSISTING * usd,
        };
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_shrinks_to_a_twelfth_in_a_fast_market_and_comes_back() {
        let mut depth = Depth::new(1_000_000.0, 0);
        depth.advance(2, -0.06);
        assert!((depth.now_usd() - 80_000.0).abs() < 1.0);
        depth.advance(4, 0.0);
        assert!((depth.now_usd() - 1_000_000.0).abs() < 1.0);
    }

    #[test]
    fn selling_makes_the_next_sale_dearer_until_it_fades() {
        let mut depth = Depth::new(1_000_000.0, 0);
        let first = depth.trade(Way::Sell, 500_000.0);
        assert!((first - 2_800.0).abs() < 1e-6);
        assert!(depth.first_ppm(Way::Sell) > 2_000.0);
        assert!((depth.first_ppm(Way::Buy) - HALF_SPREAD_PPM).abs() < 1e-9);
        depth.advance(600, 0.0);
        assert!(depth.first_ppm(Way::Sell) < 310.0);
    }

    #[test]
    fn no_size_earns_more_than_the_best_one() {
        let depth = Depth::new(2_000_000.0, 0);
        let profit = |usd: f64| usd * (9_000.0 - depth.cost_ppm(Way::Sell, usd));
        let best = depth.best_usd(Way::Sell, 9_000.0);
        for factor in [0.1, 0.5, 0.9, 1.1, 2.0] {
            assert!(profit(best) >= profit(best * factor));
        }
        assert_eq!(depth.best_usd(Way::Sell, 100.0), 0.0);
    }
}

//! Penalties, their ceilings, the two regimes and the clocks they run on (DESIGN 1 and 2).

use crate::margin::pair_rate_ppm;
use crate::num::{mul_u128_u32, mul_u32, PPM};
use crate::params::{GlobalParams, MarketRates, TokenWeights};
use crate::portfolio::Portfolio;

const PPM_U128: u128 = PPM as u128;

/// How a liquidation is sized, priced and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Back to the target margin, at a Dutch penalty.
    Cure,
    /// Too little is left for a cure: any leg, up to all of it, at a small penalty.
    WindDown,
}

/// Largest penalty of a pair that still improves the ratio, with the factor k, rounded down.
///
/// `p_max = k h (w_l - w_a) / (1 - k h (1 - w_a))` (DESIGN 1).
#[inline(never)]
pub fn pair_ceiling_ppm_down(
    health_ppm: u32,
    asset: &TokenWeights,
    liability: &TokenWeights,
    params: &GlobalParams,
) -> u32 {
    let kh = params.improvement_factor_ppm as u128 * health_ppm.min(params.health_cap_ppm) as u128;
    let numerator = kh * pair_rate_ppm(asset, liability) as u128;
    let denominator = PPM_U128 * PPM_U128 * PPM_U128 - kh * (PPM - asset.asset_maint_ppm.min(PPM)) as u128;
    (numerator * PPM_U128 / denominator).min(u32::MAX as u128) as u32
}

/// Largest penalty of a perp that still improves the ratio, with the factor k, rounded down.
///
/// `p_max = k h rate / (1 + k h (w_l - 1))`, w_l of the quote (DESIGN 1).
#[inline(never)]
pub fn perp_ceiling_ppm_down(health_ppm: u32, rates: &MarketRates, quote: &TokenWeights, params: &GlobalParams) -> u32 {
    let kh = params.improvement_factor_ppm as u128 * health_ppm.min(params.health_cap_ppm) as u128;
    let numerator = kh * rates.maint_ppm as u128;
    let denominator = PPM_U128 * PPM_U128 * PPM_U128 + kh * quote.liability_maint_ppm.saturating_sub(PPM) as u128;
    (numerator * PPM_U128 / denominator).min(u32::MAX as u128) as u32
}

/// The Dutch penalty of a cure, rounded down.
///
/// `min(max(p0 + (pcap - p0) elapsed / T_a, s m (1 - h)), pcap, p_max)`, the m in it at p = 0 (DESIGN 1).
#[inline(never)]
pub fn cure_penalty_ppm_down(
    elapsed_secs: u32,
    marginal_ppm: u32,
    health_ppm: u32,
    ceiling_ppm: u32,
    params: &GlobalParams,
) -> u32 {
    let span = (params.penalty_cap_ppm - params.penalty_start_ppm.min(params.penalty_cap_ppm)) as u64;
    let elapsed = elapsed_secs.min(params.auction_secs) as u64;
    let by_time = params.penalty_start_ppm as u64 + span * elapsed / params.auction_secs.max(1) as u64;
    let depth = (PPM - health_ppm.min(PPM)) as u128;
    let by_depth = params.depth_slope_ppm as u128 * marginal_ppm as u128 * depth / (PPM_U128 * PPM_U128);
    let asked = by_time.max(by_depth.min(u32::MAX as u128) as u64);
    asked.min(params.penalty_cap_ppm as u64).min(ceiling_ppm as u64) as u32
}

/// The wind-down penalty: `p_floor` to `p_wd` on its own clock, rounded down.
pub fn wind_down_penalty_ppm_down(elapsed_secs: u32, params: &GlobalParams) -> u32 {
    let span = params.wind_down_penalty_ppm.saturating_sub(params.penalty_floor_ppm) as u64;
    let elapsed = elapsed_secs.min(params.wind_down_secs) as u64;
    params.penalty_floor_ppm + (span * elapsed / params.wind_down_secs.max(1) as u64) as u32
}

/// Whether a penalty ceiling leaves a liquidator his floor after the insurance share.
#[inline(always)]
fn pays_a_liquidator(ceiling_ppm: u32, params: &GlobalParams) -> bool {
    ceiling_ppm as u64 * (PPM - params.insurance_share_ppm) as u64 >= params.penalty_floor_ppm as u64 * PPM as u64
}

/// A leg as a liquidator names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegName {
    /// Collateral of one bank against debt of another.
    Pair {
        /// Bank of the asset.
        asset: u8,
        /// Bank of the debt; the quote bank for negative PnL.
        liability: u8,
    },
    /// A perp position.
    Perp {
        /// Its market.
        market: u8,
    },
}

/// The best marginal maintenance among admissible legs, and whether any leg can pay for a cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestLeg {
    /// m at p = 0 of the best leg, ppm; zero without any leg.
    pub rate_ppm: u32,
    /// That leg.
    pub name: Option<LegName>,
    /// Some leg above dust with a valid price has `p_max * (1 - c) >= p_floor`, h at spot.
    pub cure_pays: bool,
    /// Weights of the best pair above dust.
    pair: Option<(TokenWeights, TokenWeights)>,
    /// Rates of the best perp above dust.
    perp: Option<MarketRates>,
}

impl BestLeg {
    /// Whether some leg above dust with a valid price has `p_max * (1 - c) >= p_floor` at this h.
    #[inline(never)]
    pub fn pays_at(&self, portfolio: &Portfolio, health_ppm: u32) -> bool {
        let (params, quote) = (&portfolio.params, &portfolio.quote.weights);
        let pair = self.pair.map_or(0, |(a, l)| pair_ceiling_ppm_down(health_ppm, &a, &l, params));
        let perp = self.perp.map_or(0, |rates| perp_ceiling_ppm_down(health_ppm, &rates, quote, params));
        pays_a_liquidator(pair.max(perp), params)
    }
}

/// One class of legs: the best pair is the largest w_l with the smallest w_a.
#[derive(Clone, Copy, Default)]
struct Class<'a> {
    asset: Option<(u8, &'a TokenWeights)>,
    liability: Option<(u8, &'a TokenWeights)>,
    perp: Option<(u8, &'a MarketRates)>,
}

/// A leg that may be the best of its class.
#[derive(Clone, Copy)]
enum Candidate<'a> {
    Asset(u8, &'a TokenWeights),
    Liability(u8, &'a TokenWeights),
    Perp(u8, &'a MarketRates),
}

impl<'a> Class<'a> {
    /// Whether the leg is better than what the class has.
    #[inline(always)]
    fn wants(&self, candidate: Candidate<'a>) -> bool {
        match candidate {
            Candidate::Asset(_, weights) => {
                self.asset.is_none_or(|(_, best)| weights.asset_maint_ppm < best.asset_maint_ppm)
            }
            Candidate::Liability(_, weights) => {
                self.liability.is_none_or(|(_, best)| weights.liability_maint_ppm > best.liability_maint_ppm)
            }
            Candidate::Perp(_, rates) => self.perp.is_none_or(|(_, best)| rates.maint_ppm > best.maint_ppm),
        }
    }

    #[inline(always)]
    fn offer(&mut self, candidate: Candidate<'a>) {
        if !self.wants(candidate) {
            return;
        }
        match candidate {
            Candidate::Asset(bank, weights) => self.asset = Some((bank, weights)),
            Candidate::Liability(bank, weights) => self.liability = Some((bank, weights)),
            Candidate::Perp(market, rates) => self.perp = Some((market, rates)),
        }
    }

    fn best(&self) -> Option<(u32, LegName)> {
        let pair = self
            .asset
            .zip(self.liability)
            .map(|((asset, a), (liability, l))| (pair_rate_ppm(a, l), LegName::Pair { asset, liability }));
        let perp = self.perp.map(|(market, rates)| (rates.maint_ppm, LegName::Perp { market }));
        match (pair, perp) {
            (Some(pair), Some(perp)) => Some(if perp.0 > pair.0 { perp } else { pair }),
            (pair, perp) => pair.or(perp),
        }
    }
}

/// The three classes of the best-leg rule: valid price, above dust and above 1 % of G; above dust; any.
struct Classes<'a> {
    any: Class<'a>,
    above_dust: Class<'a>,
    above_share: Class<'a>,
    dust_usd_micro: u64,
    /// 1 % of G, micro-dollars times parts per million.
    large_usd_pico: u128,
}

impl<'a> Classes<'a> {
    /// Only a leg that some class wants is valued.
    #[inline(always)]
    fn sort(&mut self, candidate: Candidate<'a>, value_usd_micro: impl FnOnce() -> u64) {
        self.any.offer(candidate);
        if !self.above_dust.wants(candidate) && !self.above_share.wants(candidate) {
            return;
        }
        let value = value_usd_micro();
        if value > self.dust_usd_micro {
            self.above_dust.offer(candidate);
            if mul_u32(value, PPM) > self.large_usd_pico {
                self.above_share.offer(candidate);
            }
        }
    }
}

/// Scans the legs: valid price, above dust, above 1 % of G (none: above dust; none: any).
///
/// The last argument is what can be seized of quote and what is owed in it, see [`crate::margin::quote_sides`].
#[inline(never)]
pub fn best_leg(
    portfolio: &Portfolio,
    gross_usd_micro: u128,
    health_ppm: u32,
    (seizable, owed): (u64, u64),
) -> BestLeg {
    let params = &portfolio.params;
    let mut classes = Classes {
        any: Class::default(),
        above_dust: Class::default(),
        above_share: Class::default(),
        dust_usd_micro: params.dust_usd_micro,
        large_usd_pico: mul_u128_u32(gross_usd_micro, params.best_leg_min_ppm),
    };
    for leg in portfolio.tokens().iter().filter(|l| l.amount_atoms != 0 && !l.prices.stale) {
        let candidate = if leg.amount_atoms > 0 {
            Candidate::Asset(leg.bank, &leg.weights)
        } else {
            Candidate::Liability(leg.bank, &leg.weights)
        };
        classes.sort(candidate, || leg.prices.spot.value_down(leg.amount_atoms.unsigned_abs()));
    }
    let quote = &portfolio.quote;
    if !quote.prices.stale {
        let value = |atoms| quote.prices.spot.value_down(atoms);
        if seizable > 0 {
            classes.sort(Candidate::Asset(quote.bank, &quote.weights), || value(seizable));
        }
        let largest = largest_quote_liability(portfolio, owed);
        if largest > 0 {
            classes.sort(Candidate::Liability(quote.bank, &quote.weights), || value(largest));
        }
        for leg in portfolio.perps().iter().filter(|l| l.units != 0 && !l.prices.stale) {
            let notional = || value(leg.prices.spot.value_down(leg.units.unsigned_abs()));
            classes.sort(Candidate::Perp(leg.market, &leg.rates), notional);
        }
    }
    let best = classes.above_share.best().or(classes.above_dust.best()).or(classes.any.best());
    let paying = &classes.above_dust;
    let mut found = BestLeg {
        rate_ppm: best.map_or(0, |(rate, _)| rate),
        name: best.map(|(_, name)| name),
        cure_pays: false,
        pair: paying.asset.zip(paying.liability).map(|((_, a), (_, l))| (*a, *l)),
        perp: paying.perp.map(|(_, rates)| *rates),
    };
    found.cure_pays = found.pays_at(portfolio, health_ppm);
    found
}

/// The largest single liability in quote that a liquidator can repay, atoms: the borrow, or one market's negative PnL
/// at a valid price. What a stale market has lost is owed too, but is no leg.
fn largest_quote_liability(portfolio: &Portfolio, owed: u64) -> u64 {
    let borrow = portfolio.quote.amount_atoms.min(0).unsigned_abs().min(owed);
    let owed_pnl = owed - borrow;
    if owed_pnl == 0 {
        return borrow;
    }
    let fresh = portfolio.perps().iter().filter(|leg| !leg.prices.stale);
    let lost = fresh.map(|leg| leg.pnl_at(leg.prices.spot).min(0).unsigned_abs()).max().unwrap_or(0);
    borrow.max(lost.min(owed_pnl))
}

/// What an account remembers between observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Seconds under water.
    pub under_water_secs: u32,
    /// Seconds in wind-down.
    pub wind_down_secs: u32,
    /// What the last observation saw.
    pub seen: Seen,
    /// When, Unix seconds.
    pub observed_at: i64,
    /// When an initial check last passed, Unix seconds.
    pub passed_at: i64,
    /// Publish time of the first ratio below the bypass, zero for none.
    pub bypass_published_at: i64,
    /// Spot alone counts.
    pub bypass: bool,
}

/// What an observation saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// Not under water.
    #[default]
    Healthy,
    /// Under water.
    UnderWater,
    /// Under water and in wind-down.
    WindDown,
}

/// What the clocks need to know of an account's margins now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Eligible for liquidation and, if so, in which regime.
    pub seen: Seen,
    /// At target or above at both prices.
    pub at_target: bool,
    /// At maintenance or above at spot.
    pub healthy_at_spot: bool,
    /// Below the bypass ratio at spot.
    pub below_bypass: bool,
    /// Newest publish time among the account's fresh legs, zero for none.
    pub newest_published_at: i64,
}

impl Clocks {
    /// Notes the bypass stamp: a ratio below the bypass at two publish times some seconds apart, none healthy between.
    pub fn note_bypass(&mut self, sight: &Sight, params: &GlobalParams) {
        if sight.healthy_at_spot {
            self.bypass_published_at = 0;
            self.bypass = false;
        } else if sight.below_bypass && sight.newest_published_at > 0 {
            if self.bypass_published_at <= 0 || self.bypass_published_at > sight.newest_published_at {
                self.bypass_published_at = sight.newest_published_at;
            } else if sight.newest_published_at - self.bypass_published_at >= params.bypass_spacing_secs as i64 {
                self.bypass = true;
            }
        }
    }

    /// Adds the time between two under-water observations at most `observation_gap_secs` apart; a longer gap restarts
    /// at zero; between maintenance and target the clocks stand still; at target at both prices they clear.
    /// A negative, zero or future stamp adds nothing.
    pub fn observe(&mut self, sight: &Sight, now: i64, params: &GlobalParams) {
        let known = self.observed_at > 0 && self.observed_at <= now;
        let gap = if known { now - self.observed_at } else { 0 };
        if sight.at_target {
            self.under_water_secs = 0;
            self.wind_down_secs = 0;
        } else if gap > params.observation_gap_secs as i64 {
            if sight.seen != Seen::Healthy {
                self.under_water_secs = 0;
                self.wind_down_secs = 0;
            }
        } else {
            // At most the observation gap, so it fits.
            let elapsed = gap as u32;
            if sight.seen >= Seen::UnderWater && self.seen >= Seen::UnderWater {
                self.under_water_secs = self.under_water_secs.saturating_add(elapsed);
            }
            if sight.seen == Seen::WindDown && self.seen == Seen::WindDown {
                self.wind_down_secs = self.wind_down_secs.saturating_add(elapsed);
            }
        }
        self.seen = sight.seen;
        self.observed_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARAMS: GlobalParams = GlobalParams::DEFAULT;

    fn sight(seen: Seen, at_target: bool) -> Sight {
        Sight { seen, at_target, healthy_at_spot: seen == Seen::Healthy, below_bypass: false, newest_published_at: 0 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_penalty_never_falls_with_time_and_never_exceeds_its_caps(
            a in 0u32..200, b in 0u32..200, m in 0u32..1_000_000, h in 0u32..1_000_000, ceiling in 0u32..100_000,
        ) {
            let (early, late) = (a.min(b), a.max(b));
            let p = cure_penalty_ppm_down(early, m, h, ceiling, &PARAMS);
            prop_assert!(p <= cure_penalty_ppm_down(late, m, h, ceiling, &PARAMS));
            prop_assert!(p <= PARAMS.penalty_cap_ppm && p <= ceiling);
            prop_assert!(wind_down_penalty_ppm_down(early, &PARAMS) <= wind_down_penalty_ppm_down(late, &PARAMS));
            prop_assert!(wind_down_penalty_ppm_down(late, &PARAMS) <= PARAMS.wind_down_penalty_ppm);
        }

        #[test]
        fn under_the_ceiling_a_fill_improves_the_ratio(
            h in 1u32..1_000_000, w_a in 0u32..=1_000_000, w_l in 1_000_000u32..2_000_000, rate in 1u32..500_000,
        ) {
            let weights = TokenWeights { asset_maint_ppm: w_a, liability_maint_ppm: w_l, ..Default::default() };
            let p = pair_ceiling_ppm_down(h, &weights, &weights, &PARAMS) as f64 / 1e6;
            let (h1, wa, wl) = (h as f64 / 1e6, w_a as f64 / 1e6, w_l as f64 / 1e6);
            prop_assert!(p <= h1 * ((wl - 1.0) + (1.0 - wa) * (1.0 + p)) + 1e-12);
            let rates = MarketRates { maint_ppm: rate, ..Default::default() };
            let p = perp_ceiling_ppm_down(h, &rates, &weights, &PARAMS) as f64 / 1e6;
            prop_assert!(p <= h1 * (rate as f64 / 1e6 - (wl - 1.0) * p) + 1e-12);
        }

        #[test]
        fn the_clock_never_counts_more_than_the_time_that_passed(steps in proptest::collection::vec((0i64..60, 0u8..4), 1..60)) {
            let mut clocks = Clocks::default();
            let (start, mut now) = (1_000_000i64, 1_000_000i64);
            for (gap, kind) in steps {
                now += gap;
                let before = clocks;
                let seen = [Seen::Healthy, Seen::UnderWater, Seen::WindDown, Seen::Healthy][kind as usize];
                clocks.observe(&sight(seen, kind == 3), now, &PARAMS);
                prop_assert!(clocks.under_water_secs as i64 <= now - start);
                prop_assert!(clocks.wind_down_secs <= clocks.under_water_secs);
                if kind == 3 { prop_assert_eq!((clocks.under_water_secs, clocks.wind_down_secs), (0, 0)); }
                if kind == 0 { prop_assert_eq!(clocks.under_water_secs, before.under_water_secs); }
            }
        }
    }

    #[test]
    fn a_future_zero_or_negative_stamp_adds_nothing() {
        for stamp in [i64::MIN, -1, 0, 2_000] {
            let mut clocks = Clocks { observed_at: stamp, seen: Seen::UnderWater, ..Default::default() };
            clocks.observe(&sight(Seen::UnderWater, false), 1_000, &PARAMS);
            assert_eq!(clocks.under_water_secs, 0);
        }
    }

    #[test]
    fn a_gap_in_observation_restarts_the_clock_but_a_fill_does_not() {
        let mut clocks =
            Clocks { observed_at: 100, seen: Seen::UnderWater, under_water_secs: 20, ..Default::default() };
        clocks.observe(&sight(Seen::UnderWater, false), 130, &PARAMS);
        assert_eq!(clocks.under_water_secs, 50);
        clocks.observe(&sight(Seen::UnderWater, false), 161, &PARAMS);
        assert_eq!(clocks.under_water_secs, 0);
    }

    #[test]
    fn the_bypass_needs_two_publish_times_apart_and_none_healthy_between() {
        let low = |at| Sight { below_bypass: true, newest_published_at: at, ..sight(Seen::Healthy, false) };
        let low = |at| Sight { healthy_at_spot: false, ..low(at) };
        let mut clocks = Clocks::default();
        clocks.note_bypass(&low(100), &PARAMS);
        clocks.note_bypass(&low(101), &PARAMS);
        assert!(!clocks.bypass);
        clocks.note_bypass(&sight(Seen::Healthy, false), &PARAMS);
        clocks.note_bypass(&low(103), &PARAMS);
        assert!(!clocks.bypass);
        clocks.note_bypass(&low(105), &PARAMS);
        assert!(clocks.bypass);
    }
}

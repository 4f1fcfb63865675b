//! Which leg improves the account most for each dollar, and whether any can pay a liquidator for a cure (LEG-1).

use super::{pair_ceiling_ppm_down, pays_a_liquidator, perp_ceiling_ppm_down};
use crate::margin::pair_rate_ppm;
use crate::num::{mul_u128_u32, mul_u32, PPM};
use crate::params::{MarketRates, TokenWeights};
use crate::portfolio::Portfolio;

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

/// An asset that counts less than this at maintenance does not set the best leg (ADR 23) (LEG-2).
const BEST_ASSET_MIN_PPM: u32 = PPM / 2;
/// A liability that counts more than this does not either.
const BEST_LIABILITY_MAX_PPM: u32 = 2 * PPM;

/// The best marginal maintenance among admissible legs, and whether any leg can pay for a cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestLeg {
    /// m at p = 0 of the best leg, ppm; zero without any leg.
    pub rate_ppm: u32,
    /// That leg.
    pub name: Option<LegName>,
    /// Some leg above dust with a valid price has `p_max * (1 - c) >= p_floor`, h at spot.
    pub cure_pays: bool,
    /// Weights of the pair above dust that pays most.
    pair: Option<(TokenWeights, TokenWeights)>,
    /// Rates of the perp above dust that pays most.
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
///
/// A leg that the engine itself discounts by more than half may be hard to sell or to buy back: were it to exclude
/// others, whoever holds a little of it would have bought a shield.
#[derive(Clone, Copy)]
enum Candidate<'a> {
    Asset(u8, &'a TokenWeights),
    Liability(u8, &'a TokenWeights),
    Perp(u8, &'a MarketRates),
}

impl Candidate<'_> {
    #[inline(always)]
    const fn may_be_best(&self) -> bool {
        match self {
            Self::Asset(_, weights) => weights.asset_maint_ppm >= BEST_ASSET_MIN_PPM,
            Self::Liability(_, weights) => weights.liability_maint_ppm <= BEST_LIABILITY_MAX_PPM,
            Self::Perp(..) => true,
        }
    }
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

/// The three classes of the best-leg rule: valid price, above dust and above 1 % of G; above dust; any. Beside them what
/// pays for a cure: every leg above dust.
struct Classes<'a> {
    any: Class<'a>,
    above_dust: Class<'a>,
    above_share: Class<'a>,
    paying: Class<'a>,
    dust_usd_micro: u64,
    /// 1 % of G, micro-dollars times parts per million.
    large_usd_pico: u128,
}

impl<'a> Classes<'a> {
    /// Only a leg that some class wants is valued.
    #[inline(always)]
    fn sort(&mut self, candidate: Candidate<'a>, value_usd_micro: impl FnOnce() -> u64) {
        let may_be_best = candidate.may_be_best();
        if may_be_best {
            self.any.offer(candidate);
        }
        let compared = may_be_best && (self.above_dust.wants(candidate) || self.above_share.wants(candidate));
        if !compared && !self.paying.wants(candidate) {
            return;
        }
        let value = value_usd_micro();
        if value > self.dust_usd_micro {
            self.paying.offer(candidate);
            if may_be_best {
                self.above_dust.offer(candidate);
                if mul_u32(value, PPM) > self.large_usd_pico {
                    self.above_share.offer(candidate);
                }
            }
        }
    }
}

/// Scans the legs: valid price, above dust, above 1 % of G (none: above dust; none: any). Legs that the engine discounts
/// by more than half (an asset weight below one half, a liability weight above two) set no best (LEG-1, LEG-2).
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
        paying: Class::default(),
        dust_usd_micro: params.legs.dust_usd_micro,
        large_usd_pico: mul_u128_u32(gross_usd_micro, params.legs.best_leg_min_ppm),
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
    let paying = &classes.paying;
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
#[expect(clippy::arithmetic_side_effects, reason = "the borrow is capped at what is owed")]
pub(crate) fn largest_quote_liability(portfolio: &Portfolio, owed: u64) -> u64 {
    let borrow = portfolio.quote.amount_atoms.min(0).unsigned_abs().min(owed);
    let owed_pnl = owed - borrow;
    if owed_pnl == 0 {
        return borrow;
    }
    let fresh = portfolio.perps().iter().filter(|leg| !leg.prices.stale);
    let lost = fresh.map(|leg| leg.pnl_at(leg.prices.spot).min(0).unsigned_abs()).max().unwrap_or(0);
    borrow.max(lost.min(owed_pnl))
}

#[cfg(test)]
mod tests;

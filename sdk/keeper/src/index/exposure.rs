//! How much an account can lose by each price, and the trigger prices that follow.
//!
//! `NAV - MMR` at spot is a sum of terms that are linear in a price each, but for quote and PnL, which net first and
//! then weigh `w_a` or `w_l` (MARGIN-3). That function rises with PnL, by at least `w_a * w_pnl` and at most `w_l` per
//! dollar. So a relative move of the prices by `d_i` costs at most `sum(slope_i * d_i)`, with slopes that are taken on
//! the account's worse side. The excess, less the share of interest and funding, is divided between the prices in
//! proportion to `slope_i * sigma_i`: a stable coin gets a narrow band, a volatile token a wide one.

use plimsoll_risk::margin::{margins, Margins};
use plimsoll_risk::num::PPM;
use plimsoll_risk::params::{MAX_BANKS, MAX_MARKETS, MAX_PRICES};
use plimsoll_risk::portfolio::{PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::units::{Atoms, Ppm, SignedAtoms, SignedBaseUnits, UsdPico};
use plimsoll_state::{PriceBoard, PriceSlot, Registry};

use super::Band;

/// Widest move of the settlement token's price that bands allow for: its moves multiply with those of perps.
const QUOTE_MOVE: f64 = 0.05;
/// Widest move of any price that bands allow for; interest and funding are bounded at prices within it.
const WIDEST_MOVE: f64 = 1.0;
/// Least volatility that shares are divided by, ppm per square root of a second.
const LEAST_SIGMA_PPM: f64 = 5.0;
/// What floating-point arithmetic may lose of the excess.
const SAFETY: f64 = 0.999;
/// Values are rounded by up to a micro-dollar a leg, at weights of up to four, and charges once more.
const ROUNDING_USD_MICRO: f64 = 40.0 * 16.0;
/// A debt that grows and a notional that moves are rounded to an atom, before and after, at weights of up to four.
const ROUNDED_ATOMS: u64 = 8;
const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

/// The highest rates at which excess is thought to drift away; a rate that exceeds its ceiling makes the accounts
/// concerned due at once.
#[derive(Clone)]
pub struct Assumptions {
    /// Borrow rate per second by bank, in units of 2^-64.
    pub borrow_rates: [u64; MAX_BANKS],
    /// Funding per base unit and second by market, either way, quote atoms in units of 2^-64.
    pub funding_rates: [u64; MAX_MARKETS],
    /// Share of the excess that drift may use up, ppm.
    pub drift_share_ppm: u32,
    /// Longest time until an account is due, seconds.
    pub recheck_secs: u32,
}

impl Assumptions {
    /// Ceilings at twice the present rates.
    pub fn of(registry: &Registry, drift_share_ppm: u32, recheck_secs: u32) -> Self {
        let mut new =
            Self { borrow_rates: [0; MAX_BANKS], funding_rates: [0; MAX_MARKETS], drift_share_ppm, recheck_secs };
        for (ceiling, slot) in new.borrow_rates.iter_mut().zip(&registry.banks) {
            *ceiling = slot.borrow_rate_per_sec.saturating_mul(2);
        }
        for (ceiling, slot) in new.funding_rates.iter_mut().zip(&registry.markets) {
            *ceiling = slot.funding_per_unit_sec.unsigned_abs().saturating_mul(2);
        }
        new
    }
}

/// What is to be done with an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// No price can hurt it.
    Indifferent,
    /// At or above maintenance at spot: look again when a band is left, or at this time, Unix seconds.
    Watch {
        /// The time.
        due_secs: i64,
    },
    /// Below maintenance at spot, or beyond the range of the numbers: to be assessed at every tick.
    Hot,
}

/// Loss per relative move of one price, micro-dollars.
#[derive(Clone, Copy, Default)]
struct Slopes {
    fall: f64,
    rise: f64,
}

/// A buffer for the bands of one account; used again and again.
pub struct Exposure {
    slopes: [Slopes; MAX_PRICES],
    /// Prices that the account depends on.
    slots: Vec<u8>,
    /// Micro-dollars lost per second at most.
    drift: f64,
    /// Micro-dollars that rounding may cost.
    rounding: f64,
    /// The bands of the account looked at last.
    pub bands: Vec<Band>,
}

impl Default for Exposure {
    fn default() -> Self {
        Self {
            slopes: [Slopes::default(); MAX_PRICES],
            slots: Vec::with_capacity(MAX_PRICES),
            drift: 0.0,
            rounding: 0.0,
            bands: Vec::with_capacity(MAX_PRICES),
        }
    }
}

/// Dollars per whole unit.
pub fn price_usd(slot: &PriceSlot) -> f64 {
    slot.spot.mantissa as f64 * 2f64.powi(slot.spot.exponent)
}

fn weight(ppm: u32) -> f64 {
    ppm as f64 / PPM as f64
}

impl Exposure {
    /// Decides about a loaded account (`Views::SPOT`) and fills in [`Exposure::bands`]; allocates nothing once warm.
    ///
    /// Stale legs are looked at at their plain price: their edge only helps the account, and may be gone with the next
    /// update. `portfolio` is changed accordingly.
    pub fn look(
        &mut self,
        portfolio: &mut Portfolio,
        registry: &Registry,
        board: &PriceBoard,
        assumed: &Assumptions,
        now: i64,
    ) -> (Verdict, Margins) {
        self.clear();
        for stale in stale_mut(portfolio) {
            *stale = false;
        }
        let spot = margins(portfolio, PriceKind::Spot, false);
        let liable = portfolio.perp_count != 0
            || portfolio.quote.amount_atoms < SignedAtoms::ZERO
            || portfolio.tokens().iter().any(|leg| leg.amount_atoms < SignedAtoms::ZERO);
        if !liable {
            return (Verdict::Indifferent, spot);
        }
        if spot.maint_excess.get() < 0 || spot.saturated {
            return (Verdict::Hot, spot);
        }
        self.add_tokens(portfolio, registry, assumed);
        self.add_quote(portfolio, registry, assumed);
        let excess = spot.maint_excess.get() as f64 / PPM as f64 * SAFETY - self.rounding;
        if excess <= 0.0 {
            return (Verdict::Hot, spot);
        }
        let excess = until_next_look(excess, &spot, portfolio.params.observation.call_band());
        let drift_share = weight(assumed.drift_share_ppm);
        self.divide(excess * (1.0 - drift_share), portfolio, registry, board);
        let secs = (excess * drift_share / self.drift).min(assumed.recheck_secs as f64);
        (Verdict::Watch { due_secs: now.saturating_add(secs as i64) }, spot)
    }

    fn clear(&mut self) {
        for slot in self.slots.drain(..) {
            self.slopes[slot as usize] = Slopes::default();
        }
        self.bands.clear();
        self.drift = 0.0;
        self.rounding = ROUNDING_USD_MICRO;
    }

    fn add(&mut self, slot: u8, fall: f64, rise: f64) {
        let Some(slopes) = self.slopes.get_mut(slot as usize) else { return };
        slopes.fall += fall;
        slopes.rise += rise;
        if !self.slots.contains(&slot) {
            self.slots.push(slot);
        }
    }

    fn add_tokens(&mut self, portfolio: &Portfolio, registry: &Registry, assumed: &Assumptions) {
        for leg in portfolio.tokens() {
            let Some(slot) = registry.bank(leg.bank as usize) else { continue };
            let value = leg.prices.spot.value_up(leg.amount_atoms.unsigned_abs()).get() as f64;
            if leg.amount_atoms >= SignedAtoms::ZERO {
                let weighted = value * weight(leg.weights.asset_maint_ppm.get());
                self.add(slot.price_slot, weighted, -weighted);
            } else {
                let weighted = value * weight(leg.weights.liability_maint_ppm.get());
                self.add(slot.price_slot, -weighted, weighted);
                self.add_interest(leg, weighted, assumed);
            }
        }
    }

    /// Interest at the ceiling of the rate, on a debt whose price may double within its band.
    fn add_interest(&mut self, leg: &TokenLeg, weighted: f64, assumed: &Assumptions) {
        let rate = assumed.borrow_rates.get(leg.bank as usize).copied().unwrap_or(u64::MAX);
        self.rounding += leg.prices.spot.value_up(Atoms::new(ROUNDED_ATOMS)).get() as f64;
        self.drift += weighted * (1.0 + WIDEST_MOVE) * rate as f64 / TWO_TO_64;
    }

    /// Quote, and what settles in it: PnL nets with it, charges are paid in it.
    fn add_quote(&mut self, portfolio: &Portfolio, registry: &Registry, assumed: &Assumptions) {
        let quote = &portfolio.quote;
        let Some(slot) = registry.bank(Registry::QUOTE_BANK) else { return };
        let (w_a, w_l) = (weight(quote.weights.asset_maint_ppm.get()), weight(quote.weights.liability_maint_ppm.get()));
        let usd = |atoms: u64| quote.prices.spot.value_up(Atoms::new(atoms)).get() as f64;
        let gain = w_a * weight(portfolio.params.perps.pnl_weight_ppm);
        let (mut pnl, mut charge) = (0.0, 0.0);
        for leg in portfolio.perps() {
            let notional = usd(leg.prices.spot.value_up(leg.units.unsigned_abs()).get());
            let profit = leg.pnl_at(leg.prices.spot);
            // What the market's deficit takes of a gain it takes of every dollar by which one grows.
            let claim = weight(leg.deficit_share_ppm.rest().get());
            let weighted =
                if profit >= SignedAtoms::ZERO { weight(portfolio.params.perps.pnl_weight_ppm) * claim } else { 1.0 };
            pnl += usd(profit.unsigned_abs().get()) * weighted * profit.get().signum() as f64;
            charge += notional * weight(leg.rates.maint_ppm.get());
            // A gain that a deficit cuts is rounded once more.
            self.rounding += usd(if leg.deficit_share_ppm.is_zero() { ROUNDED_ATOMS } else { 2 * ROUNDED_ATOMS });
            self.add_perp(leg, notional, (gain * claim, w_l), registry);
            let rate = assumed.funding_rates.get(leg.market as usize).copied().unwrap_or(u64::MAX);
            let atoms = leg.units.unsigned_abs().get() as f64 * rate as f64 / TWO_TO_64;
            self.drift += atoms * usd(1_000_000) / 1e6 * w_l * (1.0 + QUOTE_MOVE);
        }
        let balance = usd(quote.amount_atoms.unsigned_abs().get()) * quote.amount_atoms.get().signum() as f64;
        let net = balance + pnl;
        let side = net * if net >= 0.0 { w_a } else { w_l };
        let worth = side - charge;
        self.add(slot.price_slot, worth, -worth);
        if quote.amount_atoms < SignedAtoms::ZERO {
            self.add_interest(quote, -balance * w_l, assumed);
        }
    }

    fn add_perp(&mut self, leg: &PerpLeg, notional: f64, (gain, w_l): (f64, f64), registry: &Registry) {
        let Some(slot) = registry.market(leg.market as usize) else { return };
        let rate = weight(leg.rates.maint_ppm.get());
        let (most, least) = (notional * (1.0 + QUOTE_MOVE), notional * (1.0 - QUOTE_MOVE));
        if leg.units >= SignedBaseUnits::ZERO {
            self.add(slot.price_slot, most * w_l - least * rate, most * rate - least * gain);
        } else {
            self.add(slot.price_slot, -least * (gain + rate), most * (w_l + rate));
        }
    }

    /// Divides the excess and writes the bands.
    fn divide(&mut self, excess: f64, portfolio: &Portfolio, registry: &Registry, board: &PriceBoard) {
        let quote = registry.bank(Registry::QUOTE_BANK).map(|slot| slot.price_slot);
        let sigma = |slot: u8| {
            board.slot(slot as usize).map_or(LEAST_SIGMA_PPM, |p| (p.vol_ppm_per_sqrt_sec as f64).max(LEAST_SIGMA_PPM))
        };
        let worse = |slopes: &Slopes| slopes.fall.max(slopes.rise).max(0.0);
        let total: f64 = self.slots.iter().map(|slot| worse(&self.slopes[*slot as usize]) * sigma(*slot)).sum();
        let unit = if total > 0.0 { excess / total } else { f64::INFINITY };
        for slot in &self.slots {
            let slopes = self.slopes[*slot as usize];
            let price = board.slot(*slot as usize).map_or(0.0, price_usd);
            // The bounds of the other slopes hold only while quote stays within its widest move, both ways.
            let bounds_others = portfolio.perp_count != 0 && quote == Some(*slot);
            let most = if bounds_others { QUOTE_MOVE } else { WIDEST_MOVE };
            let distance = (unit * sigma(*slot)).min(most) * SAFETY;
            let falls = (slopes.fall > 0.0 || bounds_others).then_some(price * (1.0 - distance));
            let rises = (slopes.rise > 0.0 || bounds_others).then_some(price * (1.0 + distance));
            // A slot that has no price yet: its first one must be looked at.
            let first = (price <= 0.0).then_some(f32::MIN_POSITIVE as f64);
            let band = match first {
                Some(first) => Band { slot: *slot, low: None, high: Some(first) },
                None => Band { slot: *slot, low: falls, high: rises },
            };
            self.bands.push(band);
        }
    }
}

/// What may be lost before an account is looked at again: all of the excess, or of one that is above the band in which its
/// owner is called what leads there. Near the band at least an eighth, so that an account at its edge is not looked at with
/// every price.
fn until_next_look(excess: f64, spot: &Margins, band: Ppm) -> f64 {
    let pico = |value: UsdPico| value.get() as f64 / PPM as f64;
    let called_below = (pico(spot.mmr()) * weight(band.get())).max(pico(spot.tmr()) - pico(spot.mmr()));
    let left = excess - called_below;
    if left > 0.0 {
        left.max(excess / 8.0)
    } else {
        excess
    }
}

/// Of every leg, whether its price is stale.
fn stale_mut(portfolio: &mut Portfolio) -> impl Iterator<Item = &mut bool> {
    let (tokens, perps) = (portfolio.token_count, portfolio.perp_count);
    let tokens = portfolio.tokens.iter_mut().take(tokens).map(|leg| &mut leg.prices.stale);
    let perps = portfolio.perps.iter_mut().take(perps).map(|leg| &mut leg.prices.stale);
    tokens.chain(perps).chain(std::iter::once(&mut portfolio.quote.prices.stale))
}

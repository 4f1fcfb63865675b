//! NAV and requirements of an account at every level (DESIGN 1).
//!
//! Instead of the requirement R the functions sum `NAV - R` directly, as every leg contributes `side(v)` to it:
//! `w_a * v` for an asset, `w_l * v` for a liability, minus `rate * notional` for a perp. Sums stay undivided in
//! pico-dollars (micro-dollars times parts per million), so nothing is rounded but each leg's value.

use core::cmp::Ordering;

use crate::error::{RiskError, RiskResult};
use crate::num::{mul_u128_u32, mul_wide, Columns, PPM};
use crate::params::TokenWeights;
use crate::portfolio::{At, LegPrices, PerpLeg, Portfolio};
use crate::price::UnitPrice;

/// What an account is worth and what it may not fall below, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// NAV.
    pub nav: i128,
    /// `NAV - MMR`.
    pub maint: i128,
    /// `NAV - TMR`.
    pub target: i128,
    /// G: asset value plus perp notional, micro-dollars.
    pub gross_usd_micro: u128,
    /// Some leg's value left the range of the numbers.
    pub saturated: bool,
}

impl Margins {
    /// MMR, pico-dollars.
    pub const fn mmr(&self) -> i128 {
        self.nav - self.maint
    }

    /// TMR, pico-dollars.
    pub const fn tmr(&self) -> i128 {
        self.nav - self.target
    }

    /// Below maintenance; equality is healthy.
    pub const fn is_under_water(&self) -> bool {
        self.maint < 0
    }

    /// `h = NAV / MMR` in parts per million, rounded down, within `0..=cap`; `cap` without a requirement.
    #[inline(never)]
    pub fn ratio_ppm_down(&self, cap: u32) -> u32 {
        let mmr = self.mmr();
        if mmr <= 0 {
            return cap;
        }
        if self.nav <= 0 {
            return 0;
        }
        // Sums of values below 2^64 stay below 2^91; a saturated requirement is larger and its ratio rounds to zero.
        let ratio = mul_u128_u32(self.nav as u128, PPM) / mmr as u128;
        ratio.min(cap as u128) as u32
    }

    /// `h < ratio_ppm`, exactly.
    #[inline(never)]
    pub fn is_ratio_below(&self, ratio_ppm: u32) -> bool {
        let mmr = self.mmr();
        if mmr <= 0 || self.nav < 0 {
            return self.nav < 0;
        }
        mul_u128_u32(self.nav as u128, PPM) < mul_u128_u32(mmr as u128, ratio_ppm)
    }

    /// `NAV < boundary * G`: too little is left to pay anyone for a cure.
    #[inline(never)]
    pub fn is_below_boundary(&self, boundary_ppm: u32) -> bool {
        self.nav < 0 || (self.nav as u128) < mul_u128_u32(self.gross_usd_micro, boundary_ppm)
    }
}

/// Values of assets and liabilities, and `NAV - R` at two levels, as sums over legs.
#[derive(Default)]
struct Sums {
    assets: Columns,
    liabilities: Columns,
    maint: Columns,
    target: Columns,
    saturated: bool,
}

impl Sums {
    #[inline(always)]
    fn asset(&mut self, value: u64, weights: &TokenWeights) {
        self.saturated |= value == u64::MAX;
        self.assets.add(value, 1);
        self.maint.add(value, weights.asset_maint_ppm);
        self.target.add(value, weights.asset_target_ppm);
    }

    #[inline(always)]
    fn liability(&mut self, value: u64, weights: &TokenWeights) {
        self.saturated |= value == u64::MAX;
        self.liabilities.add(value, 1);
        self.maint.subtract(value, weights.liability_maint_ppm);
        self.target.subtract(value, weights.liability_target_ppm);
    }
}

/// Sums over the legs that settle in quote, quote atoms.
#[derive(Default)]
struct QuoteSums {
    gains: Columns,
    losses: Columns,
    charge_maint: Columns,
    charge_target: Columns,
    notional: Columns,
}

/// Margins at one price, each leg at its plain price or, where `edges` or where it is stale, at the edge that is
/// favourable to the account (DESIGN 3).
pub fn margins(portfolio: &Portfolio, at: At, edges: bool) -> Margins {
    let mut sums = Sums::default();
    for leg in portfolio.tokens() {
        let price = leg.prices.plain(at);
        let moved = (edges || leg.prices.stale) && leg.prices.edge != 0;
        if leg.amount_atoms >= 0 {
            let price = if moved { price.raised_down(leg.prices.edge) } else { price };
            sums.asset(price.value_in_loop_down(leg.amount_atoms as u64), &leg.weights);
        } else {
            let price = if moved { price.lowered_up(leg.prices.edge) } else { price };
            sums.liability(price.value_in_loop_up(leg.amount_atoms.unsigned_abs()), &leg.weights);
        }
    }
    let mut quote = QuoteSums::default();
    for leg in portfolio.perps() {
        add_perp(&mut quote, &mut sums.saturated, leg, at, edges);
    }
    finish(sums, portfolio, &quote, at, edges)
}

/// The unit price of an asset, a long or whatever else gains from a higher price.
#[inline(always)]
fn favourable_high(prices: &LegPrices, at: At, edges: bool) -> UnitPrice {
    let plain = prices.plain(at);
    if (edges || prices.stale) && prices.edge != 0 {
        plain.raised_down(prices.edge)
    } else {
        plain
    }
}

/// The unit price of a liability, a short or a charge.
#[inline(always)]
fn favourable_low(prices: &LegPrices, at: At, edges: bool) -> UnitPrice {
    let plain = prices.plain(at);
    if (edges || prices.stale) && prices.edge != 0 {
        plain.lowered_up(prices.edge)
    } else {
        plain
    }
}

#[inline(always)]
fn add_perp(quote: &mut QuoteSums, saturated: &mut bool, leg: &PerpLeg, at: At, edges: bool) {
    let magnitude = leg.units.unsigned_abs();
    let moved = (edges || leg.prices.stale) && leg.prices.edge != 0;
    let plain = leg.prices.plain(at);
    let (notional, worth) = if moved {
        let low = plain.lowered_up(leg.prices.edge).value_up(magnitude);
        let high = if leg.units >= 0 { plain.raised_down(leg.prices.edge).value_down(magnitude) } else { low };
        (low, high)
    } else {
        // A short's value is rounded up as its charge is, a long's down: one product serves both.
        let (down, up) = plain.values_in_loop(magnitude);
        (up, if leg.units >= 0 { down } else { up })
    };
    quote.pnl(leg, worth, saturated);
    quote.notional.add(notional, 1);
    quote.charge_maint.add(notional, leg.rates.maint_ppm);
    quote.charge_target.add(notional, leg.rates.target_ppm);
}

impl QuoteSums {
    /// Adds the leg's PnL for a base worth `worth`.
    #[inline(always)]
    fn pnl(&mut self, leg: &PerpLeg, worth: u64, saturated: &mut bool) {
        let pnl = leg.pnl_of(worth);
        *saturated |= pnl == i64::MAX || pnl == i64::MIN;
        if pnl >= 0 {
            self.gains.add(pnl as u64, 1);
        } else {
            self.losses.add(pnl.unsigned_abs(), 1);
        }
    }
}

/// Quote and PnL net before weights: `Q = q + losses + w_pnl * gains` contributes `side(Q)`; NAV counts PnL whole.
#[inline(always)]
fn finish(mut sums: Sums, portfolio: &Portfolio, quote: &QuoteSums, at: At, edges: bool) -> Margins {
    let leg = &portfolio.quote;
    let mut gross = sums.assets.total() as u128;
    let (mut charge_maint, mut charge_target) = (0, 0);
    if leg.amount_atoms != 0 || portfolio.perp_count != 0 {
        let (gains, losses) = (quote.gains.total(), quote.losses.total());
        let owned = (leg.amount_atoms as i128).wrapping_sub(losses);
        let netted = owned.wrapping_add(weighted_gains_down(gains, portfolio.params.pnl_weight_ppm));
        let whole = owned.wrapping_add(gains);
        let (high, low) = (favourable_high(&leg.prices, at, edges), favourable_low(&leg.prices, at, edges));
        let worth = value_down(whole, high, low);
        let side = if netted == whole { worth } else { value_down(netted, high, low) };
        sums.saturated |= side == u64::MAX || worth == u64::MAX;
        if whole >= 0 {
            sums.assets.add(worth, 1);
        } else {
            sums.liabilities.add(worth, 1);
        }
        if netted >= 0 {
            gross = gross.wrapping_add(side as u128);
            sums.maint.add(side, leg.weights.asset_maint_ppm);
            sums.target.add(side, leg.weights.asset_target_ppm);
        } else {
            sums.maint.subtract(side, leg.weights.liability_maint_ppm);
            sums.target.subtract(side, leg.weights.liability_target_ppm);
        }
        if portfolio.perp_count != 0 {
            let value_of = |columns: &Columns| low.value_wide_up(columns.total() as u128);
            gross = gross.wrapping_add(value_of(&quote.notional).min(1 << 90));
            charge_maint = value_of(&quote.charge_maint) as i128;
            charge_target = value_of(&quote.charge_target) as i128;
        }
    }
    // Sums of 33 values below 2^64 with weights below 2^23, and charges of at most 2^126: nothing wraps.
    let nav = sums.assets.difference_times(&sums.liabilities, PPM);
    // Rounding a liability up by a micro-dollar weighs more than the liability; a requirement is never negative.
    let maint = sums.maint.total().wrapping_sub(charge_maint).min(nav);
    let target = sums.target.total().wrapping_sub(charge_target).min(maint);
    Margins { nav, maint, target, gross_usd_micro: gross, saturated: sums.saturated }
}

/// `w * gains`, rounded down.
#[inline(always)]
fn weighted_gains_down(gains: i128, weight_ppm: u32) -> i128 {
    if weight_ppm == PPM || gains == 0 {
        gains
    } else {
        (mul_u128_u32(gains as u128, weight_ppm) / PPM as u128) as i128
    }
}

/// Magnitude of the value of a signed amount: an asset's at `high`, rounded down, a liability's at `low`, rounded up.
#[inline(always)]
fn value_down(amount: i128, high: UnitPrice, low: UnitPrice) -> u64 {
    let magnitude = amount.unsigned_abs();
    let atoms = if magnitude >> 64 == 0 { magnitude as u64 } else { u64::MAX };
    if amount >= 0 {
        high.value_down(atoms)
    } else {
        low.value_up(atoms)
    }
}

/// What the account is worth for adding risk, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitialMargins {
    /// NAV at conservative prices.
    pub nav: i128,
    /// `NAV - IMR` at conservative prices.
    pub init: i128,
    /// Some leg's value left the range of the numbers.
    pub saturated: bool,
}

impl InitialMargins {
    /// IMR, pico-dollars.
    pub const fn imr(&self) -> i128 {
        self.nav - self.init
    }
}

/// Initial margin: assets and longs low, borrows and shorts high, perp charges always high; gains count nothing.
pub fn initial_margins(portfolio: &Portfolio) -> InitialMargins {
    let (mut assets, mut liabilities, mut init) = (Columns::default(), Columns::default(), Columns::default());
    let mut saturated = false;
    for leg in portfolio.tokens() {
        let magnitude = leg.amount_atoms.unsigned_abs();
        let value = if leg.amount_atoms >= 0 {
            let value = leg.prices.init.value_in_loop_down(magnitude);
            assets.add(value, 1);
            init.add(value, leg.weights.asset_init_ppm);
            value
        } else {
            let value = leg.prices.init.value_in_loop_up(magnitude);
            liabilities.add(value, 1);
            init.subtract(value, leg.weights.liability_init_ppm);
            value
        };
        saturated |= value == u64::MAX;
    }
    let (mut perps, mut charge) = (QuoteSums::default(), Columns::default());
    for leg in portfolio.perps() {
        let magnitude = leg.units.unsigned_abs();
        let notional = leg.prices.init_charge.value_in_loop_up(magnitude);
        let worth = if leg.units >= 0 { leg.prices.init.value_in_loop_down(magnitude) } else { notional };
        saturated |= notional == u64::MAX;
        perps.pnl(leg, worth, &mut saturated);
        charge.add(notional, leg.rates.init_ppm);
    }
    let quote = &portfolio.quote;
    let mut charged = 0;
    if quote.amount_atoms != 0 || portfolio.perp_count != 0 {
        let (low, high) = (quote.prices.init, quote.prices.init_charge);
        let netted = (quote.amount_atoms as i128).wrapping_sub(perps.losses.total());
        let whole = netted.wrapping_add(perps.gains.total());
        let side = value_down(netted, low, high);
        let worth = if whole == netted { side } else { value_down(whole, low, high) };
        saturated |= side == u64::MAX || worth == u64::MAX;
        if whole >= 0 {
            assets.add(worth, 1);
        } else {
            liabilities.add(worth, 1);
        }
        if netted >= 0 {
            init.add(side, quote.weights.asset_init_ppm);
        } else {
            init.subtract(side, quote.weights.liability_init_ppm);
        }
        charged = high.value_wide_up(charge.total() as u128) as i128;
    }
    let nav = assets.difference_times(&liabilities, PPM);
    InitialMargins { nav, init: init.total().wrapping_sub(charged).min(nav), saturated }
}

/// The account may hold what it holds after adding risk.
///
/// # Errors
/// `PriceStale` or `PriceNotReady` where any leg is, `NumberOutOfRange` where a leg saturated,
/// `MarginInsufficient` where NAV is below IMR (equality passes).
pub fn check_initial(portfolio: &Portfolio) -> RiskResult<InitialMargins> {
    let quote_counts = portfolio.quote.amount_atoms != 0 || portfolio.perp_count != 0;
    let mut stale = quote_counts && portfolio.quote.prices.stale;
    let mut ready = !quote_counts || portfolio.quote.prices.ready;
    for prices in portfolio.tokens().iter().map(|l| &l.prices).chain(portfolio.perps().iter().map(|l| &l.prices)) {
        stale |= prices.stale;
        ready &= prices.ready;
    }
    if stale {
        return Err(RiskError::PriceStale);
    }
    if !ready {
        return Err(RiskError::PriceNotReady);
    }
    let margins = initial_margins(portfolio);
    if margins.saturated {
        return Err(RiskError::NumberOutOfRange);
    }
    if margins.init < 0 {
        return Err(RiskError::MarginInsufficient);
    }
    Ok(margins)
}

/// What can be taken of quote and what is owed in it (DESIGN 1): `max(0, min(q, Q))` and `max(0, -Q)`, atoms at spot.
pub fn quote_sides(portfolio: &Portfolio) -> (u64, u64) {
    let (mut gains, mut losses) = (0i128, 0i128);
    for leg in portfolio.perps() {
        // A stale leg counts at its favourable edge everywhere.
        let price = if leg.units >= 0 {
            favourable_high(&leg.prices, At::Spot, false)
        } else {
            favourable_low(&leg.prices, At::Spot, false)
        };
        let pnl = leg.pnl_at(price) as i128;
        if pnl >= 0 {
            gains += pnl;
        } else {
            losses += pnl;
        }
    }
    let q = portfolio.quote.amount_atoms as i128;
    let netted = q + losses + weighted_gains_down(gains, portfolio.params.pnl_weight_ppm);
    let clamp = |value: i128| value.clamp(0, i64::MAX as i128) as u64;
    (clamp(q.min(netted)), clamp(-netted))
}

/// The order of `a * b` and `c * d`, exactly.
#[inline(never)]
pub fn cmp_products(a: i128, b: i128, c: i128, d: i128) -> Ordering {
    let sign = |x: i128, y: i128| x.signum() * y.signum();
    let (left, right) = (sign(a, b), sign(c, d));
    if left != right {
        return left.cmp(&right);
    }
    let order = product(a.unsigned_abs(), b.unsigned_abs()).cmp(&product(c.unsigned_abs(), d.unsigned_abs()));
    if left < 0 {
        order.reverse()
    } else {
        order
    }
}

/// `a * b` as (high, low) halves of 256 bits.
#[inline(never)]
fn product(a: u128, b: u128) -> (u128, u128) {
    let (a_hi, a_lo, b_hi, b_lo) = ((a >> 64) as u64, a as u64, (b >> 64) as u64, b as u64);
    let ll = mul_wide(a_lo, b_lo);
    let (mid, carry) = mul_wide(a_lo, b_hi).overflowing_add(mul_wide(a_hi, b_lo));
    let (low, carry_low) = ll.overflowing_add(mid << 64);
    let high = mul_wide(a_hi, b_hi) + (mid >> 64) + ((carry as u128) << 64) + carry_low as u128;
    (high, low)
}

/// Marginal maintenance of a pair at penalty zero, `w_l - w_a`, ppm.
pub const fn pair_rate_ppm(asset: &TokenWeights, liability: &TokenWeights) -> u32 {
    liability.liability_maint_ppm.saturating_sub(asset.asset_maint_ppm)
}

//! NAV and requirements of an account at every level (DESIGN 1).
//!
//! Instead of the requirement R the functions sum `NAV - R` directly, as every leg contributes `side(v)` to it:
//! `w_a * v` for an asset, `w_l * v` for a liability, minus `rate * notional` for a perp. Sums stay undivided in
//! pico-dollars (micro-dollars times parts per million), so nothing is rounded but each leg's value.

use core::cmp::Ordering;

use crate::error::{RiskError, RiskResult};
use crate::num::{mul_u32, mul_wide, PPM};
use crate::params::TokenWeights;
use crate::portfolio::{At, LegPrices, PerpLeg, Portfolio, TokenLeg};
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
        // Both numbers stay below 2^96; dropping the same low bits of both keeps the product in range.
        let (nav, mmr) = (self.nav as u128, mmr as u128);
        let shift = (128 - nav.leading_zeros()).saturating_sub(100);
        let ratio = (nav >> shift) * PPM as u128 / ((mmr >> shift) + (shift > 0) as u128).max(1);
        ratio.min(cap as u128) as u32
    }

    /// `h < ratio_ppm`, exactly.
    #[inline(never)]
    pub fn is_ratio_below(&self, ratio_ppm: u32) -> bool {
        // Sums of 33 products below 2^85 leave more than 20 bits of headroom.
        self.nav.saturating_mul(PPM as i128) < self.mmr().saturating_mul(ratio_ppm as i128)
    }

    /// `NAV < boundary * G`: too little is left to pay anyone for a cure.
    #[inline(never)]
    pub fn is_below_boundary(&self, boundary_ppm: u32) -> bool {
        self.nav < self.gross_usd_micro as i128 * boundary_ppm as i128
    }
}

/// Sums over the legs that settle in quote.
#[derive(Clone, Copy, Default)]
struct QuoteSums {
    gains: i128,
    losses: i128,
    charge_maint: u128,
    charge_target: u128,
    notional: u128,
}

/// Margins at one price, each leg at its plain price or, where `edges` or where it is stale, at the edge that is
/// favourable to the account (DESIGN 3).
pub fn margins(portfolio: &Portfolio, at: At, edges: bool) -> Margins {
    let mut sums = Margins::default();
    let mut nav_usd_micro = 0i128;
    for leg in portfolio.tokens() {
        add_token(&mut sums, &mut nav_usd_micro, leg, at, edges);
    }
    let mut quote = QuoteSums::default();
    for leg in portfolio.perps() {
        add_perp(&mut quote, &mut sums.saturated, leg, at, edges);
    }
    add_quote(&mut sums, &mut nav_usd_micro, portfolio, &quote, at, edges);
    sums.nav = nav_usd_micro * PPM as i128;
    // Rounding a liability up by a micro-dollar weighs more than the liability; a requirement is never negative.
    sums.maint = sums.maint.min(sums.nav);
    sums.target = sums.target.min(sums.maint);
    sums
}

/// The unit price of an asset, a long or whatever else gains from a higher price.
#[inline(never)]
fn favourable_high(prices: &LegPrices, at: At, edges: bool) -> UnitPrice {
    let plain = prices.plain(at);
    if (edges || prices.stale) && prices.edge != 0 {
        plain.raised_down(prices.edge)
    } else {
        plain
    }
}

/// The unit price of a liability, a short or a charge.
#[inline(never)]
fn favourable_low(prices: &LegPrices, at: At, edges: bool) -> UnitPrice {
    let plain = prices.plain(at);
    if (edges || prices.stale) && prices.edge != 0 {
        plain.lowered_up(prices.edge)
    } else {
        plain
    }
}

#[inline(always)]
fn add_token(sums: &mut Margins, nav_usd_micro: &mut i128, leg: &TokenLeg, at: At, edges: bool) {
    let weights = &leg.weights;
    if leg.amount_atoms >= 0 {
        let value = favourable_high(&leg.prices, at, edges).value_down(leg.amount_atoms as u64);
        sums.saturated |= value == u64::MAX;
        sums.gross_usd_micro += value as u128;
        *nav_usd_micro += value as i128;
        sums.maint += mul_u32(value, weights.asset_maint_ppm) as i128;
        sums.target += mul_u32(value, weights.asset_target_ppm) as i128;
    } else {
        let value = favourable_low(&leg.prices, at, edges).value_up(leg.amount_atoms.unsigned_abs());
        sums.saturated |= value == u64::MAX;
        *nav_usd_micro -= value as i128;
        sums.maint -= mul_u32(value, weights.liability_maint_ppm) as i128;
        sums.target -= mul_u32(value, weights.liability_target_ppm) as i128;
    }
}

#[inline(always)]
fn add_perp(quote: &mut QuoteSums, saturated: &mut bool, leg: &PerpLeg, at: At, edges: bool) {
    let low = favourable_low(&leg.prices, at, edges);
    let pnl_price = if leg.units >= 0 { favourable_high(&leg.prices, at, edges) } else { low };
    let pnl = leg.pnl_at(pnl_price);
    *saturated |= pnl == i64::MAX || pnl == i64::MIN;
    if pnl >= 0 {
        quote.gains += pnl as i128;
    } else {
        quote.losses += pnl as i128;
    }
    let notional = low.value_up(leg.units.unsigned_abs());
    quote.notional += notional as u128;
    quote.charge_maint += mul_u32(notional, leg.rates.maint_ppm);
    quote.charge_target += mul_u32(notional, leg.rates.target_ppm);
}

/// Quote and PnL net before weights: `Q = q + losses + w_pnl * gains` contributes `side(Q)`; NAV counts PnL whole.
#[inline(always)]
fn add_quote(
    sums: &mut Margins,
    nav_usd_micro: &mut i128,
    portfolio: &Portfolio,
    quote: &QuoteSums,
    at: At,
    edges: bool,
) {
    let leg = &portfolio.quote;
    let whole = leg.amount_atoms as i128 + quote.losses + quote.gains;
    let netted =
        leg.amount_atoms as i128 + quote.losses + weighted_gains_down(quote.gains, portfolio.params.pnl_weight_ppm);
    let (high, low) = (favourable_high(&leg.prices, at, edges), favourable_low(&leg.prices, at, edges));
    *nav_usd_micro += signed_value_down(whole, high, low, &mut sums.saturated);
    let side = signed_value_down(netted, high, low, &mut sums.saturated);
    if side >= 0 {
        let value = side as u64;
        sums.gross_usd_micro += value as u128;
        sums.maint += mul_u32(value, leg.weights.asset_maint_ppm) as i128;
        sums.target += mul_u32(value, leg.weights.asset_target_ppm) as i128;
    } else {
        let value = side.unsigned_abs() as u64;
        sums.maint -= mul_u32(value, leg.weights.liability_maint_ppm) as i128;
        sums.target -= mul_u32(value, leg.weights.liability_target_ppm) as i128;
    }
    if quote.notional != 0 {
        sums.gross_usd_micro += low.value_wide_up(quote.notional).min(1 << 90);
        sums.maint -= low.value_wide_up(quote.charge_maint) as i128;
        sums.target -= low.value_wide_up(quote.charge_target) as i128;
    }
}

/// `w * gains`, rounded down.
#[inline(always)]
fn weighted_gains_down(gains: i128, weight_ppm: u32) -> i128 {
    if weight_ppm == PPM || gains == 0 {
        gains
    } else {
        gains * weight_ppm as i128 / PPM as i128
    }
}

/// Value of a signed amount, rounded down: an asset's at `high`, a liability's at `low`; at most 64 bits each way.
#[inline(never)]
fn signed_value_down(amount: i128, high: UnitPrice, low: UnitPrice, saturated: &mut bool) -> i128 {
    let magnitude = amount.unsigned_abs();
    let atoms = if magnitude >> 64 == 0 { magnitude as u64 } else { u64::MAX };
    let value = if amount >= 0 { high.value_down(atoms) } else { low.value_up(atoms) };
    *saturated |= value == u64::MAX || atoms == u64::MAX;
    if amount >= 0 {
        value as i128
    } else {
        -(value as i128)
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
    let mut sums = InitialMargins::default();
    let mut nav_usd_micro = 0i128;
    for leg in portfolio.tokens() {
        if leg.amount_atoms >= 0 {
            let value = leg.prices.init.value_down(leg.amount_atoms as u64);
            sums.saturated |= value == u64::MAX;
            nav_usd_micro += value as i128;
            sums.init += mul_u32(value, leg.weights.asset_init_ppm) as i128;
        } else {
            let value = leg.prices.init.value_up(leg.amount_atoms.unsigned_abs());
            sums.saturated |= value == u64::MAX;
            nav_usd_micro -= value as i128;
            sums.init -= mul_u32(value, leg.weights.liability_init_ppm) as i128;
        }
    }
    let (mut gains, mut losses, mut charge) = (0i128, 0i128, 0u128);
    for leg in portfolio.perps() {
        let pnl = leg.pnl_at(leg.prices.init);
        sums.saturated |= pnl == i64::MAX || pnl == i64::MIN;
        if pnl >= 0 {
            gains += pnl as i128;
        } else {
            losses += pnl as i128;
        }
        let notional = leg.prices.init_charge.value_up(leg.units.unsigned_abs());
        sums.saturated |= notional == u64::MAX;
        charge += mul_u32(notional, leg.rates.init_ppm);
    }
    let quote = &portfolio.quote;
    let (low, high) = (quote.prices.init, quote.prices.init_charge);
    let netted = quote.amount_atoms as i128 + losses;
    nav_usd_micro += signed_value_down(netted + gains, low, high, &mut sums.saturated);
    let side = signed_value_down(netted, low, high, &mut sums.saturated);
    let weight = if side >= 0 { quote.weights.asset_init_ppm } else { quote.weights.liability_init_ppm };
    let weighted = mul_u32(side.unsigned_abs() as u64, weight) as i128;
    sums.init += if side >= 0 { weighted } else { -weighted };
    sums.init -= high.value_wide_up(charge) as i128;
    sums.nav = nav_usd_micro * PPM as i128;
    sums.init = sums.init.min(sums.nav);
    sums
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

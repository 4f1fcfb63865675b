//! Maintenance and target at spot or at the fast average.

use super::net::Net;
use super::unit::{risk_units, Pnl, RiskUnit};
use super::{any_saturated, Excess, Favourable, Margins};
use crate::num::{WideSum, PPM};
use crate::params::TokenWeights;
use crate::portfolio::{Portfolio, PriceKind};
use crate::units::{Atoms, UsdMicro, UsdMicroSum, UsdPico};

/// Sums over the legs. `NAV - MMR` always, NAV and G only `WITH_NAV`, `NAV - TMR` only `WITH_TARGET`.
#[derive(Default)]
struct Sums<const WITH_NAV: bool, const WITH_TARGET: bool> {
    maint: WideSum,
    target: WideSum,
    assets: WideSum,
    liabilities: WideSum,
}

impl<const WITH_NAV: bool, const WITH_TARGET: bool> Sums<WITH_NAV, WITH_TARGET> {
    #[inline(always)]
    fn asset(&mut self, value: UsdMicro, weights: &TokenWeights) {
        let value = value.get();
        if WITH_NAV {
            self.assets.add(value, 1);
        }
        self.maint.add(value, weights.asset_maint_ppm.get());
        if WITH_TARGET {
            self.target.add(value, weights.asset_target_ppm.get());
        }
    }

    #[inline(always)]
    fn liability(&mut self, value: UsdMicro, weights: &TokenWeights) {
        let value = value.get();
        if WITH_NAV {
            self.liabilities.add(value, 1);
        }
        self.maint.subtract(value, weights.liability_maint_ppm.get());
        if WITH_TARGET {
            self.target.subtract(value, weights.liability_target_ppm.get());
        }
    }
}

/// Sums over the legs that settle in quote, quote atoms.
#[derive(Default)]
struct UnitSums<const WITH_NAV: bool, const WITH_TARGET: bool> {
    pnl: Pnl,
    charge_maint: WideSum,
    charge_target: WideSum,
    notional: WideSum,
}

impl<const WITH_NAV: bool, const WITH_TARGET: bool> UnitSums<WITH_NAV, WITH_TARGET> {
    #[inline(always)]
    fn add(&mut self, unit: RiskUnit<'_>, at: PriceKind, edges: bool) {
        let value = unit.at(at, edges);
        self.pnl.add(unit, value);
        let notional_atoms = value.notional_atoms.get();
        self.charge_maint.add(notional_atoms, unit.leg.rates.maint_ppm.get());
        if WITH_TARGET {
            self.charge_target.add(notional_atoms, unit.leg.rates.target_ppm.get());
        }
        if WITH_NAV {
            self.notional.add(notional_atoms, 1);
        }
    }
}

/// Margins at one price, each leg at its plain price or, where `edges` or where it is stale, at the edge that is
/// favourable to the account (ELIG-3).
pub fn margins(portfolio: &Portfolio, at: PriceKind, edges: bool) -> Margins {
    if portfolio.is_empty() {
        return Margins::default();
    }
    if edges {
        pass::<true, true, true>(portfolio, at)
    } else {
        pass::<true, true, false>(portfolio, at)
    }
}

/// [`Margins::maint_excess`] and [`Margins::target_excess`] alone at plain prices, for a third less.
pub fn excess(portfolio: &Portfolio, at: PriceKind) -> Excess {
    let Margins { maint_excess, target_excess, .. } = pass::<false, true, false>(portfolio, at);
    Excess { maint_excess, target_excess }
}

/// Whether the account is below maintenance with every leg at its favourable edge (ELIG-1), which is all that is asked
/// there.
pub fn is_under_water_at_edges(portfolio: &Portfolio, at: PriceKind) -> bool {
    pass::<false, false, true>(portfolio, at).maint_excess.is_negative()
}

#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "the number is not negative in this branch")]
fn pass<const WITH_NAV: bool, const WITH_TARGET: bool, const EDGES: bool>(
    portfolio: &Portfolio,
    at: PriceKind,
) -> Margins {
    let mut sums = Sums::<WITH_NAV, WITH_TARGET>::default();
    for leg in portfolio.tokens() {
        let price = Favourable::of(&leg.prices, at, EDGES);
        // `by_sign` would cost three compute units more a leg.
        let number = leg.amount_atoms.get();
        if number >= 0 {
            sums.asset(price.high().value_in_loop_down(Atoms::new(number as u64)), &leg.weights);
        } else {
            sums.liability(price.low().value_in_loop_up(Atoms::new(number.unsigned_abs())), &leg.weights);
        }
    }
    let mut units = UnitSums::<WITH_NAV, WITH_TARGET>::default();
    for unit in risk_units(portfolio) {
        units.add(unit, at, EDGES);
    }
    finish::<WITH_NAV, WITH_TARGET, EDGES>(sums, &units, portfolio, at)
}

/// Nets the quote balance q with PnL before weights: `Q = q + losses + w_pnl * gains` counts `side(Q)`, in NAV all PnL counts (MARGIN-3).
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "sums of values and charges that are only added are not negative")]
fn finish<const WITH_NAV: bool, const WITH_TARGET: bool, const EDGES: bool>(
    mut sums: Sums<WITH_NAV, WITH_TARGET>,
    units: &UnitSums<WITH_NAV, WITH_TARGET>,
    portfolio: &Portfolio,
    at: PriceKind,
) -> Margins {
    let leg = &portfolio.quote;
    let mut out = Margins::default();
    let (mut charge_maint, mut charge_target) = (0, 0);
    if WITH_NAV {
        out.assets = UsdMicroSum::new(sums.assets.total() as u128);
        out.notional_atoms = units.notional.total() as u128;
    }
    if !leg.amount_atoms.is_zero() || portfolio.perp_count != 0 {
        let net = Net::of(leg.amount_atoms, &units.pnl, portfolio.params.perps.pnl_weight());
        out.quote_net_atoms = net.weighted_atoms;
        let price = Favourable::of(&leg.prices, at, EDGES);
        let (high, low) = (price.high(), price.low());
        let value = net.weighted.value_down(high, low);
        let side = value.get();
        if net.weighted.is_debt {
            sums.maint.subtract(side, leg.weights.liability_maint_ppm.get());
            if WITH_TARGET {
                sums.target.subtract(side, leg.weights.liability_target_ppm.get());
            }
        } else {
            sums.maint.add(side, leg.weights.asset_maint_ppm.get());
            if WITH_TARGET {
                sums.target.add(side, leg.weights.asset_target_ppm.get());
            }
        }
        if WITH_NAV {
            let worth = if net.weighted == net.whole { side } else { net.whole.value_down(high, low).get() };
            if net.whole.is_debt {
                sums.liabilities.add(worth, 1);
            } else {
                sums.assets.add(worth, 1);
            }
            if !net.weighted.is_debt {
                out.assets = out.assets.plus(value.wide());
            }
        }
        if portfolio.perp_count != 0 {
            charge_maint = low.charge_up(units.charge_maint.total() as u128).get();
            if WITH_TARGET {
                charge_target = low.charge_up(units.charge_target.total() as u128).get();
            }
        }
    }
    // Sums of 33 values below 2^64 with weights below 2^23, and charges of at most 2^126: nothing wraps.
    let mut maint = sums.maint.total().wrapping_sub(charge_maint);
    let mut target = 0;
    if WITH_TARGET {
        target = sums.target.total().wrapping_sub(charge_target).min(maint);
    }
    if WITH_NAV {
        let nav = sums.assets.difference_times(&sums.liabilities, PPM);
        out.nav = UsdPico::new(nav);
        // Rounding a liability up by a micro-dollar weighs more than the liability; a requirement is never negative.
        maint = maint.min(nav);
        if WITH_TARGET {
            target = target.min(maint);
        }
        out.saturated = any_saturated(&sums.assets, &sums.liabilities, &units.notional, &units.pnl);
    }
    (out.maint_excess, out.target_excess) = (UsdPico::new(maint), UsdPico::new(target));
    out
}

/// What can be taken of quote and what is owed in it (MARGIN-4): `max(0, min(q, Q))` and `max(0, -Q)`.
///
/// `margins` are the portfolio's at spot and plain prices.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within 0 and 2^63; Q is a sum of 33 numbers below 2^64, so its negative fits"
)]
pub fn quote_sides(portfolio: &Portfolio, margins: &Margins) -> (Atoms, Atoms) {
    let (q, netted) = (portfolio.quote.amount_atoms.get() as i128, margins.quote_net_atoms);
    let clamp = |value: i128| Atoms::new(value.clamp(0, i64::MAX as i128) as u64);
    (clamp(q.min(netted)), clamp(-netted))
}

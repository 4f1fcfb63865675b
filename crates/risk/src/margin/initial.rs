//! Initial margin: what an account may hold after adding risk.

use super::any_saturated;
use super::net::Net;
use super::unit::{risk_units, Pnl};
use crate::error::{RiskError, RiskResult};
use crate::num::{WideSum, PPM};
use crate::portfolio::Portfolio;
use crate::units::{Ppm, UsdPico};

/// What the account is worth for adding risk, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitialMargins {
    /// NAV at conservative prices.
    pub nav: UsdPico,
    /// `NAV - IMR` at conservative prices.
    pub init_excess: UsdPico,
    /// Some leg's value left the range of the numbers, or a sum of such values did.
    pub saturated: bool,
}

impl InitialMargins {
    /// IMR, pico-dollars.
    pub const fn imr(&self) -> UsdPico {
        self.nav.less(self.init_excess)
    }
}

/// Initial: assets and longs low, borrows and shorts high, perp charges high (MARGIN-6); no gain counts (MARGIN-3).
#[expect(clippy::cast_sign_loss, reason = "a sum of charges is not negative")]
pub fn initial_margins(portfolio: &Portfolio) -> InitialMargins {
    let (mut assets, mut liabilities, mut init) = (WideSum::default(), WideSum::default(), WideSum::default());
    for leg in portfolio.tokens() {
        let magnitude = leg.amount_atoms.unsigned_abs();
        if leg.amount_atoms.get() >= 0 {
            let value = leg.prices.init.value_in_loop_down(magnitude).get();
            assets.add(value, 1);
            init.add(value, leg.weights.asset_init_ppm.get());
        } else {
            let value = leg.prices.init.value_in_loop_up(magnitude).get();
            liabilities.add(value, 1);
            init.subtract(value, leg.weights.liability_init_ppm.get());
        }
    }
    let (mut pnl, mut notionals, mut charge) = (Pnl::default(), WideSum::default(), WideSum::default());
    for unit in risk_units(portfolio) {
        let value = unit.at_initial();
        pnl.add(unit, value);
        let notional_atoms = value.notional_atoms.get();
        notionals.add(notional_atoms, 1);
        charge.add(notional_atoms, unit.leg.rates.init_ppm.get());
    }
    let quote = &portfolio.quote;
    let mut charged = 0;
    if !quote.amount_atoms.is_zero() || portfolio.perp_count != 0 {
        let (low, high) = (quote.prices.init, quote.prices.init_charge);
        let net = Net::of(quote.amount_atoms, &pnl, Ppm::ZERO);
        let side = net.weighted.value_down(low, high).get();
        let worth = if net.weighted == net.whole { side } else { net.whole.value_down(low, high).get() };
        if net.whole.is_debt {
            liabilities.add(worth, 1);
        } else {
            assets.add(worth, 1);
        }
        if net.weighted.is_debt {
            init.subtract(side, quote.weights.liability_init_ppm.get());
        } else {
            init.add(side, quote.weights.asset_init_ppm.get());
        }
        charged = high.charge_up(charge.total() as u128).get();
    }
    let saturated = any_saturated(&assets, &liabilities, &notionals, &pnl);
    let nav = assets.difference_times(&liabilities, PPM);
    let init_excess = UsdPico::new(init.total().wrapping_sub(charged).min(nav));
    InitialMargins { nav: UsdPico::new(nav), init_excess, saturated }
}

/// The account may hold what it holds after adding risk: whoever trades at a price that the market has left takes from
/// whoever bears the difference, so that no leg's price may be older than the risk age (RISK-2).
///
/// # Errors
/// `PriceStale` where any leg's price is older than the risk age; else as [`check_takeover`].
pub fn check_initial(portfolio: &Portfolio) -> RiskResult<InitialMargins> {
    check(portfolio, true)
}

/// The account may hold what it holds after taking over what another held: no risk is added to the engine, so that the
/// read age is enough (RISK-3).
///
/// # Errors
/// `PriceStale` or `PriceNotReady` where any leg is, `NumberOutOfRange` where a leg saturated,
/// `MarginInsufficient` where NAV is below IMR (equality passes).
pub fn check_takeover(portfolio: &Portfolio) -> RiskResult<InitialMargins> {
    check(portfolio, false)
}

fn check(portfolio: &Portfolio, adds_risk: bool) -> RiskResult<InitialMargins> {
    let (stale, old, ready) = portfolio.ages();
    if stale || (adds_risk && old) {
        return Err(RiskError::PriceStale);
    }
    if !ready {
        return Err(RiskError::PriceNotReady);
    }
    let margins = initial_margins(portfolio);
    if margins.saturated {
        return Err(RiskError::NumberOutOfRange);
    }
    if margins.init_excess.is_negative() {
        return Err(RiskError::MarginInsufficient);
    }
    Ok(margins)
}

//! Bankruptcy: who may be resolved, what insurance pays on each leg, and what is left to socialize
//! (BANKRUPT, INSURE).
//!
//! Everything is paid in whole atoms. What is divided is divided once, for all legs together, and each leg's share is
//! then its own: the order of calls moves nothing from one leg to another (BANKRUPT-8).

use crate::error::{RiskError, RiskResult};
use crate::liquidate::{largest_quote_liability, Assessment};
use crate::margin::margins;
use crate::num::mul_wide;
use crate::portfolio::{LegPrices, Portfolio, PriceKind, TokenPrices};
use crate::units::{Atoms, Count, UsdMicro, UsdMicroSum, UsdPico};

/// The most legs that share one fund: the quote borrow and every derivative position.
pub const MAX_QUOTE_LEGS: usize = 1 + crate::params::MAX_DERIVATIVE_POSITIONS;

/// Whether an account can be resolved (BANKRUPT-1, ADR 15).
///
/// NAV counts as negative only where it is so with every leg at the edge favourable to the account (a fresh leg's is
/// its confidence, a stale one's grows with its age), at spot and at the fast average, or at spot alone once the
/// bypass holds: the account is then insolvent at every price that could have made it eligible for liquidation.
/// `assessment` is [`crate::liquidate::assess`]'s of the same portfolio, its clocks this observation included.
///
/// # Errors
/// `NotBankrupt`; `AssetsRemain` where a liquidator could still seize something above dust, or where a price that is
/// not known now could still make the account solvent; `PerpsRemain` where a base is open and wind-down has not stood
/// at its ceiling for long enough (BANKRUPT-3).
pub fn check_bankrupt(portfolio: &Portfolio, assessment: &Assessment) -> RiskResult<()> {
    let at_spot = margins(portfolio, PriceKind::Spot, true);
    let mut nav = at_spot.nav.get();
    if !assessment.clocks.bypass {
        nav = nav.max(margins(portfolio, PriceKind::Fast, true).nav.get());
    }
    if nav >= 0 {
        return Err(RiskError::NotBankrupt);
    }
    let legs = Seizable::of(portfolio, assessment, at_spot.quote_net_atoms);
    if legs.some_can_be_taken() || legs.may_cover(UsdPico::new(nav.wrapping_neg())) {
        return Err(RiskError::AssetsRemain);
    }
    let params = &portfolio.params;
    let until_closed = params.wind_down.wind_down().saturating_add(params.wind_down.wind_down_close());
    if portfolio.perps().iter().any(|leg| !leg.units.is_zero()) && assessment.clocks.wind_down_secs < until_closed {
        return Err(RiskError::PerpsRemain);
    }
    Ok(())
}

/// What still prevents the resolution of an insolvent account (BANKRUPT-2).
///
/// Such an account is in wind-down, where a plan asks of a pair nothing but two fresh prices and an asset and a debt
/// that are worth something; a liquidator asks that both be above dust. What cannot be priced now can be taken by
/// nobody: it only counts by how much it could be worth.
#[derive(Clone, Copy, Default)]
struct Seizable {
    /// A fresh asset above dust.
    fresh_asset: bool,
    /// A fresh debt above dust: a borrow, or one market's negative PnL.
    fresh_debt: bool,
    /// An asset above dust, whose price is not stale for hours.
    asset: bool,
    /// What prices that are stale, but not for hours, leave open: an asset or a long may be worth twice
    /// its favourable edge, a debt or a short half of it.
    open: UsdMicroSum,
}

impl Seizable {
    #[inline(never)]
    #[expect(clippy::arithmetic_side_effects, reason = "a 64-bit number has a negative in 128 bits")]
    fn of(portfolio: &Portfolio, assessment: &Assessment, quote_net_atoms: i128) -> Self {
        let (dust, quote) = (portfolio.params.legs.dust(), &portfolio.quote);
        let mut found = Self::default();
        for leg in portfolio.tokens() {
            found.add(leg.amount_atoms.get() as i128, &leg.prices, dust);
        }
        let (seizable, owed) = (assessment.quote_seizable_atoms.get(), assessment.quote_owed_atoms);
        if quote.prices.stale {
            found.add(if quote_net_atoms > 0 { seizable as i128 } else { quote_net_atoms }, &quote.prices, dust);
        } else {
            found.add(seizable as i128, &quote.prices, dust);
            found.add(-(largest_quote_liability(portfolio, owed).get() as i128), &quote.prices, dust);
        }
        let perps = portfolio.perps().iter().filter(|leg| leg.prices.stale && !leg.prices.stale_for_hours);
        for leg in perps {
            let atoms = open_worth(leg.units.get() as i128, &leg.prices);
            let worth = quote.prices.spot.value_wide_up(atoms);
            found.open = found.open.saturating_add(worth);
        }
        found
    }

    fn add(&mut self, amount_atoms: i128, prices: &TokenPrices, dust: UsdMicro) {
        if prices.stale_for_hours {
            return;
        }
        let atoms = Atoms::new(u64::try_from(amount_atoms.unsigned_abs()).unwrap_or(u64::MAX));
        let price = if prices.stale { prices.spot.raised_down(prices.edge) } else { prices.spot };
        let is_large = price.value_down(atoms) > dust;
        self.asset |= is_large && amount_atoms > 0;
        if prices.stale {
            self.open = self.open.saturating_add(UsdMicroSum::new(open_worth(amount_atoms, prices)));
        } else {
            self.fresh_asset |= is_large && amount_atoms > 0;
            self.fresh_debt |= is_large && amount_atoms < 0;
        }
    }

    /// A liquidator has something to take and something to pay for it. One bank's balance has one sign, and quote is
    /// never seizable and owed at once, so the two are of different banks.
    const fn some_can_be_taken(&self) -> bool {
        self.fresh_asset && self.fresh_debt
    }

    /// Whether what stale prices leave open reaches the loss; without an asset above dust no price helps the account.
    fn may_cover(&self, loss: UsdPico) -> bool {
        self.asset && self.open.pico() >= loss
    }
}

/// By how much a signed amount may still be worth more than its favourable edge says: an asset as much again, a debt
/// half.
fn open_worth<Worth: Count, Unit: Count>(amount: i128, prices: &LegPrices<Worth, Unit>) -> u128 {
    let magnitude = Unit::from_number(u64::try_from(amount.unsigned_abs()).unwrap_or(u64::MAX));
    if amount >= 0 {
        prices.spot.raised_down(prices.edge).value_down(magnitude).number() as u128
    } else {
        prices.spot.lowered_up(prices.edge).value_up(magnitude).number() as u128 / 2
    }
}

/// How much insurance one event may still draw: what is there and not reserved, within the caps per event and
/// within any hour ([`crate::allowance`]) (INSURE-3).
pub const fn draw_room(
    insurance: Atoms,
    event_cap: Atoms,
    event_drawn: Atoms,
    hour_cap: Atoms,
    hour_drawn: Atoms,
) -> Atoms {
    insurance.min(event_cap.saturating_sub(event_drawn)).min(hour_cap.saturating_sub(hour_drawn))
}

/// Divides `fund` between claims pro rata, at most each claim, in whole atoms; returns what it gave in all,
/// which is `min(fund, claims)` exactly.
///
/// Each share is rounded down, and the atoms that this leaves (fewer than there are inexact shares) go one each to
/// the first claims, in the order given, whose share was inexact. So every share is within an atom of the exact one,
/// and the order of calls decides nothing (BANKRUPT-8).
///
/// # Errors
/// `NumberOutOfRange` for more than [`MAX_QUOTE_LEGS`] claims or slices of different lengths.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the total is not zero and at least what is paid, so a share is at most its claim and below it where it is inexact; what is left is asked first"
)]
pub fn divide_down(fund: Atoms, claims: &[Atoms], shares: &mut [Atoms]) -> RiskResult<Atoms> {
    if claims.len() > MAX_QUOTE_LEGS || claims.len() != shares.len() {
        return Err(RiskError::NumberOutOfRange);
    }
    // At most 17 numbers of 64 bits.
    let total: u128 = claims.iter().map(|claim| claim.get() as u128).sum();
    if total == 0 {
        shares.fill(Atoms::ZERO);
        return Ok(Atoms::ZERO);
    }
    let paid = total.min(fund.get() as u128) as u64;
    let (mut left, mut inexact) = (paid, 0u32);
    for (index, (claim, share)) in claims.iter().zip(shares.iter_mut()).enumerate() {
        let product = mul_wide(paid, claim.get());
        // At most the claim, as `paid <= total`.
        *share = Atoms::new((product / total) as u64);
        inexact |= (!product.is_multiple_of(total) as u32) << index;
        left = left.checked_sub(share.get()).ok_or(RiskError::NumberOutOfRange)?;
    }
    for (index, share) in shares.iter_mut().enumerate() {
        if left > 0 && inexact >> index & 1 == 1 {
            *share = Atoms::new(share.get() + 1);
            left -= 1;
        }
    }
    Ok(Atoms::new(paid))
}

/// What one leg is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// From what was reserved for it.
    pub from_reserved_atoms: Atoms,
    /// From insurance that nobody has reserved.
    pub from_unreserved_atoms: Atoms,
    /// What insurance does not pay: socialized (INSURE-1).
    pub remainder_atoms: Atoms,
}

impl Payment {
    /// What insurance pays in all.
    pub const fn covered_atoms(&self) -> Atoms {
        // Both parts together are at most what is owed.
        self.from_reserved_atoms.saturating_add(self.from_unreserved_atoms)
    }
}

/// Pays a leg: `min(reserved, leg)`, then from what is not reserved, and the remainder is socialized (BANKRUPT-7).
///
/// `room` is [`draw_room`]'s, `leg_cap` the most that this leg may draw in all (a market's cap per event).
pub const fn pay_leg(owed: Atoms, reserved: Atoms, room: Atoms, leg_cap: Atoms) -> Payment {
    let (payable, beyond) = owed.take(leg_cap);
    let (from_reserved_atoms, rest) = payable.take(reserved);
    let (from_unreserved_atoms, rest) = rest.take(room);
    // Both are parts of what is owed.
    Payment { from_reserved_atoms, from_unreserved_atoms, remainder_atoms: rest.saturating_add(beyond) }
}

#[cfg(test)]
mod tests;

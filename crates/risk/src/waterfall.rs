//! Bankruptcy: who may be resolved, what insurance pays on each leg, and what is left to socialise (DESIGN 2, steps 4
//! and 5).
//!
//! Everything is paid in whole atoms. What is divided is divided once, for all legs together, and each leg's share is
//! then its own: no order of calls can move an atom from one leg to another.

use crate::error::{RiskError, RiskResult};
use crate::liquidate::Assessment;
use crate::margin::margins;
use crate::num::mul_wide;
use crate::portfolio::{At, LegPrices, Portfolio};

/// The most legs that share one fund: the quote borrow and every derivative position.
pub const MAX_QUOTE_LEGS: usize = 1 + crate::params::MAX_DERIVATIVE_POSITIONS;

/// Whether an account can be resolved (DESIGN 2, step 4).
///
/// NAV counts as negative only where it is so with every leg at the edge favourable to the account (a fresh leg's is
/// its confidence, a stale one's grows with its age), at spot and at the fast average, or at spot alone once the
/// bypass holds: the account is then insolvent in every reading that could have made it eligible for liquidation.
/// `assessment` is [`crate::liquidate::assess`]'s of the same portfolio, its clocks this observation included.
///
/// # Errors
/// `NotBankrupt`; `AssetsRemain` where a liquidator could still seize something above dust; `PerpsRemain` where a base
/// is open and wind-down has not stood at its ceiling for long enough.
pub fn check_bankrupt(portfolio: &Portfolio, assessment: &Assessment) -> RiskResult<()> {
    let insolvent = |at| margins(portfolio, at, true).nav < 0;
    if !insolvent(At::Spot) || !(assessment.clocks.bypass || insolvent(At::Fast)) {
        return Err(RiskError::NotBankrupt);
    }
    if some_asset_can_be_seized(portfolio, assessment) {
        return Err(RiskError::AssetsRemain);
    }
    let params = &portfolio.params;
    let until_closed = params.wind_down_secs.saturating_add(params.wind_down_close_secs);
    if portfolio.perps().iter().any(|leg| leg.units != 0) && assessment.clocks.wind_down_secs < until_closed {
        return Err(RiskError::PerpsRemain);
    }
    Ok(())
}

/// Whether a liquidator could still take an asset above dust. A leg stale for hours cannot be taken, and neither can
/// anything where every debt is stale for hours, as nothing could be repaid with it: else one dead feed, of an asset
/// or of a debt, would block the account for ever.
fn some_asset_can_be_seized(portfolio: &Portfolio, assessment: &Assessment) -> bool {
    let dust = portfolio.params.dust_usd_micro;
    let quote = &portfolio.quote;
    let is_above_dust = |amount: u64, prices: &LegPrices| {
        let price = if prices.stale { prices.spot.raised_down(prices.edge) } else { prices.spot };
        !prices.stale_for_hours && price.value_down(amount) > dust
    };
    let asset = is_above_dust(assessment.quote_seizable_atoms, &quote.prices)
        || portfolio.tokens().iter().any(|leg| is_above_dust(leg.amount_atoms.max(0) as u64, &leg.prices));
    let debt = || portfolio.tokens().iter().any(|leg| leg.amount_atoms < 0 && !leg.prices.stale_for_hours);
    let quote_debt = || {
        let losing = |leg: &crate::portfolio::PerpLeg| !leg.prices.stale_for_hours && leg.pnl_at(leg.prices.spot) < 0;
        !quote.prices.stale_for_hours
            && assessment.quote_owed_atoms > 0
            && (quote.amount_atoms < 0 || portfolio.perps().iter().any(losing))
    };
    asset && (debt() || quote_debt())
}

/// How much insurance one event may still draw: what is there and not reserved, within the caps per event and
/// within any hour ([`crate::allowance`]).
pub const fn draw_room(
    insurance_atoms: u64,
    event_cap_atoms: u64,
    event_drawn_atoms: u64,
    hour_cap_atoms: u64,
    hour_drawn_atoms: u64,
) -> u64 {
    let mut room = insurance_atoms;
    let event = event_cap_atoms.saturating_sub(event_drawn_atoms);
    let hour = hour_cap_atoms.saturating_sub(hour_drawn_atoms);
    if event < room {
        room = event;
    }
    if hour < room {
        room = hour;
    }
    room
}

/// Divides `fund_atoms` between claims pro rata, at most each claim, in whole atoms; returns what it gave in all,
/// which is `min(fund, claims)` exactly.
///
/// Each share is rounded down, and the atoms that this leaves (fewer than there are inexact shares) go one each to
/// the first claims, in the order given, whose share was inexact. So every share is within an atom of the exact one,
/// and who calls when decides nothing.
///
/// # Errors
/// `NumberOutOfRange` for more than [`MAX_QUOTE_LEGS`] claims or slices of different lengths.
pub fn divide_down(fund_atoms: u64, claims_atoms: &[u64], shares_atoms: &mut [u64]) -> RiskResult<u64> {
    if claims_atoms.len() > MAX_QUOTE_LEGS || claims_atoms.len() != shares_atoms.len() {
        return Err(RiskError::NumberOutOfRange);
    }
    // At most 17 numbers of 64 bits.
    let total: u128 = claims_atoms.iter().map(|claim| *claim as u128).sum();
    if total == 0 {
        shares_atoms.fill(0);
        return Ok(0);
    }
    let paid = total.min(fund_atoms as u128) as u64;
    let (mut left, mut inexact) = (paid, 0u32);
    for (index, (claim, share)) in claims_atoms.iter().zip(shares_atoms.iter_mut()).enumerate() {
        let product = mul_wide(paid, *claim);
        // At most the claim, as `paid <= total`.
        *share = (product / total) as u64;
        inexact |= (!product.is_multiple_of(total) as u32) << index;
        left = left.checked_sub(*share).ok_or(RiskError::NumberOutOfRange)?;
    }
    for (index, share) in shares_atoms.iter_mut().enumerate() {
        if left > 0 && inexact >> index & 1 == 1 {
            *share += 1;
            left -= 1;
        }
    }
    Ok(paid)
}

/// What one leg is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// From what was reserved for it.
    pub from_reserved_atoms: u64,
    /// From insurance that nobody has reserved.
    pub from_unreserved_atoms: u64,
    /// What insurance does not pay: socialised.
    pub remainder_atoms: u64,
}

impl Payment {
    /// What insurance pays in all.
    pub const fn covered_atoms(&self) -> u64 {
        // Both parts together are at most what is owed.
        self.from_reserved_atoms + self.from_unreserved_atoms
    }
}

/// Pays a leg: `min(reserved, leg)`, then from what is not reserved, and the remainder is socialised.
///
/// `room_atoms` is [`draw_room`]'s, `leg_cap_atoms` the most that this leg may draw in all (a market's cap per event).
pub const fn pay_leg(owed_atoms: u64, reserved_atoms: u64, room_atoms: u64, leg_cap_atoms: u64) -> Payment {
    let most = if owed_atoms < leg_cap_atoms { owed_atoms } else { leg_cap_atoms };
    let from_reserved_atoms = if reserved_atoms < most { reserved_atoms } else { most };
    let unpaid = most - from_reserved_atoms;
    let from_unreserved_atoms = if room_atoms < unpaid { room_atoms } else { unpaid };
    Payment {
        from_reserved_atoms,
        from_unreserved_atoms,
        remainder_atoms: owed_atoms - from_reserved_atoms - from_unreserved_atoms,
    }
}

#[cfg(test)]
mod tests;

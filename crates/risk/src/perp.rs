//! Fills, funding and the settlement of PnL (PNL, FILL, FUNDING).

use crate::error::{RiskError, RiskResult};
use crate::lazy::rate_of_spot_down;
use crate::num::{mul_div_down, mul_div_up, mul_u32, PPM};
use crate::params::{Contradiction, GlobalParams, MAX_BASE_UNITS};
use crate::portfolio::PerpLeg;
use crate::price::{BasePrice, UnitPrice};
use crate::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, SignedBaseUnits, SignedPpm, UnixSecs, UsdMicro};

/// Seconds per hour.
const HOUR_SECS: i128 = 3_600;
/// A base unit is worth at most a thousandth of a dollar.
pub const MAX_UNIT_VALUE: UsdMicro = UsdMicro::new(1_000);
/// A position's value in quote is at most a tenth of the range of a signed 64-bit number.
pub const MAX_POSITION_VALUE_ATOMS: Atoms = Atoms::new(i64::MAX as u64 / 10);

/// Whether `quote_atoms` for `units` lies within a band around the board's price; edges count as inside, and so does
/// the atom in which the value of a few units is rounded (FILL-2).
pub fn is_within_band(quote_atoms: Atoms, units: BaseUnits, spot: BasePrice, band: Ppm) -> bool {
    let paid = mul_u32(quote_atoms.get(), PPM);
    let low = mul_u32(spot.value_down(units).get(), band.rest().get());
    let high = mul_u32(spot.value_up(units).get(), band.and_whole().get());
    // The board's price has 62 significant bits; a value that saturates admits nothing.
    spot.value_up(units) != Atoms::MAX && paid >= low && paid <= high
}

/// Whether the price of a fill is worse than spot for the side that buys or sells.
pub fn is_worse_than_spot(buys: bool, quote_atoms: Atoms, units: BaseUnits, spot: BasePrice) -> bool {
    if buys {
        quote_atoms > spot.value_up(units)
    } else {
        quote_atoms < spot.value_down(units)
    }
}

/// Fee of one side of a fill: the market's rate, at least the engine's floor to insurance, of the notional at spot,
/// rounded up; never less than one atom (FILL-5).
///
/// # Errors
/// `NumberOutOfRange` above 63 bits.
pub fn fill_fee_up(units: BaseUnits, spot: BasePrice, market_fee: Ppm, params: &GlobalParams) -> RiskResult<Atoms> {
    let rate = market_fee.max(params.perps.fill_insurance());
    let fee = rate.of_up(spot.value_up(units).get()).ok_or(RiskError::NumberOutOfRange)?.max(1);
    crate::num::to_i64(fee)?;
    Ok(Atoms::new(fee))
}

/// How a signed trade changes a signed position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The position only gets smaller.
    Reduces,
    /// It gets larger, opens, or changes its sign.
    Grows,
}

/// Whether trading `units` (positive: buys) grows, flips or only reduces a position.
pub fn change_of(position: SignedBaseUnits, units: SignedBaseUnits) -> Change {
    let opposite = (position.is_positive() && units.is_negative()) || (position.is_negative() && units.is_positive());
    if opposite && units.unsigned_abs() <= position.unsigned_abs() {
        Change::Reduces
    } else {
        Change::Grows
    }
}

/// Mean premium since the integral began, rounded toward zero; zero where no time has passed.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "divided by a positive number and clamped to a million either way"
)]
pub fn mean_premium_ppm(integral_ppm_secs: i128, elapsed: Secs, bound: Ppm) -> SignedPpm {
    if elapsed.is_zero() {
        return SignedPpm::ZERO;
    }
    let bound = bound.min(Ppm::WHOLE).get() as i128;
    SignedPpm::new((integral_ppm_secs / elapsed.get() as i128).clamp(-bound, bound) as i32)
}

/// Premium ppm seconds between `from` and `now`; a premium counts for at most `max` after its report.
#[expect(clippy::arithmetic_side_effects, reason = "a 32-bit premium times 64 bits of seconds in 128 bits")]
pub fn premium_integral_since(
    premium: SignedPpm,
    reported: UnixSecs,
    from: UnixSecs,
    now: UnixSecs,
    max: Secs,
) -> i128 {
    let until = now.min(reported.plus(max));
    premium.get() as i128 * until.elapsed_since(from).get() as i128
}

/// Funding per base unit and second that a long pays a short, quote atoms in units of 2^-64, rounded toward zero.
///
/// A premium of p, held for an hour, costs p of notional; the rate is bounded by `bound_per_hour` and by the range
/// of its storage, which listing keeps out of reach (FUNDING-1).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the rate is not negative and cut to 63 bits, so it and its negative fit"
)]
pub fn funding_rate(premium: SignedPpm, spot: BasePrice, bound_per_hour: Ppm) -> i64 {
    let rate = premium.unsigned_abs().min(bound_per_hour);
    let per_sec = (rate_of_spot_down(rate, spot) / HOUR_SECS).min(i64::MAX as i128) as i64;
    if premium.is_negative() {
        -per_sec
    } else {
        per_sec
    }
}

/// What a listing needs of its unit: worth at most a thousandth of a dollar now, the largest position at most a tenth
/// of the range, and the highest funding rate within its storage at 16 times this price (LISTING-5).
///
/// `dollars` is what a unit is worth at the price of its underlying, `atoms` what in quote.
///
/// # Errors
/// `ParameterOutOfBounds`.
pub fn validate_unit(
    dollars: UnitPrice<UsdMicro, BaseUnits>,
    atoms: BasePrice,
    params: &GlobalParams,
) -> RiskResult<()> {
    let fits = dollars.mantissa() != 0
        && dollars.value_up(BaseUnits::ONE) <= MAX_UNIT_VALUE
        && atoms.value_up(BaseUnits::new(MAX_BASE_UNITS)) <= MAX_POSITION_VALUE_ATOMS;
    if !fits {
        return Err(RiskError::ParameterOutOfBounds);
    }
    Ok(check_funding(atoms, params)?)
}

/// The highest funding rate fits its storage at 16 times this price of a unit, quote atoms.
///
/// # Errors
/// [`Contradiction::FUNDING_RANGE`].
#[expect(clippy::cast_possible_wrap, reason = "at most a million")]
pub fn check_funding(atoms: BasePrice, params: &GlobalParams) -> Result<(), Contradiction> {
    let sixteen_times = BasePrice::from_parts(atoms.mantissa(), atoms.shift().saturating_sub(4));
    let bound = params.perps.funding_bound_per_hour().min(Ppm::WHOLE);
    Contradiction::FUNDING_RANGE
        .unless(funding_rate(SignedPpm::new(bound.get() as i32), sixteen_times, bound) < i64::MAX)
}

/// The PnL that can be settled: the one nearest to zero among spot, both averages, the initial price and the edges of
/// eligibility favourable to the account around spot and the fast average; zero where their signs differ.
///
/// So settling it lowers no margin of anybody: at every price that a check takes, at least this much is there (PNL-2).
pub fn settleable(leg: &PerpLeg, slow: BasePrice) -> SignedAtoms {
    let prices = &leg.prices;
    let edge = |plain: BasePrice| {
        if leg.units.get() >= 0 {
            plain.raised_down(prices.edge)
        } else {
            plain.lowered_up(prices.edge)
        }
    };
    let candidates = [prices.spot, prices.fast, slow, prices.init, edge(prices.spot), edge(prices.fast)];
    let mut nearest: Option<SignedAtoms> = None;
    for price in candidates {
        let pnl = leg.pnl_at(price);
        nearest = Some(match nearest {
            None => pnl,
            Some(held) if held.get().signum() != pnl.get().signum() => return SignedAtoms::ZERO,
            Some(held) if pnl.unsigned_abs() < held.unsigned_abs() => pnl,
            Some(held) => held,
        });
    }
    nearest.unwrap_or(SignedAtoms::ZERO)
}

/// What a loser pays: from his quote balance down to zero at any health, and beyond it into a borrow as far as there
/// is room. There is none below maintenance at either price, and none where quote may not be borrowed: what he cannot
/// pay stays PnL, and winners wait (PNL-3).
pub const fn loser_pays(loss: Atoms, balance: Atoms, room: Atoms) -> Atoms {
    loss.min(balance.saturating_add(room))
}

/// Share of a claim that a market's deficit takes, `deficit / (pool + deficit)`, rounded up; zero without a deficit.
#[expect(clippy::cast_possible_truncation, reason = "at most a million")]
pub fn deficit_share_ppm_up(pool: Atoms, deficit: Atoms) -> Ppm {
    if deficit.is_zero() {
        return Ppm::ZERO;
    }
    // The deficit is a part of the whole: at most a million.
    let share = mul_div_up(deficit.get(), PPM as u64, pool.saturating_add(deficit).get());
    Ppm::new(share.unwrap_or(PPM as u64).min(PPM as u64) as u32)
}

/// The share after the deposit index of quote has fallen from `before` to `after`: what a claim gets, `1 - share`, falls
/// as the pool's deposit does. Rounded up (PNL-6).
#[expect(clippy::cast_possible_truncation, reason = "what is kept is at most what was got, which is at most a million")]
pub fn deficit_share_after_ppm_up(share: Ppm, before: u64, after: u64) -> Ppm {
    if after >= before {
        return share;
    }
    let got = share.rest().get() as u64;
    let kept = mul_div_down(after, got, before).unwrap_or(0).min(got);
    Ppm::new(kept as u32).rest()
}

/// What a claim on a market with a deficit is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimPayout {
    /// Paid out of the pool.
    pub paid_atoms: Atoms,
    /// Taken off the deficit: the part of the claim that is given up.
    pub forgone_atoms: Atoms,
}

/// What is paid on a claim: `claim * pool / (pool + deficit)`, rounded down; the rest of it is taken off the deficit. Claims
/// beyond `pool + deficit` wait. The ratio of pool to deficit does not move, so who is paid first does not matter (to the atom) (PNL-4).
///
/// # Errors
/// `LegEmpty` where pool and deficit are both zero.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "what is paid is at most the claim, as the pool is at most the whole"
)]
pub fn claim_payout_down(claim: Atoms, pool: Atoms, deficit: Atoms) -> RiskResult<ClaimPayout> {
    let whole = pool.try_add(deficit)?;
    let claim = claim.min(whole);
    let paid = mul_div_down(claim.get(), pool.get(), whole.get()).ok_or(RiskError::LegEmpty)?;
    Ok(ClaimPayout { paid_atoms: Atoms::new(paid), forgone_atoms: Atoms::new(claim.get() - paid) })
}

#[cfg(test)]
mod tests;

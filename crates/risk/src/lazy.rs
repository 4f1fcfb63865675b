//! The lazy index of one market side: funding, deleveraging and socialized loss in O(1), without division when read
//! (INDEX-1, INDEX-2).
//!
//! A side has A, size per share (63 fraction bits, one at the start of an epoch, only ever falling) and K, cash per
//! share (64 fraction bits). A position holds `s` shares: its size is `floor(s * A)`, its cash `floor(s * (K - K0))`.
//! Everything is rounded against the holder, so a side never holds more than `floor(sum(s) * A)` units and never
//! receives more than was added to K for it.

use crate::error::{RiskError, RiskResult};
use crate::num::{mul_i128_shift64_down, mul_shift_down, mul_u32, mul_wide};
use crate::price::BasePrice;
use crate::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};

/// A = 1: one unit per share, 63 fraction bits.
pub const A_ONE: u64 = 1 << 63;
/// 2^-20: an epoch ends where A would fall below this.
pub const A_MIN: u64 = A_ONE >> 20;

/// One side of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Holders of a positive base.
    Long = 0,
    /// Holders of a negative base.
    Short = 1,
}

impl Side {
    /// The side of a signed size or share count; none for zero.
    #[inline(always)]
    pub const fn of(signed: i64) -> Option<Self> {
        match signed {
            0 => None,
            s if s > 0 => Some(Self::Long),
            _ => Some(Self::Short),
        }
    }

    /// The other side.
    #[inline(always)]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// 1 for long, -1 for short.
    #[inline(always)]
    pub const fn sign(self) -> i8 {
        match self {
            Self::Long => 1,
            Self::Short => -1,
        }
    }

    /// `magnitude` with this side's sign.
    ///
    /// # Errors
    /// `NumberOutOfRange` at 2^63 and above.
    #[inline(always)]
    #[expect(clippy::arithmetic_side_effects, reason = "the value is not negative, so its negative fits")]
    pub fn signed(self, magnitude: u64) -> RiskResult<i64> {
        let value = crate::num::to_i64(magnitude)?;
        Ok(match self {
            Self::Long => value,
            Self::Short => -value,
        })
    }

    /// A position of this side and so many units.
    ///
    /// # Errors
    /// As [`Side::signed`].
    #[inline(always)]
    pub fn sized(self, units: BaseUnits) -> RiskResult<SignedBaseUnits> {
        self.signed(units.get()).map(SignedBaseUnits::new)
    }
}

/// A and K of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Size per share, 63 fraction bits.
    pub a: u64,
    /// Cash per share, quote atoms, 64 fraction bits.
    pub k: i128,
}

impl Index {
    /// The index at the start of an epoch.
    pub const START: Self = Self { a: A_ONE, k: 0 };

    /// `floor(shares * A)`: the size of a position, or the open interest of a side (INDEX-1).
    #[inline(always)]
    pub const fn size_down(&self, shares: u64) -> BaseUnits {
        // A = 1 until a side is deleveraged for the first time.
        BaseUnits::new(if self.a == A_ONE { shares } else { mul_shift_down(shares, self.a, 63) })
    }

    /// `ceil(units / A)`: the fewest shares whose size is at least `units`; the size is then exactly `units`, as
    /// A is at most one.
    ///
    /// # Errors
    /// `PositionTooLarge` where the shares do not fit 63 bits, as at A = 0.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "below 2^63, as was asked")]
    pub fn shares_up(&self, units: BaseUnits) -> RiskResult<u64> {
        let units = units.get();
        let shares = if self.a == A_ONE || units == 0 {
            units as u128
        } else {
            // units < 2^64, so the numerator stays below 2^127.
            crate::num::div_up_u128((units as u128) << 63, self.a as u128).ok_or(RiskError::PositionTooLarge)?
        };
        if shares >> 63 == 0 {
            Ok(shares as u64)
        } else {
            Err(RiskError::PositionTooLarge)
        }
    }

    /// `floor(shares * (K - K0))`, in quote, against the holder.
    ///
    /// # Errors
    /// `NumberOutOfRange` where the cash needs more than 64 bits.
    #[inline(always)]
    pub fn cash_down(&self, shares: u64, k_entry: i128) -> RiskResult<SignedAtoms> {
        let change = self.k.checked_sub(k_entry).ok_or(RiskError::NumberOutOfRange)?;
        if change == 0 {
            return Ok(SignedAtoms::ZERO);
        }
        mul_i128_shift64_down(shares, change).map(SignedAtoms::new)
    }

    /// The index after each unit of the side has received `per_unit` (paid, if negative): `K + A * f`, down (INDEX-2).
    ///
    /// # Errors
    /// `NumberOutOfRange` where K leaves its range.
    #[inline(always)]
    pub fn funded_down(&self, per_unit: i128) -> RiskResult<Self> {
        if per_unit == 0 {
            return Ok(*self);
        }
        let change = if self.a == A_ONE { per_unit } else { scale_by_a_down(self.a, per_unit)? };
        Ok(Self { a: self.a, k: self.k.checked_add(change).ok_or(RiskError::NumberOutOfRange)? })
    }

    /// The index after a charge of `cash_atoms` on the whole side: `K - C / sum(s)`, against the holders (INDEX-2).
    ///
    /// # Errors
    /// `LegEmpty` where nobody holds a share, `NumberOutOfRange` where K leaves its range.
    pub fn charged(&self, cash_atoms: Atoms, side_shares: u64) -> RiskResult<Self> {
        let per_share = per_share_up(cash_atoms, side_shares)?;
        Ok(Self { a: self.a, k: self.k.checked_sub(per_share).ok_or(RiskError::NumberOutOfRange)? })
    }

    /// The index after `units` of the side's open interest were closed at `spot`, pro rata: longs receive and shorts
    /// pay `S * Q / sum(s)` per share, and `A <- A * (1 - Q / OI)`, all rounded against the holders.
    ///
    /// Funding must have been accrued before. Returns the index and the units closed, at most the open interest; what
    /// the caller holds beyond it is written off at spot.
    ///
    /// # Errors
    /// `NumberOutOfRange` where K leaves its range or the closed value needs more than 63 bits.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "closing units implies shares and open interest, so neither divisor is zero; at most the open interest is closed; per share below 2^127, A only falls"
    )]
    pub fn closed_down(
        &self,
        side: Side,
        side_shares: u64,
        units: BaseUnits,
        spot: BasePrice,
    ) -> RiskResult<(Self, BaseUnits)> {
        let open_interest = self.size_down(side_shares);
        let closed = units.min(open_interest);
        if closed.is_zero() {
            return Ok((*self, closed));
        }
        let k = match side {
            Side::Long => {
                let value = spot.value_down(closed).get();
                crate::num::to_i64(value)?;
                // Below 2^127, as the value fits 63 bits.
                let per_share = (((value as u128) << 64) / side_shares as u128) as i128;
                self.k.checked_add(per_share)
            }
            Side::Short => self.k.checked_sub(per_share_up(spot.value_up(closed), side_shares)?),
        };
        let left = open_interest.get() - closed.get();
        let a = (mul_wide(self.a, left) / open_interest.get() as u128) as u64;
        Ok((Self { a, k: k.ok_or(RiskError::NumberOutOfRange)? }, closed))
    }

    /// Whether the epoch must end as soon as the ring has room: A below 2^-20, or zero (INDEX-3).
    #[inline(always)]
    pub const fn is_worn_out(&self) -> bool {
        self.a < A_MIN
    }
}

/// `ceil(C * 2^64 / shares)`.
fn per_share_up(cash: Atoms, shares: u64) -> RiskResult<i128> {
    cash.signed()?;
    let per_share = crate::num::div_up_u128((cash.get() as u128) << 64, shares as u128).ok_or(RiskError::LegEmpty)?;
    i128::try_from(per_share).map_err(|_| RiskError::NumberOutOfRange)
}

/// `floor(A * f)` for a signed f.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "halves of a magnitude; `down` is not negative, so its negative less one fits"
)]
fn scale_by_a_down(a: u64, per_unit: i128) -> RiskResult<i128> {
    let magnitude = per_unit.unsigned_abs();
    let (high, low) = ((magnitude >> 64) as u64, magnitude as u64);
    let low_product = mul_wide(a, low);
    // a < 2^63 and high < 2^63: the shifted product stays below 2^127.
    let down = (mul_wide(a, high) << 1)
        .checked_add(low_product >> 63)
        .and_then(|v| i128::try_from(v).ok())
        .ok_or(RiskError::NumberOutOfRange)?;
    let inexact = low_product & (A_ONE as u128 - 1) != 0;
    Ok(if per_unit >= 0 { down } else { -down - inexact as i128 })
}

/// What a long has paid a short per base unit between two times at a stored rate, in units of 2^-64 quote atoms.
///
/// The time is capped at `max`, and at 2^32 seconds, without a crank; a clock that went backwards counts as none.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "a magnitude below 2^96")]
pub const fn funding_per_unit(rate_per_sec: i64, from: UnixSecs, now: UnixSecs, max: Secs) -> i128 {
    let magnitude = funding_magnitude(rate_per_sec, from, now, max);
    if rate_per_sec < 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// [`funding_per_unit`] without its sign: below 2^96.
#[inline(always)]
#[expect(
    clippy::cast_possible_wrap,
    reason = "seconds are cut to 32 bits; a magnitude of at most 2^63 times them stays below 2^96"
)]
const fn funding_magnitude(rate_per_sec: i64, from: UnixSecs, now: UnixSecs, max: Secs) -> i128 {
    let elapsed = now.elapsed_since(from).min(max).stored();
    mul_u32(rate_per_sec.unsigned_abs(), elapsed) as i128
}

/// What `side` receives of a payment from longs to shorts.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a payment per unit is a 64-bit rate over at most 2^32 seconds: below 2^96"
)]
pub const fn received_by(side: Side, long_pays_per_unit: i128) -> i128 {
    match side {
        Side::Long => -long_pays_per_unit,
        Side::Short => long_pays_per_unit,
    }
}

/// What `side` receives per unit, see [`funding_per_unit`] and [`received_by`], with the sign of both taken once.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a payment per unit is a 64-bit rate over at most 2^32 seconds: below 2^96"
)]
pub const fn funding_received(side: Side, rate_per_sec: i64, from: UnixSecs, now: UnixSecs, max: Secs) -> i128 {
    let magnitude = funding_magnitude(rate_per_sec, from, now, max);
    let is_paid = (rate_per_sec < 0) != matches!(side, Side::Long);
    if is_paid {
        -magnitude
    } else {
        magnitude
    }
}

/// The window within which a unit bears at most its own margin ([`crate::allowance`]).
pub const CHARGE_WINDOW_SECS: Secs = Secs::new(3_600);

/// `rate * spot` per base unit, quote atoms in units of 2^-64, rounded down; saturates at `i128::MAX`.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    reason = "96 bits shifted by 20 stay below 2^116, and are shifted up only as far as 127 bits have room; shifts are of 32-bit numbers"
)]
pub const fn rate_of_spot_down(rate: Ppm, spot: BasePrice) -> i128 {
    // Below 2^96, divided before it is shifted so that it stays in range.
    let scaled = (crate::num::mul_u32(spot.mantissa(), rate.get()) << 20) / crate::num::PPM as u128;
    let shift = 64 - 20 - spot.shift() as i64;
    if shift >= 0 {
        if scaled != 0 && shift >= scaled.leading_zeros() as i64 {
            return i128::MAX;
        }
        return if scaled == 0 { 0 } else { (scaled << shift) as i128 };
    }
    if shift < -127 {
        0
    } else {
        (scaled >> -shift) as i128
    }
}

/// What a side can be charged where each unit still bears `room_per_unit` (quote atoms in units of 2^-64): how much of
/// `loss`, rounded down, and what this makes per unit, rounded up and never more than the room.
///
/// The room is what is left of maintenance rate times spot within any hour, so that no position pays more than its
/// own margin (LOSS-2).
#[expect(
    clippy::cast_possible_truncation,
    reason = "halves of a number; the most is narrowed only where it is below the loss, which has 64 bits"
)]
pub fn charge_within_down(loss: Atoms, open_interest: BaseUnits, room_per_unit: u128) -> (Atoms, u128) {
    let (loss_atoms, open_interest) = (loss.get(), open_interest.get());
    let (high, low) = ((room_per_unit >> 64) as u64, room_per_unit as u64);
    let most = mul_wide(high, open_interest).saturating_add(mul_wide(low, open_interest) >> 64);
    let charged = if loss_atoms as u128 <= most { loss_atoms } else { most as u64 };
    // A charge implies open interest. As `charged * 2^64 <= room * units`, its ceiling per unit is within the room.
    let per_unit = crate::num::div_up_u128((charged as u128) << 64, open_interest as u128).unwrap_or(0);
    (Atoms::new(charged), per_unit)
}

#[cfg(test)]
mod tests;

//! The borrow rate: a kinked curve at a moving average of mean utilization.

use crate::error::{RiskError, RiskResult};
use crate::num::{div_up_u128, mul_u32, PPM};
use crate::params::{MAX_ANNUAL_RATE_PPM, SECS_PER_YEAR};
use crate::units::{Ppm, Secs};

/// Annual rates at utilization 0, at the kink and at 1, linear between (INTEREST-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateCurve {
    /// Utilization at the kink.
    pub kink_ppm: Ppm,
    /// Annual rate at utilization 0.
    pub rate_zero_ppm: Ppm,
    /// Annual rate at the kink.
    pub rate_kink_ppm: Ppm,
    /// Annual rate at utilization 1.
    pub rate_full_ppm: Ppm,
}

impl RateCurve {
    /// The default curve: kink at 80 %, 0, 8 and 100 % a year.
    pub const DEFAULT: Self = Self {
        kink_ppm: Ppm::new(800_000),
        rate_zero_ppm: Ppm::ZERO,
        rate_kink_ppm: Ppm::new(80_000),
        rate_full_ppm: Ppm::WHOLE,
    };

    /// Checks that the kink lies inside and that rates rise to at most 300 % a year (INTEREST-3).
    ///
    /// # Errors
    /// `ParameterOutOfBounds`.
    pub fn validate(&self) -> RiskResult<()> {
        let inside = !self.kink_ppm.is_zero() && self.kink_ppm < Ppm::WHOLE;
        let rising = self.rate_zero_ppm <= self.rate_kink_ppm && self.rate_kink_ppm <= self.rate_full_ppm;
        if inside && rising && self.rate_full_ppm.get() <= MAX_ANNUAL_RATE_PPM {
            Ok(())
        } else {
            Err(RiskError::ParameterOutOfBounds)
        }
    }

    /// The rate per second at a utilization, in units of 2^-64, rounded up.
    ///
    /// Utilization above 1 counts as 1. One division, so nothing is rounded twice.
    ///
    /// # Errors
    /// `ParameterOutOfBounds` where the curve is not valid.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "a valid curve rises and has its kink inside; rates are at most 3e6 and widths at most 1e6, so sums stay below 2^43"
    )]
    pub fn rate_per_sec_up(&self, utilization: Ppm) -> RiskResult<u64> {
        self.validate()?;
        let (zero, middle, full) = (self.rate_zero_ppm.get(), self.rate_kink_ppm.get(), self.rate_full_ppm.get());
        let (kink, at) = (self.kink_ppm.get(), utilization.get().min(PPM));
        let (from, to, run, width) =
            if at <= kink { (zero, middle, at, kink) } else { (middle, full, at - kink, PPM - kink) };
        // At most 6e12, 43 bits: 107 after the shift.
        let scaled = from as u64 * width as u64 + (to - from) as u64 * run as u64;
        let divisor = width as u128 * PPM as u128 * SECS_PER_YEAR as u128;
        let rate = div_up_u128((scaled as u128) << 64, divisor).ok_or(RiskError::ParameterOutOfBounds)?;
        u64::try_from(rate).map_err(|_| RiskError::ParameterOutOfBounds)
    }
}

/// Borrows over deposits, rounded down, at most one; one where there are borrows but no deposits.
///
/// Both in atoms with 48 fraction bits. Reads the 44 leading bits of the deposits, so that one native division
/// suffices: off by less than one ppm.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "44 bits times a million stay below 2^64; the deposits' leading bits are not zero and the ratio is at most a million"
)]
pub const fn utilization_ppm_down(borrows: u128, deposits: u128) -> Ppm {
    if borrows >= deposits {
        return if borrows == 0 { Ppm::ZERO } else { Ppm::WHOLE };
    }
    let shift = (128 - deposits.leading_zeros()).saturating_sub(44);
    Ppm::new((((borrows >> shift) as u64 * PPM as u64) / (deposits >> shift) as u64) as u32)
}

/// The moving average after `elapsed` with such a mean utilization: weight `dt / (dt + window)` (INTEREST-3).
///
/// The step is rounded away from zero: frequent cranks reach the mean instead of stopping short of it, and never
/// pass it.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a sum of two 32-bit numbers divides a product of two; a step is at most the distance that it goes"
)]
pub fn utilization_ema(ema: Ppm, mean: Ppm, elapsed: Secs, window: Secs) -> Ppm {
    let (ema, mean) = (ema.get(), mean.get());
    // Beyond 2^32 seconds the weight differs from one by less than a ppm can show.
    let elapsed = elapsed.stored() as u64;
    let step = |distance: u32| -> u32 {
        let whole = (elapsed + window.get()).max(1);
        // At most `distance`, since elapsed <= whole.
        (mul_u32(elapsed, distance) as u64).div_ceil(whole) as u32
    };
    Ppm::new(if mean >= ema { ema + step(mean - ema) } else { ema - step(ema - mean) })
}

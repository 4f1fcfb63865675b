//! A bank's arithmetic: indices and shares, the borrow rate, booking of interest, socialized loss (MONEY,
//! INTEREST, LOSS-1).
//!
//! Everything is integers: an index has 48 fraction bits, a rate per second is in units of 2^-64, utilization in
//! parts per million. What rounding leaves over is the bank's, so that vault atoms always cover
//! `deposits - borrows - uncovered + insurance + fees` (MONEY-1).

mod booking;
mod insurance;
mod rate;
mod shares;
#[cfg(test)]
mod tests;

pub use booking::{socialize, Booking, Socialized, Totals};
pub use insurance::{Draw, Fund, Intake};
pub use rate::{utilization_ema, utilization_ppm_down, RateCurve};
pub use shares::{
    borrow_index_at_up, credit, debit, debt_atoms_up, deposit_atoms_down, deposit_index_at_most_up, shares_down,
    shares_passing_down, shares_up, Indices, ShareDelta,
};

/// Fraction bits of an index.
pub const INDEX_BITS: u32 = 48;

/// `numerator / denominator`, rounded down; none where the quotient needs more than 64 bits or nothing divides.
///
/// Two native divisions by 32-bit digits (Knuth's algorithm D): sBPF has no 128-bit division, and the library's
/// general one costs several times as much.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the divisor is not zero; what is cut off are halves and digits of wider numbers, as Knuth's algorithm takes them"
)]
pub(crate) const fn div_wide_down(numerator: u128, denominator: u64) -> Option<u64> {
    let high = (numerator >> 64) as u64;
    if denominator == 0 || high >= denominator {
        return None;
    }
    let low = numerator as u64;
    if high == 0 {
        return Some(low / denominator);
    }
    let shift = denominator.leading_zeros();
    let divisor = denominator << shift;
    let shifted = numerator << shift;
    let (first, rest) = digit((shifted >> 64) as u64, (shifted as u64) >> 32, divisor);
    let (second, _) = digit(rest, shifted as u32 as u64, divisor);
    Some((first << 32) | second)
}

/// One 32-bit digit of `(rest * 2^32 + next) / divisor` and its remainder, for `rest < divisor` and a divisor whose
/// top bit is set. The guess from the divisor's upper half is at most two too high.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the upper half of the divisor is at least 2^31, so a guess is at most 2^32 + 1; guess and rest are multiplied and widened below 2^32 only"
)]
const fn digit(rest: u64, next: u64, divisor: u64) -> (u64, u64) {
    let (upper, lower) = (divisor >> 32, divisor & 0xffff_ffff);
    let mut guess = rest / upper;
    let mut over = rest - guess * upper;
    while guess >> 32 != 0 || guess * lower > ((over << 32) | next) {
        guess -= 1;
        over += upper;
        if over >> 32 != 0 {
            break;
        }
    }
    // The true remainder is below 2^64, so the wrapped difference is exact.
    let whole = (rest << 32) | next;
    (guess, whole.wrapping_sub(guess.wrapping_mul(divisor)))
}

/// Like [`div_wide_down`], rounded up.
pub(crate) const fn div_wide_up(numerator: u128, denominator: u64) -> Option<u64> {
    match div_wide_down(numerator, denominator) {
        Some(quotient) => {
            let exact = crate::num::mul_wide(quotient, denominator) == numerator;
            quotient.checked_add(!exact as u64)
        }
        None => None,
    }
}

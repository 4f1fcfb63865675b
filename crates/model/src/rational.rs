//! The number type of the model and the few helpers that keep formulas readable.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// An exact rational. Nothing in this crate rounds unless its name ends in `_atoms`.
pub type Q = BigRational;

/// A whole number.
pub fn int(n: i128) -> Q {
    Q::from_integer(BigInt::from(n))
}

/// `numerator / denominator`; panics on a zero denominator.
pub fn ratio(numerator: i128, denominator: i128) -> Q {
    Q::new(BigInt::from(numerator), BigInt::from(denominator))
}

/// Parts per million, the unit of weights, rates and penalties (NUMBER-3).
pub fn ppm(parts: i128) -> Q {
    ratio(parts, 1_000_000)
}

/// `2^-bits`, for the floors of indices.
pub fn two_to_minus(bits: u32) -> Q {
    Q::new(BigInt::from(1), BigInt::from(1) << bits)
}

/// The smaller of two.
pub fn min(a: &Q, b: &Q) -> Q {
    if a <= b {
        a.clone()
    } else {
        b.clone()
    }
}

/// The larger of two.
pub fn max(a: &Q, b: &Q) -> Q {
    if a >= b {
        a.clone()
    } else {
        b.clone()
    }
}

/// `max(0, x)`
pub fn positive(x: &Q) -> Q {
    max(x, &Q::zero())
}

/// `min(0, x)`
pub fn negative(x: &Q) -> Q {
    min(x, &Q::zero())
}

/// `x`, or the bound that it lies beyond.
pub fn clamp(x: &Q, low: &Q, high: &Q) -> Q {
    max(low, &min(x, high))
}

/// Largest whole number at most `x`: the whole atoms that legs are paid (BANKRUPT-7).
pub fn floor_atoms(x: &Q) -> Q {
    Q::from_integer(x.numer().div_floor(x.denom()))
}

/// Sum of a sequence; `Q` has no cheap `Sum` over references.
pub fn sum<'a>(items: impl IntoIterator<Item = &'a Q>) -> Q {
    items.into_iter().fold(Q::zero(), |total, item| total + item)
}

/// Value among `candidates` nearest to zero, or zero as soon as two of them disagree in sign.
pub fn nearest_to_zero(candidates: &[Q]) -> Q {
    let all_gain = candidates.iter().all(Signed::is_positive);
    let all_loss = candidates.iter().all(Signed::is_negative);
    if !(all_gain || all_loss) {
        return Q::zero();
    }
    candidates.iter().min_by_key(|c| c.abs()).cloned().unwrap_or_else(Q::zero)
}

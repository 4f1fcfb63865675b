//! What a price may be while it is not known which of two sources is right (PRICE-9).

use crate::error::RiskResult;
use crate::num::PPM;
use crate::price::Price;
use crate::units::Ppm;

/// A price, and how far around it others reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The price in their middle.
    pub middle: Price,
    /// How far they reach from it, of the middle; below one.
    pub reach: Ppm,
}

/// Wide enough for the highest and the lowest of these prices, and wider by at most six millionths of the highest.
///
/// An account whose leg counts at the end that favours it is worth at least what it is worth at any of them. Of prices
/// more than a millionfold apart the lower end is a millionth of the upper.
///
/// # Errors
/// `PriceExponentOutOfRange`.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a share of at most one: sums stay below 2^22, the square of a million fits 64 bits, and a quotient by at least a million is at most a million"
)]
pub fn span(prices: [Price; 3]) -> RiskResult<Span> {
    let [one, other, third] = prices;
    let (highest, lowest) = (one.max(other).max(third), one.min(other).min(third));
    // With r = lowest / highest, (1 - r) / (1 + r) reaches from highest / (1 + reach) to both.
    let ratio = lowest.ratio_ppm_down(&highest).get().min(PPM) as u64;
    let reach = ((PPM as u64 - ratio) * PPM as u64).div_ceil(PPM as u64 + ratio);
    let middle = (PPM as u64 * PPM as u64).div_ceil(PPM as u64 + reach);
    // What rounding the middle moves, one of its millionths at most, is reached too.
    let reach = (reach + 2).min(PPM as u64 - 1);
    Ok(Span { middle: highest.scaled_ppm_down(Ppm::new(middle as u32))?, reach: Ppm::new(reach as u32) })
}

#[cfg(test)]
mod tests {
    use core::cmp::Ordering;
    use proptest::prelude::*;

    use super::*;

    fn float(price: Price) -> f64 {
        price.mantissa as f64 * 2f64.powi(price.exponent)
    }

    #[test]
    fn prices_that_agree_have_hardly_a_span() {
        let price = Price::from_decimal_down(200, 0).unwrap();
        assert_eq!(span([price; 3]), Ok(Span { middle: price, reach: Ppm::new(2) }));
        let half = Price::from_decimal_down(100, 0).unwrap();
        let found = span([price, half, half]).unwrap();
        assert_eq!((float(found.middle), found.reach), (200.0 * 0.75, Ppm::new(333_336)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_span_reaches_every_price_and_hardly_further(
            value in 1u64.., exponent in -12i32..=6, shares in [1u32..3_000_000, 1u32..3_000_000],
        ) {
            let first = Price::from_decimal_down(value, exponent).unwrap();
            let [second, third] = shares.map(|share| first.scaled_ppm_down(Ppm::new(share)).unwrap());
            let prices = [first, second, third];
            let Span { middle, reach } = span(prices).unwrap();
            let (high, low) = (1.0 + reach.get() as f64 / 1e6, 1.0 - reach.get() as f64 / 1e6);
            let (highest, lowest) = (float(first.max(second).max(third)), float(first.min(second).min(third)));
            prop_assert!(float(middle) * high >= highest && float(middle) * low <= lowest.max(1e-6 * highest));
            prop_assert!(float(middle) * high <= highest * 1.000_006 && float(middle) * low >= lowest - 6e-6 * highest);
            prop_assert_ne!(middle.cmp_value(&first.max(second).max(third)), Ordering::Greater);
        }
    }
}

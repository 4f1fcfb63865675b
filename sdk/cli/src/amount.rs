//! Amounts as people write them, converted exactly: no floating point anywhere.

use plimsoll_risk::price::{Price, MAX_DECIMALS};

use crate::fault::Result;
use crate::usage::usage;

/// Digits behind the point that a price is shown with.
const PRICE_DIGITS: u32 = 8;

/// An amount on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So much, in whole units.
    Some(String),
    /// Everything there is.
    All,
    /// As much as is free now.
    Max,
}

impl std::str::FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "all" => return Ok(Self::All),
            "max" => return Ok(Self::Max),
            _ => {}
        }
        digits(text).map(|_| Self::Some(text.to_owned()))
    }
}

impl Amount {
    /// Atoms, and whether everything is meant.
    ///
    /// # Errors
    /// Where the amount has more decimals than the token, or is too large.
    pub fn atoms_or_all(&self, decimals: u8) -> Result<(u64, bool)> {
        match self {
            Self::All => Ok((0, true)),
            Self::Max => Err(usage("`max` works for withdraw and borrow only: name an amount, or `all`")),
            Self::Some(text) => Ok((atoms(text, decimals)?, false)),
        }
    }

    /// Atoms, where the program has no flag for everything.
    ///
    /// # Errors
    /// As [`Amount::atoms_or_all`]; where everything is asked for.
    pub fn atoms(&self, decimals: u8) -> Result<u64> {
        match self {
            Self::All => Err(usage("`all` works for withdraw, repay and collect-fees only: name an amount")),
            Self::Max => Err(usage("`max` works for withdraw and borrow only: name an amount")),
            Self::Some(text) => atoms(text, decimals),
        }
    }
}

/// Whole part and fraction, digits only.
fn digits(text: &str) -> std::result::Result<(&str, &str), String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let dangling = text.ends_with('.') || whole.is_empty();
    if dangling || !numeric(whole) || !numeric(fraction) {
        return Err(format!("{text:?} is not an amount: digits with at most one point, such as 12.5"));
    }
    Ok((whole, fraction.trim_end_matches('0')))
}

/// Whole units to indivisible ones.
///
/// # Errors
/// Where the text is no decimal number, has more decimals than the token, or is too large.
pub fn atoms(text: &str, decimals: u8) -> Result<u64> {
    let (whole, fraction) = digits(text).map_err(usage)?;
    let places = decimals as usize;
    if fraction.len() > places {
        return Err(usage(format!("{text} has more than {places} decimals")));
    }
    let all = format!("{whole}{fraction:0<places$}");
    all.parse().map_err(|_| usage(format!("{text} is too large")))
}

/// Dollars to a price, and the digits behind its point.
///
/// # Errors
/// Where the text is no positive decimal number of at most 18 decimals.
pub fn price(text: &str) -> Result<Price> {
    let (mantissa, places) = decimal(text)?;
    let price =
        Price::from_decimal_down(mantissa, -(places as i32)).map_err(|_| usage(format!("{text} is not a price")))?;
    if price.is_zero() {
        return Err(usage("a price is above zero"));
    }
    Ok(price)
}

/// A decimal number as an integer and its number of decimals.
///
/// # Errors
/// As [`price`].
pub fn decimal(text: &str) -> Result<(u64, u32)> {
    let (_, fraction) = digits(text).map_err(usage)?;
    let places = fraction.len() as u32;
    if places > MAX_DECIMALS as u32 {
        return Err(usage(format!("{text} has more than {MAX_DECIMALS} decimals")));
    }
    Ok((atoms(text, places as u8)?, places))
}

/// Indivisible units as whole ones, zeros at the end cut.
pub fn show(atoms: i128, decimals: u32) -> String {
    let sign = if atoms < 0 { "-" } else { "" };
    let magnitude = atoms.unsigned_abs();
    let Some(one) = 10u128.checked_pow(decimals).filter(|_| decimals > 0) else {
        return format!("{sign}{magnitude}");
    };
    let places = decimals as usize;
    let fraction = format!("{:0>places$}", magnitude % one);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", magnitude / one)
}

/// A decimal number with a comma between thousands.
pub fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let groups: Vec<&str> = (0..digits.len().div_ceil(3))
        .rev()
        .map(|group| &digits[digits.len().saturating_sub(3 * group + 3)..digits.len() - 3 * group])
        .collect();
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{}{fraction}", groups.join(","))
}

/// Pico-dollars as dollars and cents, to the nearest.
pub fn usd_pico(pico: i128) -> String {
    let cents = pico.saturating_add(5_000_000_000).div_euclid(10_000_000_000);
    let sign = if cents < 0 { "-" } else { "" };
    let magnitude = cents.unsigned_abs();
    format!("{sign}${}.{:02}", grouped(&(magnitude / 100).to_string()), magnitude % 100)
}

/// Parts per million as per cent.
pub fn percent(ppm: u32) -> String {
    format!("{} %", show(ppm as i128, 4))
}

/// `NAV / MMR`, four decimals.
pub fn ratio(ppm: u32) -> String {
    if ppm == u32::MAX {
        return "-".into();
    }
    format!("{}.{:04}", ppm / 1_000_000, ppm % 1_000_000 / 100)
}

/// A price in dollars, to eight decimals, rounded down.
pub fn show_price(price: Price) -> String {
    let scaled = price.mantissa as u128 * 10u128.pow(PRICE_DIGITS);
    let exponent = price.exponent;
    let units = match exponent {
        0.. => scaled.checked_shl(exponent as u32).filter(|units| units >> exponent == scaled),
        -127..0 => Some(scaled >> -exponent),
        _ => Some(0),
    };
    units
        .and_then(|units| i128::try_from(units).ok())
        .map_or_else(|| "beyond range".into(), |units| show(units, PRICE_DIGITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_converted_exactly() {
        assert_eq!(atoms("12.5", 6).unwrap(), 12_500_000);
        assert_eq!(atoms("0.000000001", 9).unwrap(), 1);
        assert_eq!(atoms("18446744073709.551615", 6).unwrap(), u64::MAX);
        assert_eq!(atoms("1.50", 1).unwrap(), 15);
        assert_eq!(atoms("3", 0).unwrap(), 3);
    }

    #[test]
    fn what_cannot_be_represented_is_refused_and_never_rounded() {
        for (text, decimals) in [("0.0000001", 6), ("18446744073709.551616", 6), ("1.5", 0)] {
            assert!(atoms(text, decimals).is_err(), "{text}");
        }
        for text in ["", ".5", "5.", "-1", "1e3", "1,000", "1.2.3", "½", " 1"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn everything_is_a_flag_where_the_program_has_one() {
        let all: Amount = "all".parse().unwrap();
        assert_eq!(all.atoms_or_all(6).unwrap(), (0, true));
        assert!(all.atoms(6).is_err());
        let max: Amount = "max".parse().unwrap();
        assert!(max.atoms(6).is_err() && max.atoms_or_all(6).is_err());
        assert_eq!("2".parse::<Amount>().unwrap().atoms_or_all(6).unwrap(), (2_000_000, false));
    }

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        assert_eq!(show(12_500_000, 6), "12.5");
        assert_eq!(show(-1, 9), "-0.000000001");
        assert_eq!(show(7, 0), "7");
        assert_eq!((usd_pico(-1), usd_pico(-5_000_000_001)), ("$0.00".into(), "-$0.01".into()));
        assert_eq!(
            (usd_pico(2_399_999_999_999_999), usd_pico(1_234_000_000_000)),
            ("$2,400.00".into(), "$1.23".into())
        );
        assert_eq!(percent(13_250), "1.325 %");
        assert_eq!((ratio(975_600), ratio(u32::MAX)), ("0.9756".into(), "-".into()));
    }

    #[test]
    fn a_price_is_shown_as_it_was_written() {
        for text in ["120.5", "0.00000125", "100000", "1"] {
            // Eight digits behind the point, rounded down from 64 significant bits.
            let shown = show_price(price(text).unwrap());
            let (low, high) = (atoms(&shown, 8).unwrap(), atoms(text, 8).unwrap());
            assert!(high - low <= 1, "{text}: {shown}");
        }
        assert!(price("0").is_err());
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, shown) in [("0", "0"), ("999", "999"), ("-1000", "-1,000"), ("1234567.0001", "1,234,567.0001")] {
            assert_eq!(grouped(number), shown);
        }
        assert_eq!(grouped("beyond range"), "beyond range");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_to_the_same_atoms(value: u64, decimals in 0u8..=18) {
            prop_assert_eq!(atoms(&show(value as i128, decimals as u32), decimals).unwrap(), value);
        }
    }
}

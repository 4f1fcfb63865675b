//! What one oracle account says, whatever its format: a price, its width and its time.

use crate::error::{RiskError, RiskResult};
use crate::num::{div_up_u128, mul_div_up, PPM};
use crate::price::Price;
use crate::units::{Ppm, UnixSecs};

/// Scale of a Switchboard value: 10^18 to the dollar.
const SWITCHBOARD_SCALE: u128 = 1_000_000_000_000_000_000;

/// One reading of one source. A wide reading counts too: a crash must not leave the board without prices (PRICE-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Dollars per whole unit, strictly positive, rounded down to 64 significant bits.
    pub price: Price,
    /// One sigma, a share of the price, rounded up; saturates.
    pub sigma_ppm: Ppm,
    /// Publish time, as the source states it.
    pub published_at: UnixSecs,
    /// Publish time of the update before, where the caller chooses the account; none for a pinned account.
    pub previous_at: Option<UnixSecs>,
    /// It was signed longer ago than its publish time says, see [`super::Signed::is_overdue`].
    pub overdue: bool,
}

impl Observation {
    /// From a Pyth price message: `price * 10^exponent` dollars, `conf` (taken as one sigma) in the same unit.
    ///
    /// # Errors
    /// `PriceNotPositive`; `PriceExponentOutOfRange` outside -18 to 12.
    pub fn from_pyth(
        price: i64,
        conf: u64,
        exponent: i32,
        published_at: UnixSecs,
        previous_at: Option<UnixSecs>,
    ) -> RiskResult<Self> {
        let value = u64::try_from(price).ok().filter(|value| *value != 0).ok_or(RiskError::PriceNotPositive)?;
        Ok(Self {
            price: Price::from_decimal_down(value, exponent)?,
            sigma_ppm: width_ppm_up(conf, value),
            published_at,
            previous_at,
            overdue: false,
        })
    }

    /// From a Switchboard result: value and standard deviation in units of 10^-18 dollars.
    ///
    /// A negative deviation means nothing and counts as the widest. `published_at` is the date of the sample that the value
    /// is, `overdue` whether its slots contradict it.
    ///
    /// # Errors
    /// `PriceNotPositive`.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        reason = "a value that is not zero has at most 127 leading zeros; the divisor is a constant"
    )]
    pub fn from_switchboard(value: i128, std_dev: i128, published_at: UnixSecs, overdue: bool) -> RiskResult<Self> {
        let value = u128::try_from(value).ok().filter(|value| *value != 0).ok_or(RiskError::PriceNotPositive)?;
        // 128 significant bits before the division by 60 leave more than 64 after it.
        let lead = value.leading_zeros();
        let price = Price::from_parts_down((value << lead) / SWITCHBOARD_SCALE, -(lead as i32))?;
        let sigma_ppm = u128::try_from(std_dev).map_or(Ppm::MAX, |width| wide_ppm_up(width, value));
        Ok(Self { price, sigma_ppm, published_at, previous_at: None, overdue })
    }
}

/// `width / price`, rounded up; saturates.
fn width_ppm_up(width: u64, price: u64) -> Ppm {
    let ppm = match width.checked_mul(PPM as u64) {
        Some(product) if price != 0 => product.div_ceil(price),
        _ => mul_div_up(width, PPM as u64, price).unwrap_or(u64::MAX),
    };
    Ppm::saturating(ppm)
}

/// `width / price`, rounded up; saturates; for a price that is not zero.
#[expect(clippy::arithmetic_side_effects, reason = "108 bits and one")]
fn wide_ppm_up(width: u128, price: u128) -> Ppm {
    // A width beyond 10^14 dollars loses its last 20 bits, up, and the price likewise, down: the quotient only grows.
    let (width, price) = if width >> 108 == 0 { (width, price) } else { ((width >> 20) + 1, price >> 20) };
    let ppm = width.checked_mul(PPM as u128).and_then(|product| div_up_u128(product, price));
    ppm.map_or(Ppm::MAX, Ppm::saturating_wide)
}

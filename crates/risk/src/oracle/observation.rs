//! What one oracle account says, whatever its format: a price, its width and its time.

use crate::error::{RiskError, RiskResult};
use crate::num::{mul_div_up, PPM};
use crate::price::Price;

/// Scale of a Switchboard value: 10^18 to the dollar.
const SWITCHBOARD_SCALE: u128 = 1_000_000_000_000_000_000;

/// One reading of one source. Wide readings are readings: a crash must not blind the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Dollars per whole unit, strictly positive, rounded down to 64 significant bits.
    pub price: Price,
    /// One sigma, ppm of the price, rounded up, at most `u32::MAX`.
    pub sigma_ppm: u32,
    /// Publish time, Unix seconds, as the source states it.
    pub published_at: i64,
    /// Publish time of the update before, where the caller chooses the account; none for a pinned account.
    pub previous_at: Option<i64>,
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
        published_at: i64,
        previous_at: Option<i64>,
    ) -> RiskResult<Self> {
        let value = u64::try_from(price).ok().filter(|value| *value != 0).ok_or(RiskError::PriceNotPositive)?;
        Ok(Self {
            price: Price::from_decimal_down(value, exponent)?,
            sigma_ppm: width_ppm_up(conf, value),
            published_at,
            previous_at,
        })
    }

    /// From a Switchboard result: value and standard deviation in units of 10^-18 dollars.
    ///
    /// A negative deviation means nothing and counts as the widest.
    ///
    /// # Errors
    /// `PriceNotPositive`.
    pub fn from_switchboard(value: i128, std_dev: i128, published_at: i64) -> RiskResult<Self> {
        let value = u128::try_from(value).ok().filter(|value| *value != 0).ok_or(RiskError::PriceNotPositive)?;
        // 128 significant bits before the division by 60 leave more than 64 after it.
        let lead = value.leading_zeros();
        let price = Price::from_parts_down((value << lead) / SWITCHBOARD_SCALE, -(lead as i32))?;
        // The value to at most 50 bits, down, and the width likewise, up: the quotient can only grow, by parts in 2^49,
        // and a width that then leaves 64 bits is beyond the widest.
        let shift = 78u32.saturating_sub(lead);
        let sigma_ppm = match u128::try_from(std_dev) {
            Ok(width) => {
                let up = (width >> shift) + ((width >> shift) << shift != width) as u128;
                u64::try_from(up).map_or(u32::MAX, |width| width_ppm_up(width, (value >> shift) as u64))
            }
            Err(_) => u32::MAX,
        };
        Ok(Self { price, sigma_ppm, published_at, previous_at: None })
    }
}

/// `width / price` in ppm, rounded up, at most `u32::MAX`.
fn width_ppm_up(width: u64, price: u64) -> u32 {
    let ppm = match width.checked_mul(PPM as u64) {
        Some(product) if price != 0 => product.div_ceil(price),
        _ => mul_div_up(width, PPM as u64, price).unwrap_or(u64::MAX),
    };
    u32::try_from(ppm).unwrap_or(u32::MAX)
}

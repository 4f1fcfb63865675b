//! At which prices of one underlying an account goes under water.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::margin::margins;
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_risk::price::Price;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{PriceBoard, StoredPrice};

use crate::answer::Accounts;
use crate::code::Refused;

/// How far below the present price is searched, binary orders of magnitude: practically to zero.
const ORDERS_BELOW: i32 = 40;
/// How far above: a factor of about a thousand.
const ORDERS_ABOVE: i32 = 10;

/// Prices of one underlying, dollars per whole unit, at which an account goes under water at spot while every other
/// price stays. A mantissa of zero means that there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LiquidationPrices {
    /// One where the account is under water at spot now; the two prices are then zero.
    pub is_under_water: u32,
    /// Zero.
    pub _pad: u32,
    /// The present price.
    pub present: StoredPrice,
    /// The highest price below the present one at which it is under water.
    pub below: StoredPrice,
    /// The lowest price above the present one at which it is under water.
    pub above: StoredPrice,
}

/// Finds both prices by bisection over the program's own margin function, to the last bit of a price.
///
/// What an account exceeds its requirement by is a concave function of any single price (gains count less than losses,
/// assets less than debts), so there is at most one such price on either side. `board` is changed meanwhile and put back.
///
/// # Errors
/// `NotARequest` for a slot that is not listed; the program's code for an account that cannot be valued.
pub fn liquidation_prices(
    account: &plimsoll_state::MarginAccount,
    registry: &plimsoll_state::Registry,
    board: &mut PriceBoard,
    now: i64,
    slot: u8,
) -> Result<LiquidationPrices, u32> {
    let listed = board.slot(slot as usize).ok_or(Refused::NotARequest)?;
    let stored = listed.spot;
    let mut is_under_water = |key: i128| -> Result<bool, u32> {
        board.slots[slot as usize].spot = StoredPrice::from(price(key));
        let accounts = Accounts { account, registry, board, now };
        Ok(margins(&accounts.portfolio(Views::SPOT)?, PriceKind::Spot, false).is_under_water())
    };
    let found = search(stored, &mut is_under_water);
    board.slots[slot as usize].spot = stored;
    found
}

fn search(
    stored: StoredPrice,
    is_under_water: &mut impl FnMut(i128) -> Result<bool, u32>,
) -> Result<LiquidationPrices, u32> {
    let mut found = LiquidationPrices { present: stored, ..LiquidationPrices::default() };
    // A price that is not a normalised number is a slot that was never refreshed.
    if stored.mantissa >> 63 == 0 {
        return Ok(found);
    }
    let present = key(stored.get());
    if is_under_water(present)? {
        found.is_under_water = 1;
        return Ok(found);
    }
    let order = 1i128 << 63;
    found.below = boundary(present, present - ORDERS_BELOW as i128 * order, is_under_water)?;
    found.above = boundary(present, present + ORDERS_ABOVE as i128 * order, is_under_water)?;
    Ok(found)
}

/// The price nearest to `healthy`, towards `end`, at which the account is under water; zero where it is not at `end`.
fn boundary(
    mut healthy: i128,
    end: i128,
    is_under_water: &mut impl FnMut(i128) -> Result<bool, u32>,
) -> Result<StoredPrice, u32> {
    if !is_under_water(end)? {
        return Ok(StoredPrice::default());
    }
    let mut under_water = end;
    while (under_water - healthy).abs() > 1 {
        let middle = healthy + (under_water - healthy) / 2;
        if is_under_water(middle)? {
            under_water = middle;
        } else {
            healthy = middle;
        }
    }
    Ok(StoredPrice::from(price(under_water)))
}

/// A number that grows with the price by one for each bit of the mantissa.
const fn key(price: Price) -> i128 {
    price.exponent as i128 * (1 << 63) + (price.mantissa - (1 << 63)) as i128
}

/// The price of a key.
const fn price(key: i128) -> Price {
    let one = 1i128 << 63;
    Price { mantissa: (key.rem_euclid(one) as u64) + (1 << 63), exponent: key.div_euclid(one) as i32 }
}

#[cfg(test)]
mod tests {
    use super::{key, price};
    use plimsoll_risk::price::Price;

    #[test]
    fn keys_order_prices_and_lead_back_to_them() {
        let prices: Vec<Price> = [(1, -8), (99, -2), (1, 0), (20_000_000_000, -8), (u64::MAX, 0)]
            .map(|(v, e)| Price::from_decimal_down(v, e).unwrap())
            .into();
        for pair in prices.windows(2) {
            assert!(key(pair[0]) < key(pair[1]));
        }
        for one in prices {
            assert_eq!(price(key(one)), one);
            assert_eq!(price(key(one) + 1).cmp_value(&one), core::cmp::Ordering::Greater);
        }
    }
}

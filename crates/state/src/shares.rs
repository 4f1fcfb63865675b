//! Stored parts per million as shares: accounts store plain integers, named by it, and everything that reckons with them
//! asks here (NUMBER-3).

use plimsoll_risk::units::{Ppm, PpmPerRootSec, PpmPerSec, SignedPpm};

use crate::wrap::read_as;
use crate::{Bank, Market, MarketSlot, PriceSlot};

read_as! {
    /// One sigma of the held price.
    PriceSlot.sigma_ppm as sigma: Ppm,
    /// Volatility of the held price.
    PriceSlot.vol_ppm_per_sqrt_sec as volatility: PpmPerRootSec,
    /// The fastest fall that it is listed with.
    PriceSlot.terms.fastest_fall_ppm_per_sec as fastest_fall: PpmPerSec,
    /// What the market's deficit takes of a claim.
    MarketSlot.deficit_share_ppm as deficit_share: Ppm,
    /// Fee of each side of a fill.
    MarketSlot.fees.fill_fee_ppm as fill_fee: Ppm,
    /// The premium that was reported last.
    Market.premium_ppm as premium: SignedPpm,
    /// The moving average that sets the borrow rate.
    Bank.utilization_ema_ppm as utilization_ema: Ppm,
    /// Protocol's share of interest.
    Bank.lending.interest_fee_ppm as interest_fee: Ppm,
    /// Most of the deposits that may leave within an hour, net.
    Bank.caps.outflow_hour_ppm as outflow_hour_share: Ppm,
    /// Most of the deposits that may leave within a day, net.
    Bank.caps.outflow_day_ppm as outflow_day_share: Ppm,
}

//! Stored seconds as times and durations: accounts store plain integers, named by it, and everything that reckons with
//! them asks here.

use plimsoll_risk::units::{Secs, UnixSecs};

use crate::wrap::read_as;
use crate::{
    Bank, BankSlot, Feed, MarginAccount, Market, MarketSlot, OracleSource, PriceSlot, PriceTerms, VenueApproval,
};

read_as! {
    /// Publish time of the held price.
    PriceSlot.published_at as published: UnixSecs,
    /// Until when its breaker stands or stood.
    PriceSlot.tripped_until_at as tripped_until: UnixSecs,
    /// Until when its legs count as stale.
    PriceSlot.halted_until_at as halted_until: UnixSecs,
    /// Publish time of the first update.
    PriceSlot.first_published_at as first_published: UnixSecs,
    /// Publish time of the last update taken from the source.
    OracleSource.published_at as published: UnixSecs,
    /// Publish time of the last variance sample.
    Feed.sampled_at as sampled: UnixSecs,
    /// Time constant of the fast average.
    PriceTerms.fast_secs as fast: Secs,
    /// Time constant of the slow average.
    PriceTerms.slow_secs as slow: Secs,
    /// How often the feed moves.
    PriceTerms.update_secs as update: Secs,
    /// When the borrow index and its rate were written.
    BankSlot.accrued_at as accrued: UnixSecs,
    /// Up to when the integral includes utilization.
    Bank.utilization_at as utilization_until: UnixSecs,
    /// Up to when funding is booked.
    MarketSlot.funding_at as funding_until: UnixSecs,
    /// Up to when the integral includes the premium.
    Market.premium_at as premium_until: UnixSecs,
    /// Since when the integral runs.
    Market.premium_from as premium_since: UnixSecs,
    /// When the premium was reported.
    Market.premium_reported_at as premium_reported: UnixSecs,
    /// When the approval ends.
    VenueApproval.expires_at as expires: UnixSecs,
    /// How long it has been under water.
    MarginAccount.under_water_secs as under_water: Secs,
    /// How long it has been in wind-down.
    MarginAccount.wind_down_secs as wind_down: Secs,
    /// When it was last observed.
    MarginAccount.observed_at as last_observed: UnixSecs,
    /// When it last passed an initial check.
    MarginAccount.passed_at as passed: UnixSecs,
    /// Publish time at which its ratio was first below the bypass ratio, or never.
    MarginAccount.bypass_published_at as bypass_published: UnixSecs,
}

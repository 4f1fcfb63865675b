//! What may still leave a bank and be drawn of its insurance, and how near the breakers of banks and markets are to tripping.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Address, Bank, BreakerReading, EngineAccount, Market, Registry, LAYOUT_VERSION};

use crate::code::Refused;

/// A bank's limits now, atoms of its token; the largest number is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct BankLimits {
    /// May leave within the hour.
    pub hour_left_atoms: u64,
    /// May leave within an hour in which nothing has.
    pub hour_most_atoms: u64,
    /// May leave within the day.
    pub day_left_atoms: u64,
    /// May leave within a day in which nothing has.
    pub day_most_atoms: u64,
    /// Most that one bankruptcy may draw of the insurance.
    pub event_draw_atoms: u64,
    /// Most that the bank's own debts may draw of it.
    pub own_draw_atoms: u64,
    /// The breaker of debts that are liquidated.
    pub liquidated: Breaker,
    /// The breaker of insurance that is drawn.
    pub drawn: Breaker,
}

/// A breaker now: what it looks at in atoms of a bank or base units of a market, the largest number where it never trips, and
/// until when it stands, Unix seconds, zero where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Breaker {
    /// Within the window that ends now.
    pub seen: u64,
    /// It trips beyond so much.
    pub beyond: u64,
    /// Until when it stands.
    pub until_at: i64,
}

impl From<BreakerReading> for Breaker {
    fn from(BreakerReading { seen, beyond, until }: BreakerReading) -> Self {
        Self { seen, beyond: beyond.unwrap_or(u64::MAX), until_at: until.map_or(0, UnixSecs::get) }
    }
}

/// The breaker of a market from its whole data and its registry's, discriminators included, at `now`, Unix seconds.
///
/// # Errors
/// As [`bank_limits`].
pub fn market_breaker(market: &[u8], registry: &[u8], now: i64) -> Result<Breaker, Refused> {
    let market = Market::from_account_data(market).ok_or(Refused::NotAMarket)?;
    let registry = registry_of(registry, &market.engine, market.version)?;
    let slot = registry.market(market.index as usize).ok_or(Refused::NotAMarket)?;
    let share = registry.params().breakers.liquidated_positions();
    Ok(market.liquidated_reading(slot, share, UnixSecs::new(now)).into())
}

/// The registry of an account that names its engine.
fn registry_of<'a>(registry: &'a [u8], engine: &Address, version: u8) -> Result<&'a Registry, Refused> {
    let registry = Registry::from_account_data(registry).ok_or(Refused::NotARegistry)?;
    if *engine != registry.engine {
        return Err(Refused::EngineMismatch);
    }
    if [version, registry.version] != [LAYOUT_VERSION; 2] {
        return Err(Refused::VersionUnknown);
    }
    Ok(registry)
}

/// The limits of a bank from its whole data and its registry's, discriminators included, at `now`, Unix seconds.
///
/// # Errors
/// Which of them is something else, that they belong to different engines, or that a layout is of another version.
pub fn bank_limits(bank: &[u8], registry: &[u8], now: i64) -> Result<BankLimits, Refused> {
    let bank = Bank::from_account_data(bank).ok_or(Refused::NotABank)?;
    let registry = registry_of(registry, &bank.engine, bank.version)?;
    let slot = registry.bank(bank.index as usize).ok_or(Refused::NotABank)?;
    let (params, now) = (registry.params(), UnixSecs::new(now));
    let limits = bank.limits(&params.draws, now);
    let [hour, day] =
        limits.leaves.map(|room| room.map_or((u64::MAX, u64::MAX), |room| (room.atoms.get(), room.most.get())));
    Ok(BankLimits {
        hour_left_atoms: hour.0,
        hour_most_atoms: hour.1,
        day_left_atoms: day.0,
        day_most_atoms: day.1,
        event_draw_atoms: limits.event_draw.get(),
        own_draw_atoms: limits.own_draw.get(),
        liquidated: bank.liquidated_reading(params.breakers.liquidated_debts(), now).into(),
        drawn: bank.drawn_reading(slot, params.breakers.drawn_insurance(), now).into(),
    })
}

#[cfg(test)]
mod tests {
    use bytemuck::{bytes_of, zeroed_box, Zeroable as _};
    use plimsoll_risk::params::GlobalParams;
    use plimsoll_state::{SlotStatus, StoredParams};

    use super::*;

    const NOW: i64 = 1_760_130_600;

    fn data<T: EngineAccount>(account: &T) -> Vec<u8> {
        [&T::ACCOUNT_DISCRIMINATOR[..], bytes_of(account)].concat()
    }

    /// A bank with a million atoms of deposits and a thousand of insurance.
    fn accounts() -> (Bank, Box<Registry>) {
        let (mut bank, mut registry): (Bank, Box<Registry>) = (Bank::zeroed(), zeroed_box());
        (bank.version, registry.version) = (LAYOUT_VERSION, LAYOUT_VERSION);
        registry.params = StoredParams(GlobalParams::DEFAULT);
        registry.banks[0].status = SlotStatus::Active as u8;
        registry.markets[0].status = SlotStatus::Active as u8;
        bank.deposit_index = plimsoll_risk::params::INDEX_ONE;
        (bank.deposit_shares, bank.insurance_atoms) = (1_000_000, 1_000);
        (bank.caps.outflow_hour_ppm, bank.caps.outflow_day_ppm) = (250_000, 1_000_000);
        (bank.caps.draw_cap_event_atoms, bank.caps.draw_cap_hour_atoms) = (u64::MAX, u64::MAX);
        (bank, registry)
    }

    #[test]
    fn a_quarter_of_the_deposits_may_leave_within_the_hour_and_half_of_the_insurance_be_drawn() {
        let (bank, registry) = accounts();
        let limits = bank_limits(&data(&bank), &data(&*registry), NOW).unwrap();
        assert_eq!((limits.hour_left_atoms, limits.hour_most_atoms), (250_000, 250_000));
        assert_eq!((limits.day_left_atoms, limits.day_most_atoms), (u64::MAX, u64::MAX), "no limit");
        assert_eq!((limits.event_draw_atoms, limits.own_draw_atoms), (500, 500));
    }

    #[test]
    fn breakers_trip_by_the_shares_of_the_engine_and_stand_until_they_end() {
        let (mut bank, mut registry) = accounts();
        let mut market: Market = Market::zeroed();
        market.version = LAYOUT_VERSION;
        let params = registry.params().breakers;
        let [debts, insurance] =
            [params.liquidated_debts().of_down(1_000_000).unwrap(), params.drawn_insurance().of_down(1_000).unwrap()];
        for until_at in [0, NOW - 1, NOW + 900] {
            bank.throughput.breaker.until_at = until_at;
            registry.banks[0].drawdown.until_at = until_at;
            market.throughput.breaker.until_at = until_at;
            let until_at = if until_at > NOW { until_at } else { 0 };
            let limits = bank_limits(&data(&bank), &data(&*registry), NOW).unwrap();
            assert_eq!(limits.liquidated, Breaker { seen: 0, beyond: debts, until_at });
            assert_eq!(limits.drawn, Breaker { seen: 0, beyond: insurance, until_at });
            let found = market_breaker(&data(&market), &data(&*registry), NOW).unwrap();
            assert_eq!(found, Breaker { seen: 0, beyond: 0, until_at });
        }
        bank.throughput.count(700, 1_000_000, params.liquidated_debts(), UnixSecs::new(NOW));
        registry.params.0.breakers.liquidated_debts_ppm = 1_000_000;
        let limits = bank_limits(&data(&bank), &data(&*registry), NOW).unwrap();
        assert_eq!((limits.liquidated.seen, limits.liquidated.beyond), (700, u64::MAX), "it never trips");
    }

    #[test]
    fn other_accounts_and_other_engines_are_refused_by_name() {
        let (mut bank, registry) = accounts();
        let ask = |bank: &[u8], registry: &[u8]| bank_limits(bank, registry, NOW).unwrap_err();
        assert_eq!(ask(&data(&*registry), &data(&*registry)), Refused::NotABank);
        assert_eq!(ask(&data(&bank), &data(&bank)), Refused::NotARegistry);
        bank.version += 1;
        assert_eq!(ask(&data(&bank), &data(&*registry)), Refused::VersionUnknown);
        bank.engine = [1; 32];
        assert_eq!(ask(&data(&bank), &data(&*registry)), Refused::EngineMismatch);
        let mut market: Market = Market::zeroed();
        market.version = LAYOUT_VERSION;
        let ask = |market: &[u8], registry: &[u8]| market_breaker(market, registry, NOW).unwrap_err();
        assert_eq!(ask(&data(&*registry), &data(&*registry)), Refused::NotAMarket);
        assert_eq!(ask(&data(&market), &data(&market)), Refused::NotARegistry);
        market.index = 200;
        assert_eq!(ask(&data(&market), &data(&*registry)), Refused::NotAMarket);
        market.engine = [1; 32];
        assert_eq!(ask(&data(&market), &data(&*registry)), Refused::EngineMismatch);
    }
}

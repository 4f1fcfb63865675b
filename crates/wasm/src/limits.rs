//! What may still leave a bank, and be drawn of its insurance.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Bank, EngineAccount, Registry, LAYOUT_VERSION};

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
}

/// The limits of a bank from its whole data and its registry's, discriminators included, at `now`, Unix seconds.
///
/// # Errors
/// Which of them is something else, that they belong to different engines, or that a layout is of another version.
pub fn bank_limits(bank: &[u8], registry: &[u8], now: i64) -> Result<BankLimits, Refused> {
    let bank = Bank::from_account_data(bank).ok_or(Refused::NotABank)?;
    let registry = Registry::from_account_data(registry).ok_or(Refused::NotARegistry)?;
    if bank.engine != registry.engine {
        return Err(Refused::EngineMismatch);
    }
    if [bank.version, registry.version] != [LAYOUT_VERSION; 2] {
        return Err(Refused::VersionUnknown);
    }
    let limits = bank.limits(&registry.params().draws, UnixSecs::new(now));
    let [hour, day] =
        limits.leaves.map(|room| room.map_or((u64::MAX, u64::MAX), |room| (room.atoms.get(), room.most.get())));
    Ok(BankLimits {
        hour_left_atoms: hour.0,
        hour_most_atoms: hour.1,
        day_left_atoms: day.0,
        day_most_atoms: day.1,
        event_draw_atoms: limits.event_draw.get(),
        own_draw_atoms: limits.own_draw.get(),
    })
}

#[cfg(test)]
mod tests {
    use bytemuck::{bytes_of, zeroed_box, Zeroable as _};
    use plimsoll_risk::params::GlobalParams;
    use plimsoll_state::StoredParams;

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
    fn other_accounts_and_other_engines_are_refused_by_name() {
        let (mut bank, registry) = accounts();
        let ask = |bank: &[u8], registry: &[u8]| bank_limits(bank, registry, NOW).unwrap_err();
        assert_eq!(ask(&data(&*registry), &data(&*registry)), Refused::NotABank);
        assert_eq!(ask(&data(&bank), &data(&bank)), Refused::NotARegistry);
        bank.version += 1;
        assert_eq!(ask(&data(&bank), &data(&*registry)), Refused::VersionUnknown);
        bank.engine = [1; 32];
        assert_eq!(ask(&data(&bank), &data(&*registry)), Refused::EngineMismatch);
    }
}

//! From the layout version before this build's to this build's.
//!
//! A version changes what bytes mean, never how many there are: what a version adds was reserved before. So an account is
//! migrated in place, alone and by anyone, and until then every instruction refuses it. One build knows one step; an
//! account that is older goes through the builds in between.

use crate::{
    Bank, Engine, EngineAccount, InvariantViolation, MarginAccount, Market, PriceBoard, Registry, Venue,
    DISCRIMINATOR_LEN, LAYOUT_VERSION,
};

/// The version of the first layout: there is nothing before it.
pub const FIRST_LAYOUT_VERSION: u8 = 1;

/// Why an account was not migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationError {
    /// It has this build's layout already.
    LayoutCurrent,
    /// It has neither this build's layout nor the one before.
    VersionUnknown,
    /// The data are those of no account of the engine.
    TypeUnknown,
    /// The migrated account breaks an invariant: no instruction of the version before leaves it like that.
    Broken(InvariantViolation),
}

/// An account type and how the layout version before becomes this build's.
pub trait Migrate: EngineAccount {
    /// Layout version that this build reads and writes.
    const VERSION: u8 = LAYOUT_VERSION;

    /// Rewrites the fields of an account of version `VERSION - 1` into those of `VERSION`, the version byte excepted.
    ///
    /// Most versions leave most types alone.
    fn upgrade(&mut self) {}
}

impl Migrate for Engine {}
impl Migrate for Registry {}
impl Migrate for PriceBoard {}
impl Migrate for Bank {}
impl Migrate for Market {}
impl Migrate for Venue {}

impl Migrate for MarginAccount {
    #[cfg(feature = "next-layout")]
    fn upgrade(&mut self) {
        self.first_layout = FIRST_LAYOUT_VERSION;
    }
}

/// Migrates an account by one version; `data` is all of it, discriminator included (ACCOUNT-3).
///
/// # Errors
/// See [`MigrationError`]; `data` is changed only on success, or where the error is `Broken`.
pub fn migrate(data: &mut [u8]) -> Result<(), MigrationError> {
    macro_rules! by_type {
        ($($type:ident),+) => {
            match data.first_chunk::<DISCRIMINATOR_LEN>() {
                $(Some(&$type::ACCOUNT_DISCRIMINATOR) => step::<$type>(data),)+
                _ => Err(MigrationError::TypeUnknown),
            }
        };
    }
    by_type!(MarginAccount, Market, Bank, Venue, Registry, PriceBoard, Engine)
}

fn step<T: Migrate>(data: &mut [u8]) -> Result<(), MigrationError> {
    let body = data.get_mut(DISCRIMINATOR_LEN..).filter(|body| body.len() == core::mem::size_of::<T>());
    let body = body.ok_or(MigrationError::TypeUnknown)?;
    // Every type begins with its version.
    let version = body[0];
    if version == T::VERSION {
        return Err(MigrationError::LayoutCurrent);
    }
    if version < FIRST_LAYOUT_VERSION || version.checked_add(1) != Some(T::VERSION) {
        return Err(MigrationError::VersionUnknown);
    }
    body[0] = T::VERSION;
    let account: &mut T = bytemuck::try_from_bytes_mut(body).map_err(|_| MigrationError::TypeUnknown)?;
    account.upgrade();
    account.invariant().map_err(MigrationError::Broken)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use bytemuck::Zeroable;

    /// Account data, eight-aligned behind the discriminator as the runtime has it.
    fn data_of<T: EngineAccount>(version: u8) -> Vec<u64> {
        let mut words = std::vec![0u64; T::SPACE.div_ceil(8)];
        let bytes = bytemuck::cast_slice_mut::<u64, u8>(&mut words);
        bytes[..DISCRIMINATOR_LEN].copy_from_slice(&T::ACCOUNT_DISCRIMINATOR);
        bytes[DISCRIMINATOR_LEN] = version;
        words
    }

    fn refused<T: EngineAccount>(version: u8, space: usize) -> MigrationError {
        let mut words = data_of::<T>(version);
        let before = words.clone();
        let bytes = bytemuck::cast_slice_mut::<u64, u8>(&mut words);
        let error = migrate(&mut bytes[..space]).unwrap_err();
        assert_eq!(words, before);
        error
    }

    /// ACCOUNT-3
    #[test]
    fn every_type_begins_with_its_version_and_an_unknown_one_is_refused() {
        macro_rules! each {
            ($($type:ident),+) => {$(
                assert_eq!(core::mem::offset_of!($type, version), 0);
                assert_eq!(refused::<$type>(LAYOUT_VERSION, $type::SPACE), MigrationError::LayoutCurrent);
                for version in [0, LAYOUT_VERSION + 1, u8::MAX] {
                    assert_eq!(refused::<$type>(version, $type::SPACE), MigrationError::VersionUnknown);
                }
                for space in [0, 7, 8, $type::SPACE - 8] {
                    assert_eq!(refused::<$type>(LAYOUT_VERSION, space), MigrationError::TypeUnknown);
                }
            )+};
        }
        each!(Engine, Registry, PriceBoard, Bank, Market, MarginAccount, Venue);
    }

    #[test]
    fn bytes_of_no_account_are_refused() {
        let mut data = [7; 64];
        assert_eq!(migrate(&mut data), Err(MigrationError::TypeUnknown));
        assert_eq!(data, [7; 64]);
    }

    #[cfg(feature = "next-layout")]
    #[test]
    fn a_margin_account_of_the_first_layout_says_afterwards_that_it_is_one() {
        let mut words = data_of::<MarginAccount>(FIRST_LAYOUT_VERSION);
        let bytes = bytemuck::cast_slice_mut::<u64, u8>(&mut words);
        assert_eq!(migrate(bytes), Ok(()));
        let migrated = MarginAccount::from_account_data(bytes).expect("an account");
        let expected = MarginAccount { version: 2, first_layout: 1, ..MarginAccount::zeroed() };
        assert_eq!(bytemuck::bytes_of(migrated), bytemuck::bytes_of(&expected));
    }

    #[test]
    fn a_zeroed_account_has_no_known_version() {
        assert_ne!(MarginAccount::zeroed().version, MarginAccount::VERSION);
    }
}

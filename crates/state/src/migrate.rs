//! From the layout version before this build's to this build's.
//!
//! A version changes the meaning of bytes, never their number: what a version adds was reserved before. So an account is
//! migrated in place, alone and by anyone, and until then every instruction refuses it. One build knows one step; an
//! account that is older goes through the builds in between.

use crate::{
    Address, Bank, Engine, EngineAccount, FeedBook, InvariantViolation, MarginAccount, Market, PriceBoard, Registry,
    Venue, DISCRIMINATOR_LEN, LAYOUT_VERSION,
};

/// The version of the first layout: there is nothing before it.
pub const FIRST_LAYOUT_VERSION: u8 = 1;

/// Why an account was not migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationError {
    /// It has this build's layout already.
    LayoutCurrent,
    /// It has neither this build's layout nor the previous one.
    VersionUnknown,
    /// The data are not those of an account of the engine.
    TypeUnknown,
    /// The migrated account breaks an invariant: no instruction of the previous version can have left it like that.
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

    /// The engine that the account belongs to; none where it is an engine.
    fn engine(&self) -> Option<Address>;
}

macro_rules! never_changed {
    ($($type:ident),+) => {$(
        impl Migrate for $type {
            fn engine(&self) -> Option<Address> {
                Some(self.engine)
            }
        }
    )+};
}
never_changed!(Registry, PriceBoard, FeedBook, Bank, Market, Venue);

impl Migrate for Engine {
    fn engine(&self) -> Option<Address> {
        None
    }
}

impl Migrate for MarginAccount {
    fn engine(&self) -> Option<Address> {
        Some(self.engine)
    }

    #[cfg(feature = "next-layout")]
    fn upgrade(&mut self) {
        self.first_layout = FIRST_LAYOUT_VERSION;
    }
}

/// Migrates an account by one version; `data` is all of it, discriminator included (ACCOUNT-3). Returns the engine that it
/// belongs to; none where it is one.
///
/// # Errors
/// See [`MigrationError`]; `data` is changed only on success, or where the error is `Broken`.
pub fn migrate(data: &mut [u8]) -> Result<Option<Address>, MigrationError> {
    macro_rules! by_type {
        ($($type:ident),+) => {
            match data.first_chunk::<DISCRIMINATOR_LEN>() {
                $(Some(&$type::ACCOUNT_DISCRIMINATOR) => step::<$type>(data),)+
                _ => Err(MigrationError::TypeUnknown),
            }
        };
    }
    by_type!(MarginAccount, Market, Bank, Venue, Registry, PriceBoard, FeedBook, Engine)
}

#[expect(clippy::indexing_slicing, reason = "every type begins with its version, so none is empty")]
fn step<T: Migrate>(data: &mut [u8]) -> Result<Option<Address>, MigrationError> {
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
    account.invariant().map_err(MigrationError::Broken)?;
    Ok(account.engine())
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
        each!(Engine, Registry, PriceBoard, FeedBook, Bank, Market, MarginAccount, Venue);
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
        assert_eq!(migrate(bytes), Ok(Some([0; 32])));
        let migrated = MarginAccount::from_account_data(bytes).expect("an account");
        let expected = MarginAccount { version: 2, first_layout: 1, ..MarginAccount::zeroed() };
        assert_eq!(bytemuck::bytes_of(migrated), bytemuck::bytes_of(&expected));
    }

    /// An account type of a later build than this one.
    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Later<const VERSION: u8> {
        version: u8,
        upgrades: u8,
        broken: u8,
        rest: [u8; 5],
    }

    // SAFETY: bytes without padding; every bit pattern is a value.
    #[expect(unsafe_code, reason = "a derived `Pod` allows no parameter")]
    unsafe impl<const VERSION: u8> Zeroable for Later<VERSION> {}
    // SAFETY: as above.
    #[expect(unsafe_code, reason = "a derived `Pod` allows no parameter")]
    unsafe impl<const VERSION: u8> bytemuck::Pod for Later<VERSION> {}

    impl<const VERSION: u8> EngineAccount for Later<VERSION> {
        const ACCOUNT_DISCRIMINATOR: [u8; 8] = [7; 8];

        fn invariant(&self) -> Result<(), InvariantViolation> {
            crate::ensure(self.broken == 0, "broken")
        }
    }

    impl<const VERSION: u8> Migrate for Later<VERSION> {
        const VERSION: u8 = VERSION;

        fn upgrade(&mut self) {
            self.upgrades += 1;
        }

        fn engine(&self) -> Option<Address> {
            None
        }
    }

    /// The result of a step and the first three bytes that it leaves.
    fn stepped<const VERSION: u8>(version: u8, broken: u8) -> (Result<(), MigrationError>, [u8; 3]) {
        let mut data = [0; 16];
        (data[8], data[10]) = (version, broken);
        let result = step::<Later<VERSION>>(&mut data).map(|engine| assert_eq!(engine, None));
        (result, [data[8], data[9], data[10]])
    }

    #[test]
    fn a_build_migrates_from_the_version_before_its_own_and_from_no_other() {
        let unknown = |version| (Err(MigrationError::VersionUnknown), [version, 0, 0]);
        let current = |version| (Err(MigrationError::LayoutCurrent), [version, 0, 0]);
        let migrated = |version| (Ok(()), [version, 1, 0]);
        assert_eq!([0, 1, 2].map(|version| stepped::<1>(version, 0)), [unknown(0), current(1), unknown(2)]);
        let second = [0, 1, 2, 3].map(|version| stepped::<2>(version, 0));
        assert_eq!(second, [unknown(0), migrated(2), current(2), unknown(3)]);
        let third = [0, 1, 2, 3, 4].map(|version| stepped::<3>(version, 0));
        assert_eq!(third, [unknown(0), unknown(1), migrated(3), current(3), unknown(4)]);
        assert_eq!(stepped::<3>(u8::MAX, 0), unknown(u8::MAX));
    }

    #[test]
    fn a_migrated_account_that_breaks_an_invariant_is_refused_by_name() {
        let (result, bytes) = stepped::<2>(1, 1);
        assert_eq!((result, bytes), (Err(MigrationError::Broken(InvariantViolation("broken"))), [2, 1, 1]));
    }

    #[test]
    fn an_account_of_another_length_is_none_of_its_type() {
        let mut data = [0; 32];
        data[8] = 1;
        for length in [0, 8, 15, 17, 24] {
            assert_eq!(step::<Later<2>>(&mut data[..length]), Err(MigrationError::TypeUnknown));
        }
        assert_eq!(step::<Later<2>>(&mut data[..16]), Ok(None));
    }

    #[test]
    fn a_zeroed_account_has_no_known_version() {
        assert_ne!(MarginAccount::zeroed().version, MarginAccount::VERSION);
    }
}

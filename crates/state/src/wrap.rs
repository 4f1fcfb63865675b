//! Wrappers whose alignment is the same everywhere, and enums that are stored as one byte.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::price::Price;

/// A 32-byte address.
pub type Address = [u8; 32];

/// Whether two addresses are the same, as four numbers: a call that compares bytes costs three times as much.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "32 bytes are four chunks of eight")]
pub const fn same_address(one: &Address, other: &Address) -> bool {
    let ((one, _), (other, _)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    u64::from_le_bytes(one[0]) == u64::from_le_bytes(other[0])
        && u64::from_le_bytes(one[1]) == u64::from_le_bytes(other[1])
        && u64::from_le_bytes(one[2]) == u64::from_le_bytes(other[2])
        && u64::from_le_bytes(one[3]) == u64::from_le_bytes(other[3])
}

/// A signed 128-bit number stored as little-endian bytes: `i128` itself is 8-aligned on Solana's SBF, 16 on hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct I128Le {
    /// Little-endian. A named field: Anchor's `declare_program!` makes no accessor of another.
    pub bytes: [u8; 16],
}

impl I128Le {
    /// Stores `value`.
    #[inline(always)]
    pub const fn new(value: i128) -> Self {
        Self { bytes: value.to_le_bytes() }
    }

    /// The number.
    #[inline(always)]
    pub const fn get(&self) -> i128 {
        i128::from_le_bytes(self.bytes)
    }

    /// Replaces the number.
    #[inline(always)]
    pub fn set(&mut self, value: i128) {
        self.bytes = value.to_le_bytes();
    }
}

/// An unsigned 128-bit number stored as little-endian bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct U128Le {
    /// Little-endian; named as that of [`I128Le`].
    pub bytes: [u8; 16],
}

impl U128Le {
    /// Stores `value`.
    #[inline(always)]
    pub const fn new(value: u128) -> Self {
        Self { bytes: value.to_le_bytes() }
    }

    /// The number.
    #[inline(always)]
    pub const fn get(&self) -> u128 {
        u128::from_le_bytes(self.bytes)
    }

    /// Replaces the number.
    #[inline(always)]
    pub fn set(&mut self, value: u128) {
        self.bytes = value.to_le_bytes();
    }
}

/// A price or scale as stored: see [`Price`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StoredPrice {
    /// Significand, top bit set unless zero.
    pub mantissa: u64,
    /// Power of two.
    pub exponent: i32,
    /// Zero.
    pub _pad: [u8; 4],
}

impl StoredPrice {
    /// The number.
    #[inline(always)]
    pub const fn get(&self) -> Price {
        Price { mantissa: self.mantissa, exponent: self.exponent }
    }
}

impl From<Price> for StoredPrice {
    #[inline(always)]
    fn from(price: Price) -> Self {
        Self { mantissa: price.mantissa, exponent: price.exponent, _pad: [0; 4] }
    }
}

/// Reads a stored number as what its name says it is.
macro_rules! read_as {
    ($($(#[$doc:meta])* $of:ident.$($field:ident).+ as $name:ident: $unit:ident,)+) => {$(
        impl $of {
            $(#[$doc])*
            #[inline(always)]
            pub const fn $name(&self) -> $unit {
                $unit::new(self.$($field).+)
            }
        }
    )+};
}
pub(crate) use read_as;

/// Defines an enum stored as `u8`: unknown values are an error, never a transmute.
macro_rules! stored_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $value:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant = $value),+ }

        impl TryFrom<u8> for $name {
            type Error = $crate::InvariantViolation;
            #[inline(always)]
            fn try_from(value: u8) -> Result<Self, Self::Error> {
                match value {
                    $($value => Ok(Self::$variant),)+
                    _ => Err($crate::InvariantViolation(concat!("unknown ", stringify!($name)))),
                }
            }
        }
    };
}
pub(crate) use stored_enum;

/// Asserts a type's size and that its alignment is at most 8, where accounts start.
macro_rules! assert_layout {
    ($type:ty, $size:expr $(, $field:ident @ $offset:expr)* $(,)?) => {
        const _: () = {
            assert!(core::mem::size_of::<$type>() == $size, concat!(stringify!($type), ": size"));
            assert!(core::mem::size_of::<$type>() % 8 == 0);
            assert!(core::mem::align_of::<$type>() <= 8);
            $(assert!(core::mem::offset_of!($type, $field) == $offset, concat!(stringify!($type), ": ", stringify!($field)));)*
        };
    };
}
pub(crate) use assert_layout;

//! What an authority sets on a bank, a market and a price: one list each.
//!
//! A list names every number once: its type, what it means, its default where it may be left out, its bounds and where it
//! is stored. From it come the structs below, `plimsoll_interface`'s arguments with their bounds and the way into the
//! accounts, the tables of files, of `docs` and of the description of the program, golden bytes and the tests of edges.
//!
//! A list begins with its argument and the names by which its rows speak of account, slot, the other numbers of the list
//! (`own`) and the engine's parameters (`all`). Then come the structs that hold its numbers, `Struct in [place] (n bytes)`;
//! one without a size belongs to the pure crate. A row is `name: type { rule };`, the type in brackets with a default where
//! it may be left out. The rule in braces, `from low, to high, class [up waits, down at once]` with the classes of
//! `plimsoll_risk::ratchet`, is read by the macro that asks for it (`settings!` of `plimsoll_interface` for bounds and
//! class) and skipped by all others.

mod bank;
mod market;
mod price;

pub use bank::{BankCaps, BankLending};
pub use market::{MarketCaps, MarketFees};
pub use price::PriceTerms;

/// A number of a stored struct that a list makes.
#[derive(Clone, Copy, Debug)]
pub struct StoredSetting {
    /// Its name.
    pub name: &'static str,
    doc: &'static str,
    /// Where it stands, bytes from the start of the struct.
    pub offset: usize,
    /// Bytes that it takes: 4 or 8.
    pub bytes: usize,
}

impl StoredSetting {
    /// What it means, a sentence.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }
}

/// A stored struct that a list makes.
#[derive(Clone, Copy, Debug)]
pub struct StoredSettings {
    /// The struct's name.
    pub name: &'static str,
    doc: &'static str,
    /// Bytes that it takes, room included.
    pub bytes: usize,
    /// Its alignment, bytes.
    pub align: usize,
    /// Its numbers, in order.
    pub fields: &'static [StoredSetting],
}

impl StoredSettings {
    /// Every struct that a list makes.
    pub const ALL: &'static [Self] =
        &[BankLending::TABLE, BankCaps::TABLE, MarketFees::TABLE, MarketCaps::TABLE, PriceTerms::TABLE];

    /// What belongs to it, a sentence.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// Bytes at its end that no number takes yet.
    pub fn room_bytes(&self) -> usize {
        self.fields.iter().fold(self.bytes, |room, field| room.saturating_sub(field.bytes))
    }
}

/// Makes the structs of a list that say how many bytes they take.
macro_rules! stored {
    (
        {}
        $(#[doc = $about:literal])+
        $Args:ident of |$account:ident: $Account:ident, $slot:ident: $Slot:ident, $own:ident, $all:ident|
        $($(#[doc = $doc:literal])+ $Struct:ident in [$($place:tt)+] ($($bytes:tt)*) { $($rows:tt)+ })+
    ) => {
        $($crate::settings::stored_struct! { $(#[doc = $doc])+ $Struct ($($bytes)*) { $($rows)+ } })+
    };
}
use stored;

macro_rules! stored_struct {
    // A struct of the pure crate.
    ($(#[doc = $about:literal])+ $Struct:ident () { $($rows:tt)+ }) => {};
    (
        $(#[doc = $about:literal])+
        $Struct:ident ($bytes:literal bytes) {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $($type:ident)? $([$inner:ident = $default:expr])? { $($rule:tt)+ };
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        pub struct $Struct {
            $($(#[doc = $doc])+ pub $field: $($type)? $($inner)?,)+
            /// Zero.
            pub _reserved: [u32; ($bytes $(- core::mem::size_of::<$($type)? $($inner)?>())+) / 4],
        }

        const _: () = assert!(core::mem::size_of::<$Struct>() == $bytes);

        impl $Struct {
            /// Its numbers.
            pub const TABLE: $crate::StoredSettings = $crate::StoredSettings {
                name: stringify!($Struct),
                doc: concat!($($about),+),
                bytes: $bytes,
                align: core::mem::align_of::<Self>(),
                fields: &[$($crate::StoredSetting {
                    name: stringify!($field),
                    doc: concat!($($doc),+),
                    offset: core::mem::offset_of!(Self, $field),
                    bytes: core::mem::size_of::<$($type)? $($inner)?>(),
                },)+],
            };
        }

        impl $crate::Reserve for $Struct {
            fn reserve_is_zero(&self) -> bool {
                self._reserved.iter().all(|word| *word == 0)
            }
        }
    };
}
use stored_struct;

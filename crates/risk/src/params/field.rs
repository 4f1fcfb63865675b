//! A parameter as docs, files and tests see it: by name, as a number, with its default and bounds.

use super::GlobalParams;
use crate::ratchet::Class;

/// A bound of a parameter: a number, or another parameter.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// As the list of the group has it, such as `200_000` or `all.auction.penalty_cap_ppm`.
    pub(super) source: &'static str,
    pub(super) at: fn(&GlobalParams) -> u64,
}

impl Bound {
    /// The number that it comes to beside these parameters.
    pub fn at(&self, params: &GlobalParams) -> u64 {
        (self.at)(params)
    }

    /// The parameter that it is, as `group.name`; none where it is a number.
    pub fn parameter(&self) -> Option<&'static str> {
        self.source.strip_prefix("all.")
    }
}

/// One parameter of [`GlobalParams`].
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The group's name.
    pub group: &'static str,
    /// The parameter's name, which no other has.
    pub name: &'static str,
    pub(super) doc: &'static str,
    /// Where it stands, bytes from the start of [`GlobalParams`].
    pub offset: usize,
    /// Bytes that it takes: 4 or 8.
    pub bytes: usize,
    /// Its default.
    pub default: u64,
    /// The smallest value that is accepted.
    pub low: Bound,
    /// The largest value that is accepted.
    pub high: Bound,
    /// What raising and what lowering it does to users.
    pub class: Class,
    /// Why, where it is not obvious; else empty.
    pub why: &'static str,
    pub(super) get: fn(&GlobalParams) -> u64,
    pub(super) set: fn(&mut GlobalParams, u64) -> bool,
}

impl Field {
    /// What it means, a sentence.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// Its value.
    pub fn get(&self, params: &GlobalParams) -> u64 {
        (self.get)(params)
    }

    /// Replaces its value, whatever its bounds; false, and nothing is changed, where the value does not fit its type.
    #[must_use]
    pub fn set(&self, params: &mut GlobalParams, value: u64) -> bool {
        (self.set)(params, value)
    }
}

/// A group of parameters.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its name: the field of [`GlobalParams`].
    pub name: &'static str,
    /// Its struct.
    pub type_name: &'static str,
    pub(super) doc: &'static str,
    /// Where it stands, bytes from the start of [`GlobalParams`].
    pub offset: usize,
    /// Bytes that it takes, room included.
    pub bytes: usize,
    /// Its parameters, in order.
    pub fields: &'static [Field],
}

impl Group {
    /// What belongs to it, a sentence.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// Bytes at its end that no parameter takes yet.
    pub fn room_bytes(&self) -> usize {
        self.fields.iter().fold(self.bytes, |room, field| room.saturating_sub(field.bytes))
    }
}

/// A type that parameters have.
pub(super) trait Number: Copy {
    fn wide(self) -> u64;
    fn narrow(value: u64) -> Option<Self>;
}

impl Number for u32 {
    fn wide(self) -> u64 {
        self as u64
    }

    fn narrow(value: u64) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

impl Number for u64 {
    fn wide(self) -> u64 {
        self
    }

    fn narrow(value: u64) -> Option<Self> {
        Some(value)
    }
}

/// Makes of a group's list its struct, its defaults, the check of its bounds, the comparison of two and the table of its parameters.
macro_rules! group {
    (
        $(#[doc = $about:literal])+
        $group:ident: $Group:ident, $Args:ident, $bytes:literal bytes, |$all:ident|
        $($(#[doc = $doc:literal])+ $field:ident: $type:ident = $default:expr, from $low:expr, to $high:expr, class $class:tt;)+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C)]
        pub struct $Group {
            $($(#[doc = $doc])+ pub $field: $type,)+
            /// Zero.
            pub _reserved: [u32; ($bytes $(- core::mem::size_of::<$type>())+) / 4],
        }

        // Without padding, so that it can be stored as it is.
        const _: () = assert!(core::mem::size_of::<$Group>() == $bytes);

        impl $Group {
            /// The defaults.
            pub const DEFAULT: Self =
                Self { $($field: $default,)+ _reserved: [0; ($bytes $(- core::mem::size_of::<$type>())+) / 4] };

            /// Whether each is within its bounds, some of which are other parameters.
            #[inline(always)]
            pub(super) const fn is_within_bounds(&self, $all: &$crate::params::GlobalParams) -> bool {
                let _ = $all;
                true $(&& {
                    let (low, high): ($type, $type) = ($low, $high);
                    low <= self.$field && self.$field <= high
                })+
            }

            const NAMED: &'static [$crate::ratchet::Named] =
                &[$((concat!(stringify!($group), ".", stringify!($field)), $crate::class!(of $class))),+];

            #[inline(always)]
            fn numbers(&self) -> [u64; Self::NAMED.len()] {
                [$(self.$field.into()),+]
            }

            /// The same with each that ramps as it is in force.
            #[must_use]
            pub(super) fn landing(mut self, in_force: &Self) -> Self {
                if const { $crate::ratchet::any_ramps(Self::NAMED) } {
                    let mut numbers = self.numbers();
                    $crate::ratchet::land_all(Self::NAMED, &in_force.numbers(), &mut numbers);
                    let [$($field),+] = numbers;
                    // Each is one of two that have its type.
                    $(self.$field = $crate::params::field::Number::narrow($field).unwrap_or(self.$field);)+
                }
                self
            }

            /// Hands each that is asked to be another to `each`.
            pub(super) fn changes(&self, asked: &Self, each: &mut dyn FnMut($crate::ratchet::Change)) {
                $crate::ratchet::compare_all(Self::NAMED, &self.numbers(), &asked.numbers(), each);
            }

            pub(super) const TABLE: $crate::params::Group = $crate::params::Group {
                name: stringify!($group),
                type_name: stringify!($Group),
                doc: concat!($($about),+),
                offset: core::mem::offset_of!($crate::params::GlobalParams, $group),
                bytes: $bytes,
                fields: &[$($crate::params::Field {
                    group: stringify!($group),
                    name: stringify!($field),
                    doc: concat!($($doc),+),
                    offset: core::mem::offset_of!($crate::params::GlobalParams, $group.$field),
                    bytes: core::mem::size_of::<$type>(),
                    default: $default,
                    low: $crate::params::field::bound!($type, $low, $all),
                    high: $crate::params::field::bound!($type, $high, $all),
                    class: $crate::class!(of $class),
                    why: $crate::class!(why $class),
                    get: |params| $crate::params::field::Number::wide(params.$group.$field),
                    set: |params, value| match $crate::params::field::Number::narrow(value) {
                        Some(value) => {
                            params.$group.$field = value;
                            true
                        }
                        None => false,
                    },
                },)+],
            };
        }
    };
}
pub(super) use group;

/// Reads parameters as what they are: they are stored as plain numbers of a unit, which their names say.
macro_rules! quantities {
    ($Group:ident: $($field:ident as $name:ident: $unit:ident),+ $(,)?) => {
        impl $Group {
            $(
                #[doc = concat!("[`Self::", stringify!($field), "`].")]
                #[inline(always)]
                pub const fn $name(&self) -> $crate::units::$unit {
                    $crate::units::$unit::new(self.$field)
                }
            )+
        }
    };
}
pub(super) use quantities;

macro_rules! bound {
    ($type:ident, $bound:expr, $all:ident) => {
        $crate::params::Bound {
            source: stringify!($bound),
            at: |$all| {
                let (bound, _): ($type, &$crate::params::GlobalParams) = ($bound, $all);
                $crate::params::field::Number::wide(bound)
            },
        }
    };
}
pub(super) use bound;

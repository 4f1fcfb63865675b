//! What an authority sets on a bank, a market and a price, made from the lists of `plimsoll_state`: the arguments, their
//! bounds, the way into the accounts and back, and what a change does to users.

use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::ratchet::{self, Change, Class, Named, Ratcheted};
use plimsoll_state::{Bank, BankSlot, Feed, Market, MarketSlot, PriceSlot};

use super::{wire, OracleSourceArgs};

/// A bound of a setting: a number, a parameter of the engine, or another setting of the same list.
#[derive(Clone, Copy, Debug)]
pub struct SettingBound<Args: 'static> {
    source: &'static str,
    at: fn(&Args, &GlobalParams) -> u64,
}

impl<Args> SettingBound<Args> {
    /// The number that it comes to beside these other settings and parameters.
    pub fn at(&self, own: &Args, params: &GlobalParams) -> u64 {
        (self.at)(own, params)
    }

    /// The engine's parameter that it is, as `group.name`.
    pub fn parameter(&self) -> Option<&'static str> {
        self.source.strip_prefix("all.")
    }

    /// The other setting that it is.
    pub fn setting(&self) -> Option<&'static str> {
        self.source.strip_prefix("own.").and_then(|call| call.strip_suffix("()"))
    }
}

/// A number that an authority sets.
#[derive(Clone, Copy, Debug)]
pub struct Setting<Args: 'static> {
    /// Its name, in arguments and files.
    pub name: &'static str,
    doc: &'static str,
    default: &'static [u64],
    /// The smallest value that is accepted.
    pub low: SettingBound<Args>,
    /// The largest value that is accepted.
    pub high: SettingBound<Args>,
    /// What raising and what lowering it does to users.
    pub class: Class,
    /// Why, where it is not obvious; else empty.
    pub why: &'static str,
    get: fn(&Args) -> u64,
    set: fn(&mut Args, u64) -> bool,
}

impl<Args> Setting<Args> {
    /// What it means, a sentence.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// What it is where it is left out; none where it must not be.
    pub fn default(&self) -> Option<u64> {
        self.default.first().copied()
    }

    /// Its value, the default where it is left out.
    pub fn get(&self, args: &Args) -> u64 {
        (self.get)(args)
    }

    /// Replaces its value, whatever its bounds; false, and nothing is changed, where the value does not fit its type.
    #[must_use]
    pub fn set(&self, args: &mut Args, value: u64) -> bool {
        (self.set)(args, value)
    }
}

/// What an authority sets and is no number.
#[derive(Clone, Copy, Debug)]
pub struct OtherSetting {
    /// Its name, in arguments and files.
    pub name: &'static str,
    /// What changing it does to users, the same in every direction; of a flag, what setting and what clearing it does.
    pub class: Class,
    /// Why, where it is not obvious; else empty.
    pub why: &'static str,
}

/// Of what stands in braces behind a field: a bound, its class, or where it is stored. What follows these is others'.
macro_rules! rule {
    (low { from $low:expr, to $high:expr $(, $($rest:tt)+)? }) => { $low };
    (high { from $low:expr, to $high:expr $(, $($rest:tt)+)? }) => { $high };
    (class { from $low:expr, to $high:expr $(, as $stored:ident)?, class $class:tt $(, $($rest:tt)+)? }) => {
        plimsoll_risk::class!(of $class)
    };
    (why { from $low:expr, to $high:expr $(, as $stored:ident)?, class $class:tt $(, $($rest:tt)+)? }) => {
        plimsoll_risk::class!(why $class)
    };
    (stored $field:ident [$($place:tt)+] { from $low:expr, to $high:expr, as $stored:ident $(, $($rest:tt)+)? }) => {
        $($place)+.$stored
    };
    (stored $field:ident [$($place:tt)+] { from $low:expr, to $high:expr $(, $($rest:tt)+)? }) => { $($place)+.$field };
}

/// A bound as tests and tables see it.
macro_rules! bound {
    (low $Args:ident, $type:ident, |$own:ident, $all:ident| { from $low:expr, $($rest:tt)+ }) => {
        bound!($Args, $type, |$own, $all| $low)
    };
    (high $Args:ident, $type:ident, |$own:ident, $all:ident| { from $low:expr, to $high:expr $(, $($rest:tt)+)? }) => {
        bound!($Args, $type, |$own, $all| $high)
    };
    ($Args:ident, $type:ident, |$own:ident, $all:ident| $bound:expr) => {
        SettingBound {
            source: stringify!($bound),
            at: |$own, $all| {
                let (bound, _, _): ($type, &$Args, &GlobalParams) = ($bound, $own, $all);
                bound.into()
            },
        }
    };
}

/// Makes of a list its argument, behind fields that are no numbers.
macro_rules! settings {
    (
        { $($(#[doc = $about_other:literal])+ $other:ident: $Other:ident $(<$Of:ident>)?, class $other_class:tt;)* }
        $(#[doc = $about:literal])+
        $Args:ident of |$account:ident: $Account:ident, $slot:ident: $Slot:ident, $own:ident, $all:ident|
        $(
            $(#[doc = $part:literal])+
            $Struct:ident in $place:tt $bytes:tt {
                $(
                    $(#[doc = $doc:literal])+
                    $field:ident: $($type:ident)? $([$inner:ident = $default:expr])? { $($rule:tt)+ };
                )+
            }
        )+
    ) => {
        wire! {
            $(#[doc = $about])+
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $Args {
                $($(#[doc = $about_other])+ pub $other: $Other $(<$Of>)?,)*
                $($($(#[doc = $doc])+ pub $field: $($type)? $(Option<$inner>)?,)+)+
            }
        }

        impl $Args {
            /// Every number of the list, in order.
            pub const SETTINGS: &'static [Setting<Self>] = &[$($(Setting {
                name: stringify!($field),
                doc: concat!($($doc),+),
                default: &[$({
                    let default: $inner = $default;
                    default as u64
                })?],
                low: bound!(low $Args, $($type)? $($inner)?, |$own, $all| { $($rule)+ }),
                high: bound!(high $Args, $($type)? $($inner)?, |$own, $all| { $($rule)+ }),
                class: rule!(class { $($rule)+ }),
                why: rule!(why { $($rule)+ }),
                get: |args| args.$field().into(),
                set: |args, value| match <$($type)? $($inner)?>::try_from(value) {
                    Ok(value) => {
                        args.$field = value.into();
                        true
                    }
                    Err(_) => false,
                },
            },)+)+];

            /// Whatever else of it an authority sets.
            pub const OTHERS: &'static [OtherSetting] = &[$(OtherSetting {
                name: stringify!($other),
                class: plimsoll_risk::class!(of $other_class),
                why: plimsoll_risk::class!(why $other_class),
            }),*];

            $($(
                $(#[doc = $doc])+
                #[inline(always)]
                pub fn $field(&self) -> $($type)? $($inner)? {
                    self.$field $(.unwrap_or($default))?
                }
            )+)+

            /// Whether each number is within its bounds, some of which are others of them or the engine's parameters.
            #[inline(always)]
            pub fn is_within_bounds(&self, $all: &GlobalParams) -> bool {
                let ($own, _) = (self, $all);
                true $($(&& {
                    let value: $($type)? $($inner)? = self.$field();
                    let (low, high) = (rule!(low { $($rule)+ }), rule!(high { $($rule)+ }));
                    low <= value && value <= high
                })+)+
            }

            const NAMED: &'static [Named] = &[$($((stringify!($field), rule!(class { $($rule)+ }))),+),+];

            #[inline(always)]
            fn numbers(&self) -> [u64; Self::NAMED.len()] {
                [$($(self.$field().into()),+),+]
            }

            /// The same with each number that ramps as it is in force: what may be written now.
            #[must_use]
            pub fn landing(mut self, in_force: &Self) -> Self {
                if const { ratchet::any_ramps(Self::NAMED) } {
                    let mut numbers = self.numbers();
                    ratchet::land_all(Self::NAMED, &in_force.numbers(), &mut numbers);
                    let [$($($field),+),+] = numbers;
                    // Each is one of two that have its type.
                    $($(
                        let narrow = <$($type)? $($inner)?>::try_from($field);
                        self.$field = narrow.map_or(self.$field, Into::into);
                    )+)+
                }
                self
            }

            /// Writes each number to where it is stored.
            #[inline(always)]
            pub fn store(&self, $account: &mut $Account, $slot: &mut $Slot) {
                let _ = &$account;
                $($(rule!(stored $field $place { $($rule)+ }) = self.$field().into();)+)+
            }

            /// The same with each number as it is stored.
            #[must_use]
            pub fn stored(mut self, $account: &$Account, $slot: &$Slot) -> Self {
                let _ = $account;
                $($(self.$field = rule!(stored $field $place { $($rule)+ }).into();)+)+
                self
            }
        }

        impl Ratcheted for $Args {
            fn changes(&self, asked: &Self, each: &mut dyn FnMut(Change)) {
                $(if self.$other != asked.$other {
                    let effect = plimsoll_risk::class!(of $other_class).up;
                    each(Change { name: stringify!($other), numbers: None, effect });
                })*
                ratchet::compare_all(Self::NAMED, &self.numbers(), &asked.numbers(), each);
            }
        }
    };
}

plimsoll_state::bank_settings!(settings);
plimsoll_state::market_settings!(settings);
plimsoll_state::price_settings!(settings
    /// Wins whenever it is valid.
    primary: OracleSourceArgs, class [any waits, "whoever names the source names the price"];
    /// Counts only while the primary is silent, which only a pinned primary can be shown to be.
    secondary: Option<OracleSourceArgs>, class [any waits, "whoever names the source names the price"];
    /// Counts alone while the risk authority or the authority has switched the price to it.
    standby: Option<OracleSourceArgs>, class [any waits, "whoever names the source names the price"];
);

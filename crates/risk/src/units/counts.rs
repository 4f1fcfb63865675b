//! Numbers of indivisible things: atoms of a token, base units of a market.

use core::fmt::Debug;

use crate::error::{RiskError, RiskResult};

/// A whole number of one kind of thing: what a unit price takes, and what it gives.
pub trait Count: Copy + Debug + Default + Eq {
    /// So many.
    fn from_number(number: u64) -> Self;

    /// How many.
    fn number(self) -> u64;
}

impl Count for super::UsdMicro {
    #[inline(always)]
    fn from_number(number: u64) -> Self {
        Self::new(number)
    }

    #[inline(always)]
    fn number(self) -> u64 {
        self.get()
    }
}

/// A number by its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed<Magnitude> {
    /// Zero or more: held, gained, bought.
    Plus(Magnitude),
    /// Below zero: owed, lost, sold.
    Minus(Magnitude),
}

/// A count and its signed form, which turn into one another and into nothing else.
macro_rules! count {
    ($(#[$doc:meta])* $name:ident, $(#[$signed_doc:meta])* $signed:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(transparent)]
        pub struct $name(u64);

        $(#[$signed_doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(transparent)]
        pub struct $signed(i64);

        impl Count for $name {
            #[inline(always)]
            fn from_number(number: u64) -> Self {
                Self(number)
            }

            #[inline(always)]
            fn number(self) -> u64 {
                self.0
            }
        }

        impl $name {
            /// None.
            pub const ZERO: Self = Self(0);
            /// The least that is more than none.
            pub const ONE: Self = Self(1);
            /// What saturates: more than anybody holds.
            pub const MAX: Self = Self(u64::MAX);

            /// So many.
            #[inline(always)]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// How many.
            #[inline(always)]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Whether there is none.
            #[inline(always)]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The smaller of two.
            #[inline(always)]
            pub const fn min(self, other: Self) -> Self {
                if self.0 < other.0 {
                    self
                } else {
                    other
                }
            }

            /// At most so much of it, and what that leaves.
            #[inline(always)]
            pub const fn take(self, most: Self) -> (Self, Self) {
                let taken = self.min(most);
                (taken, Self(self.0.wrapping_sub(taken.0)))
            }

            /// What two that cancel one another leave of each: the smaller of them is gone from both.
            #[inline(always)]
            pub const fn net(self, other: Self) -> (Self, Self) {
                let gone = self.min(other);
                (Self(self.0.wrapping_sub(gone.0)), Self(other.0.wrapping_sub(gone.0)))
            }

            /// The sum; saturates.
            #[inline(always)]
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// What is left; zero where more is taken than there is.
            #[inline(always)]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }

            /// The sum.
            ///
            /// # Errors
            /// `NumberOutOfRange` above 64 bits.
            #[inline(always)]
            pub fn try_add(self, other: Self) -> RiskResult<Self> {
                self.0.checked_add(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
            }

            /// What is left.
            ///
            /// # Errors
            /// `NumberOutOfRange` where more is taken than there is.
            #[inline(always)]
            pub fn try_sub(self, other: Self) -> RiskResult<Self> {
                self.0.checked_sub(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
            }

            /// The same as a signed number.
            ///
            /// # Errors
            /// `NumberOutOfRange` at 2^63 and above.
            #[inline(always)]
            pub fn signed(self) -> RiskResult<$signed> {
                crate::num::to_i64(self.0).map($signed)
            }

            /// The same below zero.
            ///
            /// # Errors
            /// `NumberOutOfRange` at 2^63 and above.
            #[inline(always)]
            #[expect(clippy::arithmetic_side_effects, reason = "the negative of a non-negative number always fits")]
            pub fn negative(self) -> RiskResult<$signed> {
                crate::num::to_i64(self.0).map(|number| $signed(-number))
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }

        impl core::fmt::Display for $signed {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }

        impl core::iter::Sum for $name {
            /// Saturates.
            fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
                counts.fold(Self::ZERO, Self::saturating_add)
            }
        }

        impl $signed {
            /// None.
            pub const ZERO: Self = Self(0);

            /// So many.
            #[inline(always)]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// How many.
            #[inline(always)]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// Whether there is none.
            #[inline(always)]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Above zero.
            #[inline(always)]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Below zero.
            #[inline(always)]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Its magnitude, by its sign.
            #[inline(always)]
            #[expect(clippy::cast_sign_loss, reason = "the number is not negative in this branch")]
            pub const fn by_sign(self) -> Signed<$name> {
                if self.0 >= 0 {
                    Signed::Plus($name(self.0 as u64))
                } else {
                    Signed::Minus($name(self.0.unsigned_abs()))
                }
            }

            /// Without its sign.
            #[inline(always)]
            pub const fn unsigned_abs(self) -> $name {
                $name(self.0.unsigned_abs())
            }

            /// What is above zero; else none.
            #[inline(always)]
            #[expect(clippy::cast_sign_loss, reason = "a number below zero counts as none")]
            pub const fn gain(self) -> $name {
                if self.0 > 0 {
                    $name(self.0 as u64)
                } else {
                    $name(0)
                }
            }

            /// What is below zero, without its sign; else none.
            #[inline(always)]
            pub const fn loss(self) -> $name {
                let loss = if self.0 < 0 { self.0 } else { 0 };
                $name(loss.unsigned_abs())
            }

            /// The sum.
            ///
            /// # Errors
            /// `NumberOutOfRange`.
            #[inline(always)]
            pub fn try_add(self, other: Self) -> RiskResult<Self> {
                self.0.checked_add(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
            }

            /// The difference.
            ///
            /// # Errors
            /// `NumberOutOfRange`.
            #[inline(always)]
            pub fn try_sub(self, other: Self) -> RiskResult<Self> {
                self.0.checked_sub(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
            }
        }
    };
}

count! {
    /// Atoms of a token: what its mint counts. Atoms of a market are those of quote, in which it settles.
    ///
    /// They are no base units, whatever their number:
    /// ```compile_fail,E0308
    /// use plimsoll_risk::units::{Atoms, BaseUnits};
    /// let both = Atoms::ONE.saturating_add(BaseUnits::ONE);
    /// ```
    Atoms,
    /// A balance or a change of one, atoms: held or gained where positive, owed or paid where negative.
    SignedAtoms
}

count! {
    /// Base units of a market: what its positions are counted in.
    BaseUnits,
    /// A position or a change of one, base units: long or bought where positive, short or sold where negative.
    SignedBaseUnits
}

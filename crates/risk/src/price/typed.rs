//! Unit prices that know what they value, and in what.

use core::marker::PhantomData;

use super::unit::{Factor, Scale};
use super::Price;
use crate::units::{Atoms, BaseUnits, Count, UsdMicro, UsdMicroSum, UsdPico};

/// What one indivisible `Unit` is worth, counted in `Worth`: `mantissa * 2^-shift`. A negative shift (a unit worth 2^64
/// or more) saturates every value.
///
/// A position's units have no value at the price of a token:
/// ```compile_fail,E0308
/// use plimsoll_risk::price::TokenPrice;
/// use plimsoll_risk::units::BaseUnits;
/// let value = TokenPrice::default().value_down(BaseUnits::ONE);
/// ```
/// They are worth atoms of quote, and only these have a value in dollars:
/// ```
/// use plimsoll_risk::price::{BasePrice, TokenPrice};
/// use plimsoll_risk::units::{Atoms, BaseUnits, UsdMicro};
/// let worth: Atoms = BasePrice::default().value_down(BaseUnits::ONE);
/// let value: UsdMicro = TokenPrice::default().value_down(worth);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct UnitPrice<Worth, Unit> {
    factor: Factor,
    kind: PhantomData<(Worth, Unit)>,
}

/// Micro-dollars per atom of a token.
pub type TokenPrice = UnitPrice<UsdMicro, Atoms>;
/// Quote atoms per base unit of a market.
pub type BasePrice = UnitPrice<Atoms, BaseUnits>;

impl Scale {
    /// `price * scale`, rounded down at the 62nd significant bit or later.
    #[inline(always)]
    pub const fn unit_price_down<Worth, Unit>(self, price: Price) -> UnitPrice<Worth, Unit> {
        UnitPrice::of(self.factor_down(price))
    }
}

impl<Worth, Unit> UnitPrice<Worth, Unit> {
    /// A unit that is worth nothing.
    pub const ZERO: Self = Self::of(Factor { mantissa: 0, shift: 0 });

    #[inline(always)]
    const fn of(factor: Factor) -> Self {
        Self { factor, kind: PhantomData }
    }

    /// `mantissa * 2^-shift`.
    #[inline(always)]
    pub const fn from_parts(mantissa: u64, shift: i32) -> Self {
        Self::of(Factor { mantissa, shift })
    }

    /// `price * scale`, rounded down at the 62nd significant bit or later.
    #[inline(always)]
    pub const fn new_down(price: Price, scale: Price) -> Self {
        Self::of(Factor::new_down(price, scale))
    }

    /// Significand, below 2^64.
    #[inline(always)]
    pub const fn mantissa(&self) -> u64 {
        self.factor.mantissa
    }

    /// Negative power of two.
    #[inline(always)]
    pub const fn shift(&self) -> i32 {
        self.factor.shift
    }

    /// `self * (1 + edge)`, rounded down, for an edge in units of 2^-64; saturates the mantissa.
    #[inline(always)]
    pub const fn raised_down(&self, edge: u64) -> Self {
        Self::of(self.factor.raised_down(edge))
    }

    /// `self * (1 - edge)`, rounded up, for an edge in units of 2^-64.
    #[inline(always)]
    pub const fn lowered_up(&self, edge: u64) -> Self {
        Self::of(self.factor.lowered_up(edge))
    }
}

impl<Worth: Count, Unit: Count> UnitPrice<Worth, Unit> {
    /// The value of `amount`, rounded down; saturates.
    #[inline(always)]
    pub fn value_down(&self, amount: Unit) -> Worth {
        Worth::from_number(self.factor.value_down(amount.number()))
    }

    /// The value of `amount`, up; saturates (NUMBER-2). What is not zero is at least one (NUMBER-1).
    #[inline(always)]
    pub fn value_up(&self, amount: Unit) -> Worth {
        Worth::from_number(self.factor.value_up(amount.number()))
    }

    /// [`UnitPrice::value_down`] without a call, for the loops over legs.
    #[inline(always)]
    pub fn value_in_loop_down(&self, amount: Unit) -> Worth {
        Worth::from_number(self.factor.value_in_loop_down(amount.number()))
    }

    /// [`UnitPrice::value_up`] without a call, for the loops over legs.
    #[inline(always)]
    pub fn value_in_loop_up(&self, amount: Unit) -> Worth {
        Worth::from_number(self.factor.value_in_loop_up(amount.number()))
    }

    /// The value of `amount`, rounded down and rounded up, by one product; for the loops over legs.
    #[inline(always)]
    pub fn values_in_loop(&self, amount: Unit) -> (Worth, Worth) {
        let (down, up) = self.factor.values_in_loop(amount.number());
        (Worth::from_number(down), Worth::from_number(up))
    }

    /// The largest amount whose value, rounded up, does not exceed `value`; saturates.
    #[inline(always)]
    pub fn amount_down(&self, value: Worth) -> Unit {
        Unit::from_number(self.factor.amount_down(value.number()))
    }

    /// `value / unit price`, rounded up; saturates.
    #[inline(always)]
    pub fn amount_up(&self, value: Worth) -> Unit {
        Unit::from_number(self.factor.amount_up(value.number()))
    }
}

/// Sums of an account need more than 64 bits: those of atoms are plain numbers, named by their unit.
impl TokenPrice {
    /// The value of so many atoms below 2^126, rounded up; saturates at 2^126.
    #[inline(always)]
    pub const fn value_wide_up(&self, atoms: u128) -> UsdMicroSum {
        UsdMicroSum::new(self.factor.value_wide_up(atoms))
    }

    /// What atoms times shares are worth, undivided, below 2^126, rounded up; saturates at 2^126.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "at most 2^126")]
    pub const fn charge_up(&self, atoms_ppm: u128) -> UsdPico {
        UsdPico::new(self.factor.value_wide_up(atoms_ppm) as i128)
    }

    /// The atoms that are worth so much, rounded down; saturates.
    #[inline(always)]
    pub fn amount_of_wide_down(&self, value: UsdMicroSum) -> Atoms {
        Atoms::new(self.factor.amount_of_wide_down(value.get()))
    }

    /// The atoms that are worth so much, rounded up; saturates.
    #[inline(always)]
    pub fn amount_of_wide_up(&self, value: UsdMicroSum) -> Atoms {
        Atoms::new(self.factor.amount_of_wide_up(value.get()))
    }
}

//! How fast shares move: per second, per hour, and per root of a second.

use super::{Ppm, Secs};

/// Parts per million in some unit of time, which only its own functions turn into a share.
macro_rules! speed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// What saturates.
            pub const MAX: Self = Self(u32::MAX);

            /// So many parts per million.
            #[inline(always)]
            pub const fn new(ppm: u32) -> Self {
                Self(ppm)
            }

            /// Parts per million.
            #[inline(always)]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// Whether nothing moves.
            #[inline(always)]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }
    };
}

speed! {
    /// A share per second: how fast a price falls.
    ///
    /// It is a share only over a time:
    /// ```compile_fail,E0308
    /// use plimsoll_risk::units::{Ppm, PpmPerSec};
    /// let fall = Ppm::WHOLE.saturating_add(PpmPerSec::new(1));
    /// ```
    PpmPerSec
}

speed! {
    /// A share per hour: the slope of what ramps.
    PpmPerHour
}

speed! {
    /// A share per square root of a second: volatility, which grows with the root of time.
    PpmPerRootSec
}

impl PpmPerSec {
    /// How far it comes within such a time; saturates.
    #[inline(always)]
    pub const fn within(self, span: Secs) -> Ppm {
        // A product of two 32-bit numbers.
        Ppm::saturating((self.0 as u64).wrapping_mul(span.stored() as u64))
    }
}

impl PpmPerRootSec {
    /// How far it comes within a time whose root this is, in thousandths: parts per million, rounded up, which may be more
    /// than a share can say; saturates.
    #[inline(always)]
    pub const fn within_up(self, root_milli: u64) -> u64 {
        (self.0 as u64).saturating_mul(root_milli).div_ceil(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_speed_comes_as_far_as_its_product_with_the_time_or_as_a_share_can_say(ppm: u32, secs: u32) {
            let far = PpmPerSec::new(ppm).within(Secs::new(secs));
            prop_assert_eq!(far.get() as u64, (ppm as u64 * secs as u64).min(u32::MAX as u64));
        }

        #[test]
        fn a_volatility_comes_as_far_as_its_product_with_the_root_rounded_up(ppm: u32, root_milli in 0u64..1 << 31) {
            let far = PpmPerRootSec::new(ppm).within_up(root_milli) as u128;
            let exact_milli = ppm as u128 * root_milli as u128;
            prop_assert!(far * 1_000 >= exact_milli && far * 1_000 < exact_milli + 1_000);
        }
    }
}

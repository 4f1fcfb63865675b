//! What an account holds in the settlement token once PnL is netted with it (MARGIN-3).

use super::unit::Pnl;
use crate::num::{mul_u128_u32, PPM};
use crate::price::TokenPrice;
use crate::units::{Atoms, Ppm, SignedAtoms, UsdMicro};

/// An amount of quote that is owned or owed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    /// It is owed.
    pub(super) is_debt: bool,
    /// Its magnitude; saturates.
    pub(super) atoms: Atoms,
}

impl Holding {
    #[inline(always)]
    const fn of(atoms: i64) -> Self {
        Self { is_debt: atoms < 0, atoms: Atoms::new(atoms.unsigned_abs()) }
    }

    #[expect(clippy::cast_possible_truncation, reason = "its upper half is zero, as was asked")]
    const fn of_wide(number: i128) -> Self {
        let magnitude = number.unsigned_abs();
        let atoms = Atoms::new(if magnitude >> 64 == 0 { magnitude as u64 } else { u64::MAX });
        Self { is_debt: number < 0, atoms }
    }

    /// Magnitude of its value: an asset's at `high`, rounded down, a debt's at `low`, rounded up.
    #[inline(always)]
    pub(super) fn value_down(self, high: TokenPrice, low: TokenPrice) -> UsdMicro {
        if self.is_debt {
            low.value_up(self.atoms)
        } else {
            high.value_down(self.atoms)
        }
    }
}

/// Quote and PnL net.
pub(super) struct Net {
    /// Q: with gains weighted, quote atoms.
    pub(super) weighted_atoms: i128,
    /// The same, which is what margin counts.
    pub(super) weighted: Holding,
    /// With gains whole, which is what NAV counts.
    pub(super) whole: Holding,
}

impl Net {
    /// `Q = q + losses + w * gains`, the last rounded down. Amounts of which each is below 2^62 are netted in 64 bits.
    #[inline(always)]
    pub(super) fn of(quote_atoms: SignedAtoms, pnl: &Pnl, gains_weight: Ppm) -> Self {
        const ROOM: i64 = 1 << 62;
        let (Some(gains), Some(losses)) = (pnl.gains.below_62_bits(), pnl.losses.below_62_bits()) else {
            return Self::of_wide(quote_atoms, pnl, gains_weight);
        };
        if !(-ROOM..ROOM).contains(&quote_atoms.get())
            || (gains != 0 && !gains_weight.is_zero() && gains_weight != Ppm::WHOLE)
        {
            return Self::of_wide(quote_atoms, pnl, gains_weight);
        }
        // Three numbers of which each is below 2^62.
        let owned = quote_atoms.get().wrapping_sub(losses);
        let whole = owned.wrapping_add(gains);
        let weighted = if gains_weight.is_zero() { owned } else { whole };
        Self { weighted_atoms: weighted as i128, weighted: Holding::of(weighted), whole: Holding::of(whole) }
    }

    #[cold]
    #[inline(never)]
    fn of_wide(quote_atoms: SignedAtoms, pnl: &Pnl, gains_weight: Ppm) -> Self {
        let (gains, losses) = (pnl.gains.total(), pnl.losses.total());
        let owned = (quote_atoms.get() as i128).wrapping_sub(losses);
        let weighted = owned.wrapping_add(weighted_gains_down(gains, gains_weight));
        let whole = owned.wrapping_add(gains);
        Self { weighted_atoms: weighted, weighted: Holding::of_wide(weighted), whole: Holding::of_wide(whole) }
    }
}

/// `w * gains`, rounded down.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "gains are a sum of at most 16 numbers below 2^63 and the weight is below 2^32: the product stays below 2^99"
)]
fn weighted_gains_down(gains: i128, weight: Ppm) -> i128 {
    if weight == Ppm::WHOLE || gains == 0 {
        gains
    } else {
        (mul_u128_u32(gains as u128, weight.get()) / PPM as u128) as i128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount() -> impl Strategy<Value = u64> {
        (0u32..64, any::<u64>()).prop_map(|(bits, amount)| amount >> bits >> 1)
    }

    proptest! {
        #[test]
        fn netting_in_64_bits_gives_what_netting_in_128_does(
            quote: i64, shift in 0u32..63, gains in prop::collection::vec(amount(), 0..4),
            losses in prop::collection::vec(amount(), 0..4), weight in prop_oneof![Just(0), Just(PPM), 0..=PPM],
        ) {
            let mut pnl = Pnl::default();
            gains.iter().for_each(|gain| pnl.gains.add(*gain, 1));
            losses.iter().for_each(|loss| pnl.losses.add(*loss, 1));
            let quote = SignedAtoms::new(quote >> shift);
            let weight = Ppm::new(weight);
            let (fast, wide) = (Net::of(quote, &pnl, weight), Net::of_wide(quote, &pnl, weight));
            prop_assert_eq!(fast.weighted_atoms, wide.weighted_atoms);
            prop_assert!(fast.weighted == wide.weighted && fast.whole == wide.whole);
        }
    }
}

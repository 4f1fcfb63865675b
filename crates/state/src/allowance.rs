//! Sliding allowances as stored: see [`plimsoll_risk::allowance`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::allowance::{Spent, BUCKETS};
use plimsoll_risk::units::{Atoms, Secs, UnixSecs};

use crate::{assert_layout, U128Le};

/// Atoms spent lately, in six buckets of a fifth of the window; zeroed it is a fresh one. Whoever embeds it always
/// gives it the same window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SpentAtoms {
    /// The latest bucket, Unix time in fifths of the window.
    pub at_bucket: i64,
    /// Atoms of this bucket and the five before it, each at its number modulo six.
    pub spent: [u64; BUCKETS],
}

assert_layout!(SpentAtoms, 56);

impl SpentAtoms {
    fn at(&self, now: UnixSecs, window: Secs) -> Spent {
        Spent { at_bucket: self.at_bucket, amounts: self.spent.map(u128::from) }.at(now, window)
    }

    /// What counts now; saturates.
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "cut to 64 bits by the minimum")]
    pub fn total(&self, now: UnixSecs, window: Secs) -> Atoms {
        Atoms::new(self.at(now, window).total().min(u64::MAX as u128) as u64)
    }

    /// What may still be spent now under `bound`.
    pub fn room(&self, bound: Atoms, now: UnixSecs, window: Secs) -> Atoms {
        bound.saturating_sub(self.total(now, window))
    }

    /// Spends `atoms`; saturates. The caller has asked for the room.
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "cut to 64 bits by the minimum")]
    pub fn spend(&mut self, atoms: Atoms, now: UnixSecs, window: Secs) {
        let spent = self.at(now, window).with(atoms.get() as u128);
        self.at_bucket = spent.at_bucket;
        self.spent = spent.amounts.map(|amount| amount.min(u64::MAX as u128) as u64);
    }
}

/// Charges per base unit lately, quote atoms in units of 2^-64, in buckets as [`SpentAtoms`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SpentPerUnit {
    /// The latest bucket, Unix time in fifths of the window.
    pub at_bucket: i64,
    /// Charges of this bucket and the five before it, each at its number modulo six.
    pub spent: [U128Le; BUCKETS],
}

assert_layout!(SpentPerUnit, 104);

impl SpentPerUnit {
    fn at(&self, now: UnixSecs, window: Secs) -> Spent {
        let amounts = self.spent.map(|amount| amount.get());
        Spent { at_bucket: self.at_bucket, amounts }.at(now, window)
    }

    /// What a unit may still be charged now under `bound_per_unit`.
    pub fn room(&self, bound_per_unit: u128, now: UnixSecs, window: Secs) -> u128 {
        self.at(now, window).room(bound_per_unit)
    }

    /// Charges `per_unit`; saturates. The caller has asked for the room.
    pub fn spend(&mut self, per_unit: u128, now: UnixSecs, window: Secs) {
        let spent = self.at(now, window).with(per_unit);
        self.at_bucket = spent.at_bucket;
        self.spent = spent.amounts.map(U128Le::new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_survives_being_stored() {
        let (mut atoms, mut per_unit) = (SpentAtoms::default(), SpentPerUnit::default());
        atoms.spend(Atoms::new(60), UnixSecs::new(10_000), Secs::new(3_600));
        per_unit.spend(60 << 64, UnixSecs::new(10_000), Secs::new(3_600));
        for (now, left) in [(9_000, 40), (10_001, 40), (13_600, 40), (14_400, 100)] {
            assert_eq!(atoms.room(Atoms::new(100), UnixSecs::new(now), Secs::new(3_600)).get(), left);
            assert_eq!(per_unit.room(100 << 64, UnixSecs::new(now), Secs::new(3_600)), (left as u128) << 64);
        }
    }

    #[test]
    fn atoms_saturate() {
        let mut atoms = SpentAtoms::default();
        atoms.spend(Atoms::MAX, UnixSecs::NEVER, Secs::new(3_600));
        atoms.spend(Atoms::new(5), UnixSecs::NEVER, Secs::new(3_600));
        atoms.spend(Atoms::new(5), UnixSecs::new(720), Secs::new(3_600));
        assert_eq!(
            (
                atoms.total(UnixSecs::new(720), Secs::new(3_600)),
                atoms.room(Atoms::MAX, UnixSecs::new(720), Secs::new(3_600))
            ),
            (Atoms::MAX, Atoms::ZERO)
        );
    }
}

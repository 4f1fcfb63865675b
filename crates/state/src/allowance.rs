//! Sliding allowances as stored: see [`plimsoll_risk::allowance`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::allowance::{Spent, BUCKETS};
use plimsoll_risk::units::Atoms;

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
    fn at(&self, now_secs: i64, window_secs: u32) -> Spent {
        Spent { at_bucket: self.at_bucket, amounts: self.spent.map(u128::from) }.at(now_secs, window_secs)
    }

    /// What counts now; saturates.
    #[expect(clippy::cast_possible_truncation, reason = "cut to 64 bits by the minimum")]
    pub fn total(&self, now_secs: i64, window_secs: u32) -> Atoms {
        Atoms::new(self.at(now_secs, window_secs).total().min(u64::MAX as u128) as u64)
    }

    /// What may still be spent now under `bound`.
    pub fn room(&self, bound: Atoms, now_secs: i64, window_secs: u32) -> Atoms {
        bound.saturating_sub(self.total(now_secs, window_secs))
    }

    /// Spends `atoms`; saturates. The caller has asked for the room.
    #[expect(clippy::cast_possible_truncation, reason = "cut to 64 bits by the minimum")]
    pub fn spend(&mut self, atoms: Atoms, now_secs: i64, window_secs: u32) {
        let spent = self.at(now_secs, window_secs).with(atoms.get() as u128);
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
    fn at(&self, now_secs: i64, window_secs: u32) -> Spent {
        let amounts = self.spent.map(|amount| amount.get());
        Spent { at_bucket: self.at_bucket, amounts }.at(now_secs, window_secs)
    }

    /// What a unit may still be charged now under `bound_per_unit`.
    pub fn room(&self, bound_per_unit: u128, now_secs: i64, window_secs: u32) -> u128 {
        self.at(now_secs, window_secs).room(bound_per_unit)
    }

    /// Charges `per_unit`; saturates. The caller has asked for the room.
    pub fn spend(&mut self, per_unit: u128, now_secs: i64, window_secs: u32) {
        let spent = self.at(now_secs, window_secs).with(per_unit);
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
        atoms.spend(Atoms::new(60), 10_000, 3_600);
        per_unit.spend(60 << 64, 10_000, 3_600);
        for (now, left) in [(9_000, 40), (10_001, 40), (13_600, 40), (14_400, 100)] {
            assert_eq!(atoms.room(Atoms::new(100), now, 3_600).get(), left);
            assert_eq!(per_unit.room(100 << 64, now, 3_600), (left as u128) << 64);
        }
    }

    #[test]
    fn atoms_saturate() {
        let mut atoms = SpentAtoms::default();
        atoms.spend(Atoms::MAX, 0, 3_600);
        atoms.spend(Atoms::new(5), 0, 3_600);
        atoms.spend(Atoms::new(5), 720, 3_600);
        assert_eq!((atoms.total(720, 3_600), atoms.room(Atoms::MAX, 720, 3_600)), (Atoms::MAX, Atoms::ZERO));
    }
}

//! The explicit twin of the lazy index: every position is written at every event.

use num_traits::Zero;

use crate::index::Direction;
use crate::rational::Q;

/// One position of the twin.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Base held.
    pub size: Q,
    /// Cash: received less paid.
    pub cash: Q,
}

/// One market side, kept position by position.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// Which side it is.
    pub direction: Direction,
    /// Every position by its number.
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// So many positions that hold nothing.
    pub fn new(direction: Direction, positions: usize) -> Ledger {
        let entry = Entry { size: Q::zero(), cash: Q::zero() };
        Ledger { direction, entries: vec![entry; positions] }
    }

    /// Base held by all positions together.
    pub fn open_interest(&self) -> Q {
        crate::rational::sum(self.entries.iter().map(|entry| &entry.size))
    }

    /// Each position receives `f` per unit of its own size.
    pub fn accrue_funding(&mut self, per_unit: &Q) {
        for entry in &mut self.entries {
            entry.cash += &entry.size * per_unit;
        }
    }

    /// Each position bears its share of the charge by size.
    pub fn charge(&mut self, total: &Q) {
        let open_interest = self.open_interest();
        for entry in &mut self.entries {
            entry.cash -= total * &entry.size / &open_interest;
        }
    }

    /// Each position gives up its share of the quantity by size and is paid at spot.
    pub fn close(&mut self, quantity: &Q, spot: &Q) {
        let open_interest = self.open_interest();
        if quantity.is_zero() {
            return;
        }
        for entry in &mut self.entries {
            let closed = quantity * &entry.size / &open_interest;
            entry.cash += self.direction.sign() * spot * &closed;
            entry.size -= closed;
        }
    }

    /// Adds `quantity` to a position at a price.
    pub fn open(&mut self, position: usize, quantity: &Q, price: &Q) {
        let entry = &mut self.entries[position];
        entry.size += quantity;
        entry.cash -= self.direction.sign() * price * quantity;
    }

    /// Takes `quantity` from a position at a price.
    pub fn reduce(&mut self, position: usize, quantity: &Q, price: &Q) {
        let entry = &mut self.entries[position];
        entry.size -= quantity;
        entry.cash += self.direction.sign() * price * quantity;
    }
}

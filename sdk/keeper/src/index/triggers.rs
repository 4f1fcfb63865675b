//! Sorted sets of trigger prices.

use std::collections::BTreeSet;

use plimsoll_risk::params::MAX_PRICES;

/// Prices between which an account needs no look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Slot of the price board.
    pub slot: u8,
    /// Looked at when the price is at or below this; none where a fall cannot hurt. Dollars.
    pub low: Option<f64>,
    /// Looked at when the price is at or above this; none where a rise cannot hurt. Dollars.
    pub high: Option<f64>,
}

const RISES: u8 = 0x80;

/// Where an account stands in the sets.
#[derive(Clone, Copy)]
struct Entry {
    price: u32,
    /// Slot of the board, and [`RISES`].
    slot: u8,
}

/// What an account has in the sets.
#[derive(Default)]
struct Entries {
    triggers: Vec<Entry>,
    due_secs: u32,
}

/// Accounts by trigger price of each underlying and by the time at which they are due.
///
/// A set's member is one number: the price as 32-bit float (positive floats sort like their bits), then the account.
pub struct TriggerIndex {
    falls: Vec<BTreeSet<u64>>,
    rises: Vec<BTreeSet<u64>>,
    due: BTreeSet<u64>,
    accounts: Vec<Entries>,
}

impl Default for TriggerIndex {
    fn default() -> Self {
        let sets = || (0..MAX_PRICES).map(|_| BTreeSet::new()).collect();
        Self { falls: sets(), rises: sets(), due: BTreeSet::new(), accounts: Vec::new() }
    }
}

const fn member(price: u32, id: u32) -> u64 {
    (price as u64) << 32 | id as u64
}

/// The nearest 32-bit float at or above a price that is not negative, as bits.
fn bits_up(price: f64) -> u32 {
    let rounded = price as f32;
    if (rounded as f64) < price {
        rounded.to_bits().saturating_add(1)
    } else {
        rounded.to_bits()
    }
}

/// The nearest 32-bit float at or below a price that is not negative, as bits.
fn bits_down(price: f64) -> u32 {
    let rounded = price as f32;
    if (rounded as f64) > price {
        rounded.to_bits().saturating_sub(1)
    } else {
        rounded.to_bits()
    }
}

impl TriggerIndex {
    /// Replaces an account's bands, and the time by which it must be looked at, Unix seconds.
    pub fn set(&mut self, id: u32, bands: &[Band], due_secs: i64) {
        self.remove(id);
        if self.accounts.len() <= id as usize {
            self.accounts.resize_with(id as usize + 1, Entries::default);
        }
        for band in bands.iter().filter(|band| (band.slot as usize) < MAX_PRICES) {
            if let Some(low) = band.low {
                self.insert(id, band.slot, bits_up(low.max(0.0)));
            }
            if let Some(high) = band.high {
                self.insert(id, band.slot | RISES, bits_down(high.max(0.0)));
            }
        }
        let due_secs = due_secs.clamp(1, u32::MAX as i64) as u32;
        self.accounts[id as usize].due_secs = due_secs;
        self.due.insert(member(due_secs, id));
    }

    fn insert(&mut self, id: u32, slot: u8, price: u32) {
        self.set_of(slot).insert(member(price, id));
        self.accounts[id as usize].triggers.push(Entry { price, slot });
    }

    fn set_of(&mut self, slot: u8) -> &mut BTreeSet<u64> {
        let sets = if slot & RISES != 0 { &mut self.rises } else { &mut self.falls };
        &mut sets[(slot & !RISES) as usize]
    }

    /// Forgets an account's bands; it is found by no price then.
    pub fn remove(&mut self, id: u32) {
        let Some(entries) = self.accounts.get_mut(id as usize) else { return };
        let (mut triggers, due_secs) = (std::mem::take(&mut entries.triggers), std::mem::take(&mut entries.due_secs));
        for entry in triggers.drain(..) {
            self.set_of(entry.slot).remove(&member(entry.price, id));
        }
        if due_secs != 0 {
            self.due.remove(&member(due_secs, id));
        }
        // The list keeps its room for the next bands.
        self.accounts[id as usize].triggers = triggers;
    }

    /// Adds the accounts whose band a price of this slot has left. They stay until their bands are replaced, so that one
    /// whose evaluation fails is found again.
    pub fn left_by(&self, slot: u8, price: f64, found: &mut Vec<u32>) {
        let (Some(falls), Some(rises)) = (self.falls.get(slot as usize), self.rises.get(slot as usize)) else { return };
        found.extend(falls.range(member(bits_down(price), 0)..).map(|member| *member as u32));
        found.extend(rises.range(..=member(bits_up(price), u32::MAX)).map(|member| *member as u32));
    }

    /// Adds up to `most` accounts a side that a move of this slot's price by at most `share` makes due, each with that move.
    pub fn near(&self, slot: u8, price: f64, share: f64, most: usize, found: &mut Vec<(f64, u32)>) {
        let (Some(falls), Some(rises)) = (self.falls.get(slot as usize), self.rises.get(slot as usize)) else { return };
        let distance = |member: &u64| {
            let trigger = f32::from_bits((member >> 32) as u32) as f64;
            ((trigger / price - 1.0).abs(), *member as u32)
        };
        let (low, high) = (bits_down((price * (1.0 - share)).max(0.0)), bits_up(price * (1.0 + share)));
        found.extend(falls.range(member(low, 0)..).rev().take(most).map(distance));
        found.extend(rises.range(..=member(high, u32::MAX)).take(most).map(distance));
    }

    /// Adds the accounts that are due at a time, Unix seconds.
    pub fn due_at(&self, now: i64, found: &mut Vec<u32>) {
        let now = now.clamp(0, u32::MAX as i64) as u32;
        found.extend(self.due.range(..=member(now, u32::MAX)).map(|member| *member as u32));
    }

    /// How many trigger prices there are.
    pub fn len(&self) -> usize {
        self.falls.iter().chain(&self.rises).map(BTreeSet::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes the index takes: lists as they are, sets at the mean fill of a B-tree's nodes.
    pub fn memory_bytes(&self) -> usize {
        let lists: usize = self.accounts.iter().map(|a| a.triggers.capacity() * std::mem::size_of::<Entry>()).sum();
        let members = self.len() + self.due.len();
        lists + self.accounts.capacity() * std::mem::size_of::<Entries>() + members * 12
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: [u32; 0] = [];

    fn left(index: &TriggerIndex, slot: u8, price: f64) -> Vec<u32> {
        let mut found = Vec::new();
        index.left_by(slot, price, &mut found);
        found.sort_unstable();
        found
    }

    #[test]
    fn a_price_finds_the_bands_it_has_left_and_no_others() {
        let mut index = TriggerIndex::default();
        index.set(0, &[Band { slot: 1, low: Some(100.0), high: None }], 50);
        index.set(1, &[Band { slot: 1, low: Some(90.0), high: Some(120.0) }], 60);
        index.set(2, &[Band { slot: 2, low: Some(100.0), high: None }], 70);
        assert_eq!(left(&index, 1, 110.0), NOBODY);
        assert_eq!(left(&index, 1, 99.0), vec![0]);
        assert_eq!(left(&index, 1, 100.0), vec![0], "the trigger price itself counts");
        assert_eq!(left(&index, 1, 89.0), vec![0, 1]);
        assert_eq!(left(&index, 1, 121.0), vec![1]);
        assert_eq!(left(&index, 2, 1.0), vec![2]);
        assert_eq!(left(&index, 200, 1.0), NOBODY, "no such slot");
    }

    #[test]
    fn new_bands_replace_the_old_ones_and_a_removed_account_is_not_found() {
        let mut index = TriggerIndex::default();
        index.set(4, &[Band { slot: 0, low: Some(100.0), high: Some(200.0) }], 50);
        index.set(4, &[Band { slot: 0, low: Some(80.0), high: None }], 90);
        assert_eq!((left(&index, 0, 99.0), left(&index, 0, 300.0), left(&index, 0, 79.0)), (vec![], vec![], vec![4]));
        let mut due = Vec::new();
        index.due_at(60, &mut due);
        assert!(due.is_empty());
        index.due_at(90, &mut due);
        assert_eq!(due, vec![4]);
        index.remove(4);
        assert_eq!((index.len(), left(&index, 0, 1.0)), (0, vec![]));
    }

    #[test]
    fn the_accounts_nearest_to_a_price_are_found_up_to_a_distance_and_a_number() {
        let mut index = TriggerIndex::default();
        for (id, low) in [(0, 99.0), (1, 95.0), (2, 80.0)] {
            index.set(id, &[Band { slot: 1, low: Some(low), high: None }], 50);
        }
        index.set(3, &[Band { slot: 1, low: Some(50.0), high: Some(103.0) }], 50);
        let near = |share: f64, most: usize| {
            let mut found = Vec::new();
            index.near(1, 100.0, share, most, &mut found);
            found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            found.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
        };
        assert_eq!((near(0.04, 9), near(0.06, 9), near(0.3, 9)), (vec![0, 3], vec![0, 3, 1], vec![0, 3, 1, 2]));
        assert_eq!(near(0.3, 1), vec![0, 3], "one a side");
        assert_eq!(near(1.0, 9).len(), 5, "both sides of an account");
    }

    #[test]
    fn rounding_to_thirty_two_bits_only_widens_what_is_found() {
        let price = 123.456_789_012_345;
        for nudge in [0.0, 1e-9, -1e-9, 1e-7, -1e-7] {
            let trigger = price * (1.0 + nudge);
            let mut index = TriggerIndex::default();
            index.set(0, &[Band { slot: 0, low: Some(trigger), high: None }], 1);
            index.set(1, &[Band { slot: 0, low: None, high: Some(trigger) }], 1);
            let found = left(&index, 0, price);
            assert!(trigger < price || found.contains(&0));
            assert!(trigger > price || found.contains(&1));
        }
    }
}

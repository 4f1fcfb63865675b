//! Every margin account of the engine, by address and by number; an older slot never overwrites a newer one.

use std::collections::HashMap;

use solana_pubkey::Pubkey;

use super::tracked::{Tracked, Unreadable};

/// What an update changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: the state held is of this slot or a later one.
    Old,
    /// The account of this number is what it was, now known of a later slot.
    Same(u32),
    /// The account of this number is new or another.
    Set(u32),
    /// The account of this number is gone.
    Gone(u32),
}

/// The accounts.
#[derive(Default)]
pub struct Accounts {
    by_key: HashMap<Pubkey, u32>,
    list: Vec<Option<Tracked>>,
    free: Vec<u32>,
    /// Addresses that were closed or could not be read, and when: a late update of before must not bring them back.
    gone: HashMap<Pubkey, u64>,
    /// The last snapshot that had the account of a number.
    seen: Vec<u32>,
    /// Number of the snapshot that is being taken, or was last.
    snapshot: u32,
}

impl Accounts {
    /// How many accounts are tracked.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Numbers below this may be in use.
    pub fn capacity(&self) -> u32 {
        self.list.len() as u32
    }

    /// The account of a number.
    pub fn get(&self, id: u32) -> Option<&Tracked> {
        self.list.get(id as usize)?.as_ref()
    }

    /// The number of an address.
    pub fn id(&self, key: &Pubkey) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    /// Every account with its number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Tracked)> {
        self.list.iter().enumerate().filter_map(|(id, account)| Some((id as u32, account.as_ref()?)))
    }

    /// Takes an account's data of a slot; data of length zero means that the account was closed.
    ///
    /// The outer result is what changed; an account that cannot be read is forgotten, with the reason.
    pub fn apply(&mut self, key: Pubkey, slot: u64, data: &[u8]) -> (Change, Option<Unreadable>) {
        let known = self.id(&key);
        let held = known.and_then(|id| self.get(id)).map(|account| account.slot).max(self.gone.get(&key).copied());
        if held.is_some_and(|held| held > slot) {
            return (Change::Old, None);
        }
        if data.is_empty() {
            return (self.remove(&key, slot), None);
        }
        // Most of what snapshots bring: cheaper to recognise than to read.
        if let Some((id, held)) = known.and_then(|id| Some((id, self.list.get_mut(id as usize)?.as_mut()?))) {
            // What was known of another chain is looked at anew, whatever it says.
            if held.slot > 0 && held.is_said_by(data) {
                held.slot = slot;
                return (Change::Same(id), None);
            }
        }
        match Tracked::decode(key, slot, data) {
            Ok(account) => (self.put(account), None),
            Err(unreadable) => (self.remove(&key, slot), Some(unreadable)),
        }
    }

    /// Whether data of a slot that is not older than what is held says something else than it.
    pub fn differs(&self, key: &Pubkey, slot: u64, data: &[u8]) -> bool {
        match self.id(key).and_then(|id| self.get(id)) {
            Some(held) => held.slot <= slot && !held.is_said_by(data),
            None => {
                let is_account = Tracked::decode(*key, slot, data).is_ok();
                is_account && self.gone.get(key).is_none_or(|gone| *gone <= slot)
            }
        }
    }

    /// Stores an account, whatever is held.
    pub fn put(&mut self, account: Tracked) -> Change {
        self.gone.remove(&account.key);
        let id = match self.id(&account.key) {
            Some(id) => id,
            None => {
                let id = self.free.pop().unwrap_or_else(|| {
                    self.list.push(None);
                    self.seen.push(0);
                    self.list.len() as u32 - 1
                });
                self.by_key.insert(account.key, id);
                id
            }
        };
        self.list[id as usize] = Some(account);
        Change::Set(id)
    }

    fn remove(&mut self, key: &Pubkey, slot: u64) -> Change {
        self.gone.insert(*key, slot);
        let Some(id) = self.by_key.remove(key) else { return Change::Old };
        self.list[id as usize] = None;
        self.free.push(id);
        Change::Gone(id)
    }

    /// Lets every account be replaced by data of any slot: the chain itself was started anew.
    pub fn restart(&mut self) {
        self.gone.clear();
        self.list.iter_mut().flatten().for_each(|account| account.slot = 0);
    }

    /// Begins a snapshot: what it does not have is forgotten at its end.
    pub fn begin_snapshot(&mut self) {
        self.snapshot = self.snapshot.wrapping_add(1);
    }

    /// Notes that the snapshot has an account.
    pub fn seen_in_snapshot(&mut self, key: &Pubkey) {
        if let Some(id) = self.id(key) {
            self.id_seen_in_snapshot(id);
        }
    }

    /// As [`Accounts::seen_in_snapshot`], by the account's number.
    pub fn id_seen_in_snapshot(&mut self, id: u32) {
        if let Some(seen) = self.seen.get_mut(id as usize) {
            *seen = self.snapshot;
        }
    }

    /// Ends a snapshot whose oldest part is of `slot`: forgets accounts that it does not have, but those seen since.
    /// Returns their numbers.
    pub fn end_snapshot(&mut self, slot: u64) -> Vec<u32> {
        let is_missing = |(id, account): &(u32, &Tracked)| {
            account.slot <= slot && self.seen.get(*id as usize) != Some(&self.snapshot)
        };
        let missing: Vec<Pubkey> = self.iter().filter(is_missing).map(|(_, account)| account.key).collect();
        // What was gone before the snapshot cannot come back by an update that is older still.
        self.gone.retain(|_, at| *at >= slot);
        let gone = |key: &Pubkey| match self.remove(key, slot) {
            Change::Gone(id) => Some(id),
            _ => None,
        };
        missing.iter().filter_map(gone).collect()
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;
    use plimsoll_state::{MarginAccount, LAYOUT_VERSION};

    use super::*;

    fn data(under_water_secs: u32) -> Vec<u8> {
        let account = MarginAccount { version: LAYOUT_VERSION, under_water_secs, ..MarginAccount::zeroed() };
        plimsoll_sdk::decode::encode(&account)
    }

    fn secs(accounts: &Accounts, key: &Pubkey) -> Option<u32> {
        Some(accounts.get(accounts.id(key)?)?.clocks().under_water_secs.stored())
    }

    #[test]
    fn an_older_slot_never_overwrites_a_newer_one() {
        let (mut accounts, key) = (Accounts::default(), Pubkey::new_unique());
        assert_eq!(accounts.apply(key, 5, &data(1)).0, Change::Set(0));
        assert_eq!(accounts.apply(key, 4, &data(2)).0, Change::Old);
        assert_eq!(secs(&accounts, &key), Some(1));
        assert_eq!(accounts.apply(key, 5, &data(3)).0, Change::Set(0));
        assert_eq!(accounts.apply(key, 5, &data(3)).0, Change::Same(0));
        assert_eq!(accounts.apply(key, 6, &data(4)).0, Change::Set(0));
        assert_eq!(secs(&accounts, &key), Some(4));
    }

    #[test]
    fn only_a_reading_that_is_not_older_and_says_something_else_is_news() {
        let (mut accounts, key) = (Accounts::default(), Pubkey::new_unique());
        assert!(accounts.differs(&key, 5, &data(1)), "nobody knew of it");
        accounts.apply(key, 5, &data(1));
        assert!(!accounts.differs(&key, 9, &data(1)) && !accounts.differs(&key, 4, &data(2)));
        assert!(accounts.differs(&key, 5, &data(2)) && accounts.differs(&key, 6, &[]));
        accounts.apply(key, 7, &[]);
        assert!(!accounts.differs(&key, 6, &data(1)) && !accounts.differs(&key, 8, &[]));
        assert!(accounts.differs(&key, 8, &data(1)));
    }

    #[test]
    fn a_closed_account_is_not_brought_back_by_a_late_update() {
        let (mut accounts, key) = (Accounts::default(), Pubkey::new_unique());
        accounts.apply(key, 5, &data(1));
        assert_eq!(accounts.apply(key, 7, &[]).0, Change::Gone(0));
        assert_eq!(accounts.apply(key, 6, &data(1)).0, Change::Old);
        assert!(accounts.is_empty());
        assert_eq!(accounts.apply(key, 8, &data(2)).0, Change::Set(0), "opened again");
    }

    #[test]
    fn a_snapshot_drops_what_it_lacks_and_keeps_what_is_newer_than_itself() {
        let mut accounts = Accounts::default();
        let keys: Vec<Pubkey> = (0..3).map(|_| Pubkey::new_unique()).collect();
        for (key, slot) in keys.iter().zip([5, 5, 12]) {
            accounts.apply(*key, slot, &data(0));
        }
        accounts.begin_snapshot();
        accounts.seen_in_snapshot(&keys[0]);
        let dropped = accounts.end_snapshot(10);
        assert_eq!(dropped, vec![1]);
        assert_eq!((accounts.id(&keys[0]), accounts.id(&keys[1]), accounts.id(&keys[2])), (Some(0), None, Some(2)));
    }

    #[test]
    fn what_a_snapshot_saw_that_was_not_finished_does_not_count_for_the_next() {
        let (mut accounts, key) = (Accounts::default(), Pubkey::new_unique());
        accounts.apply(key, 5, &data(1));
        accounts.begin_snapshot();
        accounts.seen_in_snapshot(&key);
        accounts.begin_snapshot();
        assert_eq!(accounts.end_snapshot(10), vec![0]);
    }

    #[test]
    fn an_account_that_turns_unreadable_is_forgotten_and_says_why() {
        let (mut accounts, key) = (Accounts::default(), Pubkey::new_unique());
        accounts.apply(key, 5, &data(1));
        let mut other = data(1);
        other[plimsoll_state::DISCRIMINATOR_LEN] = 2;
        assert_eq!(accounts.apply(key, 6, &other), (Change::Gone(0), Some(Unreadable::Version(2))));
    }
}

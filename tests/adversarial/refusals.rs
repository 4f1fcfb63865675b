//! With which errors a wrong account is refused, by what its slot demands and what is wrong with it: all of the names in
//! a row are met and no others.

use std::collections::{BTreeMap, BTreeSet};

/// A mixture of two engines' accounts.
pub const OF_ANOTHER_ENGINE: [&str; 1] = ["EngineMismatch"];

/// What the slot demands, what is wrong, and the names.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// The table.
const REFUSALS: &[Row] = &[];

/// Rows that the table lacks or has otherwise, as it would have to have them.
pub fn different<'a>(found: impl Iterator<Item = ((&'static str, &'static str), BTreeSet<&'a str>)>) -> String {
    let mut table: BTreeMap<(&str, &str), BTreeSet<&str>> =
        REFUSALS.iter().map(|(of, kind, names)| ((*of, *kind), names.iter().copied().collect())).collect();
    let mut wrong = String::new();
    for (key, names) in found {
        if table.remove(&key).as_ref() != Some(&names) {
            let names: Vec<&str> = names.into_iter().collect();
            wrong += &format!("({:?}, {:?}, &{names:?}),\n", key.0, key.1);
        }
    }
    wrong + &table.keys().map(|key| format!("no attack: {key:?}\n")).collect::<String>()
}

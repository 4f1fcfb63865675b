//! Events for people and for programs: what the commands `events` and `history` share.

mod fields;
mod from;
mod known;
mod object;
mod words;

pub use from::From;
pub use known::{Engines, Known};
pub use object::{EventLine, HistoryLine};
pub use words::{told, Told};

use chrono::DateTime;
use solana_pubkey::Pubkey;

/// A time in UTC; nothing for one that is none.
pub fn utc(unix_secs: Option<i64>) -> String {
    let time = unix_secs.and_then(|secs| DateTime::from_timestamp(secs, 0));
    time.map_or_else(|| "at an unknown time     ".to_owned(), |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// The beginning and the end of an address, by which a person knows it again.
pub fn short(address: &Pubkey) -> String {
    let text = address.to_string();
    match (text.get(..4), text.len().checked_sub(4).and_then(|end| text.get(end..))) {
        (Some(head), Some(tail)) if text.len() > 12 => format!("{head}..{tail}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests;

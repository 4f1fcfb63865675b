//! Where one has come to in a history.

use std::fmt;
use std::str::FromStr;

use super::error::HistoryError;

/// Characters of a signature that tell it from the others of its slot: 93 bits.
const PREFIX_LEN: usize = 16;
/// Characters of base58.
const BASE58: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Where a stream has come to, as text that may be stored: what is read from it on begins after the event that it came with.
/// Of one stream; what another account's cursor says means nothing to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Position);

impl Cursor {
    pub(super) const fn new(position: Position) -> Self {
        Self(position)
    }

    pub(super) fn into_position(self) -> Position {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = HistoryError;

    fn from_str(text: &str) -> Result<Self, HistoryError> {
        Position::parse(text).map(Self).ok_or_else(|| HistoryError::CursorInvalid(text.to_owned()))
    }
}

/// Transactions that were read to the end, all of one slot, and how many events of those of it that were begun: one, or several
/// where nodes differ in the order within a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub slot: u64,
    done: Vec<String>,
    begun: Vec<(String, usize)>,
}

fn prefix(signature: &str) -> String {
    signature.chars().take(PREFIX_LEN).collect()
}

fn is_base58(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| BASE58.contains(character))
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (slot, done, begun) = (parts.next()?, parts.next()?, parts.next());
        let list = |text: &str| -> Vec<String> {
            if text.is_empty() {
                Vec::new()
            } else {
                text.split(',').map(str::to_owned).collect()
            }
        };
        let done = list(done);
        let begun = begun.map_or_else(|| Some(Vec::new()), |begun| begun.split(',').map(counted).collect())?;
        let names_something = !done.is_empty() || !begun.is_empty();
        let is_whole = parts.next().is_none() && names_something && done.iter().all(|prefix| is_base58(prefix));
        is_whole.then_some(Self { slot: number(slot)?, done, begun })
    }

    /// Before everything of this slot.
    pub const fn before(slot: u64) -> Self {
        Self { slot, done: Vec::new(), begun: Vec::new() }
    }

    /// What is known of a slot, without what was begun of a transaction.
    fn of(before: Option<&Self>, slot: u64, prefix: &str) -> Self {
        let mut known = before.filter(|before| before.slot == slot).cloned().unwrap_or(Self::before(slot));
        known.begun.retain(|(begun, _)| begun != prefix);
        known
    }

    /// After this transaction; `before` is where one was until then.
    pub fn after(before: Option<&Self>, slot: u64, signature: &str) -> Self {
        let prefix = prefix(signature);
        let mut known = Self::of(before, slot, &prefix);
        known.done.push(prefix);
        known
    }

    /// Within this transaction, after so many of its events.
    pub fn within(before: Option<&Self>, slot: u64, signature: &str, events: usize) -> Self {
        let prefix = prefix(signature);
        let mut known = Self::of(before, slot, &prefix);
        known.begun.push((prefix, events));
        known
    }

    /// Whether a transaction was read to the end.
    pub fn is_done(&self, slot: u64, signature: &str) -> bool {
        slot < self.slot || (slot == self.slot && self.done.contains(&prefix(signature)))
    }

    /// How many events of a transaction were read.
    pub fn events_of(&self, signature: &str) -> usize {
        let prefix = prefix(signature);
        self.begun.iter().find(|(begun, _)| *begun == prefix).map_or(0, |(_, events)| *events)
    }

    /// Whether it names no transaction, only a slot.
    pub const fn is_of_slot(&self) -> bool {
        self.done.is_empty() && self.begun.is_empty()
    }

    /// Whether every transaction that it names is among these.
    pub fn is_among<'a>(&self, signatures: impl Iterator<Item = &'a str>) -> bool {
        let known: std::collections::HashSet<String> = signatures.map(prefix).collect();
        self.done.iter().chain(self.begun.iter().map(|(prefix, _)| prefix)).all(|prefix| known.contains(prefix))
    }
}

/// The beginning of a signature and a number of events.
fn counted(text: &str) -> Option<(String, usize)> {
    let (prefix, events) = text.split_once('/')?;
    Some((prefix.to_owned(), number(events)?)).filter(|(prefix, _)| is_base58(prefix))
}

/// Digits alone, without a sign.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.slot, self.done.join(","))?;
        for (number, (prefix, events)) in self.begun.iter().enumerate() {
            write!(f, "{}{prefix}/{events}", if number == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_it_was_written_and_what_is_none_is_refused() {
        let first = Position::after(None, 7, "3yZe7dAbCdEfGhJkLmNp");
        let second = Position::after(Some(&first), 7, "4xYe7dAbCdEfGhJkLmNp");
        let begun = Position::within(Some(&second), 7, "5wXe7dAbCdEfGhJkLmNp", 3);
        assert_eq!(begun.to_string(), "7:3yZe7dAbCdEfGhJk,4xYe7dAbCdEfGhJk:5wXe7dAbCdEfGhJk/3");
        let other = Position::within(Some(&begun), 7, "6vXe7dAbCdEfGhJkLmNp", 1);
        assert_eq!(other.to_string(), format!("{begun},6vXe7dAbCdEfGhJk/1"));
        for position in [first, second, begun, other] {
            assert_eq!(position.to_string().parse::<Cursor>().map(Cursor::into_position), Ok(position));
        }
        for text in [
            "",
            "12",
            "12:",
            "now:a",
            "12:abc:def",
            "12:a,",
            "12:a:b/",
            "12:a:b/-1",
            "+1:a",
            "12:0",
            "1:a:b/1:c",
            "1:a:b/1,",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(HistoryError::CursorInvalid(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn another_transaction_of_the_slot_leaves_the_one_that_was_begun() {
        let begun = Position::within(None, 7, "aaaaaaaaaaaaaaaaaaaa", 2);
        let after = Position::after(Some(&begun), 7, "bbbbbbbbbbbbbbbbbbbb");
        assert_eq!((after.events_of("aaaaaaaaaaaaaaaaaaaa"), after.is_done(7, "bbbbbbbbbbbbbbbbbbbb")), (2, true));
        let later = Position::after(Some(&after), 8, "cccccccccccccccccccc");
        assert_eq!((later.events_of("aaaaaaaaaaaaaaaaaaaa"), later.is_done(7, "aaaaaaaaaaaaaaaaaaaa")), (0, true));
    }
}

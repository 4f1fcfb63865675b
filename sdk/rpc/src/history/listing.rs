//! What came after a position, from the newest back.

use std::collections::HashSet;

use super::answer::Listed;
use super::cursor::Position;
use super::error::HistoryError;

/// Most that a node lists at once.
pub(super) const WHOLE_PAGE: usize = 1_000;
/// Enough for what happens between two looks.
const FIRST_PAGE: usize = 50;

/// A list that grows page by page.
///
/// A page may be short without being the last, and is empty where the node that answers does not know the transaction that was
/// named, as happens behind a load balancer; either would be a gap that nobody sees. So every page begins with the last
/// transaction of the one before it, and the list is whole only where it has come to the transactions that the position names,
/// or without a position to a page that has nothing else.
pub(super) struct Listing<'a> {
    position: Option<&'a Position>,
    found: Vec<Listed>,
    known: HashSet<String>,
    is_past: bool,
}

/// What is asked for next: up to `limit` transactions older than one.
pub(super) struct Page {
    pub limit: usize,
    pub before: Option<String>,
}

impl<'a> Listing<'a> {
    pub fn new(position: Option<&'a Position>) -> Self {
        Self { position, found: Vec::new(), known: HashSet::new(), is_past: false }
    }

    /// The page to ask for.
    pub fn page(&self) -> Page {
        match self.found.as_slice() {
            [.., before, _] => Page { limit: WHOLE_PAGE, before: Some(before.signature.clone()) },
            _ if self.position.is_some() => Page { limit: FIRST_PAGE, before: None },
            _ => Page { limit: WHOLE_PAGE, before: None },
        }
    }

    /// Takes the page that was asked for; whether there is nothing more to ask.
    ///
    /// # Errors
    /// `PageMissing` where the node does not know what it has listed; the same page may be asked for again.
    pub fn take(&mut self, page: Vec<Listed>) -> Result<bool, HistoryError> {
        if let [.., before, last] = self.found.as_slice() {
            if !page.iter().any(|listed| listed.signature == last.signature) {
                return Err(HistoryError::PageMissing(before.signature.clone()));
            }
        }
        let mut is_fresh = false;
        for listed in page {
            let is_older = self.position.is_some_and(|position| listed.slot < position.slot);
            self.is_past |= is_older;
            if self.known.insert(listed.signature.clone()) {
                is_fresh = true;
                if !is_older {
                    self.found.push(listed);
                }
            }
        }
        // One alone cannot begin the next page.
        Ok(self.is_past || !is_fresh || self.found.len() == 1)
    }

    /// Whether it has come past its position.
    pub const fn is_past(&self) -> bool {
        self.is_past
    }

    /// What came after the position, oldest first.
    ///
    /// # Errors
    /// Where the list has not come to the position.
    pub fn newer(self) -> Result<Vec<Listed>, HistoryError> {
        let Self { position, mut found, is_past, .. } = self;
        if let Some(position) = position {
            if !position.is_among(found.iter().map(|listed| listed.signature.as_str())) {
                let cursor = position.to_string();
                return Err(match (is_past, found.is_empty()) {
                    (false, _) => HistoryError::HistoryEnds(cursor),
                    (true, false) => HistoryError::CursorUnknown(cursor),
                    (true, true) => HistoryError::NodeBehind(cursor),
                });
            }
            found.retain(|listed| !position.is_done(listed.slot, &listed.signature));
        }
        found.reverse();
        Ok(found)
    }
}

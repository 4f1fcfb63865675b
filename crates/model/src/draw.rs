//! What may be drawn of an insurance fund (INSURE-5).

use crate::rational::{min, positive, Q};

/// A fund, as of now.
#[derive(Clone, Debug, PartialEq)]
pub struct Fund {
    /// What is there.
    pub worth: Q,
    /// What ordinary draws leave there.
    pub floor: Q,
    /// What was drawn within the hour.
    pub hour_drawn: Q,
}

/// Shares of a fund, one being all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// Of one event.
    pub event: Q,
    /// Of any hour.
    pub hour: Q,
}

impl Fund {
    /// What the fund was when the hour began, with what came in since.
    pub fn whole(&self) -> Q {
        &self.worth + &self.hour_drawn
    }

    /// What an event may still draw that has drawn so much: of each share what is left, and nothing of the floor.
    pub fn room(&self, shares: &Shares, event_drawn: &Q) -> Q {
        let left = |share: &Q, drawn: &Q| positive(&(share * self.whole() - drawn));
        let above = positive(&(&self.worth - &self.floor));
        min(&above, &min(&left(&shares.event, event_drawn), &left(&shares.hour, &self.hour_drawn)))
    }
}

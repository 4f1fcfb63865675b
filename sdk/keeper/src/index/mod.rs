//! Which accounts a price can put under water, so that a tick costs only those.
//!
//! For every account at or above maintenance the index holds, for each price it depends on, the price below and above
//! which it must be looked at again. These *trigger prices* are chosen so that while **all** prices of the account stay
//! between theirs, its `NAV - MMR` at spot cannot become negative, whatever combination they take ([`exposure`]).
//! Nobody can be liquidated with `NAV - MMR >= 0` at spot, so nobody is missed; an account that is reported may still
//! be healthy, gets one full evaluation, and new trigger prices around where prices are now. Interest and funding have
//! a share of the excess to themselves and a time at which it could be used up.
//!
//! Memory per tracked account: 32 bytes here, 8 in one or two sorted sets for each trigger and one for its time, and
//! the same 8 once more in its own list (`BTreeSet` nodes are about two thirds full).

pub mod exposure;
mod triggers;

pub use exposure::{Assumptions, Exposure, Verdict};
pub use triggers::{Band, TriggerIndex};

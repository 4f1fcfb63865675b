//! What stops something for a while: pauses by hand and breakers by what is seen (KEY-4, LIMIT-2).
//!
//! All of it is a [`Spell`]: it ends by itself, and only so many may follow on each other before there is a rest. So
//! nobody can stop anything for ever by asking again, and nothing stays stopped because nobody came to end it.

mod pause;
mod price;
mod spell;

pub use pause::{Pause, Pauser, AUTHORITY_PAUSE, GUARDIAN_TERMS};
pub use price::{is_beyond, oddities, oddity, seen_odd, Limits, PRICE_BREAKER};
pub use spell::{Spell, Terms};

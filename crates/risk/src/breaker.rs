//! What stops something for a while: pauses by hand and breakers by what is seen (KEY-4, LIMIT-2, LIMIT-3, LIMIT-4).
//!
//! All of it is a [`Spell`]: it ends by itself, and only so many may follow on each other before there is a rest. So
//! nobody can stop anything for ever by asking again, and nothing stays stopped because nobody came to end it.

mod drawdown;
mod pause;
mod price;
mod spell;
mod throughput;

pub use drawdown::{drawn, DRAWDOWN_BREAKER};
pub use pause::{Pause, Pauser, AUTHORITY_PAUSE, GUARDIAN_TERMS};
pub use price::{is_beyond, oddities, oddity, Limits, PRICE_BREAKER};
pub use spell::{Spell, Terms};
pub use throughput::{Throughput, THROUGHPUT_BREAKER, THROUGHPUT_WINDOW};

use crate::num::{mul_u32, PPM};
use crate::units::Ppm;

/// Whether a part is more than a share of the whole; a share that is the whole is no limit.
const fn exceeds(part: u64, whole: u64, share: Ppm) -> bool {
    share.get() < PPM && mul_u32(part, PPM) > mul_u32(whole, share.get())
}

#[cfg(test)]
mod tests;

//! When so much insurance has been drawn that nobody should owe more where the rest of it stands in (LIMIT-4).

use super::{exceeds, Spell, Terms};
use crate::draw::Drawable;
use crate::units::{Ppm, Secs, UnixSecs};

/// An hour, four in a row, then four hours without: at most four of any eight. Insurance comes back by fees and by whoever
/// pays it in, which takes longer than a price takes to calm down.
pub const DRAWDOWN_BREAKER: Terms = Terms { lasts: Secs::new(3_600), most: 4, rest: Secs::new(14_400) };

/// The breaker of a fund that was drawn on at `now`. Beyond `share` of what there was when the hour began, and came in since,
/// it trips; the draw itself goes through whatever comes of it.
#[must_use]
pub fn drawn(held: Spell, fund: &Drawable, share: Ppm, now: UnixSecs) -> Spell {
    if exceeds(fund.hour_drawn.get(), fund.whole().get(), share) {
        held.tripped(now, &DRAWDOWN_BREAKER)
    } else {
        held
    }
}

//! A value on its way: in small steps, each within a slope.

#[cfg(test)]
mod tests;

use crate::units::{Ppm, PpmPerHour, Secs, UnixSecs};

/// Parts of one per million that a weight may move within an hour unless an engine says otherwise: 1 %.
pub const WEIGHT_PER_HOUR: PpmPerHour = PpmPerHour::new(10_000);
/// Parts of notional per million that a rate may move within an hour unless an engine says otherwise: 0.25 %.
pub const RATE_PER_HOUR: PpmPerHour = PpmPerHour::new(2_500);
/// The longest time that one step makes up for. What was not moved before is not caught up with: it takes longer.
pub const LONGEST_STEP_SECS: Secs = Secs::new(3_600);

const HOUR_SECS: u64 = 3_600;

/// A value in force that moves toward another.
///
/// Anybody may move it at any time. Between any two moments it moves by no more than the slope allows for the time between
/// them and a part per million, since its start by no more than the slope allows, and in one step by no more than within
/// an hour. What a step rounds off is kept for the next, so that many steps come as far as few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ramp {
    /// What is in force.
    pub held_ppm: Ppm,
    /// Where it goes.
    pub to_ppm: Ppm,
    /// Up to when it was moved.
    pub moved_at: UnixSecs,
    /// What the last step rounded off, 1/3,600 of a part per million; less than one of these.
    pub rounded_off: u16,
}

impl Ramp {
    /// A ramp from what is in force that begins now, whatever was on its way before.
    pub const fn begun(held_ppm: Ppm, to_ppm: Ppm, now: UnixSecs) -> Self {
        Self { held_ppm, to_ppm, moved_at: now, rounded_off: 0 }
    }

    /// Whether it has arrived.
    pub const fn has_arrived(&self) -> bool {
        self.left_ppm() == 0
    }

    /// How far it still has to go, parts per million.
    const fn left_ppm(&self) -> u32 {
        self.held_ppm.get().abs_diff(self.to_ppm.get())
    }

    /// The same moved to `now` with this slope: toward its end, never beyond it, and nowhere on a clock that
    /// ran backwards.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "32 bits times 3,600 and 16 bits more fit in 64; the time is cut to an hour, so that a \
                  step is at most the slope of an hour, which has 32 bits, and a remainder by 3,600 has 16"
    )]
    pub const fn moved_down(self, slope: PpmPerHour, now: UnixSecs) -> Self {
        let passed = now.elapsed_since(self.moved_at);
        if passed.is_zero() || self.has_arrived() {
            return self;
        }
        let due = slope.get() as u64 * passed.min(LONGEST_STEP_SECS).get() + self.rounded_off as u64;
        let step_ppm = due / HOUR_SECS;
        if step_ppm >= self.left_ppm() as u64 {
            return Self::begun(self.to_ppm, self.to_ppm, now);
        }
        let (held_ppm, step_ppm) = (self.held_ppm.get(), step_ppm as u32);
        let held_ppm = if held_ppm < self.to_ppm.get() { held_ppm + step_ppm } else { held_ppm - step_ppm };
        Self { held_ppm: Ppm::new(held_ppm), moved_at: now, rounded_off: (due % HOUR_SECS) as u16, ..self }
    }

    /// How long it takes from where it was moved to last until it arrives, moved at least once an hour; none
    /// where it stands still.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "32 bits times 3,600 fit in 64 bits; what was rounded off is less than a part of the way that is left"
    )]
    pub const fn secs_left_up(&self, slope: PpmPerHour) -> Option<Secs> {
        let left_ppm = self.left_ppm() as u64;
        if left_ppm == 0 {
            return Some(Secs::ZERO);
        }
        if slope.is_zero() {
            return None;
        }
        Some(Secs::wide((left_ppm * HOUR_SECS).saturating_sub(self.rounded_off as u64).div_ceil(slope.get() as u64)))
    }
}

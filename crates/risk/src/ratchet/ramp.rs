//! A value on its way: in small steps, each within a slope.

#[cfg(test)]
mod tests;

/// Parts of one per million that a weight may move within an hour unless an engine says otherwise: 1 %.
pub const WEIGHT_PPM_PER_HOUR: u32 = 10_000;
/// Parts of notional per million that a rate may move within an hour unless an engine says otherwise: 0.25 %.
pub const RATE_PPM_PER_HOUR: u32 = 2_500;
/// The longest time that one step makes up for. What was not moved before is not caught up with: it takes longer.
pub const LONGEST_STEP_SECS: u32 = 3_600;

const HOUR_SECS: u64 = 3_600;

/// A value in force that moves toward another, ppm.
///
/// Anybody may move it at any time. Between any two moments it moves by no more than the slope allows for the time between
/// them and a part per million, since its start by no more than the slope allows, and in one step by no more than within
/// an hour. What a step rounds off is kept for the next, so that many steps come as far as few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ramp {
    /// What is in force.
    pub held_ppm: u32,
    /// Where it goes.
    pub to_ppm: u32,
    /// Up to when it was moved, Unix seconds.
    pub moved_at: i64,
    /// What the last step rounded off, 1/3,600 of a part per million; less than one of these.
    pub rounded_off: u16,
}

impl Ramp {
    /// A ramp from what is in force that begins now, whatever was on its way before.
    pub const fn begun(held_ppm: u32, to_ppm: u32, now: i64) -> Self {
        Self { held_ppm, to_ppm, moved_at: now, rounded_off: 0 }
    }

    /// Whether it has arrived.
    pub const fn has_arrived(&self) -> bool {
        self.held_ppm == self.to_ppm
    }

    /// The same moved to `now` with a slope in ppm an hour: toward its end, never beyond it, and nowhere on a clock that
    /// ran backwards.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32 bits times 3,600 and 16 bits more fit in 64; the time is positive here and cut to an hour, so that a \
                  step is at most the slope of an hour, which has 32 bits, and a remainder by 3,600 has 16"
    )]
    pub const fn moved_down(self, ppm_per_hour: u32, now: i64) -> Self {
        let secs = now.saturating_sub(self.moved_at);
        if secs <= 0 || self.has_arrived() {
            return self;
        }
        let secs = if secs > LONGEST_STEP_SECS as i64 { LONGEST_STEP_SECS as u64 } else { secs as u64 };
        let due = ppm_per_hour as u64 * secs + self.rounded_off as u64;
        let step_ppm = due / HOUR_SECS;
        if step_ppm >= self.held_ppm.abs_diff(self.to_ppm) as u64 {
            return Self::begun(self.to_ppm, self.to_ppm, now);
        }
        let step_ppm = step_ppm as u32;
        let held_ppm = if self.held_ppm < self.to_ppm { self.held_ppm + step_ppm } else { self.held_ppm - step_ppm };
        Self { held_ppm, moved_at: now, rounded_off: (due % HOUR_SECS) as u16, ..self }
    }

    /// How long it takes from where it was moved to last until it arrives, moved at least once an hour, seconds; none
    /// where it stands still.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "32 bits times 3,600 fit in 64 bits; what was rounded off is less than a part of the way that is left"
    )]
    pub const fn secs_left_up(&self, ppm_per_hour: u32) -> Option<u64> {
        let left_ppm = self.held_ppm.abs_diff(self.to_ppm) as u64;
        if left_ppm == 0 {
            return Some(0);
        }
        if ppm_per_hour == 0 {
            return None;
        }
        Some((left_ppm * HOUR_SECS).saturating_sub(self.rounded_off as u64).div_ceil(ppm_per_hour as u64))
    }
}

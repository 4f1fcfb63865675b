//! What an account stores between observations: how long it has been under water, and whether spot alone counts.

use crate::params::GlobalParams;
use crate::units::{Secs, UnixSecs};

/// What an account stores between observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// How long it has been under water.
    pub under_water_secs: Secs,
    /// How long it has been in wind-down.
    pub wind_down_secs: Secs,
    /// What the last observation saw.
    pub health_state: HealthState,
    /// When.
    pub observed_at: UnixSecs,
    /// When an initial check last passed (RISK-5).
    pub passed_at: UnixSecs,
    /// Newest publish time of the legs at the first ratio below the bypass, or never.
    pub bypass_published_at: UnixSecs,
    /// Spot alone counts.
    pub bypass: bool,
}

/// What an observation saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthState {
    /// Not under water.
    #[default]
    Healthy,
    /// Under water.
    UnderWater,
    /// Under water and in wind-down.
    WindDown,
}

/// What the clocks need to know of an account's margins now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthReading {
    /// Eligible for liquidation and, if so, in which regime.
    pub health_state: HealthState,
    /// At target or above at both prices.
    pub at_target: bool,
    /// At maintenance or above at spot.
    pub healthy_at_spot: bool,
    /// Below the bypass ratio at spot.
    pub below_bypass: bool,
    /// Publish times of the fresh legs that carry price risk; none where no leg does.
    pub prints: Option<Prints>,
}

/// The span of publish times of an account's fresh legs that carry price risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prints {
    /// Of the leg that was published first.
    pub oldest_at: UnixSecs,
    /// Of the leg that was published last.
    pub newest_at: UnixSecs,
}

impl Clocks {
    /// Whether so long has passed since the last observation that nothing is known of the time between. A stamp that is
    /// zero, negative or in the future counts as such a gap (CLOCK-2).
    fn is_forgotten(&self, now: UnixSecs, params: &GlobalParams) -> bool {
        !self.observed_at.is_set()
            || self.observed_at > now
            || now.elapsed_since(self.observed_at) > params.observation.observation_gap()
    }

    /// Notes a ratio below the bypass: at two publish times of every leg that carries price risk, some seconds apart, none
    /// healthy between (BYPASS-1). Runs before [`Clocks::observe`] of the same observation.
    ///
    /// The first observation stamps the newest of the publish times, the second counts only where the oldest of them is
    /// `bypass_spacing_secs` later: so each leg that made the ratio was published twice. Stamp and flag end with a look at
    /// a healthy account and with the observation gap; the stamp also once it is older than that gap itself.
    pub fn note_bypass(&mut self, reading: &HealthReading, now: UnixSecs, params: &GlobalParams) {
        if reading.healthy_at_spot || self.is_forgotten(now, params) {
            self.disarm();
        }
        let Some(prints) = reading.prints.filter(|_| reading.below_bypass && !reading.healthy_at_spot) else {
            return;
        };
        let stamp = self.bypass_published_at;
        let forgotten = stamp > now || now.elapsed_since(stamp) > params.observation.observation_gap();
        if !stamp.is_set() || forgotten {
            self.bypass_published_at = prints.newest_at;
        } else if prints.oldest_at.elapsed_since(stamp) >= params.observation.bypass_spacing() {
            self.bypass = true;
        }
    }

    /// Spot alone no longer decides, and no earlier publish time counts (BYPASS-2).
    const fn disarm(&mut self) {
        self.bypass_published_at = UnixSecs::NEVER;
        self.bypass = false;
    }

    /// What a fill that leaves the account at or above maintenance ends: the bypass, and the time under water. The
    /// auction's seconds stand still until the account is seen at target or goes under water again (BYPASS-2).
    pub const fn restored(&mut self) {
        self.disarm();
        self.health_state = HealthState::Healthy;
    }

    /// At `now` the account is at target or owes nothing: everything is forgotten but when it last passed an initial
    /// check.
    pub const fn clear(&mut self, now: UnixSecs) {
        *self = Self { passed_at: self.passed_at, observed_at: now, ..Self::CLEAR };
    }

    /// Whether an observation of a healthy account would change anything besides its own time.
    pub const fn remembers(&self) -> bool {
        !self.under_water_secs.is_zero()
            || !self.wind_down_secs.is_zero()
            || !matches!(self.health_state, HealthState::Healthy)
            || self.bypass
            || self.bypass_published_at.get() != 0
    }

    const CLEAR: Self = Self {
        under_water_secs: Secs::ZERO,
        wind_down_secs: Secs::ZERO,
        health_state: HealthState::Healthy,
        observed_at: UnixSecs::NEVER,
        passed_at: UnixSecs::NEVER,
        bypass_published_at: UnixSecs::NEVER,
        bypass: false,
    };

    /// Adds the time between two under-water observations at most `observation_gap_secs` apart; a longer gap restarts
    /// both clocks at zero, whatever is seen after it; between maintenance and target the clocks stand still; at target at
    /// both prices they clear. A negative, zero or future stamp adds nothing (CLOCK-1, CLOCK-2).
    pub fn observe(&mut self, reading: &HealthReading, now: UnixSecs, params: &GlobalParams) {
        let elapsed = if self.observed_at.is_set() { now.elapsed_since(self.observed_at) } else { Secs::ZERO };
        if reading.at_target || elapsed > params.observation.observation_gap() {
            self.under_water_secs = Secs::ZERO;
            self.wind_down_secs = Secs::ZERO;
        } else {
            if reading.health_state >= HealthState::UnderWater && self.health_state >= HealthState::UnderWater {
                self.under_water_secs = self.under_water_secs.saturating_add(elapsed);
            }
            if reading.health_state == HealthState::WindDown && self.health_state == HealthState::WindDown {
                self.wind_down_secs = self.wind_down_secs.saturating_add(elapsed);
            }
        }
        self.health_state = reading.health_state;
        self.observed_at = now;
    }
}

#[cfg(test)]
mod tests;

//! What an account stores between observations: how long it has been under water, and whether spot alone counts.

use crate::params::GlobalParams;

/// What an account stores between observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Seconds under water.
    pub under_water_secs: u32,
    /// Seconds in wind-down.
    pub wind_down_secs: u32,
    /// What the last observation saw.
    pub health_state: HealthState,
    /// When, Unix seconds.
    pub observed_at: i64,
    /// When an initial check last passed, Unix seconds (RISK-5).
    pub passed_at: i64,
    /// Newest publish time of the legs at the first ratio below the bypass, zero for none.
    pub bypass_published_at: i64,
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

/// The span of publish times of an account's fresh legs that carry price risk, Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prints {
    /// Of the leg that was published first.
    pub oldest_at: i64,
    /// Of the leg that was published last.
    pub newest_at: i64,
}

impl Clocks {
    /// Whether so long has passed since the last observation that nothing is known of the time between. A stamp that is
    /// zero, negative or in the future counts as such a gap (CLOCK-2).
    const fn is_forgotten(&self, now: i64, params: &GlobalParams) -> bool {
        self.observed_at <= 0
            || self.observed_at > now
            || now.saturating_sub(self.observed_at) > params.observation.observation_gap_secs as i64
    }

    /// Notes a ratio below the bypass: at two publish times of every leg that carries price risk, some seconds apart, none
    /// healthy between (BYPASS-1). Runs before [`Clocks::observe`] of the same observation.
    ///
    /// The first observation stamps the newest of the publish times, the second counts only where the oldest of them is
    /// `bypass_spacing_secs` later: so each leg that made the ratio was published twice. Stamp and flag end with a look at
    /// a healthy account and with the observation gap; the stamp also once it is older than that gap itself.
    pub fn note_bypass(&mut self, reading: &HealthReading, now: i64, params: &GlobalParams) {
        if reading.healthy_at_spot || self.is_forgotten(now, params) {
            self.disarm();
        }
        let Some(prints) = reading.prints.filter(|_| reading.below_bypass && !reading.healthy_at_spot) else {
            return;
        };
        let age = now.saturating_sub(self.bypass_published_at);
        if self.bypass_published_at <= 0 || !(0..=params.observation.observation_gap_secs as i64).contains(&age) {
            self.bypass_published_at = prints.newest_at;
        } else if prints.oldest_at.saturating_sub(self.bypass_published_at)
            >= params.observation.bypass_spacing_secs as i64
        {
            self.bypass = true;
        }
    }

    /// Spot alone no longer decides, and no earlier publish time counts (BYPASS-2).
    const fn disarm(&mut self) {
        self.bypass_published_at = 0;
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
    pub const fn clear(&mut self, now: i64) {
        *self = Self { passed_at: self.passed_at, observed_at: now, ..Self::CLEAR };
    }

    /// Whether an observation of a healthy account would change anything besides its own time.
    pub const fn remembers(&self) -> bool {
        self.under_water_secs != 0
            || self.wind_down_secs != 0
            || !matches!(self.health_state, HealthState::Healthy)
            || self.bypass
            || self.bypass_published_at != 0
    }

    const CLEAR: Self = Self {
        under_water_secs: 0,
        wind_down_secs: 0,
        health_state: HealthState::Healthy,
        observed_at: 0,
        passed_at: 0,
        bypass_published_at: 0,
        bypass: false,
    };

    /// Adds the time between two under-water observations at most `observation_gap_secs` apart; a longer gap restarts
    /// both clocks at zero, whatever is seen after it; between maintenance and target the clocks stand still; at target at
    /// both prices they clear. A negative, zero or future stamp adds nothing (CLOCK-1, CLOCK-2).
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "subtracted only from a later time, both positive; narrowed only up to the observation gap, which has 32 bits"
    )]
    pub fn observe(&mut self, reading: &HealthReading, now: i64, params: &GlobalParams) {
        let known = self.observed_at > 0 && self.observed_at <= now;
        let gap = if known { now - self.observed_at } else { 0 };
        if reading.at_target || gap > params.observation.observation_gap_secs as i64 {
            self.under_water_secs = 0;
            self.wind_down_secs = 0;
        } else {
            // At most the observation gap, so it fits.
            let elapsed = gap as u32;
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

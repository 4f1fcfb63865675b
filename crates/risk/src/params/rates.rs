//! Charge rates of a market.

use super::GlobalParams;
use crate::units::Ppm;

/// Charge rates of one market at the three levels, per notional.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(C)]
pub struct MarketRates {
    /// Rate at maintenance.
    pub maint_ppm: Ppm,
    /// Rate at target.
    pub target_ppm: Ppm,
    /// Rate at initial.
    pub init_ppm: Ppm,
}

impl MarketRates {
    /// The same with the target that follows from these parameters; not validated.
    pub fn with_target(&self, params: &GlobalParams) -> Self {
        Self {
            target_ppm: self.maint_ppm.saturating_add(params.targets.target_perp_buffer()).min(self.init_ppm),
            ..*self
        }
    }

    /// Largest distance of a fill's price from the board's: `min(band, m_init / 4)`, rounded down (FILL-2).
    pub const fn fill_band_ppm_down(&self, params: &GlobalParams) -> Ppm {
        Ppm::new(self.init_ppm.get() / 4).min(params.perps.fill_band())
    }
}

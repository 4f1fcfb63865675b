//! What `check_margin` returns, as plain bytes for any caller.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::margin::{initial_margins, margins, InitialMargins, Margins};
use plimsoll_risk::portfolio::{At, Portfolio};

use crate::I128Le;

/// NAV and requirements at one price, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MaintenanceView {
    /// NAV, each leg's value rounded against the account.
    pub nav_usd_pico: I128Le,
    /// Maintenance requirement.
    pub mmr_usd_pico: I128Le,
    /// Target requirement.
    pub tmr_usd_pico: I128Le,
}

impl From<&Margins> for MaintenanceView {
    fn from(margins: &Margins) -> Self {
        Self {
            nav_usd_pico: I128Le::new(margins.nav),
            mmr_usd_pico: I128Le::new(margins.mmr()),
            tmr_usd_pico: I128Le::new(margins.tmr()),
        }
    }
}

/// Return data of `check_margin`. Views that were not asked for are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MarginView {
    /// `NAV / MMR` at spot in ppm, rounded down; `u32::MAX` without a requirement, 0 where NAV is not positive.
    pub ratio_ppm: u32,
    /// Bits of [`MarginView::STALE`] and so on.
    pub flags: u32,
    /// At spot.
    pub spot: MaintenanceView,
    /// At the fast average.
    pub fast: MaintenanceView,
    /// NAV at conservative prices, pico-dollars.
    pub init_nav_usd_pico: I128Le,
    /// Initial requirement, pico-dollars.
    pub imr_usd_pico: I128Le,
}

const _: () = assert!(core::mem::size_of::<MarginView>() == 136);

impl MarginView {
    /// What a loaded portfolio's margins are: all three views, or maintenance at spot alone. The program, clients that read
    /// accounts themselves and the WebAssembly module all answer with this.
    #[inline(always)]
    pub fn of(portfolio: &Portfolio, all: bool) -> Self {
        let spot = margins(portfolio, At::Spot, false);
        let mut view =
            Self { ratio_ppm: spot.ratio_ppm_down(u32::MAX), spot: MaintenanceView::from(&spot), ..Self::default() };
        if spot.saturated {
            view.flags |= Self::SATURATED;
        }
        let (stale, old, ready) = portfolio.ages();
        view.flags |= if stale { Self::STALE } else { 0 };
        view.flags |= if old { Self::OLD } else { 0 };
        view.flags |= if all && !ready { Self::NOT_READY } else { 0 };
        if all {
            view.fast = MaintenanceView::from(&margins(portfolio, At::Fast, false));
            view.set_initial(&initial_margins(portfolio));
        }
        view
    }

    /// Some leg's price is stale; the account may add no risk.
    pub const STALE: u32 = 1;
    /// Some leg's averages are not ready; the account may add no risk.
    pub const NOT_READY: u32 = 2;
    /// Some leg's value left the range of the numbers; the account may add no risk.
    pub const SATURATED: u32 = 4;
    /// Some leg's price is older than the risk age; the account may add no risk. Asked for with the initial view.
    pub const OLD: u32 = 8;

    /// Fills in initial margin.
    pub fn set_initial(&mut self, margins: &InitialMargins) {
        self.init_nav_usd_pico.set(margins.nav);
        self.imr_usd_pico.set(margins.imr());
    }
}

//! Where an account stands at spot.

use plimsoll_risk::auction::HealthState;
use plimsoll_risk::margin::{margins, quote_sides};
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, MarginAccount};

use crate::result::bounded_ratio;

/// How an account stands at spot; dollars.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// NAV.
    pub nav_usd: f64,
    /// Maintenance requirement.
    pub mmr_usd: f64,
    /// Below maintenance.
    pub under_water: bool,
    /// Debts plus perp notional: what liquidations can close.
    pub exposure_usd: f64,
    /// Below the ratio at which an account that does not recover skips the fast average.
    pub below_bypass: bool,
}

impl Standing {
    /// NAV, maintenance requirement and gross liabilities; none where a leg cannot be valued.
    pub fn of(accounts: &Accounts<'_>) -> Option<Self> {
        let portfolio = accounts.portfolio(Views::SPOT).ok()?;
        let margins = margins(&portfolio, PriceKind::Spot, false);
        let usd = |pico: i128| pico as f64 / 1e12;
        Some(Self {
            nav_usd: usd(margins.nav.get()),
            mmr_usd: usd(margins.mmr().get()),
            under_water: margins.is_under_water(),
            exposure_usd: exposure_usd(&portfolio),
            below_bypass: margins.is_ratio_below(portfolio.params.observation.bypass_ratio()),
        })
    }

    /// NAV / MMR, bounded.
    pub fn ratio(&self) -> f64 {
        bounded_ratio(self.nav_usd, self.mmr_usd)
    }

    /// Whether the account's clocks want an observation at `now`, which they do at least every `every_secs` while they
    /// run.
    pub fn wants_observation(&self, account: &MarginAccount, now: i64, every_secs: i64) -> bool {
        let clocks = account.clocks();
        let running = clocks.health_state != HealthState::Healthy || !clocks.under_water_secs.is_zero();
        let deep = self.below_bypass && !clocks.bypass;
        let due = now - clocks.observed_at.get() >= every_secs;
        let armed = !self.under_water && (clocks.bypass || clocks.bypass_published_at != UnixSecs::NEVER);
        account.status == AccountStatus::Active as u8
            && (self.under_water && (!running || deep || due) || running && due || armed)
    }
}

/// Whether the program would begin to resolve the account.
pub fn is_bankrupt(accounts: &Accounts<'_>) -> bool {
    let (Ok(portfolio), Ok(assessment)) = (accounts.portfolio(Views::LIQUIDATION), accounts.assessment()) else {
        return false;
    };
    check_bankrupt(&portfolio, &assessment).is_ok()
}

/// Debts and notional, dollars: borrows, what is owed in quote after netting PnL, and perps.
fn exposure_usd(portfolio: &Portfolio) -> f64 {
    let debts: u64 = portfolio
        .tokens()
        .iter()
        .filter(|l| l.amount_atoms < SignedAtoms::ZERO)
        .map(|l| l.prices.spot.value_up(l.amount_atoms.unsigned_abs()).get())
        .sum();
    let (_, owed) = quote_sides(portfolio, &margins(portfolio, PriceKind::Spot, false));
    let perps: Atoms = portfolio.perps().iter().map(|l| l.prices.spot.value_up(l.units.unsigned_abs())).sum();
    let quote = portfolio.quote.prices.spot;
    (debts as f64 + quote.value_up(owed).get() as f64 + quote.value_up(perps).get() as f64) / 1e6
}

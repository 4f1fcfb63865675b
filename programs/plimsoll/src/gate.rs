//! Margin checks that instructions share: load the account once, decide with the pure crate, record what was seen.

use std::cmp::Ordering;

use anchor_lang::prelude::*;
use plimsoll_ledger::account;
use plimsoll_risk::liquidate::{assess as assess_portfolio, Assessment};
use plimsoll_risk::margin::{check_initial, check_takeover, cmp_products, margins, Margins};
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_state::snapshot::{self, PortfolioBuffer, Views};
use plimsoll_state::{AccountStatus, MarginAccount, PriceBoard, Registry, LAYOUT_VERSION};

use crate::error::{EngineError, IntoEngine};

/// The account's margin before an instruction that only reduces risk, for comparison afterwards.
#[derive(Clone, Copy, Debug)]
pub struct MarginBefore {
    /// At spot.
    pub spot: Margins,
}

impl MarginBefore {
    /// Below maintenance at spot; equality is healthy.
    pub const fn is_under_water(&self) -> bool {
        self.spot.is_under_water()
    }
}

/// Loads an account into a portfolio on the heap: it does not fit a stack frame.
///
/// # Errors
/// `VersionUnknown`, `LegPriceInvalid`, `NumberOutOfRange`.
#[inline(never)]
pub fn load(
    account: &MarginAccount,
    registry: &Registry,
    board: &PriceBoard,
    now: i64,
    views: Views,
) -> Result<Box<PortfolioBuffer>> {
    // What an instruction writes has its version checked with its invariant; here most is only read.
    let versions = [account.version, registry.version, board.version];
    ensure!(versions == [LAYOUT_VERSION; 3], EngineError::VersionUnknown);
    let mut buffer = bytemuck::zeroed_box::<PortfolioBuffer>();
    snapshot::load(account, registry, board, now, views, &mut buffer.0).engine()?;
    Ok(buffer)
}

/// Loads and assesses an account; writes nothing.
///
/// # Errors
/// `LegPriceInvalid`, `NumberOutOfRange`.
#[inline(never)]
pub fn assess(
    account: &MarginAccount,
    registry: &Registry,
    board: &PriceBoard,
    now: i64,
) -> Result<(Box<PortfolioBuffer>, Assessment)> {
    let buffer = load(account, registry, board, now, Views::LIQUIDATION)?;
    let assessment = assess_portfolio(&buffer.0, &account.clocks(), now);
    Ok((buffer, assessment))
}

/// The account passes initial margin at conservative prices; starts its cool-off and records the observation (RISK-1).
///
/// An account without liabilities and positions passes without prices (RISK-4).
///
/// # Errors
/// `InitialMarginInsufficient`, `PriceStale` where any leg's price is older than the risk age, `PriceNotReady`.
pub fn require_initial(account: &mut MarginAccount, registry: &Registry, board: &PriceBoard, now: i64) -> Result<()> {
    pass(account, registry, board, now, true)
}

/// The same of who takes over what another held: prices may be as old as the read age (RISK-3).
///
/// # Errors
/// `InitialMarginInsufficient`, `PriceStale` or `PriceNotReady` for any leg.
pub fn require_takeover(account: &mut MarginAccount, registry: &Registry, board: &PriceBoard, now: i64) -> Result<()> {
    pass(account, registry, board, now, false)
}

#[inline(never)]
fn pass(account: &mut MarginAccount, registry: &Registry, board: &PriceBoard, now: i64, adds_risk: bool) -> Result<()> {
    let mut clocks = account.clocks();
    if !account.is_debt_free() {
        let buffer = load(account, registry, board, now, Views::INITIAL)?;
        if adds_risk { check_initial(&buffer.0) } else { check_takeover(&buffer.0) }.engine()?;
        clocks.passed_at = now;
    }
    // Initial implies target at both prices, and so does owing nothing.
    clocks.clear(now);
    account::set_clocks(account, &clocks);
    Ok(())
}

/// After what can only have helped: where the account remembers being under water, what is seen of it now is recorded.
///
/// An account that cannot be valued is left as it is: repaying and depositing need no prices (CLOCK-3).
#[inline(never)]
pub fn observe_relief(account: &mut MarginAccount, registry: &Registry, board: &PriceBoard, now: i64) {
    if account.status != AccountStatus::Active as u8 || !account.clocks().remembers() {
        return;
    }
    if account.is_debt_free() {
        let mut clocks = account.clocks();
        clocks.clear(now);
        account::set_clocks(account, &clocks);
    } else if let Ok((_, assessment)) = assess(account, registry, board, now) {
        account::set_clocks(account, &assessment.clocks);
    }
}

/// The account is at or above maintenance at spot and at the fast average.
///
/// # Errors
/// `MaintenanceMarginInsufficient`.
#[inline(never)]
pub fn require_maintenance(account: &MarginAccount, registry: &Registry, board: &PriceBoard, now: i64) -> Result<()> {
    if account.is_debt_free() {
        return Ok(());
    }
    let views = Views { spot: true, fast: true, initial: false, edges: false };
    let buffer = load(account, registry, board, now, views)?;
    let healthy =
        [PriceKind::Spot, PriceKind::Fast].into_iter().all(|at| !margins(&buffer.0, at, false).is_under_water());
    ensure!(healthy, EngineError::MaintenanceMarginInsufficient);
    Ok(())
}

/// Margin before a reducing fill.
///
/// # Errors
/// `LegPriceInvalid`, `NumberOutOfRange`.
#[inline(never)]
pub fn margin_before(
    account: &MarginAccount,
    registry: &Registry,
    board: &PriceBoard,
    now: i64,
) -> Result<MarginBefore> {
    let buffer = load(account, registry, board, now, Views::SPOT)?;
    Ok(MarginBefore { spot: margins(&buffer.0, PriceKind::Spot, false) })
}

/// The ratio did not fall: `NAV' * MMR >= NAV * MMR'`; records the observation (FILL-4).
///
/// # Errors
/// `MarginRatioFalls`.
#[inline(never)]
pub fn require_ratio_not_lower(
    before: &MarginBefore,
    account: &mut MarginAccount,
    registry: &Registry,
    board: &PriceBoard,
    now: i64,
) -> Result<()> {
    let (_, assessment) = assess(account, registry, board, now)?;
    let (was, is) = (&before.spot, &assessment.spot);
    let order = cmp_products(is.nav, was.mmr(), was.nav, is.mmr());
    ensure!(order != Ordering::Less, EngineError::MarginRatioFalls);
    account::set_clocks(account, &assessment.clocks);
    Ok(())
}

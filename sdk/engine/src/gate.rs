//! Margin checks that instructions share: load the account once, decide with the pure crate, record what was seen.

use core::cmp::Ordering;

use plimsoll_ledger::gate::{self, Check, Stop};
use plimsoll_risk::liquidate::{assess as assess_portfolio, Assessment};
use plimsoll_risk::margin::{margins, Margins};
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::{cmp_ratios, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::snapshot::{PortfolioBuffer, Views};
use plimsoll_state::{Books, MarginAccount, PriceSlot, LAYOUT_VERSION};

use crate::{EngineError, Result};

/// An account as plain numbers.
pub(crate) fn load(account: &MarginAccount, books: &Books<'_>, views: Views) -> Result<Box<PortfolioBuffer>> {
    let versions = [account.version, books.registry.version, books.board.version];
    ensure!(versions == [LAYOUT_VERSION; 3], EngineError::VersionUnknown);
    let mut buffer = bytemuck::zeroed_box::<PortfolioBuffer>();
    books.load(account, views, &mut buffer.0)?;
    Ok(buffer)
}

/// Health, regime and clocks as an observation now would leave them.
pub(crate) fn assess(account: &MarginAccount, books: &Books<'_>) -> Result<(Box<PortfolioBuffer>, Assessment)> {
    let buffer = load(account, books, Views::LIQUIDATION)?;
    let assessment = assess_portfolio(&buffer.0, &account.clocks(), books.now);
    Ok((buffer, assessment))
}

/// The account passes a check; one that owes nothing does. Its clocks are cleared.
pub(crate) fn pass(account: &mut MarginAccount, books: &Books<'_>, check: Check) -> Result<()> {
    let mut clocks = account.clocks();
    if !account.is_debt_free() {
        let buffer = load(account, books, Views::INITIAL)?;
        check.holds(&buffer.0).map_err(|error| explained(error, account, books))?;
        clocks.passed_at = books.now;
    }
    gate::passed(account, clocks, books.now);
    Ok(())
}

/// Why a leg's price is too old to add risk: halted, its breaker, a breaker of insurance, or age alone.
fn explained(error: RiskError, account: &MarginAccount, books: &Books<'_>) -> EngineError {
    if error != RiskError::PriceStale {
        return error.into();
    }
    match gate::stop(account, books) {
        Some(Stop::Halted(_)) => EngineError::PriceHalted,
        Some(Stop::Tripped(..)) => EngineError::PriceBreakerTripped,
        Some(Stop::Drawn(..)) => EngineError::DrawdownBreakerTripped,
        None => error.into(),
    }
}

/// A price is young enough, and nobody has halted it.
pub(crate) fn require_fresh(slot: &PriceSlot, max_age: MaxAge, now: UnixSecs) -> Result<()> {
    if slot.is_fresh(max_age) {
        return Ok(());
    }
    Err(if slot.halted_until() > now { EngineError::PriceHalted } else { EngineError::PriceStale })
}

/// Stores what an observation saw. Nobody is called here: that is an event.
fn record(account: &mut MarginAccount, assessment: &Assessment, portfolio: &Portfolio) {
    let _ = gate::record(account, assessment, portfolio);
}

/// Records what is seen of the account.
pub(crate) fn observe(account: &mut MarginAccount, books: &Books<'_>) -> Result<Assessment> {
    let (portfolio, assessment) = assess(account, books)?;
    record(account, &assessment, &portfolio.0);
    Ok(assessment)
}

/// Records what is seen of an account whose clocks run or whose owner stands called, where it can be seen: what helps it
/// needs no price.
pub(crate) fn observe_relief(account: &mut MarginAccount, books: &Books<'_>) {
    if !gate::wants_relief(account) {
        return;
    }
    if account.is_debt_free() {
        gate::passed(account, account.clocks(), books.now);
    } else if let Ok((buffer, assessment)) = assess(account, books) {
        record(account, &assessment, &buffer.0);
    }
}

/// Maintenance at both prices.
pub(crate) fn require_maintenance(account: &MarginAccount, books: &Books<'_>) -> Result<()> {
    if account.is_debt_free() {
        return Ok(());
    }
    let views = Views { spot: true, fast: true, initial: false, edges: false };
    ensure!(gate::is_healthy(&load(account, books, views)?.0), EngineError::MaintenanceMarginInsufficient);
    Ok(())
}

/// Margins at spot.
pub(crate) fn margin_before(account: &MarginAccount, books: &Books<'_>) -> Result<Margins> {
    Ok(margins(&load(account, books, Views::SPOT)?.0, PriceKind::Spot, false))
}

/// The margin ratio at spot did not fall; what is seen is recorded.
pub(crate) fn require_ratio_not_lower(was: &Margins, account: &mut MarginAccount, books: &Books<'_>) -> Result<()> {
    let (buffer, assessment) = assess(account, books)?;
    let is = &assessment.spot;
    let order = cmp_ratios((is.nav, is.mmr()), (was.nav, was.mmr()));
    ensure!(order != Ordering::Less, EngineError::MarginRatioFalls);
    record(account, &assessment, &buffer.0);
    Ok(())
}

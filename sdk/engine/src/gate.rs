//! Margin checks that instructions share: load the account once, decide with the pure crate, record what was seen.

use core::cmp::Ordering;

use plimsoll_ledger::account;
use plimsoll_risk::liquidate::{assess as assess_portfolio, Assessment, Plan};
use plimsoll_risk::margin::{check_initial, check_takeover, is_called, margins, Margins};
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::{cmp_ratios, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::snapshot::{PortfolioBuffer, Views};
use plimsoll_state::{AccountStatus, Books, MarginAccount, PositionKind, PriceSlot, Registry, LAYOUT_VERSION};

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

/// What an account must satisfy that may get weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Initial margin: it adds risk.
    Initial,
    /// What a liquidator has to satisfy for what he takes over.
    Takeover,
}

/// Initial margin, at fresh prices; an account that owes nothing passes. Its clocks are cleared.
pub(crate) fn pass(account: &mut MarginAccount, books: &Books<'_>, check: Check) -> Result<()> {
    let mut clocks = account.clocks();
    if !account.is_debt_free() {
        let buffer = load(account, books, Views::INITIAL)?;
        let checked = match check {
            Check::Initial => check_initial(&buffer.0),
            Check::Takeover => check_takeover(&buffer.0),
        };
        checked.map_err(|error| explained(error, account, books))?;
        clocks.passed_at = books.now;
    }
    clocks.clear(books.now);
    account::set_clocks(account, &clocks);
    account.called = 0;
    Ok(())
}

/// Why a leg's price is too old to add risk: halted, its breaker, a breaker of insurance, or age alone.
fn explained(error: RiskError, account: &MarginAccount, books: &Books<'_>) -> EngineError {
    if error != RiskError::PriceStale {
        return error.into();
    }
    let banks = account.tokens.iter().filter(|token| token.used == 1).map(|token| token.bank as usize);
    let tokens = banks.chain([Registry::QUOTE_BANK]).filter_map(|bank| books.registry.bank(bank));
    let perps = account.derivatives.iter().filter(|position| position.kind != PositionKind::Empty as u8);
    let slots = tokens.map(|slot| slot.price_slot).chain(perps.map(|position| position.underlying));
    let now = books.now;
    let mut held = slots.filter_map(|number| books.board.slot(number as usize));
    match held.find(|slot| slot.halted_until() > now || slot.tripped_until() > now) {
        Some(slot) if slot.halted_until() > now => EngineError::PriceHalted,
        Some(_) => EngineError::PriceBreakerTripped,
        None if books.registry.drawn_for(account, now).is_some() => EngineError::DrawdownBreakerTripped,
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

/// Stores what an observation saw, and whether the owner stands called.
pub(crate) fn record(account: &mut MarginAccount, assessment: &Assessment, portfolio: &Portfolio) {
    account::set_clocks(account, &assessment.clocks);
    account.called = is_called(&assessment.spot, portfolio.params.observation.call_band()) as u8;
}

/// Stores what a liquidation saw: a call that is no longer due ends, none begins.
pub(crate) fn record_liquidated(account: &mut MarginAccount, plan: &Plan, after: &Portfolio) {
    account::set_clocks(account, &plan.clocks);
    if account.called == 1 && !is_called(&plan.after, after.params.observation.call_band()) {
        account.called = 0;
    }
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
    let remembers = account.called == 1 || account.clocks().remembers();
    if account.status != AccountStatus::Active as u8 || !remembers {
        return;
    }
    if account.is_debt_free() {
        let mut clocks = account.clocks();
        clocks.clear(books.now);
        account::set_clocks(account, &clocks);
        account.called = 0;
    } else if let Ok((buffer, assessment)) = assess(account, books) {
        record(account, &assessment, &buffer.0);
    }
}

/// At or above maintenance at both prices.
pub(crate) fn is_healthy(portfolio: &Portfolio) -> bool {
    [PriceKind::Spot, PriceKind::Fast].into_iter().all(|at| !margins(portfolio, at, false).is_under_water())
}

/// Maintenance at both prices.
pub(crate) fn require_maintenance(account: &MarginAccount, books: &Books<'_>) -> Result<()> {
    if account.is_debt_free() {
        return Ok(());
    }
    let views = Views { spot: true, fast: true, initial: false, edges: false };
    ensure!(is_healthy(&load(account, books, views)?.0), EngineError::MaintenanceMarginInsufficient);
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

//! Margin checks that instructions share: load the account once, decide with the pure crate, record what was seen.

use std::cmp::Ordering;

use anchor_lang::prelude::*;
use plimsoll_ledger::gate::{self, Check, Stop};
use plimsoll_risk::liquidate::{assess as assess_portfolio, Assessment};
use plimsoll_risk::margin::{margins, Margins};
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_risk::units::{cmp_ratios, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::snapshot::{PortfolioBuffer, Views};
use plimsoll_state::{Books, MarginAccount, PriceSlot, LAYOUT_VERSION};

use crate::error::{fail, EngineError, Failure, Result};
use crate::margin_call;
use crate::report::{decimal, line};

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
pub fn load(account: &MarginAccount, books: &Books<'_>, views: Views) -> Result<Box<PortfolioBuffer>> {
    // What an instruction writes has its version checked with its invariant; here most is only read.
    let versions = [account.version, books.registry.version, books.board.version];
    ensure!(versions == [LAYOUT_VERSION; 3], EngineError::VersionUnknown);
    let mut buffer = bytemuck::zeroed_box::<PortfolioBuffer>();
    books.load(account, views, &mut buffer.0)?;
    Ok(buffer)
}

/// Loads and assesses an account; writes nothing.
///
/// # Errors
/// `LegPriceInvalid`, `NumberOutOfRange`.
#[inline(never)]
pub fn assess(account: &MarginAccount, books: &Books<'_>) -> Result<(Box<PortfolioBuffer>, Assessment)> {
    let buffer = load(account, books, Views::LIQUIDATION)?;
    let assessment = assess_portfolio(&buffer.0, &account.clocks(), books.now);
    Ok((buffer, assessment))
}

/// The account passes initial margin at conservative prices; starts its cool-off and records the observation (RISK-1).
///
/// An account without liabilities and positions passes without prices (RISK-4).
///
/// # Errors
/// `InitialMarginInsufficient`, `PriceStale` where any leg's price is older than the risk age, `PriceHalted`,
/// `PriceBreakerTripped`, `DrawdownBreakerTripped`, `PriceNotReady`.
pub fn require_initial(account: &mut MarginAccount, books: &Books<'_>) -> Result<()> {
    pass(account, books, Check::Initial)
}

/// The same for a liquidator, who takes over what another account held: prices may be as old as the read age (RISK-3).
///
/// # Errors
/// `InitialMarginInsufficient`, `PriceStale` or `PriceNotReady` for any leg.
pub fn require_takeover(account: &mut MarginAccount, books: &Books<'_>) -> Result<()> {
    pass(account, books, Check::Takeover)
}

#[inline(never)]
fn pass(account: &mut MarginAccount, books: &Books<'_>, check: Check) -> Result<()> {
    let mut clocks = account.clocks();
    if !account.is_debt_free() {
        let buffer = load(account, books, Views::INITIAL)?;
        check.holds(&buffer.0).map_err(|error| explained(error, account, books))?;
        clocks.passed_at = books.now;
    }
    gate::passed(account, clocks, books.now);
    Ok(())
}

/// Names the halt or the breaker where one is why an account may not add risk.
#[cold]
#[inline(never)]
fn explained(error: RiskError, account: &MarginAccount, books: &Books<'_>) -> Failure {
    if error != RiskError::PriceStale {
        return error.into();
    }
    match gate::stop(account, books) {
        Some(Stop::Halted(number)) => match books.board.slot(number as usize) {
            Some(slot) => not_fresh(slot, number, books.now),
            None => error.into(),
        },
        Some(Stop::Tripped(number, until)) => {
            let until = decimal(until.get().unsigned_abs());
            line(&["price ", &decimal(number as u64), " lets nobody add risk until ", &until]);
            fail(EngineError::PriceBreakerTripped)
        }
        Some(Stop::Drawn(bank, until)) => drawn(bank, until),
        None => error.into(),
    }
}

/// Whose insurance was drawn, and until when nobody who owes there adds risk (LIMIT-4).
#[cold]
#[inline(never)]
pub fn drawn(bank: u8, until: UnixSecs) -> Failure {
    let until = decimal(until.get().unsigned_abs());
    line(&[
        "bank ",
        &decimal(bank as u64),
        ": much insurance was drawn, nobody who owes there adds risk until ",
        &until,
    ]);
    fail(EngineError::DrawdownBreakerTripped)
}

/// Why a price that an instruction needs fresh is not: a halt, after a line that says until when, or its age.
#[cold]
#[inline(never)]
pub fn not_fresh(slot: &PriceSlot, number: u8, now: UnixSecs) -> Failure {
    if slot.halted_until() <= now {
        return fail(EngineError::PriceStale);
    }
    let number = decimal(number as u64);
    if slot.awaits_averages() {
        line(&["price ", &number, " has a new source and is halted until its averages are ready"]);
    } else {
        line(&["price ", &number, " is halted until ", &decimal(slot.halted_until().get().unsigned_abs())]);
    }
    fail(EngineError::PriceHalted)
}

/// After a change that can only have helped: where the account is recorded as under water, its present state is recorded.
///
/// An account that cannot be valued is left as it is: repaying and depositing need no prices (CLOCK-3).
///
/// # Errors
/// Those of the event of a margin call.
#[inline(never)]
pub fn observe_relief(account: &mut MarginAccount, books: &Books<'_>, event_authority: &AccountInfo<'_>) -> Result<()> {
    if !gate::wants_relief(account) {
        return Ok(());
    }
    if account.is_debt_free() {
        gate::passed(account, account.clocks(), books.now);
    } else if let Ok((buffer, assessment)) = assess(account, books) {
        margin_call::record(account, &assessment, &buffer.0, books, Some(event_authority))?;
    }
    Ok(())
}

/// The account is at or above maintenance at spot and at the fast average.
///
/// # Errors
/// `MaintenanceMarginInsufficient`.
#[inline(never)]
pub fn require_maintenance(account: &MarginAccount, books: &Books<'_>) -> Result<()> {
    if account.is_debt_free() {
        return Ok(());
    }
    let views = Views { spot: true, fast: true, initial: false, edges: false };
    let buffer = load(account, books, views)?;
    ensure!(gate::is_healthy(&buffer.0), EngineError::MaintenanceMarginInsufficient);
    Ok(())
}

/// Margin before a reducing fill.
///
/// # Errors
/// `LegPriceInvalid`, `NumberOutOfRange`.
#[inline(never)]
pub fn margin_before(account: &MarginAccount, books: &Books<'_>) -> Result<MarginBefore> {
    let buffer = load(account, books, Views::SPOT)?;
    Ok(MarginBefore { spot: margins(&buffer.0, PriceKind::Spot, false) })
}

/// The ratio did not fall: `NAV' * MMR >= NAV * MMR'`; records the observation (FILL-4).
///
/// # Errors
/// `MarginRatioFalls`; those of the event of a margin call.
#[inline(never)]
pub fn require_ratio_not_lower(
    before: &MarginBefore,
    account: &mut MarginAccount,
    books: &Books<'_>,
    event_authority: &AccountInfo<'_>,
) -> Result<()> {
    let (buffer, assessment) = assess(account, books)?;
    let (was, is) = (&before.spot, &assessment.spot);
    let order = cmp_ratios((is.nav, is.mmr()), (was.nav, was.mmr()));
    ensure!(order != Ordering::Less, EngineError::MarginRatioFalls);
    margin_call::record(account, &assessment, &buffer.0, books, Some(event_authority))
}

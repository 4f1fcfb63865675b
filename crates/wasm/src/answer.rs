//! The answers: what the program would return or do, as plain bytes.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::auction::{Clocks, Regime};
use plimsoll_risk::liquidate::{self, LegName, LegSize, Plan, Request};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{
    pause, AccountStatus, Address, Books, EngineAccount, MaintenanceView, MarginAccount, MarginView, PriceBoard,
    Registry, LAYOUT_VERSION,
};

use crate::code::{engine_code, Refused};

/// The three accounts of every margin check, and the time they are looked at.
#[derive(Clone, Copy)]
pub struct Accounts<'a> {
    /// The margin account.
    pub account: &'a MarginAccount,
    /// The registry.
    pub registry: &'a Registry,
    /// The price board.
    pub board: &'a PriceBoard,
    /// Unix seconds.
    pub now: i64,
}

impl<'a> Accounts<'a> {
    /// Reads accounts from their whole data, discriminators included.
    ///
    /// # Errors
    /// Which of them is something else, that they belong to different engines, or that a layout is of another version.
    pub fn parse(account: &'a [u8], registry: &'a [u8], board: &'a [u8], now: i64) -> Result<Self, Refused> {
        let account = MarginAccount::from_account_data(account).ok_or(Refused::NotAMarginAccount)?;
        let registry = Registry::from_account_data(registry).ok_or(Refused::NotARegistry)?;
        let board = PriceBoard::from_account_data(board).ok_or(Refused::NotABoard)?;
        if account.engine != registry.engine || board.engine != registry.engine {
            return Err(Refused::EngineMismatch);
        }
        if [account.version, registry.version, board.version] != [LAYOUT_VERSION; 3] {
            return Err(Refused::VersionUnknown);
        }
        Ok(Self { account, registry, board, now })
    }

    /// The account as plain numbers, projected to now.
    pub(crate) fn portfolio(&self, views: Views) -> Result<Portfolio, u32> {
        let mut portfolio = Portfolio::empty(*self.registry.params());
        Books { registry: self.registry, board: self.board, now: UnixSecs::new(self.now) }
            .load(self.account, views, &mut portfolio)
            .map_err(engine_code)?;
        Ok(portfolio)
    }
}

/// What `check_margin` returns of the margin account at `address`: all three views, or maintenance at spot alone.
///
/// # Errors
/// The program's code for an account that cannot be valued.
pub fn margin_view(address: &Address, accounts: &Accounts<'_>, all: bool) -> Result<MarginView, u32> {
    let portfolio = accounts.portfolio(if all { Views::ALL } else { Views::SPOT })?;
    Ok(MarginView::of(address, accounts.account, &portfolio, all))
}

/// A leg, as plain bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LegReport {
    /// 0: no leg, 1: a pair, 2: a perp.
    pub kind: u32,
    /// Bank of a pair's asset, or the market of a perp.
    pub asset_or_market: u32,
    /// Bank of a pair's liability; the quote bank for negative PnL.
    pub liability_bank: u32,
    /// Zero.
    pub _pad: u32,
}

impl From<Option<LegName>> for LegReport {
    fn from(name: Option<LegName>) -> Self {
        let [kind, asset_or_market, liability_bank] = name.map_or([0; 3], LegName::numbers).map(u32::from);
        Self { kind, asset_or_market, liability_bank, _pad: 0 }
    }
}

/// What an account stores between observations, as an observation now would leave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct ClocksReport {
    /// Seconds under water.
    pub under_water_secs: u32,
    /// Seconds in wind-down.
    pub wind_down_secs: u32,
    /// 0: healthy, 1: under water, 2: in wind-down.
    pub seen: u32,
    /// One where spot alone counts.
    pub bypass: u32,
    /// When, Unix seconds.
    pub observed_at: i64,
    /// When an initial check last passed, Unix seconds.
    pub passed_at: i64,
}

impl From<&Clocks> for ClocksReport {
    fn from(clocks: &Clocks) -> Self {
        Self {
            under_water_secs: clocks.under_water_secs.stored(),
            wind_down_secs: clocks.wind_down_secs.stored(),
            seen: clocks.health_state as u32,
            bypass: clocks.bypass as u32,
            observed_at: clocks.observed_at.get(),
            passed_at: clocks.passed_at.get(),
        }
    }
}

/// Whether an account may be liquidated, and what the best leg is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Assessment {
    /// 0: not under water, 1: cure, 2: wind-down.
    pub regime: u32,
    /// One where only spot says wind-down, so that a fill is bounded by the target at the fast average.
    pub is_capped: u32,
    /// h at spot, rounded down, at most one, ppm.
    pub health_ppm: u32,
    /// Marginal maintenance of the best leg, ppm.
    pub best_rate_ppm: u32,
    /// The best leg.
    pub best: LegReport,
    /// What may be seized of quote, atoms.
    pub quote_seizable_atoms: u64,
    /// What is owed in quote, borrow and negative PnL, atoms.
    pub quote_owed_atoms: u64,
    /// Clocks as an observation now would leave them.
    pub clocks: ClocksReport,
}

const fn regime_number(regime: Regime) -> u32 {
    match regime {
        Regime::Cure => 1,
        Regime::WindDown => 2,
    }
}

/// Eligibility, regime and best leg, now.
///
/// # Errors
/// The program's code for an account that cannot be valued.
pub fn assess(accounts: &Accounts<'_>) -> Result<Assessment, u32> {
    let portfolio = accounts.portfolio(Views::LIQUIDATION)?;
    let found = liquidate::assess(&portfolio, &accounts.account.clocks(), UnixSecs::new(accounts.now));
    Ok(Assessment {
        regime: found.regime.map_or(0, |choice| regime_number(choice.regime)),
        is_capped: found.regime.is_some_and(|choice| choice.is_spot_alone) as u32,
        health_ppm: found.health_ppm.get(),
        best_rate_ppm: found.best.map_or(0, |best| best.rate_ppm.get()),
        best: found.best.and_then(|best| best.name).into(),
        quote_seizable_atoms: found.quote_seizable_atoms.get(),
        quote_owed_atoms: found.quote_owed_atoms.get(),
        clocks: ClocksReport::from(&found.clocks),
    })
}

/// One fill, decided, or why it is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct PlanReport {
    /// 0, or the program's error code of the reason why there is no plan; then only `best` is set.
    pub reason: u32,
    /// 1: cure, 2: wind-down.
    pub regime: u32,
    /// Penalty, ppm of the notional closed.
    pub penalty_ppm: u32,
    /// Zero.
    pub _pad: u32,
    /// The best leg, where another one was asked for.
    pub best: LegReport,
    /// Pair: debt atoms repaid. Perp: base units moved.
    pub size: u64,
    /// Pair: atoms the liquidator pays, fee included. Perp: quote atoms the units are worth at spot.
    pub paid_atoms: u64,
    /// Pair: collateral atoms moved. Perp: the liquidator's part of the penalty, quote atoms.
    pub received_atoms: u64,
    /// Insurance share of the penalty: atoms of the debt's mint, or quote atoms.
    pub fee_atoms: u64,
    /// Notional closed at spot, micro-dollars.
    pub notional_usd_micro: u64,
    /// Margins at spot before.
    pub before: MaintenanceView,
    /// Margins at spot afterwards.
    pub after: MaintenanceView,
    /// Clocks to store.
    pub clocks: ClocksReport,
}

impl From<&Plan> for PlanReport {
    fn from(plan: &Plan) -> Self {
        Self {
            reason: 0,
            regime: regime_number(plan.regime),
            penalty_ppm: plan.penalty_ppm.get(),
            _pad: 0,
            best: LegReport::default(),
            size: plan.size.get(),
            paid_atoms: plan.paid_atoms.get(),
            received_atoms: plan.received_atoms.get(),
            fee_atoms: plan.fee_atoms.get(),
            notional_usd_micro: plan.notional.get(),
            before: MaintenanceView::from(&plan.before),
            after: MaintenanceView::from(&plan.after),
            clocks: ClocksReport::from(&plan.clocks),
        }
    }
}

/// What a liquidation of this account would do now. The liquidator's own margin is his to check.
///
/// # Errors
/// The program's code for an account that cannot be valued. A refusal is an answer, not an error.
pub fn plan(accounts: &Accounts<'_>, request: &Request) -> Result<PlanReport, u32> {
    if let Some(reason) = refused_before_the_plan(accounts, request) {
        return Ok(PlanReport { reason, ..PlanReport::default() });
    }
    let mut portfolio = accounts.portfolio(Views::LIQUIDATION)?;
    let decided = liquidate::plan(&mut portfolio, &accounts.account.clocks(), request, UnixSecs::new(accounts.now));
    Ok(match decided {
        Ok(plan) => PlanReport::from(&plan),
        Err(refusal) => {
            PlanReport { reason: engine_code(refusal.reason), best: refusal.best.into(), ..PlanReport::default() }
        }
    })
}

/// What the instruction refuses before it plans, in its order.
fn refused_before_the_plan(accounts: &Accounts<'_>, request: &Request) -> Option<u32> {
    if let Err(reason) = request.leg.require_possible(Registry::QUOTE_BANK as u8) {
        return Some(engine_code(reason));
    }
    if accounts.registry.is_paused(pause::LIQUIDATE, UnixSecs::new(accounts.now)) {
        return Some(Refused::Paused.into());
    }
    if accounts.account.status != AccountStatus::Active as u8 {
        return Some(Refused::AccountBankrupt.into());
    }
    (request.max_size == Some(LegSize::new(0))).then_some(Refused::AmountZero.into())
}

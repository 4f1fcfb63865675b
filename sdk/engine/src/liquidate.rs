//! A liquidator repays debt of an account under water for collateral, or takes over its perp.

use plimsoll_interface::answer::LiquidationOutcome;
use plimsoll_ledger::gate::{record_liquidated, Check};
use plimsoll_ledger::liquidation::{apply, is_lost_race, Totals};
use plimsoll_risk::liquidate::{plan, Leg, LegPart, LegSize, Request};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, Market, Registry};

use crate::accounts::require_sound;
use crate::gate;
use crate::{AccountNumber, Engine, EngineError, Result};

/// How a liquidation is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// The collateral's bank is shown too, which is needed where the liquidator owes its token.
    pub with_asset_bank: bool,
    /// A race that somebody else has won succeeds without any change; the outcome names the reason.
    pub no_op_if_refused: bool,
}

/// What a liquidation writes beside the two accounts: copies of banks and markets as it left them.
struct Written<'a> {
    engine: &'a Engine,
    banks: Vec<Bank>,
    markets: Vec<Market>,
}

impl Totals for Written<'_> {
    fn bank(&self, index: u8) -> RiskResult<Bank> {
        self.engine.banks.get(index as usize).copied().ok_or(RiskError::SlotEmpty)
    }

    fn market(&self, index: u8) -> RiskResult<Market> {
        self.engine.markets.get(index as usize).copied().ok_or(RiskError::SlotEmpty)
    }

    fn keep_bank(&mut self, bank: Bank) {
        self.banks.push(bank);
    }

    fn keep_market(&mut self, market: Market) {
        self.markets.push(market);
    }
}

impl Engine {
    /// Liquidates as `liquidate_collateral` and `liquidate_position` do, by the kind of the leg.
    ///
    /// # Errors
    /// `AmountZero`, `SelfLiquidation`, `AssetIsLiability`, `AccountMismatch`, `AccountBankrupt`, `SlotEmpty`; any reason of
    /// a refusal; `LiquidatorMarginInsufficient`, `TotalsRequired`, `TokenTableFull`, `PositionTableFull`; where negative PnL
    /// is paid with quote that the liquidator does not have `ReduceOnly`, `BankTerminal`, `BorrowCapReached`.
    pub fn liquidate(
        &mut self,
        liquidator: AccountNumber,
        liquidatee: AccountNumber,
        request: &Request,
        manner: Manner,
    ) -> Result<LiquidationOutcome> {
        ensure!(liquidator != liquidatee, EngineError::SelfLiquidation);
        let collateral = request.leg.collateral();
        ensure!(collateral.is_none() || collateral != owed_in(&request.leg), EngineError::AssetIsLiability);
        let (mut liquidators, mut liquidatees) = (self.active(liquidator)?, self.active(liquidatee)?);
        ensure!(request.max_size != Some(LegSize::new(0)), EngineError::AmountZero);
        let books = self.books();
        let mut loaded = gate::load(&liquidatees, &books, Views::LIQUIDATION)?;
        let planned = plan(&mut loaded.0, &liquidatees.clocks(), request, books.now);
        let plan = match planned {
            Ok(plan) => plan,
            Err(refusal) => return refuse(refusal.reason, manner),
        };
        let mut totals = Written { engine: self, banks: Vec::new(), markets: Vec::new() };
        let with_bank = manner.with_asset_bank;
        apply(request.leg, &plan, &books, with_bank, &mut totals, &mut liquidators, &mut liquidatees)?;
        record_liquidated(&mut liquidatees, &plan, &loaded.0);
        gate::pass(&mut liquidators, &books, Check::Takeover).map_err(liquidators_error)?;
        let Written { banks, markets, .. } = totals;
        banks.iter().try_for_each(require_sound)?;
        markets.iter().try_for_each(require_sound)?;
        require_sound(&liquidatees)?;
        require_sound(&liquidators)?;
        banks.into_iter().for_each(|bank| self.keep_bank(bank));
        markets.into_iter().for_each(|market| self.keep_market(market));
        self.keep_account(liquidator, liquidators);
        self.keep_account(liquidatee, liquidatees);
        Ok(LiquidationOutcome::from(&plan))
    }
}

/// The bank in which a leg's debt is paid, where it has one.
#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
fn owed_in(leg: &Leg) -> Option<u8> {
    leg.parts().find_map(|part| match part {
        LegPart::Borrow(bank) => Some(bank),
        LegPart::Loss(_) => Some(Registry::QUOTE_BANK as u8),
        LegPart::Collateral(_) | LegPart::Position(_) => None,
    })
}

/// Whose margin it is that a liquidation lacks.
fn liquidators_error(error: EngineError) -> EngineError {
    match error {
        EngineError::InitialMarginInsufficient => EngineError::LiquidatorMarginInsufficient,
        error => error,
    }
}

/// What a liquidation returns that is not planned.
fn refuse(reason: RiskError, manner: Manner) -> Result<LiquidationOutcome> {
    let error = EngineError::from(reason);
    ensure!(manner.no_op_if_refused && is_lost_race(reason), error);
    Ok(LiquidationOutcome { reason: error.into(), ..LiquidationOutcome::default() })
}

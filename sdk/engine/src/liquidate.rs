//! A liquidator repays debt of an account under water for collateral, or takes over its perp.

use plimsoll_interface::answer::LiquidationOutcome;
use plimsoll_ledger::gate::{record_liquidated, Check};
use plimsoll_ledger::liquidation::{apply_pair, apply_position, is_lost_race, PairAccounts};
use plimsoll_risk::liquidate::{plan, Leg, LegSize, Liability, Plan, Request};
use plimsoll_risk::RiskError;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, MarginAccount, Market, Registry};

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

/// Banks and markets that a liquidation has written.
#[derive(Default)]
struct Written {
    banks: [Option<Bank>; 2],
    market: Option<Market>,
}

/// Both accounts of a liquidation, as copies.
struct Parties {
    liquidator: MarginAccount,
    liquidatee: MarginAccount,
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
        if let Leg::Pair { asset, liability } = request.leg {
            ensure!(asset != bank_of(liability), EngineError::AssetIsLiability);
        }
        let mut parties = Parties { liquidator: self.active(liquidator)?, liquidatee: self.active(liquidatee)? };
        ensure!(request.max_size != Some(LegSize::new(0)), EngineError::AmountZero);
        let books = self.books();
        let mut loaded = gate::load(&parties.liquidatee, &books, Views::LIQUIDATION)?;
        let planned = plan(&mut loaded.0, &parties.liquidatee.clocks(), request, books.now);
        let plan = match planned {
            Ok(plan) => plan,
            Err(refusal) => return refuse(refusal.reason, manner),
        };
        let written = match request.leg {
            Leg::Pair { asset, liability } => self.close_pair(asset, liability, &plan, manner, &mut parties)?,
            Leg::Perp { market } => self.close_perp(market, &plan, &mut parties)?,
        };
        record_liquidated(&mut parties.liquidatee, &plan, &loaded.0);
        gate::pass(&mut parties.liquidator, &books, Check::Takeover).map_err(liquidators_error)?;
        require_sound(&parties.liquidatee)?;
        require_sound(&parties.liquidator)?;
        written.banks.into_iter().flatten().for_each(|bank| self.keep_bank(bank));
        written.market.into_iter().for_each(|market| self.keep_market(market));
        self.keep_account(liquidator, parties.liquidator);
        self.keep_account(liquidatee, parties.liquidatee);
        Ok(LiquidationOutcome::from(&plan))
    }

    fn close_pair(
        &self,
        asset: u8,
        liability: Liability,
        plan: &Plan,
        manner: Manner,
        parties: &mut Parties,
    ) -> Result<Written> {
        let mut liability_bank = *self.bank(bank_of(liability))?;
        let mut asset_bank = if manner.with_asset_bank { Some(*self.bank(asset)?) } else { None };
        let mut market = match liability {
            Liability::NegativePnl(market) => Some(*self.market(market)?),
            Liability::Borrow(_) => None,
        };
        let accounts = PairAccounts {
            asset,
            asset_bank: asset_bank.as_mut(),
            liability_bank: &mut liability_bank,
            market: market.as_mut(),
        };
        apply_pair(plan, &self.books(), accounts, &mut parties.liquidator, &mut parties.liquidatee)?;
        asset_bank.iter().try_for_each(require_sound)?;
        market.iter().try_for_each(require_sound)?;
        require_sound(&liability_bank)?;
        Ok(Written { banks: [asset_bank, Some(liability_bank)], market })
    }

    fn close_perp(&self, market: u8, plan: &Plan, parties: &mut Parties) -> Result<Written> {
        let mut market = *self.market(market)?;
        apply_position(plan, &self.books(), &mut market, &mut parties.liquidator, &mut parties.liquidatee)?;
        require_sound(&market)?;
        Ok(Written { market: Some(market), ..Written::default() })
    }
}

/// The bank in which a liability is paid.
#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
const fn bank_of(liability: Liability) -> u8 {
    match liability {
        Liability::Borrow(bank) => bank,
        Liability::NegativePnl(_) => Registry::QUOTE_BANK as u8,
    }
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

//! Resolves a bankrupt account, step by step (BANKRUPT-4).

use std::sync::Arc;

use plimsoll_interface::args::ResolveStep;
use plimsoll_ledger::{account, bankruptcy};
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_state::{AccountStatus, Bank, Books, BooksMut, MarginAccount, Market, Registry};

use crate::accounts::require_sound;
use crate::{gate, AccountNumber, Engine, EngineError, Result};

/// Copies of what a step may write.
struct Estate {
    account: MarginAccount,
    registry: Arc<Registry>,
    quote: Bank,
    /// The bank of the step, where it is another.
    other: Option<Bank>,
    /// The market of the step.
    market: Option<Market>,
}

impl Engine {
    /// Runs a step of a resolution.
    ///
    /// # Errors
    /// `Freeze`: `NotBankrupt`, `AssetsRemain`, `PerpsRemain`. Others: `WrongStage`, `AssetsRemain` where an asset must go
    /// first, `QuoteBorrowFirst`, `LegEmpty` and `NothingOwed` where the account has no such leg, `PriceStale` where a base
    /// cannot be valued yet. All: `AccountMismatch`, `SlotEmpty`, `NumberOutOfRange`.
    pub fn resolve_bankruptcy(&mut self, number: AccountNumber, step: ResolveStep) -> Result<()> {
        let mut estate = self.estate(number, step)?;
        match step {
            ResolveStep::Freeze => self.freeze(&mut estate),
            ResolveStep::SeizeToken { .. } => self.seize_token(&mut estate),
            ResolveStep::SeizePnl { .. } => self.seize_pnl(&mut estate),
            ResolveStep::PayBorrow { .. } => self.pay_borrow(&mut estate),
            ResolveStep::PayPnl { .. } => self.pay_pnl(&mut estate),
            ResolveStep::Finish => self.finish(&mut estate),
        }?;
        require_sound(&estate.account)?;
        require_sound(&*estate.registry)?;
        require_sound(&estate.quote)?;
        estate.other.iter().try_for_each(require_sound)?;
        estate.market.iter().try_for_each(require_sound)?;
        self.registry = estate.registry;
        self.keep_account(number, estate.account);
        self.keep_bank(estate.quote);
        estate.other.into_iter().for_each(|bank| self.keep_bank(bank));
        estate.market.into_iter().for_each(|market| self.keep_market(market));
        Ok(())
    }

    fn estate(&self, number: AccountNumber, step: ResolveStep) -> Result<Estate> {
        let other = match step {
            ResolveStep::SeizeToken { bank } | ResolveStep::PayBorrow { bank } if bank != 0 => Some(*self.bank(bank)?),
            _ => None,
        };
        let market = match step {
            ResolveStep::SeizePnl { market } | ResolveStep::PayPnl { market } => Some(*self.market(market)?),
            _ => None,
        };
        Ok(Estate {
            account: *self.account(number)?,
            registry: Arc::clone(&self.registry),
            quote: self.quote_bank()?,
            other,
            market,
        })
    }

    fn freeze(&self, estate: &mut Estate) -> Result<()> {
        estate.account.require_status(AccountStatus::Active)?;
        let (portfolio, assessment) = gate::assess(&estate.account, &self.books())?;
        check_bankrupt(&portfolio.0, &assessment)?;
        account::set_clocks(&mut estate.account, &assessment.clocks);
        let mut books = BooksMut { registry: Arc::make_mut(&mut estate.registry), board: &self.board, now: self.now };
        Ok(bankruptcy::freeze(&mut estate.account, &estate.quote, &mut books)?)
    }

    fn seize_token(&self, estate: &mut Estate) -> Result<()> {
        let books = Books { registry: &estate.registry, board: &self.board, now: self.now };
        let bank = estate.other.as_mut().unwrap_or(&mut estate.quote);
        bankruptcy::seize_token(&mut estate.account, bank, &books)?;
        Ok(())
    }

    fn seize_pnl(&self, estate: &mut Estate) -> Result<()> {
        let mut books = BooksMut { registry: Arc::make_mut(&mut estate.registry), board: &self.board, now: self.now };
        let market = estate.market.as_mut().ok_or(EngineError::TotalsRequired)?;
        bankruptcy::seize_pnl(&mut estate.account, market, &mut estate.quote, &mut books)?;
        Ok(())
    }

    fn pay_borrow(&self, estate: &mut Estate) -> Result<()> {
        let mut books = BooksMut { registry: Arc::make_mut(&mut estate.registry), board: &self.board, now: self.now };
        let Estate { account, quote, other, .. } = estate;
        begin_paying(account, quote, &mut books)?;
        match other {
            Some(bank) => {
                bankruptcy::pay_borrow(account, bank, &mut books)?;
                bankruptcy::finish(account, None, &mut books)?;
            }
            None => {
                bankruptcy::pay_borrow(account, quote, &mut books)?;
                bankruptcy::finish(account, Some(quote), &mut books)?;
            }
        }
        Ok(())
    }

    fn pay_pnl(&self, estate: &mut Estate) -> Result<()> {
        let mut books = BooksMut { registry: Arc::make_mut(&mut estate.registry), board: &self.board, now: self.now };
        let Estate { account, quote, market, .. } = estate;
        let market = market.as_mut().ok_or(EngineError::TotalsRequired)?;
        begin_paying(account, quote, &mut books)?;
        bankruptcy::pay_pnl(account, market, quote, &mut books)?;
        bankruptcy::finish(account, Some(quote), &mut books)?;
        Ok(())
    }

    fn finish(&self, estate: &mut Estate) -> Result<()> {
        ensure!(estate.account.status != AccountStatus::Active as u8, EngineError::WrongStage);
        let mut books = BooksMut { registry: Arc::make_mut(&mut estate.registry), board: &self.board, now: self.now };
        let finished = bankruptcy::finish(&mut estate.account, Some(&mut estate.quote), &mut books)?;
        ensure!(finished.is_anything(), EngineError::WrongStage);
        Ok(())
    }
}

/// Marks the quote legs and reserves insurance, in the first paying call.
fn begin_paying(account: &mut MarginAccount, quote: &mut Bank, books: &mut BooksMut<'_>) -> Result<()> {
    if account.status != AccountStatus::Paying as u8 {
        bankruptcy::begin_paying(account, quote, books)?;
        require_sound(quote)?;
    }
    Ok(())
}

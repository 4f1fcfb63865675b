//! Each step: loads the accounts, runs the ledger's operation, checks invariants, returns the event. Every borrow
//! ends before the event is emitted, as that is a CPI.

use core::cell::RefMut;

use anchor_lang::prelude::*;
use plimsoll_ledger::{account, bankruptcy};
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_state::{
    AccountStatus, Bank, Books, BooksMut, EngineAccount, MarginAccount, Market, PositionKind, PriceBoard, Registry,
};

use super::ResolveBankruptcy;
use crate::error::{EngineError, Result};
use crate::event::{
    BankruptcyFrozen, BankruptcyResolved, BorrowResolved, EstateBank, EstateMarket, InsuranceReserved, PnlResolved,
    PnlSeized, PositionState, ReservedLeg, TokenSeized,
};
use crate::gate;
use crate::instructions::settle_pnl::leg_after;
use crate::loader::{read, write};

/// The bank of the step: the other one where it is there, else the quote bank.
macro_rules! step_bank {
    ($accounts:expr) => {
        load_bank($accounts.bank.as_ref().or($accounts.quote_bank.as_ref()))?
    };
}

fn load_bank<'a>(given: Option<&'a UncheckedAccount<'_>>) -> Result<RefMut<'a, Bank>> {
    write(given.ok_or(EngineError::TotalsRequired)?)
}

fn load_market<'a>(given: Option<&'a UncheckedAccount<'_>>) -> Result<RefMut<'a, Market>> {
    write(given.ok_or(EngineError::TotalsRequired)?)
}

fn market_after(market: &Market, registry: &Registry) -> Result<EstateMarket> {
    let slot = registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
    Ok(EstateMarket::new(market, slot))
}

impl ResolveBankruptcy<'_> {
    fn keys(&self) -> Result<(Pubkey, Pubkey)> {
        Ok((Pubkey::new_from_array(read::<Registry>(&self.registry)?.engine), self.margin_account.key()))
    }

    /// Freezes the account where it is bankrupt, this observation included.
    #[inline(never)]
    pub(super) fn freeze(&self, now: UnixSecs) -> Result<BankruptcyFrozen> {
        let (engine, key) = self.keys()?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        account.require_status(AccountStatus::Active)?;
        let (mut registry, board) = (write::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let quote = load_bank(self.quote_bank.as_ref())?;
        let mut books = BooksMut { registry: &mut registry, board: &board, now };
        let (portfolio, assessment) = gate::assess(&account, &books.read())?;
        check_bankrupt(&portfolio.0, &assessment)?;
        account::set_clocks(&mut account, &assessment.clocks);
        bankruptcy::freeze(&mut account, &quote, &mut books)?;
        account.invariant()?;
        registry.invariant()?;
        Ok(BankruptcyFrozen {
            engine,
            account: key,
            nav_usd_pico: assessment.spot.nav.get(),
            wind_down_secs: account.wind_down_secs,
        })
    }

    /// Moves a whole asset to insurance.
    #[inline(never)]
    pub(super) fn seize_token(&self, now: UnixSecs) -> Result<TokenSeized> {
        let (engine, key) = self.keys()?;
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut bank = step_bank!(self);
        let seized =
            bankruptcy::seize_token(&mut account, &mut bank, &Books { registry: &registry, board: &board, now })?;
        account.invariant()?;
        bank.invariant()?;
        let bank = EstateBank::from(&*bank);
        Ok(TokenSeized { engine, account: key, shares: seized.shares, atoms: seized.atoms.get(), bank })
    }

    /// Collects a gain or pays on a loss.
    #[inline(never)]
    pub(super) fn seize_pnl(&self, now: UnixSecs) -> Result<PnlSeized> {
        let (engine, key) = self.keys()?;
        let board = read::<PriceBoard>(&self.board)?;
        let mut registry = write::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut quote = load_bank(self.quote_bank.as_ref())?;
        let mut market = load_market(self.market.as_ref())?;
        let mut books = BooksMut { registry: &mut registry, board: &board, now };
        let seized = bankruptcy::seize_pnl(&mut account, &mut market, &mut quote, &mut books)?;
        account.invariant()?;
        quote.invariant()?;
        market.invariant()?;
        registry.invariant()?;
        Ok(PnlSeized {
            engine,
            account: key,
            pnl_atoms: seized.pnl_atoms.get(),
            closed_units: seized.closed.units.get(),
            matched_units: seized.closed.closed_units.get(),
            from_pool_atoms: seized.from_pool_atoms.get(),
            forgone_atoms: seized.forgone_atoms.get(),
            own_claim_atoms: seized.own_claim_atoms.get(),
            into_pool_atoms: seized.into_pool_atoms.get(),
            quote_shares: account.quote_shares(),
            position: PositionState::from(&leg_after(&account, market.index)),
            market: market_after(&market, &registry)?,
            bank: EstateBank::from(&*quote),
        })
    }

    /// Marks the quote legs and reserves insurance, in the first paying call.
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        reason = "a place is one that a search of the same table has found; the quote bank is slot zero"
    )]
    pub(super) fn begin_paying(&self, now: UnixSecs) -> Result<Option<InsuranceReserved>> {
        let (engine, key) = self.keys()?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        if account.status == AccountStatus::Paying as u8 {
            return Ok(None);
        }
        let (mut registry, board) = (write::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let mut quote = load_bank(self.quote_bank.as_ref())?;
        let mut books = BooksMut { registry: &mut registry, board: &board, now };
        let reserved = bankruptcy::begin_paying(&mut account, &mut quote, &mut books)?;
        quote.invariant()?;
        let borrow = account.token_index(Registry::QUOTE_BANK as u8).map(|place| account.tokens[place]);
        let legs = account.derivatives.iter().filter(|leg| leg.kind == PositionKind::Perp as u8);
        Ok(reserved.map(|reserved_atoms| InsuranceReserved {
            engine,
            account: key,
            reserved_atoms: reserved_atoms.get(),
            borrow_fixed_debt_atoms: borrow.map_or(0, |position| position.fixed_debt_atoms),
            borrow_reserved_atoms: borrow.map_or(0, |position| position.reserved_atoms),
            legs: legs
                .map(|leg| ReservedLeg {
                    market: leg.market,
                    fixed_debt_atoms: leg.fixed_debt_atoms,
                    reserved_atoms: leg.reserved_atoms,
                })
                .collect(),
            bank: EstateBank::from(&*quote),
        }))
    }

    /// Pays a borrow.
    #[inline(never)]
    pub(super) fn pay_borrow(&self, now: UnixSecs) -> Result<(BorrowResolved, Option<BankruptcyResolved>)> {
        let (engine, key) = self.keys()?;
        let board = read::<PriceBoard>(&self.board)?;
        let mut registry = write::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut bank = step_bank!(self);
        let mut books = BooksMut { registry: &mut registry, board: &board, now };
        let paid = bankruptcy::pay_borrow(&mut account, &mut bank, &mut books)?;
        let end = if bank.index as usize == Registry::QUOTE_BANK {
            self.end(&mut account, Some(&mut bank), &mut books)?
        } else {
            self.end(&mut account, None, &mut books)?
        };
        account.invariant()?;
        bank.invariant()?;
        registry.invariant()?;
        let event = BorrowResolved {
            engine,
            account: key,
            shares: paid.shares,
            owed_atoms: paid.owed_atoms.get(),
            from_reserved_atoms: paid.payment.from_reserved_atoms.get(),
            from_unreserved_atoms: paid.payment.from_unreserved_atoms.get(),
            socialized_atoms: paid.payment.remainder_atoms.get(),
            uncovered_atoms: paid.uncovered_atoms.get(),
            bank: EstateBank::from(&*bank),
        };
        Ok((event, end))
    }

    /// Pays a market's leg.
    #[inline(never)]
    pub(super) fn pay_pnl(&self, now: UnixSecs) -> Result<(PnlResolved, Option<BankruptcyResolved>)> {
        let (engine, key) = self.keys()?;
        let board = read::<PriceBoard>(&self.board)?;
        let mut registry = write::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut quote = load_bank(self.quote_bank.as_ref())?;
        let mut market = load_market(self.market.as_ref())?;
        let mut books = BooksMut { registry: &mut registry, board: &board, now };
        let paid = bankruptcy::pay_pnl(&mut account, &mut market, &mut quote, &mut books)?;
        let end = self.end(&mut account, Some(&mut quote), &mut books)?;
        account.invariant()?;
        quote.invariant()?;
        market.invariant()?;
        registry.invariant()?;
        let event = PnlResolved {
            engine,
            account: key,
            pnl_atoms: paid.pnl_atoms.get(),
            from_reserved_atoms: paid.payment.from_reserved_atoms.get(),
            from_unreserved_atoms: paid.payment.from_unreserved_atoms.get(),
            covered_atoms: paid.covered_atoms.get(),
            charged_atoms: paid.charged_atoms.get(),
            deficit_atoms: paid.deficit_atoms.get(),
            own_claim_atoms: paid.own_claim_atoms.get(),
            closed_units: paid.closed.units.get(),
            matched_units: paid.closed.closed_units.get(),
            market: market_after(&market, &registry)?,
            bank: EstateBank::from(&*quote),
        };
        Ok((event, end))
    }

    /// Ends a resolution whose last leg somebody repaid.
    ///
    /// # Errors
    /// `WrongStage` where the account is active or a leg is left.
    #[inline(never)]
    pub(super) fn finish(&self, now: UnixSecs) -> Result<BankruptcyResolved> {
        let (mut registry, board) = (write::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let status = AccountStatus::try_from(account.status)?;
        ensure!(status != AccountStatus::Active, EngineError::WrongStage);
        let mut quote = load_bank(self.quote_bank.as_ref())?;
        let end = self
            .end(&mut account, Some(&mut quote), &mut BooksMut { registry: &mut registry, board: &board, now })?
            .ok_or(EngineError::WrongStage)?;
        account.invariant()?;
        quote.invariant()?;
        Ok(end)
    }

    /// The event of what ended, if anything did.
    fn end(
        &self,
        account: &mut MarginAccount,
        mut quote: Option<&mut Bank>,
        books: &mut BooksMut<'_>,
    ) -> Result<Option<BankruptcyResolved>> {
        let finished = bankruptcy::finish(account, quote.as_deref_mut(), books)?;
        let bankruptcy::Finished { returned_atoms, thawed } = finished;
        let event = BankruptcyResolved {
            engine: Pubkey::new_from_array(account.engine),
            account: self.margin_account.key(),
            returned_atoms: returned_atoms.get(),
            thawed,
            bank: quote.map(|bank| EstateBank::from(&*bank)),
        };
        Ok(finished.is_anything().then_some(event))
    }
}

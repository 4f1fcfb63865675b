//! Turns PnL into quote: losers pay into a market's pool, winners are paid out of it.

use plimsoll_interface::args::TakeWinArgs;
use plimsoll_ledger::gate::is_healthy;
use plimsoll_ledger::settle::{collect_loss, pay_own_claim, pay_win};
use plimsoll_ledger::{interest, known, perp, pool};
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_risk::perp::settleable;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, SignedAtoms};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, Books, MarginAccount, Market, Registry};

use crate::accounts::require_sound;
use crate::{gate, AccountNumber, Engine, EngineError, Result};

/// The leg of a market that an account settles.
struct Leg {
    place: usize,
    pnl: SignedAtoms,
    /// The account is at or above maintenance at both prices.
    healthy: bool,
}

impl Engine {
    /// Settles the PnL of an account in a market, or pays the market's own claim where none is named.
    ///
    /// # Errors
    /// `SlotEmpty`, `AccountMismatch`, `AccountBankrupt`, `PositionMissing`, `PriceStale`, `LossKnown`, `NothingToSettle`,
    /// `MarketInDeficit`.
    pub fn settle_pnl(&mut self, market: u8, number: Option<AccountNumber>) -> Result<()> {
        let (mut market, mut bank) = (*self.market(market)?, self.quote_bank()?);
        let account = number.map(|number| Ok::<_, EngineError>((number, self.active(number)?))).transpose()?;
        book(&self.books(), &mut market, &mut bank)?;
        let account = match account {
            None => {
                known::require_market_covered(&market, &bank, &self.registry, self.now)?;
                pay_own_claim(&mut market, &mut bank)?;
                None
            }
            Some((number, mut account)) => {
                settle_account(&mut account, &self.books(), &mut market, &mut bank)?;
                require_sound(&account)?;
                Some((number, account))
            }
        };
        require_sound(&market)?;
        require_sound(&bank)?;
        self.keep_market(market);
        self.keep_bank(bank);
        account.into_iter().for_each(|(number, account)| self.keep_account(number, account));
        Ok(())
    }

    /// A winner leaves a market that has a deficit, for his share of the pool: as its owner decides, or, where the account
    /// is under water, as anyone does.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `SlotEmpty`, `AccountMismatch`, `AccountBankrupt`, `NotOwner`, `PositionMissing`,
    /// `PriceStale`, `LossKnown`, `NothingToSettle`, `BelowLimit`, `MaintenanceMarginInsufficient`.
    pub fn take_win(&mut self, market: u8, number: AccountNumber, by_owner: bool, args: &TakeWinArgs) -> Result<()> {
        ensure!(args.all || args.claim_atoms != 0, EngineError::AmountZero);
        ensure!(args.all || args.claim_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        let (mut market, mut bank) = (*self.market(market)?, self.quote_bank()?);
        let mut account = self.active(number)?;
        ensure!(args.all || by_owner, EngineError::NotOwner);
        let books = self.books();
        book(&books, &mut market, &mut bank)?;
        if !by_owner {
            // Margin counts a win at no more than it is paid, so taking it lowers no margin.
            let (_, before) = gate::assess(&account, &books)?;
            ensure!(before.regime.is_some(), EngineError::NotOwner);
        }
        let leg = assess_leg(&mut account, &books, &mut market)?;
        ensure!(leg.pnl.is_positive(), EngineError::NothingToSettle);
        let most = if args.all { Atoms::MAX } else { Atoms::new(args.claim_atoms) };
        known::require_market_covered(&market, &bank, books.registry, books.now)?;
        let settled = pay_win(&mut account, leg.place, &mut market, &mut bank, leg.pnl.gain().min(most))?;
        // A stranger may take a claim only if it is paid something: he cannot give up a claim for nothing.
        let least = Atoms::new(args.min_paid_atoms.max(!by_owner as u64));
        ensure!(settled.quote_atoms.unsigned_abs() >= least, EngineError::BelowLimit);
        perp::close_leg_if_zero(&mut account, leg.place, &mut market)?;
        let after = gate::observe(&mut account, &books)?;
        if by_owner && !(args.all && after.regime.is_some()) {
            // Creditors may rely on what the owner gives up, unless the account was under water anyway.
            gate::require_maintenance(&account, &books)?;
        }
        require_sound(&account)?;
        require_sound(&market)?;
        require_sound(&bank)?;
        self.keep_account(number, account);
        self.keep_market(market);
        self.keep_bank(bank);
        Ok(())
    }
}

/// Brings the quote bank's interest and the pool's value to now.
fn book(books: &Books<'_>, market: &mut Market, bank: &mut Bank) -> Result<()> {
    let slot = books.registry.bank(Registry::QUOTE_BANK).ok_or(EngineError::SlotEmpty)?;
    interest::book_now(bank, slot, books.now);
    Ok(pool::touch_pool(market, bank.deposit_index)?)
}

/// Applies the index to the account's leg, and values it.
fn assess_leg(account: &mut MarginAccount, books: &Books<'_>, market: &mut Market) -> Result<Leg> {
    let slot = books.registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
    let place = account.perp_index(market.index).ok_or(EngineError::PositionMissing)?;
    let leg = account.derivatives.get_mut(place).ok_or(EngineError::PositionMissing)?;
    perp::touch(leg, slot, Some(market), books.funding())?;
    if leg.shares == 0 && leg.cash_atoms >= 0 {
        // A claim without a base needs no price and no margin.
        return Ok(Leg { place, pnl: leg.cash(), healthy: true });
    }
    let views = Views { spot: true, fast: true, initial: true, edges: true };
    let buffer = gate::load(account, books, views)?;
    let perp = buffer.0.perps().iter().find(|p| p.market == market.index).ok_or(EngineError::PositionMissing)?;
    ensure!(perp.units.is_zero() || !perp.prices.stale, EngineError::PriceStale);
    let price = books.board.slot(slot.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
    let pnl = settleable(perp, BasePrice::new_down(price.slow.get(), slot.scale.get()));
    Ok(Leg { place, pnl, healthy: is_healthy(&buffer.0) })
}

fn settle_account(account: &mut MarginAccount, books: &Books<'_>, market: &mut Market, bank: &mut Bank) -> Result<()> {
    let Leg { place, pnl, healthy } = assess_leg(account, books, market)?;
    ensure!(!pnl.is_zero(), EngineError::NothingToSettle);
    if pnl.is_negative() {
        // A debt is lent like any other: what does not fit stays PnL, and winners wait.
        let room = if healthy { bank.lending_room_down(books.registry, books.now) } else { Atoms::ZERO };
        collect_loss(account, place, market, bank, pnl.unsigned_abs(), room)?;
    } else {
        // With a deficit a win costs the winner a part of it: `take_win` says who may decide that.
        ensure!(market.deficit_atoms == 0, EngineError::MarketInDeficit);
        known::require_market_covered(market, bank, books.registry, books.now)?;
        pay_win(account, place, market, bank, pnl.unsigned_abs())?;
    }
    perp::close_leg_if_zero(account, place, market)?;
    gate::observe(account, books)?;
    Ok(())
}

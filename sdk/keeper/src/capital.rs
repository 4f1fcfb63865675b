//! What the liquidator's account can still take on, with what is under way counted as if it had happened.
//!
//! A fill is applied to a copy of the account as the program would apply it, and the copy must pass the same initial
//! check that the program ends a liquidation with. So two liquidations under way never spend the same margin.

use std::time::{Duration, Instant};

use plimsoll_ledger::token::open_token;
use plimsoll_risk::bank::{credit, debit, debt_atoms_up, deposit_atoms_down, shares_down};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::liquidate::{Leg, Liability, Plan};
use plimsoll_risk::margin::check_takeover;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{
    AccountStatus, DerivativePosition, I128Le, MarginAccount, PositionKind, PriceBoard, Registry, TokenPosition,
};

/// A reservation is dropped after this, whatever became of its transaction: its blockhash has long expired.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(180);

/// What a fill does to the liquidator's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Pays debt atoms, gets collateral atoms.
    Pair {
        /// Bank of the collateral.
        asset: u8,
        /// Atoms of it.
        received_atoms: u64,
        /// Bank of the debt; quote for negative PnL.
        liability: u8,
        /// Atoms of it.
        paid_atoms: u64,
        /// Paid into a market's pool: what he does not have of it is newly lent, and not an old debt passed on.
        into_pool: bool,
    },
    /// Takes over units of a perp with their cash.
    Perp {
        /// Its market.
        market: u8,
        /// Base units, signed.
        units: i64,
        /// Quote atoms, signed.
        cash_atoms: i64,
    },
}

impl Fill {
    /// What a plan for a leg does; `long` is whether a perp taken over is long.
    pub fn of(leg: Leg, plan: &Plan, long: bool) -> Self {
        match leg {
            Leg::Pair { asset, liability } => Self::Pair {
                asset,
                received_atoms: plan.received_atoms,
                liability: match liability {
                    Liability::Borrow(bank) => bank,
                    Liability::NegativePnl(_) => Registry::QUOTE_BANK as u8,
                },
                paid_atoms: plan.paid_atoms,
                into_pool: matches!(liability, Liability::NegativePnl(_)),
            },
            Leg::Perp { market } => {
                let signed = |atoms: u64| i64::try_from(atoms).unwrap_or(i64::MAX);
                let (size, worth, kept) = (signed(plan.size), signed(plan.paid_atoms), signed(plan.received_atoms));
                let (units, worth) = if long { (size, -worth) } else { (-size, worth) };
                Self::Perp { market, units, cash_atoms: worth.saturating_add(kept) }
            }
        }
    }
}

/// One fill under way.
#[derive(Clone, Copy, Debug)]
struct Reservation {
    ticket: u64,
    fill: Fill,
    since: Instant,
    /// The slot that has it; the account shows it from then on.
    confirmed_slot: Option<u64>,
}

/// The fills under way.
#[derive(Debug, Default)]
pub struct Capital {
    reserved: Vec<Reservation>,
    next_ticket: u64,
}

impl Capital {
    /// Reserves a fill until it is released.
    pub fn reserve(&mut self, fill: Fill, now: Instant) -> u64 {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.reserved.push(Reservation { ticket, fill, since: now, confirmed_slot: None });
        ticket
    }

    /// The transaction failed or was never sent.
    pub fn release(&mut self, ticket: u64) {
        self.reserved.retain(|reservation| reservation.ticket != ticket);
    }

    /// The transaction is in this slot; the reservation stands until the account is known as of it.
    pub fn confirm(&mut self, ticket: u64, slot: u64) {
        for reservation in self.reserved.iter_mut().filter(|reservation| reservation.ticket == ticket) {
            reservation.confirmed_slot = Some(slot);
        }
    }

    /// Drops what the account of this slot already shows, and what is forgotten.
    pub fn known(&mut self, own_slot: u64, now: Instant) {
        self.reserved.retain(|reservation| {
            let shown = reservation.confirmed_slot.is_some_and(|slot| slot <= own_slot);
            !shown && now.saturating_duration_since(reservation.since) < FORGOTTEN_AFTER
        });
    }

    /// Fills under way.
    pub fn len(&self) -> usize {
        self.reserved.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.reserved.is_empty()
    }

    /// The account as it would be after everything under way.
    ///
    /// # Errors
    /// `PositionTableFull` where a table has no room, `NumberOutOfRange`.
    pub fn after_reserved(&self, funds: &Funds<'_>) -> RiskResult<MarginAccount> {
        let mut account = *funds.own;
        for reservation in &self.reserved {
            funds.apply(&mut account, &reservation.fill)?;
        }
        Ok(account)
    }
}

/// The liquidator's account beside what it is valued by.
#[derive(Clone, Copy)]
pub struct Funds<'a> {
    /// The account.
    pub own: &'a MarginAccount,
    /// The registry.
    pub registry: &'a Registry,
    /// Prices.
    pub board: &'a PriceBoard,
    /// Unix seconds.
    pub now: i64,
    /// What the quote bank may still lend by way of a liquidation, atoms; see `Bank::lending_room_down`.
    pub lending_room_atoms: u64,
}

impl Funds<'_> {
    /// Whether `account`, the liquidator's after what is reserved, can take a fill too.
    ///
    /// # Errors
    /// The reason why not: `MarginInsufficient`, `PriceStale`, `PriceNotReady`, `PositionTableFull`, `BorrowCapReached`
    /// where negative PnL would be paid with more quote than he has and the bank may lend, `NumberOutOfRange`.
    pub fn can_take(&self, account: &MarginAccount, fill: &Fill) -> RiskResult<()> {
        if account.status != AccountStatus::Active as u8 {
            return Err(RiskError::WrongStage);
        }
        let mut after = *account;
        self.apply(&mut after, fill)?;
        if matches!(fill, Fill::Pair { into_pool: true, .. }) {
            let [held, before, owed] = [self.own, account, &after].map(|account| self.quote_debt_atoms(account));
            // What is under way counts as lent, since the bank does not show it yet.
            if owed > before && owed.saturating_sub(held) > self.lending_room_atoms {
                return Err(RiskError::BorrowCapReached);
            }
        }
        if after.is_debt_free() {
            return Ok(());
        }
        let accounts = Accounts { account: &after, registry: self.registry, board: self.board, now: self.now };
        check_takeover(&*accounts.portfolio(Views::INITIAL)?).map(|_| ())
    }

    fn quote_debt_atoms(&self, account: &MarginAccount) -> u64 {
        let slot = &self.registry.banks[Registry::QUOTE_BANK];
        debt_atoms_up(account.quote_shares().min(0).unsigned_abs(), slot.borrow_index_at(self.now))
    }

    fn apply(&self, account: &mut MarginAccount, fill: &Fill) -> RiskResult<()> {
        match *fill {
            Fill::Pair { asset, received_atoms, liability, paid_atoms, .. } => {
                self.move_atoms(account, liability, paid_atoms, false)?;
                self.receive(account, asset, received_atoms)
            }
            Fill::Perp { market, units, cash_atoms } => self.take_over(account, market, units, cash_atoms),
        }
    }

    /// Collateral arrives as shares, counted at the most that the bank's index can be: the program counts them at the
    /// bank's own where it has the bank, so that at least these arrive.
    fn receive(&self, account: &mut MarginAccount, bank: u8, atoms: u64) -> RiskResult<()> {
        let slot = self.registry.bank(bank as usize).ok_or(RiskError::LegEmpty)?;
        let shares = shares_down(atoms, slot.deposit_index_at_most(self.now))?;
        self.move_atoms(account, bank, deposit_atoms_down(shares, slot.deposit_index), true)
    }

    fn move_atoms(&self, account: &mut MarginAccount, bank: u8, atoms: u64, gets: bool) -> RiskResult<()> {
        let slot = self.registry.bank(bank as usize).ok_or(RiskError::LegEmpty)?;
        let place = match account.token_index(bank) {
            Some(place) => place,
            None => open_token(account, bank).ok_or(RiskError::PositionTableFull)?,
        };
        let (shares, indices) = (account.tokens[place].shares, slot.indices_at(self.now));
        let (shares, _) = if gets { credit(shares, atoms, &indices)? } else { debit(shares, atoms, &indices)? };
        let empty = TokenPosition::default();
        account.tokens[place] =
            if shares == 0 { empty } else { TokenPosition { shares, bank, used: 1, ..account.tokens[place] } };
        Ok(())
    }

    fn take_over(&self, account: &mut MarginAccount, market: u8, units: i64, cash_atoms: i64) -> RiskResult<()> {
        let slot = self.registry.market(market as usize).ok_or(RiskError::LegEmpty)?;
        let clock = self.registry.funding_at(self.now);
        let place = match account.perp_index(market) {
            Some(place) => place,
            None => {
                let free = |leg: &DerivativePosition| leg.kind == PositionKind::Empty as u8;
                account.derivatives.iter().position(free).ok_or(RiskError::PositionTableFull)?
            }
        };
        let leg = &mut account.derivatives[place];
        let held = if leg.kind == PositionKind::Perp as u8 { slot.project(leg, clock)? } else { (0, 0) };
        let sum = |a: i64, b: i64| a.checked_add(b).ok_or(RiskError::NumberOutOfRange);
        let (units, cash_atoms) = (sum(held.0, units)?, sum(held.1, cash_atoms)?);
        *leg = DerivativePosition { kind: PositionKind::Perp as u8, market, cash_atoms, ..*leg };
        let Some(side) = Side::of(units) else {
            leg.shares = 0;
            return Ok(());
        };
        let index = slot.index_at(side, clock)?;
        leg.shares = side.signed(index.shares_up(units.unsigned_abs())?)?;
        leg.k_entry = I128Le::new(index.k);
        leg.epoch = slot.sides[side as usize].epoch;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILL: Fill = Fill::Perp { market: 0, units: 1, cash_atoms: 2 };

    #[test]
    fn a_reservation_stands_until_the_account_shows_the_fill() {
        let (mut capital, now) = (Capital::default(), Instant::now());
        let ticket = capital.reserve(FILL, now);
        capital.known(u64::MAX, now);
        assert_eq!(capital.len(), 1, "not confirmed yet");
        capital.confirm(ticket, 50);
        capital.known(49, now);
        assert_eq!(capital.len(), 1, "the account is older than the fill");
        capital.known(50, now);
        assert!(capital.is_empty());
    }

    #[test]
    fn a_failed_fill_is_released_and_a_lost_one_forgotten() {
        let (mut capital, now) = (Capital::default(), Instant::now());
        let (one, _two) = (capital.reserve(FILL, now), capital.reserve(FILL, now));
        capital.release(one);
        assert_eq!(capital.len(), 1);
        capital.known(0, now + FORGOTTEN_AFTER);
        assert!(capital.is_empty());
    }
}

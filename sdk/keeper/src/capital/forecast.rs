//! What fills do to the liquidator's account: the ledger's own functions, on copies.

use std::collections::BTreeMap;

use plimsoll_ledger::liquidation::{apply, Totals};
use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_risk::margin::check_takeover;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{AccountStatus, Bank, Books, MarginAccount, Market};

use crate::state::Shared;

/// One liquidation, sent or about to be.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// The leg.
    pub leg: Leg,
    /// What the program does.
    pub plan: Plan,
    /// The account under water as it was planned on.
    pub liquidatee: MarginAccount,
    /// The collateral's bank goes along.
    pub with_asset_bank: bool,
}

/// The accounts that the liquidator's fills write, as they will be after some of them.
#[derive(Clone)]
pub struct Forecast<'a> {
    books: Books<'a>,
    /// The liquidator's account.
    pub own: MarginAccount,
    totals: Written<'a>,
}

impl<'a> Forecast<'a> {
    /// Before any fill, at `now`, Unix seconds.
    pub fn new(own: &MarginAccount, shared: &'a Shared, now: i64) -> Self {
        let books = Books { registry: &shared.registry, board: &shared.board, now: UnixSecs::new(now) };
        let totals = Written { shared, banks: BTreeMap::new(), markets: BTreeMap::new() };
        Self { books, own: *own, totals }
    }

    /// Books a fill as the program would; after an error the forecast is of no use.
    ///
    /// # Errors
    /// Those of the ledger's `apply`; `SlotEmpty` where a bank or market is not known.
    pub fn apply(&mut self, fill: &Fill) -> RiskResult<()> {
        let mut liquidatee = fill.liquidatee;
        let (totals, own) = (&mut self.totals, &mut self.own);
        apply(fill.leg, &fill.plan, &self.books, fill.with_asset_bank, totals, own, &mut liquidatee)
    }

    /// Whether the liquidator's account can take a fill too.
    ///
    /// # Errors
    /// The reason why not: `WrongStage`, `MarginInsufficient`, `PriceStale`, `PriceNotReady`, and those of [`Self::apply`].
    pub fn can_take(&self, fill: &Fill) -> RiskResult<()> {
        if self.own.status != AccountStatus::Active as u8 {
            return Err(RiskError::WrongStage);
        }
        let mut after = self.clone();
        after.apply(fill)?;
        if after.own.is_debt_free() {
            return Ok(());
        }
        let mut portfolio = Box::new(Portfolio::empty(*self.books.registry.params()));
        self.books.load(&after.own, Views::INITIAL, &mut portfolio)?;
        check_takeover(&portfolio).map(|_| ())
    }
}

/// What fills have written, over what is known.
#[derive(Clone)]
struct Written<'a> {
    shared: &'a Shared,
    banks: BTreeMap<u8, Bank>,
    markets: BTreeMap<u8, Market>,
}

impl Totals for Written<'_> {
    fn bank(&self, index: u8) -> RiskResult<Bank> {
        let known = self.banks.get(&index).or_else(|| self.shared.banks.get(index as usize));
        known.copied().ok_or(RiskError::SlotEmpty)
    }

    fn market(&self, index: u8) -> RiskResult<Market> {
        let known = self.markets.get(&index).or_else(|| self.shared.markets.get(index as usize));
        known.copied().ok_or(RiskError::SlotEmpty)
    }

    fn keep_bank(&mut self, bank: Bank) {
        self.banks.insert(bank.index, bank);
    }

    fn keep_market(&mut self, market: Market) {
        self.markets.insert(market.index, market);
    }
}

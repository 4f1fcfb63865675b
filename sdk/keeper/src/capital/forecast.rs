//! What fills do to the liquidator's account: the ledger's own functions, on copies.

use std::collections::BTreeMap;

use plimsoll_ledger::liquidation::{apply_pair, apply_position, PairAccounts};
use plimsoll_risk::liquidate::{Leg, Liability, Plan};
use plimsoll_risk::margin::check_takeover;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_sdk::offer::pays_with;
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
    shared: &'a Shared,
    books: Books<'a>,
    /// The liquidator's account.
    pub own: MarginAccount,
    /// Banks that a fill has written.
    banks: BTreeMap<u8, Bank>,
    /// Markets that a fill has written.
    markets: BTreeMap<u8, Market>,
}

impl<'a> Forecast<'a> {
    /// Before any fill, at `now`, Unix seconds.
    pub fn new(own: &MarginAccount, shared: &'a Shared, now: i64) -> Self {
        let books = Books { registry: &shared.registry, board: &shared.board, now };
        Self { shared, books, own: *own, banks: BTreeMap::new(), markets: BTreeMap::new() }
    }

    /// Books a fill as the program would; after an error the forecast is of no use.
    ///
    /// # Errors
    /// Those of `apply_pair` and `apply_position`; `SlotEmpty` where a bank or market is not known.
    pub fn apply(&mut self, fill: &Fill) -> RiskResult<()> {
        let mut liquidatee = fill.liquidatee;
        match fill.leg {
            Leg::Pair { asset, liability } => self.pair(fill, asset, liability, &mut liquidatee),
            Leg::Perp { market } => self.position(fill, market, &mut liquidatee),
        }
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

    fn pair(&mut self, fill: &Fill, asset: u8, liability: Liability, liquidatee: &mut MarginAccount) -> RiskResult<()> {
        let mut asset_bank = fill.with_asset_bank.then(|| self.bank(asset)).transpose()?;
        let mut liability_bank = self.bank(pays_with(&fill.leg))?;
        let mut market = match liability {
            Liability::Borrow(_) => None,
            Liability::NegativePnl(market) => Some(self.market(market)?),
        };
        let accounts = PairAccounts {
            asset,
            asset_bank: asset_bank.as_mut(),
            liability_bank: &mut liability_bank,
            market: market.as_mut(),
        };
        apply_pair(&fill.plan, &self.books, accounts, &mut self.own, liquidatee)?;
        self.banks.extend(asset_bank.into_iter().chain([liability_bank]).map(|bank| (bank.index, bank)));
        self.markets.extend(market.map(|market| (market.index, market)));
        Ok(())
    }

    fn position(&mut self, fill: &Fill, market: u8, liquidatee: &mut MarginAccount) -> RiskResult<()> {
        let mut market = self.market(market)?;
        apply_position(&fill.plan, &self.books, &mut market, &mut self.own, liquidatee)?;
        self.markets.insert(market.index, market);
        Ok(())
    }

    fn bank(&self, index: u8) -> RiskResult<Bank> {
        let known = self.banks.get(&index).or_else(|| self.shared.banks.get(index as usize));
        known.copied().ok_or(RiskError::SlotEmpty)
    }

    fn market(&self, index: u8) -> RiskResult<Market> {
        let known = self.markets.get(&index).or_else(|| self.shared.markets.get(index as usize));
        known.copied().ok_or(RiskError::SlotEmpty)
    }
}

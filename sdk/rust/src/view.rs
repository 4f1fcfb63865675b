//! What the program would see and do, from accounts that a client has read: the same loading, the same decisions.

use plimsoll_risk::liquidate::{assess, Assessment, Plan, Refusal, Request};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::{liquidate, RiskResult};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Books, MarginAccount, MarginView, PriceBoard, Registry};
use solana_pubkey::Pubkey;

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

impl Accounts<'_> {
    /// What the account is valued by.
    pub const fn books(&self) -> Books<'_> {
        Books { registry: self.registry, board: self.board, now: UnixSecs::new(self.now) }
    }

    /// The account as plain numbers, projected to now.
    ///
    /// # Errors
    /// Those of `snapshot::load`.
    pub fn portfolio(&self, views: Views) -> RiskResult<Box<Portfolio>> {
        let mut portfolio = Box::new(Portfolio::empty(*self.registry.params()));
        self.books().load(self.account, views, &mut portfolio)?;
        Ok(portfolio)
    }

    /// What `check_margin` returns of the margin account, which is the one at `address`: all three views, or maintenance at
    /// spot alone.
    ///
    /// # Errors
    /// Those of `snapshot::load`.
    pub fn margin_view(&self, address: &Pubkey, all: bool) -> RiskResult<MarginView> {
        let portfolio = self.portfolio(if all { Views::ALL } else { Views::SPOT })?;
        Ok(MarginView::of(address.as_array(), self.account, &portfolio, all))
    }

    /// Eligibility, regime, best leg, and the clocks as an observation now would leave them.
    ///
    /// # Errors
    /// Those of `snapshot::load`.
    pub fn assessment(&self) -> RiskResult<Assessment> {
        Ok(assess(&*self.portfolio(Views::LIQUIDATION)?, &self.account.clocks(), UnixSecs::new(self.now)))
    }

    /// What a liquidation of this account would do now; the inner result is the reason why it would not.
    ///
    /// # Errors
    /// Those of `snapshot::load`.
    pub fn plan(&self, request: &Request) -> RiskResult<Result<Plan, Refusal>> {
        let mut portfolio = self.portfolio(Views::LIQUIDATION)?;
        Ok(liquidate::plan(&mut portfolio, &self.account.clocks(), request, UnixSecs::new(self.now)))
    }
}

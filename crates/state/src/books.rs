//! What every valuation reads beside an account: the engine's registry, its prices and the time.

use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_risk::RiskResult;

use crate::snapshot::{self, Views};
use crate::{MarginAccount, PriceBoard, Registry};

/// Registry, prices and time of one moment, all of one engine.
#[derive(Clone, Copy, Debug)]
pub struct Books<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The price board.
    pub board: &'a PriceBoard,
    /// The time.
    pub now: UnixSecs,
}

impl Books<'_> {
    /// The engine's parameters.
    #[inline(always)]
    pub const fn params(&self) -> &GlobalParams {
        self.registry.params()
    }

    /// What funding is projected to.
    #[inline(always)]
    pub const fn funding(&self) -> FundingClock {
        self.registry.funding_at(self.now)
    }

    /// Fills `out` with an account's legs, see [`snapshot::load`]; those that a breaker of insurance holds back are marked.
    ///
    /// # Errors
    /// As there.
    #[inline(always)]
    pub fn load(&self, account: &MarginAccount, views: Views, out: &mut Portfolio) -> RiskResult<()> {
        snapshot::load(account, self, views, out)?;
        // Here and not in the loop's own function, where what it keeps for this costs every leg compute units.
        if views.initial && self.registry.drawn_until_at > self.now.get() {
            snapshot::hold_back(account, self.registry, self.now, out);
        }
        Ok(())
    }
}

/// [`Books`] of which the registry is written.
#[derive(Debug)]
pub struct BooksMut<'a> {
    /// The registry.
    pub registry: &'a mut Registry,
    /// The price board.
    pub board: &'a PriceBoard,
    /// The time.
    pub now: UnixSecs,
}

impl BooksMut<'_> {
    /// The same for reading.
    #[inline(always)]
    pub const fn read(&self) -> Books<'_> {
        Books { registry: self.registry, board: self.board, now: self.now }
    }
}

/// The time that funding is projected to, and how long a stored rate is extrapolated without a crank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingClock {
    /// The time.
    pub now: UnixSecs,
    /// [`plimsoll_risk::params::PerpParams::funding_max_secs`].
    pub max_secs: Secs,
}

impl Registry {
    /// What funding is projected to at `now`.
    #[inline(always)]
    pub const fn funding_at(&self, now: UnixSecs) -> FundingClock {
        FundingClock { now, max_secs: self.params().perps.funding_max() }
    }
}

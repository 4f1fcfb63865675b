//! What the liquidator's account is worth, what it can still take on, and what it holds.

use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::num::PPM;
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::{UnixSecs, UsdPico};
use plimsoll_risk::RiskResult;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Books, Registry};

use super::Tracker;

/// How the liquidator's account stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnStanding {
    /// NAV at spot, micro-dollars.
    pub nav_usd_micro: i64,
    /// What an initial check leaves above the requirement, micro-dollars: below zero nothing can be taken on.
    pub free_margin_usd_micro: i64,
    /// Value at spot of each balance (`bank_3`) and notional of each perp (`market_1`), debts and shorts below zero,
    /// micro-dollars; empty ones are left out.
    pub inventory_usd_micro: Vec<(String, i64)>,
}

fn micro(value: UsdPico) -> i64 {
    i64::try_from(value.get() / i128::from(PPM)).unwrap_or(if value.get() < 0 { i64::MIN } else { i64::MAX })
}

fn signed(value_usd_micro: u64, is_negative: bool) -> i64 {
    let value = i64::try_from(value_usd_micro).unwrap_or(i64::MAX);
    if is_negative {
        -value
    } else {
        value
    }
}

impl Tracker {
    /// How the liquidator's account stands now; none where there is none or it is not known yet.
    ///
    /// # Errors
    /// Why it cannot be evaluated.
    pub fn own_standing(&self) -> Option<RiskResult<OwnStanding>> {
        let own = self.own()?;
        let mut portfolio = Portfolio::empty(GlobalParams::DEFAULT);
        let (registry, board) = (&self.shared.registry, &self.shared.board);
        let books = Books { registry, board, now: UnixSecs::new(self.now()) };
        Some(books.load(own, Views::ALL, &mut portfolio).map(|()| standing(&portfolio)))
    }
}

fn standing(portfolio: &Portfolio) -> OwnStanding {
    let quote = &portfolio.quote;
    let mut inventory: Vec<(String, i64)> = Vec::new();
    let tokens = portfolio.tokens().iter().map(|leg| (leg.bank, leg));
    for (bank, leg) in std::iter::once((Registry::QUOTE_BANK as u8, quote)).chain(tokens) {
        let value = leg.prices.spot.value_up(leg.amount_atoms.unsigned_abs()).get();
        inventory.push((format!("bank_{bank}"), signed(value, leg.amount_atoms.get() < 0)));
    }
    for leg in portfolio.perps() {
        let value = quote.prices.spot.value_up(leg.prices.spot.value_up(leg.units.unsigned_abs())).get();
        inventory.push((format!("market_{}", leg.market), signed(value, leg.units.get() < 0)));
    }
    inventory.retain(|(_, value)| *value != 0);
    OwnStanding {
        nav_usd_micro: micro(margins(portfolio, PriceKind::Spot, false).nav),
        free_margin_usd_micro: micro(initial_margins(portfolio).init_excess),
        inventory_usd_micro: inventory,
    }
}

//! When an owner is called, and what one price alone makes of an account (CALL-1).

use crate::margin::{margin, View};
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{int, Q};

/// Below target, or below `1 + band` times maintenance, at spot.
pub fn is_called(portfolio: &Portfolio, band: &Q) -> bool {
    let view = View::Plain(At::Spot);
    let maintenance = margin(portfolio, Level::Maintenance, view);
    let target = margin(portfolio, Level::Target, view);
    target.is_under_water() || maintenance.nav < (int(1) + band) * maintenance.requirement
}

/// The account after its price has gone to `factor` times what it was, for some of its balances and perps. All perps are
/// counted in quote, so the price of quote is that of what they are worth too.
pub fn with_price(portfolio: &Portfolio, balances: &[usize], perps: &[usize], factor: &Q) -> Portfolio {
    let mut moved = portfolio.clone();
    for index in balances {
        let price = &mut moved.balances[*index].price;
        for part in [&mut price.spot, &mut price.fast, &mut price.slow] {
            *part = &*part * factor;
        }
    }
    for (index, perp) in moved.perps.iter_mut().enumerate() {
        let mut times = |factor: &Q| {
            for part in [&mut perp.price.spot, &mut perp.price.fast, &mut perp.price.slow] {
                *part = &*part * factor;
            }
        };
        if perps.contains(&index) {
            times(factor);
        }
        if balances.contains(&portfolio.quote) {
            times(factor);
            perp.cash = &perp.cash * factor;
        }
    }
    moved
}

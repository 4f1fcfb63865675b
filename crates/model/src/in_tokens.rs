//! Margins where the settlement token is not at par (ADR 2): PnL and charges of perps are quote tokens, netted with the
//! balance in tokens, and their sums are valued once at the token's own price.

use num_traits::Zero;

use crate::margin::{balance_price, balance_value, perp_value, side, Margin, View};
use crate::portfolio::{Balance, Level, Portfolio};
use crate::rational::{negative, positive, Q};

/// What `tokens` of quote are worth in a view: at the price of what is owned, or of what is owed.
fn worth(portfolio: &Portfolio, tokens: &Q, view: View) -> Q {
    let balance = Balance { amount: tokens.clone(), ..portfolio.quote_balance().clone() };
    tokens * balance_price(portfolio, &balance, view)
}

/// NAV and requirement of a portfolio whose perps' prices and cash are in quote tokens.
///
/// At initial a charge counts at the quote's high price, as what is owed does; at maintenance at the price that favours
/// the account where the quote is stale.
pub fn margin_in_tokens(portfolio: &Portfolio, level: Level, view: View) -> Margin {
    let quote = portfolio.quote_balance();
    let (mut losses, mut gains, mut charge) = (Q::zero(), Q::zero(), Q::zero());
    for perp in &portfolio.perps {
        let (pnl, notional) = perp_value(portfolio, perp, view);
        losses += negative(&pnl);
        gains += positive(&pnl);
        charge += perp.rate.at(level) * notional;
    }
    let w_pnl = if level == Level::Initial { Q::zero() } else { portfolio.params.w_pnl.clone() };
    let netted = worth(portfolio, &(&quote.amount + &losses + w_pnl * &gains), view);
    let mut nav = worth(portfolio, &(&quote.amount + losses + gains), view);
    let mut above = side(&netted, quote.w_a.at(level), quote.w_l.at(level)) + worth(portfolio, &-charge, view);
    for (_, balance) in portfolio.balances.iter().enumerate().filter(|(index, _)| *index != portfolio.quote) {
        let value = balance_value(portfolio, balance, view);
        above += side(&value, balance.w_a.at(level), balance.w_l.at(level));
        nav += value;
    }
    Margin { requirement: &nav - above, nav }
}

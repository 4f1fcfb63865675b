//! Who pays when an account is bankrupt (BANKRUPT-5 to 8).

use num_traits::{Signed, Zero};

use crate::margin::{balance_value, perp_value, View};
use crate::portfolio::{At, Portfolio};
use crate::rational::{floor_atoms, int, min, negative, positive, sum, Q};

/// What stage (a) moves and leaves. Values in dollars at spot, one entry per balance or market.
#[derive(Clone, Debug, PartialEq)]
pub struct Surrender {
    /// Paid out of each market's pool on the account's gains.
    pub from_pools: Vec<Q>,
    /// Paid by the account's own quote into each market's pool.
    pub into_pools: Vec<Q>,
    /// Every remaining asset, in kind to its bank's insurance.
    pub to_insurance: Vec<Q>,
    /// Gains that no pool could pay: the market's own claim.
    pub to_own_claims: Vec<Q>,
    /// What is still owed in each bank.
    pub borrows: Vec<Q>,
    /// What is still owed to each market.
    pub losses: Vec<Q>,
}

/// Stage (a): pools pay what they can, q pays the account's negative PnL at spot, and the rest moves
/// (BANKRUPT-5). Pro rata of the losses is the only division of q that no order of calls can change.
pub fn surrender(portfolio: &Portfolio, pools: &[Q]) -> Surrender {
    let values: Vec<Q> = portfolio.balances.iter().map(|b| &b.amount * b.price.at(At::Spot)).collect();
    let pnls: Vec<Q> = portfolio.perps.iter().map(|p| p.pnl(p.price.at(At::Spot))).collect();
    let from_pools: Vec<Q> = pnls.iter().zip(pools).map(|(pnl, pool)| min(&positive(pnl), pool)).collect();
    let owed: Vec<Q> = pnls.iter().map(|pnl| -negative(pnl)).collect();
    let quote = &values[portfolio.quote] + sum(&from_pools);
    let into_pools = pro_rata(&positive(&quote), &owed);
    let quote_left = quote - sum(&into_pools);
    let mut left = values;
    left[portfolio.quote] = quote_left;
    Surrender {
        to_insurance: left.iter().map(positive).collect(),
        borrows: left.iter().map(|value| -negative(value)).collect(),
        to_own_claims: pnls.iter().zip(&from_pools).map(|(pnl, paid)| positive(pnl) - paid).collect(),
        losses: owed.iter().zip(&into_pools).map(|(loss, paid)| loss - paid).collect(),
        from_pools,
        into_pools,
    }
}

/// Divides `fund` by the size of the claims, at most each claim.
pub fn pro_rata(fund: &Q, claims: &[Q]) -> Vec<Q> {
    let total = sum(claims);
    if total.is_zero() {
        return vec![Q::zero(); claims.len()];
    }
    let paid = min(fund, &total);
    claims.iter().map(|claim| claim * &paid / &total).collect()
}

/// One quote leg: the borrow, or the negative PnL of a market.
#[derive(Clone, Debug, PartialEq)]
pub struct QuoteLeg {
    /// Whether it is the quote borrow; else the negative PnL of a market.
    pub is_borrow: bool,
    /// What is owed.
    pub owed: Q,
    /// Insurance reserved for it.
    pub reserved: Q,
    /// Whether its call has been made.
    pub is_paid: bool,
}

/// What one leg's call does.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    /// Paid out of what was reserved.
    pub from_reserved: Q,
    /// Paid out of insurance that was not reserved.
    pub from_unreserved: Q,
    /// Reserved and not needed, given back.
    pub returned: Q,
    /// What nobody paid.
    pub socialized: Q,
}

/// Whether payments are whole atoms, as in the program, or exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Payments of any size.
    Exact,
    /// Payments in whole atoms, rounded down.
    Atoms,
}

impl Unit {
    fn round(self, amount: &Q) -> Q {
        match self {
            Unit::Exact => amount.clone(),
            Unit::Atoms => floor_atoms(amount),
        }
    }
}

/// Stages (b) and (c) of one account in the quote bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Estate {
    /// Insurance of the quote bank that is not reserved.
    pub unreserved: Q,
    /// The quote legs, in any order.
    pub legs: Vec<QuoteLeg>,
    /// What payments are counted in.
    pub unit: Unit,
}

impl Estate {
    /// Stage (b): the first paying call marks all quote legs and reserves pro rata, debited at once.
    pub fn mark(insurance: &Q, borrow: &Q, losses: &[Q], unit: Unit) -> Estate {
        let owed: Vec<Q> = core::iter::once(borrow).chain(losses).cloned().collect();
        let reserved: Vec<Q> = pro_rata(insurance, &owed).iter().map(|r| unit.round(r)).collect();
        let unreserved = insurance - sum(&reserved);
        let leg = |(index, (owed, reserved)): (usize, (Q, Q))| QuoteLeg {
            is_borrow: index == 0,
            is_paid: owed.is_zero(),
            owed,
            reserved,
        };
        let legs = owed.into_iter().zip(reserved).enumerate().map(leg).collect();
        Estate { unreserved, legs, unit }
    }

    /// Stage (c): pays `min(reserved, leg)`, then from what is not reserved, returns what is over and socializes the
    /// remainder. Nothing where the leg is paid already, or where a market would go before the quote borrow.
    pub fn pay(&mut self, index: usize) -> Option<Payment> {
        let borrow_waits = self.legs.iter().any(|leg| leg.is_borrow && !leg.is_paid);
        let unit = self.unit;
        let leg = &mut self.legs[index];
        if leg.is_paid || (borrow_waits && !leg.is_borrow) {
            return None;
        }
        let from_reserved = unit.round(&min(&leg.reserved, &leg.owed));
        let rest = &leg.owed - &from_reserved;
        let from_unreserved = unit.round(&min(&rest, &self.unreserved));
        let returned = &leg.reserved - &from_reserved;
        self.unreserved += &returned - &from_unreserved;
        leg.is_paid = true;
        leg.reserved = Q::zero();
        Some(Payment { socialized: rest - &from_unreserved, from_reserved, from_unreserved, returned })
    }

    /// A leg's amount moves between the mark and its call (interest, or the price of the market).
    pub fn move_leg(&mut self, index: usize, owed: Q) {
        self.legs[index].owed = owed;
    }
}

/// A debt in another mint has that mint's insurance to itself: paid, and socialized.
pub fn pay_other_mint(insurance: &Q, owed: &Q) -> (Q, Q) {
    let paid = min(insurance, owed);
    (paid.clone(), owed - paid)
}

/// What stale prices leave open, at spot: an asset or a long may be worth twice its favourable edge, a debt or a short half
/// of it (ADR 15). Legs that are stale for hours are the caller's to leave out.
pub fn left_open(portfolio: &Portfolio) -> Q {
    let view = View::Eligible(At::Spot);
    let half = |value: Q| if value.is_negative() { -value / int(2) } else { value };
    let others = portfolio.balances.iter().enumerate().filter(|(i, b)| *i != portfolio.quote && b.price.stale);
    let tokens = others.map(|(_, balance)| half(balance_value(portfolio, balance, view)));
    let stale = portfolio.perps.iter().filter(|perp| perp.price.stale);
    let bases = stale.map(|perp| half(perp_value(portfolio, perp, view).0 - &perp.cash));
    sum(&tokens.chain(bases).collect::<Vec<Q>>())
}

/// Whether an insolvent account may be resolved now; which perp bases remain, and for how long, is the caller's to ask.
///
/// A liquidator can take something where a fresh asset and a fresh debt, each by itself, are above dust. What nobody can
/// take blocks only where an asset above dust is there, whatever its price's age, and what is left open reaches the loss.
pub fn is_bankrupt(nav: &Q, assets: &Assets, debts: &[Q], open: &Q, dust: &Q) -> bool {
    let large = |values: &[Q]| values.iter().any(|value| value > dust);
    let can_be_taken = large(&assets.fresh) && large(debts);
    let may_cover = (large(&assets.fresh) || large(&assets.stale)) && *open >= -nav.clone();
    nav.is_negative() && !can_be_taken && !may_cover
}

/// Worth of an account's assets: those that can be seized, and those whose price is stale, at their favourable edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assets {
    /// Values of assets with a fresh price.
    pub fresh: Vec<Q>,
    /// Values of assets with a stale price.
    pub stale: Vec<Q>,
}

//! Readings of the requirements that one could expect and that do not hold, or hold only under a condition: one
//! counterexample each, so that whoever changes `docs/design.md` finds what it has to say.

use num_traits::{Signed, Zero};

use crate::bankruptcy::{Estate, Unit};
use crate::legs::Leg;
use crate::liquidate::fill;
use crate::margin::{excess, initial_excess};
use crate::portfolio::{At, Balance, Level, Levels, Perp, Portfolio, Price};
use crate::rational::{int, ppm, ratio, Q};
use crate::settle::{settle, settleable};
use crate::sizing::{smaller_quantity, target_size_at};
use crate::Params;

fn quote(amount: Q) -> Balance {
    Balance {
        amount,
        price: Price::flat(int(1)),
        w_a: Levels::asset_weights(int(1), ppm(980_000)),
        w_l: Levels::liability_weights(ppm(1_010_000), ppm(1_050_000)),
    }
}

/// One long of `base` at a spot of 100 and a fast EMA of 101.
fn falling_long(cash: i128) -> Portfolio {
    let price = Price { fast: int(101), slow: int(101), ..Price::flat(int(100)) };
    let rate = Levels::perp_rates(ppm(50_000), ppm(100_000));
    Portfolio {
        quote: 0,
        balances: vec![quote(int(cash))],
        perps: vec![Perp { base: int(1_000), cash: int(-100_000), price, rate, claim: int(1) }],
        params: Params::default(),
    }
}

#[test]
fn a_fill_sized_by_the_ema_does_not_land_on_the_target_at_the_ema() {
    // One could expect it to, at the price that gave the smaller `x*` (CURE-1). A fill at spot realises the
    // gap between spot and EMA, so at the EMA the account ends below the target under either reading of "in atoms".
    let account = falling_long(3_500);
    let (leg, p) = (Leg::Perp(0), ppm(1_000));
    assert!(excess(&account, Level::Maintenance, At::Fast).is_negative());
    let spot = target_size_at(&account, leg, &p, At::Spot);
    let fast = target_size_at(&account, leg, &p, At::Fast);
    assert!(fast < spot);
    for price_of_fast in [int(100), int(101)] {
        let quantity = smaller_quantity(&spot, &int(100), &fast, &price_of_fast);
        let after = fill(&account, leg, &(quantity * int(100)), &p);
        assert!(excess(&after, Level::Target, At::Fast).is_negative());
    }
}

#[test]
fn settling_lowers_a_margin_once_the_quote_itself_is_not_at_par() {
    // PnL counted as dollars, quote as tokens at a price: what is paid out of a borrow is then owed at the high price.
    let mut account = falling_long(-10_000);
    account.perps[0].price = Price::flat(int(80));
    account.balances[0].price.fast = ratio(102, 100);
    let amount = settleable(&account, 0);
    assert_eq!(amount, int(-20_000));
    assert!(initial_excess(&settle(&account, 0, &amount)) < initial_excess(&account));
}

/// Two markets owed ten each, insurance of ten; then the price moves and the first is owed only three.
fn moved_estate() -> Estate {
    let mut estate = Estate::mark(&int(10), &Q::zero(), &[int(10), int(10)], Unit::Exact);
    estate.move_leg(1, int(3));
    estate
}

#[test]
fn payments_depend_on_the_order_once_a_leg_shrinks_below_what_is_reserved_for_it() {
    let second_market_gets = |order: [usize; 2]| {
        let mut estate = moved_estate();
        let paid = order.map(|index| (index, estate.pay(index).unwrap()));
        let second = paid.into_iter().find(|(index, _)| *index == 2).unwrap().1;
        second.from_reserved + second.from_unreserved
    };
    assert_eq!(second_market_gets([1, 2]), int(7));
    assert_eq!(second_market_gets([2, 1]), int(5));
}

#[test]
fn payments_in_whole_atoms_leave_a_remainder_that_the_first_market_takes() {
    let first_gets = |order: [usize; 3]| {
        let mut estate = Estate::mark(&int(10), &Q::zero(), &[int(7), int(7), int(7)], Unit::Atoms);
        let paid = order.map(|index| (index, estate.pay(index).unwrap()));
        let first = paid.into_iter().find(|(index, _)| *index == 1).unwrap().1;
        first.from_reserved + first.from_unreserved
    };
    assert_eq!(first_gets([1, 2, 3]), int(4));
    assert_eq!(first_gets([2, 3, 1]), int(3));
}

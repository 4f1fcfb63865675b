use num_traits::{Signed, Zero};

use super::generate::{portfolio, Spread};
use super::prng::Prng;
use crate::in_tokens::margin_in_tokens;
use crate::margin::{excess, initial_excess, margin, nav, quote_net, View};
use crate::portfolio::{At, Balance, Level, Levels, Portfolio, Price};
use crate::rational::{int, ppm, Q};
use crate::settle::settle;
use crate::Params;

#[test]
fn initial_excess_is_at_most_target_excess_is_at_most_maintenance_excess_at_spot_and_at_ema() {
    let mut rng = Prng::new(1);
    for _ in 0..20_000 {
        let account = portfolio(&mut rng, Spread::Wide);
        let initial = initial_excess(&account);
        for at in [At::Spot, At::Fast] {
            let target = excess(&account, Level::Target, at);
            assert!(initial <= target);
            assert!(target <= excess(&account, Level::Maintenance, at));
        }
    }
}

#[test]
fn requirements_are_never_negative_and_rise_with_the_level() {
    let mut rng = Prng::new(2);
    for _ in 0..5_000 {
        let account = portfolio(&mut rng, Spread::Wide);
        let at = |level| margin(&account, level, View::Plain(At::Spot)).requirement;
        let (m, t, i) = (at(Level::Maintenance), at(Level::Target), at(Level::Initial));
        assert!(!m.is_negative() && m <= t && t <= i);
    }
}

#[test]
fn nav_is_the_same_at_every_level() {
    let mut rng = Prng::new(3);
    for _ in 0..2_000 {
        let account = portfolio(&mut rng, Spread::Wide);
        for view in [View::Plain(At::Spot), View::Eligible(At::Fast), View::Initial] {
            for level in [Level::Target, Level::Initial] {
                assert_eq!(margin(&account, level, view).nav, nav(&account, view));
            }
        }
    }
}

#[test]
fn unsettled_gains_neither_borrow_nor_withdraw() {
    let mut rng = Prng::new(4);
    for _ in 0..3_000 {
        let account = portfolio(&mut rng, Spread::Wide);
        for market in 0..account.perps.len() {
            let mut richer = account.clone();
            if richer.perps[market].base.is_zero() && !richer.perps[market].cash.is_negative() {
                richer.perps[market].cash += int(1_000);
                assert_eq!(initial_excess(&richer), initial_excess(&account));
            }
        }
    }
}

#[test]
fn quote_and_losses_net_before_weights_so_a_deposit_hides_no_loss() {
    let mut rng = Prng::new(5);
    for _ in 0..5_000 {
        let account = portfolio(&mut rng, Spread::None);
        for market in 0..account.perps.len() {
            let perp = &account.perps[market];
            let loss = perp.pnl(&perp.price.spot);
            if loss.is_negative() {
                let settled = settle(&account, market, &loss);
                for level in [Level::Maintenance, Level::Target, Level::Initial] {
                    let view = View::Plain(At::Spot);
                    assert_eq!(margin(&settled, level, view), margin(&account, level, view));
                }
            }
        }
    }
}

#[test]
fn what_can_be_seized_and_what_is_owed_never_stand_together_in_quote() {
    let mut rng = Prng::new(6);
    for _ in 0..10_000 {
        let account = portfolio(&mut rng, Spread::None);
        let net = quote_net(&account, Level::Maintenance, View::Plain(At::Spot));
        assert!(net.seizable().is_zero() || net.owed().is_zero());
        assert!(net.owed_borrow() + net.owed_pnl() == net.owed());
        assert!(net.owed_pnl() <= -net.losses.clone());
        assert!(net.seizable() <= crate::rational::positive(&net.balance));
    }
}

#[test]
fn a_worked_account_has_the_margins_computed_by_hand() {
    let token = |amount: i128, price: i128, a: i128, l: i128| Balance {
        amount: int(amount),
        price: Price::flat(int(price)),
        w_a: Levels::asset_weights(ppm(a), ppm(a - 100_000)),
        w_l: Levels::liability_weights(ppm(l), ppm(l + 100_000)),
    };
    let account = Portfolio {
        quote: 0,
        balances: vec![token(-1_000, 1, 1_000_000, 1_050_000), token(20, 100, 800_000, 1_100_000)],
        perps: vec![],
        params: Params::default(),
    };
    let at = |level| margin(&account, level, View::Plain(At::Spot));
    assert_eq!(at(Level::Maintenance).nav, int(1_000));
    // 20 % of 2,000 owned and 5 % of 1,000 owed; 21 % and 6 % at target; 30 % and 15 % at initial.
    assert_eq!(at(Level::Maintenance).requirement, int(450));
    assert_eq!(at(Level::Target).requirement, int(480));
    assert_eq!(at(Level::Initial).requirement, int(750));
    assert!(at(Level::Maintenance).excess() > Q::zero());
}

#[test]
fn with_the_settlement_token_at_par_tokens_are_dollars_and_a_depeg_scales_what_settles_in_it() {
    let mut rng = Prng::new(9);
    for _ in 0..3_000 {
        let account = portfolio(&mut rng, Spread::Wide);
        for level in [Level::Maintenance, Level::Target, Level::Initial] {
            for view in [View::Plain(At::Spot), View::Eligible(At::Fast), View::Initial] {
                assert_eq!(margin_in_tokens(&account, level, view), margin(&account, level, view));
            }
        }
        // Without other tokens everything is in quote: at half a dollar all of it is half.
        let mut alone = account.clone();
        (alone.balances, alone.quote) = (vec![account.quote_balance().clone()], 0);
        let (at_par, mut fallen) = (margin(&alone, Level::Maintenance, View::Plain(At::Spot)), alone);
        fallen.balances[0].price = Price::flat(crate::ratio(1, 2));
        let halved = margin_in_tokens(&fallen, Level::Maintenance, View::Plain(At::Spot));
        assert_eq!((halved.nav, halved.requirement), (at_par.nav / int(2), at_par.requirement / int(2)));
    }
}

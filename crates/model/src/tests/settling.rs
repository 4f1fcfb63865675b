use num_traits::{Signed, Zero};

use super::generate::{portfolio, Spread};
use super::prng::Prng;
use crate::margin::{initial_excess, margin, View};
use crate::market::Market;
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{int, nearest_to_zero, ratio, Q};
use crate::settle::{exit, loser_pays, settle, settle_candidates, settleable};

/// Every margin that the engine asks for.
fn margins(account: &Portfolio) -> Vec<Q> {
    let mut found = vec![initial_excess(account)];
    for at in [At::Spot, At::Fast] {
        for level in [Level::Maintenance, Level::Target] {
            found.push(margin(account, level, View::Plain(at)).excess());
        }
        found.push(margin(account, Level::Maintenance, View::Eligible(at)).excess());
    }
    found
}

fn lowers_any(before: &Portfolio, after: &Portfolio) -> bool {
    margins(before).iter().zip(margins(after)).any(|(old, new)| new < *old)
}

/// Settles every market's amount by a rule; returns how often something was settled, and how often a margin fell.
fn settle_by(seed: u64, accounts: usize, amount: impl Fn(&Portfolio, usize) -> Q) -> (usize, usize) {
    let mut rng = Prng::new(seed);
    let (mut settled, mut fell) = (0, 0);
    for _ in 0..accounts {
        let mut account = portfolio(&mut rng, Spread::Wide);
        for perp in &mut account.perps {
            perp.price.stale = rng.one_in(5);
            perp.price.age_root = rng.ratio(0, 8, 4);
        }
        for market in 0..account.perps.len() {
            let whole = amount(&account, market);
            let part = &whole * rng.ratio(1, 3, 3);
            for x in [whole, part].iter().filter(|x| !x.is_zero()) {
                settled += 1;
                fell += usize::from(lowers_any(&account, &settle(&account, market, x)));
            }
        }
    }
    (settled, fell)
}

#[test]
fn settling_the_pnl_nearest_to_zero_lowers_no_margin() {
    let (settled, fell) = settle_by(70, 8_000, settleable);
    println!("settled: {settled}");
    assert!(settled > 10_000);
    assert_eq!(fell, 0);
}

#[test]
fn settling_the_pnl_at_spot_alone_lowers_a_margin_now_and_then() {
    let (settled, fell) = settle_by(71, 2_000, |account, market| {
        let perp = &account.perps[market];
        perp.pnl(&perp.price.spot)
    });
    println!("at spot alone: {fell} of {settled}");
    assert!(fell * 10 > settled);
}

#[test]
fn without_the_eligibility_edges_among_the_prices_settling_lowers_a_margin() {
    let (settled, fell) = settle_by(72, 2_000, |account, market| {
        nearest_to_zero(&settle_candidates(account, &account.perps[market])[..4])
    });
    println!("without edges: {fell} of {settled}");
    assert!(fell > 0);
}

#[test]
fn nothing_is_settled_where_the_prices_disagree_about_the_sign() {
    assert!(nearest_to_zero(&[int(3), int(-1)]).is_zero());
    assert!(nearest_to_zero(&[int(3), int(0)]).is_zero());
    assert_eq!(nearest_to_zero(&[int(-3), int(-1), int(-7)]), int(-1));
    assert_eq!(nearest_to_zero(&[int(3), int(2), int(7)]), int(2));
}

#[test]
fn a_loser_below_maintenance_pays_from_his_quote_down_to_zero_and_no_further() {
    assert_eq!(loser_pays(&int(9), &int(4), false, &int(100)), int(4));
    assert_eq!(loser_pays(&int(9), &int(-4), false, &int(100)), int(0));
    assert_eq!(loser_pays(&int(9), &int(-4), true, &int(100)), int(9));
}

#[test]
fn a_loser_borrows_no_more_than_may_be_lent_and_the_rest_stays_pnl() {
    assert_eq!(loser_pays(&int(9), &int(4), true, &int(0)), int(4));
    assert_eq!(loser_pays(&int(9), &int(4), true, &int(3)), int(7));
    assert_eq!(loser_pays(&int(9), &int(-4), true, &int(3)), int(3));
    // A cap that lies below what is lent already leaves no room, and takes nothing either.
    assert_eq!(loser_pays(&int(9), &int(4), true, &int(-5)), int(4));
}

#[test]
fn what_an_exit_pays_depends_on_nobodys_place_in_the_queue() {
    let mut rng = Prng::new(73);
    for _ in 0..20_000 {
        let (pool, deficit) = (int(rng.range(0, 500)), int(rng.range(1, 500)));
        let claims: Vec<Q> = (0..4).map(|_| (&pool + &deficit) * rng.ratio(0, 9, 36)).collect();
        let mut order = vec![0, 1, 2, 3];
        rng.shuffle(&mut order);
        let (mut left, mut owed) = (pool.clone(), deficit.clone());
        for who in order {
            let after = exit(&left, &owed, &claims[who]);
            assert_eq!(after.paid, &claims[who] * &pool / (&pool + &deficit));
            assert_eq!(&claims[who] - &after.paid, &owed - &after.deficit);
            (left, owed) = (after.pool, after.deficit);
        }
        assert!(!left.is_negative() && !owed.is_negative());
    }
}

#[test]
fn an_exit_split_into_many_pays_what_one_pays() {
    let mut rng = Prng::new(74);
    for _ in 0..5_000 {
        let mut whole = Market { pool: int(rng.range(1, 500)), deficit: int(rng.range(1, 500)), ..Market::default() };
        let mut parts = whole.clone();
        let x = (&whole.pool + &whole.deficit) * rng.ratio(0, 16, 16);
        let one = whole.pay_out(&x).0;
        let many = (0..4).fold(Q::zero(), |paid, _| paid + parts.pay_out(&(&x * ratio(1, 4))).0);
        assert_eq!(one, many);
        assert_eq!(whole, parts);
    }
}

/// Of a market in deficit, what counts at maintenance is what an exit pays; so an exit lowers no margin.
#[test]
fn taking_a_win_at_what_it_counts_lowers_no_margin_and_counting_it_whole_would() {
    let mut rng = Prng::new(75);
    let (mut taken, mut fell_whole) = (0, 0);
    for _ in 0..4_000 {
        let mut account = portfolio(&mut rng, Spread::Wide);
        for market in 0..account.perps.len() {
            let mut pools =
                Market { pool: int(rng.range(0, 90_000)), deficit: int(rng.range(1, 90_000)), ..Market::default() };
            let claim = settleable(&account, market);
            if !claim.is_positive() {
                continue;
            }
            let whole = account.clone();
            account.perps[market].claim = pools.claim();
            let (paid, struck) = pools.pay_out(&claim);
            let take = |mut account: Portfolio| {
                account.perps[market].cash -= &struck;
                let quote = account.quote;
                account.balances[quote].amount += &paid;
                account
            };
            assert!(!lowers_any(&account, &take(account.clone())));
            let mut whole = whole;
            whole.perps[market].claim = int(1);
            fell_whole += usize::from(lowers_any(&whole, &take(whole.clone())));
            taken += 1;
        }
    }
    println!("taken: {taken}, of which {fell_whole} would lower a margin that counts them whole");
    assert!(taken > 500 && fell_whole > 100, "{taken} taken, {fell_whole} fell");
}

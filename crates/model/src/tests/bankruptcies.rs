use num_traits::{Signed, Zero};

use super::generate::{under_water, Spread};
use super::prng::Prng;
use crate::bankruptcy::{is_bankrupt, pay_other_mint, pro_rata, surrender, Assets, Estate, Payment, Unit};
use crate::margin::{nav, View};
use crate::portfolio::At;
use crate::rational::{int, min, sum, Q};

/// Pays the borrow, then the markets in the order given; payments by leg.
fn pay_all(mut estate: Estate, order: &[usize]) -> (Vec<Option<Payment>>, Q) {
    let mut paid = vec![None; estate.legs.len()];
    for index in core::iter::once(&0).chain(order) {
        paid[*index] = estate.pay(*index);
    }
    (paid, estate.unreserved)
}

fn received(payment: &Option<Payment>) -> Q {
    payment.as_ref().map_or(Q::zero(), |p| &p.from_reserved + &p.from_unreserved)
}

/// Insurance, borrow and losses, some of them fractions of an atom and some zero.
fn case(rng: &mut Prng) -> (Q, Q, Vec<Q>) {
    let borrow = int(rng.range(0, 90));
    let losses = (0..rng.range(1, 5)).map(|_| rng.ratio(0, 700, 7)).collect();
    (int(rng.range(0, 300)), borrow, losses)
}

#[test]
fn in_exact_amounts_payments_do_not_depend_on_the_order_of_the_markets() {
    let mut rng = Prng::new(80);
    for _ in 0..10_000 {
        let (insurance, borrow, losses) = case(&mut rng);
        let estate = Estate::mark(&insurance, &borrow, &losses, Unit::Exact);
        let mut order: Vec<usize> = (1..=losses.len()).collect();
        let forward = pay_all(estate.clone(), &order);
        rng.shuffle(&mut order);
        assert_eq!(forward, pay_all(estate, &order));
        let all: Vec<Q> = core::iter::once(&borrow).chain(&losses).cloned().collect();
        for (payment, share) in forward.0.iter().zip(pro_rata(&insurance, &all)) {
            assert_eq!(received(payment), share);
        }
    }
}

#[test]
fn in_whole_atoms_the_order_moves_at_most_one_atom_per_leg() {
    let mut rng = Prng::new(81);
    let mut moved = 0;
    for _ in 0..10_000 {
        let (insurance, borrow, losses) = case(&mut rng);
        let estate = Estate::mark(&insurance, &borrow, &losses, Unit::Atoms);
        let mut order: Vec<usize> = (1..=losses.len()).collect();
        let (forward, _) = pay_all(estate.clone(), &order);
        rng.shuffle(&mut order);
        let (shuffled, _) = pay_all(estate, &order);
        for (a, b) in forward.iter().zip(&shuffled) {
            let difference = (received(a) - received(b)).abs();
            assert!(difference <= int(losses.len() as i128 + 1));
            moved += usize::from(!difference.is_zero());
        }
    }
    println!("legs whose payment in atoms moved with the order: {moved}");
}

#[test]
fn insurance_pays_all_it_has_before_a_single_atom_is_socialized() {
    let mut rng = Prng::new(82);
    for _ in 0..10_000 {
        let (insurance, borrow, losses) = case(&mut rng);
        let order: Vec<usize> = (1..=losses.len()).collect();
        let (paid, left) = pay_all(Estate::mark(&insurance, &borrow, &losses, Unit::Exact), &order);
        let socialized = paid.iter().flatten().fold(Q::zero(), |total, p| total + &p.socialized);
        let owed = &borrow + sum(&losses);
        assert!(left.is_zero() || socialized.is_zero());
        assert_eq!(min(&insurance, &owed) + socialized, owed);
    }
}

#[test]
fn a_market_waits_for_the_quote_borrow_and_no_leg_is_paid_twice() {
    let mut estate = Estate::mark(&int(10), &int(5), &[int(5)], Unit::Atoms);
    assert_eq!(estate.pay(1), None);
    assert!(estate.pay(0).is_some());
    assert_eq!(estate.pay(0), None);
    assert!(estate.pay(1).is_some());
}

#[test]
fn a_leg_that_grew_is_topped_up_from_what_is_not_reserved_and_one_that_shrank_returns_the_rest() {
    let mut estate = Estate::mark(&int(30), &int(10), &[int(10)], Unit::Atoms);
    estate.move_leg(0, int(4));
    let first = estate.pay(0).unwrap();
    assert_eq!((first.from_reserved, first.returned), (int(4), int(6)));
    estate.move_leg(1, int(40));
    let second = estate.pay(1).unwrap();
    assert_eq!((second.from_reserved, second.from_unreserved), (int(10), int(16)));
    assert_eq!(second.socialized, int(14));
}

#[test]
fn surrender_moves_everything_and_creates_nothing() {
    let mut rng = Prng::new(83);
    let mut bankrupt = 0;
    for _ in 0..5_000 {
        let account = under_water(&mut rng, Spread::None, -99, 20);
        let pools: Vec<Q> = account.perps.iter().map(|_| int(rng.range(0, 5_000))).collect();
        let moved = surrender(&account, &pools);
        let assets = sum(&moved.to_insurance) + sum(&moved.to_own_claims);
        let debts = sum(&moved.borrows) + sum(&moved.losses);
        assert_eq!(assets - debts, nav(&account, View::Plain(At::Spot)));
        // While a market is still owed, no quote is left to go anywhere else.
        assert!(sum(&moved.losses).is_zero() || moved.to_insurance[account.quote].is_zero());
        bankrupt += usize::from(nav(&account, View::Plain(At::Spot)).is_negative());
    }
    assert!(bankrupt > 2_000);
}

#[test]
fn bankruptcy_waits_while_anything_above_dust_can_be_seized_or_could_cover_the_loss() {
    let fresh = |value| Assets { fresh: vec![int(value)], ..Assets::default() };
    let stale = |value| Assets { stale: vec![int(value)], ..Assets::default() };
    let (none, dust) = (Assets::default(), int(10));
    let asks = |nav, assets: &Assets, debts: &[i128], open| {
        let debts: Vec<Q> = debts.iter().map(|debt| int(*debt)).collect();
        is_bankrupt(&int(nav), assets, &debts, &int(open), &dust)
    };
    assert!(!asks(0, &none, &[], 0));
    assert!(!asks(-1, &fresh(11), &[12], 0));
    assert!(asks(-1, &fresh(11), &[10, 10], 0), "nobody seizes for dust");
    assert!(asks(-1, &fresh(10), &[1_000], 0));
    // Eleven dollars that are silent before a loss of 1,900, and what could cover it.
    assert!(asks(-1_900, &stale(11), &[1_911], 11));
    assert!(!asks(-1_900, &stale(1_900), &[3_800], 1_900));
    assert!(asks(-100, &none, &[], 1_000), "no price helps an account without assets");
    assert_eq!(pay_other_mint(&int(3), &int(8)), (int(3), int(5)));
}

//! Exchanges between own accounts, at any A: no unit appears and none is lost.

use std::vec::Vec;

use plimsoll_risk::lazy::{Side, A_MIN, A_ONE};
use plimsoll_risk::units::{BaseUnits, SignedAtoms};
use plimsoll_risk::RiskError;
use proptest::prelude::*;

use super::{clock, Both, ACCOUNTS};
use crate::perp::exchange;

/// A market whose sides have been deleveraged to these A before anybody held anything.
fn worn(a: [u64; 2]) -> Both {
    let mut both = Both::new();
    for (index, a) in both.slot.sides.iter_mut().zip(a) {
        index.a = a;
    }
    both
}

fn swap(both: &mut Both, buyer: usize, seller: usize, units: u64, price: u64) -> Result<(), RiskError> {
    let mut pair = [both.positions[buyer], both.positions[seller]];
    let mut market = both.market;
    let value = (units * price) as i64;
    let [b, s] = &mut pair;
    exchange(
        &both.slot,
        &mut market,
        b,
        s,
        BaseUnits::new(units),
        SignedAtoms::new(-value),
        SignedAtoms::new(value),
        clock(both.now),
    )?;
    both.market = market;
    (both.positions[buyer], both.positions[seller]) = (pair[0], pair[1]);
    Ok(())
}

/// Sizes are the books', totals are the sums of shares, and open interest exceeds the sizes by less than a unit for each
/// position.
fn check(both: &Both, sizes: &[i64; ACCOUNTS]) {
    for (i, size) in sizes.iter().enumerate() {
        assert_eq!(both.read(i).0, *size, "account {i} of {sizes:?}");
    }
    for side in [Side::Long, Side::Short] {
        let of_side = || both.positions.iter().filter(|p| Side::of(p.shares) == Some(side));
        let shares: u64 = of_side().map(|p| p.shares.unsigned_abs()).sum();
        let totals = &both.market.sides[side as usize];
        assert_eq!((totals.shares, totals.count as usize), (shares, of_side().count()));
        let held: u64 = sizes.iter().filter(|s| Side::of(**s) == Some(side)).map(|s| s.unsigned_abs()).sum();
        let open = both.slot.open_interest(&both.market, side).get();
        assert!(held <= open && open <= held + of_side().count() as u64, "{side:?}: {held} of {open}");
    }
    assert_eq!(both.market.rounding_units, 0);
}

/// An opening minted `ceil(1/A)` shares and a transfer passed them as they were: opened one by one and gathered in a
/// third account, the fractions of a unit that each opening had too much became units. 200 cycles between own accounts
/// gained 224.85 atoms a cycle after fees, and the pool and the other side paid (INDEX-5).
#[test]
fn units_opened_one_by_one_and_gathered_in_one_account_stay_as_many() {
    for a in [A_ONE, A_ONE / 5 * 3, A_ONE / 100 * 51, A_ONE / 100 * 99, A_ONE - 1, A_ONE / 3, A_MIN, A_MIN + 1] {
        for a in [[a, A_ONE], [A_ONE, a], [a, a], [a, A_ONE / 7 * 5]] {
            let mut both = worn(a);
            let mut sizes = [0i64; ACCOUNTS];
            for cycle in 1..=200 {
                // Account 0 opens a long against account 1 and passes it on to account 2, and 1 passes its short to 3.
                for (buyer, seller) in [(0, 1), (2, 0), (1, 3)] {
                    swap(&mut both, buyer, seller, 1, 100).unwrap();
                }
                (sizes[2], sizes[3]) = (cycle, -cycle);
                check(&both, &sizes);
            }
            swap(&mut both, 3, 2, 200, 100).unwrap();
            check(&both, &[0; ACCOUNTS]);
            assert_eq!(both.positions.iter().map(|p| p.cash_atoms).collect::<Vec<_>>(), [0; ACCOUNTS]);
        }
    }
}

/// The other way round: at A = 3/5 a buyer of one unit got the share that the seller could spare, and had none.
#[test]
fn a_buyer_of_one_unit_has_one() {
    let mut both = worn([A_ONE / 5 * 3, A_ONE]);
    for (buyer, seller, units) in [(0, 1, 7), (2, 0, 1), (2, 0, 1), (3, 2, 1), (0, 3, 1)] {
        let before = both.read(buyer).0;
        swap(&mut both, buyer, seller, units, 100).unwrap();
        assert_eq!(both.read(buyer).0 - before, units as i64);
    }
    check(&both, &[6, -7, 1, 0, 0]);
}

#[derive(Clone, Debug)]
struct Swap {
    buyer: usize,
    seller: usize,
    units: u64,
    /// Nothing but the seller's base, or the buyer's debt of base, whole.
    all: bool,
    fee: u64,
}

fn some_swap() -> impl Strategy<Value = Swap> {
    let units = prop_oneof![1u64..4, 1u64..1_000, 1u64..1 << 20];
    (0..ACCOUNTS, 0..ACCOUNTS, units, prop::bool::weighted(0.3), 0u64..3)
        .prop_map(|(buyer, seller, units, all, fee)| Swap { buyer, seller, units, all, fee })
}

fn some_a() -> impl Strategy<Value = u64> {
    prop_oneof![Just(A_ONE), Just(A_MIN), A_MIN..=A_ONE, A_ONE / 2..=A_ONE, A_ONE - 10..=A_ONE]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// INDEX-5
    #[test]
    fn no_exchange_between_own_accounts_gains_whatever_a_is(
        long in some_a(), short in some_a(), price in 1u64..2_000, swaps in prop::collection::vec(some_swap(), 1..60),
    ) {
        let mut both = worn([long, short]);
        let (mut sizes, mut fees) = ([0i64; ACCOUNTS], 0i128);
        for swap_ in swaps {
            let Swap { buyer, seller, mut units, all, fee } = swap_;
            if all {
                units = (sizes[seller].max(0).max(-sizes[buyer].min(0))).unsigned_abs();
            }
            if buyer == seller || units == 0 {
                continue;
            }
            swap(&mut both, buyer, seller, units, price).unwrap();
            both.positions[buyer].cash_atoms -= fee as i64;
            fees += fee as i128;
            sizes[buyer] += units as i64;
            sizes[seller] -= units as i64;
            check(&both, &sizes);
            // All accounts together, at any price: exactly what they have paid in fees.
            let (mut base, mut cash) = (0i128, 0i128);
            for i in 0..ACCOUNTS {
                let (size, atoms) = both.read(i);
                base += size as i128;
                cash += atoms as i128;
            }
            prop_assert_eq!((base, cash + fees), (0, 0));
        }
    }
}

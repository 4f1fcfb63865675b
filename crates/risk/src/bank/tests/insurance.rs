//! What a fund pays, where atoms go that come in, and how much collateral passes under an older copy of the index.

use super::*;
use crate::units::{Atoms, Ppm, Secs};

fn lent() -> impl Strategy<Value = Totals> {
    // Deposits of up to 2^50 atoms, lent to within a few atoms, in full, or beyond.
    (1u64..1 << 50, DEPOSIT_INDEX_FLOOR..INDEX_ONE << 3, INDEX_ONE..INDEX_ONE << 2, 0u32..1_200_000, amount()).prop_map(
        |(deposit_shares, deposit_index, borrow_index, lent_ppm, uncovered)| {
            let deposits = mul_wide(deposit_shares, deposit_index);
            let borrows = deposits / PPM as u128 * lent_ppm as u128;
            let borrow_shares = u64::try_from(borrows / borrow_index as u128).unwrap();
            let uncovered_atoms = if uncovered % 3 == 0 { uncovered % (1 << 40) } else { 0 };
            Totals {
                deposit_shares,
                borrow_shares,
                deposit_index,
                borrow_index,
                uncovered_atoms: Atoms::new(uncovered_atoms),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// INSURE-2
    #[test]
    fn a_draw_takes_what_waits_first_in_as_few_shares_as_are_worth_it(
        insurance_atoms in amount(), waiting_shares in amount(), index in DEPOSIT_INDEX_FLOOR..INDEX_ONE << 4,
        part in 0u32..=PPM,
    ) {
        let fund = Fund { insurance_atoms: Atoms::new(insurance_atoms), waiting_shares, deposit_index: index };
        let atoms = Ppm::new(part).of_down(fund.worth_down().get()).unwrap();
        let draw = fund.draw_up(Atoms::new(atoms)).unwrap();
        prop_assert_eq!(draw.waiting_atoms.get() + draw.insurance_atoms.get(), atoms);
        prop_assert!(draw.waiting_shares <= waiting_shares && draw.insurance_atoms <= Atoms::new(insurance_atoms));
        prop_assert!(draw.insurance_atoms == Atoms::ZERO || draw.waiting_shares == waiting_shares, "insurance before what waits");
        // What is struck is worth what it counts for, and without its last share it is not.
        let counted = (draw.waiting_atoms.get() as u128) << INDEX_BITS;
        prop_assert!(mul_wide(draw.waiting_shares, index) >= counted);
        if draw.waiting_shares < waiting_shares && draw.waiting_shares > 0 {
            prop_assert!(mul_wide(draw.waiting_shares - 1, index) < counted);
        }
        prop_assert!(fund.draw_up(Atoms::new(fund.worth_down().get() + 1)).is_err());
    }

    /// INSURE-2, INSURE-4
    #[test]
    fn what_waits_pays_uncovered_debt_without_liquidity_and_becomes_insurance_only_with_it(
        totals in lent(), part in 0u32..=PPM,
    ) {
        let waiting = Ppm::new(part).of_down(totals.deposit_shares).unwrap();
        let swept = totals.sweep_down(waiting);
        prop_assert!(swept.shares <= waiting && swept.covered_atoms <= totals.uncovered_atoms);
        let worth = mul_wide(swept.shares, totals.deposit_index);
        let counted = ((swept.covered_atoms.get() + swept.insurance_atoms.get()) as u128) << INDEX_BITS;
        let kept = worth - counted;
        prop_assert!(counted <= worth && kept < (2 << INDEX_BITS) + totals.deposit_index as u128, "at most a share is kept");
        let after = Totals {
            deposit_shares: totals.deposit_shares - swept.shares,
            uncovered_atoms: Atoms::new(totals.uncovered_atoms.get() - swept.covered_atoms.get()),
            ..totals
        };
        prop_assert!(swept.insurance_atoms == Atoms::ZERO || after.is_liquid());
        let left = deposit_atoms_down(waiting - swept.shares, totals.deposit_index).get();
        prop_assert!(after.uncovered_atoms == Atoms::ZERO || left == 0, "debt stays uncovered only where nothing waits");
    }

    /// INSURE-4
    #[test]
    fn what_comes_back_pays_uncovered_debt_then_waits_for_what_is_lent_out_and_only_the_rest_is_insurance(
        totals in lent(), atoms in amount(),
    ) {
        let back = totals.give_back_down(Atoms::new(atoms)).unwrap();
        prop_assert_eq!(back.covered_atoms.get(), atoms.min(totals.uncovered_atoms.get()));
        let after = Totals {
            deposit_shares: totals.deposit_shares + back.shares,
            uncovered_atoms: Atoms::new(totals.uncovered_atoms.get() - back.covered_atoms.get()),
            ..totals
        };
        let given = mul_wide(back.shares, totals.deposit_index)
            + (((back.covered_atoms.get() + back.insurance_atoms.get()) as u128) << INDEX_BITS);
        let had = (atoms as u128) << INDEX_BITS;
        prop_assert!(given <= had, "nothing comes of nothing");
        prop_assert!(had - given < (1 << INDEX_BITS) + totals.deposit_index as u128, "an atom and a share's worth at most");
        prop_assert!(back.insurance_atoms == Atoms::ZERO || after.is_liquid(), "insurance is never lent out");
        // No more waits than restores liquidity.
        let fewer = Totals { deposit_shares: after.deposit_shares.saturating_sub(1), ..after };
        prop_assert!(back.shares == 0 || !fewer.is_liquid());
    }

    #[test]
    fn interest_the_protocol_earns_pays_uncovered_debt_first(
        totals in lent(), uncovered in amount(), growth in 0u64..1 << 46, fee_ppm in 0u32..=PPM,
    ) {
        let owing = Totals { uncovered_atoms: Atoms::new(uncovered), ..totals };
        let (booked, free) = (owing.book(totals.borrow_index + growth, Ppm::new(fee_ppm)),
            Totals { uncovered_atoms: Atoms::ZERO, ..totals }.book(totals.borrow_index + growth, Ppm::new(fee_ppm)));
        prop_assert_eq!(booked.deposit_index, free.deposit_index);
        prop_assert_eq!(booked.covered_atoms, free.fee_atoms.min(Atoms::new(uncovered)));
        prop_assert_eq!(booked.covered_atoms.get() + booked.fee_atoms.get(), free.fee_atoms.get());
    }

    /// LIQ-5
    #[test]
    fn the_bound_by_the_borrow_index_is_never_below_the_banks_own_deposit_index(
        start in lent(), steps in proptest::collection::vec((0u64..1 << 44, 0u8..8, 0u32..=PPM, any::<bool>()), 1..20),
    ) {
        // The copy is written by cranks and by socializations; only a crank stores the borrow index with it.
        let mut totals = start;
        let (mut copy, mut stored) = (totals.deposit_index, totals.borrow_index);
        for (growth, what, part, lend) in steps {
            let now = totals.borrow_index + growth;
            totals.deposit_index = totals.book(now, Ppm::new(part / 2)).deposit_index;
            totals.borrow_index = now;
            let bound = deposit_index_at_most_up(copy, stored, now);
            prop_assert!(copy <= totals.deposit_index && totals.deposit_index <= bound);
            match what {
                0 => (copy, stored) = (totals.deposit_index, now),
                1 => {
                    let loss = Ppm::new(part / 4).of_down(totals.deposits_down().get()).unwrap();
                    totals.deposit_index = socialize(totals.deposit_shares, totals.deposit_index, Atoms::new(loss)).deposit_index;
                    copy = totals.deposit_index;
                }
                _ if lend => totals.borrow_shares += Ppm::new(part).of_down(totals.deposit_shares >> 4).unwrap(),
                _ => totals.deposit_shares -= Ppm::new(part).of_down(totals.deposit_shares >> 1).unwrap(),
            }
        }
    }

    /// LIQ-5
    #[test]
    fn a_seizure_passes_no_interest_that_the_copy_does_not_show(
        held in 1u64..1 << 50, copy in DEPOSIT_INDEX_FLOOR..INDEX_ONE << 4, charged_ppm in 0u64..2_000_000,
        kept_ppm in prop_oneof![1 => Just(0), 4 => 0u32..=PPM], part in prop_oneof![1 => Just(PPM), 4 => 0u32..=PPM],
    ) {
        // The borrow index grew by so many millionths, the deposit index by at most as many.
        let then = INDEX_ONE * 2;
        let now = then + (then as u128 * charged_ppm as u128 / 1_000_000_000) as u64;
        let bound = deposit_index_at_most_up(copy, then, now);
        let own = copy + Ppm::new(kept_ppm).of_down(bound - copy).unwrap();
        let whole = deposit_atoms_down(held, copy).get();
        let atoms = Ppm::new(part).of_down(whole).unwrap();
        let due = if atoms == whole { mul_wide(held, copy) } else { (atoms as u128) << INDEX_BITS };
        for (index, exact) in [(own, true), (bound, own == bound)] {
            let shares = shares_passing_down(held, Atoms::new(atoms), copy, index).unwrap();
            let got = mul_wide(shares, own);
            prop_assert!(shares <= held && got <= due, "the receiver gains");
            // At the bank's own index all but a share's worth arrives; at the bound, less by what was charged since, and
            // by what a step of the index, up to which the bound is rounded, is worth on every share.
            let (share, step) = (index as u128, if exact { 0 } else { held as u128 });
            let least = if exact { due } else { due / now as u128 * then as u128 };
            prop_assert!(got + share + step + now as u128 >= least, "more is kept than was charged");
            if index == copy && atoms == whole {
                prop_assert_eq!(shares, held, "nothing stays behind");
            }
        }
    }
}

/// A day without a crank at 8 % a year, of which the bank's depositors earned 85 % of 80 %: before, a liquidator who
/// took 1,000 tokens at the copy got 0.149 of one more, the uncranked interest. Now 0.0702 stay with the liquidatee, and
/// nothing does where the collateral's bank is there or was cranked in the same second.
#[test]
fn a_day_without_a_crank_is_worth_nothing_to_the_liquidator_and_a_fraction_of_a_thousandth_to_the_liquidatee() {
    let rate = RateCurve::DEFAULT.rate_per_sec_up(Ppm::new(800_000)).unwrap();
    let now = borrow_index_at_up(INDEX_ONE, rate, Secs::new(86_400));
    let (held, atoms) = (5_000_000_000_000, 1_000_000_000_000);
    let totals = Totals {
        deposit_shares: 10 * held,
        borrow_shares: 8 * held,
        deposit_index: INDEX_ONE,
        borrow_index: INDEX_ONE,
        uncovered_atoms: Atoms::ZERO,
    };
    let own = totals.book(now, Ppm::new(150_000)).deposit_index;
    let bound = deposit_index_at_most_up(INDEX_ONE, INDEX_ONE, now);
    let worth = |shares| deposit_atoms_down(shares, own).get();
    let before = shares_passing_down(held, Atoms::new(atoms), INDEX_ONE, INDEX_ONE).unwrap();
    let after = shares_passing_down(held, Atoms::new(atoms), INDEX_ONE, bound).unwrap();
    let exact = shares_passing_down(held, Atoms::new(atoms), INDEX_ONE, own).unwrap();
    assert_eq!(worth(before) - atoms, 149_041_095);
    assert_eq!(atoms - worth(after), 70_121_618);
    assert_eq!(atoms - worth(exact), 1);
}

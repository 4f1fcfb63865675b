//! A bank's totals, indices, rates and losses in integers against the exact model.

use plimsoll_model::bank::Bank;
use plimsoll_model::rate::{utilization_ema as exact_ema, RateCurve as ModelCurve};
use plimsoll_model::rational::{max, two_to_minus};
use plimsoll_model::{int, ppm, ratio, Q};
use plimsoll_risk::bank::{
    borrow_index_at_up, credit, debit, debt_atoms_up, deposit_atoms_down, socialize, utilization_ema,
    utilization_ppm_down, Indices, RateCurve, ShareDelta, Totals,
};
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, Ppm, Secs};
use proptest::prelude::*;

const CASES: u32 = 10_000;
const HOLDERS: usize = 3;
const FEE_PPM: u32 = 150_000;

fn index(bits: u64) -> Q {
    int(bits as i128) * two_to_minus(48)
}

/// A holder of the model: deposit shares if positive, borrow shares if negative.
fn exact_value(bank: &Bank, shares: &Q) -> Q {
    if *shares >= int(0) {
        shares * &bank.deposit_index
    } else {
        shares * &bank.booked_index
    }
}

/// One bank twice. The model takes the integer rate, so that only the booking is compared.
struct Both {
    totals: Totals,
    stored_index: u64,
    rate: u64,
    secs: u64,
    vault: i128,
    fees: i128,
    holders: [i64; HOLDERS],
    bank: Bank,
    exact: Vec<Q>,
    operations: i128,
}

impl Both {
    fn new() -> Self {
        Self {
            totals: Totals {
                deposit_shares: 0,
                borrow_shares: 0,
                deposit_index: INDEX_ONE,
                borrow_index: INDEX_ONE,
                uncovered_atoms: Atoms::ZERO,
            },
            stored_index: INDEX_ONE,
            rate: 0,
            secs: 0,
            vault: 0,
            fees: 0,
            holders: [0; HOLDERS],
            bank: Bank { fee_share: ppm(FEE_PPM as i128), ..Bank::default() },
            exact: vec![int(0); HOLDERS],
            operations: 0,
        }
    }

    fn book(&mut self) {
        let now = borrow_index_at_up(self.stored_index, self.rate, Secs::wide(self.secs));
        let booking = self.totals.book(now, Ppm::new(FEE_PPM));
        self.totals.deposit_index = booking.deposit_index;
        self.totals.borrow_index = now;
        self.fees += booking.fee_atoms.get() as i128;
        self.totals.uncovered_atoms = Atoms::new(self.totals.uncovered_atoms.get() - booking.covered_atoms.get());
        self.bank.book();
    }

    fn indices(&self) -> Indices {
        self.totals.indices()
    }

    fn value(&self, who: usize) -> i128 {
        let (shares, at) = (self.holders[who], self.indices());
        if shares >= 0 {
            deposit_atoms_down(shares as u64, at.deposit_index).get() as i128
        } else {
            -(debt_atoms_up(shares.unsigned_abs(), at.borrow_index).get() as i128)
        }
    }

    fn change(&mut self, who: usize, shares: i64, delta: ShareDelta, atoms: i128) {
        self.totals = self.totals.plus(delta).unwrap();
        self.holders[who] = shares;
        self.vault += atoms;
        // Crossing zero, the model moves the one kind of share first and the rest as the other.
        let held = exact_value(&self.bank, &self.exact[who]);
        let left = held + int(atoms);
        let new = if left >= int(0) { &left / &self.bank.deposit_index } else { &left / &self.bank.booked_index };
        let old = core::mem::replace(&mut self.exact[who], new.clone());
        for (shares, sign) in [(old, -1), (new, 1)] {
            let total = if shares >= int(0) { &mut self.bank.deposit_shares } else { &mut self.bank.borrow_shares };
            *total += int(sign) * max(&shares, &-shares.clone());
        }
        self.bank.vault += int(atoms);
    }

    fn credit(&mut self, who: usize, atoms: u64) {
        let (shares, delta) = credit(self.holders[who], Atoms::new(atoms), &self.indices()).unwrap();
        self.change(who, shares, delta, atoms as i128);
    }

    /// Refused, as in the program, where the bank could not pay.
    fn debit(&mut self, who: usize, atoms: u64) {
        let (shares, delta) = debit(self.holders[who], Atoms::new(atoms), &self.indices()).unwrap();
        if self.totals.plus(delta).unwrap().is_liquid() {
            self.change(who, shares, delta, -(atoms as i128));
        }
    }

    fn socialize(&mut self, who: usize) -> bool {
        let (shares, exact) = (self.holders[who], self.exact[who].clone());
        if shares >= 0 || exact >= int(0) {
            return false;
        }
        let owed = shares.unsigned_abs();
        let loss = debt_atoms_up(owed, self.totals.borrow_index).get();
        let found = socialize(self.totals.deposit_shares, self.totals.deposit_index, Atoms::new(loss));
        self.totals.borrow_shares -= owed;
        self.totals.deposit_index = found.deposit_index;
        self.totals.uncovered_atoms = Atoms::new(self.totals.uncovered_atoms.get() + found.uncovered_atoms.get());
        self.holders[who] = 0;
        self.bank.socialize(&-exact);
        self.exact[who] = int(0);
        found.terminal
    }

    fn step(&mut self, step: &Step) -> bool {
        self.operations += 1;
        match *step {
            Step::Crank(secs, rate) => {
                self.advance(secs);
                self.book();
                self.stored_index = self.totals.borrow_index;
                (self.secs, self.rate) = (0, rate);
                self.bank.accrue();
                self.bank.rate = int(rate as i128) * two_to_minus(64);
            }
            Step::Credit(who, atoms, secs) => {
                self.advance(secs);
                self.book();
                self.credit(who, atoms);
            }
            Step::Debit(who, atoms, secs) => {
                self.advance(secs);
                self.book();
                self.debit(who, atoms);
            }
            Step::Socialize(who) => {
                self.book();
                return self.socialize(who);
            }
        }
        false
    }

    fn advance(&mut self, secs: u64) {
        self.secs += secs;
        self.bank.advance(&int(secs as i128));
    }

    fn check(&self) -> Result<(), TestCaseError> {
        // Each operation rounds a holder by up to a share of either kind, and every total by 2^-48 of it; an index at
        // 300 % for weeks stays below two, and so does what it makes of an earlier difference.
        let largest = self.totals.deposit_shares.max(self.totals.borrow_shares) as i128;
        let bound = int(self.operations) * (int(8) + int(8 * largest) * two_to_minus(48));
        let near = |found: Q, exact: &Q, what: &str| -> Result<(), TestCaseError> {
            let off = found - exact;
            prop_assert!(max(&off, &-off.clone()) <= bound, "{what} off by {off}, at most {bound}");
            Ok(())
        };
        for who in 0..HOLDERS {
            near(int(self.value(who)), &exact_value(&self.bank, &self.exact[who]), "holder")?;
        }
        let t = &self.totals;
        near(index(t.deposit_index) * int(t.deposit_shares as i128), &self.bank.deposits(), "deposits")?;
        near(index(t.borrow_index) * int(t.borrow_shares as i128), &self.bank.booked_borrows(), "borrows")?;
        near(int(self.fees), &self.bank.fees, "fees")?;
        near(int(t.uncovered_atoms.get() as i128), &self.bank.uncovered, "uncovered")?;
        near(int(t.free_liquidity_down().get() as i128), &self.bank.free_liquidity(), "free liquidity")?;
        // What the vault holds always covers what is claimed of it, exactly.
        let claims = t.deposits_bits() as i128 - t.borrows_bits() as i128
            + ((self.fees - t.uncovered_atoms.get() as i128) << 48);
        prop_assert!(self.vault << 48 >= claims, "the vault is short");
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Crank(u64, u64),
    Credit(usize, u64, u64),
    Debit(usize, u64, u64),
    Socialize(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let atoms = || prop_oneof![4 => 1u64..1 << 44, 1 => 1u64..100];
    let secs = || prop_oneof![Just(0u64), 1u64..100_000];
    prop_oneof![
        2 => (secs(), 0u64..1_754_000_000_000).prop_map(|(secs, rate)| Step::Crank(secs, rate)),
        3 => (0..HOLDERS, atoms(), secs()).prop_map(|(who, atoms, secs)| Step::Credit(who, atoms, secs)),
        4 => (0..HOLDERS, atoms(), secs()).prop_map(|(who, atoms, secs)| Step::Debit(who, atoms, secs)),
        1 => (0..HOLDERS).prop_map(Step::Socialize),
    ]
}

fn curve() -> impl Strategy<Value = RateCurve> {
    (1u32..1_000_000, 0u32..1_000_000, 0u32..1_000_000, 0u32..1_000_000).prop_map(|(kink, zero, at_kink, full)| {
        RateCurve {
            kink_ppm: Ppm::new(kink),
            rate_zero_ppm: Ppm::new(zero),
            rate_kink_ppm: Ppm::new(zero + at_kink),
            rate_full_ppm: Ppm::new(zero + at_kink + full),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// INTEREST-2, LOSS-1
    #[test]
    fn holders_totals_fees_and_losses_follow_the_model(
        first in 1u64..1 << 44, steps in prop::collection::vec(step(), 1..12),
    ) {
        let mut both = Both::new();
        both.step(&Step::Credit(0, first, 0));
        for step in &steps {
            // A terminal bank only takes repayments and pays withdrawals.
            let terminal = both.step(step);
            both.check()?;
            if terminal {
                break;
            }
        }
    }

    /// INTEREST-3
    #[test]
    fn a_rate_is_the_models_rounded_up_once(curve in curve(), utilization in 0u32..=1_200_000) {
        let part = |value: u32| ppm(value as i128);
        let exact = ModelCurve {
            kink: part(curve.kink_ppm.get()),
            at_zero: part(curve.rate_zero_ppm.get()),
            at_kink: part(curve.rate_kink_ppm.get()),
            at_one: part(curve.rate_full_ppm.get()),
        };
        let found = int(curve.rate_per_sec_up(Ppm::new(utilization)).unwrap() as i128) * two_to_minus(64);
        let more = found - exact.per_second(&part(utilization));
        prop_assert!(more >= int(0) && more < two_to_minus(64));
    }

    /// INTEREST-3
    #[test]
    fn utilization_and_its_average_are_the_models_within_a_part_per_million(
        borrows in 0u128..1 << 110, deposits in 1u128..1 << 110, ema in 0u32..=1_000_000, secs in 0u64..1 << 33,
    ) {
        let mean = utilization_ppm_down(borrows, deposits);
        let exact = if borrows >= deposits { int(1) } else { ratio(borrows as i128, deposits as i128) };
        let less = exact - ppm(mean.get() as i128);
        prop_assert!(less >= -ppm(1) && less <= ppm(2), "off by {less}");
        let found = ppm(utilization_ema(Ppm::new(ema), mean, Secs::wide(secs), Secs::new(600)).get() as i128);
        let (from, to) = (ppm(ema as i128), ppm(mean.get() as i128));
        // Rounded towards the mean.
        let beyond = (found - exact_ema(&from, &to, &int(secs as i128))) * if to >= from { int(1) } else { int(-1) };
        prop_assert!(beyond >= -ppm(1) && beyond <= ppm(1), "beyond by {beyond}");
    }
}

use std::vec::Vec;

use super::*;
use crate::num::{mul_wide, to_i64, PPM};
use crate::params::{DEPOSIT_INDEX_FLOOR, INDEX_ONE, MAX_ATOMS, SECS_PER_YEAR};
use crate::units::{Atoms, Ppm, Secs};
use proptest::prelude::*;

mod exact;
mod insurance;

fn index() -> impl Strategy<Value = u64> {
    prop_oneof![DEPOSIT_INDEX_FLOOR..INDEX_ONE, INDEX_ONE..INDEX_ONE << 8, Just(INDEX_ONE), Just(u64::MAX)]
}

fn borrow_index() -> impl Strategy<Value = u64> {
    prop_oneof![INDEX_ONE..INDEX_ONE << 4, INDEX_ONE..u64::MAX, Just(INDEX_ONE)]
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..1_000, 0..=MAX_ATOMS]
}

fn totals() -> impl Strategy<Value = Totals> {
    (0u64..1 << 62, 0u64..1 << 52, index(), borrow_index(), amount()).prop_map(
        |(deposit_shares, borrow_shares, deposit_index, borrow_index, uncovered_atoms)| Totals {
            deposit_shares,
            borrow_shares,
            deposit_index,
            borrow_index,
            uncovered_atoms: Atoms::new(uncovered_atoms),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn wide_division_equals_the_native_one(high: u64, low: u64, denominator: u64, narrow in 0u32..64) {
        let (numerator, denominator) = ((high as u128) << 64 | low as u128, denominator >> narrow);
        for numerator in [numerator, numerator >> 64, numerator >> narrow, numerator % ((denominator as u128) << 64).max(1)] {
            let exact = numerator.checked_div(denominator as u128).and_then(|q| u64::try_from(q).ok());
            prop_assert_eq!(div_wide_down(numerator, denominator), exact);
            let up = exact.and_then(|q| q.checked_add((numerator % denominator as u128 != 0) as u64));
            prop_assert_eq!(div_wide_up(numerator, denominator), up);
        }
    }

    /// INTEREST-1
    #[test]
    fn a_projected_index_is_linear_rounded_up_and_never_falls(
        index in borrow_index(), rate in 0u64..2_000_000_000_000, dt in 0u64..1 << 34, more in 0u64..1 << 20,
    ) {
        let now = borrow_index_at_up(index, rate, Secs::wide(dt));
        prop_assert!(index <= now && now <= borrow_index_at_up(index, rate, Secs::wide(dt + more)));
        let growth = rate as u128 * dt as u128;
        let exact_high = (growth >> 64) * index as u128;
        let low = mul_wide(index, growth as u64);
        let exact = index as u128 + exact_high + (low >> 64) + (low as u64 != 0) as u128;
        prop_assert_eq!(now as u128, exact.min(u64::MAX as u128));
    }

    /// PNL-3
    #[test]
    fn what_fits_under_a_cap_is_lent_to_the_share_and_never_beyond_it(totals in totals(), cap in amount()) {
        let room = totals.borrow_room_down(Atoms::new(cap)).get();
        if room > 0 && room <= MAX_ATOMS {
            let lent = totals.plus(ShareDelta { deposit_shares: 0, borrow_shares: to_i64(shares_up(Atoms::new(room), totals.borrow_index).unwrap()).unwrap() }).unwrap();
            prop_assert!(lent.borrows_up().get() <= cap, "{} of {cap}", lent.borrows_up().get());
            // A share more would pass the cap.
            let more = Totals { borrow_shares: lent.borrow_shares + 1, ..totals };
            prop_assert!(more.borrows_up().get() > cap);
        } else if room == 0 {
            // Nothing is left, or less than a share is.
            let more = Totals { borrow_shares: totals.borrow_shares + 1, ..totals };
            prop_assert!(more.borrows_up().get() > cap || deposit_atoms_down(1, totals.borrow_index).get() == 0);
        }
    }

    /// INTEREST-1
    #[test]
    fn a_borrow_index_at_its_maximum_stops(rate: u64, dt: u64) {
        prop_assert_eq!(borrow_index_at_up(u64::MAX, rate, Secs::wide(dt)), u64::MAX);
    }

    /// MONEY-3
    #[test]
    fn a_round_trip_never_profits(
        deposit_index in index(), borrow_index in borrow_index(), start in -(1i64 << 52)..1i64 << 52,
        atoms in amount(), credit_first: bool,
    ) {
        let view = Indices { deposit_index, borrow_index };
        let step = |shares, up| if up { credit(shares, Atoms::new(atoms), &view) } else { debit(shares, Atoms::new(atoms), &view) };
        let Ok((between, first)) = step(start, credit_first) else { return Ok(()); };
        let Ok((end, second)) = step(between, !credit_first) else { return Ok(()); };
        let net = |shares: i64| -> i128 {
            if shares >= 0 { mul_wide(shares as u64, deposit_index) as i128 }
            else { -(mul_wide(shares.unsigned_abs(), borrow_index) as i128) }
        };
        prop_assert!(net(end) <= net(start), "exact worth, before rounding");
        let sum = first.plus(second).unwrap();
        prop_assert_eq!(start.max(0) + sum.deposit_shares, end.max(0));
        prop_assert_eq!((-start).max(0) + sum.borrow_shares, (-end).max(0));
    }

    /// MONEY-3
    #[test]
    fn a_move_is_worth_its_atoms_to_within_one_share_against_the_mover(
        deposit_index in index(), borrow_index in borrow_index(), start in -(1i64 << 50)..1i64 << 50, atoms in 1u64..1 << 50,
    ) {
        let view = Indices { deposit_index, borrow_index };
        let net = |shares: i64| -> i128 {
            if shares >= 0 { mul_wide(shares as u64, deposit_index) as i128 }
            else { -(mul_wide(shares.unsigned_abs(), borrow_index) as i128) }
        };
        let atoms_bits = (atoms as i128) << INDEX_BITS;
        // A whole deposit or debt that ends gives its fraction of an atom too.
        let slack = deposit_index as i128 + borrow_index as i128 + (1 << INDEX_BITS);
        if let Ok((end, _)) = credit(start, Atoms::new(atoms), &view) {
            let gained = net(end) - net(start);
            prop_assert!(gained <= atoms_bits && gained > atoms_bits - slack);
        }
        if let Ok((end, _)) = debit(start, Atoms::new(atoms), &view) {
            let lost = net(start) - net(end);
            prop_assert!(lost >= atoms_bits && lost < atoms_bits + slack);
        }
    }

    #[test]
    fn everything_leaves_no_share_behind(index in index(), debt_index in borrow_index(), shares in 1i64..1 << 52) {
        let view = Indices { deposit_index: index, borrow_index: debt_index };
        let deposit = deposit_atoms_down(shares as u64, index).get();
        if deposit > 0 {
            prop_assert_eq!(debit(shares, Atoms::new(deposit), &view).unwrap().0, 0);
        }
        let debt = debt_atoms_up(shares as u64, debt_index).get();
        if debt < u64::MAX {
            prop_assert_eq!(credit(-shares, Atoms::new(debt), &view).unwrap().0, 0);
            let left = credit(-shares, Atoms::new(debt - 1), &view).unwrap().0;
            prop_assert!(left < 0, "one atom less is not the whole debt");
        }
    }

    /// INTEREST-2
    #[test]
    fn booking_credits_no_more_than_was_charged_and_the_deposit_index_grows_no_faster(
        totals in totals(), growth in 0u64..1 << 50, fee_ppm in 0u32..=PPM, nobody_lends in prop::bool::weighted(0.1),
    ) {
        let totals = Totals { deposit_shares: if nobody_lends { 0 } else { totals.deposit_shares }, ..totals };
        let now = totals.borrow_index.saturating_add(growth);
        let mut booking = totals.book(now, Ppm::new(fee_ppm));
        booking.fee_atoms = booking.fee_atoms.saturating_add(booking.covered_atoms);
        prop_assert!(booking.deposit_index >= totals.deposit_index);
        let charged = mul_wide(totals.borrow_shares, now - totals.borrow_index);
        let credited = mul_wide(totals.deposit_shares, booking.deposit_index - totals.deposit_index);
        let fee_bits = (booking.fee_atoms.get() as u128) << INDEX_BITS;
        if booking.fee_atoms < Atoms::new(u64::MAX) {
            prop_assert!(credited + fee_bits <= charged);
            prop_assert!(charged - credited - fee_bits < 1 << INDEX_BITS, "at most a fraction of an atom stays");
        }
        // d'/d <= b'/b, cross-multiplied.
        let raise = booking.deposit_index - totals.deposit_index;
        prop_assert!(
            mul_wide(raise, totals.borrow_index) <= mul_wide(totals.deposit_index, now - totals.borrow_index)
        );
        // The protocol never gets less than its share, in whole atoms.
        prop_assert!(booking.fee_atoms.get() as u128 >= ((charged >> INDEX_BITS) / PPM as u128) * fee_ppm as u128);
        if totals.deposit_shares == 0 {
            prop_assert_eq!(booking.deposit_index, totals.deposit_index);
        }
    }

    /// LOSS-1
    #[test]
    fn a_socialized_loss_is_borne_whole_or_recorded_and_never_breaks_the_floor(
        shares in 0u64..1 << 62, index in DEPOSIT_INDEX_FLOOR..INDEX_ONE << 4, loss in amount(),
    ) {
        let result = socialize(shares, index, Atoms::new(loss));
        prop_assert!(result.deposit_index <= index && result.deposit_index >= DEPOSIT_INDEX_FLOOR);
        prop_assert_eq!(result.terminal, result.deposit_index == DEPOSIT_INDEX_FLOOR);
        let borne = mul_wide(shares, index - result.deposit_index);
        prop_assert!(borne + ((result.uncovered_atoms.get() as u128) << INDEX_BITS) >= (loss as u128) << INDEX_BITS);
        prop_assert!(result.uncovered_atoms <= Atoms::new(loss));
        prop_assert!(result.uncovered_atoms == Atoms::ZERO || shares == 0 || result.terminal);
        prop_assert!(borne < ((loss as u128) << INDEX_BITS) + shares as u128, "rounded up by one step of the index");
    }

    #[test]
    fn utilization_is_exact_to_one_ppm(borrows in 0u128..1 << 120, deposits in 0u128..1 << 120, less in 0u32..110) {
        let (borrows, deposits) = (borrows >> less, deposits >> less);
        let ppm = utilization_ppm_down(borrows, deposits).get() as u128;
        prop_assert!(ppm <= PPM as u128);
        if borrows >= deposits {
            prop_assert_eq!(ppm, if borrows == 0 { 0 } else { PPM as u128 });
        } else if let Some(product) = borrows.checked_mul(PPM as u128) {
            let exact = product / deposits;
            prop_assert!(exact.abs_diff(ppm) <= 1);
        }
    }

    #[test]
    fn the_average_moves_toward_the_mean_and_never_past_it(
        ema in 0u32..=PPM, mean in 0u32..=PPM, dt: u64, window in 1u32..=86_400,
    ) {
        let next = utilization_ema(Ppm::new(ema), Ppm::new(mean), Secs::wide(dt), Secs::new(window));
        prop_assert!((ema.min(mean)..=ema.max(mean)).contains(&next.get()));
        prop_assert_eq!(utilization_ema(Ppm::new(ema), Ppm::new(mean), Secs::ZERO, Secs::new(window)), Ppm::new(ema));
        prop_assert!(ema == mean || dt == 0 || next != Ppm::new(ema));
    }

    #[test]
    fn a_valid_curve_rises_with_utilization_and_stays_within_its_rates(
        kink in 1u32..PPM, mut rates in prop::array::uniform3(0u32..=3_000_000), low in 0u32..=PPM, high in 0u32..=PPM,
    ) {
        rates.sort_unstable();
        let [at_zero, at_kink, at_full] = rates;
        let [rate_zero_ppm, rate_kink_ppm, rate_full_ppm] = rates.map(Ppm::new);
        let curve = RateCurve { kink_ppm: Ppm::new(kink), rate_zero_ppm, rate_kink_ppm, rate_full_ppm };
        let (low, high) = (low.min(high), low.max(high));
        prop_assert!(curve.rate_per_sec_up(Ppm::new(low)).unwrap() <= curve.rate_per_sec_up(Ppm::new(high)).unwrap());
        let annual = |ppm: u32| ((ppm as u128) << 64).div_ceil(PPM as u128 * SECS_PER_YEAR as u128) as u64;
        prop_assert_eq!(curve.rate_per_sec_up(Ppm::ZERO).unwrap(), annual(at_zero));
        prop_assert_eq!(curve.rate_per_sec_up(Ppm::new(kink)).unwrap(), annual(at_kink));
        prop_assert_eq!(curve.rate_per_sec_up(Ppm::WHOLE).unwrap(), annual(at_full));
        prop_assert_eq!(curve.rate_per_sec_up(Ppm::new(u32::MAX)).unwrap(), annual(at_full));
    }
}

/// One bank and its holders, without accounts: every operation as the ledger does it.
#[derive(Clone, Debug)]
struct Ledger {
    totals: Totals,
    vault: u128,
    fees: u64,
    insurance: u64,
    waiting: u64,
    holders: Vec<i64>,
}

/// A random step: which holder, what, how much, and by how much the borrow index grows before.
type Step = (usize, u8, u64, u64);

impl Ledger {
    fn new() -> Self {
        let totals = Totals {
            deposit_shares: 0,
            borrow_shares: 0,
            deposit_index: INDEX_ONE,
            borrow_index: INDEX_ONE,
            uncovered_atoms: Atoms::ZERO,
        };
        Self { totals, vault: 0, fees: 0, insurance: 0, waiting: 0, holders: std::vec![0; 5] }
    }

    fn book(&mut self, growth: u64) {
        let now = self.totals.borrow_index.saturating_add(growth);
        let booking = self.totals.book(now, Ppm::new(150_000));
        self.fees += booking.fee_atoms.get();
        self.totals.uncovered_atoms = Atoms::new(self.totals.uncovered_atoms.get() - booking.covered_atoms.get());
        self.totals.deposit_index = booking.deposit_index;
        self.totals.borrow_index = now;
    }

    fn apply(&mut self, holder: usize, result: (i64, ShareDelta)) {
        self.holders[holder] = result.0;
        self.totals = self.totals.plus(result.1).unwrap();
    }

    fn step(&mut self, &(holder, what, atoms, growth): &Step) {
        self.book(growth);
        let (view, shares) = (self.totals.indices(), self.holders[holder]);
        match what {
            0..=2 => {
                let result = credit(shares, Atoms::new(atoms), &view).unwrap();
                self.apply(holder, result);
                self.vault += atoms as u128;
            }
            3..=5 => {
                let before = self.clone();
                let result = debit(shares, Atoms::new(atoms), &view).unwrap();
                self.apply(holder, result);
                if atoms as u128 > self.vault || !self.totals.is_liquid() {
                    *self = before;
                } else {
                    self.vault -= atoms as u128;
                }
            }
            6 => self.pass(holder, atoms, &view),
            7 => self.bankrupt(holder, &view),
            8 => self.sweep(),
            _ => {
                let paid = self.fees.min(atoms);
                if self.totals.is_liquid() {
                    self.vault -= paid as u128;
                    self.fees -= paid;
                }
            }
        }
    }

    /// A payment between two holders, a tenth of it as waiting insurance.
    fn pass(&mut self, holder: usize, atoms: u64, view: &Indices) {
        let other = (holder + 1) % self.holders.len();
        let result = debit(self.holders[holder], Atoms::new(atoms), view).unwrap();
        self.apply(holder, result);
        let result = credit(self.holders[other], Atoms::new(atoms - atoms / 10), view).unwrap();
        self.apply(other, result);
        let minted = shares_down(Atoms::new(atoms / 10), view.deposit_index).unwrap();
        self.totals.deposit_shares += minted;
        self.waiting += minted;
    }

    /// A debt ends: insurance pays what it can, depositors the rest.
    fn bankrupt(&mut self, holder: usize, view: &Indices) {
        let owed = self.holders[holder].min(0).unsigned_abs();
        let debt = debt_atoms_up(owed, view.borrow_index).get();
        let fund = Fund {
            insurance_atoms: Atoms::new(self.insurance),
            waiting_shares: self.waiting,
            deposit_index: self.totals.deposit_index,
        };
        let paid = debt.min(fund.worth_down().get());
        let draw = fund.draw_up(Atoms::new(paid)).unwrap();
        self.insurance -= draw.insurance_atoms.get();
        self.waiting -= draw.waiting_shares;
        self.totals.deposit_shares -= draw.waiting_shares;
        self.totals.borrow_shares -= owed;
        self.holders[holder] += owed as i64;
        let result = socialize(self.totals.deposit_shares, self.totals.deposit_index, Atoms::new(debt - paid));
        self.totals.deposit_index = result.deposit_index;
        self.totals.uncovered_atoms = Atoms::new(self.totals.uncovered_atoms.get() + result.uncovered_atoms.get());
    }

    fn sweep(&mut self) {
        let swept = self.totals.sweep_down(self.waiting);
        self.waiting -= swept.shares;
        self.totals.deposit_shares -= swept.shares;
        self.totals.uncovered_atoms = Atoms::new(self.totals.uncovered_atoms.get() - swept.covered_atoms.get());
        self.insurance += swept.insurance_atoms.get();
    }

    /// `V >= D - B - uncovered + I + F`, exactly, and shares add up.
    fn check(&self) {
        let bits = |atoms: u128| atoms << INDEX_BITS;
        let vault = bits(self.vault) + self.totals.borrows_bits() + bits(self.totals.uncovered_atoms.get() as u128);
        let owed = self.totals.deposits_bits() + bits(self.insurance as u128) + bits(self.fees as u128);
        assert!(vault >= owed, "{self:?}");
        let held: u64 = self.holders.iter().map(|s| s.max(&0).unsigned_abs()).sum();
        let borrowed: u64 = self.holders.iter().map(|s| s.min(&0).unsigned_abs()).sum();
        assert_eq!((held + self.waiting, borrowed), (self.totals.deposit_shares, self.totals.borrow_shares));
        assert!(self.totals.deposit_index >= DEPOSIT_INDEX_FLOOR);
        assert!(self.totals.deposit_index <= self.totals.borrow_index);
    }
}

fn step() -> impl Strategy<Value = Step> {
    let atoms = prop_oneof![Just(1u64), 1u64..100, 1u64..1 << 40];
    let growth = prop_oneof![Just(0u64), 0u64..1 << 20, 0u64..1 << 41];
    (0usize..5, 0u8..10, atoms, growth)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// MONEY-1
    #[test]
    fn the_vault_covers_every_claim_after_each_of_four_hundred_operations(steps in prop::collection::vec(step(), 400..420)) {
        let mut ledger = Ledger::new();
        for step in &steps {
            let before = ledger.totals;
            ledger.step(step);
            ledger.check();
            assert!(ledger.totals.borrow_index >= before.borrow_index);
            assert!(ledger.totals.deposit_index >= before.deposit_index || step.1 == 7);
        }
    }

    #[test]
    fn whoever_leaves_first_everybody_solvent_is_paid_when_all_debts_are_repaid(
        steps in prop::collection::vec(step(), 400..420),
    ) {
        let mut ledger = Ledger::new();
        for step in &steps {
            ledger.step(step);
        }
        for holder in 0..5 {
            let debt = debt_atoms_up(ledger.holders[holder].min(0).unsigned_abs(), ledger.totals.borrow_index).get();
            let result = credit(ledger.holders[holder], Atoms::new(debt), &ledger.totals.indices()).unwrap();
            ledger.apply(holder, result);
            ledger.vault += debt as u128;
        }
        ledger.check();
        let owed = ledger.totals.deposits_down().get() as u128 + ledger.insurance as u128 + ledger.fees as u128;
        assert!(ledger.vault + ledger.totals.uncovered_atoms.get() as u128 >= owed);
    }
}

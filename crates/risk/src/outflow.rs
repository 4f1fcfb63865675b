//! What may leave a bank within a window (LIMIT-1).
//!
//! Withdrawals and borrows are netted against deposits and repayments of the same window, so that money which only passes
//! through uses nothing up, and the rest is held against what was deposited when the window began: whoever deposits in order
//! to let more out raises nothing. Time is cut as in [`crate::allowance`]: a window begins at one of its fifths, and is one to
//! one and a fifth of its length long.

use crate::allowance::{Spent, BUCKETS};
use crate::bank::deposit_atoms_down;
use crate::num::{mul_u32, PPM};
use crate::units::{Atoms, Ppm, Secs, SignedAtoms, UnixSecs};

/// What went out less what came in, lately, in buckets of a fifth of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The latest bucket: `floor(t / ceil(window / 5))` of the latest time seen.
    pub at_bucket: i64,
    /// Out of the vault less into it, atoms, of this bucket and the five before it, each at its number modulo six.
    pub vault: [i64; BUCKETS],
    /// Deposit shares withdrawn less deposited.
    pub deposit_shares: [i64; BUCKETS],
}

/// The same where it is stored, to be counted in place.
pub struct FlowMut<'a> {
    /// As [`Flow::at_bucket`].
    pub at_bucket: &'a mut i64,
    /// As [`Flow::vault`].
    pub vault: &'a mut [i64; BUCKETS],
    /// As [`Flow::deposit_shares`].
    pub deposit_shares: &'a mut [i64; BUCKETS],
}

/// One move between a bank's vault and the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Out of the vault; in where negative.
    pub vault: SignedAtoms,
    /// By how many shares deposits fell; rose where negative.
    pub deposit_shares: i64,
}

/// What is deposited in a bank now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposits {
    /// Shares.
    pub shares: u64,
    /// What a share is worth, 48 fraction bits.
    pub index: u64,
}

/// How much may still leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Now.
    pub atoms: Atoms,
    /// Within the window at most, once nothing of it is used up.
    pub most: Atoms,
}

/// The largest magnitude of a bucket, of which six fit a signed number: more than any bank's cap.
const MOST: i64 = 1 << 60;

#[inline(always)]
fn sum(one: i64, other: i64) -> i64 {
    one.saturating_add(other).clamp(-MOST, MOST)
}

impl FlowMut<'_> {
    /// Moves on to `now`: what can overlap no window that ends now or later is forgotten. A clock that went backwards
    /// forgets nothing. Returns the place of the latest bucket.
    #[inline(always)]
    pub fn advance(&mut self, now: UnixSecs, window: Secs) -> usize {
        let now = Spent::bucket(now, window);
        if now > *self.at_bucket {
            self.forget(now);
        }
        Spent::place(*self.at_bucket)
    }

    /// Up to a bucket that is later than the latest.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        clippy::indexing_slicing,
        reason = "the number of buckets is six, a place below it; the loop's start is at most `now`, since time has passed"
    )]
    fn forget(&mut self, now: i64) {
        if now.saturating_sub(*self.at_bucket) >= BUCKETS as i64 {
            (*self.vault, *self.deposit_shares) = ([0; BUCKETS], [0; BUCKETS]);
        } else {
            for bucket in *self.at_bucket + 1..=now {
                let place = Spent::place(bucket);
                (self.vault[place], self.deposit_shares[place]) = (0, 0);
            }
        }
        *self.at_bucket = now;
    }

    /// Counts a move in the latest bucket, whose place [`Self::advance`] has said; a bucket saturates at [`MOST`].
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a place is below the number of buckets")]
    pub fn count(&mut self, moved: &Move, place: usize) {
        self.vault[place] = sum(self.vault[place], moved.vault.get());
        self.deposit_shares[place] = sum(self.deposit_shares[place], moved.deposit_shares);
    }

    /// [`Flow::lets_out`] where it is stored.
    #[inline(always)]
    pub fn lets_out(&self, atoms: Atoms, deposits: Deposits, share: Ppm) -> bool {
        lets_out(self.vault, self.deposit_shares, atoms, deposits, share)
    }
}

impl Flow {
    fn as_mut(&mut self) -> FlowMut<'_> {
        FlowMut { at_bucket: &mut self.at_bucket, vault: &mut self.vault, deposit_shares: &mut self.deposit_shares }
    }

    /// The same at `now`.
    #[inline(always)]
    pub fn at(mut self, now: UnixSecs, window: Secs) -> Self {
        self.as_mut().advance(now, window);
        self
    }

    /// Whether so much more may leave within a share of what was deposited when the window began; the whole is no limit. The flow
    /// and the deposits are as of one time.
    pub fn lets_out(&self, atoms: Atoms, deposits: Deposits, share: Ppm) -> bool {
        lets_out(&self.vault, &self.deposit_shares, atoms, deposits, share)
    }

    /// What may still leave; what [`Self::lets_out`] says as a number.
    pub fn room(&self, deposits: Deposits, share: Ppm) -> Room {
        let most = share.of_down(begun(&self.deposit_shares, deposits)).unwrap_or(u64::MAX);
        // A sum of six numbers of at most 2^60 has a negative.
        let now = most.saturating_add_signed(net(&self.vault).wrapping_neg());
        Room { atoms: Atoms::new(now), most: Atoms::new(most) }
    }

    /// From when on so much may leave at once if nothing else moves; none where it is more than a window ever
    /// lets out. The flow and the deposits are as of one time.
    #[expect(clippy::cast_possible_wrap, reason = "there are six buckets")]
    pub fn fits_at(&self, wanted: Atoms, deposits: Deposits, share: Ppm, window: Secs) -> Option<UnixSecs> {
        let fifth = Spent::bucket_secs(window);
        (1..=BUCKETS as i64)
            .map(|later| UnixSecs::new(self.at_bucket.saturating_add(later).saturating_mul(fifth)))
            .find(|at| self.at(*at, window).room(deposits, share).atoms >= wanted)
    }
}

#[inline(never)]
fn lets_out(
    vault: &[i64; BUCKETS],
    deposit_shares: &[i64; BUCKETS],
    atoms: Atoms,
    deposits: Deposits,
    share: Ppm,
) -> bool {
    if share >= Ppm::WHOLE || atoms.is_zero() {
        return true;
    }
    let out = atoms.get().saturating_add_signed(net(vault));
    mul_u32(out, PPM) <= mul_u32(begun(deposit_shares, deposits), share.get())
}

/// What was deposited when the window began, atoms at today's index, rounded down.
#[inline(always)]
fn begun(deposit_shares: &[i64; BUCKETS], deposits: Deposits) -> u64 {
    let shares = deposits.shares.saturating_add_signed(net(deposit_shares));
    deposit_atoms_down(shares, deposits.index).get()
}

/// All buckets together.
#[inline(always)]
fn net(amounts: &[i64; BUCKETS]) -> i64 {
    // Six numbers of at most 2^60.
    amounts.iter().fold(0, |sum: i64, amount| sum.wrapping_add(*amount))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::params::INDEX_ONE;

    const HOUR: Secs = Secs::new(3_600);
    const QUARTER: Ppm = Ppm::new(250_000);

    const fn withdrawn(atoms: i64) -> Move {
        Move { vault: SignedAtoms::new(atoms), deposit_shares: atoms }
    }

    const fn lent(atoms: i64) -> Move {
        Move { vault: SignedAtoms::new(atoms), deposit_shares: 0 }
    }

    const fn at_par(shares: u64) -> Deposits {
        Deposits { shares, index: INDEX_ONE }
    }

    fn counted(flow: &mut Flow, moved: &Move, now: i64) {
        let mut flow = flow.as_mut();
        let place = flow.advance(UnixSecs::new(now), HOUR);
        flow.count(moved, place);
    }

    /// A bank with this flow and these deposits; what moves is asked for and counted.
    struct Bank {
        flow: Flow,
        deposits: i64,
    }

    impl Bank {
        fn room(&mut self, now: i64) -> u64 {
            self.flow = self.flow.at(UnixSecs::new(now), HOUR);
            self.flow.room(at_par(self.deposits as u64), QUARTER).atoms.get()
        }

        fn moves(&mut self, moved: Move, now: i64) -> bool {
            let fits = moved.vault.get() <= 0 || self.room(now) >= moved.vault.get() as u64;
            if fits {
                counted(&mut self.flow, &moved, now);
                self.deposits -= moved.deposit_shares;
            }
            fits
        }
    }

    #[test]
    fn a_quarter_leaves_within_an_hour_whether_at_once_or_in_parts() {
        for parts in [1, 5, 25] {
            let mut bank = Bank { flow: Flow::default(), deposits: 1_000 };
            for _ in 0..parts {
                assert!(bank.moves(withdrawn(250 / parts), 0));
            }
            assert_eq!((bank.deposits, bank.room(0), bank.room(3_599)), (750, 0, 0));
            // The whole is counted from what was there when the window began: 1,000, and then 750.
            assert_eq!(bank.room(4_320), 187);
        }
        let mut bank = Bank { flow: Flow::default(), deposits: 1_000 };
        assert!(bank.moves(lent(250), 0) && !bank.moves(lent(1), 0) && !bank.moves(withdrawn(1), 3_599));
    }

    #[test]
    fn what_comes_in_lets_as_much_out_again_and_no_more() {
        let mut bank = Bank { flow: Flow::default(), deposits: 1_000 };
        assert!(bank.moves(withdrawn(-9_000), 0));
        assert_eq!(bank.room(0), 250 + 9_000);
        // Nine thousand that came in for it let nobody take more than a quarter of the thousand that was there.
        assert!(bank.moves(lent(9_250), 0) && bank.room(0) == 0);
        assert!(!bank.moves(withdrawn(1), 0));
        assert!(bank.moves(lent(-250), 10) && bank.room(10) == 250);
    }

    #[test]
    fn a_refusal_says_what_fits_and_when_the_rest_does() {
        let mut bank = Bank { flow: Flow::default(), deposits: 1_000 };
        assert!(bank.moves(lent(100), 720) && bank.moves(lent(150), 1_500));
        let at = |wanted| bank.flow.fits_at(Atoms::new(wanted), at_par(1_000), QUARTER, HOUR).map(UnixSecs::get);
        assert_eq!((at(100), at(101), at(250), at(251)), (Some(5_040), Some(5_760), Some(5_760), None));
        assert_eq!((bank.room(5_039), bank.room(5_040), bank.room(5_760)), (0, 100, 250));
    }

    #[test]
    fn numbers_at_the_ends_of_their_range_saturate() {
        let mut flow = Flow::default();
        for at in 0..6 {
            counted(&mut flow, &withdrawn(i64::MAX), at * 720);
        }
        assert_eq!((net(&flow.vault), net(&flow.deposit_shares)), (6 * MOST, 6 * MOST));
        assert_eq!(flow.room(at_par(u64::MAX), Ppm::WHOLE).most, Atoms::MAX);
        assert!(!flow.lets_out(Atoms::MAX, at_par(0), QUARTER));
        let mut flow = Flow::default();
        counted(&mut flow, &withdrawn(i64::MIN), 0);
        assert_eq!(flow.room(at_par(0), QUARTER), Room { atoms: Atoms::new(1 << 60), most: Atoms::ZERO });
        assert_eq!(flow.room(at_par(u64::MAX), Ppm::ZERO).most, Atoms::ZERO);
        assert!(
            flow.lets_out(Atoms::new(1 << 60), at_par(0), Ppm::ZERO)
                && !flow.lets_out(Atoms::MAX, at_par(0), Ppm::ZERO)
        );
    }

    proptest! {
        #[test]
        fn what_is_let_out_is_what_there_is_room_for(
            vault: [i64; BUCKETS], deposit_shares: [i64; BUCKETS], shares: u64, index in 1u64..1 << 50, share_ppm in 0..=PPM, atoms: u64,
            small in 0u32..64,
        ) {
            let [vault, deposit_shares] = [vault, deposit_shares].map(|amounts| amounts.map(|amount| amount >> small.max(3)));
            let (flow, deposits) = (Flow { at_bucket: 0, vault, deposit_shares }, Deposits { shares: shares >> small, index });
            let share = Ppm::new(share_ppm);
            let room = flow.room(deposits, share).atoms;
            prop_assert_eq!(flow.lets_out(Atoms::new(atoms), deposits, share), atoms <= room.get());
            prop_assert!(flow.lets_out(room, deposits, share));
            if let Some(more) = room.get().checked_add(1) {
                prop_assert!(!flow.lets_out(Atoms::new(more), deposits, share));
            }
        }

        /// LIMIT-1: whatever moves when, no more has left, net, since the window began than a quarter of what was deposited
        /// then, and the window is never shorter than an hour.
        #[test]
        fn no_window_lets_more_out_than_a_quarter_of_what_it_began_with(
            moves in prop::collection::vec((0i64..1_500, -400i64..400, any::<bool>()), 1..60),
        ) {
            let mut bank = Bank { flow: Flow::default(), deposits: 1_000 };
            let (mut now, mut done) = (1_700_000_000i64, Vec::new());
            for (later, atoms, is_loan) in moves {
                now += later;
                let moved = if is_loan { lent(atoms) } else { withdrawn(atoms) };
                let begins = (now / 720 - 5) * 720;
                prop_assert!(now - begins >= HOUR.get() as i64);
                let since = done.iter().filter(|(at, _)| *at >= begins);
                let (vault, begun) = since.fold((0, bank.deposits), |(vault, deposits), (_, moved): &(i64, Move)| {
                    (vault + moved.vault.get(), deposits + moved.deposit_shares)
                });
                let fits = atoms <= 0 || vault + atoms <= begun / 4;
                if bank.deposits >= moved.deposit_shares {
                    prop_assert_eq!(bank.moves(moved, now), fits);
                    if fits {
                        done.push((now, moved));
                    }
                }
            }
        }
    }
}

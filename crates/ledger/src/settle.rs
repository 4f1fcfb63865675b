//! What passes between an account's PnL, its quote balance and a market's pool.
//!
//! Callers have booked the bank, touched the pool and applied the index to the leg.

use plimsoll_risk::bank::INDEX_BITS;
use plimsoll_risk::num::to_i64;
use plimsoll_risk::perp::{claim_payout_down, loser_pays};
use plimsoll_risk::units::{Atoms, SignedAtoms};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Bank, MarginAccount, Market};

use crate::pool;
use crate::token::{apply_delta, apply_totals, deposit_atoms, moves_a_share, ShareDelta};

/// What a settlement moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Change of the account's quote balance.
    pub quote_atoms: SignedAtoms,
    /// Change of the pool.
    pub pool_change_atoms: SignedAtoms,
    /// Part of a win that is given up and taken off the deficit.
    pub forgone_atoms: Atoms,
}

#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
fn add_cash(account: &mut MarginAccount, leg: usize, atoms: SignedAtoms) -> RiskResult<()> {
    let position = &mut account.derivatives[leg];
    position.cash_atoms = position.cash().try_add(atoms)?.get();
    Ok(())
}

/// A loser pays into the pool: from his balance down to zero, and beyond it by at most `room` that he borrows.
///
/// Such a borrow is no new risk (NAV and requirement stay) and takes no liquidity (the pool's deposit grows by as
/// much), but it lends quote: the winner may withdraw it. So whatever closes borrowing closes it too (PNL-3).
///
/// # Errors
/// `NothingToSettle` where nothing can be paid; `TokenTableFull`, `NumberOutOfRange`.
#[inline(never)]
pub fn collect_loss(
    account: &mut MarginAccount,
    leg: usize,
    market: &mut Market,
    bank: &mut Bank,
    loss: Atoms,
    room: Atoms,
) -> RiskResult<Settled> {
    let view = bank.indices();
    // What the loss costs at most in whole shares of the pool: more means buy no more.
    let dearest = loss.saturating_add(Atoms::new((view.deposit_index >> INDEX_BITS).saturating_add(2)));
    let means = loser_pays(dearest, deposit_atoms(account, bank.index, &view), room);
    // What that buys in whole shares, so that rounding alone never causes a borrow.
    let credit = Market::credit_of_down(means, view.deposit_index)?.min(loss);
    if credit.is_zero() {
        return Err(RiskError::NothingToSettle);
    }
    let paid = pool::pay_in_up(market, credit, view.deposit_index)?;
    let quote_atoms = paid.moved_atoms.negative()?;
    let debited = apply_delta(account, bank.index, quote_atoms, &view)?;
    apply_totals(bank, debited)?;
    apply_totals(bank, ShareDelta { deposit_shares: to_i64(paid.shares)?, borrow_shares: 0 })?;
    add_cash(account, leg, credit.signed()?)?;
    Ok(Settled { quote_atoms, pool_change_atoms: paid.pool_atoms.signed()?, forgone_atoms: Atoms::ZERO })
}

/// A winner takes `claim`: at most the pool without a deficit, else `claim * pool / (pool + deficit)`, and the rest of the
/// claim is taken off the deficit. A rest too small to be paid ever becomes the market's own claim where no base is left (PNL-4).
///
/// # Errors
/// `NothingToSettle` where nothing can be taken or cancelled; `TokenTableFull`, `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; the negative of a non-negative number always fits"
)]
pub fn pay_win(
    account: &mut MarginAccount,
    leg: usize,
    market: &mut Market,
    bank: &mut Bank,
    claim: Atoms,
) -> RiskResult<Settled> {
    let view = bank.indices();
    let mut settled = Settled::default();
    if market.pool_atoms != 0 || market.deficit_atoms != 0 {
        let mut payout = claim_payout_down(claim, market.pool(), market.deficit())?;
        let moved = pool::moved_down(market, payout.paid_atoms, view.deposit_index)?;
        if !moved.is_zero() && !moves_a_share(account, bank.index, moved, &view)? {
            // What would buy the winner nothing stays in the pool, and ends below where it is the last of the claim.
            let position = &account.derivatives[leg];
            let left = position.cash().gain().saturating_sub(payout.forgone_atoms);
            if position.shares != 0 || !pool::buys_no_share(left, view.deposit_index) {
                return Err(RiskError::NothingToSettle);
            }
            payout.paid_atoms = Atoms::ZERO;
        }
        let paid = pool::pay_out_down(market, payout.paid_atoms, view.deposit_index)?;
        // At most the deficit, as the formula promises.
        market.deficit_atoms = market.deficit().try_sub(payout.forgone_atoms)?.get();
        if paid.shares != 0 {
            apply_totals(bank, ShareDelta { deposit_shares: -to_i64(paid.shares)?, borrow_shares: 0 })?;
        }
        if !paid.moved_atoms.is_zero() {
            settled.quote_atoms = paid.moved_atoms.signed()?;
            let credited = apply_delta(account, bank.index, settled.quote_atoms, &view)?;
            apply_totals(bank, credited)?;
        }
        settled.pool_change_atoms = paid.pool_atoms.negative()?;
        settled.forgone_atoms = payout.forgone_atoms;
        let spent = paid.pool_atoms.try_add(payout.forgone_atoms)?;
        add_cash(account, leg, spent.negative()?)?;
    }
    let position = &mut account.derivatives[leg];
    let left = position.cash().gain();
    let dust = position.shares == 0 && pool::buys_no_share(left, view.deposit_index);
    if dust {
        pool::add_own_claim(market, left)?;
        position.cash_atoms = 0;
    }
    if !dust && settled == Settled::default() {
        return Err(RiskError::NothingToSettle);
    }
    Ok(settled)
}

/// The market's own claim is paid like a winner's: shares pass from the pool to the bank's waiting insurance, so the
/// bank's totals stay. Not while there is a deficit, which the claim would be set off against (PNL-8).
///
/// # Errors
/// `MarketInDeficit`, `NothingToSettle`, `NumberOutOfRange`.
#[inline(never)]
pub fn pay_own_claim(market: &mut Market, bank: &mut Bank) -> RiskResult<Settled> {
    if market.deficit_atoms != 0 {
        return Err(RiskError::MarketInDeficit);
    }
    let claim = market.own_claim().min(market.pool());
    let paid = pool::pay_out_down(market, claim, bank.deposit_index)?;
    if paid.shares == 0 {
        return Err(RiskError::NothingToSettle);
    }
    market.own_claim_atoms = market.own_claim().try_sub(paid.pool_atoms)?.get();
    bank.waiting_shares = bank.waiting_shares.checked_add(paid.shares).ok_or(RiskError::NumberOutOfRange)?;
    Ok(Settled {
        quote_atoms: paid.moved_atoms.signed()?,
        pool_change_atoms: paid.pool_atoms.negative()?,
        forgone_atoms: Atoms::ZERO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perp;
    use bytemuck::Zeroable;
    use plimsoll_risk::params::INDEX_ONE;
    use plimsoll_risk::units::{Atoms, SignedAtoms};
    use std::vec;

    fn setting(deposit_index: u64, pool: u64) -> (MarginAccount, usize, Market, Bank) {
        let (mut account, mut market, mut bank) = (MarginAccount::zeroed(), Market::zeroed(), Bank::zeroed());
        bank.deposit_index = deposit_index;
        bank.booked_borrow_index = deposit_index;
        let leg = perp::open_leg(&mut account, &mut market).unwrap();
        let shares = pool::pay_in_up(&mut market, Atoms::new(pool), deposit_index).unwrap().shares;
        market.own_claim_atoms = 0;
        bank.deposit_shares = shares + 1_000_000;
        (account, leg, market, bank)
    }

    #[test]
    fn a_loser_without_balance_pays_only_what_he_may_borrow() {
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE, 0);
        account.derivatives[leg].cash_atoms = -100;
        let refused =
            collect_loss(&mut account, leg, &mut market, &mut bank, Atoms::new(100), Atoms::ZERO).unwrap_err();
        assert_eq!(refused, RiskError::NothingToSettle);
        let paid = collect_loss(&mut account, leg, &mut market, &mut bank, Atoms::new(100), Atoms::new(30)).unwrap();
        assert_eq!((paid.quote_atoms, account.derivatives[leg].cash_atoms), (SignedAtoms::new(-30), -70));
        let paid = collect_loss(&mut account, leg, &mut market, &mut bank, Atoms::new(70), Atoms::MAX).unwrap();
        assert_eq!((paid.quote_atoms, market.pool_atoms), (SignedAtoms::new(-70), 100));
        assert_eq!(account.derivatives[leg].cash_atoms, 0);
        assert_eq!((bank.borrow_shares, bank.deposit_shares), (100, 1_000_100));
    }

    /// PNL-3
    #[test]
    fn a_settled_loss_fills_the_borrow_cap_and_never_passes_it() {
        let mut rng = Rng(11);
        for _ in 0..20_000 {
            let index = INDEX_ONE / 4 + rng.below(INDEX_ONE * 2);
            let (mut account, leg, mut market, mut bank) = setting(index, 0);
            bank.booked_borrow_index = index.max(INDEX_ONE) + rng.below(INDEX_ONE);
            bank.borrow_shares = rng.below(5_000);
            let (loss, cap) = (1 + rng.below(9_000), rng.below(12_000));
            account.derivatives[leg].cash_atoms = -(loss as i64);
            let (before, room) =
                (bank.totals().borrows_up().get(), bank.totals().borrow_room_down(Atoms::new(cap)).get());
            let paid = collect_loss(&mut account, leg, &mut market, &mut bank, Atoms::new(loss), Atoms::new(room));
            let owed = bank.totals().borrows_up().get();
            assert!(owed <= cap.max(before), "{owed} owed of {cap}, {before} before");
            // Whole shares of the pool, and of the debt, leave less than two of each unused.
            let left = account.derivatives[leg].cash_atoms.unsigned_abs();
            let share = (2 * (index.max(bank.booked_borrow_index) >> INDEX_BITS) + 4) * 2;
            assert!(left == 0 || owed + share >= cap, "{left} left at {owed} of {cap}: {paid:?}");
        }
    }

    #[test]
    fn a_losers_balance_goes_down_to_zero_and_rounding_makes_no_borrow() {
        let index = INDEX_ONE / 10 * 17;
        for balance in [1u64, 2, 3, 50, 1_001] {
            let (mut account, leg, mut market, mut bank) = setting(index, 0);
            let view = bank.indices();
            apply_totals(&mut bank, apply_delta(&mut account, 0, SignedAtoms::new(balance as i64 + 1), &view).unwrap())
                .unwrap();
            account.derivatives[leg].cash_atoms = -5_000;
            let _ = collect_loss(&mut account, leg, &mut market, &mut bank, Atoms::new(5_000), Atoms::ZERO);
            assert_eq!(bank.borrow_shares, 0);
            assert!(deposit_atoms(&account, 0, &view).get() <= 2);
        }
    }

    #[test]
    fn a_win_that_can_never_be_paid_becomes_the_markets_own_claim() {
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE * 3, 600);
        account.derivatives[leg].cash_atoms = 301;
        pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(301)).unwrap();
        assert_eq!((account.derivatives[leg].cash_atoms, market.own_claim_atoms), (0, 1));
        // Beside a base an atom is no remainder: the next price may make it payable.
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE * 3, 600);
        (account.derivatives[leg].cash_atoms, account.derivatives[leg].shares) = (301, 10);
        pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(300)).unwrap();
        assert_eq!((account.derivatives[leg].cash_atoms, market.own_claim_atoms), (1, 0));
        // Also where the pool has nothing to pay.
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE * 3, 0);
        account.derivatives[leg].cash_atoms = 2;
        assert_eq!(pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(2)), Ok(Settled::default()));
        assert_eq!((account.derivatives[leg].cash_atoms, market.own_claim_atoms), (0, 2));
    }

    /// PNL-4: at an index of more than one the atoms of a share buy no share.
    #[test]
    fn a_claim_that_buys_the_winner_no_share_ends_where_no_base_is_left_and_waits_where_one_is() {
        for index in [INDEX_ONE + 1, INDEX_ONE / 2 * 3, INDEX_ONE / 10 * 29, INDEX_ONE * 3] {
            for (claim, deficit) in (1..=12).flat_map(|claim| [0, 7, 300, 6_000].map(|deficit| (claim, deficit))) {
                let (mut account, leg, mut market, mut bank) = setting(index, 600);
                market.deficit_atoms = deficit;
                account.derivatives[leg].cash_atoms = claim;
                let owed = |market: &Market, cash: i64| {
                    i128::from(market.own_claim_atoms) + i128::from(cash) - i128::from(market.deficit_atoms)
                };
                let (before, pool) = (owed(&market, claim), market.pool_atoms);
                for _ in 0..12 {
                    let left = account.derivatives[leg].cash().gain();
                    if left.is_zero() {
                        break;
                    }
                    pay_win(&mut account, leg, &mut market, &mut bank, left)
                        .unwrap_or_else(|error| panic!("{left:?} of {claim} at {index}, deficit {deficit}: {error:?}"));
                }
                assert_eq!(account.derivatives[leg].cash_atoms, 0, "{claim} at {index}, deficit {deficit}");
                // What left the pool is what claims fell by.
                let paid = i128::from(pool - market.pool_atoms);
                assert_eq!(before - owed(&market, 0), paid, "{claim} at {index}, deficit {deficit}");

                let (mut account, leg, mut market, mut bank) = setting(index, 600);
                market.deficit_atoms = deficit;
                (account.derivatives[leg].cash_atoms, account.derivatives[leg].shares) = (claim, 10);
                let whole = Atoms::new(claim as u64);
                let paid = pay_win(&mut account, leg, &mut market, &mut bank, whole);
                assert!(paid.is_ok() || paid == Err(RiskError::NothingToSettle), "{claim} at {index}: {paid:?}");
            }
        }
    }

    #[test]
    fn a_win_that_the_pool_pays_in_part_keeps_the_rest_and_says_what_the_pool_gave() {
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE, 600);
        account.derivatives[leg].cash_atoms = 1_000;
        let settled = pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(1_000)).unwrap();
        assert_eq!(
            (settled.quote_atoms, settled.pool_change_atoms, settled.forgone_atoms),
            (SignedAtoms::new(600), SignedAtoms::new(-600), Atoms::ZERO)
        );
        assert_eq!((account.derivatives[leg].cash_atoms, market.pool_atoms, market.own_claim_atoms), (400, 0, 0));
    }

    /// PNL-4
    #[test]
    fn a_win_from_a_market_in_deficit_takes_its_share_off_the_deficit() {
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE, 600);
        market.deficit_atoms = 300;
        account.derivatives[leg].cash_atoms = 90;
        let settled = pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(90)).unwrap();
        assert_eq!((settled.quote_atoms, settled.forgone_atoms), (SignedAtoms::new(60), Atoms::new(30)));
        assert_eq!((market.pool_atoms, market.deficit_atoms), (540, 270));
        assert_eq!(account.derivatives[leg].cash_atoms, 0);
    }

    #[test]
    fn of_an_empty_pool_a_win_is_given_up_against_the_deficit_and_without_one_nothing_is_settled() {
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE, 0);
        market.deficit_atoms = 300;
        account.derivatives[leg].cash_atoms = 90;
        let settled = pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(90)).unwrap();
        assert_eq!(settled, Settled { forgone_atoms: Atoms::new(90), ..Settled::default() });
        assert_eq!((market.deficit_atoms, account.derivatives[leg].cash_atoms), (210, 0));
        let (mut account, leg, mut market, mut bank) = setting(INDEX_ONE, 0);
        account.derivatives[leg].cash_atoms = 90;
        let refused = pay_win(&mut account, leg, &mut market, &mut bank, Atoms::new(90)).unwrap_err();
        assert_eq!((refused, account.derivatives[leg].cash_atoms), (RiskError::NothingToSettle, 90));
    }

    /// PNL-8
    #[test]
    fn an_own_claim_waits_while_there_is_a_deficit_and_leaves_totals_alone() {
        let (_, _, mut market, mut bank) = setting(INDEX_ONE, 600);
        market.deficit_atoms = 1;
        assert_eq!(pay_own_claim(&mut market, &mut bank).unwrap_err(), RiskError::MarketInDeficit);
        market.deficit_atoms = 0;
        market.own_claim_atoms = 700;
        let shares = bank.deposit_shares;
        let settled = pay_own_claim(&mut market, &mut bank).unwrap();
        assert_eq!(
            (settled.quote_atoms, settled.pool_change_atoms, settled.forgone_atoms),
            (SignedAtoms::new(600), SignedAtoms::new(-600), Atoms::ZERO)
        );
        assert_eq!((market.pool_atoms, market.own_claim_atoms, bank.waiting_shares), (0, 100, 600));
        assert_eq!(bank.deposit_shares, shares);
    }

    /// Deterministic numbers below a bound.
    struct Rng(u64);

    impl Rng {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }
    }

    /// Claims on the pool, the market's own included, less what losers still owe.
    fn claims(accounts: &[MarginAccount], market: &Market) -> i128 {
        accounts.iter().map(|a| a.derivatives[0].cash_atoms as i128).sum::<i128>() + market.own_claim_atoms as i128
    }

    /// What the bank owes less what is owed to it, in units of 2^-48 atoms.
    fn owed_by(bank: &Bank) -> i128 {
        let index = bank.deposit_index as i128;
        bank.deposit_shares as i128 * index - bank.borrow_shares as i128 * bank.booked_borrow_index as i128
    }

    fn step(rng: &mut Rng, accounts: &mut [MarginAccount], market: &mut Market, bank: &mut Bank) {
        let (i, j) = (rng.below(4) as usize, rng.below(4) as usize);
        let amount = 1 + rng.below(5_000);
        match rng.below(6) {
            // A price move: what one wins another loses.
            0 | 1 => {
                accounts[i].derivatives[0].cash_atoms += amount as i64;
                accounts[j].derivatives[0].cash_atoms -= amount as i64;
            }
            2 => {
                accounts[i].derivatives[0].cash_atoms -= amount as i64;
                pool::add_own_claim(market, Atoms::new(amount)).unwrap();
            }
            // A loss that nobody bears.
            3 if rng.below(4) == 0 => {
                accounts[i].derivatives[0].cash_atoms += amount as i64;
                pool::add_deficit(market, Atoms::new(amount)).unwrap();
            }
            4 => {
                let _ = pay_own_claim(market, bank);
            }
            _ => {
                let pnl = accounts[i].derivatives[0].cash_atoms;
                let room = rng.below(3) * rng.below(4_000);
                let _ = match pnl.signum() {
                    1 => pay_win(&mut accounts[i], 0, market, bank, Atoms::new(pnl as u64)),
                    -1 => collect_loss(
                        &mut accounts[i],
                        0,
                        market,
                        bank,
                        Atoms::new(pnl.unsigned_abs()),
                        Atoms::new(room),
                    ),
                    _ => Ok(Settled::default()),
                };
            }
        }
    }

    /// PNL-1
    #[test]
    fn claims_are_always_the_pool_and_the_deficit_and_the_bank_never_owes_more() {
        let mut rng = Rng(7);
        for _ in 0..2_000 {
            let index = INDEX_ONE / 4 + rng.below(INDEX_ONE * 2);
            let (_, _, mut market, mut bank) = setting(index, 0);
            bank.booked_borrow_index = index.max(INDEX_ONE) + rng.below(INDEX_ONE);
            let view = bank.indices();
            let mut accounts = vec![MarginAccount::zeroed(); 4];
            for account in &mut accounts {
                perp::open_leg(account, &mut market).unwrap();
                let credited =
                    apply_delta(account, 0, SignedAtoms::new(1 + rng.below(9_000) as i64 + 10), &view).unwrap();
                apply_totals(&mut bank, credited).unwrap();
            }
            let owed = owed_by(&bank);
            for _ in 0..60 {
                step(&mut rng, &mut accounts, &mut market, &mut bank);
                assert_eq!(claims(&accounts, &market), market.pool_atoms as i128 + market.deficit_atoms as i128);
                assert_eq!(market.pool_atoms, market.pool_value_down(bank.deposit_index).get());
                assert!(owed_by(&bank) <= owed);
                assert!(market.pool_shares + bank.waiting_shares <= bank.deposit_shares);
            }
        }
    }
}

//! The margin accounts of a replay: who holds and owes what when it starts, deterministic by seed.
//!
//! Sizes are log-normal. The move against an account that takes it under water is a minimum (what initial margin
//! leaves) plus its *cushion*, an exponential, so that a crash reaches some accounts early, some late and some never.

use crate::listing::{BANKS, MARKETS};
use crate::rng::Rng;

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Deposits and owes nothing.
    Lender,
    /// SOL against a debt in USDC.
    SolBorrower,
    /// BTC against a debt in USDC.
    BtcBorrower,
    /// SOL and BTC against a debt in USDC, sometimes with a perp on top.
    MixedBorrower,
    /// USDC against a debt in SOL or BTC.
    ShortSeller,
    /// Long perps on mixed collateral.
    PerpLong,
    /// Short perps on mixed collateral.
    PerpShort,
}

/// What an account does before the crash, whole dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPlan {
    /// What it is for.
    pub kind: Kind,
    /// Deposits by bank.
    pub deposits_usd: [u64; 3],
    /// Borrows by bank.
    pub borrows_usd: [u64; 3],
    /// Perp notionals by market, positive long.
    pub perps_usd: [i64; 2],
}

/// A matched fill that opens positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillPlan {
    /// Market.
    pub market: usize,
    /// Index of the buying account; none for the market maker.
    pub long: Option<usize>,
    /// Index of the selling account; none for the market maker.
    pub short: Option<usize>,
    /// Notional, dollars.
    pub usd: u64,
}

/// Everybody at the start.
#[derive(Clone, Debug)]
pub struct Population {
    /// Accounts.
    pub accounts: Vec<AccountPlan>,
    /// Fills that open their perps; the market maker takes what one side wants more than the other.
    pub fills: Vec<FillPlan>,
}

/// Kinds with their share of the accounts, in thousandths.
const MIX: [(Kind, u32); 7] = [
    (Kind::Lender, 120),
    (Kind::SolBorrower, 210),
    (Kind::BtcBorrower, 140),
    (Kind::MixedBorrower, 130),
    (Kind::ShortSeller, 60),
    (Kind::PerpLong, 190),
    (Kind::PerpShort, 150),
];

/// Mean of the cushion, a fraction of the price.
const MEAN_CUSHION: f64 = 0.15;
const MEDIAN_USD: f64 = 20_000.0;
const SPREAD: f64 = 1.1;
const LEAST_USD: f64 = 500.0;
const MOST_USD: f64 = 1_000_000.0;
/// Part of what initial margin allows that an account uses at most: prices are read conservatively there.
const MOST_OF_INITIAL: f64 = 0.94;
/// Margin of the boldest perp position, as a multiple of initial margin.
const LEAST_PERP_MARGIN: f64 = 1.2;
/// Lenders hold this multiple of what is borrowed of each token.
const LENDING_FACTOR: f64 = 1.5;

const INIT: usize = 1;

fn ppm(value: u32) -> f64 {
    value as f64 / 1e6
}

/// Plans `count` accounts; `cushion_factor` below one means more leverage.
pub fn plan(count: usize, seed: u64, cushion_factor: f64) -> Population {
    let mut rng = Rng::stream(seed, "population");
    let mut accounts: Vec<AccountPlan> = (0..count)
        .map(|i| {
            let size = rng.log_normal(MEDIAN_USD, SPREAD).clamp(LEAST_USD, MOST_USD);
            let cushion = rng.exponential(MEAN_CUSHION) * cushion_factor;
            account(kind_of(i, count), size, cushion, &mut rng)
        })
        .collect();
    rng.shuffle(&mut accounts);
    fund_lenders(&mut accounts);
    let fills = (0..MARKETS.len()).flat_map(|market| matched(&accounts, market)).collect();
    Population { accounts, fills }
}

/// The kinds in their exact shares.
fn kind_of(i: usize, count: usize) -> Kind {
    let thousandth = (i * 1_000 / count.max(1)) as u32;
    let mut end = 0;
    for (kind, share) in MIX {
        end += share;
        if thousandth < end {
            return kind;
        }
    }
    Kind::Lender
}

fn account(kind: Kind, size: f64, cushion: f64, rng: &mut Rng) -> AccountPlan {
    let mut plan = AccountPlan { kind, deposits_usd: [0; 3], borrows_usd: [0; 3], perps_usd: [0; 2] };
    let mut deposit = |bank: usize, usd: f64| plan.deposits_usd[bank] += usd as u64;
    match kind {
        // Their amounts follow from what is borrowed.
        Kind::Lender => deposit(0, size),
        Kind::SolBorrower => deposit(1, size),
        Kind::BtcBorrower => deposit(2, size),
        Kind::MixedBorrower => {
            let share = rng.range(0.25, 0.75);
            deposit(1, size * share);
            deposit(2, size * (1.0 - share));
        }
        Kind::ShortSeller => deposit(0, size),
        Kind::PerpLong | Kind::PerpShort => match rng.unit() {
            u if u < 0.5 => deposit(0, size),
            u if u < 0.7 => deposit(1, size),
            u if u < 0.85 => deposit(2, size),
            _ => {
                deposit(0, size / 2.0);
                deposit(1, size / 2.0);
            }
        },
    }
    match kind {
        Kind::Lender => {}
        Kind::SolBorrower | Kind::BtcBorrower => plan.borrows_usd[0] = debt_usd(&plan, cushion),
        Kind::MixedBorrower => {
            // Half of them carry a perp beside the loan, on the margin that the loan leaves.
            let with_perp = rng.chance(0.5);
            plan.borrows_usd[0] = debt_usd(&plan, cushion + if with_perp { 0.15 } else { 0.0 });
            if with_perp {
                let market = rng.chance(0.5) as usize;
                plan.perps_usd[market] = notional_usd(&plan, market, cushion + 0.3) as i64;
            }
        }
        Kind::ShortSeller => {
            let bank = if rng.chance(0.6) { 1 } else { 2 };
            plan.borrows_usd[bank] = short_debt_usd(&plan, bank, cushion);
        }
        Kind::PerpLong | Kind::PerpShort => {
            let market = rng.chance(0.45) as usize;
            let sign = if kind == Kind::PerpLong { 1 } else { -1 };
            let second = rng.chance(0.3);
            let notional = notional_usd(&plan, market, cushion + if second { 0.1 } else { 0.0 }) as i64;
            plan.perps_usd[market] = sign * if second { notional / 2 } else { notional };
            if second {
                plan.perps_usd[1 - market] = sign * notional / 3;
            }
        }
    }
    plan
}

/// Collateral at the weights of a level, dollars.
fn weighted(plan: &AccountPlan, level: usize) -> f64 {
    BANKS.iter().zip(plan.deposits_usd).map(|(bank, usd)| usd as f64 * ppm(bank.asset_ppm[level])).sum()
}

/// A debt in USDC that leaves a cushion beyond what initial margin already leaves.
fn debt_usd(plan: &AccountPlan, cushion: f64) -> u64 {
    borrow_usd(plan, 0, (1.0 - cushion).max(0.05))
}

/// A debt in a volatile token that leaves room for a rise of `cushion` beyond what initial margin already leaves.
fn short_debt_usd(plan: &AccountPlan, bank: usize, cushion: f64) -> u64 {
    borrow_usd(plan, bank, 1.0 / (1.0 + cushion))
}

/// A share of what initial margin allows to borrow.
fn borrow_usd(plan: &AccountPlan, bank: usize, share: f64) -> u64 {
    (share * MOST_OF_INITIAL * weighted(plan, INIT) / ppm(BANKS[bank].liability_ppm[INIT])) as u64
}

/// A notional whose margin is used up by a move of `cushion`, on top of the initial margin that the debts leave.
fn notional_usd(plan: &AccountPlan, market: usize, cushion: f64) -> u64 {
    let debts: f64 =
        plan.borrows_usd.iter().zip(&BANKS).map(|(&b, bank)| b as f64 * ppm(bank.liability_ppm[INIT])).sum();
    let free = (weighted(plan, INIT) * MOST_OF_INITIAL - debts).max(0.0);
    (free / (cushion + LEAST_PERP_MARGIN * ppm(MARKETS[market].rate_ppm[INIT]))) as u64
}

/// Gives the lenders what the others borrow, with room to spare, in proportion to their sizes.
fn fund_lenders(accounts: &mut [AccountPlan]) {
    let borrowed: Vec<u64> = (0..3).map(|bank| accounts.iter().map(|a| a.borrows_usd[bank]).sum()).collect();
    let sizes: u64 = accounts.iter().filter(|a| a.kind == Kind::Lender).map(|a| a.deposits_usd[0]).sum();
    for lender in accounts.iter_mut().filter(|a| a.kind == Kind::Lender) {
        let share = lender.deposits_usd[0] as f64 / sizes.max(1) as f64;
        for (deposit, &debt) in lender.deposits_usd.iter_mut().zip(&borrowed) {
            *deposit = (debt as f64 * LENDING_FACTOR * share) as u64 + 100;
        }
    }
}

/// Pairs longs with shorts, first come first served; the market maker takes what is left.
fn matched(accounts: &[AccountPlan], market: usize) -> Vec<FillPlan> {
    let side = |sign: i64| -> Vec<(Option<usize>, u64)> {
        let positions = accounts.iter().enumerate().map(|(i, a)| (Some(i), a.perps_usd[market] * sign));
        positions.filter(|(_, usd)| *usd > 0).map(|(i, usd)| (i, usd as u64)).collect()
    };
    let (mut longs, mut shorts) = (side(1), side(-1));
    let total = |side: &[(Option<usize>, u64)]| side.iter().map(|(_, usd)| usd).sum::<u64>();
    let (long_usd, short_usd) = (total(&longs), total(&shorts));
    // The maker goes in first and is therefore matched last.
    longs.insert(0, (None, short_usd.saturating_sub(long_usd)));
    shorts.insert(0, (None, long_usd.saturating_sub(short_usd)));
    let mut fills = Vec::new();
    while let (Some(long), Some(short)) = (longs.last_mut(), shorts.last_mut()) {
        let usd = long.1.min(short.1);
        if usd > 0 {
            fills.push(FillPlan { market, long: long.0, short: short.0, usd });
        }
        long.1 -= usd;
        short.1 -= usd;
        let (long_left, short_left) = (long.1, short.1);
        if long_left == 0 {
            longs.pop();
        }
        if short_left == 0 {
            shorts.pop();
        }
    }
    fills
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAINT: usize = 0;

    #[test]
    fn a_seed_means_one_population() {
        let (a, b, c) = (plan(300, 1, 1.0), plan(300, 1, 1.0), plan(300, 2, 1.0));
        assert_eq!(a.accounts, b.accounts);
        assert_eq!(a.fills, b.fills);
        assert_ne!(a.accounts, c.accounts);
    }

    #[test]
    fn every_account_starts_within_initial_margin() {
        for seed in 0..20 {
            for account in plan(300, seed, 0.5).accounts {
                let debts: f64 =
                    (0..3).map(|b| account.borrows_usd[b] as f64 * ppm(BANKS[b].liability_ppm[INIT])).sum();
                let perps: f64 =
                    (0..2).map(|m| account.perps_usd[m].abs() as f64 * ppm(MARKETS[m].rate_ppm[INIT])).sum();
                assert!(debts + perps <= 0.97 * weighted(&account, INIT), "{account:?}");
            }
        }
    }

    #[test]
    fn fills_add_up_to_every_position_and_every_borrow_is_funded() {
        for seed in 0..20 {
            let population = plan(300, seed, 1.0);
            for market in 0..2 {
                for (i, account) in population.accounts.iter().enumerate() {
                    let of = |fill: &FillPlan| {
                        let usd = fill.usd as i64;
                        usd * (fill.long == Some(i)) as i64 - usd * (fill.short == Some(i)) as i64
                    };
                    let filled: i64 = population.fills.iter().filter(|f| f.market == market).map(of).sum();
                    assert_eq!(filled, account.perps_usd[market]);
                }
            }
            for bank in 0..3 {
                let lent: u64 = population.accounts.iter().map(|a| a.deposits_usd[bank]).sum();
                let owed: u64 = population.accounts.iter().map(|a| a.borrows_usd[bank]).sum();
                assert!(lent as f64 > 1.4 * owed as f64);
            }
        }
    }

    #[test]
    fn a_meaningful_part_is_within_reach_of_a_crash_and_another_is_not() {
        // A fall of 28 % of SOL and 11 % of BTC, as on 10 October 2025.
        let population = plan(300, 1, 1.0);
        let falls = [0.0, 0.28, 0.11];
        let under = population.accounts.iter().filter(|a| {
            let assets: f64 =
                (0..3).map(|b| a.deposits_usd[b] as f64 * (1.0 - falls[b]) * ppm(BANKS[b].asset_ppm[MAINT])).sum();
            let debts: f64 =
                (0..3).map(|b| a.borrows_usd[b] as f64 * (1.0 - falls[b]) * ppm(BANKS[b].liability_ppm[MAINT])).sum();
            let perps: f64 = (0..2)
                .map(|m| {
                    let notional = a.perps_usd[m] as f64;
                    notional * falls[m + 1] + notional.abs() * ppm(MARKETS[m].rate_ppm[MAINT])
                })
                .sum();
            assets < debts + perps
        });
        let share = under.count() as f64 / 300.0;
        assert!((0.15..0.6).contains(&share), "{share}");
    }
}

//! Whole resolutions on the layouts: random accounts, random orders of calls.

mod draws;
mod finish;
mod pay;
mod prices;
mod search;
mod seize;
mod world;

use std::vec::Vec;

use bytemuck::Zeroable;
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_risk::params::{GlobalParams, INDEX_ONE};
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{leg_pnl_down, Bank, BankSlot, Books};
use proptest::prelude::*;

use super::*;
use crate::{insurance, loss};
use world::{dollars, seed, Seed, Step, World, MARKETS, NOW};

fn balance(shares: i64, indices: (u64, u64)) -> i64 {
    if shares >= 0 {
        deposit_atoms_down(shares as u64, indices.0).get() as i64
    } else {
        -(plimsoll_risk::bank::debt_atoms_up(shares.unsigned_abs(), indices.1).get() as i64)
    }
}

/// Insurance that paid without liquidity ended a debt or is a pool's deposit now, and what was not needed waits again:
/// up to the rounding of each call, and of each fall of an index on every share, no more is lent than deposited.
fn no_more_is_lent_out(world: &World, before: [u128; 2], calls: usize) -> bool {
    before.into_iter().enumerate().all(|(bank, before)| {
        let is = &world.banks[bank];
        let rounding = (4 * calls as u128 + 4) * ((1 << 48) + is.deposit_index.max(INDEX_ONE) as u128 * 2)
            + calls as u128 * is.deposit_shares as u128;
        world.lent_out(bank) <= before + rounding
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// BANKRUPT-4
    #[test]
    fn every_order_of_calls_ends_with_an_empty_account_and_no_atom_from_nowhere(seed in seed(), random: u64) {
        let mut world = World::new(&seed);
        let owed: [i128; 2] = [world.obligations(0), world.obligations(1)];
        let claims: Vec<i128> = (0..MARKETS).map(|m| world.excess_claims(m)).collect();
        let lent_out: [u128; 2] = [world.lent_out(0), world.lent_out(1)];
        let calls = world.resolve(random, |_, _| ());
        prop_assert!(world.account.is_empty());
        prop_assert_eq!(world.banks[0].reserved_atoms, 0);
        prop_assert!(no_more_is_lent_out(&world, lent_out, calls));
        for (bank, before) in owed.into_iter().enumerate() {
            let drift = world.obligations(bank) - before;
            prop_assert!(drift <= 0, "bank {} owes {} more", bank, drift as f64 / INDEX_ONE as f64);
            prop_assert!(drift >= -((4 * calls as i128 + 4) << 48), "bank {} lost {}", bank, drift as f64 / INDEX_ONE as f64);
        }
        for (market, before) in claims.iter().enumerate() {
            let drift = world.excess_claims(market) - before;
            prop_assert!((-8..=2).contains(&drift), "market {} drifts by {}", market, drift);
        }
    }

    #[test]
    fn prices_that_move_between_calls_block_nothing_and_create_nothing(seed in seed(), random: u64) {
        let mut world = World::new(&seed);
        let owed: [i128; 2] = [world.obligations(0), world.obligations(1)];
        let lent_out: [u128; 2] = [world.lent_out(0), world.lent_out(1)];
        let calls = world.resolve(random, |world, random| {
            let slot = &mut world.board.slots[(random >> 40) as usize % MARKETS];
            slot.spot = dollars(50 + (random >> 20) % 100).into();
            world.now += 1;
            world.board.slots.iter_mut().for_each(|slot| slot.published_at = NOW + 60);
        });
        prop_assert!(world.account.is_empty());
        prop_assert!(no_more_is_lent_out(&world, lent_out, calls));
        for (bank, before) in owed.into_iter().enumerate() {
            prop_assert!(world.obligations(bank) <= before);
        }
    }

    /// BANKRUPT-8
    #[test]
    fn the_order_of_calls_decides_neither_who_pays_nor_who_is_charged(seed in seed(), random: u64) {
        let start = World::new(&seed);
        let outcome = |random| {
            let mut world = start.clone();
            world.resolve(random, |_, _| ());
            let quote = &world.banks[0];
            let waiting = deposit_atoms_down(quote.waiting_shares, quote.deposit_index).get();
            let mut figures = std::vec![
                (quote.insurance_atoms + waiting) as i128,
                quote.uncovered_atoms as i128,
                world.banks[1].insurance_atoms as i128,
            ];
            for market in 0..MARKETS {
                let slot = &world.registry.markets[market];
                let touched = world.touched(market);
                figures.push(touched.deficit_atoms as i128 - touched.own_claim_atoms as i128);
                let place = world.others.perp_index(market as u8).unwrap();
                let leg = &world.others.derivatives[place];
                figures.push((leg_pnl_down(leg, slot, &Books { registry: &world.registry, board: &world.board, now: UnixSecs::new(NOW) }).unwrap()).get() as i128);
            }
            figures
        };
        for (a, b) in outcome(1).into_iter().zip(outcome(random)) {
            prop_assert!((a - b).abs() <= 16, "{} and {}", a, b);
        }
    }
}

/// BANKRUPT-3
#[test]
fn a_stale_base_waits_and_one_stale_for_hours_is_closed_at_its_last_price() {
    let leg = (10_000, 100, 50, 0, 0);
    let none = (0, 100, 100, 0, 0);
    let seed = Seed {
        balances: [0, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [1_000_000, 0],
        waiting: 0,
        legs: [leg, none, none],
        deposits: 10_000_000,
        lent_ppm: 250_000,
    };
    let mut world = World::new(&seed);
    world.now = NOW + 60;
    assert_eq!(world.step(Step::PayPnl(0)), Err(RiskError::PriceStale));
    world.now = NOW + GlobalParams::DEFAULT.wind_down.stale_asset_secs as i64 + 1;
    world.step(Step::PayPnl(0)).unwrap();
    assert!(world.account.is_empty());
    assert_eq!(world.banks[0].insurance_atoms, 500_000);
}

/// BANKRUPT-5
#[test]
fn q_pays_losing_markets_pro_rata_and_a_gain_goes_first() {
    let seed = Seed {
        balances: [100, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [0, 0],
        waiting: 0,
        legs: [(10, 100, 70, 0, 0), (10, 100, 40, 0, 0), (10, 50, 60, 1_000, 0)],
        deposits: 10_000_000,
        lent_ppm: 250_000,
    };
    let mut world = World::new(&seed);
    // A loss waits for the gain, and so does what is left of q.
    assert_eq!(world.step(Step::Pnl(0)), Err(RiskError::WrongStage));
    assert_eq!(world.step(Step::Token(0)), Err(RiskError::WrongStage));
    world.step(Step::Pnl(2)).unwrap();
    assert_eq!(balance(world.account.quote_shares(), seed.indices), 200);
    world.step(Step::Pnl(1)).unwrap();
    assert_eq!(world.step(Step::PayPnl(0)), Err(RiskError::AssetsRemain));
    world.step(Step::Pnl(0)).unwrap();
    // Losses of 300 and 600 share 200.
    let cash = |market: u8| {
        let place = world.account.perp_index(market).unwrap();
        let slot = &world.registry.markets[market as usize];
        leg_pnl_down(
            &world.account.derivatives[place],
            slot,
            &Books { registry: &world.registry, board: &world.board, now: UnixSecs::new(NOW) },
        )
        .unwrap()
    };
    assert_eq!((cash(0), cash(1)), (SignedAtoms::new(-300 + 67), SignedAtoms::new(-600 + 133)));
}

/// BANKRUPT-7
#[test]
fn the_quote_borrow_is_paid_before_the_markets_and_the_event_cap_binds() {
    let seed = Seed {
        balances: [-1_000, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [5_000, 0],
        waiting: 0,
        legs: [(100, 100, 90, 0, 0), (0, 100, 100, 0, 0), (0, 100, 100, 0, 0)],
        deposits: 10_000_000,
        lent_ppm: 250_000,
    };
    let mut world = World::new(&seed);
    world.banks[0].caps.draw_cap_event_atoms = 1_000;
    assert_eq!(world.step(Step::PayPnl(0)), Err(RiskError::QuoteBorrowFirst));
    let mut bank = world.clone();
    bank.run_capped(Step::PayBorrow(0));
    assert_eq!((bank.banks[0].insurance_atoms, bank.banks[0].reserved_atoms), (4_000, 500));
    assert_eq!(bank.banks[0].socialized_atoms, 500);
    bank.run_capped(Step::PayPnl(0));
    assert_eq!((bank.banks[0].insurance_atoms, bank.banks[0].reserved_atoms), (4_000, 0));
    assert_eq!(bank.markets[0].socialized_atoms, 269);
    // 500 atoms buy whole shares of a deposit worth 499: the rest of the loss of 1,000.
    assert_eq!(bank.markets[0].deficit_atoms, 232);
    assert_eq!(bank.account.status, AccountStatus::Active as u8);
}

/// Nothing is free, and 7.77 of insurance wait as a deposit (fractions of an atom apart): a bad debt takes them before
/// depositors bear the rest, 1,957.87 of 1,965.64 where they bore all of it (INSURE-2).
#[test]
fn what_waits_pays_before_depositors_do_when_there_is_no_liquidity() {
    let none = (0, 100, 100, 0, 0);
    let seed = Seed {
        balances: [-1_965_640_000, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [0, 0],
        waiting: 7_770_000,
        legs: [none, none, none],
        deposits: 1_000_000_000_000,
        lent_ppm: 1_000_000,
    };
    let mut world = World::new(&seed);
    assert_eq!(world.banks[0].totals().free_liquidity_down().get(), 0);
    world.step(Step::PayBorrow(0)).unwrap();
    let bank = &world.banks[0];
    assert_eq!((bank.waiting_shares, bank.insurance_atoms, bank.reserved_atoms), (0, 0, 0));
    assert_eq!((bank.socialized_atoms, bank.insurance_out_atoms), (1_957_870_000, 7_770_000));
    assert!(world.account.is_empty());
}

/// A loss reserves what waits; the price turns and the leg needs none of it: it waits again, and nothing is lent out.
/// INSURE-4.
#[test]
fn what_was_reserved_without_liquidity_and_not_needed_waits_again() {
    let none = (0, 100, 100, 0, 0);
    let seed = Seed {
        balances: [0, -1_000],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [300, 0],
        waiting: 5_000,
        legs: [(100, 100, 60, 0, 0), none, none],
        deposits: 10_000_000,
        lent_ppm: 1_000_000,
    };
    let mut world = World::new(&seed);
    world.step(Step::PayBorrow(1)).unwrap();
    let bank = world.banks[0];
    assert_eq!((bank.reserved_atoms, bank.waiting_shares, bank.insurance_atoms), (4_000, 1_000, 300));
    assert_eq!(world.lent_out(0), 4_000 << 48);
    world.board.slots[0].spot = dollars(100).into();
    world.step(Step::PayPnl(0)).unwrap();
    let bank = &world.banks[0];
    assert_eq!((bank.reserved_atoms, bank.waiting_shares, bank.insurance_atoms), (0, 5_000, 300));
    assert_eq!((world.lent_out(0), bank.insurance_in_atoms, bank.insurance_out_atoms), (0, 0, 0));
}

/// A caps-bound event leaves 60 waiting; what is uncovered is paid by the next sweep and by what anybody pays in.
/// INSURE-4.
#[test]
fn uncovered_debt_is_paid_by_what_comes_in() {
    let (mut bank, mut slot) = (Bank::zeroed(), BankSlot::zeroed());
    (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
    (bank.deposit_shares, bank.waiting_shares, bank.borrow_shares) = (100, 60, 100);
    loss::socialize_on_deposits(&mut bank, &mut slot, Atoms::new(200));
    assert_eq!((bank.uncovered_atoms, bank.deposit_index), (101, plimsoll_risk::params::DEPOSIT_INDEX_FLOOR));
    insurance::add_insurance(&mut bank, Atoms::new(90)).unwrap();
    assert_eq!((bank.uncovered_atoms, bank.insurance_atoms), (11, 0));
    // Worth less than an atom each, the shares that wait pay nothing yet.
    assert_eq!(insurance::sweep_waiting(&mut bank), Ok(Atoms::ZERO));
    bank.deposit_index = INDEX_ONE;
    assert_eq!(insurance::sweep_waiting(&mut bank), Ok(Atoms::new(11)));
    assert_eq!((bank.uncovered_atoms, bank.insurance_atoms, bank.waiting_shares), (0, 0, 49));
    assert_eq!((bank.insurance_in_atoms, bank.insurance_out_atoms), (101, 101));
}

/// One estate draws an atom, another the rest of the hour's cap in the last second of that hour, and a third came two
/// seconds later with a fresh hour: twice the cap within two seconds (INSURE-3).
#[test]
fn within_any_hour_insurance_pays_at_most_its_cap_however_the_estates_are_timed() {
    let none = (0, 100, 100, 0, 0);
    let seed = Seed {
        balances: [0, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [1_000_000, 0],
        waiting: 0,
        legs: [none, none, none],
        deposits: 10_000_000,
        lent_ppm: 250_000,
    };
    for start in [NOW, NOW + 119, NOW + 120, NOW + 500] {
        let mut world = World::new(&seed);
        world.banks[0].caps.draw_cap_hour_atoms = 500;
        let mut draw = |at: i64, owed: i64| {
            let before = world.banks[0].insurance_atoms;
            world.now = at;
            world.account.status = AccountStatus::Seizing as u8;
            world.account.tokens[0] = TokenPosition { shares: -owed, used: 1, ..TokenPosition::default() };
            world.banks[0].borrow_shares += owed as u64;
            world.run_capped(Step::PayBorrow(0));
            assert!(world.account.is_empty());
            before - world.banks[0].insurance_atoms
        };
        assert_eq!(draw(start, 1), 1);
        assert_eq!(draw(start + 3_599, 1_000), 499);
        let next = draw(start + 3_601, 1_000);
        assert!(next <= 1, "{next} more two seconds later");
        assert_eq!(draw(start + 3_601 + 4_320, 1_000), 500);
        assert_eq!(draw(start, 1_000), 0);
    }
}

//! Caps of what a resolution draws, and the floor below which only the last stage draws (INSURE-5).

use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_risk::params::{DrawParams, INDEX_ONE};
use plimsoll_risk::units::{Secs, UnixSecs};
use proptest::prelude::*;

use super::world::{seed, Seed, Step, World, NOW};
use super::*;

const DAY: Secs = Secs::new(86_400);

const NONE: (i64, u64, u64, u64, u64) = (0, 100, 100, 0, 0);

fn lender(owed: i64, insurance: u64) -> Seed {
    Seed {
        balances: [-owed, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [insurance, 0],
        waiting: 0,
        legs: [NONE; 3],
        deposits: 10_000_000,
        lent_ppm: 250_000,
    }
}

fn capped(seed: &Seed, draws: DrawParams) -> World {
    let mut world = World::new(seed);
    world.registry.params.0.draws = draws;
    world
}

/// Gives the account another debt of quote and freezes it.
fn owe(world: &mut World, owed: i64) {
    world.account.status = AccountStatus::Seizing as u8;
    world.account.tokens[0] = TokenPosition { shares: -owed, used: 1, ..TokenPosition::default() };
    world.banks[0].borrow_shares += owed as u64;
}

#[test]
fn half_of_the_fund_pays_one_event_the_rest_is_booked_at_once_and_the_next_hour_has_its_own_half() {
    let hourly = DrawParams { draw_source_ppm: 1_000_000, ..DrawParams::DEFAULT };
    let mut world = capped(&lender(1_000, 1_000), hourly);
    world.step(Step::PayBorrow(0)).unwrap();
    assert!(world.account.is_empty());
    assert_eq!((world.banks[0].insurance_atoms, world.banks[0].socialized_atoms), (500, 500));
    owe(&mut world, 1_000);
    world.step(Step::PayBorrow(0)).unwrap();
    assert_eq!((world.banks[0].insurance_atoms, world.banks[0].socialized_atoms), (500, 1_500));
    // What the hour has seen counts for a fifth of it longer.
    world.now += 4_320;
    owe(&mut world, 1_000);
    world.step(Step::PayBorrow(0)).unwrap();
    assert_eq!((world.banks[0].insurance_atoms, world.banks[0].socialized_atoms), (250, 2_250));
}

#[test]
fn a_banks_own_debts_draw_their_share_of_a_day_and_no_more() {
    let mut world = capped(&lender(1_000, 1_000), DrawParams::DEFAULT);
    world.step(Step::PayBorrow(0)).unwrap();
    for hours in 1..23 {
        world.now = NOW + hours * 3_600 + 720;
        owe(&mut world, 1_000);
        world.step(Step::PayBorrow(0)).unwrap();
        assert!(world.account.is_empty());
    }
    assert_eq!(world.banks[0].insurance_atoms, 500);
    world.now = NOW + 86_400 + 17_280;
    owe(&mut world, 1_000);
    world.step(Step::PayBorrow(0)).unwrap();
    assert_eq!(world.banks[0].insurance_atoms, 250);
}

/// Two markets lose 1,000 each of one account: each draws its half of the fund by itself, together no more than the event.
#[test]
fn a_market_draws_its_share_and_leaves_the_others_theirs() {
    let losing = (100, 100, 90, 0, 0);
    let seed = Seed { balances: [0, 0], legs: [losing, losing, NONE], ..lender(0, 4_000) };
    let draws = DrawParams {
        draw_event_ppm: 1_000_000,
        draw_hour_ppm: 1_000_000,
        draw_source_ppm: 200_000,
        ..DrawParams::DEFAULT
    };
    let mut world = capped(&seed, draws);
    world.step(Step::PayPnl(0)).unwrap();
    world.step(Step::PayPnl(1)).unwrap();
    assert!(world.account.is_empty());
    let drawn = |market: usize| world.markets[market].drawn.total(UnixSecs::new(NOW), DAY).get();
    assert_eq!((drawn(0), drawn(1), world.banks[0].insurance_atoms), (800, 800, 2_400));
}

/// A floor of 300 is kept from a debt that deposits can bear; what they cannot bear takes it, and the caps' rest with it.
#[test]
fn the_floor_pays_what_deposits_cannot_bear_and_nothing_else() {
    let mut world = capped(&lender(2_000, 1_000), DrawParams::UNLIMITED);
    world.banks[0].caps.insurance_floor_atoms = 300;
    world.step(Step::PayBorrow(0)).unwrap();
    assert_eq!((world.banks[0].insurance_atoms, world.banks[0].socialized_atoms), (300, 1_300));
    let mut world = capped(&Seed { deposits: 1_000, lent_ppm: 0, ..lender(3_000, 1_000) }, DrawParams::DEFAULT);
    world.banks[0].caps.insurance_floor_atoms = 300;
    world.step(Step::PayBorrow(0)).unwrap();
    let bank = &world.banks[0];
    assert!(world.account.is_empty());
    assert_eq!((bank.insurance_atoms, bank.insurance_out_atoms, bank.uncovered_atoms), (0, 1_000, 1_001));
}

fn share() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0u32), Just(500_000), Just(1_000_000), 0u32..=1_000_000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// INSURE-5, BANKRUPT-4: whatever the shares and floors, a resolution ends in the calls that it took without them, no
    /// atom comes from nowhere, and each bank has paid no more than its shares of the fund and kept its floor, or every
    /// deposit is at its floor.
    #[test]
    fn whatever_the_caps_a_resolution_ends_and_draws_no_more_than_they_say(
        seed in seed(), random: u64, event in share(), source in share(), hour in share(), floor in 0u64..1_000_000,
    ) {
        let draws = DrawParams { draw_event_ppm: event, draw_source_ppm: source, draw_hour_ppm: hour, ..DrawParams::DEFAULT };
        let mut world = capped(&seed, draws);
        world.banks[0].caps.insurance_floor_atoms = floor;
        let owed = [world.obligations(0), world.obligations(1)];
        let mut fund = [0, 1].map(|bank: usize| world.banks[bank].fund().worth_down().get() as u128);
        // Assets that are seized join the fund before anything is paid.
        world.resolve(random, |world, _| {
            if world.account.status == AccountStatus::Seizing as u8 {
                for bank in 0..2 {
                    fund[bank] = world.banks[bank].fund().worth_down().get().into();
                }
            }
        });
        prop_assert!(world.account.is_empty() && world.banks[0].reserved_atoms == 0);
        for bank in 0..2 {
            let held = &world.banks[bank];
            prop_assert!(world.obligations(bank) <= owed[bank]);
            let of = |ppm: u32| fund[bank] * ppm as u128 / 1_000_000;
            let paid = held.insurance_out_atoms as u128;
            let at_floor = held.deposit_index == plimsoll_risk::params::DEPOSIT_INDEX_FLOOR;
            prop_assert!(at_floor || paid <= of(event).min(of(hour)), "{} of {}", paid, fund[bank]);
            let debts = held.debts_drawn.total(UnixSecs::new(NOW), DAY).get() as u128;
            prop_assert!(at_floor || debts <= of(source));
        }
        // What waits is a deposit and bears its part of what is socialized: counted here as it was before.
        let quote = &world.banks[0];
        let kept = quote.insurance_atoms + deposit_atoms_down(quote.waiting_shares, seed.indices.0).get();
        let at_floor = world.banks[0].deposit_index == plimsoll_risk::params::DEPOSIT_INDEX_FLOOR;
        prop_assert!(at_floor || kept + 4 >= (floor as u128).min(fund[0]) as u64, "{} of {}", kept, floor);
    }
}

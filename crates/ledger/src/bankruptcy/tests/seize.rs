//! Stage (a) by hand: what each call takes, and where it goes.

use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, BaseUnits, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{Books, BooksMut};

use super::world::{dollars, Seed, World, MARKETS, NOW};
use crate::bankruptcy::*;
use crate::perp;
use crate::perp::ClosedBase;

/// No balance, no fund and no leg, at indices of one.
pub fn nothing() -> Seed {
    Seed {
        balances: [0, 0],
        indices: (INDEX_ONE, INDEX_ONE),
        insurance: [0, 0],
        waiting: 0,
        legs: [(0, 100, 100, 0, 0); MARKETS],
        deposits: 10_000_000,
        lent_ppm: 250_000,
    }
}

/// A leg of market 0 (units, entry, spot, pool, deficit) beside a balance of quote.
fn with_leg(leg: (i64, u64, u64, u64, u64), quote: i64) -> World {
    let mut seed = nothing();
    (seed.legs[0], seed.balances[0]) = (leg, quote);
    World::new(&seed)
}

fn pnl(world: &mut World, market: usize) -> RiskResult<SeizedPnl> {
    let mut next = world.clone();
    let (market, quote) = (&mut next.markets[market], &mut next.banks[0]);
    let seized = seize_pnl(
        &mut next.account,
        market,
        quote,
        &mut BooksMut { registry: &mut next.registry, board: &next.board, now: UnixSecs::new(next.now) },
    )?;
    *world = next;
    Ok(seized)
}

fn token(world: &mut World, bank: usize) -> RiskResult<SeizedToken> {
    let mut next = world.clone();
    let seized = seize_token(
        &mut next.account,
        &mut next.banks[bank],
        &Books { registry: &next.registry, board: &next.board, now: UnixSecs::new(next.now) },
    )?;
    *world = next;
    Ok(seized)
}

fn quote(world: &World) -> i64 {
    world.account.quote_shares()
}

const LOSS: (i64, u64, u64, u64, u64) = (10, 100, 70, 0, 0);
const GAIN: (i64, u64, u64, u64, u64) = (10, 50, 60, 0, 0);

#[test]
fn another_token_is_seized_whatever_the_legs_are_worth() {
    for leg in [LOSS, GAIN] {
        let mut world = with_leg(leg, 100);
        world.account.tokens[3] = TokenPosition { shares: 40, bank: 1, used: 1, ..TokenPosition::default() };
        (world.banks[1].deposit_shares, world.banks[1].waiting_shares) = (100, 2);
        world.banks[1].deposit_index = INDEX_ONE / 2 * 3;
        assert_eq!(token(&mut world, 1), Ok(SeizedToken { shares: 40, atoms: Atoms::new(60) }));
        assert_eq!((world.banks[1].deposit_shares, world.banks[1].waiting_shares), (100, 42));
        assert_eq!(world.account.tokens[3], TokenPosition::default());
        assert_eq!(token(&mut world, 1), Err(RiskError::LegEmpty));
    }
}

#[test]
fn quote_is_seized_where_no_leg_waits_for_it() {
    let wrong = Err(RiskError::WrongStage);
    let taken = |shares| Ok(SeizedToken { shares, atoms: Atoms::new(shares) });
    let mut par = with_leg((10, 100, 100, 0, 0), 100);
    assert_eq!(token(&mut par, 0), taken(100));
    assert_eq!(quote(&par), 0);
    for leg in [LOSS, GAIN] {
        assert_eq!(token(&mut with_leg(leg, 100), 0), wrong);
    }
    // Once its shares are fixed and paid, what is left of it is over, though losses remain.
    let mut marked = with_leg(LOSS, 100);
    marked.account.derivatives[0].fixed_debt_atoms = 300;
    assert_eq!(token(&mut marked.clone(), 0), taken(100));
    marked.account.derivatives[0].reserved_atoms = 1;
    assert_eq!(token(&mut marked, 0), wrong);
    // A debt is not an asset, and nothing is none.
    assert_eq!(token(&mut with_leg(LOSS, -100), 0), Err(RiskError::LegEmpty));
    assert_eq!(token(&mut with_leg(LOSS, 0), 0), Err(RiskError::LegEmpty));
    par.account.status = AccountStatus::Paying as u8;
    assert_eq!(token(&mut par, 0), wrong);
}

#[test]
fn quote_worth_less_than_an_atom_waits_for_no_leg() {
    let mut world = with_leg(LOSS, 1);
    world.banks[0].deposit_index = INDEX_ONE / 2;
    assert_eq!(token(&mut world, 0), Ok(SeizedToken { shares: 1, atoms: Atoms::ZERO }));
    let mut world = with_leg(LOSS, 2);
    world.banks[0].deposit_index = INDEX_ONE / 2;
    assert_eq!(token(&mut world, 0), Err(RiskError::WrongStage));
}

#[test]
fn a_gain_is_paid_by_the_pool_and_the_rest_is_the_markets_own() {
    // Pool and deficit, and of a gain of 100 what is paid, struck and left; the pool and the deficit afterwards.
    for (pool, deficit, paid, struck, own, pool_left, deficit_left) in [
        (1_000, 0, 100, 0, 0, 900, 0),
        (100, 0, 100, 0, 0, 0, 0),
        (40, 0, 40, 0, 60, 0, 0),
        (0, 0, 0, 0, 100, 0, 0),
        (100, 100, 50, 50, 0, 50, 50),
        (20, 30, 20, 30, 50, 0, 0),
        // Without a pool nothing is paid, and the deficit is set off against what becomes the market's own.
        (0, 70, 0, 0, 100, 0, 0),
    ] {
        let mut world = with_leg((10, 50, 60, pool, deficit), 0);
        let before = world.banks[0];
        let seized = pnl(&mut world, 0).unwrap();
        let expected = SeizedPnl {
            pnl_atoms: SignedAtoms::new(100),
            closed: ClosedBase {
                units: SignedBaseUnits::new(10),
                closed_units: BaseUnits::new(10),
                cash_atoms: SignedAtoms::new(600),
            },
            from_pool_atoms: Atoms::new(paid),
            forgone_atoms: Atoms::new(struck),
            own_claim_atoms: Atoms::new(own),
            into_pool_atoms: Atoms::ZERO,
        };
        assert_eq!(seized, expected, "pool {pool}, deficit {deficit}");
        let (market, bank) = (&world.markets[0], &world.banks[0]);
        assert_eq!((market.pool_atoms, market.deficit_atoms), (pool_left, deficit_left), "pool {pool}, {deficit}");
        let set_off = deficit.saturating_sub(struck + deficit_left);
        assert_eq!(market.own_claim_atoms, own - set_off, "pool {pool}, {deficit}");
        assert_eq!((quote(&world), world.account.perp_index(0)), (paid as i64, None));
        assert_eq!(world.account.token_index(0), (paid != 0).then_some(0));
        // A deposit passed from the pool to the account.
        assert_eq!((bank.deposit_shares, bank.borrow_shares), (before.deposit_shares, before.borrow_shares));
        let share = market.deficit_share_ppm_up(INDEX_ONE);
        assert_eq!(world.registry.markets[0].deficit_share(), share);
    }
}

#[test]
fn a_gain_repays_the_borrow_first() {
    let mut world = with_leg((10, 50, 60, 1_000, 0), -30);
    let before = world.banks[0];
    assert_eq!(pnl(&mut world, 0).unwrap().from_pool_atoms, Atoms::new(100));
    let bank = &world.banks[0];
    assert_eq!(quote(&world), 70);
    assert_eq!(bank.borrow_shares, before.borrow_shares - 30);
    assert_eq!(bank.deposit_shares, before.deposit_shares - 30);
    // And where it is exactly repaid, the place is free.
    let mut world = with_leg((10, 50, 60, 1_000, 0), -100);
    pnl(&mut world, 0).unwrap();
    assert!(world.account.is_empty());
    let mut world = with_leg((10, 50, 60, 1_000, 0), -130);
    pnl(&mut world, 0).unwrap();
    assert_eq!((quote(&world), world.account.perp_index(0)), (-30, None));
}

#[test]
fn a_leg_worth_nothing_is_closed_and_gone() {
    let mut world = with_leg((-10, 100, 100, 500, 0), 0);
    let seized = pnl(&mut world, 0).unwrap();
    let closed = ClosedBase {
        units: SignedBaseUnits::new(-10),
        closed_units: BaseUnits::new(10),
        cash_atoms: SignedAtoms::new(-1_000),
    };
    assert_eq!(seized, SeizedPnl { closed, ..SeizedPnl::default() });
    assert!(world.account.is_empty());
    assert_eq!((world.markets[0].pool_atoms, world.markets[0].own_claim_atoms), (500, 0));
}

#[test]
fn cash_without_a_base_is_seized_at_no_price() {
    let mut world = with_leg((0, 100, 100, 500, 0), 0);
    let place = perp::open_leg(&mut world.account, &mut world.markets[0]).unwrap();
    world.account.derivatives[place].cash_atoms = 80;
    world.board.slots[0].active = 0;
    let seized = pnl(&mut world, 0).unwrap();
    assert_eq!(
        seized,
        SeizedPnl { pnl_atoms: SignedAtoms::new(80), from_pool_atoms: Atoms::new(80), ..SeizedPnl::default() }
    );
    assert_eq!((quote(&world), world.account.perp_index(0)), (80, None));
}

#[test]
fn q_pays_a_loss_as_far_as_it_goes_and_once() {
    // Of a loss of 300.
    for (held, paid) in [(100, 100), (299, 299), (300, 300), (301, 300)] {
        let mut world = with_leg(LOSS, held);
        let before = world.banks[0];
        let seized = pnl(&mut world, 0).unwrap();
        assert_eq!(
            seized,
            SeizedPnl { pnl_atoms: SignedAtoms::new(-300), into_pool_atoms: Atoms::new(paid), ..SeizedPnl::default() }
        );
        assert_eq!((world.markets[0].pool_atoms, quote(&world)), (paid, held - paid as i64));
        assert_eq!(world.account.token_index(0), (held != paid as i64).then_some(0));
        assert_eq!(world.banks[0].deposit_shares, before.deposit_shares);
        let leg = &world.account.derivatives[0];
        assert_eq!((leg.fixed_debt_atoms, leg.reserved_atoms, leg.cash_atoms), (300, 0, -1_000 + paid as i64));
        if paid < 300 {
            assert_eq!(pnl(&mut world, 0), Err(RiskError::WrongStage));
        }
    }
    assert_eq!(pnl(&mut with_leg(LOSS, 0), 0), Err(RiskError::WrongStage));
    assert_eq!(pnl(&mut with_leg(LOSS, -5), 0), Err(RiskError::WrongStage));
    // A share worth less than an atom pays nothing.
    let mut world = with_leg(LOSS, 1);
    for index in [&mut world.banks[0].deposit_index, &mut world.registry.banks[0].deposit_index] {
        *index = INDEX_ONE / 2;
    }
    assert_eq!(pnl(&mut world, 0), Err(RiskError::WrongStage));
}

#[test]
fn a_promise_is_paid_up_to_the_loss_that_is_left() {
    let mut seed = nothing();
    (seed.balances[0], seed.legs[0], seed.legs[1]) = (300, LOSS, LOSS);
    let mut world = World::new(&seed);
    assert_eq!(pnl(&mut world, 0).unwrap().into_pool_atoms, Atoms::new(150));
    assert_eq!(world.account.derivatives[1].reserved_atoms, 150);
    // The other market recovers to a loss of 40: what it was promised beyond that stays q.
    world.board.slots[1].spot = dollars(96).into();
    assert_eq!(token(&mut world, 0), Err(RiskError::WrongStage));
    assert_eq!(pnl(&mut world, 1).unwrap().into_pool_atoms, Atoms::new(40));
    assert_eq!((quote(&world), world.markets[1].pool_atoms), (110, 40));
    assert_eq!(token(&mut world, 0), Ok(SeizedToken { shares: 110, atoms: Atoms::new(110) }));
}

/// At a share of 1.75 an atom buys none: the leg's promise is used up all the same, so that the quote balance is free.
#[test]
fn a_promise_that_buys_no_share_pays_nothing_and_is_used_up() {
    let mut seed = nothing();
    (seed.balances[0], seed.legs[0], seed.legs[1]) = (1, (1, 100, 99, 0, 0), (1, 100, 90, 0, 0));
    seed.indices.0 = INDEX_ONE / 4 * 7;
    let mut world = World::new(&seed);
    // The atom that rounding leaves is the first leg's.
    assert_eq!(pnl(&mut world, 0).unwrap().into_pool_atoms, Atoms::ZERO);
    assert_eq!((quote(&world), world.account.derivatives[0].reserved_atoms), (1, 0));
    assert_eq!((world.account.derivatives[0].fixed_debt_atoms, world.account.derivatives[1].fixed_debt_atoms), (1, 10));
    assert_eq!(pnl(&mut world, 1), Err(RiskError::WrongStage));
    assert_eq!(token(&mut world, 0), Ok(SeizedToken { shares: 1, atoms: Atoms::new(1) }));
}

#[test]
fn a_leg_is_seized_of_a_frozen_account_alone() {
    let mut world = with_leg(LOSS, 100);
    assert_eq!(pnl(&mut world.clone(), 1), Err(RiskError::LegEmpty));
    world.now = NOW + 60;
    assert_eq!(pnl(&mut world.clone(), 0), Err(RiskError::PriceStale));
    for status in [AccountStatus::Active, AccountStatus::Paying] {
        world.account.status = status as u8;
        assert_eq!(pnl(&mut world, 0), Err(RiskError::WrongStage));
    }
}

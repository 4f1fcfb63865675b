//! What rounding leaves, and how it ends.

use std::boxed::Box;

use bytemuck::Zeroable;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::params::{GlobalParams, INDEX_ONE};
use plimsoll_risk::price::{base_scale_down, Price};
use plimsoll_risk::units::{Atoms, BaseUnits, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_state::{
    AccountStatus, Books, DerivativePosition, FundingClock, MarginAccount, Market, PriceBoard, Registry, SideIndex,
    SlotStatus, StoredParams,
};

use crate::perp;
use crate::perp::{close_base, exchange, touch_leg};

const NOW: i64 = 1_760_130_600;
/// Base units of a SOL, worth 200 dollars: 200 atoms a unit.
const SOL: u64 = 1_000_000;
const PRICE: i64 = 200;

struct World {
    registry: Box<Registry>,
    board: Box<PriceBoard>,
    market: Market,
    accounts: [MarginAccount; 4],
    now: i64,
}

impl World {
    fn new() -> Self {
        let mut registry = Box::new(Registry::zeroed());
        registry.params = StoredParams(GlobalParams::DEFAULT);
        registry.banks[0].deposit_index = INDEX_ONE;
        let slot = &mut registry.markets[0];
        (slot.status, slot.funding_at) = (SlotStatus::Active as u8, NOW);
        slot.scale = base_scale_down(6, 6).unwrap().into();
        slot.sides = [SideIndex::start(); 2];
        let mut board = Box::new(PriceBoard::zeroed());
        let price = &mut board.slots[0];
        (price.active, price.published_at) = (1, NOW);
        price.spot = Price::from_decimal_down(PRICE as u64, 0).unwrap().into();
        Self { registry, board, market: Market::zeroed(), accounts: [MarginAccount::zeroed(); 4], now: NOW }
    }

    fn leg(&mut self, who: usize) -> &mut DerivativePosition {
        let place = perp::open_leg(&mut self.accounts[who], &mut self.market).unwrap();
        &mut self.accounts[who].derivatives[place]
    }

    /// A fill at spot.
    fn fill(&mut self, buyer: usize, seller: usize, units: u64) {
        let (mut b, mut s) = (*self.leg(buyer), *self.leg(seller));
        let (slot, cash) = (&self.registry.markets[0], units as i64 * PRICE);
        exchange(
            slot,
            &mut self.market,
            &mut b,
            &mut s,
            BaseUnits::new(units),
            SignedAtoms::new(-cash),
            SignedAtoms::new(cash),
            FundingClock { now: UnixSecs::new(self.now), max_secs: Secs::new(3_600) },
        )
        .unwrap();
        (*self.leg(buyer), *self.leg(seller)) = (b, s);
    }

    /// Closes a base against the other side, as a bankruptcy does.
    fn close(&mut self, who: usize) {
        let spot = plimsoll_state::closing_price(
            &self.registry.markets[0],
            &Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(self.now) },
        )
        .unwrap();
        let mut leg = *self.leg(who);
        close_base(
            &mut self.registry.markets[0],
            &mut self.market,
            &mut leg,
            spot,
            FundingClock { now: UnixSecs::new(self.now), max_secs: Secs::new(3_600) },
        )
        .unwrap();
        *self.leg(who) = leg;
    }

    fn touch(&mut self, who: usize) -> Option<crate::perp::Rest> {
        let place = self.accounts[who].perp_index(0)?;
        let account = &mut self.accounts[who];
        Some(
            touch_leg(
                account,
                place,
                &mut self.market,
                &Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(self.now) },
            )
            .unwrap(),
        )
    }

    fn units(&self, who: usize) -> i64 {
        self.pnl(who).0
    }

    /// Size and PnL at spot.
    fn pnl(&self, who: usize) -> (i64, i64) {
        let Some(place) = self.accounts[who].perp_index(0) else { return (0, 0) };
        let slot = &self.registry.markets[0];
        let (units, cash) = slot
            .project(
                &self.accounts[who].derivatives[place],
                FundingClock { now: UnixSecs::new(self.now), max_secs: Secs::new(3_600) },
            )
            .unwrap();
        (units.get(), units.get() * PRICE + cash.get())
    }
}

/// Longs of 100 and 7.000001, shorts of 60 and 47.000001. When the short of 60 is closed against both longs, what is left
/// of them is rounded down by a unit in all; whoever then closes with the other short leaves it one unit that nobody holds
/// the other side of: no fill can close it, `withdraw all` and `close_account` refuse, and the rent is locked.
fn one_unit_left() -> World {
    let mut world = World::new();
    world.fill(0, 2, 60 * SOL);
    world.fill(0, 3, 40 * SOL);
    world.fill(1, 3, 7 * SOL + 1);
    world.close(2);
    let longs = world.units(0) + world.units(1);
    assert_eq!(longs, 47 * SOL as i64);
    assert_eq!(world.units(3), -(47 * SOL as i64 + 1));
    for long in [0, 1] {
        let units = world.units(long).unsigned_abs();
        world.fill(3, long, units);
    }
    assert_eq!([0, 1, 2, 3].map(|who| world.units(who)), [0, 0, 0, -1]);
    world
}

/// INDEX-6
#[test]
fn the_last_unit_that_nobody_holds_the_other_side_of_is_written_off_at_spot() {
    let mut world = one_unit_left();
    let before = world.pnl(3).1;
    assert!(world.market.rounding_units >= 1);
    for who in [0, 1, 2] {
        world.touch(who);
    }
    let rest = world.touch(3).unwrap();
    assert_eq!(
        (rest.written_off.units, rest.written_off.cash_atoms),
        (SignedBaseUnits::new(-1), SignedAtoms::new(-PRICE))
    );
    assert_eq!(world.pnl(3), (0, before));
    assert_eq!(world.market.sides.map(|side| (side.shares, side.all_positions())), [(0, 0); 2]);
    assert_eq!(world.market.rounding_units, 0);
}

#[test]
fn a_base_with_somebody_on_the_other_side_is_not_written_off() {
    let mut world = World::new();
    world.fill(0, 1, 5);
    for who in [0, 1] {
        let rest = world.touch(who).unwrap();
        assert_eq!(rest, crate::perp::Rest::default());
    }
    assert_eq!((world.units(0), world.units(1)), (5, -5));
}

#[test]
fn a_stale_price_writes_nothing_off_and_blocks_no_touch_until_it_is_stale_for_hours() {
    let mut world = one_unit_left();
    let params = *world.registry.params();
    world.now = NOW + params.prices.read_age_secs as i64 + 1;
    assert_eq!(world.touch(3).unwrap().written_off.units, SignedBaseUnits::ZERO);
    assert_eq!(world.units(3), -1);
    world.now = NOW + params.wind_down.stale_asset_secs as i64 + 1;
    assert_eq!(world.touch(3).unwrap().written_off.units, SignedBaseUnits::new(-1));
    assert_eq!(world.units(3), 0);
}

#[test]
fn an_account_that_is_being_resolved_is_only_brought_up_to_date() {
    let mut world = one_unit_left();
    world.accounts[3].status = AccountStatus::Seizing as u8;
    assert_eq!(world.touch(3).unwrap(), crate::perp::Rest::default());
    assert_eq!(world.units(3), -1);
}

/// One unit of two is closed and each of two holders is left half a unit: shares without a unit, which still count as
/// one of open interest, and a short that nobody can close until they are dropped.
#[test]
fn a_leg_of_shares_that_make_no_unit_drops_them() {
    let mut world = World::new();
    world.fill(0, 2, 1);
    world.fill(1, 3, 1);
    world.close(2);
    assert_eq!([0, 1, 3].map(|who| world.units(who)), [0, 0, -1]);
    assert_eq!(world.registry.markets[0].open_interest(&world.market, Side::Long).get(), 1);
    assert_eq!(world.touch(3).unwrap().written_off.units, SignedBaseUnits::ZERO);
    world.touch(0);
    world.touch(1);
    assert_eq!(world.market.sides[Side::Long as usize].shares, 0);
    assert_eq!(world.touch(3).unwrap().written_off.units, SignedBaseUnits::new(-1));
    assert_eq!(world.units(3), 0);
}

/// A pool that rounding has left some atoms short: whoever comes last would wait for ever (INDEX-6).
#[test]
fn the_last_claim_of_a_market_loses_what_nothing_covers_and_the_own_claim_bears_it_first() {
    for (pool, deficit, own, claim, left, own_left) in [
        (0, 0, 0, 5, 0, 0),
        (3, 0, 0, 5, 3, 0),
        (5, 0, 2, 5, 5, 0),
        (4, 0, 2, 5, 4, 0),
        (9, 0, 2, 5, 5, 2),
        // A deficit is owed to the claim by nobody in particular, and stands behind it: only its owner gives it up.
        (0, 5, 0, 5, 5, 0),
        (1, 3, 0, 5, 4, 0),
    ] {
        let mut world = World::new();
        world.leg(0).cash_atoms = claim;
        (world.market.pool_atoms, world.market.deficit_atoms, world.market.own_claim_atoms) = (pool, deficit, own);
        world.touch(0);
        let cash = world.accounts[0].perp_index(0).map_or(0, |place| world.accounts[0].derivatives[place].cash_atoms);
        assert_eq!(cash, left, "pool {pool}, deficit {deficit}, own claim {own}");
        if left != 0 {
            assert_eq!(world.market.own_claim_atoms, own_left);
        } else {
            assert!(world.accounts[0].is_empty());
        }
    }
}

#[test]
fn a_claim_beside_another_leg_is_not_cancelled() {
    let mut world = World::new();
    world.leg(0).cash_atoms = 5;
    world.leg(1).cash_atoms = -5;
    assert_eq!(world.touch(0).unwrap(), crate::perp::Rest::default());
    assert_eq!(world.leg(0).cash_atoms, 5);
}

#[test]
fn a_claim_worth_no_share_of_the_pool_becomes_the_markets_own() {
    let mut world = World::new();
    world.registry.banks[0].deposit_index = 3 * INDEX_ONE;
    world.leg(0).cash_atoms = 2;
    world.leg(1).cash_atoms = -2;
    assert_eq!(world.touch(0).unwrap().absorbed_atoms, Atoms::new(2));
    assert!(world.accounts[0].is_empty());
    assert_eq!(world.market.own_claim_atoms, 2);
}

#[test]
fn what_a_leg_has_beside_a_base_is_no_claim_yet() {
    let mut world = World::new();
    world.fill(0, 1, 5);
    world.leg(0).cash_atoms = 7;
    // Nothing stands behind it, and no other leg is counted.
    world.market.leg_count = 1;
    assert_eq!(world.touch(0).unwrap(), crate::perp::Rest::default());
    assert_eq!((world.leg(0).cash_atoms, world.units(0)), (7, 5));
}

#[test]
fn a_debt_without_a_base_is_neither_cancelled_nor_absorbed() {
    let mut world = World::new();
    world.leg(0).cash_atoms = -7;
    world.market.own_claim_atoms = 9;
    assert_eq!(world.touch(0).unwrap(), crate::perp::Rest::default());
    assert_eq!((world.leg(0).cash_atoms, world.market.own_claim_atoms), (-7, 9));
}

#[test]
fn only_a_leg_of_a_listed_market_is_touched() {
    use plimsoll_risk::RiskError::LegEmpty;
    let mut world = World::new();
    world.leg(0).cash_atoms = 1;
    let mut touch = |place, status| {
        world.registry.markets[0].status = status;
        touch_leg(
            &mut world.accounts[0],
            place,
            &mut world.market,
            &Books { registry: &world.registry, board: &world.board, now: UnixSecs::new(NOW) },
        )
    };
    assert_eq!((touch(16, 1), touch(0, 0)), (Err(LegEmpty), Err(LegEmpty)));
}

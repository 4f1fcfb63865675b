//! Closing against the other side, writing off and charging, by hand.

use bytemuck::Zeroable;
use plimsoll_risk::lazy::{Side, A_ONE};
use plimsoll_risk::price::{BasePrice, Price};
use plimsoll_risk::units::{Atoms, BaseUnits, SignedAtoms, SignedBaseUnits};

use super::{clock, unit, Both};
use crate::loss::socialize_on_side;
use crate::perp::{close_base, write_off, ClosedBase};

/// Two and a half atoms a unit.
fn halves() -> BasePrice {
    BasePrice::new_down(Price::from_decimal_down(25, -1).unwrap(), Price::from_decimal_down(1, 0).unwrap())
}

/// Account 0 holds `units` against account 1.
fn pair(units: i64) -> Both {
    let mut both = Both::new();
    let (buyer, seller) = if units > 0 { (0, 1) } else { (1, 0) };
    both.fill(buyer, seller, units.unsigned_abs(), 0);
    both
}

#[test]
fn a_base_is_closed_at_spot_rounded_against_who_gives_it_up() {
    for (units, cash_atoms, other_cash) in [(3, 7, -8), (-3, -8, 7), (2, 5, -5), (-2, -5, 5)] {
        let mut both = pair(units);
        let mut position = both.positions[0];
        let closed = close_base(&mut both.slot, &mut both.market, &mut position, halves(), clock(0)).unwrap();
        assert_eq!(
            closed,
            ClosedBase {
                units: SignedBaseUnits::new(units),
                closed_units: BaseUnits::new(units.unsigned_abs()),
                cash_atoms: SignedAtoms::new(cash_atoms)
            }
        );
        assert_eq!((position.shares, position.k_entry.get(), position.cash_atoms), (0, 0, cash_atoms));
        assert_eq!(position.last_sign, units.signum() as i8);
        // Whoever closes with it pays or receives the same, rounded against him too, and maybe an atom for the index.
        let (left, cash) = both.read(1);
        assert!(left == 0 && (other_cash - 1..=other_cash).contains(&cash), "{cash} of {other_cash}");
        let again = close_base(&mut both.slot, &mut both.market, &mut position, halves(), clock(0));
        assert_eq!(again, Ok(ClosedBase::default()));
    }
}

#[test]
fn half_a_side_is_closed_pro_rata_and_its_rounding_noted() {
    let mut both = Both::new();
    both.fill(0, 1, 600, 0);
    both.fill(0, 2, 400, 0);
    let mut position = both.positions[2];
    let closed = close_base(&mut both.slot, &mut both.market, &mut position, unit(5), clock(0)).unwrap();
    assert_eq!(
        closed,
        ClosedBase {
            units: SignedBaseUnits::new(-400),
            closed_units: BaseUnits::new(400),
            cash_atoms: SignedAtoms::new(-2_000)
        }
    );
    assert_eq!((both.slot.sides[0].a, both.slot.sides[1].a), ((A_ONE as u128 * 600 / 1_000) as u64, A_ONE));
    // One long, and two for the side.
    assert_eq!(both.market.rounding_units, 3);
    assert_eq!(both.market.sides.map(|side| (side.shares, side.count)), [(1_000, 1), (600, 1)]);
}

#[test]
fn a_base_that_nobody_holds_the_other_side_of_is_written_off() {
    for (units, cash_atoms) in [(3, 7), (-3, -8)] {
        let side = Side::of(units).unwrap();
        let opposite = side.opposite() as usize;
        let alone = || {
            let mut both = pair(units);
            (both.market.sides[opposite].shares, both.market.sides[opposite].count) = (0, 0);
            both
        };
        let written = ClosedBase {
            units: SignedBaseUnits::new(units),
            closed_units: BaseUnits::ZERO,
            cash_atoms: SignedAtoms::new(cash_atoms),
        };
        let mut both = alone();
        assert_eq!(write_off(&both.slot, &mut both.market, &mut both.positions[0], halves()), Ok(written));
        assert_eq!((both.positions[0].shares, both.positions[0].cash_atoms), (0, cash_atoms));
        assert_eq!((both.market.sides[side as usize].shares, both.market.sides[side as usize].count), (0, 0));
        // Closing it closes nothing of the side, notes no rounding and leaves its index alone.
        let mut both = alone();
        both.market.sides[opposite].ring_counts[1] = 1;
        let index = both.slot.sides[opposite];
        let mut position = both.positions[0];
        let closed = close_base(&mut both.slot, &mut both.market, &mut position, halves(), clock(0));
        assert_eq!(closed, Ok(written));
        assert_eq!((both.slot.sides[opposite], both.market.rounding_units), (index, 0));
        // With a unit on the other side it stays.
        let mut both = pair(units);
        both.market.sides[opposite].shares = 1;
        let before = both.positions[0];
        let kept = write_off(&both.slot, &mut both.market, &mut both.positions[0], halves());
        assert_eq!((kept, both.positions[0]), (Ok(ClosedBase::default()), before));
    }
}

#[test]
fn a_loss_is_charged_as_far_as_a_side_bears_it_and_the_rest_is_the_deficit() {
    // 1,000 units at 100, of which 2 % may be charged within an hour.
    for (loss, own, charged, own_left, deficit) in [
        (0, 0, 0, 0, 0),
        (1_500, 0, 1_500, 0, 0),
        (2_500, 0, 2_000, 0, 500),
        (2_500, 400, 2_000, 0, 100),
        (2_500, 600, 2_000, 100, 0),
    ] {
        let mut both = pair(1_000);
        both.market.own_claim_atoms = own;
        let result =
            socialize_on_side(&mut both.slot, &mut both.market, Side::Short, Atoms::new(loss), unit(100), clock(0));
        assert_eq!(result, Ok(Atoms::new(charged)), "loss {loss}");
        let market = &both.market;
        assert_eq!((market.own_claim_atoms, market.deficit_atoms), (own_left, deficit), "loss {loss}, own {own}");
        assert_eq!(market.socialized_atoms, charged);
        let (units, cash) = both.read(1);
        assert!(units == -1_000 && (-(charged as i64) - 1..=-(charged as i64)).contains(&cash), "{cash}");
        assert_eq!(both.read(0), (1_000, 0));
    }
}

#[test]
fn a_side_that_nobody_holds_bears_nothing() {
    let mut both = Both::new();
    let index = both.slot.sides[1];
    let result = socialize_on_side(&mut both.slot, &mut both.market, Side::Short, Atoms::new(70), unit(100), clock(0));
    assert_eq!((result, both.market.deficit_atoms, both.market.socialized_atoms), (Ok(Atoms::ZERO), 70, 0));
    assert_eq!((both.slot.sides[1], both.market.sides[1].charged), (index, Zeroable::zeroed()));
}

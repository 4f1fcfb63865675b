//! How much of a loss a side bears within any hour.

use plimsoll_risk::lazy::Side;
use plimsoll_risk::units::Atoms;

use super::{clock, unit, Both};
use crate::loss::socialize_on_side;

/// Units open and their price in atoms; the market's maintenance rate is 2 %.
const UNITS: u64 = 1_000_000;
const PRICE: u64 = 100;
const MARGIN: u64 = UNITS * PRICE / 50;

fn charged(both: &mut Both, at: i64, loss: u64) -> u64 {
    both.now = at;
    (socialize_on_side(&mut both.slot, &mut both.market, Side::Long, Atoms::new(loss), unit(PRICE), clock(at)).unwrap())
        .get()
}

/// One atom opened the window, 3 % was charged in its last second and 3 % in the first of the next: 6 % of notional
/// within two seconds against a rate of 3 % (LOSS-2).
#[test]
fn within_any_hour_a_side_is_charged_at_most_its_margin_however_the_charges_are_timed() {
    for start in [0i64, 1, 359, 700, 719, 1_700_000_000] {
        let mut both = Both::new();
        both.fill(0, 1, UNITS, PRICE);
        // Per unit a charge is rounded up and the bound down, so an atom or two may stay uncharged.
        let whole = MARGIN - 3..=MARGIN;
        assert_eq!(charged(&mut both, start, 1), 1);
        let last = charged(&mut both, start + 3_599, 10 * MARGIN);
        let next = charged(&mut both, start + 3_601, 10 * MARGIN);
        assert!(whole.contains(&(1 + last)), "{last} in the last second");
        assert!(last + next <= MARGIN, "{last} and two seconds later {next}");
        // Nothing is barred for ever either: after an hour and a fifth all of it may be charged again.
        assert!(whole.contains(&charged(&mut both, start + 3_601 + 4_320, 10 * MARGIN)));
        // A clock that runs backwards opens no window.
        assert!(charged(&mut both, start, 10 * MARGIN) <= 3);
    }
}

/// Whoever opens later bears no more for it, and the other side has an allowance of its own.
#[test]
fn each_side_bears_its_own_charges() {
    let mut both = Both::new();
    both.fill(0, 1, UNITS, PRICE);
    let long = charged(&mut both, 0, 10 * MARGIN);
    assert!(long > 0 && charged(&mut both, 0, 10 * MARGIN) <= 3);
    let short = socialize_on_side(
        &mut both.slot,
        &mut both.market,
        Side::Short,
        Atoms::new(10 * MARGIN),
        unit(PRICE),
        clock(0),
    );
    assert_eq!(short, Ok(Atoms::new(long)));
}

#[test]
fn charges_of_an_hour_add_up() {
    let mut both = Both::new();
    both.fill(0, 1, UNITS, PRICE);
    let third = MARGIN / 3;
    for minute in 0..3 {
        assert_eq!(charged(&mut both, minute * 900, third - 1), third - 1);
    }
    let rest = charged(&mut both, 3_599, 10 * MARGIN);
    assert!(rest <= MARGIN - 3 * (third - 1), "{rest} more");
}

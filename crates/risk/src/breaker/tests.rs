//! Breakers of what is liquidated and of what insurance pays: when they trip, and for how long at most.

use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::draw::Drawable;
use crate::units::{Atoms, UnixSecs};

const START: i64 = 1_700_000_000;
const TENTH: Ppm = Ppm::new(100_000);

fn at(later: i64) -> UnixSecs {
    UnixSecs::new(START + later)
}

fn fund(worth: u64, hour_drawn: u64) -> Drawable {
    Drawable { worth: Atoms::new(worth), floor: Atoms::ZERO, hour_drawn: Atoms::new(hour_drawn) }
}

/// LIMIT-3
#[test]
fn what_is_liquidated_trips_beyond_its_share_within_an_hour_and_not_at_it() {
    let seen = Throughput::default().counted(60, 1_000, TENTH, at(0)).counted(40, 1_000, TENTH, at(3_599));
    assert_eq!((seen.breaker, seen.liquidated.total()), (Spell::default(), 100));
    let tripped = seen.counted(1, 1_000, TENTH, at(3_599));
    assert_eq!(tripped.breaker, Spell { until: at(3_599 + 900), in_a_row: 1 });
    // Beyond the window the sixty are forgotten.
    assert_eq!(seen.counted(60, 1_000, TENTH, at(4_320)).breaker, Spell::default());
    // Of a market that shrinks the same is more.
    assert!(seen.counted(0, 999, TENTH, at(3_599)).breaker.stands(at(3_599)));
}

/// LIMIT-4
#[test]
fn a_draw_trips_beyond_its_share_of_what_there_was_when_the_hour_began() {
    let quarter = Ppm::new(250_000);
    assert_eq!(drawn(Spell::default(), &fund(750, 250), quarter, at(0)), Spell::default());
    let tripped = drawn(Spell::default(), &fund(749, 251), quarter, at(0));
    assert_eq!(tripped, Spell { until: at(3_600), in_a_row: 1 });
    // What comes in counts, and a fund of nothing has lost nothing.
    assert_eq!(drawn(Spell::default(), &fund(753, 251), quarter, at(0)), Spell::default());
    assert_eq!(drawn(Spell::default(), &fund(0, 0), quarter, at(0)), Spell::default());
}

#[test]
fn a_share_of_a_million_is_no_limit_and_numbers_at_their_ends_wrap_nowhere() {
    let whole = Ppm::WHOLE;
    let most = Throughput::default().counted(u64::MAX, 0, whole, at(0)).counted(u64::MAX, 0, whole, at(0));
    assert_eq!(most.breaker, Spell::default());
    assert!(most.counted(u64::MAX, u64::MAX, Ppm::new(999_999), at(0)).breaker.stands(at(0)));
    assert_eq!(drawn(Spell::default(), &fund(0, u64::MAX), whole, at(0)), Spell::default());
    assert!(drawn(Spell::default(), &fund(u64::MAX, u64::MAX), Ppm::new(999_999), at(0)).stands(at(0)));
    assert_eq!(drawn(Spell::default(), &fund(u64::MAX, 0), Ppm::ZERO, at(0)), Spell::default());
}

/// How long a breaker stood within any stretch of its row and its rest, whatever was seen when: at most its row. `trips` says what
/// comes of each look. Nothing but time ends one, so what stood is known from when it began.
fn longest(terms: &Terms, looks: &[i64], mut trips: impl FnMut(Spell, UnixSecs) -> Spell) -> Result<usize, String> {
    let (mut held, mut now, mut stood) = (Spell::default(), START, Vec::<(i64, i64)>::new());
    let (row, lasts) = (terms.lasts.get() as i64 * terms.most as i64, terms.lasts.get() as i64);
    for later in looks {
        now += later;
        let next = trips(held, UnixSecs::new(now));
        if next != held {
            if held.stands(UnixSecs::new(now)) || next.until.get() != now + lasts {
                return Err(std::format!("{held:?} became {next:?} at {now}"));
            }
            stood.push((now, now + lasts));
        }
        held = next;
        let since = now - row - terms.rest.get() as i64;
        let sum: i64 =
            stood.iter().map(|(from, to)| (*to).min(now) - (*from).max(since)).filter(|held| *held > 0).sum();
        if sum > row {
            return Err(std::format!("{sum} of {row} at {now}"));
        }
    }
    Ok(stood.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// LIMIT-3: whatever is liquidated when, nobody is kept from adding risk for more than an hour of any two, and each time
    /// for a quarter of an hour.
    #[test]
    fn no_liquidation_however_large_holds_risk_back_for_more_than_an_hour_of_two(
        seen in prop::collection::vec((0i64..2_000, 0u64..300), 1..80), share in 10_000u32..=1_000_000,
    ) {
        let (looks, mut amounts) = (seen.iter().map(|(later, _)| *later).collect::<Vec<_>>(), seen.iter().map(|(_, amount)| *amount));
        let mut throughput = Throughput::default();
        let (mut counted, mut elapsed) = (Vec::<(i64, u64)>::new(), 0);
        let mut wrong = None;
        let trips = longest(&THROUGHPUT_BREAKER, &looks, |held, now| {
            let amount = amounts.next().unwrap_or_default();
            throughput = Throughput { breaker: held, ..throughput }.counted(amount, 1_000, Ppm::new(share), now);
            counted.push((now.get(), amount));
            elapsed += 1;
            // It trips on nothing but what was liquidated within the window, which is never shorter than an hour.
            let begins = (now.get() / 720 - 5) * 720;
            let sum: u64 = counted.iter().filter(|(at, _)| *at >= begins).map(|(_, amount)| amount).sum();
            if throughput.breaker != held && sum * 1_000_000 <= 1_000 * share as u64 {
                wrong = Some((sum, share));
            }
            if throughput.breaker == held && !held.stands(now) && held.may_begin_at(now, &THROUGHPUT_BREAKER) <= now
                && sum * 1_000_000 > 1_000 * share as u64 && share < 1_000_000
            {
                wrong = Some((sum, share));
            }
            throughput.breaker
        });
        prop_assert!(trips.is_ok(), "{trips:?}");
        prop_assert_eq!(wrong, None);
        prop_assert_eq!(elapsed, looks.len());
    }

    /// LIMIT-4: whatever is drawn when, nobody is kept from adding risk for more than four hours of any eight.
    #[test]
    fn no_draw_however_large_holds_risk_back_for_more_than_half_of_the_time(
        seen in prop::collection::vec((0i64..9_000, 0u64..1_000, 0u64..1_000), 1..80), share in 10_000u32..=1_000_000,
    ) {
        let (looks, mut funds) = (seen.iter().map(|(later, _, _)| *later).collect::<Vec<_>>(), seen.iter());
        let mut wrong = None;
        let trips = longest(&DRAWDOWN_BREAKER, &looks, |held, now| {
            let (_, worth, hour_drawn) = funds.next().copied().unwrap_or_default();
            let next = drawn(held, &fund(worth, hour_drawn), Ppm::new(share), now);
            let beyond = share < 1_000_000 && hour_drawn * 1_000_000 > (worth + hour_drawn) * share as u64;
            let may = !held.stands(now) && (held.in_a_row < 4 || held.may_begin_at(now, &DRAWDOWN_BREAKER) <= now);
            if (next != held) != (beyond && may) {
                wrong = Some((held, worth, hour_drawn));
            }
            next
        });
        prop_assert!(trips.is_ok(), "{trips:?}");
        prop_assert_eq!(wrong, None);
    }
}

//! What a switch of a price's source does to who is healthy, by three designs: the figures of ADR 47.
//!
//! The averages of a price at 100 go on, begin anew, or follow only what is within a band of the slow one, while a source
//! says another price every second.

use plimsoll_risk::oracle::{update, Observation, PriceSource, PriceState, DEFAULT_PRIOR_PICO_PER_SEC};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::Price;
use plimsoll_risk::units::{Ppm, Secs, UnixSecs};

const START: i64 = 1_760_000_000;
const DAY: i64 = 86_400;

fn dollars(price: Price) -> f64 {
    price.mantissa as f64 * 2f64.powi(price.exponent)
}

/// Takes a price of this second.
fn take(state: &PriceState, source: PriceSource, price: Price, now: i64) -> PriceState {
    let at = UnixSecs::new(now);
    let seen = Observation { price, sigma_ppm: Ppm::ZERO, published_at: at, previous_at: None, overdue: false };
    update(state, source, &seen, &GlobalParams::DEFAULT, at).unwrap().unwrap()
}

fn of_cents(cents: u64) -> Price {
    Price::from_decimal_down(cents, -2).unwrap()
}

/// A price that has been 100 dollars for so long that its averages are.
fn settled() -> PriceState {
    let listed = PriceState::listed(Secs::new(15), Secs::new(3_600), DEFAULT_PRIOR_PICO_PER_SEC);
    (0..6).fold(listed, |state, hour| take(&state, PriceSource::Primary, of_cents(10_000), START + hour * 3_600))
}

/// Seconds from the switch until something is so, a price a second; none within a day.
fn until(
    begin: PriceState,
    says: impl Fn(&PriceState) -> Price,
    is: impl Fn(&PriceState) -> bool,
) -> (Option<i64>, PriceState) {
    let (mut state, from) = (begin, begin.published_at.get());
    for second in 1..=DAY {
        state = take(&state, PriceSource::Standby, says(&state), from + second);
        if is(&state) {
            return (Some(second), state);
        }
    }
    (None, state)
}

/// At spot and at fast below 80: an account that a fall by a fifth puts under water.
fn a_fifth_below(state: &PriceState) -> bool {
    dollars(state.spot).max(dollars(state.fast)) < 80.0
}

/// What a deposit counts as when risk is added, at half as much again as the market's price.
fn half_as_much_again(state: &PriceState) -> bool {
    state.is_ready() && dollars(state.low) >= 150.0
}

fn anew(state: PriceState) -> PriceState {
    PriceState { update_count: 0, first_published_at: UnixSecs::NEVER, ..state }
}

/// Averages that go on: nine seconds from the switch, and three quarters of an hour until somebody lends.
#[test]
fn averages_that_go_on_follow_a_wrong_standby_within_seconds() {
    let (half, twice) = (of_cents(5_000), of_cents(20_000));
    assert_eq!(until(settled(), |_| half, a_fifth_below).0, Some(9));
    assert_eq!(until(settled(), |_| twice, half_as_much_again).0, Some(2_497));
}

/// Averages that begin anew: two hours, whatever the standby says.
#[test]
fn averages_that_begin_anew_follow_nothing_for_two_hours() {
    for says in [1, 5_000, 9_900, 20_000, 1_000_000].map(of_cents) {
        assert_eq!(until(anew(settled()), |_| says, PriceState::is_ready).0, Some(7_201));
    }
    let (found, state) = until(anew(settled()), |_| of_cents(5_000), |state| state.is_ready() && a_fifth_below(state));
    assert_eq!((found, dollars(state.slow)), (Some(7_201), 50.0));
}

/// A band of a twentieth around the slow average: a twentieth at once, and then as much again every hour, since the average
/// follows what is within its band. What is honest and further away is refused for as long as it is.
#[test]
fn a_band_around_the_slow_average_gives_way_to_who_stays_at_its_edge() {
    let edge = |state: &PriceState| state.slow.scaled_ppm_down(Ppm::new(950_000)).unwrap();
    let below = |dollars_below: f64| {
        until(settled(), edge, |state| dollars(state.spot).max(dollars(state.fast)) < dollars_below)
    };
    assert_eq!(below(96.0).0, Some(25));
    let found = below(80.0).0.expect("within a day");
    assert!((3 * 3_600..4 * 3_600).contains(&found), "{found}");
}

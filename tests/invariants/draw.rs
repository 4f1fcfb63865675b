//! How actions are drawn: proptest shrinks them where one breaks a rule.

use plimsoll_tests::*;
use proptest::prelude::*;

use super::action::{Action, ACCOUNTS, TRADERS};

/// Decimals of the settlement token: an atom is a dollar, or a thousandth of a micro-dollar.
pub fn any_quote() -> impl Strategy<Value = u8> {
    proptest::sample::select(&EVERY_QUOTE_DECIMALS[..])
}

/// So many of a kind.
pub fn actions<S: Strategy<Value = Action>>(
    one: S,
    number: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Action>> {
    proptest::collection::vec(one, number)
}

fn who() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..TRADERS, 1 => TRADERS..ACCOUNTS]
}

/// A fraction of everything; small, large and whole ones alike.
fn part() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 1u32..1_000_000, 2 => 900_000u32..1_000_000, 1 => 1u32..1_000, 1 => Just(1_000_001)]
}

/// Room below a cap: none, some, or more than anybody needs.
fn room() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0u32), 1u32..100_000, Just(u32::MAX)]
}

/// Anything that can happen while prices stand and no time passes.
pub fn at_rest() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (who(), 0u8..3, part()).prop_map(|(who, bank, part)| Action::Deposit { who, bank, part }),
        2 => (who(), 0u8..3, part()).prop_map(|(who, bank, part)| Action::Withdraw { who, bank, part }),
        4 => (who(), 0u8..3, part()).prop_map(|(who, bank, part)| Action::Borrow { who, bank, part }),
        2 => (who(), 0u8..3, part()).prop_map(|(who, bank, part)| Action::Repay { who, bank, part }),
        6 => (who(), who(), 0u8..2, part(), -10_000i32..10_000).prop_map(|(buyer, seller, market, part, tilt_ppm)| {
            Action::Fill { buyer, seller, market, part, tilt_ppm: tilt_ppm / 20 }
        }),
        1 => who().prop_map(|who| Action::Observe { who }),
        3 => (0u8..2, 0..=ACCOUNTS).prop_map(|(market, who)| Action::Settle { market, who }),
        1 => (0u8..2, who(), part()).prop_map(|(market, who, part)| Action::TakeWin { market, who, part }),
        1 => (0u8..3).prop_map(|bank| Action::Accrue { bank }),
        1 => (0u8..2).prop_map(|market| Action::Funding { market }),
        1 => (0u8..3).prop_map(|bank| Action::Sweep { bank }),
        1 => (0u8..3).prop_map(|bank| Action::Collect { bank }),
        1 => (who(), 0u8..2).prop_map(|(who, market)| Action::Touch { who, market }),
        3 => (who(), who(), 0usize..24, part()).prop_map(|(by, of, leg, part)| Action::Liquidate { by, of, leg, part }),
    ]
}

/// Anything that can happen.
pub fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        30 => at_rest(),
        3 => (0u8..3, 700_000u32..1_400_000, 1i64..40).prop_map(|(slot, factor_ppm, secs)| {
            // The settlement token leaves its peg by a little only.
            let factor_ppm = if slot == USDC { 990_000 + factor_ppm % 15_000 } else { factor_ppm };
            Action::Price { slot, factor_ppm, secs }
        }),
        4 => (1u8..3, prop_oneof![400_000u32..950_000, 1_050_000u32..2_000_000]).prop_map(|(slot, factor_ppm)| {
            Action::Crash { slot, factor_ppm }
        }),
        1 => prop_oneof![1i64..100, 100i64..100_000, 1_000_000i64..10_000_000].prop_map(|secs| Action::Pass { secs }),
        1 => (0u8..2, -600i32..600).prop_map(|(market, ppm)| Action::Premium { market, ppm }),
        1 => (0u8..3, 1u32..20_000).prop_map(|(bank, part)| Action::FundInsurance { bank, part }),
        1 => (0u8..3, 1u32..20_000).prop_map(|(bank, part)| Action::TakeInsurance { bank, part }),
        2 => (who(), who(), 0usize..24, part()).prop_map(|(by, of, leg, part)| Action::Liquidate { by, of, leg, part }),
        2 => (who(), 0usize..16).prop_map(|(who, step)| Action::Resolve { who, step }),
        25 => (TRADERS - 2..ACCOUNTS, 0usize..24, part()).prop_map(|(by, leg, part)| Action::Hunt { by, leg, part }),
        25 => (0usize..16).prop_map(|step| Action::Bury { step }),
        2 => Just(Action::Wait),
        2 => (0u8..3).prop_map(|bank| Action::Drain { bank }),
        1 => (0u8..3, room(), prop_oneof![3 => Just(false), 1 => Just(true)])
            .prop_map(|(bank, room_ppm, reduce_only)| Action::Caps { bank, room_ppm, reduce_only }),
        1 => (0u8..2, room()).prop_map(|(market, room_ppm)| Action::MarketCap { market, room_ppm }),
    ]
}

/// What happens where nobody liquidates: bankrupt bases are closed against the other side, again and again.
pub fn unattended() -> impl Strategy<Value = Action> {
    let fill = (0..TRADERS, 0..TRADERS, 0u8..2, part()).prop_map(|(buyer, seller, market, part)| Action::Fill {
        buyer,
        seller,
        market,
        part,
        tilt_ppm: 0,
    });
    prop_oneof![
        10 => at_rest(),
        12 => fill,
        3 => (1u8..3, prop_oneof![700_000u32..970_000, 1_030_000u32..1_400_000]).prop_map(|(slot, factor_ppm)| {
            Action::Crash { slot, factor_ppm }
        }),
        3 => Just(Action::Wait),
        12 => (0usize..16).prop_map(|step| Action::Bury { step }),
        1 => (0u8..3, 1u32..20_000).prop_map(|(bank, part)| Action::FundInsurance { bank, part }),
    ]
}

//! What pins a price's sources, and the bounds of its time constants and calibration: each condition by itself.

use plimsoll_state::OracleKind;
use plimsoll_tests::*;

type Change = fn(&mut args::PriceConfigArgs);

const REFUSED: [(&str, Change); 23] = [
    ("no kind", |c| c.primary.kind = OracleKind::None as u8),
    ("pinned to nobody", |c| c.primary.address = NOBODY),
    ("of no program", |c| c.primary.program = NOBODY),
    ("of no feed", |c| c.primary.feed_id = [0; 32]),
    ("Pyth with a queue", |c| c.primary.queue = address("queue")),
    ("Pyth with samples", |c| c.primary.min_samples = 1),
    ("chosen by the caller, and pinned", |c| {
        c.secondary = None;
        c.primary.kind = OracleKind::PythPosted as u8;
    }),
    ("chosen by the caller, beside a second source", |c| {
        c.primary.kind = OracleKind::PythPosted as u8;
        c.primary.address = NOBODY;
    }),
    ("the second source of no kind", |c| second(c).kind = OracleKind::None as u8),
    ("the second pinned to nobody", |c| second(c).address = NOBODY),
    ("the second without a queue", |c| second(c).queue = NOBODY),
    ("the second without samples", |c| second(c).min_samples = 0),
    ("the second of no program", |c| second(c).program = NOBODY),
    ("the second of no feed", |c| second(c).feed_id = [0; 32]),
    ("one account for both", |c| second(c).address = c.primary.address),
    ("no fast average", |c| c.fast_secs = Some(0)),
    ("a fast average of more than five minutes", |c| (c.fast_secs, c.slow_secs) = (Some(301), Some(3_600))),
    ("a slow average of more than a day", |c| c.slow_secs = Some(86_401)),
    ("a slow average that is faster than the fast one", |c| (c.fast_secs, c.slow_secs) = (Some(16), Some(15))),
    ("no fall", |c| c.fastest_fall_ppm_per_sec = 0),
    ("a fall of more than a tenth a second", |c| c.fastest_fall_ppm_per_sec = 100_001),
    ("no interval", |c| c.update_secs = 0),
    ("an interval of more than an hour", |c| c.update_secs = 3_601),
];

const ACCEPTED: [(&str, Change); 6] = [
    ("as it is", |_| ()),
    ("chosen by the caller, alone", |c| {
        c.secondary = None;
        c.primary.kind = OracleKind::PythPosted as u8;
        c.primary.address = NOBODY;
    }),
    ("the shortest averages of a test cluster", |c| (c.fast_secs, c.slow_secs) = (Some(1), Some(1))),
    ("the longest averages", |c| (c.fast_secs, c.slow_secs) = (Some(300), Some(86_400))),
    ("the shallowest calibration", |c| (c.fastest_fall_ppm_per_sec, c.update_secs) = (1, 1)),
    ("the steepest calibration", |c| (c.fastest_fall_ppm_per_sec, c.update_secs) = (100_000, 3_600)),
];

const NOBODY: anchor_lang::prelude::Pubkey = anchor_lang::prelude::Pubkey::new_from_array([0; 32]);

fn second(config: &mut args::PriceConfigArgs) -> &mut args::OracleSourceArgs {
    config.secondary.as_mut().expect("a second source is listed")
}

fn listing(world: &World, slot: u8, change: Change) -> solana_instruction::Instruction {
    let (mut listed, _) = world.price_args(&PriceConfig::named("SOL"));
    listed.slot = slot;
    change(&mut listed.config);
    ix::list_price(&world.keys, world.authority, listed)
}

#[test]
fn every_pin_and_bound_of_a_price_is_asked_for_by_itself() {
    let mut world = World::new();
    let authority = world.authority;
    for (what, change) in REFUSED {
        let list = listing(&world, 0, change);
        let refused = world.simulate(&authority, std::slice::from_ref(&list)).expect_err(what);
        let unknown = Some(EngineError::ParameterOutOfBounds as u32);
        assert_eq!(refused.code, unknown, "{what}: {refused}");
        assert_refused(&mut world, &authority, &[list], EngineError::ParameterOutOfBounds);
    }
    for ((what, change), slot) in ACCEPTED.into_iter().zip(0..) {
        let list = listing(&world, slot, change);
        let sent = world.send_as_authority(list);
        assert!(sent.is_ok(), "{what}: {}", sent.unwrap_err());
    }
    let unknown = listing(&world, ACCEPTED.len() as u8, |c| c.primary.kind = 9);
    assert_refused(&mut world, &authority, &[unknown], EngineError::UnknownValue);
}

//! Every call of the table against every pause bit and every status of the accounts it works on, and who may pause.

use plimsoll::guard::{Rule, RULES};
use plimsoll_risk::breaker::GUARDIAN_TERMS;
use plimsoll_state::{pause, AccountStatus, MarginAccount, Registry};
use plimsoll_tests::*;

use super::calls::{calls, Call};
use super::roles::{margin_accounts, rule, works_frozen};
use super::stage::Stage;

/// The bits that stop a call of the table.
fn stopped_by(call: &Call) -> u32 {
    match call.name {
        // The table's borrow takes the deposit first, which is a withdrawal.
        "borrow" => rule("borrow").stopped_by | rule("withdraw").stopped_by,
        // Both sides of the table's fills grow.
        name => rule(name).stopped_by | rule(name).growth_stopped_by,
    }
}

/// Writes a pause as `set_pause` leaves it: no call of the table may see the time that two transactions take.
fn paused(world: &mut World, bits: u32, until_at: i64) {
    let mut registry: Box<Registry> = world.registry();
    registry.pause_bits = bits;
    registry.pauses.iter_mut().for_each(|pause| pause.guardian_until_at = until_at);
    let key = world.keys.registry;
    world.write(&key, &*registry);
}

/// KEY-4
#[test]
fn every_pause_bit_stops_exactly_the_instructions_that_it_names_whatever_the_accounts_status() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (payer, now) = (stage.world.party("fees"), stage.world.now());
    let (mut stopped, mut worked, mut resolved) = (0, 0, 0);
    for bit in (0..pause::NAMES.len()).map(|place| 1 << place) {
        let mut world = stage.world.clone();
        paused(&mut world, bit, now + 1);
        for call in &calls {
            let is_stopped = stopped_by(call) & bit != 0;
            let sent = world.simulate(&payer, std::slice::from_ref(&call.ix));
            let expected = is_stopped.then_some(Some(EngineError::Paused as u32));
            let title = format!("{}, {}", pause::name(bit), call.title());
            assert_eq!(sent.as_ref().err().map(|failure| failure.code), expected, "{title}: {:?}", sent.err());
            match is_stopped {
                true => stopped += 1,
                false => worked += 1,
            }
            if matches!(call.name, "resolve_bankruptcy" | "open_account") {
                continue;
            }
            for status in [AccountStatus::Seizing, AccountStatus::Paying] {
                for key in margin_accounts(&stage, call) {
                    let mut world = world.clone();
                    let account: MarginAccount = world.read(&key);
                    world.write(&key, &MarginAccount { status: status as u8, ..account });
                    let code = world.simulate(&payer, std::slice::from_ref(&call.ix)).err().map(|failure| failure.code);
                    let expected = match (is_stopped, works_frozen(call.name)) {
                        // Either fact is a reason; which is looked at first is the instruction's.
                        (true, false) => {
                            assert!(
                                [EngineError::Paused, EngineError::AccountBankrupt]
                                    .map(|error| Some(Some(error as u32)))
                                    .contains(&code),
                                "{title}, {status:?}: {code:?}"
                            );
                            code
                        }
                        (true, true) => Some(Some(EngineError::Paused as u32)),
                        (false, true) => None,
                        (false, false) => Some(Some(EngineError::AccountBankrupt as u32)),
                    };
                    assert_eq!(code, expected, "{title}, {status:?}");
                    resolved += 1;
                }
            }
        }
    }
    assert!(stopped >= 18 && worked >= 400 && resolved >= 300, "{stopped} {worked} {resolved}");
}

/// KEY-4
#[test]
fn a_pause_that_has_ended_stops_nothing_though_nobody_cleared_its_bit() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (payer, now) = (stage.world.party("fees"), stage.world.now());
    paused(&mut stage.world, pause::ALL, now);
    for call in &calls {
        let sent = stage.world.simulate(&payer, std::slice::from_ref(&call.ix));
        assert!(sent.is_ok(), "{}: {:?}", call.title(), sent.err());
    }
    paused(&mut stage.world, pause::ALL, now + 1);
    let free = calls.iter().filter(|call| stopped_by(call) == 0);
    for call in free {
        assert_sent(stage.world.simulate(&payer, std::slice::from_ref(&call.ix)));
    }
}

/// What can change whom a liquidation would be of: a price, money that leaves, a position that grows, a loss that others bear.
fn moves_risk(rule: &Rule) -> Option<u32> {
    match rule.instruction {
        "refresh_price" | "withdraw" | "borrow" | "resolve_bankruptcy" => Some(rule.stopped_by),
        "settle_fill" => Some(rule.stopped_by | rule.growth_stopped_by),
        _ => None,
    }
}

/// What an owner reduces his risk with.
const REDUCES: [&str; 5] = ["deposit", "repay", "settle_fill", "touch_position", "close_account"];

/// KEY-4: liquidation never stops alone, and nothing that reduces is ever stopped.
#[test]
fn no_bit_keeps_an_owner_from_reducing_and_none_stops_liquidation_while_risk_still_changes() {
    let (mut pauses_liquidation, mut compared) = (0, 0);
    for bit in (0..pause::NAMES.len()).map(|place| 1 << place) {
        for name in REDUCES {
            assert_eq!(rule(name).stopped_by & bit, 0, "{} stops {name}", pause::name(bit));
        }
        let liquidations = RULES.iter().filter(|rule| rule.instruction.starts_with("liquidate_"));
        let stopped: Vec<bool> = liquidations.map(|rule| rule.stopped_by & bit != 0).collect();
        assert!(stopped == [false; 2] || stopped == [true; 2], "{} stops liquidation in part", pause::name(bit));
        if stopped[0] {
            pauses_liquidation += 1;
            for (rule, bits) in RULES.iter().filter_map(|rule| Some((rule, moves_risk(rule)?))) {
                compared += 1;
                assert!(bits & bit != 0, "{} stops liquidation and not {}", pause::name(bit), rule.instruction);
            }
        }
    }
    assert_eq!((pauses_liquidation, compared), (1, 5));
}

/// KEY-4
#[test]
fn a_guardian_pauses_for_hours_four_times_in_a_row_and_is_told_when_he_may_again() {
    let mut world = World::new();
    let (authority, guard, keys) = (world.authority, world.party("guard"), world.keys);
    let role = args::RoleArg::Guardian;
    assert_sent(world.send_as_authority(ix::propose_role(&keys, authority, role, Some(guard))));
    assert_sent(world.send(&guard, &[ix::accept_role(&keys, guard, role)]));
    let six_hours = GUARDIAN_TERMS.lasts.stored() as i64;
    let pause = ix::pause(&keys, guard, pause::BORROW);
    let until = |world: &World| world.registry().pauses[1].get().until().get();
    for _ in 0..4 {
        assert_sent(world.send(&guard, std::slice::from_ref(&pause)));
        assert_eq!(until(&world), world.now() + six_hours);
        world.advance(six_hours);
    }
    let refused = world.send(&guard, std::slice::from_ref(&pause)).expect_err("the fifth");
    assert_eq!(refused.code, Some(EngineError::PauseSpent as u32), "{refused}");
    let again = until(&world) + 86_400;
    assert!(refused.logs.iter().any(|log| log.ends_with(&format!("pause BORROW again from {again}"))), "{refused}");
    // Each bit has a row of its own, and the authority none.
    assert_sent(world.send(&guard, &[ix::pause(&keys, guard, pause::FILL)]));
    assert_sent(world.send(&authority, &[ix::pause(&keys, authority, pause::BORROW)]));
    assert_eq!(until(&world), world.now() + 7 * 86_400);
    assert_sent(world.send(&authority, &[ix::unpause(&keys, authority, pause::BORROW | pause::FILL)]));
    assert_eq!(world.registry().pause_bits, 0);
    let left = until(&world) + 86_400 - world.now();
    world.advance(left - 1);
    assert_refused(&mut world, &guard, std::slice::from_ref(&pause), EngineError::PauseSpent);
    world.advance(1);
    assert_sent(world.send(&guard, &[pause]));
}

/// KEY-4
#[test]
fn a_pause_names_what_exists_in_one_mask_and_a_time_that_its_signer_may_ask_for() {
    let mut world = World::new();
    let (authority, guard, keys) = (world.authority, world.party("guard"), world.keys);
    let role = args::RoleArg::Guardian;
    assert_sent(world.send_as_authority(ix::propose_role(&keys, authority, role, Some(guard))));
    assert_sent(world.send(&guard, &[ix::accept_role(&keys, guard, role)]));
    let (hours, days) = (6 * 3_600, 7 * 86_400);
    let set = |signer, add_bits, remove_bits, lasts_secs| {
        ix::set_pause(&keys, signer, args::SetPauseArgs { add_bits, remove_bits, lasts_secs })
    };
    for (signer, add, remove, lasts, error) in [
        (authority, 0, 0, None, EngineError::UnknownValue),
        (authority, 1, 1, None, EngineError::UnknownValue),
        (authority, 1 << 8, 0, None, EngineError::UnknownValue),
        (authority, 0, 1 << 31, None, EngineError::UnknownValue),
        (authority, 1, 0, Some(0), EngineError::ParameterOutOfBounds),
        (authority, 1, 0, Some(days + 1), EngineError::ParameterOutOfBounds),
        (guard, 1, 0, Some(hours + 1), EngineError::ParameterOutOfBounds),
        (guard, 1, 2, None, EngineError::PauseOnly),
    ] {
        assert_refused(&mut world, &signer, &[set(signer, add, remove, lasts)], error);
    }
    for (signer, lasts) in [(guard, hours), (authority, days), (guard, 1), (authority, 1)] {
        assert_sent(world.send(&signer, &[set(signer, 1, 0, Some(lasts))]));
    }
    // What stands is not shortened by who asks for less.
    assert_eq!(world.registry().pauses[0].get().until().get(), world.now() + days as i64);
    // One call adds and ends.
    assert_sent(world.send(&authority, &[set(authority, 2, 1, Some(60))]));
    assert_eq!(world.registry().pause_bits, 2);
}

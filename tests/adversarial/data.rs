//! Instruction data that no client sends.

use plimsoll_tests::*;

use super::calls::{calls, Call};
use super::clean::{complaint, untouched};
use super::stage::Stage;

const RANDOM_BODIES: usize = 60;

/// Deterministic bytes.
struct Noise(u64);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Small and extreme values are what fields react to.
        match (self.0 >> 60) as u8 {
            0..=4 => 0,
            5..=7 => (self.0 >> 32) as u8 % 4,
            8..=9 => u8::MAX,
            _ => (self.0 >> 40) as u8,
        }
    }
}

/// Sends the call with other data; none where it is refused properly or goes through.
fn wrong(stage: &Stage, call: &Call, data: Vec<u8>) -> Option<String> {
    let mut world = stage.world.clone();
    let payer = world.party("fees");
    let mut ix = call.ix.clone();
    ix.data = data;
    let before = world.snapshot();
    let failure = world.send(&payer, &[ix]).err()?;
    let found = complaint(&failure, &stage.hostile).or_else(|| untouched(&before, &world.snapshot()));
    found.map(|found| format!("{}: {found}", call.title()))
}

#[test]
fn data_that_ends_too_early_is_refused_at_every_length() {
    use anchor_lang::error::ErrorCode::{InstructionDidNotDeserialize, InstructionFallbackNotFound};
    let mut stage = Stage::new();
    let payer = stage.world.party("fees");
    for call in calls(&mut stage) {
        let whole = call.ix.data.len();
        // Every length up to the first fields, then every seventh: arguments of 300 bytes fail the same way.
        for length in (0..whole).filter(|length| *length < 24 || length % 7 == 0 || length + 2 > whole) {
            let mut ix = call.ix.clone();
            ix.data.truncate(length);
            let expected = if length < 8 { InstructionFallbackNotFound } else { InstructionDidNotDeserialize };
            assert_code(stage.world.send(&payer, &[ix]), expected);
        }
    }
}

#[test]
fn garbage_in_place_of_arguments_never_panics() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let mut noise = Noise(1);
    let mut found = Vec::new();
    for call in &calls {
        for round in 0..RANDOM_BODIES {
            let mut data = call.ix.data.clone();
            // Whole bodies, then single bytes of valid ones: those get further.
            if round % 3 == 0 {
                data.iter_mut().skip(8).for_each(|byte| *byte = noise.byte());
            } else if data.len() > 8 {
                let at = 8 + (noise.byte() as usize * 256 + noise.byte() as usize) % (data.len() - 8);
                data[at] = noise.byte();
            }
            data.extend((0..round % 4).map(|_| noise.byte()));
            found.extend(wrong(&stage, call, data));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_unknown_instruction_is_refused_and_so_is_an_event_that_the_program_did_not_send() {
    let mut stage = Stage::new();
    let call = calls(&mut stage).into_iter().find(|call| call.name == "deposit").expect("deposit is listed");
    let payer = stage.world.party("fees");
    let mut unknown = call.ix.clone();
    unknown.data[..8].fill(0xee);
    let fallback = anchor_lang::error::ErrorCode::InstructionFallbackNotFound;
    assert_refused(&mut stage.world, &payer, &[unknown], fallback);
    let mut event = call.ix.clone();
    event.data = [anchor_lang::event::EVENT_IX_TAG_LE, &[7; 64]].concat();
    for signs in [false, true] {
        event.accounts = vec![solana_instruction::AccountMeta::new_readonly(address("stranger"), signs)];
        let failure = stage.world.send(&payer, std::slice::from_ref(&event)).expect_err("no event of the program's");
        assert_eq!(complaint(&failure, &stage.hostile), None);
    }
}

#[test]
fn unknown_values_of_every_enum_are_refused() {
    let mut stage = Stage::new();
    let payer = stage.world.party("fees");
    let calls = calls(&mut stage);
    let by = |title: &str| calls.iter().find(|call| call.title() == title).expect("the table has it").clone();
    let garbled = anchor_lang::error::ErrorCode::InstructionDidNotDeserialize;
    for value in [2, 3, 77, 255] {
        // The liability follows the asset bank; the step is the first argument; a flag is 0 or 1.
        let flag = by("withdraw");
        let flag_at = flag.ix.data.len() - 1;
        for (call, at) in [(by("liquidate_collateral: a borrow"), 9), (flag, flag_at)] {
            let mut ix = call.ix.clone();
            ix.data[at] = value;
            assert_refused(&mut stage.world, &payer, &[ix], garbled);
        }
    }
    for value in [6, 77, 255] {
        let mut ix = by("resolve_bankruptcy: freeze").ix;
        ix.data[8] = value;
        assert_refused(&mut stage.world, &payer, &[ix], garbled);
    }
    for (value, error) in [
        (0, EngineError::ParameterOutOfBounds),
        (3, EngineError::ParameterOutOfBounds),
        (4, EngineError::UnknownValue),
        (255, EngineError::UnknownValue),
    ] {
        let mut ix = by("update_market").ix;
        ix.data[8] = value;
        assert_refused(&mut stage.world, &payer, &[ix], error);
    }
    for (value, error) in [(0, EngineError::ParameterOutOfBounds), (4, EngineError::UnknownValue)] {
        let mut ix = by("update_price").ix;
        ix.data[9] = value;
        assert_refused(&mut stage.world, &payer, &[ix], error);
    }
    for views in [0, 2, 4, 255] {
        let check = ix::check_margin(&stage.world.keys, stage.alice.account, views);
        assert_refused(&mut stage.world, &payer, &[check], EngineError::UnknownValue);
    }
}

/// PRICE-8
#[test]
fn a_refresh_that_announces_more_feeds_than_it_brings_is_refused() {
    let mut stage = Stage::new();
    let payer = stage.world.party("fees");
    let call = calls(&mut stage).into_iter().find(|call| call.title() == "refresh_price: two primaries");
    let ix = call.expect("the table has it").ix;
    for announced in [3u32, 1_000, u32::MAX] {
        let mut more = ix.clone();
        more.data[8..12].copy_from_slice(&announced.to_le_bytes());
        let garbled = anchor_lang::error::ErrorCode::InstructionDidNotDeserialize;
        assert_refused(&mut stage.world, &payer, &[more], garbled);
    }
    let mut fewer = ix.clone();
    fewer.accounts.pop();
    assert_refused(&mut stage.world, &payer, &[fewer], anchor_lang::error::ErrorCode::AccountNotEnoughKeys);
    let mut unread = ix.clone();
    unread.accounts.push(unread.accounts[2].clone());
    assert_refused(&mut stage.world, &payer, &[unread], EngineError::AccountMismatch);
    // The second time the price is not newer any more, which is not an error.
    let twice = [stage.world.refresh_instruction(&[SOL, SOL], false)];
    assert_sent(stage.world.send(&payer, &twice));
}

/// Takes as many accounts as its arguments say, or the change.
const OPEN_ENDED: [&str; 3] = ["refresh_price", "propose_change", "execute_change"];

#[test]
fn missing_accounts_are_refused_and_further_ones_ignored() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    for call in calls.iter().filter(|call| !OPEN_ENDED.contains(&call.name)) {
        for length in 0..call.ix.accounts.len() {
            let mut ix = call.ix.clone();
            ix.accounts.truncate(length);
            let failure = stage.world.simulate(&payer, &[ix]).expect_err("an account is missing");
            let missing = anchor_lang::error::ErrorCode::AccountNotEnoughKeys as u32;
            assert_eq!(failure.code, Some(missing), "{} with {length}: {failure}", call.title());
        }
        let mut ix = call.ix.clone();
        ix.accounts.push(solana_instruction::AccountMeta::new_readonly(stage.hostile, false));
        assert_sent(stage.world.simulate(&payer, &[ix]));
    }
}

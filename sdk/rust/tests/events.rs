//! Events of whole transactions, made by hand as nodes record them.

use base64::Engine as _;
use plimsoll_sdk::event::*;
use plimsoll_sdk::pda::PROGRAM_ID;
use solana_pubkey::Pubkey;

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// Bytes of an event that has a number.
fn numbered(number: i32) -> Vec<u8> {
    let event = PremiumReported { engine: key(1), market: 0, premium_ppm: number };
    [&PremiumReported::DISCRIMINATOR[..], &borsh::to_vec(&event).unwrap()].concat()
}

/// Bytes of an owner's call.
fn called(owner: Pubkey) -> Vec<u8> {
    let event = MarginCalled { engine: key(1), owner, id: 3, ratio_ppm: 5, distances: Vec::new() };
    [&MarginCalled::DISCRIMINATOR[..], &borsh::to_vec(&event).unwrap()].concat()
}

fn line(event: &[u8]) -> String {
    format!("Program data: {}", base64::engine::general_purpose::STANDARD.encode(event))
}

/// Accounts of every transaction here: a payer, the program, another program and three more.
const PAYER: usize = 0;
const PLIMSOLL: usize = 1;
const OTHER: usize = 2;

fn accounts() -> Vec<Pubkey> {
    vec![key(200), PROGRAM_ID, key(202), key(203), key(204), key(205)]
}

fn outer(program: usize, accounts: &[usize]) -> RecordedInstruction {
    RecordedInstruction { program, accounts: accounts.to_vec(), data: vec![9], stack_height: Some(1) }
}

fn call(program: usize, accounts: &[usize], stack_height: usize) -> RecordedInstruction {
    RecordedInstruction { stack_height: Some(stack_height), ..outer(program, accounts) }
}

/// The call by which the program records an event.
fn record(event: &[u8], stack_height: usize) -> RecordedInstruction {
    let data = [&EVENT_TAG[..], event].concat();
    RecordedInstruction { program: PLIMSOLL, accounts: vec![PAYER], data, stack_height: Some(stack_height) }
}

fn transaction(
    instructions: Vec<RecordedInstruction>,
    inner: Vec<(usize, Vec<RecordedInstruction>)>,
    logs: Vec<String>,
) -> RecordedTransaction {
    RecordedTransaction { accounts: accounts(), instructions, inner: Some(inner), logs, is_failed: false }
}

/// The number of each event, -1 of a call for margin and -2 of one that cannot be read.
fn numbers(events: &[RecordedEvent]) -> Vec<i32> {
    let number = |recorded: &RecordedEvent| match &recorded.event {
        Some(EngineEvent::PremiumReported(event)) => event.premium_ppm,
        Some(EngineEvent::MarginCalled(_)) => -1,
        Some(other) => panic!("{}", other.name()),
        None => -2,
    };
    events.iter().map(number).collect()
}

fn invoke(program: Pubkey, depth: usize) -> String {
    format!("Program {program} invoke [{depth}]")
}

fn success(program: Pubkey) -> String {
    format!("Program {program} success")
}

#[test]
fn events_of_calls_and_of_logs_come_in_the_order_in_which_they_were_written() {
    let other = accounts()[OTHER];
    // The first instruction is another program's, which calls the program twice; the second is the program's own.
    let inner = vec![
        (0, vec![call(PLIMSOLL, &[3], 2), record(&numbered(1), 3), call(PLIMSOLL, &[4], 2)]),
        (1, vec![record(&numbered(2), 2), record(&numbered(3), 2)]),
    ];
    let logs = vec![
        invoke(other, 1),
        invoke(PROGRAM_ID, 2),
        invoke(PROGRAM_ID, 3),
        success(PROGRAM_ID),
        success(PROGRAM_ID),
        // Whoever else writes such a line is not the program.
        line(&called(key(66))),
        invoke(PROGRAM_ID, 2),
        line(&called(key(7))),
        success(PROGRAM_ID),
        success(other),
        invoke(PROGRAM_ID, 1),
        line(&called(key(8))),
        invoke(PROGRAM_ID, 2),
        success(PROGRAM_ID),
        line(&called(key(9))),
        invoke(PROGRAM_ID, 2),
        success(PROGRAM_ID),
        success(PROGRAM_ID),
    ];
    let found = events_of(&transaction(vec![outer(OTHER, &[0, 5]), outer(PLIMSOLL, &[5])], inner, logs)).unwrap();
    assert_eq!(numbers(&found), [1, -1, -1, 2, -1, 3]);
    let given: Vec<_> =
        found.iter().map(|event| (event.instruction, event.accounts.clone(), event.is_logged)).collect();
    assert_eq!(given[0], (0, vec![key(203)], false));
    assert_eq!(given[1], (0, vec![key(204)], true));
    assert_eq!(given[2], (1, vec![key(205)], true));
    assert_eq!(given[5], (1, vec![key(205)], false));
}

#[test]
fn a_log_that_was_cut_off_costs_only_what_was_cut() {
    let inner = vec![(1, vec![record(&numbered(1), 2)])];
    let logs = vec![invoke(PROGRAM_ID, 1), line(&called(key(7))), "Log truncated".into()];
    let found = events_of(&transaction(vec![outer(PLIMSOLL, &[3]), outer(PLIMSOLL, &[3])], inner, logs)).unwrap();
    assert_eq!(numbers(&found), [-1, 1]);
}

#[test]
fn instructions_that_the_log_does_not_name_are_passed_over_and_a_log_of_others_gives_nothing() {
    let instructions = vec![outer(OTHER, &[]), outer(PLIMSOLL, &[3])];
    let logs = vec![invoke(PROGRAM_ID, 1), line(&called(key(7))), success(PROGRAM_ID)];
    let found = events_of(&transaction(instructions.clone(), Vec::new(), logs)).unwrap();
    assert_eq!((numbers(&found), found[0].instruction), (vec![-1], 1));
    let logs = vec![invoke(key(99), 1), invoke(PROGRAM_ID, 1), line(&called(key(7)))];
    assert_eq!(events_of(&transaction(instructions, Vec::new(), logs)), Ok(Vec::new()));
}

#[test]
fn an_event_of_another_version_is_named_unreadable_and_costs_the_others_nothing() {
    let mut unknown = numbered(3);
    unknown[0] ^= 1;
    let short = &numbered(4)[..20];
    let inner =
        vec![(0, vec![record(&unknown, 2), record(&numbered(1), 2), record(short, 2), record(&numbered(2), 2)])];
    let found = events_of(&transaction(vec![outer(PLIMSOLL, &[3])], inner, Vec::new())).unwrap();
    assert_eq!(numbers(&found), [-2, 1, -2, 2]);
    assert_eq!((found[0].name(), &found[0].bytes), ("Unreadable", &unknown));
}

#[test]
fn what_another_program_is_called_with_is_no_event() {
    let mut forged = record(&numbered(1), 2);
    forged.program = OTHER;
    let found = events_of(&transaction(vec![outer(OTHER, &[3])], vec![(0, vec![forged])], Vec::new()));
    assert_eq!(found, Ok(Vec::new()));
}

#[test]
fn a_transaction_that_failed_has_no_events_and_one_without_its_calls_is_an_error() {
    let inner = vec![(0, vec![record(&numbered(1), 2)])];
    let mut recorded = transaction(vec![outer(PLIMSOLL, &[3])], inner, Vec::new());
    assert_eq!(events_of(&recorded).unwrap().len(), 1);
    recorded.inner = None;
    assert_eq!(events_of(&recorded), Err(Unreadable::InnerInstructionsMissing));
    recorded.is_failed = true;
    assert_eq!(events_of(&recorded), Ok(Vec::new()));
    let calls = vec![(1, vec![record(&numbered(1), 2)])];
    let recorded = transaction(vec![outer(PLIMSOLL, &[3])], calls, Vec::new());
    assert_eq!(events_of(&recorded), Err(Unreadable::Malformed));
    assert_eq!(events_of(&transaction(vec![outer(60, &[])], Vec::new(), Vec::new())), Err(Unreadable::Malformed));
}

#[test]
fn an_event_is_of_its_engine_and_names_whom_its_fields_name() {
    let owner = key(7);
    let account = plimsoll_sdk::pda::margin_account(&key(1), &owner, 3);
    let inner = vec![(0, vec![record(&called(owner), 2), record(&numbered(1), 2)])];
    let found = events_of(&transaction(vec![outer(PLIMSOLL, &[3])], inner, Vec::new())).unwrap();
    let takes = |engine: Option<Pubkey>, account: Option<Pubkey>| {
        let filter = Filter { engine, account };
        found.iter().map(|event| filter.takes(event)).collect::<Vec<_>>()
    };
    assert_eq!(takes(None, None), [true, true]);
    assert_eq!(takes(Some(key(1)), None), [true, true]);
    assert_eq!(takes(Some(key(2)), None), [false, false]);
    assert_eq!(takes(None, Some(owner)), [true, false]);
    assert_eq!(takes(Some(key(1)), Some(account)), [true, false]);
    assert_eq!(takes(None, Some(key(99))), [false, false]);
}

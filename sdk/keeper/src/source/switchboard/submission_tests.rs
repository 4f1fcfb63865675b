use super::*;

/// See `source` in it.
const RECORDED: &str = include_str!("../../../fixtures/switchboard-client.json");
const PROGRAM: Pubkey = Pubkey::from_str_const("SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv");

fn recorded() -> serde_json::Value {
    serde_json::from_str(RECORDED).unwrap()
}

fn destination() -> Destination {
    let recorded = recorded();
    let key = |name: &str| recorded[name].as_str().unwrap().parse().unwrap();
    Destination { program: PROGRAM, queue: key("queue"), feed: key("feed"), payer: key("payer"), wanted: 1 }
}

/// The instructions of a recorded update.
fn instructions(number: usize) -> Vec<Instruction> {
    let recorded = recorded();
    let texts = recorded["updates"][number]["pullIxns"].as_array().unwrap().iter();
    texts.map(|text| decode(text.as_str().unwrap()).unwrap()).collect()
}

fn answer(instructions: &[Instruction]) -> String {
    let texts: Vec<String> = instructions.iter().map(|one| hex::encode(bincode::serialize(one).unwrap())).collect();
    serde_json::json!([{ "success": true, "pullIxns": texts, "responses": [], "lookupTables": [] }]).to_string()
}

fn refused(change: impl FnOnce(&mut Vec<Instruction>)) -> SubmissionError {
    let mut changed = instructions(1);
    change(&mut changed);
    Submission::parse(&answer(&changed), &destination()).unwrap_err()
}

#[test]
fn instructions_are_those_of_switchboards_own_client_byte_for_byte() {
    for (number, signatures) in [(0, 1), (1, 3)] {
        let theirs = instructions(number);
        let submission = Submission::parse(&answer(&theirs), &destination()).unwrap();
        assert_eq!(submission.blocks.len(), signatures);
        assert_eq!((submission.slot, submission.value), (400_000_123, 182_042_100_000_000_000_000));
        assert_eq!(submission.instructions(&destination(), 0).to_vec(), theirs);
    }
}

#[test]
fn the_verification_says_at_which_place_it_stands() {
    let submission = Submission::parse(&answer(&instructions(1)), &destination()).unwrap();
    let [verify, _] = submission.instructions(&destination(), 2);
    assert_eq!((verify.data[3], verify.data[6], verify.data[11]), (2, 2, 2));
}

#[test]
fn statistics_may_stand_beside_their_oracles() {
    let mut paired = instructions(1);
    let (fixed, rest) = paired[1].accounts.split_at(10);
    let (oracles, statistics) = rest.split_at(3);
    let pairs = oracles.iter().zip(statistics).flat_map(|(one, other)| [one.clone(), other.clone()]);
    paired[1].accounts = fixed.iter().cloned().chain(pairs).collect();
    let submission = Submission::parse(&answer(&paired), &destination()).unwrap();
    assert_eq!(submission.instructions(&destination(), 0)[1], paired[1]);
}

#[test]
fn the_payer_may_be_left_open_and_is_the_keeper() {
    let mut open = instructions(1);
    open[1].accounts[3].pubkey = system_program::ID;
    let submission = Submission::parse(&answer(&open), &destination()).unwrap();
    assert_eq!(submission.instructions(&destination(), 0).to_vec(), instructions(1));
}

#[test]
fn what_would_spend_or_sign_anything_else_is_refused() {
    let stranger = Pubkey::new_from_array([9; 32]);
    let transfer = solana_system_interface::instruction::transfer(&destination().payer, &stranger, 1);
    assert!(matches!(refused(|all| all.push(transfer.clone())), SubmissionError::Programs(_)));
    assert!(matches!(refused(|all| all[0] = transfer), SubmissionError::Programs(_)));
    assert!(matches!(refused(|all| all[1].program_id = stranger), SubmissionError::Programs(_)));
    for place in 0..10 {
        let error = refused(|all| all[1].accounts[place].pubkey = stranger);
        assert!(matches!(error, SubmissionError::Account { place: p, found, .. } if p == place && found == stranger));
    }
    for place in 10..16 {
        let error = refused(|all| all[1].accounts[place].pubkey = stranger);
        assert_eq!(error, SubmissionError::Oracles { found: 3, signatures: 3 });
    }
    // A signer that is asked for is none in what is sent.
    let mut asked = instructions(1);
    asked[1].accounts[11].is_signer = true;
    let submission = Submission::parse(&answer(&asked), &destination()).unwrap();
    assert_eq!(submission.instructions(&destination(), 0).to_vec(), instructions(1));
}

#[test]
fn other_instructions_values_and_signatures_are_refused() {
    // What Crossbar has handed out once in place of the instruction's discriminator.
    let placeholder = refused(|all| all[1].data[..8].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(placeholder, SubmissionError::Arguments);
    assert_eq!(refused(|all| all[1].data.push(0)), SubmissionError::Arguments);
    assert_eq!(refused(|all| all[1].data[20..].fill(0)), SubmissionError::NotPositive(0));
    assert_eq!(refused(|all| all[0].data[1] ^= 1), SubmissionError::Signatures);
    assert_eq!(refused(|all| all[0].data.truncate(100)), SubmissionError::Signatures);
    let few = Destination { wanted: 4, ..destination() };
    let error = Submission::parse(&answer(&instructions(1)), &few).unwrap_err();
    assert_eq!(error, SubmissionError::TooFew { found: 3, wanted: 4 });
}

#[test]
fn an_answer_without_a_value_is_refused_with_what_the_oracles_say() {
    let none = r#"[{"success":false,"pullIxns":[],"responses":[{"oracle":"x","result":null,"errors":"stale"}]}]"#;
    let error = Submission::parse(none, &destination()).unwrap_err();
    assert_eq!(error, SubmissionError::NoValue("stale".into()));
    // Whatever the oracles say beside a value, or other updates in the answer, it is submitted.
    let mut noisy: serde_json::Value = serde_json::from_str(&answer(&instructions(1))).unwrap();
    noisy[0]["responses"] = serde_json::json!([{ "errors": null }, null, 7]);
    noisy.as_array_mut().unwrap().push(serde_json::Value::Null);
    assert!(Submission::parse(&noisy.to_string(), &destination()).is_ok());
    noisy[0]["success"] = false.into();
    assert_eq!(Submission::parse(&noisy.to_string(), &destination()), Err(SubmissionError::NoValue(String::new())));
    assert!(matches!(Submission::parse("[]", &destination()), Err(SubmissionError::Answer(_))));
    let bad = r#"[{"success":true,"pullIxns":["zz"]}]"#;
    assert_eq!(Submission::parse(bad, &destination()), Err(SubmissionError::Instruction(0)));
}

#[test]
fn a_value_that_was_signed_too_long_ago_is_not_paid_for() {
    let submission = Submission::parse(&answer(&instructions(1)), &destination()).unwrap();
    let signed = submission.slot;
    assert_eq!(submission.require_young(signed + 20), Ok(()));
    assert_eq!(submission.require_young(signed - 1), Ok(()));
    assert_eq!(submission.require_young(signed + 21), Err(SubmissionError::Old { signed, now: signed + 21 }));
}

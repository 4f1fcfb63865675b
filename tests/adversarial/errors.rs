//! Every error is one that a test expects by name. That the program also returns each is checked by the test run, which
//! collects them over the whole suite.

use std::path::Path;

use plimsoll_tests::*;

/// All sources of the suite but this file.
fn sources(directory: &Path, into: &mut String) {
    for entry in std::fs::read_dir(directory).expect("the suite's directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("adversarial/errors.rs") {
            into.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_error_is_expected_by_name_somewhere() {
    let mut text = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["adversarial", "composition", "instructions", "powers", "scenarios"] {
        sources(&root.join(part), &mut text);
    }
    let names = EngineError::ALL.iter().map(|error| error.text().0);
    let unnamed: Vec<&str> = names.filter(|name| !is_named(&text, name)).collect();
    assert!(unnamed.is_empty(), "no test expects {unnamed:?}");
}

/// As `EngineError::Name`, or alone in quotes as the tables have it.
fn is_named(text: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
    let variant = format!("EngineError::{name}");
    text.contains(&format!("\"{name}\"")) || text.split(&variant).skip(1).any(ends)
}

/// What clients and explorers read of a refusal stands in the log, in the words of Anchor's own: the name, the number and
/// the sentence; of an account that is not what it should be, which one.
#[test]
fn the_log_of_a_refusal_says_the_errors_name_number_and_sentence() {
    let mut stage = Stage::new();
    let (maker, liquidator, keys) = (stage.maker, stage.liquidator, stage.keys);
    let said = |sent: Sent| sent.expect_err("refused").logs.join("\n");
    let expect = |logs: String, error: EngineError| {
        let (name, sentence) = error.text();
        let number = u32::from(error);
        let line = format!("Error Code: {name}. Error Number: {number}. Error Message: {sentence}.");
        assert!(logs.contains(&line), "{line} is not in\n{logs}");
    };
    let healthy = stage.liquidate(&liquidator, &maker, pair(SOL, USDC), ANY);
    expect(said(healthy), EngineError::AccountHealthy);
    // By one of Anchor's macros, which asks the error for its name and sentence.
    let itself = stage.liquidate(&liquidator, &liquidator, pair(SOL, USDC), ANY);
    expect(said(itself), EngineError::SelfLiquidation);
    // The board in the place of the registry.
    let mut crank = ix::crank_funding(&keys, SOL_PERP);
    let registry = crank.accounts.iter_mut().find(|meta| meta.pubkey == keys.registry).expect("the registry's place");
    registry.pubkey = keys.board;
    let payer = stage.authority;
    let logs = said(stage.send(&payer, &[crank]));
    let which = format!("Account:\nProgram log: {}\nProgram log: AnchorError occurred", keys.board);
    assert!(logs.contains(&format!("{which}. Error Code: AccountDiscriminatorMismatch")), "{logs}");
    // What its declaration says of an account Anchor checks, and names the account.
    let mut crank = ix::crank_funding(&keys, SOL_PERP);
    crank.accounts.iter_mut().for_each(|meta| meta.is_writable = false);
    let logs = said(stage.send(&payer, &[crank]));
    assert!(logs.contains("AnchorError caused by account: registry. Error Code: ConstraintMut"), "{logs}");
}

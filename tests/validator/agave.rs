//! The story on Agave's own test validator, which is killed on the way and started again on its ledger.

use std::path::Path;

use plimsoll_validator_tests::keeper;
use plimsoll_validator_tests::story::tell;
use plimsoll_validator_tests::test_validator::TestValidator;
use plimsoll_validator_tests::validator::{programs, Validator as _};

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_sees_an_engine_on_agave_through_three_falls_and_a_restart_of_the_validator() {
    let keeper = keeper::binary().await.unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_plimsoll-test-validator"));
    let mut validator = TestValidator::start(binary, programs().unwrap()).await.unwrap();
    let report = tell(&mut validator, &keeper).await.unwrap_or_else(|error| panic!("{error:#}"));
    println!("{}\n{report}", validator.name());
}

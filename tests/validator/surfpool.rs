//! The story and a deployment on surfpool; skipped, with the reason, where Node.js or surfpool's addon is not there.

use std::path::PathBuf;

use plimsoll_validator_tests::deployment::deploy_and_use;
use plimsoll_validator_tests::keeper;
use plimsoll_validator_tests::story::tell;
use plimsoll_validator_tests::surfnet::{find_addon, Surfnet};
use plimsoll_validator_tests::validator::{programs, Validator as _};

async fn addon_or_reason() -> Option<PathBuf> {
    find_addon().await.map_err(|reason| println!("skipped: {reason}")).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_sees_an_engine_on_surfpool_through_three_falls_and_lost_connections() {
    let Some(addon) = addon_or_reason().await else { return };
    let keeper = keeper::binary().await.unwrap();
    let mut surfnet = Surfnet::start(&addon, &programs().unwrap()).await.unwrap();
    let report = tell(&mut surfnet, &keeper).await.unwrap_or_else(|error| panic!("{error:#}"));
    println!("{}\n{report}", surfnet.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_deployed_by_transactions_on_surfpool_is_the_file_and_works() {
    let Some(addon) = addon_or_reason().await else { return };
    let surfnet = Surfnet::start(&addon, &[]).await.unwrap();
    let programs = programs().unwrap();
    let oracle = programs.iter().find(|program| program.id == mock_oracle::ID).unwrap();
    deploy_and_use(&surfnet, oracle).await.unwrap_or_else(|error| panic!("{error:#}"));
}

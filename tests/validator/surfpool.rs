//! The story, a deployment and a replay on surfpool; skipped, with the reason, where Node.js or its addon is not there.

use std::path::PathBuf;

use indicatif::ProgressBar;
use plimsoll_rpc::Connection;
use plimsoll_sim::live::{replay, LiveConfig};
use plimsoll_sim::scenario;
use plimsoll_validator_tests::deployment::{deploy_and_use, deploy_at};
use plimsoll_validator_tests::keeper;
use plimsoll_validator_tests::story::tell;
use plimsoll_validator_tests::surfnet::{find_addon, Surfnet};
use plimsoll_validator_tests::validator::{programs, Validator as _};
use solana_keypair::Keypair;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_crash_is_replayed_over_rpc_and_every_atom_is_accounted_for() {
    let Some(addon) = addon_or_reason().await else { return };
    let surfnet = Surfnet::start(&addon, &programs().unwrap()).await.unwrap();
    let scenario = scenario::by_name("insolvency").unwrap();
    let config = LiveConfig { scenario, minutes: scenario.minutes, accounts: 20, seed: 1, step_secs: 2, speed: 30 };
    let connection = Connection::new(&surfnet.cluster());
    let replayed = replay(connection, surfnet.payer(), &config, &ProgressBar::hidden()).await;
    let summary = replayed.unwrap_or_else(|failed| panic!("{failed}"));
    println!("{summary}");
    assert!(summary.conservation.ok && summary.conservation.checks > 0, "{:?}", summary.conservation.failures);
    assert_eq!(summary.recorded_secs, 60 * scenario.minutes as u64);
    assert!(summary.turn.under_water.len() >= summary.turn.liquidated.len());
    assert!(summary.turn.liquidations > 0, "nobody was liquidated");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engines_seven_hundred_kilobytes_arrive_on_surfpool_by_transactions() {
    if std::env::var_os("PLIMSOLL_NIGHTLY").is_none() {
        return println!("skipped: deploying 700 KB takes two minutes; `cargo xtask test --nightly` does it");
    }
    let Some(addon) = addon_or_reason().await else { return };
    let surfnet = Surfnet::start(&addon, &[]).await.unwrap();
    let programs = programs().unwrap();
    let engine = programs.iter().find(|program| program.id == plimsoll_sdk::pda::PROGRAM_ID).unwrap();
    deploy_at(&surfnet, engine, &Keypair::new()).await.unwrap_or_else(|error| panic!("{error:#}"));
}

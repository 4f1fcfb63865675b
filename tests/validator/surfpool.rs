//! The story, a deployment and a replay on surfpool; skipped, with the reason, where Node.js or its addon is not there.

use std::time::Duration;

use indicatif::ProgressBar;
use plimsoll_rpc::Connection;
use plimsoll_sim::config::Config;
use plimsoll_sim::live::{replay, LiveConfig, Stop};
use plimsoll_sim::{report, scenario, table};
use plimsoll_validator_tests::deployment::{deploy_and_use, deploy_at};
use plimsoll_validator_tests::keeper;
use plimsoll_validator_tests::stage::until;
use plimsoll_validator_tests::story::tell;
use plimsoll_validator_tests::surfnet::{addon_or_reason, Surfnet};
use plimsoll_validator_tests::validator::{programs, Validator as _};
use serde_json::Value;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

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

/// The insolvency scenario with few accounts, thirty times as fast as it was.
fn crash() -> LiveConfig {
    let scenario = scenario::by_name("insolvency").unwrap();
    LiveConfig { run: Config { scenario, minutes: scenario.minutes, accounts: 20, seed: 1, step_secs: 2 }, speed: 30 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_replayed_over_rpc_has_several_liquidators_and_every_atom_is_accounted_for() {
    let Some(addon) = addon_or_reason().await else { return };
    let surfnet = Surfnet::start(&addon, &programs().unwrap()).await.unwrap();
    let (config, cluster, progress) = (crash(), surfnet.cluster(), ProgressBar::hidden());
    let poor = replay(&cluster, Keypair::new(), &config, &progress, &Stop::default()).await.unwrap_err();
    assert!(poor.to_string().contains("fund it"), "{poor}");

    let replayed = replay(&cluster, surfnet.payer(), &config, &progress, &Stop::default()).await;
    let result = replayed.unwrap_or_else(|failed| panic!("{failed}"));
    println!("{}", table::render(&result));
    let json = serde_json::to_value(&result).unwrap();
    let number = |pointer: &str| json.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer}"));
    let sum = |list: &str, field: &str| -> u64 {
        let list = json[list].as_array().unwrap_or_else(|| panic!("{list}"));
        list.iter().map(|of| of[field].as_u64().unwrap_or_else(|| panic!("{list:?} {field}"))).sum()
    };
    // Everything was played, nothing was lost on the way, and the books are in order before and after.
    assert_eq!(number("/cluster/recorded_secs"), 60 * config.run.minutes as u64);
    assert!(json["cluster"].get("ended_early").is_none(), "{}", json["cluster"]);
    assert_eq!((&json["conservation"]["ok"], number("/conservation/max_error_atoms")), (&Value::Bool(true), 0));
    assert!(number("/conservation/checks") > 20, "{}", json["conservation"]);
    // Liquidations happened, by several liquidators who competed, and each race has its outcome.
    let liquidations = json["liquidations"].as_array().unwrap();
    assert!(!liquidations.is_empty() && sum("liquidators", "won") == liquidations.len() as u64);
    let took_part = json["liquidators"].as_array().unwrap().iter().filter(|l| l["won"] != 0 || l["lost"] != 0).count();
    assert!(took_part >= 2, "{}", json["liquidators"]);
    let no_ops: u64 = json["no_ops"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(no_ops, sum("liquidators", "lost"));
    // Compute units are the chain's, and what was not known is named rather than zero.
    let measured = json["compute_units"].as_object().unwrap();
    assert!(measured.iter().any(|(name, units)| name.starts_with("liquidate_") && units["min"].as_u64() > Some(5_000)));
    assert!(json["left_out"].is_object() && json["figures"].get("as_planned").is_none());
    assert!(
        number("/insurance/before") + number("/insurance/fees") - number("/insurance/debits")
            == number("/insurance/after")
    );
    let page = report::html(&result);
    assert!(page.contains(&result.cluster.unwrap().name) && page.matches("<svg").count() >= 6 && !page.contains("NaN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_whose_node_goes_away_for_a_while_and_that_is_stopped_reports_what_it_saw() {
    let Some(addon) = addon_or_reason().await else { return };
    let mut surfnet = Surfnet::start(&addon, &programs().unwrap()).await.unwrap();
    let (config, progress, stop) =
        (LiveConfig { run: Config { accounts: 10, ..crash().run }, speed: 5 }, ProgressBar::hidden(), Stop::default());
    // The keeper's endpoints can be cut off.
    let (cluster, payer) = (surfnet.keeper_cluster(), surfnet.payer());
    let replaying = tokio::spawn({
        let (progress, stop) = (progress.clone(), stop.clone());
        async move { replay(&cluster, payer, &config, &progress, &stop).await }
    });
    let played = || progress.length() == Some(60 * config.run.minutes as u64);
    until("the crash is being played", 180, || async { Ok(played().then_some(())) }).await.unwrap();
    surfnet.break_off().await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    surfnet.restore().await.unwrap();
    let position = progress.position();
    until("looks go on", 60, || async { Ok((progress.position() > position + 10).then_some(())) }).await.unwrap();
    stop.request();
    let result = replaying.await.unwrap().unwrap_or_else(|failed| panic!("{failed}"));
    let cluster = result.cluster.as_ref().unwrap();
    assert!(cluster.connections_lost >= 1 && !cluster.retries.is_empty(), "{cluster:?}");
    assert_eq!(cluster.ended_early.as_deref(), Some("stopped by request"));
    assert!(result.conservation.ok && !result.samples.is_empty(), "{:?}", result.conservation);
    assert!(table::render(&result).contains("ended early: stopped by request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_on_a_cluster_without_the_programs_is_refused_before_anything_is_sent() {
    let Some(addon) = addon_or_reason().await else { return };
    let surfnet = Surfnet::start(&addon, &[]).await.unwrap();
    let (payer, progress) = (surfnet.payer(), ProgressBar::hidden());
    let connection = Connection::new(&surfnet.cluster());
    let before = connection.rpc.get_balance(&payer.pubkey()).await.unwrap();
    let refused = replay(&surfnet.cluster(), payer.insecure_clone(), &crash(), &progress, &Stop::default()).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("there is no program") && refused.contains("plimsoll-migrate deploy"), "{refused}");
    assert_eq!(connection.rpc.get_balance(&payer.pubkey()).await.unwrap(), before);
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

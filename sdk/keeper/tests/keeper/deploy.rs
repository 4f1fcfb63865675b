//! What is shipped for running a keeper: alert rules, dashboard, service, container.

use std::collections::BTreeSet;
use std::process::Command;

use plimsoll_keeper::metrics::Metrics;
use plimsoll_keeper::outbox::Cost;
use plimsoll_keeper::stream::Link;
use serde_json::Value;

use crate::process::help;
use crate::stage::{liquidate, Stage};

const ALERTS: &str = include_str!("../../deploy/alerts.yml");
const DASHBOARD: &str = include_str!("../../deploy/dashboard.json");
const SERVICE: &str = include_str!("../../deploy/plimsoll-keeper.service");
const CONTAINER: &str = include_str!("../../deploy/Containerfile");
const PREFIX: &str = "plimsoll_keeper_";

/// Names of metrics in a text, without what a histogram adds to its own.
fn named(text: &str) -> BTreeSet<String> {
    let names = text
        .split(PREFIX)
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>());
    names
        .map(|name| {
            ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .map_or(name.clone(), str::to_owned)
        })
        .collect()
}

/// Everything that a keeper which has done something shows.
async fn shown() -> String {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    liquidate(&context).await;
    let metrics: &Metrics = &context.metrics;
    metrics.paid("liquidate", &Cost::default());
    metrics.liquidated("cure", 1, -1);
    metrics.holds(1);
    metrics.refuse("liquidate", "plan", "gain_too_small");
    metrics.failed_turns.with_label_values(&["observe", "unreachable"]).inc();
    metrics.posts.with_label_values(&["pyth", "posted"]).inc();
    metrics.posts.with_label_values(&["pyth", "failed"]).inc();
    metrics.observe(&context.tracker(), &Link::default());
    metrics.text().expect("metrics")
}

#[tokio::test]
async fn every_metric_and_label_that_alerts_and_dashboard_name_is_one_of_the_keepers() {
    let shown = shown().await;
    let known = named(&shown);
    for (file, text) in [("alerts.yml", ALERTS), ("dashboard.json", DASHBOARD)] {
        let used = named(text);
        assert!(used.len() > 10, "{file} names {} metrics", used.len());
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?} are no metrics");
        for what in text.split("what=~\\\"").skip(1).filter_map(|rest| rest.split('\\').next()) {
            for value in what.split('|') {
                assert!(shown.contains(&format!("what=\"{value}\"")), "{file}: nothing is counted as {value}");
            }
        }
        for pair in ["what=\"deaf_sockets\"", "job=\"liquidate\"", "outcome=\"failed\"", "outcome=\"posted\""] {
            assert!(!text.contains(pair) || shown.contains(pair), "{file}: {pair}");
        }
    }
}

#[test]
fn every_alert_has_an_expression_a_time_a_severity_and_a_summary() {
    let rules: Value = serde_yaml::from_str(ALERTS).expect("YAML");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    assert!(rules.len() >= 10);
    let mut names = BTreeSet::new();
    for rule in rules {
        let name = rule["alert"].as_str().expect("a name");
        assert!(names.insert(name), "{name} is there twice");
        let expression = rule["expr"].as_str().expect("an expression");
        let count = |sign: char| expression.chars().filter(|c| *c == sign).count();
        assert_eq!((count('('), count('{'), count('[')), (count(')'), count('}'), count(']')), "{name}: {expression}");
        assert!(rule["for"].as_str().is_some_and(|time| time.ends_with(['m', 'h'])), "{name}");
        let severity = rule["labels"]["severity"].as_str().expect("a severity");
        assert!(["page", "warning", "info"].contains(&severity), "{name}: {severity}");
        assert!(rule["annotations"]["summary"].as_str().is_some_and(|text| text.ends_with(['.', '?'])), "{name}");
    }
}

#[test]
fn every_panel_of_the_dashboard_asks_for_something_and_has_a_place_of_its_own() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")));
        let grid = &panel["gridPos"];
        assert!(places.insert((grid["y"].as_u64(), grid["x"].as_u64())));
        assert!(grid["x"].as_u64().unwrap() + grid["w"].as_u64().unwrap() <= 24, "{panel}");
        let targets = panel["targets"].as_array().expect("targets");
        assert!(
            targets.iter().all(|target| target["expr"].as_str().is_some_and(|expr| expr.contains(PREFIX))),
            "{panel}"
        );
    }
    assert!(panels.len() > 10);
}

/// `key=value` pairs of a section.
fn section(name: &str) -> Vec<(&'static str, &'static str)> {
    let after = SERVICE.split(&format!("[{name}]\n")).nth(1).expect("the section");
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect()
}

#[test]
fn the_service_starts_the_binary_with_variables_that_it_reads_and_is_started_again() {
    let of = |name: &str, key: &str| {
        section(name).into_iter().filter(|(k, _)| *k == key).map(|(_, v)| v).collect::<Vec<_>>()
    };
    assert_eq!(of("Service", "ExecStart"), ["/usr/local/bin/plimsoll-keeper run"]);
    assert_eq!(of("Service", "Restart"), ["always"]);
    assert_eq!(of("Install", "WantedBy"), ["multi-user.target"]);
    let help = help("run");
    for variable in of("Service", "Environment") {
        let (name, _) = variable.split_once('=').expect("a value");
        assert!(help.contains(&format!("[env: {name}")), "{name} is read by nobody:\n{help}");
    }
    let stops: u64 = of("Service", "TimeoutStopSec")[0].parse().expect("seconds");
    assert!(stops > plimsoll_keeper::Config::default().stop_secs);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_service() {
    let directory = tempfile::tempdir().unwrap();
    let unit = directory.path().join("plimsoll-keeper.service");
    // The binary is not installed here.
    std::fs::write(&unit, SERVICE.replace("/usr/local/bin/plimsoll-keeper", "/bin/true")).unwrap();
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() else {
        println!("skipped: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("plimsoll-keeper")).collect();
    assert!(about_it.is_empty(), "{}", about_it.join("\n"));
}

#[test]
fn the_container_is_built_of_this_workspace_and_sets_variables_that_the_keeper_reads() {
    let joined = CONTAINER.replace("\\\n", " ");
    let instructions: Vec<(&str, &str)> =
        joined.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' ')).collect();
    let known =
        ["FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"];
    assert!(instructions.iter().all(|(word, _)| known.contains(word)), "{instructions:?}");
    let of = |word: &str| instructions.iter().filter(|(w, _)| *w == word).map(|(_, rest)| *rest).collect::<Vec<_>>();
    let help = help("run");
    for name in of("ENV")[0].split_whitespace().filter_map(|pair| pair.split_once('=')).map(|(name, _)| name) {
        assert!(help.contains(&format!("[env: {name}")), "{name} is read by nobody");
    }
    assert!(of("RUN").iter().any(|run| run.contains("--package plimsoll-keeper --bin plimsoll-keeper")));
    // The compiler is the workspace's at least.
    let least = include_str!("../../../../Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = "));
    let least: f32 = least.expect("a version").trim_matches('"').parse().expect("a number");
    let image = of("FROM")[0].split("rust:").nth(1).and_then(|tag| tag.split('-').next()).expect("a version");
    assert!(image.parse::<f32>().is_ok_and(|version| version >= least), "{image} {least}");
    for word in ["ENTRYPOINT", "CMD"] {
        let words: Vec<String> = serde_json::from_str(of(word)[0]).expect("a list of words");
        assert!(!words.is_empty());
    }
    assert_eq!((of("USER"), of("EXPOSE")), (vec!["keeper"], vec!["9464"]));
}

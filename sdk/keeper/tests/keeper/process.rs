//! The keeper as a whole: started, looked at over HTTP, stopped in order; and its binary.

use std::process::Command;
use std::time::Duration;

use plimsoll_keeper::config::Config;

use crate::stage::{until, Stage};

async fn page(url: &str) -> (u16, String) {
    let response = reqwest::get(url).await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a text"))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_keeper_liquidates_by_itself_shows_its_counters_and_stops_in_order() {
    let stage = Stage::new();
    let mut config = stage.config();
    let listen = format!("127.0.0.1:{}", free_port());
    (config.http.enabled, config.http.listen) = (true, listen.clone());
    (config.stream.poll_millis, config.stream.poll_accounts_millis) = (50, 100);
    let keeper = stage.keeper(config).await.expect("a keeper");
    let stopper = keeper.stopper();
    let running = tokio::spawn(keeper.run());
    stage.sol_falls_to(160);
    let owed = stage.debt();
    let liquidated = async {
        while stage.debt() >= owed {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), liquidated).await.expect("Alice is liquidated");
    let (status, health) = page(&format!("http://{listen}/healthz")).await;
    assert_eq!((status, health.as_str()), (200, "ok\n"));
    let confirmed = async {
        let line = "plimsoll_keeper_confirmed_total{job=\"liquidate\"} 1";
        while !page(&format!("http://{listen}/metrics")).await.1.contains(line) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), confirmed).await.expect("it is counted");
    let (_, metrics) = page(&format!("http://{listen}/metrics")).await;
    assert!(metrics.contains("plimsoll_keeper_accounts 3"), "{metrics}");
    stopper.send_replace(true);
    let ended = tokio::time::timeout(Duration::from_secs(10), running).await.expect("it stops in time");
    ended.expect("no panic").expect("no error");
    assert!(reqwest::get(format!("http://{listen}/healthz")).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_hears_nothing_says_that_it_is_not_healthy() {
    let stage = Stage::new();
    let mut config = stage.config();
    let listen = format!("127.0.0.1:{}", free_port());
    (config.http.enabled, config.http.listen, config.http.unhealthy_secs) = (true, listen.clone(), 1);
    config.stream.poll_millis = 50;
    let keeper = stage.keeper(config).await.expect("a keeper");
    let stopper = keeper.stopper();
    let running = tokio::spawn(keeper.run());
    stage.node.faults(|faults| faults.timeouts = u32::MAX);
    let ailing = async {
        loop {
            if let Ok(response) = reqwest::get(format!("http://{listen}/healthz")).await {
                if response.status().as_u16() == 503 && response.text().await.unwrap().contains("heard") {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ailing).await.expect("it says so");
    // The node comes back, and with it the keeper's health.
    stage.node.faults(|faults| faults.timeouts = 0);
    let well = async {
        while page(&format!("http://{listen}/healthz")).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), well).await.expect("it recovers");
    stopper.send_replace(true);
    running.await.expect("no panic").expect("no error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_whose_node_is_gone_still_stops() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let mut config = stage.config();
    (config.send.resigns, config.stop_secs) = (20, 1);
    let keeper = stage.keeper(config).await.expect("a keeper");
    let (stopper, context) = (keeper.stopper(), keeper.context());
    let running = tokio::spawn(keeper.run());
    // The transaction is sent and never lands; then nothing answers any more.
    stage.node.faults(|faults| faults.dropped = u32::MAX);
    until("it is sent", || context.metrics.sent.with_label_values(&["liquidate"]).get() > 0).await;
    stage.node.faults(|faults| faults.timeouts = u32::MAX);
    stopper.send_replace(true);
    let ended = tokio::time::timeout(Duration::from_secs(15), running).await.expect("it stops in time");
    ended.expect("no panic").expect("no error");
    let unknown = context.outbox.in_flight();
    assert!(unknown.iter().any(|(_, job)| job == "liquidate"), "what is not known is named: {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_the_stop_is_waited_for_and_nothing_more_is_begun() {
    let stage = Stage::new();
    stage.with_others(20);
    stage.sol_falls_to(160);
    let mut config = stage.config();
    config.stop_secs = 60;
    let keeper = stage.keeper(config.clone()).await.expect("a keeper");
    let (stopper, context) = (keeper.stopper(), keeper.context());
    // Nothing is confirmed until it is told to stop.
    stage.node.chain(|chain| chain.fork());
    let running = tokio::spawn(keeper.run());
    let most = config.jobs.liquidate.max_in_flight as u64;
    let of = |counters: &prometheus::IntCounterVec| counters.with_label_values(&["liquidate"]).get();
    until("as many are sent as may be", || of(&context.metrics.sent) >= most).await;
    stopper.send_replace(true);
    until("it is stopping", || context.outbox.is_closed()).await;
    assert!(!running.is_finished() && context.outbox.in_flight().len() as u64 >= most);
    stage.node.chain(|chain| chain.confirm_fork());
    let ended = tokio::time::timeout(Duration::from_secs(30), running).await.expect("it stops in time");
    ended.expect("no panic").expect("no error");
    assert_eq!((of(&context.metrics.sent), of(&context.metrics.confirmed)), (most, most));
    assert!(context.outbox.in_flight().is_empty(), "the end of each is known");
    assert!(matches!(context.outbox.submit("liquidate", &[]).await, Err(plimsoll_rpc::Error::Stopped)));
}

fn binary(arguments: &[&str]) -> (bool, String, String) {
    binary_with(&[], arguments)
}

/// The binary with variables in its environment, and none of its own besides.
fn binary_with(variables: &[(&str, &str)], arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-keeper"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PLIMSOLL_")) {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).args(arguments).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// What the binary says of a command.
pub fn help(command: &str) -> String {
    let (done, text, _) = binary(&[command, "--help"]);
    assert!(done);
    text
}

/// A key file, the address of an engine that is nowhere, and a configuration of them.
fn configuration(more: &str) -> (tempfile::TempDir, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (key, file) = (path("key.json"), path("keeper.toml"));
    std::fs::write(&key, serde_json::to_string(&crate::stage::delegate().to_bytes().to_vec()).unwrap()).unwrap();
    let engine = solana_pubkey::Pubkey::new_unique();
    let text = format!(
        "engine = \"{engine}\"\n[cluster]\nurl = \"http://127.0.0.1:1\"\n[keys]\nkeypair = \"{key}\"\n\
         [http]\nlisten = \"127.0.0.1:{}\"\n{more}",
        free_port()
    );
    std::fs::write(&file, text).unwrap();
    (directory, file, key)
}

#[test]
fn a_configuration_with_which_a_run_would_fail_fails_its_check_for_the_same_reason() {
    let (_kept, file, key) = configuration("");
    // No node: a run fails, so the check does.
    let (runs, _, run_error) = binary(&["run", "--config", &file]);
    let (checks, _, check_error) = binary(&["check-config", &file]);
    assert!(!runs && !checks);
    for error in [&run_error, &check_error] {
        assert!(error.contains("http://127.0.0.1:1") && error.contains("Connection refused"), "{error}");
    }
    let (checks, said, error) = binary(&["check-config", &file, "--offline"]);
    assert!(checks && said.contains("is valid"), "{error}");
    std::fs::remove_file(&key).unwrap();
    let (checks, _, error) = binary(&["check-config", &file, "--offline"]);
    assert!(!checks && error.contains("keys.keypair") && error.contains("key.json"), "{error}");
}

#[test]
fn a_port_that_is_taken_and_a_variable_that_is_not_set_fail_the_check() {
    let (_kept, file, _) =
        configuration("[prices]\nhermes_url = \"https://h\"\nhermes_key_env = \"NO_SUCH_KEY_OF_HERMES\"\n");
    let (checks, _, error) = binary(&["check-config", &file, "--offline"]);
    assert!(!checks && error.contains("prices.hermes_key_env") && error.contains("NO_SUCH_KEY_OF_HERMES"), "{error}");
    let (checks, ..) = binary_with(&[("NO_SUCH_KEY_OF_HERMES", "secret")], &["check-config", &file, "--offline"]);
    assert!(checks);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let variables = [("NO_SUCH_KEY_OF_HERMES", "secret"), ("PLIMSOLL_KEEPER_LISTEN", &listen)];
    let (checks, _, error) = binary_with(&variables, &["check-config", &file, "--offline"]);
    assert!(!checks && error.contains("http.listen") && error.contains(&listen), "{error}");
}

/// The environment that the command line reads was read by the command line alone.
#[test]
fn variables_of_the_environment_go_before_the_file_and_after_the_command_line() {
    let (_kept, file, key) = configuration("");
    let url = |variables: &[(&str, &str)], arguments: &[&str]| {
        let (done, _, error) = binary_with(variables, arguments);
        assert!(!done);
        error
    };
    let told = url(&[("PLIMSOLL_URL", "http://127.0.0.1:2")], &["run", "--config", &file]);
    assert!(told.contains("http://127.0.0.1:2"), "{told}");
    let variables = [("PLIMSOLL_URL", "http://127.0.0.1:2"), ("PLIMSOLL_KEEPER_CONFIG", file.as_str())];
    let told = url(&variables, &["run", "--url", "http://127.0.0.1:3"]);
    assert!(told.contains("http://127.0.0.1:3"), "{told}");
    let engine = solana_pubkey::Pubkey::new_unique().to_string();
    let told = url(
        &[("PLIMSOLL_ENGINE", &engine), ("PLIMSOLL_KEYPAIR", &key), ("PLIMSOLL_URL", "http://127.0.0.1:2")],
        &["run"],
    );
    assert!(told.contains("http://127.0.0.1:2"), "engine and key are known: {told}");
    let told = url(&[("PLIMSOLL_ENGINE", "moon")], &["run"]);
    assert!(told.contains("engine") && told.contains("moon"), "{told}");
    let told = url(&[("PLIMSOLL_LIQUIDATOR", "sun")], &["run", "--config", &file]);
    assert!(told.contains("keys.liquidator") && told.contains("sun"), "{told}");
}

#[test]
fn the_printed_configuration_is_the_default_and_can_be_read_back() {
    let (done, printed, _) = binary(&["print-config"]);
    assert!(done);
    assert_eq!(Config::parse(&printed).unwrap(), Config::default());
}

/// What the binary says of a configuration, run without a command; it fails.
fn said_of(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keeper.toml");
    std::fs::write(&file, text).unwrap();
    let (done, _, error) = binary(&["--config", file.to_str().unwrap(), "--dry-run"]);
    assert!(!done && error.contains("error: "), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    error
}

#[test]
fn a_malformed_configuration_is_refused_with_every_bad_value() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keeper.toml");
    std::fs::write(&file, "engine = \"nowhere\"\n[jobs.liquidate]\nmax_in_flight = 0\n").unwrap();
    let (done, _, error) = binary(&["check-config", file.to_str().unwrap()]);
    assert!(!done && error.contains("engine") && error.contains("jobs.liquidate.max_in_flight"), "{error}");
    std::fs::write(&file, "enginge = 1\n").unwrap();
    let (done, _, error) = binary(&["check-config", file.to_str().unwrap()]);
    assert!(!done && error.contains("enginge") && error.contains("keeper.toml"), "{error}");
}

#[test]
fn what_is_wrong_with_a_configuration_is_said_with_file_line_and_key() {
    let error = said_of("[stream]\npoll_secs = 1\n");
    assert!(["keeper.toml", "line 2", "poll_secs"].iter().all(|text| error.contains(text)), "{error}");
    let error = said_of("[stream]\npoll_millis = -5\n");
    assert!(["keeper.toml", "line 2", "poll_millis", "-5"].iter().all(|text| error.contains(text)), "{error}");
    let error = said_of(include_str!("../../keeper.example.toml"));
    assert!(error.contains("engine") && error.contains("required"), "{error}");
    let engine = solana_pubkey::Pubkey::new_unique();
    let error = said_of(&format!("engine = \"{engine}\"\n[keys]\nkeypair = \"/nowhere/key.json\"\n"));
    assert!(error.contains("/nowhere/key.json") && error.contains("solana-keygen"), "{error}");
    assert!(error.contains("keys.keypair"), "the key of the configuration is named too: {error}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for path in ["/nowhere/keeper.toml", "/"] {
        let (done, _, error) = binary(&["run", "--config", path]);
        assert!(!done && error.contains(&format!("the configuration {path}")), "{error}");
    }
}

/// What the binary says of a node, started for an engine that is nowhere.
fn said_with(url: &str, more: &[&str]) -> String {
    let engine = solana_pubkey::Pubkey::new_unique().to_string();
    let key = tempfile::tempdir().unwrap();
    let file = key.path().join("key.json");
    let bytes: Vec<u8> = crate::stage::delegate().to_bytes().to_vec();
    std::fs::write(&file, serde_json::to_string(&bytes).unwrap()).unwrap();
    let mut arguments = vec!["--engine", &engine, "--url", url, "--keypair", file.to_str().unwrap()];
    arguments.extend(more);
    let (done, _, error) = binary(&arguments);
    assert!(!done, "{error}");
    error
}

#[test]
fn without_a_node_it_ends_with_the_reason_and_what_to_do() {
    let error = said_with("http://127.0.0.1:1/?api-key=secret", &["--log-format", "json"]);
    assert!(error.contains("Connection refused") && error.contains("http://127.0.0.1:1"), "{error}");
    assert!(error.contains("cluster.url") && !error.contains("secret"), "{error}");
    let first: serde_json::Value = serde_json::from_str(error.lines().next().unwrap()).expect("logs are JSON");
    assert_eq!((first["message"].as_str(), first["level"].as_str()), (Some("starting"), Some("INFO")));
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_than_a_node_is_told_from_one() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/page", axum::routing::post(|| async { "<html></html>" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    for (path, said) in [("/", "404"), ("/page", "not JSON-RPC")] {
        let url = format!("{url}{path}");
        let error = tokio::task::spawn_blocking(move || said_with(&url, &[])).await.unwrap();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn the_table_shows_the_worst_account_first_with_its_standing() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let mut tracker = context.tracker();
    let rows = plimsoll_keeper::top::rows(&mut tracker, 10);
    assert_eq!((rows.len(), rows[0].key, rows[0].standing), (1, stage.alice.account, "cure"));
    assert!(rows[0].ratio_ppm < 1_000_000 && rows[0].nav_usd > 2_000.0 && rows[0].mmr_usd > rows[0].nav_usd);
    let text = plimsoll_keeper::top::table(&rows, 120).to_string();
    assert!(text.contains(&stage.alice.account.to_string()) && text.contains("0."), "{text}");
    let screen = plimsoll_keeper::top::screen(&mut tracker, &plimsoll_keeper::stream::Link::default(), 10);
    assert!(screen.contains("by polling") && screen.contains("below maintenance at spot 1"), "{screen}");
}

use super::*;

const EXAMPLE: &str = include_str!("../../keeper.example.toml");

#[test]
fn the_example_file_writes_out_every_default() {
    assert_eq!(Config::parse(EXAMPLE).unwrap(), Config::default());
    // Every key of the defaults stands in the example, so that parsing it proves more than that it is empty.
    let defaults = toml::Value::try_from(Config::default()).unwrap();
    let example: toml::Value = toml::from_str(EXAMPLE).unwrap();
    assert_same_keys("", &defaults, &example);
}

fn assert_same_keys(path: &str, defaults: &toml::Value, example: &toml::Value) {
    let Some(table) = defaults.as_table() else { return };
    for (key, value) in table {
        let path = format!("{path}.{key}");
        let written = example.get(key).unwrap_or_else(|| panic!("{path} is not in keeper.example.toml"));
        assert_same_keys(&path, value, written);
    }
}

#[test]
fn keys_without_a_default_stand_in_the_example_as_comments() {
    for key in [
        "engine",
        "ws_url",
        "expect",
        "liquidator",
        "url",
        "tip_account",
        "sol_bank",
        "hermes_url",
        "hermes_key_env",
        "crossbar_url",
    ] {
        assert!(EXAMPLE.contains(&format!("# {key} = ")), "{key}");
    }
}

#[test]
fn a_configuration_is_printed_with_every_key_and_its_explanation_and_read_back_as_it_was() {
    assert_eq!(Config::default().print().unwrap(), EXAMPLE);
    let mut config = Config { engine: Some(Pubkey::new_unique().to_string()), stop_secs: 77, ..Config::default() };
    (config.keys.liquidator, config.send.sol_bank) = (Some(Pubkey::new_unique().to_string()), Some(3));
    config.cluster.ws_url = Some("ws://127.0.0.1:9".into());
    config.jito.url = Some("https://block-engine.example".into());
    config.prices.pyth_shards = vec![0, 4];
    config.prices.posted_accounts.insert("11".repeat(32), Pubkey::new_unique().to_string());
    config.jobs.observe.call_owners = false;
    let printed = config.print().unwrap();
    assert_eq!(Config::parse(&printed).unwrap(), config);
    assert!(printed.contains("# A WebSocket without any message for this long counts as dead."));
    // Every line of the example that names a key is there, with this value or another.
    for key in EXAMPLE.lines().filter_map(|line| line.trim_start_matches("# ").split_once(" = ")).map(|(key, _)| key) {
        assert!(printed.contains(&format!("{key} = ")), "{key}");
    }
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    for text in
        ["colour = 1", "[stream]\npoll_secs = 1", "[jobs.liquidate]\nbackoff = 1", "[jobs.dance]\nenabled = true"]
    {
        let error = Config::parse(text).unwrap_err();
        let key = text.split('\n').next_back().unwrap().split(" =").next().unwrap();
        let named = if key == "enabled" { "dance" } else { key };
        assert!(matches!(error, ConfigError::Malformed(_)) && error.to_string().contains(named), "{error}");
    }
}

#[test]
fn every_bad_value_is_named_with_its_key() {
    let text = r#"
        engine = "nowhere"
        [cluster]
        url = "moon"
        timeout_secs = 0
        [stream]
        reconnect_max_millis = 10
        [http]
        listen = "here"
        [jito]
        url = "https://block-engine.example"
        tip_lamports = 999
        [jobs.liquidate]
        max_in_flight = 0
    "#;
    let ConfigError::BadValues(bad) = Config::parse(text).unwrap_err() else { panic!("parsed") };
    for key in [
        "engine",
        "cluster.url",
        "cluster.timeout_secs",
        "stream.reconnect_max",
        "http.listen",
        "jito.tip_lamports",
        "max_in_flight",
    ] {
        assert!(bad.iter().any(|line| line.contains(key)), "{key} is not named in {bad:#?}");
    }
}

#[test]
fn a_value_of_another_type_is_refused_with_its_line() {
    let error = Config::parse("[stream]\nwebsocket = \"yes\"").unwrap_err().to_string();
    assert!(error.contains("websocket") && error.contains("line 2"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/keeper.toml")).unwrap_err().to_string();
    assert!(error.contains("/nowhere/keeper.toml"), "{error}");
}

#[test]
fn posting_without_what_it_needs_is_refused_with_what_that_is() {
    let bad = |prices: &str| {
        let ConfigError::BadValues(bad) = Config::parse(prices).unwrap_err() else { panic!("parsed: {prices}") };
        bad.join("; ")
    };
    for (prices, fact) in [
        ("post_to_pyth = true", "prices.post_to_pyth: needs prices.hermes_url"),
        ("post_to_switchboard = true", "prices.post_to_switchboard: needs prices.crossbar_url"),
        ("post_to_mock = true", "prices.post_to_mock: needs prices.hermes_url or prices.crossbar_url"),
        ("hermes_key_env = \"KEY\"", "prices.hermes_url is not set"),
        ("hermes_url = \"https://h\"\npost_to_pyth = true\npyth_shards = []", "prices.pyth_shards"),
        ("post_min_move_ppm = 0", "prices.post_min_move_ppm"),
        ("post_max_age_secs = 0", "prices.post_max_age_secs"),
        (
            "hermes_url = \"https://h\"\npost_to_pyth = true\n[jobs.refresh_price]\nenabled = false",
            "prices.post_to_pyth: the job refresh_price posts",
        ),
    ] {
        let bad = bad(&format!("[prices]\n{prices}"));
        assert!(bad.contains(fact), "{fact:?} is not said in {bad:?}");
    }
    let mainnet = "[cluster]\nurl = \"mainnet-beta\"\n[prices]\nhermes_url = \"https://h\"\npost_to_mock = true";
    assert!(bad(mainnet).contains("test clusters"));
    let good = "[prices]\nhermes_url = \"https://h\"\ncrossbar_url = \"https://c\"\npost_to_pyth = true\n\
        post_to_switchboard = true\npyth_shards = [0, 1]\npyth_treasury = 7";
    assert!(Config::parse(good).is_ok());
}

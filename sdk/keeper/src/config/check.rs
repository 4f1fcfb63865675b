//! Bounds of every value.

use solana_pubkey::Pubkey;

use super::Config;

/// A sentence for every value out of bounds, beginning with its key.
pub(super) fn bad_values(config: &Config) -> Vec<String> {
    let mut bad = Vec::new();
    numbers(config, &mut bad);
    addresses(config, &mut bad);
    if let Err(error) = config.cluster() {
        bad.push(error.to_string());
    }
    let least = super::LEAST_TIP_LAMPORTS;
    if config.jito.url.is_some() && config.jito.tip_lamports < least {
        bad.push(format!("jito.tip_lamports: a block engine accepts no tip below {least}"));
    }
    if config.stream.reconnect_max_millis < config.stream.reconnect_millis {
        bad.push("stream.reconnect_max_millis: must not be below stream.reconnect_millis".into());
    }
    if config.send.fee_most_micro_lamports < config.send.fee_least_micro_lamports {
        bad.push("send.fee_most_micro_lamports: must not be below send.fee_least_micro_lamports".into());
    }
    if config.jobs.liquidate.backoff_max_millis < config.jobs.liquidate.backoff_millis {
        bad.push("jobs.liquidate.backoff_max_millis: must not be below jobs.liquidate.backoff_millis".into());
    }
    if config.jobs.execute_changes.backoff_max_millis < config.jobs.execute_changes.backoff_millis {
        let least = "jobs.execute_changes.backoff_millis";
        bad.push(format!("jobs.execute_changes.backoff_max_millis: must not be below {least}"));
    }
    posting(config, &mut bad);
    if config.http.listen.parse::<std::net::SocketAddr>().is_err() {
        bad.push(format!("http.listen: \"{}\" is not an address with a port", config.http.listen));
    }
    bad
}

/// A key, its value, and the bounds of that.
type Bound = (&'static str, u64, u64, u64);

const DAY_MILLIS: u64 = 86_400_000;

fn numbers(config: &Config, bad: &mut Vec<String>) {
    let stream = &config.stream;
    let bounds: [Bound; 27] = [
        ("stop_secs", config.stop_secs, 0, 600),
        ("cluster.timeout_secs", config.cluster.timeout_secs, 1, 600),
        ("stream.poll_millis", stream.poll_millis, 50, 60_000),
        ("stream.poll_accounts_millis", stream.poll_accounts_millis, 100, 600_000),
        ("stream.resync_secs", stream.resync_secs, 5, 86_400),
        ("stream.snapshot_least_millis", stream.snapshot_least_millis, 0, 600_000),
        ("stream.watch_millis", stream.watch_millis, 50, 600_000),
        ("stream.watch_accounts", stream.watch_accounts as u64, 0, 10_000),
        ("stream.watch_move_ppm", stream.watch_move_ppm as u64, 0, 1_000_000),
        ("stream.silence_secs", stream.silence_secs, 2, 3_600),
        ("stream.reconnect_millis", stream.reconnect_millis, 10, 60_000),
        ("stream.reconnect_max_millis", stream.reconnect_max_millis, 10, 600_000),
        ("index.drift_share_ppm", config.index.drift_share_ppm as u64, 1_000, 900_000),
        ("index.recheck_secs", config.index.recheck_secs as u64, 1, 86_400),
        ("send.fee_percentile", config.send.fee_percentile as u64, 0, 100),
        ("send.fee_raise_percent", config.send.fee_raise_percent as u64, 0, 1_000),
        ("send.fee_gain_share_ppm", config.send.fee_gain_share_ppm as u64, 0, 1_000_000),
        ("send.compute_headroom_percent", config.send.compute_headroom_percent as u64, 0, 1_000),
        ("send.compute_headroom_units", config.send.compute_headroom_units as u64, 0, 1_400_000),
        ("send.resigns", config.send.resigns as u64, 0, 20),
        ("send.blockhash_millis", config.send.blockhash_millis, 0, 20_000),
        ("send.status_millis", config.send.status_millis, 1, 10_000),
        ("send.resend_millis", config.send.resend_millis, 1, 30_000),
        ("jito.wait_millis", config.jito.wait_millis, 1, 60_000),
        ("http.unhealthy_secs", config.http.unhealthy_secs, 1, 3_600),
        ("prices.post_max_age_secs", config.prices.post_max_age_secs as u64, 1, 86_400),
        ("prices.post_min_move_ppm", config.prices.post_min_move_ppm as u64, 1, 1_000_000),
    ];
    within(&bounds, bad);
    numbers_of_jobs(config, bad);
}

fn numbers_of_jobs(config: &Config, bad: &mut Vec<String>) {
    let jobs = &config.jobs;
    let bounds: [Bound; 23] = [
        ("jobs.refresh_price.every_millis", jobs.refresh_price.every_millis, 50, DAY_MILLIS),
        ("jobs.refresh_price.max_age_secs", jobs.refresh_price.max_age_secs as u64, 1, 3_600),
        ("jobs.refresh_price.feeds_per_transaction", jobs.refresh_price.feeds_per_transaction as u64, 1, 24),
        ("jobs.accrue.every_millis", jobs.accrue.every_millis, 50, DAY_MILLIS),
        ("jobs.accrue.max_age_secs", jobs.accrue.max_age_secs as u64, 1, 86_400),
        ("jobs.crank_funding.every_millis", jobs.crank_funding.every_millis, 50, DAY_MILLIS),
        ("jobs.crank_funding.max_age_secs", jobs.crank_funding.max_age_secs as u64, 1, 86_400),
        ("jobs.settle_pnl.every_millis", jobs.settle_pnl.every_millis, 50, DAY_MILLIS),
        ("jobs.settle_pnl.accounts_per_turn", jobs.settle_pnl.accounts_per_turn as u64, 1, 10_000),
        ("jobs.observe.every_millis", jobs.observe.every_millis, 50, DAY_MILLIS),
        ("jobs.observe.max_age_secs", jobs.observe.max_age_secs as u64, 1, 600),
        ("jobs.observe.accounts_per_turn", jobs.observe.accounts_per_turn as u64, 1, 10_000),
        ("jobs.liquidate.every_millis", jobs.liquidate.every_millis, 10, DAY_MILLIS),
        ("jobs.liquidate.max_in_flight", jobs.liquidate.max_in_flight as u64, 1, 256),
        ("jobs.liquidate.slippage_ppm", jobs.liquidate.slippage_ppm as u64, 0, 999_999),
        ("jobs.liquidate.backoff_millis", jobs.liquidate.backoff_millis, 1, DAY_MILLIS),
        ("jobs.bankruptcy.every_millis", jobs.bankruptcy.every_millis, 50, DAY_MILLIS),
        ("jobs.bankruptcy.calls_per_turn", jobs.bankruptcy.calls_per_turn as u64, 1, 100),
        ("jobs.sweep.every_millis", jobs.sweep.every_millis, 50, DAY_MILLIS),
        ("jobs.execute_changes.every_millis", jobs.execute_changes.every_millis, 50, DAY_MILLIS),
        ("jobs.execute_changes.backoff_millis", jobs.execute_changes.backoff_millis, 1, DAY_MILLIS),
        ("jobs.advance_ramps.every_millis", jobs.advance_ramps.every_millis, 50, DAY_MILLIS),
        ("jobs.advance_ramps.max_age_secs", jobs.advance_ramps.max_age_secs as u64, 0, 3_600),
    ];
    within(&bounds, bad);
}

fn within(bounds: &[Bound], bad: &mut Vec<String>) {
    for (key, value, least, most) in bounds {
        if value < least || value > most {
            bad.push(format!("{key}: {value} is not within {least} to {most}"));
        }
    }
}

/// What posting needs.
fn posting(config: &Config, bad: &mut Vec<String>) {
    let prices = &config.prices;
    if prices.post_to_mock && prices.hermes_url.is_none() && prices.crossbar_url.is_none() {
        bad.push("prices.post_to_mock: needs prices.hermes_url or prices.crossbar_url".into());
    }
    if prices.post_to_mock && config.cluster.url == "mainnet-beta" {
        bad.push("prices.post_to_mock: the mock oracle is for test clusters, and cluster.url is mainnet-beta".into());
    }
    if prices.post_to_pyth && prices.hermes_url.is_none() {
        bad.push("prices.post_to_pyth: needs prices.hermes_url, which hands out the signed updates".into());
    }
    if prices.post_to_switchboard && prices.crossbar_url.is_none() {
        bad.push("prices.post_to_switchboard: needs prices.crossbar_url, which gets the oracles' signatures".into());
    }
    if prices.post_to_pyth && prices.pyth_shards.is_empty() {
        bad.push("prices.pyth_shards: posting to Pyth needs at least one shard".into());
    }
    if prices.hermes_key_env.is_some() && prices.hermes_url.is_none() {
        bad.push("prices.hermes_key_env: names the key of a Hermes, but prices.hermes_url is not set".into());
    }
    let posts = [
        ("post_to_pyth", prices.post_to_pyth),
        ("post_to_switchboard", prices.post_to_switchboard),
        ("post_to_mock", prices.post_to_mock),
    ];
    for (key, _) in posts.iter().filter(|(_, posts)| *posts && !config.jobs.refresh_price.enabled) {
        bad.push(format!("prices.{key}: the job refresh_price posts, and jobs.refresh_price.enabled is false"));
    }
}

fn addresses(config: &Config, bad: &mut Vec<String>) {
    let keys = [
        ("engine", &config.engine),
        ("keys.liquidator", &config.keys.liquidator),
        ("jito.tip_account", &config.jito.tip_account),
    ];
    for (key, text) in keys {
        if let Some(text) = text.as_deref().filter(|text| text.parse::<Pubkey>().is_err()) {
            bad.push(format!("{key}: \"{text}\" is not an address"));
        }
    }
    let urls = [
        ("jito.url", &config.jito.url),
        ("prices.hermes_url", &config.prices.hermes_url),
        ("prices.crossbar_url", &config.prices.crossbar_url),
    ];
    for (key, text) in urls {
        if let Some(text) = text.as_deref().filter(|text| !text.starts_with("http://") && !text.starts_with("https://"))
        {
            bad.push(format!("{key}: \"{text}\" is not an http(s) address"));
        }
    }
    for (feed, text) in &config.prices.posted_accounts {
        if crate::source::feed_id(feed).is_none() || text.parse::<Pubkey>().is_err() {
            bad.push(format!("prices.posted_accounts: \"{feed}\" = \"{text}\" is not a feed id and an address"));
        }
    }
    if let Some(text) = config.cluster.ws_url.as_deref().filter(|t| !t.starts_with("ws://") && !t.starts_with("wss://"))
    {
        bad.push(format!("cluster.ws_url: \"{text}\" is not a ws(s) address"));
    }
}

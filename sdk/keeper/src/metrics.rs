//! What happens, as Prometheus counts it.

use plimsoll_risk::num::PPM;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::state::Tracker;
use crate::stream::Link;

/// The counters and gauges.
pub struct Metrics {
    registry: Registry,
    /// Transactions sent, by job.
    pub sent: IntCounterVec,
    /// Transactions confirmed, by job.
    pub confirmed: IntCounterVec,
    /// Transactions that landed in a bundle, by job.
    pub bundles_landed: IntCounterVec,
    /// Transactions and plans refused, by job, stage and reason.
    pub refused: IntCounterVec,
    /// Prices posted, by oracle and outcome: `posted`, `failed`, `dry`.
    pub posts: IntCounterVec,
    /// Turns of jobs that failed as a whole, by job and reason.
    pub failed_turns: IntCounterVec,
    /// Notional of confirmed liquidations, micro-dollars.
    pub liquidated: IntCounterVec,
    /// From the wish to liquidate to the signed transaction.
    pub to_signed: Histogram,
    /// Counters that other parts keep, as they stood last.
    observed: IntGaugeVec,
    gauges: Gauges,
}

struct Gauges {
    accounts: IntGauge,
    hot: IntGauge,
    bankrupt: IntGauge,
    triggers: IntGauge,
    slot: IntGauge,
    websocket: IntGauge,
    skew: IntGauge,
    heard: Gauge,
}

impl Metrics {
    /// Fresh counters in a registry of their own.
    ///
    /// # Errors
    /// Never in practice: names are fixed and differ.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("plimsoll_keeper".into()), None)?;
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let heard = Gauge::new("heard_age_seconds", "Time since anything was heard from the cluster")?;
        registry.register(Box::new(heard.clone()))?;
        let buckets = vec![0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
        let opts = HistogramOpts::new("plan_to_signed_seconds", "From the plan of a liquidation to its signature");
        let to_signed = Histogram::with_opts(opts.buckets(buckets))?;
        registry.register(Box::new(to_signed.clone()))?;
        let observed =
            IntGaugeVec::new(Opts::new("observed_total", "What the tracker and its stream counted"), &["what"])?;
        registry.register(Box::new(observed.clone()))?;
        Ok(Self {
            sent: counters("sent_total", "Transactions sent", &["job"])?,
            confirmed: counters("confirmed_total", "Transactions confirmed", &["job"])?,
            bundles_landed: counters("bundles_landed_total", "Transactions that landed in a bundle", &["job"])?,
            refused: counters("refused_total", "Plans and transactions refused", &["job", "stage", "reason"])?,
            posts: counters("posts_total", "Prices posted on chain", &["oracle", "outcome"])?,
            failed_turns: counters("failed_turns_total", "Turns of jobs that failed as a whole", &["job", "reason"])?,
            liquidated: counters("liquidated_usd_micro_total", "Notional liquidated, micro-dollars", &["regime"])?,
            to_signed,
            observed,
            gauges: Gauges {
                accounts: gauge("accounts", "Margin accounts tracked")?,
                hot: gauge("accounts_hot", "Accounts below maintenance at spot")?,
                bankrupt: gauge("accounts_bankrupt", "Accounts that are being resolved")?,
                triggers: gauge("trigger_prices", "Trigger prices in the index")?,
                slot: gauge("slot", "Newest slot seen")?,
                websocket: gauge("websocket", "One while the WebSocket is subscribed and tells of accounts")?,
                skew: gauge("clock_skew_seconds", "This machine's clock minus the cluster's")?,
                heard,
            },
            registry,
        })
    }

    /// Counts a refusal.
    pub fn refuse(&self, job: &str, stage: &str, reason: &str) {
        self.refused.with_label_values(&[job, stage, reason]).inc();
    }

    /// How often `job` was refused at `stage` for `reason`.
    pub fn refusals(&self, job: &str, stage: &str, reason: &str) -> u64 {
        self.refused.with_label_values(&[job, stage, reason]).get()
    }

    /// Brings the gauges up to date.
    pub fn observe(&self, tracker: &Tracker, link: &Link) {
        let gauges = &self.gauges;
        let (shared, tally) = (&tracker.shared, &tracker.tally);
        gauges.accounts.set(tracker.accounts.len() as i64);
        gauges.hot.set(tracker.hot.len() as i64);
        gauges.bankrupt.set(tracker.bankrupt.len() as i64);
        gauges.triggers.set(tracker.index.len() as i64);
        gauges.slot.set(shared.slot as i64);
        gauges.websocket.set(link.is_live() as i64);
        gauges.skew.set(shared.clock.skew_secs());
        gauges.heard.set(shared.heard_at.elapsed().as_secs_f64());
        let reads = &link.failed_reads;
        let observed = [
            ("updates", tally.updates),
            ("old_updates", tally.old_updates),
            ("snapshots", tally.snapshots),
            ("restarts", tally.restarts),
            ("fall_backs", tally.fall_backs),
            ("looks", tally.looks),
            ("assessments", tally.assessments),
            ("reconnects", link.reconnects.load(std::sync::atomic::Ordering::Relaxed)),
            ("foreign_accounts", link.foreign_accounts.load(std::sync::atomic::Ordering::Relaxed)),
            ("failed_reads", reads.load(std::sync::atomic::Ordering::Relaxed)),
            ("deaf_sockets", link.deaf_sockets.load(std::sync::atomic::Ordering::Relaxed)),
            ("unreadable_messages", link.unreadable_messages.load(std::sync::atomic::Ordering::Relaxed)),
        ];
        let set = |what: &str, count: u64| self.observed.with_label_values(&[what]).set(count as i64);
        for (what, count) in observed {
            set(what, count);
        }
        tally.unreadable.iter().for_each(|(reason, count)| set(&format!("unreadable_{reason}"), *count));
        tally.poison.iter().for_each(|(reason, count)| set(&format!("poison_{reason}"), *count));
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// Where a metric cannot be encoded.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}

/// Parts per million as a fraction, for logs.
pub fn fraction(ppm: u32) -> f64 {
    ppm as f64 / PPM as f64
}

//! What happens, as Prometheus counts it.

use plimsoll_risk::num::PPM;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::outbox::Cost;
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
    money: Money,
    /// From the wish to liquidate to the signed transaction.
    pub to_signed: Histogram,
    /// Counters that other parts keep, as they stood last.
    observed: IntGaugeVec,
    gauges: Gauges,
}

/// What comes in and goes out.
struct Money {
    liquidated: IntCounterVec,
    gain: IntCounterVec,
    loss: IntCounterVec,
    net_gain: Histogram,
    fees: IntCounterVec,
    tips: IntCounterVec,
    key_lamports: IntGauge,
    liquidating: IntGauge,
    nav: IntGauge,
    free_margin: IntGauge,
    inventory: IntGaugeVec,
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

/// Makes metrics and registers them.
struct Registered<'a>(&'a Registry);

impl Registered<'_> {
    fn own<T: prometheus::core::Collector + Clone + 'static>(&self, made: T) -> Result<T, prometheus::Error> {
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.own(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.own(IntGauge::new(name, help)?)
    }

    fn real(&self, name: &str, help: &str) -> Result<Gauge, prometheus::Error> {
        self.own(Gauge::new(name, help)?)
    }

    fn gauges(&self, name: &str, help: &str, label: &str) -> Result<IntGaugeVec, prometheus::Error> {
        self.own(IntGaugeVec::new(Opts::new(name, help), &[label])?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        self.own(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?)
    }
}

impl Money {
    fn new(of: &Registered<'_>) -> Result<Self, prometheus::Error> {
        let regime = |name: &str, help: &str| of.counters(name, help, &["regime"]);
        let job = |name: &str, help: &str| of.counters(name, help, &["job"]);
        let buckets = [-10.0, -1.0, -0.1, 0.0, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];
        Ok(Self {
            liquidated: regime("liquidated_usd_micro_total", "Notional liquidated, micro-dollars")?,
            gain: regime(
                "liquidations_gain_usd_micro_total",
                "Gains of liquidations as planned at spot less fees and tips, micro-dollars",
            )?,
            loss: regime(
                "liquidations_loss_usd_micro_total",
                "Losses of liquidations as planned at spot, fees and tips counted, micro-dollars",
            )?,
            net_gain: of.histogram(
                "liquidation_net_gain_usd",
                "Gain of a liquidation as planned at spot less its fee and tip, dollars",
                &buckets,
            )?,
            fees: job("fees_lamports_total", "Fees of transactions on the chain, lamports")?,
            tips: job("tips_lamports_total", "Tips of transactions on the chain, lamports")?,
            key_lamports: of.gauge("key_lamports", "Lamports of the key that pays fees")?,
            liquidating: of.gauge("liquidating", "One where this keeper liquidates")?,
            nav: of.gauge("liquidator_nav_usd_micro", "The liquidator's account at spot, micro-dollars")?,
            free_margin: of.gauge(
                "liquidator_free_margin_usd_micro",
                "What the liquidator's account has above its initial requirement, micro-dollars",
            )?,
            inventory: of.gauges(
                "liquidator_inventory_usd_micro",
                "Balances and notionals of the liquidator's account at spot, micro-dollars",
                "instrument",
            )?,
        })
    }
}

impl Metrics {
    /// Fresh counters in a registry of their own.
    ///
    /// # Errors
    /// Never in practice: names are fixed and differ.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("plimsoll_keeper".into()), None)?;
        let of = Registered(&registry);
        let buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
        Ok(Self {
            sent: of.counters("sent_total", "Transactions sent", &["job"])?,
            confirmed: of.counters("confirmed_total", "Transactions confirmed", &["job"])?,
            bundles_landed: of.counters("bundles_landed_total", "Transactions that landed in a bundle", &["job"])?,
            refused: of.counters("refused_total", "Plans and transactions refused", &["job", "stage", "reason"])?,
            posts: of.counters("posts_total", "Prices posted on chain", &["oracle", "outcome"])?,
            failed_turns: of.counters(
                "failed_turns_total",
                "Turns of jobs that failed as a whole",
                &["job", "reason"],
            )?,
            money: Money::new(&of)?,
            to_signed: of.histogram(
                "plan_to_signed_seconds",
                "From the plan of a liquidation to its signature",
                &buckets,
            )?,
            observed: of.gauges("observed_total", "What the tracker and its stream counted", "what")?,
            gauges: Gauges {
                accounts: of.gauge("accounts", "Margin accounts tracked")?,
                hot: of.gauge("accounts_hot", "Accounts below maintenance at spot")?,
                bankrupt: of.gauge("accounts_bankrupt", "Accounts that are being resolved")?,
                triggers: of.gauge("trigger_prices", "Trigger prices in the index")?,
                slot: of.gauge("slot", "Newest slot seen")?,
                websocket: of.gauge("websocket", "One while the WebSocket is subscribed and tells of accounts")?,
                skew: of.gauge("clock_skew_seconds", "This machine's clock minus the cluster's")?,
                heard: of.real("heard_age_seconds", "Time since anything was heard from the cluster")?,
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

    /// Counts a confirmed liquidation: its regime, its notional, and what it gained net of fee and tip, micro-dollars.
    pub fn liquidated(&self, regime: &str, notional_usd_micro: u64, net_gain_usd_micro: i64) {
        let money = &self.money;
        money.liquidated.with_label_values(&[regime]).inc_by(notional_usd_micro);
        let side = if net_gain_usd_micro < 0 { &money.loss } else { &money.gain };
        side.with_label_values(&[regime]).inc_by(net_gain_usd_micro.unsigned_abs());
        money.net_gain.observe(net_gain_usd_micro as f64 / 1e6);
    }

    /// Counts what a transaction on the chain cost.
    pub fn paid(&self, job: &str, cost: &Cost) {
        self.money.fees.with_label_values(&[job]).inc_by(cost.fee_lamports);
        self.money.tips.with_label_values(&[job]).inc_by(cost.tip_lamports);
    }

    /// Shows what the key that pays has left, lamports.
    pub fn holds(&self, lamports: u64) {
        self.money.key_lamports.set(i64::try_from(lamports).unwrap_or(i64::MAX));
    }

    /// Shows whether this keeper liquidates.
    pub fn liquidates(&self, does: bool) {
        self.money.liquidating.set(i64::from(does));
    }

    fn observe_own(&self, tracker: &Tracker) {
        let Some(Ok(standing)) = tracker.own_standing() else { return };
        let money = &self.money;
        money.nav.set(standing.nav_usd_micro);
        money.free_margin.set(standing.free_margin_usd_micro);
        // What is sold is gone, and not what it was last.
        money.inventory.reset();
        for (instrument, value) in &standing.inventory_usd_micro {
            money.inventory.with_label_values(&[instrument]).set(*value);
        }
    }

    /// Brings the gauges up to date.
    pub fn observe(&self, tracker: &Tracker, link: &Link) {
        self.observe_own(tracker);
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
            ("unchanged", tally.unchanged),
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

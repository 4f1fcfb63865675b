//! The five charts of the report.

use super::svg::{Chart, Format, HALF, WIDE};
use super::{card, clock, escape};
use crate::format::dollars;
use crate::result::{RunResult, Sample, RATIO_NAMES};
use crate::scenario::Underlying;

fn span(run: &RunResult) -> (f64, f64) {
    (0.0, run.minutes as f64 * 60.0)
}

fn points(run: &RunResult, y: impl Fn(&Sample) -> f64) -> Vec<(f64, f64)> {
    run.samples.iter().map(|s| (s.secs as f64, y(s))).collect()
}

fn legend(entries: &[(&str, &str)]) -> String {
    let items: String = entries
        .iter()
        .map(|(colour, name)| format!("<span><i style=\"background:{colour}\"></i>{name}</span>"))
        .collect();
    format!("<div class=\"legend\">{items}</div>")
}

/// Recorded price against the price on the board.
pub fn prices(run: &RunResult) -> String {
    if run.samples.is_empty() {
        return card("Prices", "The replay ended before anything was seen.", "");
    }
    // On a cluster it is as much shorter as the recording is played faster.
    let average = if run.cluster.is_some() { "fast average" } else { "fast average (15 s)" };
    let charts: String = Underlying::ALL
        .iter()
        .map(|&underlying| {
            let content = price_chart(run, underlying);
            let colour = ["var(--sol)", "var(--btc)"][underlying.index()];
            let legend = legend(&[
                ("var(--soft)", "recorded price, &plusmn; 2 sigma of the oracle"),
                (colour, "oracle price on the board"),
                ("var(--ink)", average),
            ]);
            card(
                &format!("{}: price and oracle price", underlying.name()),
                "A liquidation needs the account under water at the oracle price and at its fast average.",
                &format!("{content}{legend}"),
            )
        })
        .collect();
    format!("<div class=\"pair\">{charts}</div>")
}

fn price_chart(run: &RunResult, underlying: Underlying) -> String {
    let i = underlying.index();
    let low = run.samples.iter().map(|s| s.venue[i].min(s.oracle[i])).fold(f64::MAX, f64::min);
    let high = run.samples.iter().map(|s| s.venue[i].max(s.oracle[i])).fold(f64::MIN, f64::max);
    let room = (high - low) * 0.08;
    let name = format!("{} price and oracle price", underlying.name());
    let mut chart = Chart::new(&name, (HALF, 300.0), span(run), (low - room, high + room), Format::Dollars);
    for (from, to) in stretches(&run.samples, |s| s.secondary[i]) {
        chart.shade(from, to, "second source");
    }
    let band: Vec<_> = run
        .samples
        .iter()
        .map(|s| (s.secs as f64, s.oracle[i] - 2.0 * s.sigma[i], s.oracle[i] + 2.0 * s.sigma[i]))
        .collect();
    chart
        .band("sigma", "two sigma", &band)
        .line("venue", &points(run, |s| s.venue[i]))
        .steps(["sol", "btc"][i], &points(run, |s| s.oracle[i]))
        .line("fast", &points(run, |s| s.fast[i]));
    chart.finish(&|x| clock(run, x))
}

/// Where a condition holds: from its first to its last sample.
fn stretches(samples: &[Sample], holds: impl Fn(&Sample) -> bool) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64)> = Vec::new();
    let mut open = false;
    for sample in samples {
        let secs = sample.secs as f64;
        match (holds(sample), open) {
            (true, false) => found.push((secs, secs)),
            (true, true) => {
                if let Some(last) = found.last_mut() {
                    last.1 = secs;
                }
            }
            _ => {}
        }
        open = holds(sample);
    }
    found
}

/// How many accounts stand where.
pub fn ratios(run: &RunResult) -> String {
    let total: u32 = run.samples.iter().map(|s| s.ratios.iter().sum()).max().unwrap_or(1);
    let total = total.max(1);
    let mut chart =
        Chart::new("Accounts by margin ratio", (WIDE, 320.0), span(run), (0.0, total as f64), Format::Count);
    for (class, name) in RATIO_NAMES.into_iter().enumerate() {
        let below = |s: &Sample, until: usize| s.ratios[..until].iter().sum::<u32>() as f64;
        let band: Vec<_> = run.samples.iter().map(|s| (s.secs as f64, below(s, class), below(s, class + 1))).collect();
        chart.band(&format!("r{class}"), name, &band);
    }
    let colours = ["var(--deep)", "var(--bad)", "#ee8a5f", "#f2c14e", "#b9d58b", "#62b58f", "#2f8f83"];
    let entries: Vec<(&str, &str)> = colours.into_iter().zip(RATIO_NAMES).collect();
    card(
        "Distribution of margin ratios over time",
        "Accounts with a requirement, by h = NAV / MMR at the oracle price. Below 1 an account may be liquidated; below 0 it is insolvent.",
        &format!("{}{}", chart.finish(&|x| clock(run, x)), legend(&entries)),
    )
}

/// Notional closed per minute.
pub fn liquidations(run: &RunResult) -> String {
    let mut minutes = vec![[0u64; 2]; run.minutes.max(1)];
    let mut counts = vec![[0u32; 2]; run.minutes.max(1)];
    for l in &run.liquidations {
        let minute = (((l.time - run.start_time) / 60).max(0) as usize).min(minutes.len() - 1);
        let regime = (l.regime != "cure") as usize;
        minutes[minute][regime] += l.notional_closed;
        counts[minute][regime] += 1;
    }
    let most = minutes.iter().map(|m| m.iter().sum::<u64>()).max().unwrap_or(0) as f64 / 1e6;
    let mut chart =
        Chart::new("Liquidations", (HALF, 280.0), span(run), (0.0, (most * 1.08).max(1.0)), Format::Dollars);
    if run.liquidations.is_empty() {
        chart.say("nobody was liquidated");
    }
    for (minute, notional) in minutes.iter().enumerate() {
        let x = (minute as f64 * 60.0 + 6.0, minute as f64 * 60.0 + 54.0);
        let mut from = 0.0;
        for (regime, name) in ["cure", "wind_down"].into_iter().enumerate() {
            let usd = notional[regime] as f64 / 1e6;
            if usd > 0.0 {
                let tip = format!("{}: {} in {} {name}", clock(run, x.0), dollars(usd), counts[minute][regime]);
                chart.bar(name, x, (from, from + usd), &tip);
                from += usd;
            }
        }
    }
    let legend = legend(&[("var(--blue)", "cure: to the target margin"), ("var(--bad)", "wind-down: too little left")]);
    card(
        "Liquidations",
        "Debt repaid and notional closed each minute.",
        &format!("{}{legend}", chart.finish(&|x| clock(run, x))),
    )
}

/// Every liquidation's penalty.
pub fn penalties(run: &RunResult) -> String {
    let most = run.liquidations.iter().map(|l| l.penalty_ppm).max().unwrap_or(0).max(1_000) as f64;
    let largest = run.liquidations.iter().map(|l| l.notional_closed).max().unwrap_or(1).max(1) as f64;
    let mut chart = Chart::new("Penalties", (HALF, 280.0), span(run), (0.0, most * 1.08), Format::Percent);
    if run.liquidations.is_empty() {
        chart.say("nobody was liquidated");
    }
    for l in &run.liquidations {
        let radius = 2.5 + 9.0 * (l.notional_closed as f64 / largest).sqrt();
        let tip = format!(
            "account {}: {} of {}, {:.2}%, h {:.3} to {:.3}",
            l.account,
            escape(&l.product),
            dollars(l.notional_closed as f64 / 1e6),
            l.penalty_ppm as f64 / 1e4,
            l.ratio_before,
            l.ratio_after
        );
        chart.dot(&l.regime, (l.time - run.start_time) as f64, l.penalty_ppm as f64, radius, &tip);
    }
    let legend = legend(&[("var(--blue)", "cure"), ("var(--bad)", "wind-down"), ("var(--soft)", "area: notional")]);
    card(
        "Penalties",
        "Penalty of every liquidation; it starts at 0.1 % and rises with time and depth under water.",
        &format!("{}{legend}", chart.finish(&|x| clock(run, x))),
    )
}

/// Insurance and socialized loss.
pub fn insurance(run: &RunResult) -> String {
    let peak = run.samples.iter().map(|s| s.insurance_usd.max(s.socialized_usd)).fold(1.0, f64::max);
    let mut chart = Chart::new("Insurance", (WIDE, 260.0), span(run), (0.0, peak * 1.08), Format::Dollars);
    let band: Vec<_> = run.samples.iter().map(|s| (s.secs as f64, 0.0, s.insurance_usd)).collect();
    chart
        .band("fundfill", "insurance", &band)
        .steps("fund", &points(run, |s| s.insurance_usd))
        .steps("loss", &points(run, |s| s.socialized_usd));
    let legend = legend(&[
        ("var(--good)", "insurance of all banks at the oracle price"),
        ("var(--bad)", "loss socialized so far"),
    ]);
    card(
        "Insurance",
        "Each bank's fund in its own mint, filled by its share of penalties and fills, drawn by bankruptcies before anyone else bears a loss.",
        &format!("{}{legend}", chart.finish(&|x| clock(run, x))),
    )
}

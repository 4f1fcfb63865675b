//! What the replay prints.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::format::{dollars, percent, usd};
use crate::result::{ClusterRun, Conservation, RunResult, Spread};

/// In place of smallest, middle and largest of nothing.
const NONE: &str = "none";

fn shares(spread: &Spread) -> String {
    if spread.max == 0 {
        return NONE.to_owned();
    }
    let [min, median, max] = [spread.min, spread.median, spread.max].map(|ppm| percent(ppm as f64));
    format!("{min} / {median} / {max} (min / median / max)")
}

fn secs(spread: &Spread) -> String {
    if spread.max == 0 {
        return NONE.to_owned();
    }
    format!("{} / {} / {} s (min / median / max)", spread.min, spread.median, spread.max)
}

/// The figures by name.
pub fn figures(run: &RunResult) -> Vec<(String, String)> {
    let f = &run.figures;
    let mut rows = vec![
        ("accounts (with debts or positions)", format!("{} ({})", run.accounts, f.accounts_at_risk)),
        ("accounts under water at some time", f.accounts_under_water.to_string()),
        (
            "accounts liquidated",
            format!("{} ({} partially, {} fully)", f.accounts_liquidated, f.accounts_partially, f.accounts_fully),
        ),
        ("liquidations", format!("{} ({} cure, {} wind-down)", run.liquidations.len(), f.cures, f.wind_downs)),
        ("debt repaid and notional closed", dollars(f.closed_usd)),
        ("penalty per dollar repaid", percent(f.penalty_per_dollar_ppm)),
        ("share of an account closed", shares(&f.share_closed_ppm)),
        ("time under water", secs(&f.under_water_secs)),
    ];
    rows.extend(losses(run));
    rows.extend(
        f.as_planned.map(|came_true| {
            ("plans that came true to the atom", format!("{came_true} of {}", run.liquidations.len()))
        }),
    );
    rows.push(("conservation", conservation(&run.conservation)));
    rows.extend(run.cluster.iter().flat_map(on_cluster));
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Insurance, bankruptcies, and what others bore.
fn losses(run: &RunResult) -> [(&'static str, String); 5] {
    let paid: u64 = run.bankruptcies.iter().map(|b| b.insurance_paid).sum();
    let deficits: u64 = run.bankruptcies.iter().map(|b| b.deficit).sum();
    [
        ("insurance before", usd(run.insurance.before)),
        ("insurance paid in / paid out", format!("{} / {}", usd(run.insurance.fees), usd(run.insurance.debits))),
        ("insurance after (lowest)", format!("{} ({})", usd(run.insurance.after), usd(run.insurance.lowest))),
        (
            "bankruptcies",
            format!("{} (insurance paid {}, deficits {})", run.bankruptcies.len(), usd(paid), usd(deficits)),
        ),
        ("loss socialized", usd(run.socialized_atoms)),
    ]
}

fn conservation(found: &Conservation) -> String {
    if found.checks == 0 {
        return "not checked".to_owned();
    }
    format!(
        "{} ({} comparisons, largest error {} atoms, roundings kept by a vault at most {} atoms)",
        if found.ok { "exact" } else { "BROKEN" },
        found.checks,
        found.max_error_atoms,
        found.max_rounding_kept_atoms
    )
}

/// How a replay on a cluster went.
fn on_cluster(cluster: &ClusterRun) -> Vec<(&'static str, String)> {
    let retries: u64 = cluster.retries.values().sum();
    vec![
        (
            "recording played",
            format!("{} s of it in {:.0} s, engine {}", cluster.recorded_secs, cluster.played_secs, cluster.engine),
        ),
        ("looks at the engine", format!("{}; recorded time between two: {}", cluster.looks, secs(&cluster.look_secs))),
        ("rounds of prices posted / failed", format!("{} / {}", cluster.rounds_posted, cluster.rounds_failed)),
        (
            "connections lost / calls made again",
            format!("{} / {retries}{}", cluster.connections_lost, by_reason(&cluster.retries)),
        ),
        (
            "transactions signed",
            format!("{} (compute units unknown of {})", cluster.transactions_signed, cluster.unmeasured),
        ),
        (
            "spent, rent included",
            cluster.spent_lamports.map_or("unknown".to_owned(), |spent| format!("{:.4} SOL", spent as f64 / 1e9)),
        ),
    ]
}

/// ` (reason 3, other 1)`; nothing of nothing.
fn by_reason(counts: &BTreeMap<String, u64>) -> String {
    let each: Vec<String> = counts.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    if each.is_empty() {
        String::new()
    } else {
        format!(" ({})", each.join(", "))
    }
}

/// What was replayed and how fast, in one line.
pub fn circumstances(run: &RunResult) -> String {
    match &run.cluster {
        None => format!("seed {}, {} minutes, a price every {} s", run.seed, run.minutes, run.step_secs),
        Some(cluster) => {
            let (seed, minutes, speed, name) = (run.seed, run.minutes, cluster.speed, &cluster.name);
            let ended = cluster.ended_early.as_ref().map_or(String::new(), |why| format!("; ended early: {why}"));
            format!("seed {seed}, {minutes} minutes at {speed} times their speed on {name}{ended}")
        }
    }
}

/// The whole table.
pub fn render(run: &RunResult) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\n{}: {}", run.scenario, run.summary);
    let _ = writeln!(out, "{}\n", circumstances(run));
    for (name, value) in figures(run) {
        let _ = writeln!(out, "  {name:<36} {value}");
    }
    transactions(run, &mut out);
    for (heading, counts) in [
        ("liquidators who came too late and changed nothing, by reason", &run.no_ops),
        ("refused transactions, by reason", &run.refusals),
    ] {
        if !counts.is_empty() {
            let _ = writeln!(out, "\n  {heading}");
        }
        for (reason, count) in counts {
            let _ = writeln!(out, "  {count:>7}  {reason}");
        }
    }
    if !run.left_out.is_empty() {
        let _ = writeln!(out, "\n  not known in a replay of this kind, and left out of the JSON");
    }
    for (name, reason) in &run.left_out {
        let _ = writeln!(out, "  {name}: {reason}");
    }
    for failure in &run.conservation.failures {
        let _ = writeln!(out, "\n  conservation: {failure}");
    }
    out
}

fn transactions(run: &RunResult, out: &mut String) {
    let _ = writeln!(
        out,
        "\n  {:<28} {:>7} {:>8} {:>9} {:>9} {:>9} {:>12} {:>9}",
        "transaction", "sent", "refused", "CU min", "median", "max", "bytes", "accounts"
    );
    for (name, footprint) in &run.transactions {
        let units = |of: fn(&Spread) -> u64| run.compute_units.get(name).map_or("-".to_owned(), |s| of(s).to_string());
        let range = |known: Option<Spread>| match known {
            None => "-".to_owned(),
            Some(s) if s.min == s.max => s.min.to_string(),
            Some(s) => format!("{}-{}", s.min, s.max),
        };
        let _ = writeln!(
            out,
            "  {name:<28} {:>7} {:>8} {:>9} {:>9} {:>9} {:>12} {:>9}",
            footprint.count,
            footprint.refused,
            units(|s| s.min),
            units(|s| s.median),
            units(|s| s.max),
            range(footprint.bytes),
            range(footprint.accounts)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_cannot_know_is_named_and_not_shown_as_zero() {
        let in_process = RunResult {
            figures: crate::result::Figures { as_planned: Some(0), ..Default::default() },
            ..RunResult::default()
        };
        assert!(render(&in_process).contains("plans that came true to the atom"));
        let live = RunResult {
            cluster: Some(ClusterRun { ended_early: Some("stopped".to_owned()), ..ClusterRun::default() }),
            left_out: [("figures.as_planned".to_owned(), "prices move".to_owned())].into(),
            ..RunResult::default()
        };
        let table = render(&live);
        assert!(
            !table.contains("plans that came true to the atom") && table.contains("figures.as_planned: prices move")
        );
        assert!(table.contains("not checked") && table.contains("ended early: stopped"));
    }
}

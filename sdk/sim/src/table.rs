//! What the replay prints.

use std::fmt::Write;

use crate::report::dollars;
use crate::result::{RunResult, Spread};

fn usd(atoms: u64) -> String {
    format!("${:.2}", atoms as f64 / 1e6)
}

fn percent(ppm: f64) -> String {
    format!("{:.2} %", ppm / 1e4)
}

fn secs(spread: &Spread) -> String {
    format!("{} / {} / {} s (min / median / max)", spread.min, spread.median, spread.max)
}

/// The figures by name.
pub fn figures(run: &RunResult) -> Vec<(String, String)> {
    let f = &run.figures;
    let share = &f.share_closed_ppm;
    let paid: u64 = run.bankruptcies.iter().map(|b| b.insurance_paid).sum();
    let deficits: u64 = run.bankruptcies.iter().map(|b| b.deficit).sum();
    let rows = [
        ("accounts (with debts or positions)", format!("{} ({})", run.accounts, f.accounts_at_risk)),
        ("accounts under water at some time", f.accounts_under_water.to_string()),
        (
            "accounts liquidated",
            format!("{} ({} partially, {} fully)", f.accounts_liquidated, f.accounts_partially, f.accounts_fully),
        ),
        ("liquidations", format!("{} ({} cure, {} wind-down)", run.liquidations.len(), f.cures, f.wind_downs)),
        ("debt repaid and notional closed", dollars(f.closed_usd)),
        ("penalty per dollar repaid", percent(f.penalty_per_dollar_ppm)),
        (
            "share of an account closed",
            format!(
                "{} / {} / {} (min / median / max)",
                percent(share.min as f64),
                percent(share.median as f64),
                percent(share.max as f64)
            ),
        ),
        ("time under water", secs(&f.under_water_secs)),
        ("insurance before", usd(run.insurance.before)),
        ("insurance paid in / paid out", format!("{} / {}", usd(run.insurance.fees), usd(run.insurance.debits))),
        ("insurance after (lowest)", format!("{} ({})", usd(run.insurance.after), usd(run.insurance.lowest))),
        (
            "bankruptcies",
            format!("{} (insurance paid {}, deficits {})", run.bankruptcies.len(), usd(paid), usd(deficits)),
        ),
        ("loss socialised", usd(run.socialized_atoms)),
        ("plans that came true to the atom", format!("{} of {}", f.as_planned, run.liquidations.len())),
        (
            "conservation",
            format!(
                "{} ({} comparisons, largest error {} atoms, roundings kept by a vault at most {} atoms)",
                if run.conservation.ok { "exact" } else { "BROKEN" },
                run.conservation.checks,
                run.conservation.max_error_atoms,
                run.conservation.max_rounding_kept_atoms
            ),
        ),
    ];
    rows.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The whole table.
pub fn render(run: &RunResult) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\n{}: {}", run.scenario, run.summary);
    let _ = writeln!(out, "seed {}, {} minutes, a price every {} s\n", run.seed, run.minutes, run.step_secs);
    for (name, value) in figures(run) {
        let _ = writeln!(out, "  {name:<36} {value}");
    }
    let _ = writeln!(
        out,
        "\n  {:<28} {:>7} {:>8} {:>9} {:>9} {:>9} {:>12} {:>9}",
        "transaction", "sent", "refused", "CU min", "median", "max", "bytes", "accounts"
    );
    for (name, footprint) in &run.transactions {
        let units = run.compute_units.get(name).copied().unwrap_or_default();
        let range = |s: &Spread| if s.min == s.max { s.min.to_string() } else { format!("{}-{}", s.min, s.max) };
        let _ = writeln!(
            out,
            "  {name:<28} {:>7} {:>8} {:>9} {:>9} {:>9} {:>12} {:>9}",
            footprint.count,
            footprint.refused,
            units.min,
            units.median,
            units.max,
            range(&footprint.bytes),
            range(&footprint.accounts)
        );
    }
    if !run.refusals.is_empty() {
        let _ = writeln!(out, "\n  refused transactions, by reason");
        for (reason, count) in &run.refusals {
            let _ = writeln!(out, "  {count:>7}  {reason}");
        }
    }
    for failure in &run.conservation.failures {
        let _ = writeln!(out, "\n  conservation: {failure}");
    }
    out
}

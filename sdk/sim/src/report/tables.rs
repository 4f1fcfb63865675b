//! The tables of the report.

use std::collections::BTreeMap;

use super::{card, clock, escape};
use crate::format::{dollars, grouped};
use crate::result::{FeedResult, RunResult, Spread};

/// In place of what is not known.
const NONE: &str = "&ndash;";

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = head.iter().map(|h| format!("<th>{h}</th>")).collect();
    let row = |cells: &Vec<String>| -> String {
        let cells: String = cells.iter().map(|c| format!("<td>{c}</td>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.iter().map(row).collect();
    format!("<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
}

/// The figures of the terminal's table.
pub fn outcome(run: &RunResult) -> String {
    let rows: Vec<Vec<String>> =
        crate::table::figures(run).into_iter().map(|(name, value)| vec![escape(&name), escape(&value)]).collect();
    card("Outcome", "The figures of the terminal; all of them are in the JSON.", &table(&["Figure", "Value"], &rows))
}

/// Accounts that could not pay.
pub fn bankruptcies(run: &RunResult) -> String {
    if run.bankruptcies.is_empty() {
        return card("Bankruptcies", "None: every liquidated account stayed solvent.", "");
    }
    let usd = |micro: u64| dollars(micro as f64 / 1e6);
    let rows: Vec<Vec<String>> = run
        .bankruptcies
        .iter()
        .map(|b| {
            vec![
                b.account.to_string(),
                clock(run, (b.time - run.start_time) as f64),
                b.resolved_at.map_or("open".to_owned(), |at| format!("{} s", at - b.time)),
                dollars(b.nav as f64 / 1e6),
                usd(b.insurance_paid),
                usd(b.socialized_by_depositors),
                usd(b.socialized_by_positions),
                usd(b.deficit),
                b.calls.to_string(),
            ]
        })
        .collect();
    let head =
        ["Account", "Began", "Took", "NAV", "Insurance paid", "Depositors", "Opposite positions", "Deficit", "Calls"];
    card("Bankruptcies", "Insurance first, in whole atoms; only the remainder is socialized.", &table(&head, &rows))
}

/// What the liquidators made of it.
pub fn liquidators(run: &RunResult) -> String {
    let rows: Vec<Vec<String>> = run
        .liquidators
        .iter()
        .enumerate()
        .map(|(i, l)| {
            vec![
                format!("liquidator {}", i + 1),
                dollars(l.capital_usd),
                grouped(l.won),
                grouped(l.lost),
                dollars(l.penalties_usd),
                dollars(l.costs_usd),
                dollars(l.profit_usd),
            ]
        })
        .collect();
    let head = ["", "Capital", "Won", "Races lost", "Penalties", "Cost of selling", "Change of NAV"];
    let live = if run.cluster.is_some() {
        " What prices moved between a liquidation, its hedge and the closing of both is in the change of NAV."
    } else {
        ""
    };
    let sentence = format!("They compete with limited capital, pay spread and impact, and decide with the crate that the program itself runs.{live}");
    card("Liquidators", &sentence, &table(&head, &rows))
}

/// What every instruction costs.
pub fn transactions(run: &RunResult) -> String {
    let rows: Vec<Vec<String>> = run
        .transactions
        .iter()
        .map(|(name, footprint)| {
            let units =
                |of: fn(&Spread) -> u64| run.compute_units.get(name).map_or(NONE.to_owned(), |s| grouped(of(s)));
            let range = |known: Option<Spread>| match known {
                None => NONE.to_owned(),
                Some(s) if s.min == s.max => grouped(s.min),
                Some(s) => format!("{} to {}", s.min, s.max),
            };
            vec![
                format!("<code>{}</code>", escape(name)),
                grouped(footprint.count),
                grouped(footprint.refused),
                units(|s| s.min),
                units(|s| s.median),
                units(|s| s.max),
                range(footprint.bytes),
                range(footprint.accounts),
            ]
        })
        .collect();
    let head = ["Instruction", "Sent", "Refused", "CU min", "CU median", "CU max", "Bytes", "Accounts"];
    card(
        "Transactions",
        "Compute units of the whole transaction on sBPF; bytes and distinct accounts with signatures and compute budget included.",
        &table(&head, &rows),
    )
}

/// Who came too late, what was refused, and what this kind of replay cannot know.
pub fn reasons(run: &RunResult) -> String {
    let counted = |counts: &BTreeMap<String, u64>, what: &str| -> Vec<Vec<String>> {
        counts.iter().map(|(reason, count)| vec![escape(reason), what.to_owned(), grouped(*count)]).collect()
    };
    let rows = [counted(&run.no_ops, "too late, changed nothing"), counted(&run.refusals, "refused")].concat();
    let content =
        if rows.is_empty() { String::new() } else { table(&["Instruction and reason", "Outcome", "Count"], &rows) };
    let reasons = card(
        "Lost races and refusals",
        if rows.is_empty() {
            "None: every transaction did what it was sent for."
        } else {
            "A liquidator asks not to fail where another was faster; everything else that the program refuses fails and changes nothing."
        },
        &content,
    );
    if run.left_out.is_empty() {
        return reasons;
    }
    let rows: Vec<Vec<String>> = run
        .left_out
        .iter()
        .map(|(name, reason)| vec![format!("<code>{}</code>", escape(name)), escape(reason)])
        .collect();
    let unknown = card(
        "Not known on a cluster",
        "Fields of the JSON that a replay in process has and this one leaves out.",
        &table(&["Field", "Why"], &rows),
    );
    format!("{reasons}{unknown}")
}

/// How the feeds behaved.
pub fn feeds(run: &RunResult) -> String {
    // A column that no feed knows is left out.
    let columns: [(&str, fn(&FeedResult) -> Option<String>); 9] = [
        ("Primary posted", |f| Some(f.primary_posted.to_string())),
        ("Late", |f| Some(f.late?.to_string())),
        ("Overtaken", |f| Some(f.overtaken?.to_string())),
        ("Missing", |f| Some(f.missing?.to_string())),
        ("Second posted", |f| Some(f.secondary_posted?.to_string())),
        ("Second used", |f| Some(f.secondary_used?.to_string())),
        ("Unchanged", |f| Some(f.unchanged?.to_string())),
        ("Refused", |f| Some(f.refused.to_string())),
        ("Oldest held", |f| Some(format!("{} s", f.oldest_secs))),
    ];
    let known: Vec<_> = columns.iter().filter(|(_, value)| run.feeds.iter().any(|f| value(f).is_some())).collect();
    let row = |f: &FeedResult| -> Vec<String> {
        let values = known.iter().map(|(_, value)| value(f).unwrap_or(NONE.to_owned()));
        std::iter::once(escape(&f.underlying)).chain(values).collect()
    };
    let rows: Vec<Vec<String>> = run.feeds.iter().map(row).collect();
    let head: Vec<&str> = std::iter::once("Feed").chain(known.iter().map(|(name, _)| *name)).collect();
    let sentence = if run.cluster.is_some() {
        "Posted through <code>mock-oracle</code> as of the cluster's present second; one source."
    } else {
        "Pyth first, Switchboard second: the second source counts only once the first has been silent for 30 s."
    };
    card("Feeds", sentence, &table(&head, &rows))
}

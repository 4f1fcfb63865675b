//! The tables of the report.

use super::{card, clock, dollars, escape};
use crate::result::RunResult;

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = head.iter().map(|h| format!("<th>{h}</th>")).collect();
    let row = |cells: &Vec<String>| -> String {
        let cells: String = cells.iter().map(|c| format!("<td>{c}</td>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.iter().map(row).collect();
    format!("<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
}

/// A whole number with thousands separated.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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
                usd(b.socialised_by_depositors),
                usd(b.socialised_by_positions),
                usd(b.deficit),
                b.calls.to_string(),
            ]
        })
        .collect();
    let head =
        ["Account", "Began", "Took", "NAV", "Insurance paid", "Depositors", "Opposite positions", "Deficit", "Calls"];
    card("Bankruptcies", "Insurance first, in whole atoms; only the remainder is socialised.", &table(&head, &rows))
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
    card(
        "Liquidators",
        "They compete with limited capital, pay spread and impact, and decide with the crate that the program itself runs.",
        &table(&head, &rows),
    )
}

/// What every instruction costs.
pub fn transactions(run: &RunResult) -> String {
    let rows: Vec<Vec<String>> = run
        .transactions
        .iter()
        .map(|(name, footprint)| {
            let units = run.compute_units.get(name).copied().unwrap_or_default();
            vec![
                format!("<code>{}</code>", escape(name)),
                grouped(footprint.count),
                grouped(footprint.refused),
                grouped(units.min),
                grouped(units.median),
                grouped(units.max),
                format!("{} to {}", footprint.bytes.min, footprint.bytes.max),
                format!("{} to {}", footprint.accounts.min, footprint.accounts.max),
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

/// How the feeds behaved.
pub fn feeds(run: &RunResult) -> String {
    let rows: Vec<Vec<String>> = run
        .feeds
        .iter()
        .map(|f| {
            vec![
                escape(&f.underlying),
                f.primary_posted.to_string(),
                f.late.to_string(),
                f.overtaken.to_string(),
                f.missing.to_string(),
                f.secondary_posted.to_string(),
                f.secondary_used.to_string(),
                f.refused.to_string(),
                format!("{} s", f.oldest_secs),
            ]
        })
        .collect();
    let head = [
        "Feed",
        "Primary posted",
        "Late",
        "Overtaken",
        "Missing",
        "Second posted",
        "Second used",
        "Refused",
        "Oldest held",
    ];
    card(
        "Feeds",
        "Pyth first, Switchboard second: the second source counts only once the first has been silent for 30 s.",
        &table(&head, &rows),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_separated() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"].map(String::from),
            [0, 999, 1_000, 1_234_567].map(super::grouped)
        );
    }
}

//! A self-contained HTML page about one replay.

mod charts;
mod svg;
mod tables;

use crate::format::dollars;
use crate::result::RunResult;

const STYLE: &str = include_str!("style.css");

/// The page. The same result gives the same bytes.
pub fn html(run: &RunResult) -> String {
    let sections = [
        headline(run),
        charts::prices(run),
        charts::ratios(run),
        format!("<div class=\"pair\">{}{}</div>", charts::liquidations(run), charts::penalties(run)),
        charts::insurance(run),
        tables::outcome(run),
        tables::bankruptcies(run),
        tables::liquidators(run),
        tables::transactions(run),
        tables::reasons(run),
        tables::feeds(run),
    ];
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Plimsoll replay: {}</title><style>{STYLE}</style></head><body><main>{}{}</main></body></html>\n",
        escape(&run.scenario),
        sections.concat(),
        footer(run),
    )
}

/// Text that may stand in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `HH:MM` of a second of the replay.
fn clock(run: &RunResult, secs: f64) -> String {
    let of_day = (run.start_time + secs as i64).rem_euclid(86_400);
    format!("{:02}:{:02}", of_day / 3_600, of_day % 3_600 / 60)
}

/// A card with a heading, one sentence and its content.
fn card(heading: &str, sentence: &str, content: &str) -> String {
    format!("<section class=\"card\"><h2>{heading}</h2><p>{sentence}</p>{content}</section>")
}

fn headline(run: &RunResult) -> String {
    let figures = &run.figures;
    let kpi = |class: &str, value: String, name: &str| {
        format!("<div class=\"kpi {class}\"><b>{value}</b><span>{name}</span></div>")
    };
    let socialized = run.socialized_atoms as f64 / 1e6;
    let conserved = match (run.conservation.checks, run.conservation.ok) {
        (0, _) => ("bad", "not checked"),
        (_, true) => ("good", "exact"),
        (_, false) => ("bad", "broken"),
    };
    let (when, place) = match &run.cluster {
        None => ("conservation, to the atom, every minute", "an in-process chain".to_owned()),
        Some(cluster) => {
            ("conservation, to the atom, before and after", format!("the cluster {}", escape(&cluster.name)))
        }
    };
    let kpis = [
        kpi(
            "",
            format!("{} / {}", figures.accounts_liquidated, figures.accounts_at_risk),
            "accounts liquidated, of those at risk",
        ),
        kpi("", format!("{} + {}", figures.accounts_partially, figures.accounts_fully), "partially + fully closed"),
        kpi("", dollars(figures.closed_usd), "debt repaid and notional closed"),
        kpi("", format!("{:.2}%", figures.penalty_per_dollar_ppm / 1e4), "penalty per dollar closed"),
        kpi(
            "",
            format!("{:.0}%", figures.share_closed_ppm.median as f64 / 1e4),
            "of a liquidated account closed (median)",
        ),
        kpi(if socialized > 0.0 { "bad" } else { "good" }, dollars(socialized), "loss socialized"),
        kpi(conserved.0, conserved.1.to_owned(), when),
    ];
    format!(
        "<header><div><h1>Replay of a crash: {}</h1><p>{}. {} margin accounts, {} liquidators, real program on {}.</p></div><div class=\"stamp\">scenario <code>{}</code><br>{}</div></header><div class=\"kpis\">{}</div>",
        escape(&run.scenario),
        escape(&run.summary),
        run.accounts,
        run.liquidators.len(),
        place,
        escape(&run.scenario),
        escape(&crate::table::circumstances(run)),
        kpis.concat(),
    )
}

fn footer(run: &RunResult) -> String {
    let sources: Vec<String> =
        run.feeds.iter().map(|feed| format!("{}: {}", escape(&feed.underlying), escape(&feed.source))).collect();
    let kind = if run.cluster.is_some() {
        "What is real: the cluster, the deployed program, its accounts, every transaction, who came first, and the time it took; clocks of the engine are shortened as the recording is. What is a model: the accounts' holders and the liquidators' costs (depth and impact). Two replays on a cluster differ."
    } else {
        "What is real: the deployed program, its accounts, every instruction and compute unit. What is a model: the accounts' holders, the liquidators' costs (depth and impact) and the timing of the feeds. Accounts and feeds follow from the seed; the same seed gives the same page."
    };
    format!("<footer>Prices: {}. {kind}</footer>", sources.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{FeedResult, Liquidation, Sample};

    #[test]
    fn the_page_needs_nothing_from_outside_and_shows_what_happened() {
        let liquidation = Liquidation {
            time: 60,
            account: 7,
            liquidator: 0,
            product: "SOL/USDC".to_owned(),
            regime: "cure".to_owned(),
            ratio_before: 0.9,
            ratio_after: 1.1,
            notional_closed: 5_000_000,
            penalty_ppm: 4_000,
            penalty: 20_000,
            liquidator_gain: 15_000,
            insurance_fee: 5_000,
            expected_cost: 1_000,
            compute_units: Some(30_000),
            as_planned: Some(true),
        };
        let run = RunResult {
            scenario: "a <crash>".to_owned(),
            minutes: 2,
            liquidations: vec![liquidation],
            samples: vec![Sample::default(), Sample { secs: 120, ..Sample::default() }],
            feeds: vec![FeedResult::default(), FeedResult::default()],
            ..RunResult::default()
        };
        let page = html(&run);
        for outside in ["http:", "https:", "<script", "<link", "<img", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("a &lt;crash&gt;") && page.contains("account 7: SOL/USDC of $5.00, 0.40%"));
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert_eq!(html(&run), page);
    }
}

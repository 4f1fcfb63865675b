//! Why a goal is missed. A row that meets its goal shows none of it.

use super::row::Row;

/// One reason: the row's operation and case (an empty case stands for all of them), and what it is.
const REASONS: [(&str, &str, &str); 6] = [
    ("check_margin", "", ENTRY),
    ("check_margin_cpi", "", ENTRY),
    ("liquidate_collateral", "per block, one quote bank", "follows from the compute units of the liquidation"),
    ("liquidate_collateral", "", LIQUIDATION),
    ("liquidate_position", "", LIQUIDATION),
    ("program_file", "", "Anchor's account parsing, once for each of the instructions"),
];

const ENTRY: &str =
    "entry, accounts and clock take about 900 of the base; loading a leg with all its prices takes 250 and \
                     valuing it 90 a view, much of it loads and stores of a table too large for registers";
const LIQUIDATION: &str =
    "five margins (two prices, plain and at the edge, and after) take 9,000 of 8 + 4, loading both accounts 5,100, \
                           divisions of the size 3,500, the event 1,900";

/// The reason for a row; empty where nobody has found one.
pub fn why(row: &Row) -> &'static str {
    let of_row = |(operation, case, _): &&(&str, &str, &str)| {
        *operation == row.operation && (case.is_empty() || *case == row.case)
    };
    REASONS.iter().find(of_row).map_or("", |(_, _, why)| *why)
}

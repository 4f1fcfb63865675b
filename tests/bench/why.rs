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

const ENTRY: &str = "Anchor's entry, which the bare prototype did not have; 64-bit products are calls of 42 units";
const LIQUIDATION: &str =
    "both accounts are loaded through Anchor and the four margins (two prices, plain and at the edge) \
                           valued leg by leg before the after-check; 64-bit products are calls of 42 units";

/// The reason for a row; empty where nobody has found one.
pub fn why(row: &Row) -> &'static str {
    let of_row = |(operation, case, _): &&(&str, &str, &str)| {
        *operation == row.operation && (case.is_empty() || *case == row.case)
    };
    REASONS.iter().find(of_row).map_or("", |(_, _, why)| *why)
}

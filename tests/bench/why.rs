//! Why a goal is missed. A row that meets its goal shows none of it.

use super::row::Row;

/// One reason: the row's operation and case (an empty case stands for all of them), and what it is.
const REASONS: [(&str, &str, &str); 0] = [];

/// The reason for a row; empty where nobody has found one.
pub fn why(row: &Row) -> &'static str {
    let of_row = |(operation, case, _): &&(&str, &str, &str)| {
        *operation == row.operation && (case.is_empty() || *case == row.case)
    };
    REASONS.iter().find(of_row).map_or("", |(_, _, why)| *why)
}

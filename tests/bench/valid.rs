//! Instructions that no other file measures: their valid calls, from which attacks are made too.

use plimsoll_tests::valid::{calls, Stage};

use super::measure::measure as run;
use super::row::Row;

/// Adds the rows of these instructions.
pub fn measure(missing: &[&'static str], rows: &mut Vec<Row>) {
    if missing.is_empty() {
        return;
    }
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    for call in calls.iter().filter(|call| missing.contains(&call.name)) {
        rows.push(Row::new(call.name, call.case, &run(&stage.world, &payer, &call.ix, &call.title())));
    }
}

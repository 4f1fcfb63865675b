//! Instructions that no other file measures: their valid calls in the tables of attacks.

#[allow(dead_code, reason = "the attacks use all of it")]
#[path = "../adversarial/calls.rs"]
mod calls;
#[allow(dead_code, reason = "the attacks use all of it")]
#[path = "../adversarial/mutation.rs"]
mod mutation;
#[allow(dead_code, reason = "the attacks use all of it")]
#[path = "../adversarial/program.rs"]
mod program;
#[allow(dead_code, reason = "the attacks use all of it")]
#[path = "../adversarial/stage.rs"]
mod stage;

use super::measure::measure as run;
use super::row::Row;

/// Adds the rows of these instructions.
pub fn measure(missing: &[&'static str], rows: &mut Vec<Row>) {
    if missing.is_empty() {
        return;
    }
    let mut stage = stage::Stage::new();
    let calls = calls::calls(&mut stage);
    let payer = stage.world.party("fees");
    for call in calls.iter().filter(|call| missing.contains(&call.name)) {
        rows.push(Row::new(call.name, call.case, &run(&stage.world, &payer, &call.ix, &call.title())));
    }
}

//! `refresh_price`: every path that takes a new price.

use plimsoll_tests::Tick;

use super::measure::measure as run;
use super::row::Row;
use super::stage::Stage;

const GOAL_PER_FEED: u64 = 12_000;
/// Of Pyth, with a sample of the variance.
const PYTH_GOALS: [(usize, u64); 2] = [(1, 5_500), (4, 18_500)];
/// Longer than the variance's sampling interval, so that the refresh takes a sample too.
const SAMPLE_GAP_SECS: i64 = 31;
/// Longer than the primary may be silent before the secondary counts.
const SILENCE_SECS: i64 = 40;

/// Adds the rows.
pub fn measure(stage: &Stage, rows: &mut Vec<Row>) {
    let mut stage = stage.clone();
    let authority = stage.world.authority;
    stage.world.advance(SAMPLE_GAP_SECS);
    let feeds = [1, 2, 3, 4];
    for slot in feeds {
        post(&mut stage, slot, 0);
    }
    for (case, (count, goal)) in ["Pyth, one feed", "Pyth, four feeds"].into_iter().zip(PYTH_GOALS) {
        let refresh = stage.world.refresh_instruction(&feeds[..count], false);
        let row = Row::new("refresh_price", case, &run(&stage.world, &authority, &refresh, case));
        rows.push(row.at_most(goal));
    }
    post(&mut stage, 1, 1);
    let pair = stage.world.refresh_instruction(&[1], true);
    let row =
        Row::new("refresh_price", "Pyth valid, Switchboard passed too", &run(&stage.world, &authority, &pair, "pair"));
    rows.push(row.at_most(GOAL_PER_FEED));

    stage.world.refresh(&feeds).unwrap_or_else(|failure| panic!("refresh_price: {failure}"));
    let again = stage.world.refresh_instruction(&[1], false);
    rows.push(
        Row::new("refresh_price", "Pyth, nothing newer", &run(&stage.world, &authority, &again, "again"))
            .at_most(GOAL_PER_FEED),
    );
    stage.world.advance(SILENCE_SECS);
    post(&mut stage, 1, 1);
    let row =
        Row::new("refresh_price", "Pyth silent, Switchboard taken", &run(&stage.world, &authority, &pair, "secondary"));
    rows.push(row.at_most(GOAL_PER_FEED));
}

/// Posts a price that moved a little, from the primary (0) or the secondary (1).
fn post(stage: &mut Stage, slot: u8, source: u8) {
    let last = stage.world.feeds[slot as usize].last.expect("a price was posted");
    let tick = Tick { price_e8: last.price_e8 + last.price_e8 / 500, published_at: stage.world.now(), ..last };
    match source {
        0 => stage.world.post_primary(slot, tick),
        _ => stage.world.post_secondary(slot, tick),
    }
}

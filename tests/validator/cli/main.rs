//! Everything that `plimsoll` offers, typed as a person types it: an engine from its file to its hand-over, on surfpool.
//! Skipped, with the reason, where Node.js or its addon is not there.

mod answers;
mod authority;
mod beginning;
mod fall;
mod faults;
mod figures;
mod history;
mod local;
mod money;
mod standby;
mod terminal;
mod trades;
mod watching;
mod world;

use std::time::Instant;

use plimsoll_validator_tests::surfnet::addon_or_reason;

use world::CliWorld;

#[tokio::test(flavor = "multi_thread")]
async fn everything_the_command_line_offers_is_typed_once_and_does_what_it_says() {
    let Some(addon) = addon_or_reason().await else { return };
    let began = Instant::now();
    let mut world = CliWorld::create(&addon).await.unwrap_or_else(|error| panic!("{error:#}"));
    macro_rules! tell {
        ($($part:ident),+ $(,)?) => {$(
            world.$part().await.unwrap_or_else(|error| panic!("{}: {error:#}", stringify!($part)));
            println!("  {:<52} {:>6.1} s", stringify!($part).replace('_', " "), began.elapsed().as_secs_f64());
        )+};
    }
    tell!(
        nothing_works_without_a_program,
        the_wrong_cluster_is_refused,
        a_file_that_is_wrong_is_named,
        who_has_no_lamports_is_told,
        an_engine_is_created_and_configured,
        a_venue_is_set_up,
        accounts_are_opened,
        tokens_go_in_and_out,
        prices_come_from_every_kind_of_source,
        a_local_engines_file_says_what_is_not_typed,
        trades_are_filled_on_the_venue_and_beside_it,
        an_account_is_inspected,
        a_fall_is_simulated,
        a_price_falls_before_everybodys_eyes,
        an_account_is_liquidated_by_hand,
        a_keeper_does_the_rest,
        insurance_and_fees_are_moved,
        the_engine_is_paused_and_handed_over,
        accounts_are_emptied_and_closed,
        what_happened_is_read_back,
        what_happens_is_followed,
        changes_of_a_launched_engine_wait,
        shells_can_complete,
    );
    let commands = world.tool.everything_was_typed().await.unwrap_or_else(|error| panic!("{error:#}"));
    let answers = world.answers.all_were_seen().unwrap_or_else(|error| panic!("{error:#}"));
    println!("{commands} commands, all typed; {answers} kinds of JSON, all as the schema says");
}

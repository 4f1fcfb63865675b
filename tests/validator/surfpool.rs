//! The story on surfpool; skipped, with the reason, where Node.js or surfpool's addon is not there.

use plimsoll_validator_tests::keeper;
use plimsoll_validator_tests::story::tell;
use plimsoll_validator_tests::surfnet::{find_addon, Surfnet};
use plimsoll_validator_tests::validator::{programs, Validator as _};

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_sees_an_engine_on_surfpool_through_three_falls_and_lost_connections() {
    let addon = match find_addon().await {
        Ok(addon) => addon,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let keeper = keeper::binary().await.unwrap();
    let mut surfnet = Surfnet::start(&addon, &programs().unwrap()).await.unwrap();
    let report = tell(&mut surfnet, &keeper).await.unwrap_or_else(|error| panic!("{error:#}"));
    println!("{}\n{report}", surfnet.name());
}

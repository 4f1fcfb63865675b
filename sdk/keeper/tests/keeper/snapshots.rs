//! Snapshots: compressed where the node can, in other ways where it refuses, and none that fails takes anything away.

use std::sync::Arc;

use plimsoll_keeper::config::StreamConfig;
use plimsoll_keeper::jobs::Context;
use plimsoll_keeper::state::Update;
use plimsoll_keeper::stream::snapshot::{Ended, Snapshots, Way, MOST_IN_A_LIST, MOST_IN_ONE};
use plimsoll_keeper::stream::{poll, Followed, Link};
use plimsoll_rpc::Error;
use plimsoll_sdk::pda;
use solana_account::Account;
use solana_pubkey::Pubkey;
use tokio::sync::mpsc;

use crate::stage::Stage;

struct Taking {
    stage: Stage,
    context: Arc<Context>,
    snapshots: Snapshots,
    updates: mpsc::Receiver<Update>,
    link: Arc<Link>,
}

impl Taking {
    async fn new() -> Self {
        let stage = Stage::new();
        stage.with_others(150);
        let context = stage.keeper(stage.config()).await.expect("a keeper").context();
        let ((sender, updates), link) = (mpsc::channel(1_000), Arc::new(Link::default()));
        let engine = context.tracker().shared.keys.engine;
        let snapshots = Snapshots::new(stage.node.connection(), engine, sender, link.clone());
        Self { stage, context, snapshots, updates, link }
    }

    /// Takes a snapshot into the tracker; the refusal, if any.
    async fn take(&mut self) -> Option<Error> {
        let taken = self.snapshots.take().await;
        let mut tracker = self.context.tracker();
        while let Ok(update) = self.updates.try_recv() {
            tracker.apply(update);
        }
        match taken {
            Ok(()) => None,
            Err(Ended::Failed(error)) => Some(error),
            Err(Ended::Unwanted) => panic!("the updates are taken"),
        }
    }

    /// The tracker knows every margin account as the chain has it.
    fn knows_everything(&self) -> bool {
        let tracker = self.context.tracker();
        let chain = self.stage.node.world(|world| world.svm.get_program_accounts(&pda::PROGRAM_ID));
        let accounts = chain.into_iter().filter_map(|(key, account)| {
            Some((key, plimsoll_sdk::decode::account::<plimsoll_state::MarginAccount>(&account.data)?))
        });
        let all: Vec<_> = accounts.collect();
        let same = |(key, account): &(Pubkey, plimsoll_state::MarginAccount)| {
            let held = tracker.accounts.id(key).and_then(|id| tracker.accounts.get(id));
            held.is_some_and(|held| {
                let of_chain = plimsoll_keeper::state::Tracked::of(*key, held.slot, account);
                format!("{of_chain:?}") == format!("{held:?}")
            })
        };
        tracker.has_snapshot && tracker.accounts.len() == all.len() && all.len() == 153 && all.iter().all(same)
    }
}

#[test]
fn the_way_follows_from_how_many_accounts_there_are() {
    assert_eq!((Way::of(0), Way::of(MOST_IN_ONE)), (Way::Whole, Way::Whole));
    assert_eq!((Way::of(MOST_IN_ONE + 1), Way::of(MOST_IN_A_LIST)), (Way::Listed, Way::Listed));
    assert_eq!(Way::of(1_000_000), Way::Sharded);
}

#[tokio::test]
async fn few_accounts_come_in_one_compressed_answer() {
    let mut taking = Taking::new().await;
    assert!(taking.take().await.is_none() && taking.knows_everything());
    // How many there are was asked first, of a shard without data.
    assert_eq!(taking.stage.node.calls("getProgramAccounts"), 2);
    assert!(taking.take().await.is_none());
    assert_eq!(taking.stage.node.calls("getProgramAccounts"), 3, "and only once");
}

#[tokio::test]
async fn a_node_that_does_not_know_compression_is_asked_without_and_not_again() {
    let mut taking = Taking::new().await;
    taking.stage.node.faults(|faults| faults.plain_only = true);
    assert!(taking.take().await.is_none() && taking.knows_everything());
    assert_eq!(taking.stage.node.calls("getProgramAccounts"), 3);
    assert!(taking.take().await.is_none());
    assert_eq!(taking.stage.node.calls("getProgramAccounts"), 4);
    // Nor for other accounts.
    let connection = taking.stage.node.connection();
    let before = taking.stage.node.calls("getMultipleAccounts");
    connection.accounts(&[pda::PROGRAM_ID]).await.unwrap();
    connection.accounts(&[pda::PROGRAM_ID]).await.unwrap();
    assert_eq!(taking.stage.node.calls("getMultipleAccounts"), before + 3);
}

#[tokio::test]
async fn a_node_that_limits_the_size_of_an_answer_lists_addresses_and_sends_a_hundred_at_a_time() {
    let mut taking = Taking::new().await;
    taking.stage.node.faults(|faults| faults.most_scanned_bytes = Some(2_000));
    let before = taking.stage.node.calls("getMultipleAccounts");
    assert!(taking.take().await.is_none() && taking.knows_everything());
    assert_eq!(taking.snapshots.way(), Way::Listed, "the refused way is not tried again");
    assert_eq!(taking.stage.node.calls("getMultipleAccounts") - before, 2);
}

#[tokio::test]
async fn a_node_that_takes_fewer_addresses_gets_fewer() {
    let mut taking = Taking::new().await;
    taking.stage.node.faults(|faults| (faults.most_scanned_bytes, faults.most_at_once) = (Some(0), Some(10)));
    assert!(taking.take().await.is_none() && taking.knows_everything());
}

#[tokio::test]
async fn a_node_that_limits_the_length_of_a_list_is_asked_by_shards() {
    for (most, way) in [(20_000, Way::Sharded), (0, Way::ShardedList)] {
        let mut taking = Taking::new().await;
        taking.stage.node.faults(|faults| (faults.most_scanned_bytes, faults.most_scanned) = (Some(most), Some(40)));
        assert!(taking.take().await.is_none() && taking.knows_everything(), "{way:?}");
        assert_eq!(taking.snapshots.way(), way);
        assert!(taking.stage.node.largest_scan() <= 40, "{}", taking.stage.node.largest_scan());
    }
}

#[tokio::test]
async fn a_snapshot_that_fails_in_the_middle_leaves_what_was_known_and_the_next_one_forgets_who_is_gone() {
    let mut taking = Taking::new().await;
    taking.stage.node.faults(|faults| faults.most_scanned_bytes = Some(0));
    assert!(taking.take().await.is_none() && taking.knows_everything());
    let gone = taking.stage.alice.account;
    taking.stage.node.world(|world| world.put(&gone, Account::default()));
    for requests in 0..3 {
        taking.stage.node.faults(|faults| faults.silent_after = Some(requests));
        assert!(matches!(taking.take().await, Some(Error::Unreachable(_))));
        let tracker = taking.context.tracker();
        assert!(tracker.accounts.id(&gone).is_some() && tracker.accounts.len() == 153, "after {requests} requests");
        assert_eq!(tracker.tally.snapshots, 1);
    }
    taking.stage.node.faults(|faults| faults.silent_after = None);
    assert!(taking.take().await.is_none());
    let tracker = taking.context.tracker();
    assert!(tracker.accounts.id(&gone).is_none() && tracker.accounts.len() == 152);
}

#[tokio::test]
async fn answers_that_never_come_are_made_smaller() {
    let mut taking = Taking::new().await;
    assert!(taking.take().await.is_none());
    for (fails, way) in [(1, Way::Whole), (2, Way::Listed), (3, Way::Listed), (4, Way::Sharded)] {
        taking.stage.node.faults(|faults| faults.timeouts = u32::MAX);
        assert!(taking.take().await.is_some());
        assert_eq!(taking.snapshots.way(), way, "after {fails}");
    }
    taking.stage.node.faults(|faults| faults.timeouts = 0);
    assert!(taking.take().await.is_none() && taking.knows_everything());
    assert_eq!(taking.snapshots.way(), Way::Whole, "it may have been the network");
}

#[tokio::test]
async fn a_node_that_no_longer_lists_accounts_is_asked_for_the_known_ones_and_named() {
    let mut taking = Taking::new().await;
    assert!(taking.take().await.is_none());
    taking.stage.node.faults(|faults| faults.refuses_scans = true);
    taking.stage.node.world(|world| {
        let mut account = world.margin_account(&taking.stage.alice);
        account.under_water_secs = 77;
        world.write(&taking.stage.alice.account, &account);
    });
    let error = taking.take().await.expect("it is an error").to_string();
    assert!(error.contains("getProgramAccounts") && error.contains("153 known"), "{error}");
    assert!(taking.knows_everything(), "what is known is kept right");
}

/// One account that could not be decoded ended a snapshot by list, and was forgotten by one in a single answer.
#[tokio::test]
async fn an_account_that_cannot_be_decoded_costs_no_other_and_is_not_forgotten() {
    for most_scanned_bytes in [None, Some(0)] {
        let mut taking = Taking::new().await;
        taking.stage.node.faults(|faults| faults.most_scanned_bytes = most_scanned_bytes);
        assert!(taking.take().await.is_none() && taking.knows_everything());
        let alice = taking.stage.alice.account;
        taking.stage.node.faults(|faults| faults.garbled = vec![alice]);
        taking.stage.node.world(|world| {
            let mut account = world.margin_account(&taking.stage.liquidator);
            account.under_water_secs = 77;
            world.write(&taking.stage.liquidator.account, &account);
        });
        assert!(taking.take().await.is_none() && taking.knows_everything(), "{most_scanned_bytes:?}");
        assert_eq!(taking.context.tracker().tally.unreadable["undecodable"], 1);
    }
}

#[tokio::test]
async fn a_shared_account_that_cannot_be_decoded_leaves_the_one_that_is_known() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let keys = context.tracker().shared.keys;
    stage.node.faults(|faults| faults.garbled = vec![keys.bank(1).bank]);
    let updates = plimsoll_keeper::stream::read::shared(&context.connection, &keys, (3, 2)).await.expect("the others");
    let brings =
        |key: &Pubkey| updates.iter().any(|update| matches!(update, Update::Account { key: of, .. } if of == key));
    assert!(brings(&keys.bank(0).bank) && brings(&keys.market(1)) && !brings(&keys.bank(1).bank));
}

/// Seen in the field: behind a balancer two nodes 40 slots apart answered by turns, every other reading of the clock seemed
/// to be of a chain that had lost slots and caught up, and all accounts were read 29 times a minute.
#[tokio::test(start_paused = true)]
async fn clock_readings_of_two_nodes_by_turns_make_no_more_snapshots_than_the_configuration_allows() {
    let stage = Stage::new();
    let (config, context) = (stage.config().stream, stage.context(stage.config()).await);
    let (link, (sender, mut parts)) = (Arc::new(Link::default()), mpsc::channel(1_000));
    let engine = context.tracker().shared.keys.engine;
    let followed = Followed { connection: stage.node.connection(), ws_url: String::new(), engine };
    let config = StreamConfig { poll_accounts_millis: 600_000, ..config };
    let every = config.snapshot_least_millis / 1_000;
    let snapshots = tokio::spawn(poll::snapshots(followed, config, link.clone(), sender));
    let (slot, mut asked) = (context.tracker().shared.slot + 100, 0);
    for second in 0..60 {
        let slot = if second % 2 == 0 { slot + second } else { slot + second - 40 };
        context.tracker().apply(Update::Clock { slot, unix_secs: 0 });
        if context.tracker().take_resync() {
            asked += 1;
            link.resync.notify_one();
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let mut taken = 0;
    while let Ok(update) = parts.try_recv() {
        taken += u64::from(matches!(update, Update::SnapshotEnds { .. }));
    }
    assert_eq!(asked, 29, "as often as it was seen");
    assert!((2..=1 + 60 / every).contains(&taken), "{taken} snapshots in a minute");
    snapshots.abort();
}

/// Claims that margin accounts belong to another program.
fn stolen(_: &Pubkey, account: &mut Account) {
    if account.data.len() == <plimsoll_state::MarginAccount as plimsoll_state::EngineAccount>::SPACE {
        account.owner = Pubkey::new_from_array([3; 32]);
    }
}

#[tokio::test]
async fn accounts_of_another_owner_are_no_accounts_and_are_counted() {
    let mut taking = Taking::new().await;
    taking.stage.node.faults(|faults| faults.lie = Some(stolen));
    assert!(taking.take().await.is_none());
    assert_eq!(taking.context.tracker().accounts.len(), 0);
    assert_eq!(taking.link.foreign_accounts.load(std::sync::atomic::Ordering::Relaxed), 153);
    taking.stage.node.faults(|faults| faults.lie = None);
    assert!(taking.take().await.is_none() && taking.knows_everything(), "the truth is taken when it comes");
}

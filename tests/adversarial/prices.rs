//! Oracle accounts that say something wrong, prices at the edges of the numbers, and clocks that jump.

use plimsoll_sim::feeds::{pyth_account_bytes, switchboard_account_bytes, PythUpdate, SwitchboardFeed, Verification};
use plimsoll_state::OracleKind;
use plimsoll_tests::*;
use solana_account::Account;

use super::calls::calls;
use super::clean::{complaint, untouched};
use super::stage::Stage;

const CONF: u64 = 1_000;

/// What the primary would say now.
fn good(world: &World) -> PythUpdate {
    PythUpdate {
        feed_id: world.feeds[SOL as usize].feed_id,
        price: 162 * E8,
        conf: CONF,
        exponent: -8,
        published_at: world.now(),
        previous_at: world.now() - 1,
        verification: Verification::Full,
    }
}

fn post(world: &mut World, update: &PythUpdate, owner: &anchor_lang::prelude::Pubkey) {
    let key = world.feeds[SOL as usize].primary;
    world.put_data(&key, owner, pyth_account_bytes(update));
}

fn refresh_is_refused(world: &mut World, error: EngineError) {
    let payer = world.party("fees");
    let refresh = world.refresh_instruction(&[SOL], false);
    assert_refused(world, &payer, &[refresh], error);
}

/// PRICE-1, PRICE-8
#[test]
fn every_wrong_statement_of_the_primary_is_refused_by_name_and_the_board_stays() {
    let mut world = Stage::new().world;
    let (good, now) = (good(&world), world.now());
    let wrong = [
        (PythUpdate { price: 0, ..good }, EngineError::PriceNotPositive),
        (PythUpdate { price: -1, ..good }, EngineError::PriceNotPositive),
        (PythUpdate { price: i64::MIN, ..good }, EngineError::PriceNotPositive),
        (PythUpdate { exponent: 13, ..good }, EngineError::PriceExponentOutOfRange),
        (PythUpdate { exponent: -25, ..good }, EngineError::PriceExponentOutOfRange),
        (PythUpdate { exponent: i32::MAX, ..good }, EngineError::PriceExponentOutOfRange),
        (PythUpdate { exponent: i32::MIN, ..good }, EngineError::PriceExponentOutOfRange),
        (PythUpdate { published_at: now + 3, ..good }, EngineError::PriceFromFuture),
        (PythUpdate { published_at: i64::MAX, ..good }, EngineError::PriceFromFuture),
        (PythUpdate { verification: Verification::Partial(5), ..good }, EngineError::PriceNotVerified),
        (PythUpdate { verification: Verification::Partial(255), ..good }, EngineError::PriceNotVerified),
        (PythUpdate { feed_id: world.feeds[BTC as usize].feed_id, ..good }, EngineError::OracleFeedMismatch),
        (PythUpdate { feed_id: [0; 32], ..good }, EngineError::OracleFeedMismatch),
    ];
    for (update, error) in wrong {
        post(&mut world, &update, &PYTH_RECEIVER);
        refresh_is_refused(&mut world, error);
    }
    for owner in [SWITCHBOARD_ON_DEMAND, pda::PROGRAM_ID, address("stranger")] {
        post(&mut world, &good, &owner);
        refresh_is_refused(&mut world, EngineError::OracleOwnerMismatch);
    }
    // Newer than the board's and yet too old to be written.
    world.advance(6);
    post(&mut world, &good, &PYTH_RECEIVER);
    refresh_is_refused(&mut world, EngineError::PriceStale);
}

/// PRICE-4
#[test]
fn a_price_that_is_not_newer_changes_nothing_and_is_no_failure() {
    let mut world = Stage::new().world;
    let (good, payer) = (good(&world), world.party("fees"));
    let before = world.board();
    for published_at in [i64::MIN, -1, 0, 1, world.now() - 1] {
        post(&mut world, &PythUpdate { published_at, price: 1, ..good }, &PYTH_RECEIVER);
        let refresh = world.refresh_instruction(&[SOL], false);
        assert_sent(world.send(&payer, &[refresh]));
        assert_eq!(bytemuck::bytes_of(&*world.board()), bytemuck::bytes_of(&*before), "{published_at}");
    }
}

#[test]
fn every_wrong_statement_of_the_secondary_is_refused_by_name() {
    let mut world = Stage::new().world;
    world.advance(31);
    let (key, hash) = world.feeds[SOL as usize].secondary.expect("it has a second source");
    let good = SwitchboardFeed {
        queue: switchboard_queue().to_bytes(),
        feed_hash: hash,
        value: 162_000_000_000_000_000_000,
        std_dev: 1_000_000_000_000_000,
        samples: MIN_SAMPLES,
        ..SwitchboardFeed::signed(world.now(), slot_at(world.now()))
    };
    let (now, slot) = (world.now(), slot_at(world.now()));
    let wrong = [
        (SwitchboardFeed { value: 0, ..good }, EngineError::PriceNotPositive),
        (SwitchboardFeed { value: -1, ..good }, EngineError::PriceNotPositive),
        (SwitchboardFeed { value: i128::MIN, ..good }, EngineError::PriceNotPositive),
        (SwitchboardFeed { queue: [9; 32], ..good }, EngineError::OracleQueueMismatch),
        (SwitchboardFeed { feed_hash: [9; 32], ..good }, EngineError::OracleFeedMismatch),
        (SwitchboardFeed { samples: MIN_SAMPLES - 1, ..good }, EngineError::OracleTooFewSamples),
        (SwitchboardFeed { min_samples: MIN_SAMPLES + 1, ..good }, EngineError::OracleTooFewSamples),
        (SwitchboardFeed { published_at: now + 3, ..good }, EngineError::PriceFromFuture),
        (SwitchboardFeed { published_at: now - 6, ..good }, EngineError::PriceStale),
        (SwitchboardFeed { slot: slot - 26, oldest_slot: slot - 26, ..good }, EngineError::PriceStale),
        (SwitchboardFeed { oldest_slot: slot - 151, ..good }, EngineError::PriceStale),
        (SwitchboardFeed { slot: slot - 1, max_staleness_slots: 0, ..good }, EngineError::PriceStale),
    ];
    let payer = world.party("fees");
    let pair = world.refresh_instruction(&[SOL], true);
    for (feed, error) in wrong {
        world.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&feed));
        assert_refused(&mut world, &payer, std::slice::from_ref(&pair), error);
    }
    let mut permitted = switchboard_account_bytes(&good);
    permitted[WRITABLE_BY_AUTHORITY] = 1;
    world.put_data(&key, &SWITCHBOARD_ON_DEMAND, permitted);
    assert_refused(&mut world, &payer, std::slice::from_ref(&pair), EngineError::PriceNotVerified);
    world.put_data(&key, &PYTH_RECEIVER, switchboard_account_bytes(&good));
    assert_refused(&mut world, &payer, std::slice::from_ref(&pair), EngineError::OracleOwnerMismatch);
    // Extremes of what it can say are stored or refused, never a panic.
    for (value, std_dev) in [(i128::MAX, i128::MAX), (1, i128::MAX), (i128::MAX, 0), (1, i128::MIN), (1, 0)] {
        let feed = SwitchboardFeed { value, std_dev, ..good };
        world.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&feed));
        let sent = world.simulate(&payer, std::slice::from_ref(&pair));
        assert_eq!(sent.err().and_then(|failure| complaint(&failure, &address("hostile program"))), None);
    }
    world.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&good));
    assert_sent(world.send(&payer, &[pair]));
}

#[test]
fn every_kind_of_source_reads_its_own_accounts_and_refuses_all_others() {
    let mut world = Stage::new().world;
    let (keys, authority, now) = (world.keys, world.authority, world.now());
    let (feed_id, hash) = ([3; 32], [4; 32]);
    let (pyth, switchboard) = (address("a pyth account"), address("a switchboard account"));
    let update = PythUpdate { feed_id, ..good(&world) };
    let feed = SwitchboardFeed {
        queue: [5; 32],
        feed_hash: hash,
        value: 162_000_000_000_000_000_000,
        std_dev: 0,
        ..SwitchboardFeed::signed(now, slot_at(now))
    };
    world.put_data(&pyth, &PYTH_RECEIVER, pyth_account_bytes(&update));
    world.put_data(&switchboard, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&feed));
    let nobody = anchor_lang::prelude::Pubkey::default();
    let of_pyth = args::OracleSourceArgs {
        kind: OracleKind::PythPinned as u8,
        address: pyth,
        program: PYTH_RECEIVER,
        feed_id,
        queue: nobody,
        min_samples: 0,
    };
    let posted = args::OracleSourceArgs { kind: OracleKind::PythPosted as u8, address: nobody, ..of_pyth };
    let pull = args::OracleSourceArgs {
        kind: OracleKind::SwitchboardPull as u8,
        address: switchboard,
        program: SWITCHBOARD_ON_DEMAND,
        feed_id: hash,
        queue: [5; 32].into(),
        min_samples: 3,
    };
    let template = world.price_args(&PriceConfig::named("SOL")).0;
    for (slot, (source, own)) in (3..).zip([(of_pyth, pyth), (posted, pyth), (pull, switchboard)]) {
        let config = args::PriceConfigArgs { primary: source, secondary: None, ..template.config };
        let list = args::ListPriceArgs { slot, config, ..template };
        assert_sent(world.send(&authority, &[ix::list_price(&keys, authority, list)]));
        for given in [pyth, switchboard, address("stranger"), keys.board, world.feeds[SOL as usize].primary] {
            let refresh = ix::refresh_price(&keys, &[ix::Refresh { slot, primary: given, secondary: None }]);
            if given == own {
                continue;
            }
            let before = world.snapshot();
            let failure = world.send(&authority, &[refresh]).expect_err("another source's account");
            assert_eq!(complaint(&failure, &address("hostile program")), None);
            assert_eq!(untouched(&before, &world.snapshot()), None);
        }
        let refresh = ix::refresh_price(&keys, &[ix::Refresh { slot, primary: own, secondary: None }]);
        assert_sent(world.send(&authority, &[refresh]));
        assert_eq!(world.board().slots[slot as usize].update_count, 1);
    }
}

/// PRICE-4
#[test]
fn of_the_updates_of_one_second_only_the_first_can_be_chosen() {
    let mut world = Stage::new().world;
    let config = PriceConfig { posted: true, secondary: false, ..PriceConfig::named("CHOSEN") };
    let slot = world.list_price(&config);
    let feed = world.feeds[slot as usize];
    let keys = world.keys;
    let (now, payer) = (world.now(), world.party("fees"));
    let update = PythUpdate { feed_id: feed.feed_id, ..good(&world) };
    let elsewhere = address("anybody's update");
    let refresh = ix::refresh_price(&keys, &[ix::Refresh { slot, primary: elsewhere, secondary: None }]);
    for previous_at in [now, now + 1, i64::MAX] {
        let later = PythUpdate { previous_at, ..update };
        world.put_data(&elsewhere, &PYTH_RECEIVER, pyth_account_bytes(&later));
        assert_refused(&mut world, &payer, std::slice::from_ref(&refresh), EngineError::PriceNotFirstOfSecond);
    }
    world.put_data(&elsewhere, &PYTH_RECEIVER, pyth_account_bytes(&update));
    assert_sent(world.send(&payer, &[refresh]));
}

/// Where a Switchboard feed says that its authority may write values itself, by the published layout: discriminator, 32
/// submissions, authority, queue, hash, three numbers of eight bytes and one of four, name, a byte of padding.
const WRITABLE_BY_AUTHORITY: usize = 8 + 32 * 64 + 3 * 32 + 3 * 8 + 4 + 32 + 1;

/// Prices as the primary may state them: value and exponent.
const EXTREMES: [(i64, i32); 10] = [
    (1, -9),
    (1, -12),
    (10, -10),
    (E8, 4),
    (1_000_000_000_000, 0),
    (1, 12),
    (i64::MAX, -18),
    (i64::MAX, -8),
    (i64::MAX, 0),
    (i64::MAX, 12),
];

#[test]
fn no_instruction_panics_at_any_price_that_an_oracle_can_state() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let mut found = Vec::new();
    for slot in [SOL, USDC] {
        for (price, exponent) in EXTREMES {
            for conf in [0, price as u64 / 100, u64::MAX] {
                let mut world = stage.world.clone();
                let feed = world.feeds[slot as usize];
                let update = PythUpdate { feed_id: feed.feed_id, price, conf, exponent, ..good(&world) };
                world.put_data(&feed.primary, &PYTH_RECEIVER, pyth_account_bytes(&update));
                let refreshed = world.refresh(&[slot]);
                found.extend(refreshed.err().and_then(|failure| complaint(&failure, &stage.hostile)));
                for _ in 0..2 {
                    found.extend(calls.iter().filter_map(|call| {
                        let failure = world.simulate(&payer, std::slice::from_ref(&call.ix)).err()?;
                        let wrong = complaint(&failure, &stage.hostile)?;
                        Some(format!("{} at {price}e{exponent} ± {conf} of {slot}: {wrong}", call.title()))
                    }));
                    // Once more when both averages have followed.
                    for _ in 0..3 {
                        world.advance(5);
                        let update = PythUpdate { published_at: world.now(), previous_at: world.now() - 1, ..update };
                        world.put_data(&feed.primary, &PYTH_RECEIVER, pyth_account_bytes(&update));
                        let _ = world.refresh(&[slot]);
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_instruction_panics_when_the_clock_jumps() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let (payer, now) = (stage.world.party("fees"), stage.world.now());
    let clocks = [
        i64::MIN,
        i64::MIN / 2,
        -1,
        0,
        1,
        BASE_TIME,
        now - 1,
        now - 25,
        now - 86_400,
        now + 25,
        now + 3_600,
        now + 86_400,
        now + 31_536_000,
        now + 100 * 31_536_000,
        i64::MAX / 2,
        i64::MAX,
    ];
    let mut found = Vec::new();
    for clock in clocks {
        let mut world = stage.world.clone();
        // Slots follow the clock in this world, but only as far as they go.
        let mut sysvar = world.svm.get_sysvar::<solana_clock::Clock>();
        sysvar.unix_timestamp = clock;
        world.svm.set_sysvar(&sysvar);
        for call in &calls {
            let before = world.snapshot();
            let mut copy = world.clone();
            if let Err(failure) = copy.send(&payer, std::slice::from_ref(&call.ix)) {
                let wrong = complaint(&failure, &stage.hostile).or_else(|| untouched(&before, &copy.snapshot()));
                found.extend(wrong.map(|wrong| format!("{} at {clock}: {wrong}", call.title())));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_account_that_is_no_oracle_at_all_is_refused() {
    let mut world = Stage::new().world;
    let key = world.feeds[SOL as usize].primary;
    for length in [0, 1, 7, 8, 9, 40, 41, 132, 5_000] {
        let lamports = 1_000_000_000;
        let data = vec![0x22; length];
        world.put(&key, Account { lamports, data, owner: PYTH_RECEIVER, executable: false, rent_epoch: u64::MAX });
        refresh_is_refused(&mut world, EngineError::OracleTypeMismatch);
    }
}

//! The readers against fabricated accounts: what is refused, by which error, and that no bytes make them panic.

use anchor_lang::prelude::Pubkey;
use anchor_lang::AccountSerialize;
use bytemuck::Zeroable;
use plimsoll_risk::oracle::DEFAULT_PRIOR_PICO_PER_SEC;
use plimsoll_risk::units::Secs;
use pyth_solana_receiver_sdk::price_update::{PriceFeedMessage, PriceUpdateV2, VerificationLevel};
use switchboard_on_demand::PullFeedAccountData;

use super::*;

const NOW: i64 = 1_760_130_000;
const PYTH: Pubkey = pyth_solana_receiver_sdk::ID;
const SWITCHBOARD: Pubkey = Pubkey::new_from_array([8; 32]);
const PUSH_FEED: Pubkey = Pubkey::new_from_array([1; 32]);
const PULL_FEED: Pubkey = Pubkey::new_from_array([2; 32]);
const STANDBY_FEED: Pubkey = Pubkey::new_from_array([7; 32]);
const FEED: Address = [3; 32];
const HASH: Address = [4; 32];
const QUEUE: Address = [5; 32];
const SLOT: u64 = 400_000_000;
const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const ONE: i128 = 1_000_000_000_000_000_000;

fn source(kind: OracleKind, address: Pubkey) -> OracleSource {
    let switchboard = kind == OracleKind::SwitchboardPull;
    OracleSource {
        address: address.to_bytes(),
        program: if switchboard { SWITCHBOARD } else { PYTH }.to_bytes(),
        feed_id: if switchboard { HASH } else { FEED },
        queue: if switchboard { QUEUE } else { [0; 32] },
        kind: kind as u8,
        min_samples: switchboard as u8,
        ..OracleSource::zeroed()
    }
}

fn slot() -> (PriceSlot, Feed) {
    let (push, pull) = (source(OracleKind::PythPinned, PUSH_FEED), source(OracleKind::SwitchboardPull, PULL_FEED));
    let sources = [push, pull, OracleSource::zeroed()];
    let (mut slot, mut feed) = (PriceSlot { active: 1, ..PriceSlot::zeroed() }, Feed { sources, ..Feed::zeroed() });
    slot.store(&mut feed, &PriceState::listed(Secs::new(15), Secs::new(3_600), DEFAULT_PRIOR_PICO_PER_SEC));
    (slot, feed)
}

fn update_of(price: i64, published_at: i64) -> PriceUpdateV2 {
    PriceUpdateV2 {
        write_authority: Pubkey::default(),
        verification_level: VerificationLevel::Full,
        price_message: PriceFeedMessage {
            feed_id: FEED,
            price,
            conf: price.unsigned_abs() / 1_000,
            exponent: -8,
            publish_time: published_at,
            prev_publish_time: published_at.saturating_sub(1),
            ema_price: price,
            ema_conf: 0,
        },
        posted_slot: 7,
    }
}

fn pyth_bytes(update: &PriceUpdateV2) -> Vec<u8> {
    let mut bytes = Vec::new();
    update.try_serialize(&mut bytes).unwrap();
    bytes.resize(PriceUpdateV2::LEN, 0);
    bytes
}

fn feed_of(value: i128, published_at: i64) -> Box<PullFeedAccountData> {
    let mut feed: Box<PullFeedAccountData> = bytemuck::zeroed_box();
    (feed.queue, feed.feed_hash) = (Pubkey::new_from_array(QUEUE), HASH);
    (feed.min_sample_size, feed.max_staleness) = (3, 60);
    // The account's last write is another sample's, and dates nothing.
    feed.last_update_timestamp = published_at.wrapping_add(1_000);
    (feed.result.value, feed.result.std_dev, feed.result.num_samples) = (value, value / 1_000, 3);
    (feed.result.submission_idx, feed.submission_timestamps[1]) = (1, published_at);
    (feed.result.slot, feed.result.min_slot, feed.result.max_slot) = (SLOT, SLOT, SLOT);
    feed
}

fn switchboard_bytes(feed: &PullFeedAccountData) -> Vec<u8> {
    let mut bytes = vec![196, 27, 108, 196, 10, 215, 219, 40];
    bytes.extend_from_slice(bytemuck::bytes_of(feed));
    bytes
}

/// An account of `owner` at `key`, handed to `then`.
fn with_account<T>(key: Pubkey, owner: Pubkey, data: Vec<u8>, then: impl FnOnce(&Fetched<'_>) -> T) -> T {
    then(&Fetched { address: key.as_array(), owner: owner.as_array(), data: &data })
}

fn read_pyth(kind: OracleKind, key: Pubkey, owner: Pubkey, data: Vec<u8>) -> Result<Observation> {
    let pinned = if kind == OracleKind::PythPosted { Pubkey::default() } else { PUSH_FEED };
    with_account(key, owner, data, |account| read(account, &source(kind, pinned), &PARAMS, SLOT))
}

fn read_switchboard(key: Pubkey, owner: Pubkey, data: Vec<u8>) -> Result<Observation> {
    with_account(key, owner, data, |account| {
        read(account, &source(OracleKind::SwitchboardPull, PULL_FEED), &PARAMS, SLOT)
    })
}

fn refused(result: Result<Observation>, error: EngineError) {
    assert_eq!(result.unwrap_err(), error);
}

#[test]
fn both_oracles_say_the_same_about_the_same_price() {
    let bytes = pyth_bytes(&update_of(20_000_000_000, NOW));
    let pyth = read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, bytes).unwrap();
    let bytes = switchboard_bytes(&feed_of(200 * ONE, NOW));
    let switchboard = read_switchboard(PULL_FEED, SWITCHBOARD, bytes).unwrap();
    assert_eq!(pyth, switchboard);
    assert_eq!((pyth.sigma_ppm.get(), pyth.published_at, pyth.previous_at), (1_000, UnixSecs::new(NOW), None));
}

/// PRICE-1
#[test]
fn an_account_of_another_owner_address_type_or_feed_is_refused() {
    let good = || pyth_bytes(&update_of(1, NOW));
    refused(read_pyth(OracleKind::PythPinned, PUSH_FEED, SWITCHBOARD, good()), EngineError::OracleOwnerMismatch);
    refused(read_pyth(OracleKind::PythPinned, PULL_FEED, PYTH, good()), EngineError::OracleAddressMismatch);
    refused(read_pyth(OracleKind::None, PUSH_FEED, PYTH, good()), EngineError::OracleTypeMismatch);
    let twap = [&[104, 192, 188, 72, 246, 166, 12, 81], &good()[8..]].concat();
    refused(read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, twap), EngineError::OracleTypeMismatch);
    let mut other = update_of(1, NOW);
    other.price_message.feed_id = HASH;
    refused(read_pyth(OracleKind::PythPosted, PULL_FEED, PYTH, pyth_bytes(&other)), EngineError::OracleFeedMismatch);

    let good = || switchboard_bytes(&feed_of(ONE, NOW));
    refused(read_switchboard(PULL_FEED, PYTH, good()), EngineError::OracleOwnerMismatch);
    refused(read_switchboard(PUSH_FEED, SWITCHBOARD, good()), EngineError::OracleAddressMismatch);
    let mut other = good();
    other[0] ^= 1;
    refused(read_switchboard(PULL_FEED, SWITCHBOARD, other), EngineError::OracleTypeMismatch);
}

#[test]
fn a_source_of_an_unknown_kind_is_a_broken_slot() {
    let unknown = OracleSource { kind: 4, ..source(OracleKind::PythPinned, PUSH_FEED) };
    let bytes = pyth_bytes(&update_of(1, NOW));
    refused(
        with_account(PUSH_FEED, PYTH, bytes, |account| read(account, &unknown, &PARAMS, SLOT)),
        EngineError::InvariantBroken,
    );
}

/// PRICE-1
#[test]
fn partial_verification_is_refused_whatever_the_number_of_signatures() {
    for num_signatures in [0, 13, u8::MAX] {
        let partial =
            PriceUpdateV2 { verification_level: VerificationLevel::Partial { num_signatures }, ..update_of(1, NOW) };
        let read = read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, pyth_bytes(&partial));
        refused(read, EngineError::PriceNotVerified);
    }
}

#[test]
fn prices_that_are_not_positive_and_exponents_out_of_range_are_refused() {
    for price in [0, -1, i64::MIN] {
        let read = read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, pyth_bytes(&update_of(price, NOW)));
        refused(read, EngineError::PriceNotPositive);
        let read = read_switchboard(PULL_FEED, SWITCHBOARD, switchboard_bytes(&feed_of(price as i128, NOW)));
        refused(read, EngineError::PriceNotPositive);
    }
    for exponent in [i32::MIN, -19, 13, i32::MAX] {
        let mut update = update_of(1, NOW);
        update.price_message.exponent = exponent;
        let read = read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, pyth_bytes(&update));
        refused(read, EngineError::PriceExponentOutOfRange);
    }
}

/// PRICE-3
#[test]
fn a_switchboard_feed_of_another_queue_hash_or_writer_or_with_few_samples_is_refused() {
    let spoil = |change: fn(&mut PullFeedAccountData)| {
        let mut feed = feed_of(ONE, NOW);
        change(&mut feed);
        read_switchboard(PULL_FEED, SWITCHBOARD, switchboard_bytes(&feed))
    };
    refused(spoil(|feed| feed.queue = PUSH_FEED), EngineError::OracleQueueMismatch);
    refused(spoil(|feed| feed.feed_hash = FEED), EngineError::OracleFeedMismatch);
    refused(spoil(|feed| feed.permit_write_by_authority = 1), EngineError::PriceNotVerified);
    refused(spoil(|feed| feed.result.num_samples = 2), EngineError::OracleTooFewSamples);
    refused(spoil(|feed| (feed.min_sample_size, feed.result.num_samples) = (0, 0)), EngineError::OracleTooFewSamples);
    refused(spoil(|feed| feed.result.submission_idx = 32), EngineError::OracleTypeMismatch);
}

/// The date of a result is that of the sample it is; its slots say whether that date can be believed.
#[test]
fn a_switchboard_result_is_dated_by_its_own_sample_and_doubted_by_its_slots() {
    let seen = |change: fn(&mut PullFeedAccountData)| {
        let mut feed = feed_of(ONE, NOW);
        change(&mut feed);
        read_switchboard(PULL_FEED, SWITCHBOARD, switchboard_bytes(&feed)).unwrap()
    };
    let dated = |change| (seen(change).published_at, seen(change).overdue);
    assert_eq!(dated(|_| {}), (UnixSecs::new(NOW), false));
    assert_eq!(dated(|feed| feed.submission_timestamps[1] = NOW - 3_600), (UnixSecs::new(NOW - 3_600), false));
    assert_eq!(
        dated(|feed| (feed.result.submission_idx, feed.submission_timestamps[31]) = (31, NOW - 1)),
        (UnixSecs::new(NOW - 1), false)
    );
    assert_eq!(dated(|feed| feed.result.slot = SLOT - 25), (UnixSecs::new(NOW), false));
    assert_eq!(dated(|feed| feed.result.slot = SLOT - 26), (UnixSecs::new(NOW), true));
    assert_eq!(dated(|feed| feed.result.min_slot = SLOT - 150), (UnixSecs::new(NOW), false));
    assert_eq!(dated(|feed| feed.result.min_slot = SLOT - 151), (UnixSecs::new(NOW), true));
    assert_eq!(dated(|feed| (feed.max_staleness, feed.result.slot) = (3, SLOT - 4)), (UnixSecs::new(NOW), true));
}

#[test]
fn accounts_of_any_length_and_content_are_refused_without_a_panic() {
    let pyth = pyth_bytes(&update_of(1, NOW));
    // 133 bytes hold a full update; the last belongs to the longer form of partial ones.
    for length in 0..PriceUpdateV2::LEN - 1 {
        let read = read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, pyth[..length].to_vec());
        refused(read, EngineError::OracleTypeMismatch);
    }
    let switchboard = switchboard_bytes(&feed_of(ONE, NOW));
    assert_eq!(switchboard.len(), 3_208);
    for length in (0..3_208).step_by(7).chain([3_207]) {
        refused(
            read_switchboard(PULL_FEED, SWITCHBOARD, switchboard[..length].to_vec()),
            EngineError::OracleTypeMismatch,
        );
    }
    for byte in [0x00, 0x01, 0x7f, 0xff] {
        let mut filled = pyth.clone();
        filled[8..].fill(byte);
        assert!(read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, filled).is_err());
        let mut filled = switchboard.clone();
        filled[8..].fill(byte);
        assert!(read_switchboard(PULL_FEED, SWITCHBOARD, filled).is_err());
    }
}

#[test]
fn the_time_before_is_known_only_where_the_caller_chooses_the_account() {
    let bytes = || pyth_bytes(&update_of(1, NOW));
    let pinned = read_pyth(OracleKind::PythPinned, PUSH_FEED, PYTH, bytes()).unwrap();
    let posted = read_pyth(OracleKind::PythPosted, PULL_FEED, PYTH, bytes()).unwrap();
    assert_eq!((pinned.previous_at, posted.previous_at), (None, Some(UnixSecs::new(NOW - 1))));
}

fn primary((slot, feed): &(PriceSlot, Feed), update: &PriceUpdateV2, now: i64) -> Result<Option<PriceState>> {
    let now = Moment { time: UnixSecs::new(now), slot: SLOT };
    with_account(PUSH_FEED, PYTH, pyth_bytes(update), |account| update_from_one(slot, feed, account, &PARAMS, now))
}

fn pair(
    (slot, feed): &(PriceSlot, Feed),
    owner: Pubkey,
    update: &PriceUpdateV2,
    now: i64,
) -> Result<Option<PriceState>> {
    let moment = Moment { time: UnixSecs::new(now), slot: SLOT };
    with_account(PUSH_FEED, owner, pyth_bytes(update), |first| {
        with_account(PULL_FEED, SWITCHBOARD, switchboard_bytes(&feed_of(90 * ONE, now)), |second| {
            update_from_pair(slot, feed, first, second, &PARAMS, moment)
        })
    })
}

fn held() -> (PriceSlot, Feed) {
    let mut listed = slot();
    let state = primary(&listed, &update_of(10_000_000_000, NOW), NOW).unwrap().unwrap();
    listed.0.store(&mut listed.1, &state);
    listed
}

#[test]
fn stale_and_future_updates_are_refused_and_old_ones_change_nothing() {
    let slot = held();
    let refused = |published_at, now| primary(&slot, &update_of(1, published_at), now).unwrap_err();
    assert_eq!(refused(NOW + 1, NOW + 7), EngineError::PriceStale);
    assert_eq!(refused(NOW + 4, NOW + 1), EngineError::PriceFromFuture);
    assert_eq!(refused(i64::MAX, NOW), EngineError::PriceFromFuture);
    for published_at in [NOW, NOW - 1, i64::MIN] {
        assert_eq!(primary(&slot, &update_of(1, published_at), NOW + 1_000), Ok(None));
    }
}

#[test]
fn the_secondary_is_taken_only_beside_a_pinned_primary_that_is_silent() {
    let (slot, old) = (held(), update_of(10_000_000_000, NOW));
    assert_eq!(pair(&slot, PYTH, &old, NOW + 29), Err(EngineError::PrimaryNotStale));
    let taken = pair(&slot, PYTH, &old, NOW + 30).unwrap().unwrap();
    assert_eq!((taken.source, taken.published_at), (PriceSource::Secondary, UnixSecs::new(NOW + 30)));
    // A primary that is valid wins although the secondary is shown; one that is held already changes nothing.
    let taken = pair(&slot, PYTH, &update_of(9_500_000_000, NOW + 40), NOW + 40).unwrap().unwrap();
    assert_eq!((taken.source, taken.published_at), (PriceSource::Primary, UnixSecs::new(NOW + 40)));
    assert_eq!(pair(&slot, PYTH, &old, NOW + 1), Ok(None));
    // Another account in the primary's place proves nothing.
    let (mut posted, mut elsewhere) = (slot, slot);
    posted.1.sources[0] = source(OracleKind::PythPosted, Pubkey::default());
    assert_eq!(pair(&posted, PYTH, &old, NOW + 60), Err(EngineError::PrimaryMissing));
    elsewhere.1.sources[0] = source(OracleKind::PythPinned, PULL_FEED);
    assert_eq!(pair(&elsewhere, PYTH, &old, NOW + 60), Err(EngineError::PrimaryMissing));
}

/// PRICE-10
#[test]
fn a_price_that_is_switched_to_its_standby_takes_neither_of_the_other_two() {
    let mut slot = held();
    slot.1.sources[2] = source(OracleKind::SwitchboardPull, STANDBY_FEED);
    let says = |slot: &(PriceSlot, Feed), key, at| {
        let now = Moment { time: UnixSecs::new(at), slot: SLOT };
        with_account(key, SWITCHBOARD, switchboard_bytes(&feed_of(90 * ONE, at)), |account| {
            update_from_one(&slot.0, &slot.1, account, &PARAMS, now)
        })
    };
    assert_eq!(says(&slot, STANDBY_FEED, NOW + 1), Err(EngineError::OracleAddressMismatch));
    slot.1.on_standby = 1;
    let taken = says(&slot, STANDBY_FEED, NOW + 1).unwrap().unwrap();
    assert_eq!((taken.source, taken.published_at), (PriceSource::Standby, UnixSecs::new(NOW + 1)));
    assert_eq!(taken.source_published_at, [NOW, 0, NOW + 1].map(UnixSecs::new));
    assert_eq!(says(&slot, PULL_FEED, NOW + 1), Err(EngineError::OracleAddressMismatch));
    assert_eq!(primary(&slot, &update_of(1, NOW + 1), NOW + 1), Err(EngineError::OracleAddressMismatch));
    // Silent or not.
    for later in [1, 30, 60] {
        assert_eq!(pair(&slot, PYTH, &update_of(1, NOW), NOW + later), Err(EngineError::OnStandby));
        assert_eq!(pair(&slot, PYTH, &update_of(1, NOW + later), NOW + later), Err(EngineError::OnStandby));
    }
}

/// PRICE-5
#[test]
fn a_primary_that_is_closed_or_broken_is_silent_since_it_was_last_taken() {
    let (slot, broken) = (held(), update_of(-1, NOW + 60));
    let closed = Pubkey::default();
    for (owner, update) in [(closed, update_of(1, NOW + 60)), (PYTH, broken)] {
        assert_eq!(pair(&slot, owner, &update, NOW + 29), Err(EngineError::PrimaryNotStale));
        assert_eq!(pair(&slot, owner, &update, NOW + 60).unwrap().unwrap().source, PriceSource::Secondary);
    }
}

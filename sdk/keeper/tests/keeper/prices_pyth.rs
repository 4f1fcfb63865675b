//! From Hermes' answer to the board, through stand-ins of Pyth's programs that verify what they are given.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::Router;
use base64::Engine as _;
use plimsoll_keeper::config::Config;
use plimsoll_keeper::jobs::Context;
use plimsoll_keeper::source::pyth::programs::Programs;
use plimsoll_sdk::ix::args;
use plimsoll_sim::world::{PriceConfig, World};
use plimsoll_state::Address;
use pyth_solana_receiver_sdk::price_update::{PriceUpdateV2, VerificationLevel};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::pyth_chain::{install, is_gone, refusal, Guardians, PROGRAMS, UPDATE_FEE_LAMPORTS};
use crate::stage::{delegate, refresh, Stage};

const WORMHOLE: &str = include_str!("../../fixtures/hermes-latest.json");
const ROUTERS: &str = include_str!("../../fixtures/hermes-three-of-five.json");
/// When the update of the routers was published.
const PUBLISHED_AT: i64 = 1_787_319_502;
const BTC: &str = "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43";
const ETH: &str = "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace";
/// Dollars of BTC and ETH in it.
const PRICES: [f64; 2] = [76_612.505_302_78, 2_380.260_760_43];
/// Emitters of Pythnet: of the routers' updates, and of the guardians'.
const EMITTERS: [&str; 2] = [
    "507974686e6574507974686e6574507974686e6574507974686e657450797468",
    "e101faedac5851e32b9b23b5f9411a8c2bac4aae3ed4dd7b811dd1a72ea4aa71",
];

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).expect("hexadecimal").try_into().expect("so many bytes")
}

/// Pyth's first set of routers.
fn routers() -> Guardians {
    let keys = [
        "41534bb176e461a3fb30479400f210549ecce638",
        "6502987b62f21cab7eb5ccd8f0173084b60d5b41",
        "44a3e8f6a382412cf6bb90a3f8106e68977476c9",
        "d9d7d4529577864352c9a6539a48238fcd447052",
        "1663a5a822336ece48559b1dfb1e93a017a7dac3",
    ];
    Guardians { index: 0, keys: keys.map(bytes).to_vec() }
}

/// Wormhole's guardian set 4.
fn guardians() -> Guardians {
    let keys = "5893b5a76c3f739645648885bdccc06cd70a3cd3 ff6cb952589bde862c25ef4392132fb9d4a42157 \
        114de8460193bdf3a2fcf81f86a09765f4762fd1 107a0086b32d7a0977926a205131d8731d39cbeb \
        8c82b2fd82faed2711d59af0f2499d16e726f6b2 11b39756c042441be6d8650b69b54ebe715e2343 \
        54ce5b4d348fb74b958e8966e2ec3dbd4958a7cd 15e7caf07c4e3dc8e7c469f92c8cd88fb8005a20 \
        74a3bf913953d695260d88bc1aa25a4eee363ef0 000ac0076727b35fbea2dac28fee5ccb0fea768e \
        af45ced136b9d9e24903464ae889f5c8a723fc14 f93124b7c738843cbb89e864c862c38cddcccf95 \
        d2cc37a4dc036a8d232b48f62cdd4731412f4890 da798f6896a3331f64b48c12d1d57fd9cbe70811 \
        71aa1be1d36cafe3867910f99c09e347899c19c3 8192b6e7387ccd768277c17dab1b7a5027c0b3cf \
        178e21ad2e77ae06711549cfbb1f9c7a9d8096e8 5e1487f35515d02a92753504a8d75471b9f49edb \
        6fbebc898f403e4773e95feb15e80c9a99c8348d";
    Guardians { index: 4, keys: keys.split_whitespace().map(bytes).collect() }
}

/// A Hermes that answers everything so, and remembers what it was asked for.
#[derive(Clone, Default)]
struct Hermes {
    latest: &'static str,
    since: &'static str,
    /// A feed of which no update since any time is known: every question that names it is answered by 404.
    unknown: Option<&'static str>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hermes {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        async fn answer(
            State(hermes): State<Hermes>,
            Path(which): Path<String>,
            RawQuery(query): RawQuery,
        ) -> Result<&'static str, StatusCode> {
            hermes.asked.lock().expect("no panic").push(which.clone());
            if which == "latest" {
                return Ok(hermes.latest);
            }
            let names = |feed: &str| query.as_deref().is_some_and(|query| query.contains(feed));
            if hermes.unknown.is_some_and(names) {
                return Err(StatusCode::NOT_FOUND);
            }
            Ok(hermes.since)
        }
        let router = Router::new().route("/v2/updates/price/{which}", get(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

/// Lists a feed behind Pyth's receiver: pinned to its push feed, or not pinned.
fn list(world: &mut World, feed_id: Address, posted: bool) -> usize {
    let name = if feed_id == bytes(BTC) { "pushed BTC" } else { "pushed ETH" };
    let listed = PriceConfig { secondary: false, posted, ..PriceConfig::named(name) };
    let (mut price, feed) = world.price_args(&listed);
    let address = if posted { Pubkey::default() } else { PROGRAMS.push_feed(0, &feed_id) };
    price.config.primary = args::OracleSourceArgs { address, feed_id, ..price.config.primary };
    let list = plimsoll_sdk::ix::list_price(&world.keys, world.authority, price);
    world.send_as_authority(list).expect("a listing");
    world.feeds.push(feed);
    usize::from(world.feeds.last().expect("it was pushed").slot)
}

/// A stage whose engine has BTC and ETH of Pyth, and one second after the routers' update.
fn stage(guardians: &Guardians, posted: bool) -> (Stage, [usize; 2]) {
    let stage = Stage::new();
    let slots = stage.node.world(|world| {
        install(world, guardians, &EMITTERS.map(bytes));
        world.set_clock(PUBLISHED_AT + 1);
        [BTC, ETH].map(|feed| list(world, bytes(feed), posted))
    });
    (stage, slots)
}

async fn context(stage: &Stage, hermes: &Hermes, change: impl FnOnce(&mut Config)) -> Arc<Context> {
    let mut config = stage.config();
    config.prices.hermes_url = Some(hermes.serve().await);
    config.prices.post_to_pyth = true;
    change(&mut config);
    stage.context(config).await
}

fn dollars(stage: &Stage, slot: usize) -> f64 {
    let spot = stage.node.world(|world| world.board().slots[slot].spot);
    spot.mantissa as f64 * 2f64.powi(spot.exponent)
}

fn assert_prices(stage: &Stage, slots: [usize; 2]) {
    for (slot, expected) in slots.into_iter().zip(PRICES) {
        let found = dollars(stage, slot);
        assert!((found / expected - 1.0).abs() < 1e-12, "slot {slot}: {found} is not {expected}");
    }
}

fn posts(context: &Context, outcome: &str) -> u64 {
    context.metrics.posts.with_label_values(&["pyth", outcome]).get()
}

fn confirmed(context: &Context, job: &str) -> u64 {
    context.metrics.confirmed.with_label_values(&[job]).get()
}

fn vaa() -> Pubkey {
    PROGRAMS.encoded_vaa(&delegate().pubkey())
}

fn lamports(stage: &Stage) -> u64 {
    stage.node.world(|world| world.lamports(&delegate().pubkey()))
}

#[tokio::test]
async fn an_update_of_three_routers_reaches_the_board_by_push_feeds() {
    let (stage, slots) = stage(&routers(), false);
    let hermes = Hermes { latest: ROUTERS, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    let treasury = stage.node.world(|world| world.lamports(&PROGRAMS.treasury(0)));
    refresh(&context).await;
    assert_prices(&stage, slots);
    // One transaction for the VAA and one for both prices, which has no room for the closing.
    assert_eq!((posts(&context, "posted"), confirmed(&context, "post_price")), (2, 2));
    assert_eq!(confirmed(&context, "close_price"), 1);
    stage.node.world(|world| {
        assert!(is_gone(world, &vaa()), "the account of the VAA is closed");
        let paid = world.lamports(&PROGRAMS.treasury(0)) - treasury;
        assert_eq!(paid, 2 * UPDATE_FEE_LAMPORTS);
        let feed = world.data(&PROGRAMS.push_feed(0, &bytes(BTC)));
        let held: PriceUpdateV2 = anchor_lang::AccountDeserialize::try_deserialize(&mut &feed[..]).expect("an update");
        assert_eq!(held.verification_level, VerificationLevel::Full);
    });
}

#[tokio::test]
async fn a_price_that_the_board_has_is_not_posted_again() {
    let (stage, _) = stage(&routers(), false);
    let hermes = Hermes { latest: ROUTERS, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    refresh(&context).await;
    stage.read_all(&context).await;
    refresh(&context).await;
    assert_eq!((posts(&context, "posted"), posts(&context, "failed")), (2, 0));
    assert_eq!(confirmed(&context, "post_price"), 2);
}

#[tokio::test]
async fn for_feeds_that_are_not_pinned_accounts_are_made_read_and_closed_in_one_turn() {
    let (stage, slots) = stage(&routers(), true);
    let hermes = Hermes { latest: ROUTERS, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    let before = lamports(&stage);
    refresh(&context).await;
    assert_prices(&stage, slots);
    assert_eq!((posts(&context, "posted"), confirmed(&context, "close_price")), (2, 1));
    let sources = stage.node.world(|world| slots.map(|slot| world.feed_book().feeds[slot].sources[0]));
    for source in sources {
        let own = context.prices.posted_account(&source).expect("an account of the keeper's own");
        stage.node.world(|world| assert!(is_gone(world, &own) && is_gone(world, &vaa())));
    }
    // Nothing but fees is gone: all rent has come back. Seven signatures: of the VAA's transaction, two of each of both
    // prices' transactions, of the refresh and of the closing; and the priority fees of these five transactions.
    let spent = before - lamports(&stage);
    let fees = 7 * 5_000 + 2 * UPDATE_FEE_LAMPORTS;
    assert!((fees..fees + 5 * 1_000).contains(&spent), "{spent} lamports were spent, fees are {fees}");
}

#[tokio::test]
async fn the_first_update_of_a_second_is_asked_for_where_the_latest_is_none() {
    let (stage, slots) = stage(&routers(), true);
    let hermes = Hermes { latest: WORMHOLE, since: ROUTERS, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    refresh(&context).await;
    assert_eq!(*hermes.asked.lock().unwrap(), ["latest", "1735645930"]);
    assert_eq!(posts(&context, "posted"), 1);
    assert!((dollars(&stage, slots[0]) / PRICES[0] - 1.0).abs() < 1e-12);
}

#[tokio::test]
async fn thirteen_signatures_of_wormholes_guardians_are_verified_in_two_transactions() {
    let (stage, slots) = stage(&guardians(), false);
    stage.node.world(|world| world.set_clock(1_735_645_931));
    let hermes = Hermes { latest: WORMHOLE, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    refresh(&context).await;
    assert_eq!((posts(&context, "posted"), confirmed(&context, "post_price")), (1, 2));
    assert_eq!(confirmed(&context, "close_price"), 0, "the last transaction closes the VAA itself");
    assert!((dollars(&stage, slots[0]) / 94_063.778_995_26 - 1.0).abs() < 1e-12);
    stage.node.world(|world| assert!(is_gone(world, &vaa())));
}

#[tokio::test]
async fn a_posting_that_ends_half_way_is_counted_waits_and_leaves_no_rent_behind() {
    let mut others = guardians();
    others.keys[2] = [7; 20];
    let (stage, slots) = stage(&others, false);
    stage.node.world(|world| world.set_clock(1_735_645_931));
    let hermes = Hermes { latest: WORMHOLE, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    refresh(&context).await;
    // The first transaction makes the account, the second would verify.
    assert_eq!((confirmed(&context, "post_price"), confirmed(&context, "close_price")), (1, 1));
    assert_eq!((posts(&context, "posted"), posts(&context, "failed")), (0, 1));
    stage.node.world(|world| assert!(is_gone(world, &vaa()), "it was closed at the end of the turn"));
    assert_eq!(dollars(&stage, slots[0]), 0.0);
    refresh(&context).await;
    assert_eq!(confirmed(&context, "post_price"), 1, "the feed waits");
}

#[tokio::test]
async fn what_a_crash_left_open_is_closed_before_anything_is_posted() {
    let (stage, slots) = stage(&routers(), false);
    let hermes = Hermes { latest: ROUTERS, ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    let poster =
        plimsoll_keeper::source::pyth::ix::Poster { programs: PROGRAMS, key: delegate().pubkey(), treasury: 0 };
    stage.node.world(|world| {
        let rent = world.svm.minimum_balance_for_rent_exemption(346);
        world.send(&poster.key, &[poster.create_vaa(300, rent), poster.init_vaa()]).expect("a VAA that was begun");
    });
    refresh(&context).await;
    assert_eq!(context.metrics.refusals("close_price", "posting", "left_open"), 1);
    assert_eq!((confirmed(&context, "close_price"), posts(&context, "posted")), (2, 2));
    assert_prices(&stage, slots);
}

#[tokio::test]
async fn a_dry_run_sends_nothing() {
    let (stage, slots) = stage(&routers(), false);
    let hermes = Hermes { latest: ROUTERS, ..Hermes::default() };
    let context = context(&stage, &hermes, |config| config.dry_run = true).await;
    refresh(&context).await;
    assert_eq!(stage.node.calls("sendTransaction"), 0);
    assert_eq!((posts(&context, "dry"), posts(&context, "posted")), (2, 0));
    assert_eq!(dollars(&stage, slots[0]), 0.0);
}

/// An answer in whose signed part the last byte of BTC's price is another.
fn with_another_price(answer: &str) -> String {
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut answer: serde_json::Value = serde_json::from_str(answer).expect("an answer");
    let data = &mut answer["binary"]["data"][0];
    let mut update = base64.decode(data.as_str().expect("a text")).expect("base64");
    let price = 7_661_250_530_278_i64.to_be_bytes();
    let place = update.windows(8).position(|bytes| bytes == price).expect("the price");
    update[place + 7] ^= 1;
    *data = base64.encode(update).into();
    answer.to_string()
}

#[tokio::test]
async fn a_price_whose_proof_is_wrong_is_never_sent_and_costs_no_other() {
    let (stage, slots) = stage(&routers(), false);
    let hermes = Hermes { latest: with_another_price(ROUTERS).leak(), ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    refresh(&context).await;
    assert_eq!(context.metrics.refusals("post_price", "pyth", "proof"), 1);
    assert_eq!((posts(&context, "failed"), posts(&context, "posted")), (1, 1));
    assert_eq!(dollars(&stage, slots[0]), 0.0);
    assert!((dollars(&stage, slots[1]) / PRICES[1] - 1.0).abs() < 1e-12);
}

/// An answer that names both feeds and in which something else is as `change` makes it.
fn changed(answer: &str, change: impl FnOnce(&mut serde_json::Value)) -> &'static str {
    let mut answer: serde_json::Value = serde_json::from_str(answer).expect("an answer");
    change(&mut answer);
    answer.to_string().leak()
}

#[tokio::test]
async fn an_update_that_is_none_and_a_price_that_is_null_cost_no_other_price() {
    let (stage, slots) = stage(&routers(), false);
    let latest = changed(ROUTERS, |answer| {
        answer["parsed"][0]["price"] = serde_json::Value::Null;
        let data = answer["binary"]["data"].as_array_mut().expect("a list");
        data.insert(0, serde_json::Value::Null);
        data.insert(1, "UE5BVQ==".into());
    });
    let context = context(&stage, &Hermes { latest, ..Hermes::default() }, |_| {}).await;
    refresh(&context).await;
    assert_eq!((posts(&context, "failed"), posts(&context, "posted")), (0, 1));
    assert!((dollars(&stage, slots[1]) / PRICES[1] - 1.0).abs() < 1e-12);
    assert_eq!(context.metrics.refusals("post_price", "hermes", "unreadable_record"), 2);
}

/// Seen in the field: `/{time}` answered 404 for one feed, and the prices that were in hand were not posted either.
#[tokio::test]
async fn a_first_update_that_hermes_does_not_know_costs_no_price_that_is_in_hand() {
    let (stage, slots) = stage(&routers(), true);
    // BTC's latest update is not the first of its second, and the one that has ETH holds no proof of BTC.
    let latest = changed(&with_another_price(ROUTERS), |answer| {
        let of_btc = plimsoll_keeper::source::hermes::parse(WORMHOLE).expect("an answer").updates.remove(0);
        let of_btc = base64::engine::general_purpose::STANDARD.encode(of_btc);
        answer["binary"]["data"].as_array_mut().expect("a list").insert(0, of_btc.into());
    });
    let hermes = Hermes { latest, since: ROUTERS, unknown: Some(BTC), ..Hermes::default() };
    let context = context(&stage, &hermes, |_| {}).await;
    refresh(&context).await;
    assert_eq!(*hermes.asked.lock().unwrap(), ["latest", "1787319502"]);
    assert_eq!((posts(&context, "failed"), posts(&context, "posted")), (1, 1));
    assert!((dollars(&stage, slots[1]) / PRICES[1] - 1.0).abs() < 1e-12);
}

#[test]
fn the_stand_ins_refuse_what_the_programs_would_refuse() {
    let programs = PROGRAMS;
    assert_eq!(Programs::of(&programs.receiver.to_bytes()), Some(programs));
    let (stage, _) = stage(&routers(), false);
    let poster = plimsoll_keeper::source::pyth::ix::Poster { programs, key: delegate().pubkey(), treasury: 0 };
    let update = plimsoll_keeper::source::hermes::parse(ROUTERS).unwrap().updates.remove(0);
    let signed = plimsoll_keeper::source::pyth::update::SignedPrices::parse(&update).unwrap();
    let refused = |instructions: &[solana_instruction::Instruction], code: u32| {
        stage.node.world(|world| {
            let failure = world.send(&poster.key, instructions).expect_err("a refusal");
            assert_eq!(failure.code, Some(code), "{}", failure.text);
        });
    };
    let create = stage.node.world(|world| {
        let rent = world.svm.minimum_balance_for_rent_exemption(46 + signed.vaa.len());
        poster.create_vaa(signed.vaa.len(), rent)
    });
    let begin = |vaa: &[u8]| vec![create.clone(), poster.init_vaa(), poster.write_vaa(0, vaa)];
    let with = |vaa: &[u8], more: Vec<solana_instruction::Instruction>| [begin(vaa), more].concat();
    let feed = signed.prices[0].message.feed_id;
    let push = |update| poster.update_price_feed(0, &feed, update);

    let mut changed = signed.vaa.clone();
    *changed.last_mut().unwrap() ^= 1;
    refused(&with(&changed, vec![poster.verify_vaa(0)]), refusal::SIGNATURE);
    refused(&with(&signed.vaa[..200], vec![poster.verify_vaa(0)]), refusal::SIGNATURE);
    let mut few = signed.vaa.clone();
    few[5] = 2;
    refused(&with(&few, vec![poster.verify_vaa(0)]), refusal::NO_QUORUM);
    refused(&with(&signed.vaa, vec![poster.verify_vaa(1)]), refusal::GUARDIAN_SET);
    refused(&with(&signed.vaa, vec![push(signed.prices[0].update.clone())]), refusal::UNVERIFIED);
    let mut other = signed.prices[0].update.clone();
    other.proof = pythnet_sdk::accumulators::merkle::MerklePath::new(vec![[0; 20]; 12]);
    refused(&with(&signed.vaa, vec![poster.verify_vaa(0), push(other)]), refusal::PROOF);
    let elsewhere = poster.update_price_feed(1, &bytes(ETH), signed.prices[0].update.clone());
    refused(&with(&signed.vaa, vec![poster.verify_vaa(0), elsewhere]), refusal::ADDRESS);
    let stranger = stage.node.world(|world| world.party("stranger"));
    let close = plimsoll_keeper::source::pyth::ix::Poster { key: stranger, ..poster }.close_vaa();
    let mut accounts = close.accounts.clone();
    accounts[1].pubkey = vaa();
    let close = solana_instruction::Instruction { accounts, ..close };
    refused(&with(&signed.vaa, vec![close]), refusal::AUTHORITY);
}

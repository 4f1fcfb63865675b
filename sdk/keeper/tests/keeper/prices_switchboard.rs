//! From Crossbar's answer to a pull feed and the board, through stand-ins of Switchboard's program and of the secp256k1
//! precompile, which verify what they are given.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::Router;
use libsecp256k1::{Message, PublicKey, RecoveryId, SecretKey, Signature};
use plimsoll_keeper::jobs::Context;
use plimsoll_sim::feeds::{switchboard_account_bytes, SwitchboardFeed};
use plimsoll_sim::world::{slot_at, switchboard_queue, PriceConfig, World, SWITCHBOARD_ON_DEMAND};
use pythnet_sdk::hashers::keccak256::Keccak256;
use pythnet_sdk::hashers::Hasher;
use serde_json::json;
use solana_instruction::error::InstructionError;
use solana_instruction::{AccountMeta, Instruction};
use solana_program_runtime::declare_process_instruction;
use solana_program_runtime::invoke_context::InvokeContext;
use solana_program_runtime::solana_sbpf::program::BuiltinFunctionDefinition;
use solana_pubkey::Pubkey;
use solana_sdk_ids::{secp256k1_program, sysvar};
use solana_signer::Signer as _;

use crate::pyth_chain::{write, Call};
use crate::stage::{delegate, refresh, Stage};

/// Units of 10^-18 dollars that the oracles sign.
const VALUE: i128 = 182_042_100_000_000_000_000;
const HASH: &str = "4cd1cad962425681af07b9254b7d804de3ca3446fbfd1371bb258d2c75059812";
const FEED: Pubkey = Pubkey::new_from_array([0x5f; 32]);

fn oracle(number: u8) -> (Pubkey, SecretKey, [u8; 20]) {
    let secret = SecretKey::parse(&[31 + number; 32]).expect("a key");
    let public = PublicKey::from_secret_key(&secret).serialize();
    let address = Keccak256::hashv(&[&public[1..]])[12..].try_into().expect("twenty bytes");
    (Pubkey::new_from_array([41 + number; 32]), secret, address)
}

fn statistics(oracle: &Pubkey) -> Pubkey {
    Pubkey::find_program_address(&[b"OracleStats", oracle.as_ref()], &SWITCHBOARD_ON_DEMAND).0
}

/// What oracles sign: the stand-in's own hash of queue, feed, slot and value.
fn message(slot: u64, value: i128) -> [u8; 32] {
    let hash: [u8; 32] = hex::decode(HASH).expect("hexadecimal").try_into().expect("a hash");
    Keccak256::hashv(&[&switchboard_queue().to_bytes()[..], &hash, &slot.to_le_bytes(), &value.to_le_bytes()])
}

fn refuse<T>(text: &'static str) -> Result<T, InstructionError> {
    eprintln!("the stand-in refuses: {text}");
    Err(InstructionError::InvalidArgument)
}

declare_process_instruction!(Secp256k1, 100, |invoke_context| {
    let call = Call::of(invoke_context)?;
    signers(&call.data).map(|_| ())
});

declare_process_instruction!(OnDemand, 10_000, |invoke_context| { submit(invoke_context) });

/// Addresses whose signatures of the message are good, and the message, by the offsets that the instruction gives.
fn signers(data: &[u8]) -> Result<(Vec<[u8; 20]>, Vec<u8>), InstructionError> {
    let word = |at: usize| usize::from(u16::from_le_bytes([data[at], data[at + 1]]));
    let mut found = Vec::new();
    let mut message = Vec::new();
    for number in 0..usize::from(data[0]) {
        let at = 1 + 11 * number;
        if data[at + 2] != 0 || data[at + 5] != 0 || data[at + 10] != 0 {
            return refuse("another instruction's data");
        }
        let (signature, address) = (word(at), word(at + 3));
        message = data[word(at + 6)..][..word(at + 8)].to_vec();
        let digest = Message::parse(&Keccak256::hashv(&[&message[..]]));
        let recovered = Signature::parse_standard_slice(&data[signature..signature + 64])
            .and_then(|parsed| libsecp256k1::recover(&digest, &parsed, &RecoveryId::parse(data[signature + 64])?));
        let Ok(key) = recovered else { return refuse("a signature") };
        let expected: [u8; 20] = data[address..address + 20].try_into().expect("twenty bytes");
        if Keccak256::hashv(&[&key.serialize()[1..]])[12..] != expected {
            return refuse("another signer");
        }
        found.push(expected);
    }
    Ok((found, message))
}

/// Takes a value that the oracles of the accounts have signed in the transaction's first instruction.
fn submit(context: &InvokeContext) -> Result<(), InstructionError> {
    let call = Call::of(context)?;
    let (instruction, arguments) = call.parts()?;
    let accounts = &call.accounts;
    let slot = u64::from_le_bytes(arguments[..8].try_into().expect("a slot"));
    let value = i128::from_le_bytes(arguments[12..28].try_into().expect("a value"));
    if instruction != [239, 124, 39, 184, 147, 222, 16, 248] || arguments[8..12] != 1u32.to_le_bytes() {
        return refuse("another instruction");
    }
    if accounts[0].key != switchboard_queue() || accounts[8].key != sysvar::instructions::ID || !accounts[3].signer {
        return refuse("an account");
    }
    let first = first_instruction(&accounts[8].data);
    if first.0 != secp256k1_program::ID {
        return refuse("no signatures in front");
    }
    let (signers, signed) = signers(&first.1)?;
    let count = signers.len();
    let oracles = accounts.get(10..10 + count).ok_or(InstructionError::MissingAccount)?;
    let written = &accounts[10 + count..];
    let fit = oracles.iter().zip(written).zip(&signers).all(|((oracle, written), signer)| {
        oracle.owner == call.program
            && oracle.data == signer
            && written.key == statistics(&oracle.key)
            && written.writable
    });
    if !fit || written.len() != count || signed != message(slot, value) {
        return refuse("oracles or message");
    }
    let published_at = context.environment_config.sysvar_cache().get_clock()?.unix_timestamp;
    let feed = feed(value, count as u8, published_at, slot);
    write(context, 9, &feed)
}

/// Program and data of the transaction's first instruction.
fn first_instruction(sysvar: &[u8]) -> (Pubkey, Vec<u8>) {
    let word = |at: usize| usize::from(u16::from_le_bytes([sysvar[at], sysvar[at + 1]]));
    let at = word(2);
    let after = at + 2 + word(at) * 33;
    let program = Pubkey::try_from(&sysvar[after..after + 32]).expect("an address");
    (program, sysvar[after + 34..][..word(after + 32)].to_vec())
}

fn feed(value: i128, samples: u8, published_at: i64, slot: u64) -> Vec<u8> {
    switchboard_account_bytes(&SwitchboardFeed {
        queue: switchboard_queue().to_bytes(),
        feed_hash: hex::decode(HASH).expect("hexadecimal").try_into().expect("a hash"),
        value,
        std_dev: value / 1_000,
        samples,
        ..SwitchboardFeed::signed(published_at, slot)
    })
}

/// Installs the stand-ins, oracles, and a slot whose primary is the pull feed.
fn list(world: &mut World) -> usize {
    world.svm.add_builtin(secp256k1_program::ID, Secp256k1::register);
    world.svm.add_builtin(SWITCHBOARD_ON_DEMAND, OnDemand::register);
    for number in 0..3 {
        let (key, _, address) = oracle(number);
        world.put_data(&key, &SWITCHBOARD_ON_DEMAND, address.to_vec());
    }
    let old = world.now() - 3_600;
    world.put_data(&FEED, &SWITCHBOARD_ON_DEMAND, feed(VALUE / 2, 3, old, slot_at(old)));
    let (mut price, listed) = world.price_args(&PriceConfig { secondary: true, ..PriceConfig::named("pulled") });
    let secondary = price.config.secondary.take().expect("a second source");
    let feed_id = hex::decode(HASH).expect("hexadecimal").try_into().expect("a hash");
    price.config.primary = plimsoll_sdk::ix::args::OracleSourceArgs { address: FEED, feed_id, ..secondary };
    let list = plimsoll_sdk::ix::list_price(&world.keys, world.authority, price);
    world.send_as_authority(list).expect("a listing");
    usize::from(listed.slot)
}

/// A Crossbar with three oracles, that can spoil what they sign.
#[derive(Clone)]
struct Crossbar {
    /// The slot that the oracles name.
    slot: u64,
    spoil: fn(&mut Vec<Instruction>),
}

impl Crossbar {
    fn instructions(&self, payer: Pubkey, count: u8) -> Vec<Instruction> {
        let message = message(self.slot, VALUE);
        let mut data = vec![count];
        let first = 1 + 11 * usize::from(count);
        for number in 0..usize::from(count) {
            let block = (first + 85 * number) as u16;
            data.extend_from_slice(&block.to_le_bytes());
            data.push(0);
            data.extend_from_slice(&(block + 65).to_le_bytes());
            data.push(0);
            data.extend_from_slice(&((first + 85 * usize::from(count)) as u16).to_le_bytes());
            data.extend_from_slice(&[32, 0, 0]);
        }
        let oracles: Vec<_> = (0..count).map(oracle).collect();
        for (_, secret, address) in &oracles {
            let digest = Message::parse(&Keccak256::hashv(&[&message[..]]));
            let (signature, recovery) = libsecp256k1::sign(&digest, secret);
            data.extend_from_slice(&signature.serialize());
            data.push(recovery.serialize());
            data.extend_from_slice(address);
        }
        data.extend_from_slice(&message);
        let verify = Instruction { program_id: secp256k1_program::ID, accounts: Vec::new(), data };
        let state = Pubkey::find_program_address(&[b"STATE"], &SWITCHBOARD_ON_DEMAND).0;
        let token: Pubkey = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA".parse().expect("an address");
        let mint: Pubkey = "So11111111111111111111111111111111111111112".parse().expect("an address");
        let associated = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL".parse().expect("an address");
        let queue = switchboard_queue();
        let seeds: [&[u8]; 3] = [queue.as_ref(), token.as_ref(), mint.as_ref()];
        let rewards = Pubkey::find_program_address(&seeds, &associated).0;
        let mut accounts = vec![
            AccountMeta::new_readonly(queue, false),
            AccountMeta::new_readonly(state, false),
            AccountMeta::new_readonly(sysvar::slot_hashes::ID, false),
            AccountMeta::new(payer, true),
            AccountMeta::new_readonly(Pubkey::default(), false),
            AccountMeta::new(rewards, false),
            AccountMeta::new_readonly(token, false),
            AccountMeta::new_readonly(mint, false),
            AccountMeta::new_readonly(sysvar::instructions::ID, false),
            AccountMeta::new(FEED, false),
        ];
        accounts.extend(oracles.iter().map(|(key, _, _)| AccountMeta::new_readonly(*key, false)));
        accounts.extend(oracles.iter().map(|(key, _, _)| AccountMeta::new(statistics(key), false)));
        let mut data = vec![239, 124, 39, 184, 147, 222, 16, 248];
        data.extend_from_slice(&self.slot.to_le_bytes());
        data.extend_from_slice(&1u32.to_le_bytes());
        data.extend_from_slice(&VALUE.to_le_bytes());
        let mut all = vec![verify, Instruction { program_id: SWITCHBOARD_ON_DEMAND, accounts, data }];
        (self.spoil)(&mut all);
        all
    }

    async fn serve(&self) -> String {
        async fn simulate(Path(_): Path<String>) -> String {
            json!([{ "feedHash": HASH, "results": ["182.0421"], "receipts": null, "error": null }]).to_string()
        }
        async fn updates(
            State(crossbar): State<Crossbar>,
            Path((network, feed)): Path<(String, String)>,
            Query(query): Query<std::collections::HashMap<String, String>>,
        ) -> String {
            assert_eq!((network.as_str(), feed), ("mainnet", FEED.to_string()));
            let count = query["numSignatures"].parse().expect("a number");
            let all = crossbar.instructions(query["payer"].parse().expect("a payer"), count);
            let texts: Vec<String> =
                all.iter().map(|one| hex::encode(bincode::serialize(one).expect("an instruction"))).collect();
            json!([{ "success": true, "pullIxns": texts, "responses": [], "lookupTables": [] }]).to_string()
        }
        let router = Router::new()
            .route("/simulate/{hashes}", get(simulate))
            .route("/updates/solana/{network}/{feed}", get(updates))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

async fn stage(spoil: fn(&mut Vec<Instruction>)) -> (Stage, Arc<Context>, usize) {
    let stage = Stage::new();
    let slot = stage.node.world(list);
    let mut config = stage.config();
    let signed_in = stage.node.world(|world| slot_at(world.now()));
    config.prices.crossbar_url = Some(Crossbar { slot: signed_in, spoil }.serve().await);
    config.prices.post_to_switchboard = true;
    let context = stage.context(config).await;
    (stage, context, slot)
}

fn dollars(stage: &Stage, slot: usize) -> f64 {
    let spot = stage.node.world(|world| world.board().slots[slot].spot);
    spot.mantissa as f64 * 2f64.powi(spot.exponent)
}

fn posts(context: &Context, outcome: &str) -> u64 {
    context.metrics.posts.with_label_values(&["switchboard", outcome]).get()
}

#[tokio::test]
async fn a_value_that_oracles_signed_reaches_the_board_in_one_turn() {
    let (stage, context, slot) = stage(|_| {}).await;
    refresh(&context).await;
    assert_eq!((posts(&context, "posted"), posts(&context, "failed")), (1, 0));
    assert!((dollars(&stage, slot) / 182.0421 - 1.0).abs() < 1e-12, "{}", dollars(&stage, slot));
}

#[tokio::test]
async fn a_transfer_that_crossbar_adds_is_never_sent() {
    let (stage, context, slot) = stage(|all| {
        let (payer, stranger) = (delegate().pubkey(), Pubkey::new_from_array([9; 32]));
        all.push(solana_system_interface::instruction::transfer(&payer, &stranger, 1_000_000));
    })
    .await;
    refresh(&context).await;
    assert_eq!(stage.node.calls("sendTransaction"), 0);
    assert_eq!(context.metrics.refusals("post_price", "switchboard", "bad_submission"), 1);
    assert_eq!((posts(&context, "failed"), dollars(&stage, slot)), (1, 0.0));
}

#[tokio::test]
async fn a_value_that_the_oracles_did_not_sign_fails_in_simulation_and_is_counted() {
    let (stage, context, slot) = stage(|all| all[1].data[20] ^= 1).await;
    refresh(&context).await;
    assert_eq!(stage.node.calls("sendTransaction"), 0);
    assert_eq!((posts(&context, "failed"), dollars(&stage, slot)), (1, 0.0));
}

/// Oracles' signatures are good for minutes; their price is not.
#[tokio::test]
async fn a_value_that_was_signed_long_ago_does_not_reach_the_board() {
    let (stage, context, slot) = stage(|_| {}).await;
    stage.node.world(|world| world.advance(6));
    refresh(&context).await;
    assert_eq!(dollars(&stage, slot), 0.0);
}

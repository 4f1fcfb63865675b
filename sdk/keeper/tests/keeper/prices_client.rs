//! The instructions that post to Pyth, against those that Pyth's own client makes of the same genuine updates.

use std::collections::BTreeMap;

use plimsoll_keeper::source::hermes;
use plimsoll_keeper::source::posting::{pack, size, Part, MOST_BYTES};
use plimsoll_keeper::source::pyth::ix::{Poster, VAA_HEADER_LEN, VAA_PART_LEN};
use plimsoll_keeper::source::pyth::programs::Programs;
use plimsoll_keeper::source::pyth::update::SignedPrices;
use serde::Deserialize;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_system_interface::instruction::SystemInstruction;

const CLIENT: &str = include_str!("../../fixtures/pyth-client.json");
const WORMHOLE: &str = include_str!("../../fixtures/hermes-latest.json");
const ROUTERS: &str = include_str!("../../fixtures/hermes-three-of-five.json");

#[derive(Deserialize)]
struct Client {
    payer: String,
    recordings: Vec<Recording>,
}

#[derive(Deserialize)]
struct Recording {
    update: String,
    kind: String,
    receiver: String,
    accounts: BTreeMap<String, String>,
    post: Vec<Recorded>,
    close: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    program: String,
    accounts: Vec<Account>,
    data: String,
}

#[derive(Deserialize)]
struct Account {
    address: String,
    signer: bool,
    writable: bool,
}

fn key(text: &str) -> Pubkey {
    text.parse().expect("an address")
}

/// An instruction of the client, with our account of the VAA in place of the one that it drew.
fn instruction(recorded: &Recorded, drawn: Pubkey, ours: Pubkey) -> Instruction {
    let meta = |account: &Account| {
        let address = key(&account.address);
        let pubkey = if address == drawn { ours } else { address };
        AccountMeta { pubkey, is_signer: account.signer, is_writable: account.writable }
    };
    let accounts = recorded.accounts.iter().map(meta).collect();
    Instruction {
        program_id: key(&recorded.program),
        accounts,
        data: hex::decode(&recorded.data).expect("hexadecimal"),
    }
}

struct Case {
    poster: Poster,
    signed: SignedPrices,
    recording: Recording,
}

fn cases() -> Vec<Case> {
    let client: Client = serde_json::from_str(CLIENT).expect("the recording");
    let case = |recording: Recording| {
        let answer = if recording.update == "three-of-five" { ROUTERS } else { WORMHOLE };
        let update = hermes::parse(answer).expect("an answer").updates.remove(0);
        let programs = Programs::of(&key(&recording.receiver).to_bytes()).expect("a receiver");
        let poster = Poster { programs, key: key(&client.payer), treasury: 0 };
        Case { poster, signed: SignedPrices::parse(&update).expect("an update"), recording }
    };
    client.recordings.into_iter().map(case).collect()
}

/// What we send for a case, in order, but for the closing: everything after the creation of the account of the VAA.
fn ours(case: &Case) -> Vec<Instruction> {
    let Case { poster, signed, recording } = case;
    let mut all = vec![poster.init_vaa()];
    for (number, part) in signed.vaa.chunks(VAA_PART_LEN).enumerate() {
        all.push(poster.write_vaa(number * VAA_PART_LEN, part));
    }
    all.push(poster.verify_vaa(signed.guardian_set));
    for price in &signed.prices {
        let feed = &price.message.feed_id;
        all.push(match recording.kind.as_str() {
            "push" => poster.update_price_feed(0, feed, price.update.clone()),
            _ => poster.post_update(key(&recording.accounts[&hex::encode(feed)]), price.update.clone()),
        });
    }
    all
}

#[test]
fn every_instruction_is_that_of_pyths_own_client_byte_for_byte() {
    let cases = cases();
    assert_eq!(cases.len(), 6);
    for case in &cases {
        let Case { poster, recording, .. } = case;
        let drawn = key(&recording.post[1].accounts[1].address);
        let theirs: Vec<Instruction> =
            recording.post[1..].iter().map(|recorded| instruction(recorded, drawn, poster.vaa())).collect();
        assert_eq!(ours(case), theirs, "{} {}", recording.update, recording.kind);

        let closed = recording.close.iter().map(|recorded| instruction(recorded, drawn, poster.vaa()));
        let own = recording.accounts.values().map(|account| key(account));
        let mut closing = vec![poster.close_vaa()];
        if recording.kind == "posted" {
            closing.extend(own.map(|account| poster.reclaim_rent(account)));
        }
        assert_eq!(closed.collect::<Vec<_>>(), closing, "{} {}", recording.update, recording.kind);
    }
}

#[test]
fn the_account_of_the_vaa_is_made_as_pyths_own_client_makes_it_but_at_an_address_that_needs_no_key() {
    for Case { poster, signed, recording } in cases() {
        let theirs: SystemInstruction =
            bincode::deserialize(&hex::decode(&recording.post[0].data).expect("hexadecimal")).expect("an instruction");
        let SystemInstruction::CreateAccount { lamports, space, owner } = theirs else { panic!("{theirs:?}") };
        let ours = poster.create_vaa(signed.vaa.len(), lamports);
        let SystemInstruction::CreateAccountWithSeed { base, seed, lamports: l, space: s, owner: o } =
            bincode::deserialize(&ours.data).expect("an instruction")
        else {
            panic!("{ours:?}")
        };
        assert_eq!((l, s, o), (lamports, space, owner));
        assert_eq!(space as usize, VAA_HEADER_LEN + signed.vaa.len());
        assert_eq!(Pubkey::create_with_seed(&base, &seed, &o), Ok(poster.vaa()));
        let made = AccountMeta::new(poster.vaa(), false);
        assert_eq!((base, ours.accounts), (poster.key, vec![AccountMeta::new(poster.key, true), made]));
    }
}

#[test]
fn every_transaction_fits_and_an_update_takes_two_or_three() {
    for case in cases() {
        let create = case.poster.create_vaa(case.signed.vaa.len(), 1_000_000);
        let all = std::iter::once(create).chain(ours(&case)).chain([case.poster.close_vaa()]);
        let steps = pack(&case.poster.key, all.map(Part::of).collect()).expect("parts that fit");
        let bytes: Vec<usize> = steps.iter().map(|step| size(&case.poster.key, &step.instructions())).collect();
        assert!(bytes.iter().all(|bytes| *bytes <= MOST_BYTES), "{bytes:?}");
        let expected = if case.recording.update == "three-of-five" { 3 } else { 2 };
        assert_eq!(bytes.len(), expected, "{} {}: {bytes:?}", case.recording.update, case.recording.kind);
    }
}

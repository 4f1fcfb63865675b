//! Every instruction of the program in solana-program-test.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anchor_lang::Discriminator;
use plimsoll_program_test::each::Each;
use plimsoll_program_test::replay::{Bank, Keys};
use plimsoll_program_test::runtime::Form;
use plimsoll_program_test::tour::Tour;
use plimsoll_sdk::ix;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_sim::world::{address, Step};
use sha2::{Digest, Sha256};
use solana_account::Account;
use solana_program_test::tokio;

/// The list of instructions is this file's, so that a new one cannot be forgotten.
const PROGRAM: &str = include_str!("../../programs/plimsoll/src/lib.rs");

/// Names of all instructions, with the eight bytes that each begins with.
fn instructions() -> Vec<(&'static str, [u8; 8])> {
    let (_, module) = PROGRAM.split_once("#[program]").expect("the program has a list of instructions");
    let names = module.lines().filter_map(|line| line.strip_prefix("    pub fn ")).map(|line| {
        let end = line.find(|c: char| !c.is_alphanumeric() && c != '_').expect("a name ends");
        &line[..end]
    });
    // In the first layout there is nothing to migrate, so it never goes through.
    let names = names.filter(|name| *name != "migrate_account");
    let discriminator = |name: &str| Sha256::digest(format!("global:{name}"))[..8].try_into().expect("eight bytes");
    names.map(|name| (name, discriminator(name))).collect()
}

/// The engine's instructions that went through, by what each begins with.
fn gone_through(steps: &[Step]) -> Vec<&[u8]> {
    let sent = steps.iter().filter_map(|step| match step {
        Step::Send(_, instructions, Ok(())) => Some(instructions),
        _ => None,
    });
    sent.flatten().filter(|ix| ix.program_id == plimsoll::ID).map(|ix| &ix.data[..]).collect()
}

#[test]
fn the_list_of_instructions_is_read_as_the_program_dispatches_it() {
    let all = instructions();
    let of = |name: &str| all.iter().find(|(of, _)| *of == name).expect("it is listed").1;
    assert_eq!(of("create_engine"), plimsoll::instruction::CreateEngine::DISCRIMINATOR);
    assert_eq!(of("refresh_price"), plimsoll::instruction::RefreshPrice::DISCRIMINATOR);
    assert_eq!(of("resolve_bankruptcy"), plimsoll::instruction::ResolveBankruptcy::DISCRIMINATOR);
}

#[tokio::test]
async fn every_instruction_goes_through_with_every_feature_active() {
    let form = Form::of_environment();
    let mut bank = Bank::new(form.bank().await);
    let each = Each::set(form.world());
    let keys = each.keys();
    for (i, step) in each.steps.iter().enumerate() {
        assert_eq!(bank.step(&keys, step).await, Ok(()), "step {i} of {}: {step:?}", each.steps.len());
    }
    let (mut gone, mut different) = (BTreeSet::new(), Vec::new());
    for call in each.calls() {
        gone.insert(call.ix.data[..8].to_vec());
        if let Err(reason) = each.send(&mut bank, &keys, call).await {
            different.push(format!("{}: {reason}", call.title()));
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    let missing: Vec<&str> =
        instructions().into_iter().filter(|(_, bytes)| !gone.contains(&bytes[..])).map(|(name, _)| name).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_step_of_a_resolution_goes_through_in_the_tour() {
    let form = Form::of_environment();
    let _answering = form.bank().await;
    let tour = Tour::take(form.world(), form.has_return_data());
    let resolve = plimsoll::instruction::ResolveBankruptcy::DISCRIMINATOR;
    let gone = gone_through(&tour.steps);
    let steps: BTreeSet<u8> = gone.iter().filter(|data| data[..8] == *resolve).map(|data| data[8]).collect();
    assert_eq!(steps, BTreeSet::from([0, 1, 2, 3, 4, 5]));
}

#[tokio::test]
async fn the_tour_ends_alike_with_every_feature_active() {
    let form = Form::of_environment();
    let mut bank = Bank::new(form.bank().await);
    let started = Instant::now();
    let tour = Tour::take(form.world(), form.has_return_data());
    let told = started.elapsed();
    let keys = Keys::of(tour.world.parties());
    for (i, step) in tour.steps.iter().enumerate() {
        let same = bank.step(&keys, step).await;
        assert_eq!(same, Ok(()), "step {i} of {}: {step:?}", tour.steps.len());
    }
    let expected = tour.world.snapshot();
    let different = bank.different(&expected).await;
    assert!(different.is_empty(), "{different:#?}");
    let sent = tour.steps.iter().filter(|step| matches!(step, Step::Send(..))).count();
    println!("{} steps ({sent} transactions), {} accounts compared", tour.steps.len(), expected.len());
    println!("told in {told:?}, told again in {:?}", started.elapsed() - told);
}

#[tokio::test]
async fn another_outcome_and_another_byte_are_noticed() {
    let mut bank = Bank::new(Form::of_environment().bank().await);
    let (payer, keys) = (address("mallory"), Keys::of(["mallory"]));
    let put = Step::Put(payer, Account { lamports: 1_000_000_000, ..Account::default() });
    assert_eq!(bank.step(&keys, &put).await, Ok(()));
    let engine = EngineKeys::created_by(&payer, 0);
    let refused = vec![ix::check_margin(&engine, engine.engine, 1)];
    let code: u32 = anchor_lang::error::ErrorCode::AccountOwnedByWrongProgram.into();
    assert_eq!(bank.step(&keys, &Step::Simulate(payer, refused.clone(), Err(Some(code)))).await, Ok(()));
    for recorded in [Ok(()), Err(None), Err(Some(code + 1))] {
        assert!(bank.step(&keys, &Step::Send(payer, refused.clone(), recorded)).await.is_err());
    }
    let mint = Account { lamports: 1_000_000_000, data: vec![7; 82], ..Account::default() };
    assert_eq!(bank.step(&keys, &Step::Put(engine.board, mint.clone())).await, Ok(()));
    let mut expected = BTreeMap::from([(engine.board, mint)]);
    assert_eq!(bank.different(&expected).await, Vec::<String>::new());
    expected.entry(engine.board).and_modify(|account| account.data[81] = 8);
    assert_eq!(bank.different(&expected).await.len(), 1);
}

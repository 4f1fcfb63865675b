//! Every instruction of the program in solana-program-test.

use std::collections::BTreeSet;
use std::time::Instant;

use plimsoll_program_test::replay::{file_in, sbf_bank, sbf_directory, Keys};
use plimsoll_program_test::tour::{Tour, PARTIES};
use plimsoll_sim::world::{program_file, Step};
use sha2::{Digest, Sha256};
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
    let discriminator = |name: &str| Sha256::digest(format!("global:{name}"))[..8].try_into().expect("eight bytes");
    names.map(|name| (name, discriminator(name))).collect()
}

#[test]
fn every_instruction_of_the_program_goes_through_in_the_tour() {
    let tour = Tour::take();
    let mut seen = BTreeSet::new();
    for step in &tour.steps {
        if let Step::Send(_, instructions, Ok(())) = step {
            seen.extend(instructions.iter().filter(|ix| ix.program_id == plimsoll::ID).map(|ix| ix.data[..8].to_vec()));
        }
    }
    let all = instructions();
    let missing: Vec<&str> = all.iter().filter(|(_, bytes)| !seen.contains(&bytes[..])).map(|(name, _)| *name).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(seen.len(), all.len());
}

#[tokio::test]
async fn the_tour_ends_alike_with_every_feature_active() {
    let directory = sbf_directory().unwrap();
    for (variable, name) in [("PLIMSOLL_SO", "plimsoll"), ("PLIMSOLL_VENUE_SO", "example_venue")] {
        let files = [program_file(variable, name), file_in(&directory, name)].map(|file| std::fs::read(file).unwrap());
        assert!(files[0] == files[1], "both runtimes run the same {name}");
    }
    let started = Instant::now();
    let tour = Tour::take();
    let told = started.elapsed();
    let (mut bank, keys) = (sbf_bank().await, Keys::of(&PARTIES));
    for (i, step) in tour.steps.iter().enumerate() {
        let same = bank.step(&keys, step).await;
        assert_eq!(same, Ok(()), "step {i} of {}: {step:?}", tour.steps.len());
    }
    let expected = tour.world.snapshot();
    let different = bank.different(&expected).await;
    assert!(different.is_empty(), "{different:#?}");
    println!("{} steps, {} accounts, {told:?} + {:?}", tour.steps.len(), expected.len(), started.elapsed() - told);
}

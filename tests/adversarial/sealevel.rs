//! The eleven classes of sealevel-attacks against every account of every instruction.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use plimsoll_tests::valid::twin;
use plimsoll_tests::*;
use solana_account::Account;

use super::calls::{calls, Call};
use super::clean::{called, complaint, named, untouched};
use super::mutation::{mutations, Mutation};
use super::neutral::{is_anyones, neutral, Effect, NEUTRAL};
use super::program;
use super::refusals::{different, OF_ANOTHER_ENGINE};
use super::stage::Stage;

#[test]
fn every_instruction_and_every_account_of_it_is_in_the_table() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let listed: BTreeSet<&str> = calls.iter().map(|call| call.name).collect();
    let all = program::instructions();
    assert_eq!(listed, all.iter().map(String::as_str).collect());
    for call in &calls {
        let slots = program::slots(call.name);
        let further = further(call.name);
        assert_eq!(slots.len() + further, call.ix.accounts.len(), "{}", call.title());
    }
}

#[test]
fn every_call_of_the_table_succeeds_as_it_stands() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let failed: Vec<String> = calls
        .iter()
        .filter_map(|call| {
            let failure = stage.world.simulate(&payer, std::slice::from_ref(&call.ix)).err()?;
            Some(format!("{}: {failure}", call.title()))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// ACCOUNT-4
#[test]
fn a_wrong_account_in_any_slot_of_any_instruction_is_refused_and_changes_nothing() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let mut report = Report::default();
    for call in &calls {
        let mut attack = Attack::new(&stage, call);
        for mutation in mutations(&stage, call, &program::slots(call.name)) {
            // What a proposed instruction takes is compared when it is executed.
            if call.name == "propose_change" && mutation.slot.starts_with("oracle") {
                continue;
            }
            attack.run(&mutation, &mut report);
        }
    }
    report.complain_of_unused();
    let found = report.refused.iter().map(|((of, kind), names)| (of.as_str(), *kind, names));
    let different = different(found);
    assert!(different.is_empty(), "refusals of other names than the table has:\n{different}");
    assert!(report.wrong.is_empty(), "{} of {}:\n{}", report.wrong.len(), report.attacks, report.wrong.join("\n"));
    assert!(report.attacks > 3_500, "the table has lost rows: {} attacks", report.attacks);
}

#[test]
fn no_mixture_of_two_engines_accounts_is_accepted() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let (ours, theirs) = (stage.world.keys.bank(USDC).vault, stage.other.bank(USDC).vault);
    let (mut attacks, mut wrong, mut names) = (0, Vec::new(), BTreeSet::new());
    for call in &calls {
        let metas = &call.ix.accounts[..compared(call)];
        let twins: Vec<(usize, Pubkey)> = (0..metas.len())
            .filter_map(|at| {
                let key = metas[at].pubkey;
                let twin = if key == ours { Some(theirs) } else { twin(&stage, &key) };
                Some((at, twin?))
            })
            .collect();
        // All of them together are a call of the other engine.
        for chosen in 1..(1u32 << twins.len()).saturating_sub(1) {
            let mut ix = call.ix.clone();
            for (_, (at, twin)) in twins.iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0) {
                ix.accounts[*at].pubkey = *twin;
            }
            attacks += 1;
            let found = match stage.world.simulate(&payer, &[ix]) {
                Ok(_) => Some("went through".into()),
                Err(failure) => {
                    names.insert(named(&failure));
                    complaint(&failure, &stage.hostile)
                }
            };
            wrong.extend(found.map(|found| format!("{} with {chosen:b} of {twins:?}: {found}", call.title())));
        }
    }
    assert!(wrong.is_empty(), "{} of {attacks}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), OF_ANOTHER_ENGINE);
    assert!(attacks > 500, "the table has lost rows: {attacks} attacks");
}

/// Accounts of a call of the table that follow those of its instruction: oracles, or what a change's instruction takes.
fn further(name: &str) -> usize {
    match name {
        "refresh_price" => 2,
        "propose_change" | "execute_change" => 6,
        _ => 0,
    }
}

/// How many of a call's accounts the program compares: those of a proposed instruction when it is executed.
pub fn compared(call: &Call) -> usize {
    call.ix.accounts.len() - if call.name == "propose_change" { further(call.name) } else { 0 }
}

/// What the attacks found.
#[derive(Default)]
struct Report {
    attacks: usize,
    neutral: usize,
    used: BTreeSet<usize>,
    /// Names of the refusals, by what the slot demands and what was wrong.
    refused: BTreeMap<(String, &'static str), BTreeSet<String>>,
    wrong: Vec<String>,
}

impl Report {
    /// A neutral entry that nothing needs hides the next mistake.
    fn complain_of_unused(&mut self) {
        for (at, entry) in NEUTRAL.iter().enumerate() {
            if !self.used.contains(&at) {
                self.wrong.push(format!("no attack needs a neutral entry: {}", entry.title()));
            }
        }
    }
}

/// One call under attack.
struct Attack<'a> {
    call: &'a Call,
    world: World,
    payer: Pubkey,
    before: BTreeMap<Pubkey, Account>,
    hostile: Pubkey,
    /// What the call does as it stands.
    valid: BTreeMap<Pubkey, Account>,
}

impl<'a> Attack<'a> {
    fn new(stage: &Stage, call: &'a Call) -> Self {
        let mut world = stage.world.clone();
        let payer = world.party("fees");
        let before = world.snapshot();
        let mut copy = world.clone();
        assert_sent(copy.send(&payer, std::slice::from_ref(&call.ix)));
        Self { call, world, payer, before, hostile: stage.hostile, valid: copy.snapshot() }
    }

    fn run(&mut self, mutation: &Mutation, report: &mut Report) {
        report.attacks += 1;
        let title = format!("{}: {} in {}", self.call.title(), mutation.kind, mutation.slot);
        let allowed = neutral(self.call, mutation);
        let saved: Vec<(Pubkey, Account)> =
            mutation.puts.iter().map(|(key, _)| (*key, self.world.svm.get_account(key).unwrap_or_default())).collect();
        for (key, account) in &mutation.puts {
            self.world.put(key, account.clone());
        }
        let before = if mutation.puts.is_empty() { None } else { Some(self.world.snapshot()) };
        let intact = self.world.clone();
        let sent = self.world.send(&self.payer, std::slice::from_ref(&mutation.ix));
        let after = self.world.snapshot();
        let found = match (&sent, allowed) {
            (Ok(meta), None) if is_anyones(self.call, mutation) => {
                report.neutral += 1;
                self.neutrality(mutation, Effect::OtherTarget, &after).or_else(|| called(&meta.logs, &self.hostile))
            }
            (Ok(_), None) => Some("went through".to_owned()),
            (Ok(meta), Some((at, effect))) => {
                report.neutral += 1;
                report.used.insert(at);
                self.neutrality(mutation, effect, &after).or_else(|| called(&meta.logs, &self.hostile))
            }
            (Err(_), Some(_)) => Some("is listed as neutral, but refused".to_owned()),
            (Err(failure), None) => {
                let key = (mutation.of.title().to_owned(), mutation.kind);
                report.refused.entry(key).or_default().insert(named(failure));
                complaint(failure, &self.hostile).or_else(|| untouched(before.as_ref().unwrap_or(&self.before), &after))
            }
        };
        report.wrong.extend(found.map(|found| format!("{title}: {found}")));
        if sent.is_ok() {
            self.world = intact;
        }
        for (key, account) in saved {
            self.world.put(&key, account);
        }
    }

    /// What a neutral mutation may do.
    fn neutrality(&self, mutation: &Mutation, effect: Effect, after: &BTreeMap<Pubkey, Account>) -> Option<String> {
        let [old, new] = mutation.keys;
        let Effect::Same(differing) = effect else {
            let touched = self.before.get(&old) != after.get(&old);
            return touched.then(|| "changed the account that it does not name".into());
        };
        let slots = program::slots(self.call.name);
        let excused: Vec<Pubkey> = slots
            .iter()
            .zip(&self.call.ix.accounts)
            .filter(|(slot, _)| differing.contains(&slot.name.as_str()))
            .map(|(_, meta)| meta.pubkey)
            .chain([old, new])
            .collect();
        let keys: BTreeSet<&Pubkey> = self.valid.keys().chain(after.keys()).collect();
        let changed = keys.into_iter().find(|key| !excused.contains(key) && self.valid.get(*key) != after.get(*key));
        changed.map(|key| format!("is not neutral: {key} ends up different"))
    }
}

//! Every key sends every instruction with hostile arguments, alone and several in one transaction: whoever signed nothing
//! loses no more than the table of powers says (`plimsoll::guard::powers`, docs/powers.md).

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::guard::powers::{bound, Key, Toll};
use plimsoll::guard::{Action, RULES};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::attacks::{attacks, Attack, Dice};
use super::cast::{Attacker, Scene, STANDING};
use super::measure::{Allowed, Comparison, Measured, Worst};

/// Calls with other numbers for each call of the table, and transactions of several calls, for each key.
const NUMBERS: usize = 20;
const TOGETHER: u64 = 250;
/// For how long the ramp of the stage has been under way, seconds: it was begun a minute before the last prices.
const RAMPED_SECS: i128 = 70;

/// The action of an instruction.
pub fn action(name: &str) -> Action {
    let place = RULES.iter().position(|rule| rule.instruction == name);
    Action::ALL[place.unwrap_or_else(|| panic!("{name} has no row"))]
}

/// What some calls may take together; none where one of them is refused to this key.
pub fn allowed(key: Key, names: &[&str]) -> Option<Allowed> {
    let mut allowed = Allowed::default();
    for name in names {
        let bound = bound(action(name), key)?;
        allowed.others.push(bound.others);
        // Whoever gave a right is one of the others too.
        allowed.givers.extend([bound.others, bound.givers]);
    }
    Some(allowed)
}

/// What an attacker found.
#[derive(Default)]
struct Found {
    worst: Worst,
    through: BTreeMap<&'static str, usize>,
    tried: usize,
    /// What exceeded the table.
    beyond: Vec<String>,
}

struct Trial<'a> {
    scene: &'a Scene,
    before: &'a Measured,
    by: &'a Attacker,
    found: Found,
}

impl Trial<'_> {
    /// Sends some calls as one transaction; whether it went through.
    fn send(&mut self, attacks: &[&Attack]) -> bool {
        self.found.tried += 1;
        let world = &self.scene.stage.world;
        let calls: Vec<Instruction> = attacks.iter().map(|attack| attack.ix.clone()).collect();
        if world.simulate(&self.by.signer, &calls).is_err() {
            return false;
        }
        let mut after = world.clone();
        assert_sent(after.send(&self.by.signer, &calls));
        let names: Vec<&str> = attacks.iter().map(|attack| attack.name).collect();
        let title = format!("{} by {}", names.join(", "), self.by.key.words());
        let compared = match allowed(self.by.key, &names) {
            Some(allowed) => self.compare(&after, &allowed),
            None => Err("the table says it is refused".to_owned()),
        };
        match compared {
            Ok(worst) => self.found.worst.and(&worst),
            Err(fact) => self.found.beyond.push(format!("{title}: {fact}")),
        }
        attacks.iter().for_each(|attack| *self.found.through.entry(attack.name).or_default() += 1);
        true
    }

    fn compare(&self, after: &World, allowed: &Allowed) -> Result<Worst, String> {
        let own = self.by.accounts.map(|own| own.account);
        let mut worst = Comparison {
            before: self.before,
            after: &Measured::of(after, &self.scene.victims, STANDING),
            allowed,
            own: &own,
            givers: &self.scene.givers(self.by.key),
            ramped_secs: RAMPED_SECS,
        }
        .check()?;
        for leaver in &self.scene.leavers {
            worst.exits.extend(leaver.closed(after, allowed)?);
        }
        Ok(worst)
    }

    fn run(mut self) -> Found {
        let nightly = if std::env::var_os("PLIMSOLL_NIGHTLY").is_some() { 20 } else { 1 };
        let mut dice = Dice(self.by.key as u64 + 1);
        let all = attacks(self.scene, self.by, NUMBERS * nightly, &mut dice);
        let mut seen = BTreeSet::new();
        let mut admitted = Vec::new();
        for attack in &all {
            let accounts: Vec<_> = attack.ix.accounts.iter().map(|meta| meta.pubkey).collect();
            if seen.insert((accounts, attack.ix.data.clone())) && self.send(&[attack]) {
                admitted.push(attack);
            }
        }
        // What went through alone, several at once, with something at the end that did not or was not tried.
        for _ in 0..TOGETHER * nightly as u64 {
            let mut several: Vec<&Attack> = (0..1 + dice.below(3)).map(|_| *dice.pick(&admitted)).collect();
            several.push(if dice.below(2) == 0 { dice.pick(&all) } else { *dice.pick(&admitted) });
            self.send(&several);
        }
        self.found
    }
}

/// What no key gets through at once: the executor's, the heir's, and what can be done once in an engine's life.
const NEVER: [&str; 9] = [
    "accept_role",
    "grow_registry",
    "launch_engine",
    "list_bank",
    "list_market",
    "list_price",
    "migrate_account",
    "propose_role",
    "withdraw_insurance",
];

/// POWER-1, POWER-2, POWER-5. `PLIMSOLL_RECORD=1` writes what was measured.
#[test]
fn no_key_takes_more_in_one_transaction_than_the_table_of_powers_says() {
    let scene = Scene::new();
    let before = Measured::of(&scene.stage.world, &scene.victims, STANDING);
    scene.check_cast(&before);
    let mut rows = Vec::new();
    let mut never: BTreeSet<&str> = RULES.iter().map(|rule| rule.instruction).collect();
    let (mut tried, mut through, mut beyond) = (0, 0, Vec::new());
    for by in &scene.attackers {
        let found = Trial { scene: &scene, before: &before, by, found: Found::default() }.run();
        for (action, rule) in Action::ALL.iter().zip(RULES) {
            // Whatever may take something was got through, so that the bound was tried.
            let takes = bound(*action, by.key).is_some_and(|bound| bound.others != Toll::Nothing);
            let sent = found.through.contains_key(rule.instruction);
            assert!(!takes || sent || NEVER.contains(&rule.instruction), "{} by {:?}", rule.instruction, by.key);
            if sent {
                never.remove(rule.instruction);
            }
        }
        (tried, through) = (tried + found.tried, through + found.through.values().sum::<usize>());
        rows.push(super::record::row(by.key, &found.worst));
        beyond.extend(found.beyond);
    }
    assert!(beyond.is_empty(), "{} times, first\n{}", beyond.len(), beyond[..beyond.len().min(12)].join("\n"));
    assert_eq!(never.into_iter().collect::<Vec<_>>(), NEVER);
    assert!(tried > 10_000 && through > 1_500, "{tried} tried, {through} went through");
    println!("{tried} tried, {through} went through");
    super::record::check(&rows);
}

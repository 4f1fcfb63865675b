//! Every valid call on solana-program-test, each on the same stage.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use plimsoll_sim::world::{Step, World};
use plimsoll_tests::valid::{calls, Call, Stage};
use solana_account::Account;

use crate::replay::{Bank, Keys};

/// The stage with its calls, and how it came about.
pub struct Each {
    stage: Stage,
    calls: Vec<Call>,
    /// Every step from the empty chain to the stage.
    pub steps: Vec<Step>,
}

impl Each {
    /// Sets the stage on a world with both programs and nothing else.
    ///
    /// # Panics
    /// Where the program refuses a step.
    pub fn set(mut world: World) -> Self {
        world.start_recording();
        // Only attacks need a hostile program; to the engine the venue is any other.
        let mut stage = Stage::on(world.chain, example_venue::ID);
        let calls = calls(&mut stage);
        stage.world.party("fees");
        let steps = stage.world.recorded();
        Self { stage, calls, steps }
    }

    /// The calls, by the names of their instructions.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter()
    }

    /// Whoever signs anything.
    pub fn keys(&self) -> Keys {
        Keys::of(self.stage.world.parties())
    }

    /// Sends a call on both chains and puts both back.
    ///
    /// # Errors
    /// In which way they differ.
    ///
    /// # Panics
    /// Where the call does not go through on LiteSVM.
    pub async fn send(&self, bank: &mut Bank, keys: &Keys, call: &Call) -> Result<(), String> {
        let (mut world, payer) = (self.stage.world.clone(), plimsoll_sim::world::address("fees"));
        let before = world.snapshot();
        world
            .send(&payer, std::slice::from_ref(&call.ix))
            .unwrap_or_else(|failure| panic!("{}: {failure}", call.title()));
        let after = world.snapshot();
        bank.step(keys, &Step::Send(payer, vec![call.ix.clone()], Ok(()))).await?;
        let changed = changed(&before, &after);
        let expected = changed.keys().map(|key| (**key, after.get(*key).cloned().unwrap_or_default())).collect();
        let different = bank.different(&expected).await;
        for (key, account) in changed {
            bank.step(keys, &Step::Put(*key, account.cloned().unwrap_or_default())).await?;
        }
        if different.is_empty() {
            Ok(())
        } else {
            Err(different.join("; "))
        }
    }
}

/// What is not the same before and after, as it was before.
fn changed<'a>(
    before: &'a BTreeMap<Pubkey, Account>,
    after: &'a BTreeMap<Pubkey, Account>,
) -> BTreeMap<&'a Pubkey, Option<&'a Account>> {
    let keys = before.keys().chain(after.keys());
    keys.filter(|key| before.get(key) != after.get(key)).map(|key| (key, before.get(key))).collect()
}

//! The liquidators at work in this process: looking, racing, and bringing what they took back to dollars.

use plimsoll_state::snapshot::Views;

use crate::depth::Depth;
use crate::desk::{racers, Desk, UnwindStep};
use crate::engine::{Engine, Snapshot};
use crate::rng::Rng;
use crate::strategy::Offer;

/// A fill that a liquidator won.
#[derive(Clone, Debug)]
pub struct Won {
    /// Who.
    pub liquidator: usize,
    /// The offer as it was planned on the state just before.
    pub offer: Offer,
    /// What the program reported.
    pub outcome: plimsoll_sdk::LiquidationOutcome,
    /// Compute units, where they are known.
    pub compute_units: Option<u64>,
}

/// The racers for an account liquidate, all with the no-op flag, and the engine decides.
pub fn race(
    engine: &mut Engine,
    desks: &mut [Desk],
    books: &mut [Depth; 2],
    prices: &[i64; 2],
    step: usize,
    account: usize,
    rng: &mut Rng,
) -> Vec<Won> {
    let snapshot = engine.snapshot();
    let liquidatee = engine.account(account);
    let Ok(portfolio) = snapshot.with(&liquidatee).portfolio(Views::LIQUIDATION) else { return Vec::new() };
    let target = (&*portfolio, &liquidatee.clocks());
    let offers = racers(desks, |_| true, books, target, snapshot.now, step, rng);
    let mut won = Vec::new();
    for (i, offer) in offers {
        if let Some(fill) = attempt(engine, &mut desks[i], i, books, prices, account, &offer) {
            won.push(fill);
        }
    }
    won
}

/// Sends one liquidation; none where somebody else was faster or it was refused.
fn attempt(
    engine: &mut Engine,
    desk: &mut Desk,
    liquidator: usize,
    books: &mut [Depth; 2],
    prices: &[i64; 2],
    account: usize,
    offer: &Offer,
) -> Option<Won> {
    // What the program will do with this very request in the state that it will find.
    let planned = {
        let now = engine.snapshot();
        let liquidatee = engine.account(account);
        now.with(&liquidatee).plan(&offer.request).ok()
    };
    let (outcome, compute_units) = engine.liquidate(liquidator, account, &offer.request)?;
    if outcome.reason != 0 {
        desk.lost();
        return None;
    }
    let mut offer = offer.clone();
    if let Some(Ok(plan)) = planned {
        offer.become_plan(plan);
    }
    desk.won(&offer, books, prices);
    Some(Won { liquidator, offer, outcome, compute_units })
}

/// Brings a liquidator's account back to the settlement token: delivers tokens, closes perps, settles the difference.
pub fn unwind(engine: &mut Engine, desk: &mut Desk, liquidator: usize, prices: &[i64; 2]) {
    if desk.inventory_usd <= 0.0 {
        return;
    }
    let snapshot = engine.snapshot();
    let account = engine.host.margin_account(&engine.liquidators[liquidator].account);
    let Ok(portfolio) = snapshot.with(&account).portfolio(Views::SPOT) else { return };
    let mut clear = true;
    for step in desk.first_unwind_steps(&portfolio) {
        clear &= run(engine, desk, liquidator, &snapshot, &step, prices);
    }
    for step in desk.last_unwind_steps(&portfolio) {
        clear &= run(engine, desk, liquidator, &snapshot, &step, prices);
    }
    if clear {
        desk.inventory_usd = 0.0;
    }
}

/// Runs a step; false where inventory stays because it was refused.
fn run(
    engine: &mut Engine,
    desk: &mut Desk,
    liquidator: usize,
    snapshot: &Snapshot,
    step: &UnwindStep,
    prices: &[i64; 2],
) -> bool {
    let trader = engine.liquidators[liquidator];
    let done = match *step {
        UnwindStep::ClosePerp { market, units } => engine.close_against_maker(liquidator, market, units, snapshot),
        UnwindStep::Repay { bank, atoms } => engine.deposit(&trader, bank, atoms).is_ok(),
        UnwindStep::PayIn { atoms } => engine.deposit(&trader, 0, atoms).is_ok(),
        UnwindStep::Deliver { bank } => engine.withdraw(&trader, bank, None).is_ok(),
        UnwindStep::PayOut { atoms } => engine.withdraw(&trader, 0, Some(atoms)).is_ok(),
    };
    if done {
        desk.done(step, prices);
    }
    done || !step.clears_inventory()
}

//! A liquidator's transactions: the race for an account, and the way back to the settlement token.

use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::{LegSize, Plan};
use plimsoll_risk::units::{Atoms, Ppm, UsdMicro};
use plimsoll_sdk::ix::{self, args, Parties};
use plimsoll_sdk::offer::instruction_name;
use plimsoll_sdk::LiquidationOutcome;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{MarginAccount, Registry};
use solana_pubkey::Pubkey;

use super::opening::{quote_atoms, People};
use super::orders::Order;
use super::{Live, Party, Reading};
use crate::desk::{Desk, UnwindStep};
use crate::order;
use crate::strategy::Offer;

const QUOTE: u8 = Registry::QUOTE_BANK as u8;

/// What came of a liquidation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// Something was filled.
    Won {
        /// What the program reported.
        outcome: LiquidationOutcome,
        /// Compute units, where the node told them.
        compute_units: Option<u64>,
        /// The slot that has it.
        slot: u64,
    },
    /// Somebody else was faster: nothing was left to do, and nothing changed.
    Lost,
    /// It was refused, expired, or the node does not tell what became of it; counted as such.
    Failed,
}

impl Live {
    /// Sends a liquidation with the liquidator's own key.
    pub(super) async fn liquidate(&self, desk: &Party, own: &MarginAccount, target: Pubkey, offer: &Offer) -> Answer {
        let parties = Parties { signer: desk.owner(), liquidator: desk.account, liquidatee: target };
        let instruction = order::instruction(&self.keys, parties, own, &offer.request);
        let order = Order::new(instruction_name(&offer.request.leg), &desk.key, &[], instruction).once();
        let Ok(confirmed) = self.confirm(&order).await else { return Answer::Failed };
        let measured = self.measure(&order.name, &confirmed).await;
        match order::outcome(&measured.return_data) {
            Some(outcome) if outcome.reason == 0 => {
                Answer::Won { outcome, compute_units: measured.compute_units, slot: confirmed.slot }
            }
            Some(_) => Answer::Lost,
            None => Answer::Failed,
        }
    }

    /// Brings a liquidator's account back to the settlement token: delivers tokens, closes perps, settles the difference.
    pub(super) async fn unwind(&self, mut desk: Desk, party: &Party, people: &People, prices: [i64; 2]) -> Desk {
        let Ok(reading) = self.read().await else { return desk };
        let portfolio = reading.accounts.get(&party.account).map(|own| reading.shared.with(own).portfolio(Views::SPOT));
        let Some(Ok(portfolio)) = portfolio else { return desk };
        let mut clear = true;
        for step in desk.first_unwind_steps(&portfolio) {
            clear &= self.run(&mut desk, party, people, &reading, &step, prices).await;
        }
        for step in desk.last_unwind_steps(&portfolio) {
            clear &= self.run(&mut desk, party, people, &reading, &step, prices).await;
        }
        if clear {
            desk.inventory_usd = 0.0;
        }
        desk
    }

    /// Runs a step; false where inventory stays because it was refused.
    async fn run(
        &self,
        desk: &mut Desk,
        party: &Party,
        people: &People,
        reading: &Reading,
        step: &UnwindStep,
        prices: [i64; 2],
    ) -> bool {
        let done = match *step {
            UnwindStep::ClosePerp { market, units } => {
                let atoms = quote_atoms(reading, market, units.unsigned_abs());
                let sides = if units > 0 { (&people.maker, party) } else { (party, &people.maker) };
                let order = self.fill_order(&party.key, market as u8, sides, units.unsigned_abs(), atoms);
                atoms > 0 && self.order(&order).await.is_ok()
            }
            UnwindStep::Repay { bank, atoms } => self.pay_in(party, bank as u8, atoms).await,
            UnwindStep::PayIn { atoms } => self.pay_in(party, QUOTE, atoms).await,
            UnwindStep::Deliver { bank } => self.pay_out(party, bank as u8, None).await,
            UnwindStep::PayOut { atoms } => self.pay_out(party, QUOTE, Some(atoms)).await,
        };
        if done {
            desk.done(step, &prices);
        }
        done || !step.clears_inventory()
    }

    async fn pay_in(&self, party: &Party, bank: u8, atoms: u64) -> bool {
        let fresh = self.mint_instructions(&party.owner(), bank, atoms);
        self.send("tokens from outside", &[], &fresh).await.is_ok()
            && self.order(&self.deposit_order(&party.key, party, bank, atoms)).await.is_ok()
    }

    async fn pay_out(&self, party: &Party, bank: u8, atoms: Option<u64>) -> bool {
        let (owner, destination) = (party.owner(), self.wallet(&party.owner(), bank));
        let args = args::WithdrawArgs { amount_atoms: atoms.unwrap_or(0), all: atoms.is_none() };
        let withdraw = ix::withdraw(&self.keys, &self.token(bank), owner, party.account, destination, args);
        self.order(&Order::new("withdraw", &party.key, &[], withdraw)).await.is_ok()
    }
}

/// The plan as it came true, by what the program reported; margins and clocks are still those of the plan.
pub(super) fn came_true(plan: &Plan, outcome: &LiquidationOutcome) -> Plan {
    let notional = plan.notional.get() as u128 * outcome.size as u128 / plan.size.max(LegSize::new(1)).get() as u128;
    Plan {
        regime: if outcome.regime == 0 { Regime::Cure } else { Regime::WindDown },
        penalty_ppm: Ppm::new(outcome.penalty_ppm),
        size: LegSize::new(outcome.size),
        paid_atoms: Atoms::new(outcome.paid_atoms),
        fee_atoms: Atoms::new(outcome.fee_atoms),
        received_atoms: Atoms::new(outcome.received_atoms),
        notional: UsdMicro::new(u64::try_from(notional).unwrap_or(u64::MAX)),
        ..*plan
    }
}

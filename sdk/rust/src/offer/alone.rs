//! A part of a risk unit taken over: today its perp, which is offered as such.

use plimsoll_interface::args::LiquidationBounds;
use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_risk::portfolio::Portfolio;
use solana_instruction::Instruction;

use super::kinds::Kind;
use super::perp::Perp;
use super::{Instrument, Slippage, Worth};
use crate::ix::Parties;
use crate::pda::EngineKeys;

/// A unit.
pub(super) struct Unit(pub(super) Perp);

/// Every unit that is more than a perp alone.
pub(super) fn legs(_portfolio: &Portfolio) -> impl Iterator<Item = Leg> + '_ {
    core::iter::empty()
}

impl Kind for Unit {
    const INSTRUCTION: &'static str = Perp::INSTRUCTION;

    fn pays_with(&self) -> u8 {
        self.0.pays_with()
    }

    fn is_paid_in(&self) -> u8 {
        self.0.is_paid_in()
    }

    fn sized_in(&self) -> Instrument {
        self.0.sized_in()
    }

    fn worth(&self, portfolio: &Portfolio, plan: &Plan) -> Worth {
        self.0.worth(portfolio, plan)
    }

    fn limit(&self, portfolio: &Portfolio, plan: &Plan, slippage: Slippage) -> (u64, u64) {
        self.0.limit(portfolio, plan, slippage)
    }

    fn instruction(
        &self,
        keys: &EngineKeys,
        parties: Parties,
        bounds: LiquidationBounds,
        with_asset_bank: bool,
    ) -> Instruction {
        self.0.instruction(keys, parties, bounds, with_asset_bank)
    }
}

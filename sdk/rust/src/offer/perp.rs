//! A perp position taken over at spot against a part of the penalty.

use plimsoll_interface::args::{LiquidatePositionArgs, LiquidationBounds};
use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::UsdMicro;
use solana_instruction::Instruction;

use super::kinds::Kind;
use super::{value_down, Exposure, Instrument, Slippage, Worth, QUOTE};
use crate::ix::{self, Parties};
use crate::pda::EngineKeys;

/// The position in a market.
pub(super) struct Perp {
    pub(super) market: u8,
}

/// Every position that has a base.
pub(super) fn legs(portfolio: &Portfolio) -> impl Iterator<Item = Leg> + '_ {
    portfolio.perps().iter().filter(|leg| !leg.units.is_zero()).map(|leg| Leg::Perp { market: leg.market })
}

impl Perp {
    fn is_long(&self, portfolio: &Portfolio) -> bool {
        portfolio.perps().iter().any(|leg| leg.market == self.market && leg.units.is_positive())
    }
}

impl Kind for Perp {
    const INSTRUCTION: &'static str = "liquidate_position";

    fn pays_with(&self) -> u8 {
        QUOTE
    }

    fn is_paid_in(&self) -> u8 {
        QUOTE
    }

    fn sized_in(&self) -> Instrument {
        Instrument::Market(self.market)
    }

    /// The liquidator's part of the penalty; the position itself passes at spot and is what he is exposed to.
    fn worth(&self, portfolio: &Portfolio, plan: &Plan) -> Worth {
        let received = value_down(portfolio, portfolio.quote.bank, plan.received_atoms);
        let (instrument, long) = (self.sized_in(), self.is_long(portfolio));
        let taken = Exposure { instrument, long, value: plan.notional };
        Worth { received, paid: UsdMicro::ZERO, exposures: [Some(taken), None] }
    }

    /// Quote atoms for the base units: at most for a long, at least for a short.
    fn limit(&self, portfolio: &Portfolio, plan: &Plan, slippage: Slippage) -> (u64, u64) {
        let quote_atoms = if self.is_long(portfolio) {
            slippage.most_up(plan.paid_atoms.saturating_sub(plan.received_atoms).get())
        } else {
            slippage.least_down(plan.paid_atoms.saturating_add(plan.received_atoms).get())
        };
        (quote_atoms, plan.size.get())
    }

    fn instruction(
        &self,
        keys: &EngineKeys,
        parties: Parties,
        bounds: LiquidationBounds,
        _with_asset_bank: bool,
    ) -> Instruction {
        ix::liquidate_position(keys, parties, LiquidatePositionArgs { market: self.market, bounds })
    }
}

//! Collateral against a borrow or negative PnL.

use plimsoll_interface::args::{LiabilityArg, LiquidateCollateralArgs, LiquidationBounds};
use plimsoll_risk::liquidate::{Leg, Liability, Plan};
use plimsoll_risk::portfolio::Portfolio;
use solana_instruction::Instruction;

use super::kinds::Kind;
use super::{value_down, Exposure, Instrument, Slippage, Worth, QUOTE};
use crate::ix::{self, Parties};
use crate::pda::EngineKeys;

/// Collateral of one bank against what is repaid for it.
pub(super) struct Pair {
    pub(super) asset: u8,
    pub(super) liability: Liability,
}

/// Every balance held against every borrow and every loss at spot.
pub(super) fn legs(portfolio: &Portfolio) -> impl Iterator<Item = Leg> + '_ {
    let (quote, tokens) = (&portfolio.quote, portfolio.tokens());
    let held = tokens.iter().chain([quote]).filter(|leg| leg.amount_atoms.is_positive());
    let borrows = tokens.iter().chain([quote]).filter(|leg| leg.amount_atoms.is_negative());
    let losses = portfolio.perps().iter().filter(|leg| leg.pnl_at(leg.prices.spot).is_negative());
    let borrows = borrows.map(|leg| Liability::Borrow(leg.bank));
    let liabilities: Vec<Liability> = borrows.chain(losses.map(|leg| Liability::NegativePnl(leg.market))).collect();
    held.flat_map(move |held| {
        liabilities.clone().into_iter().map(|liability| Leg::Pair { asset: held.bank, liability })
    })
}

impl Kind for Pair {
    const INSTRUCTION: &'static str = "liquidate_collateral";

    fn pays_with(&self) -> u8 {
        self.liability.bank(QUOTE)
    }

    fn is_paid_in(&self) -> u8 {
        self.asset
    }

    fn sized_in(&self) -> Instrument {
        Instrument::Bank(self.pays_with())
    }

    /// Collateral in, the payment out, and both as exposures.
    fn worth(&self, portfolio: &Portfolio, plan: &Plan) -> Worth {
        let received = value_down(portfolio, self.asset, plan.received_atoms);
        let paid = value_down(portfolio, self.pays_with(), plan.paid_atoms);
        let exposure = |bank, long, value| Some(Exposure { instrument: Instrument::Bank(bank), long, value });
        let exposures = [exposure(self.asset, true, received), exposure(self.pays_with(), false, paid)];
        Worth { received, paid, exposures }
    }

    /// Collateral atoms at least for the atoms paid.
    fn limit(&self, _portfolio: &Portfolio, plan: &Plan, slippage: Slippage) -> (u64, u64) {
        (slippage.least_down(plan.received_atoms.get()), plan.paid_atoms.get())
    }

    fn instruction(
        &self,
        keys: &EngineKeys,
        parties: Parties,
        bounds: LiquidationBounds,
        with_asset_bank: bool,
    ) -> Instruction {
        let liability = match self.liability {
            Liability::Borrow(bank) => LiabilityArg::Borrow(bank),
            Liability::NegativePnl(market) => LiabilityArg::NegativePnl(market),
        };
        let args = LiquidateCollateralArgs { asset_bank: self.asset, liability, bounds };
        ix::liquidate_collateral(keys, parties, args, with_asset_bank)
    }
}

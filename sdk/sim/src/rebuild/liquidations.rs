//! What liquidations move between two accounts.

use plimsoll_ledger::liquidation::{pass_collateral, repay_borrow, repay_pnl, Payment};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_sdk::event::{CollateralLiquidated, EngineEvent, PositionLiquidated};

use super::perps::Passing;
use super::{missing, refused, Applied, Rebuilt};

impl Rebuilt {
    /// Takes a liquidation; whether it was one.
    pub(super) fn liquidated(&mut self, event: &EngineEvent, now: i64) -> Applied<bool> {
        match event {
            EngineEvent::PositionLiquidated(event) => self.position_passed(event, now)?,
            EngineEvent::CollateralLiquidated(event) => self.collateral_passed(event, now)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn position_passed(&mut self, event: &PositionLiquidated, now: i64) -> Applied {
        let notional = event.notional_atoms as i64;
        let sold = if event.long == 1 { notional } else { -notional };
        let (kept, fee) = (event.liquidator_penalty_atoms as i64, event.insurance_fee_atoms as i64);
        let (of_liquidatee, of_liquidator) = (sold - kept - fee, kept - sold);
        let (buyer, seller, cash_atoms) = if event.long == 1 {
            (&event.liquidator, &event.liquidatee, [of_liquidator, of_liquidatee])
        } else {
            (&event.liquidatee, &event.liquidator, [of_liquidatee, of_liquidator])
        };
        let (market, units, claim_atoms) = (event.market, event.units, event.insurance_fee_atoms);
        self.exchange(&Passing { buyer, seller, market, units, cash_atoms, claim_atoms }, now)
    }

    fn collateral_passed(&mut self, event: &CollateralLiquidated, now: i64) -> Applied {
        let (clock, at) = (self.clock(now), UnixSecs::new(now));
        let (mut from, mut to) = (*self.account(&event.liquidatee)?, *self.account(&event.liquidator)?);
        let (bank, slot) = self.bank(event.asset_bank)?;
        pass_collateral(&mut from, &mut to, event.asset_bank, event.seized_shares, slot, Some(bank), at)
            .map_err(refused)?;
        let payment =
            Payment { debt_atoms: Atoms::new(event.repaid_atoms), fee_atoms: Atoms::new(event.insurance_fee_atoms) };
        let place = event.liability_bank as usize;
        let bank = self.banks.get_mut(place).ok_or_else(|| missing("the debt's bank"))?;
        let slot = &self.registry.banks[place];
        if event.market == u8::MAX {
            repay_borrow(&mut to, &mut from, bank, slot, payment, at).map_err(refused)?;
        } else {
            let place = event.market as usize;
            let market = self.markets.get_mut(place).ok_or_else(|| missing("the loss's market"))?;
            let market_slot = &self.registry.markets[place];
            repay_pnl(&mut to, &mut from, bank, slot, market, market_slot, payment, clock).map_err(refused)?;
        }
        self.accounts.insert(event.liquidatee, from);
        self.accounts.insert(event.liquidator, to);
        Ok(())
    }
}

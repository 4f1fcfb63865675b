//! Whether everything that is listed may stay listed: the conditions of the pure crate on the registry and the board as an
//! instruction leaves them.
//!
//! What depends on no parameter, weight, rate or calibration (the curve and the caps of a bank, the cap of a market) lives in
//! the accounts of banks and markets and is checked where it is written.

use plimsoll_risk::listing::{check_atom, Calibration, Pairs};
use plimsoll_risk::params::Contradiction;
use plimsoll_risk::perp::check_funding;
use plimsoll_risk::price::{Price, UnitPrice};

use crate::{BankSlot, MarketSlot, PriceBoard, PriceSlot, Registry};

impl PriceSlot {
    /// What a listing on this price has to survive.
    pub const fn calibration(&self) -> Calibration {
        Calibration { fastest_fall_ppm_per_sec: self.fastest_fall(), update_secs: self.terms.update() }
    }
}

impl Registry {
    /// Listed banks with their slots' numbers.
    fn listed_banks(&self) -> impl Iterator<Item = (usize, &BankSlot)> {
        (0..self.banks.len()).filter_map(|index| Some((index, self.bank(index)?)))
    }

    fn listed_markets(&self) -> impl Iterator<Item = &MarketSlot> {
        (0..self.markets.len()).filter_map(|index| self.market(index))
    }

    /// Every condition between parameters, weights, rates, fees and calibrations, of everything that is listed. Whoever
    /// changes any of them asks this of what he leaves behind (LISTING-1).
    ///
    /// # Errors
    /// The condition that does not hold.
    #[inline(never)]
    pub fn check_listings(&self, board: &PriceBoard) -> Result<(), Contradiction> {
        let params = self.params();
        params.validate()?;
        let mut pairs = Pairs::default();
        for (index, bank) in self.listed_banks() {
            bank.weights.0.validate(params)?;
            pairs.offer(index, &bank.weights.0, calibration(board, bank.price_slot)?, params);
        }
        for (index, bank) in self.listed_banks() {
            pairs.check(index, &bank.weights.0, calibration(board, bank.price_slot)?, params)?;
        }
        // Without a settlement token no market is listed.
        let Some(quote) = self.bank(Self::QUOTE_BANK) else { return Ok(()) };
        let quote = &quote.weights.0;
        Contradiction::PNL_WEIGHT.unless(params.perps.pnl_weight() <= quote.asset_maint_ppm)?;
        for market in self.listed_markets() {
            market.rates.0.validate(calibration(board, market.price_slot)?, quote, params)?;
            market.rates.0.validate_fee(market.fill_fee(), params)?;
        }
        Ok(())
    }

    /// What depends on parameters and on today's prices: an atom of each token against dust, the largest funding rate of each market
    /// at 16 times the price. Asked where parameters change; the move of a price alone forbids no other change.
    ///
    /// # Errors
    /// The condition that does not hold.
    #[inline(never)]
    pub fn check_units(&self, board: &PriceBoard) -> Result<(), Contradiction> {
        let params = self.params();
        for (_, bank) in self.listed_banks() {
            check_atom(unit(board, bank.price_slot, bank.scale.get())?, params)?;
        }
        for market in self.listed_markets() {
            check_funding(unit(board, market.price_slot, market.scale.get())?, params)?;
        }
        Ok(())
    }
}

#[inline(always)]
fn calibration(board: &PriceBoard, slot: u8) -> Result<Calibration, Contradiction> {
    board.slot(slot as usize).map(PriceSlot::calibration).ok_or(Contradiction::PRICE_MISSING)
}

fn unit<Worth, Unit>(board: &PriceBoard, slot: u8, scale: Price) -> Result<UnitPrice<Worth, Unit>, Contradiction> {
    let slot = board.slot(slot as usize).ok_or(Contradiction::PRICE_MISSING)?;
    Ok(UnitPrice::new_down(slot.spot.get(), scale))
}

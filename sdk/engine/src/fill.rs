//! Moves a position from a seller to a buyer at an agreed price.

use plimsoll_ledger::gate::Check;
use plimsoll_ledger::{known, perp};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::margin::Margins;
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::{MAX_ATOMS, MAX_BASE_UNITS};
use plimsoll_risk::perp::{change_of, fill_fee_up, is_within_band, is_worse_than_spot, Change};
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, BaseUnits, SignedBaseUnits};
use plimsoll_state::{Books, MarginAccount, Market, MarketSlot, SlotStatus};

use crate::accounts::require_sound;
use crate::gate;
use crate::{AccountNumber, Engine, EngineError, Result};

/// What a side must satisfy afterwards.
enum Duty {
    /// It grows or flips: initial margin.
    Initial,
    /// It only reduces: the ratio does not fall.
    RatioNotLower(Margins),
}

/// What every step of a fill reads.
struct Fill<'a> {
    books: Books<'a>,
    slot: &'a MarketSlot,
    index: u8,
    spot: BasePrice,
    /// What is paid for the base.
    quote: Atoms,
    units: BaseUnits,
}

impl Engine {
    /// Settles a fill for which both owners sign: within the band of the board's price, each side paying the fee, under the
    /// open-interest cap (FILL-3, FILL-4).
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `SameAccount`, `AccountMismatch`, `AccountBankrupt`, `SlotEmpty`, `PriceSlotEmpty`,
    /// `PriceStale`, `PriceHalted`, `PriceOutsideBand`, `ReduceOnly`, `FillWorseThanSpot`, `PositionTableFull`,
    /// `PositionTooLarge`, `EpochRingFull`, `OpenInterestCapReached`, `LossKnown`, `ThroughputBreakerTripped`,
    /// `MarginRatioFalls`; those of initial margin.
    pub fn settle_fill(
        &mut self,
        market: u8,
        buyer: AccountNumber,
        seller: AccountNumber,
        base_units: u64,
        quote_atoms: u64,
    ) -> Result<()> {
        ensure!(base_units != 0 && quote_atoms != 0, EngineError::AmountZero);
        ensure!(base_units <= MAX_BASE_UNITS && quote_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        ensure!(buyer != seller, EngineError::SameAccount);
        let (mut buys, mut sells) = (self.active(buyer)?, self.active(seller)?);
        let mut market = *self.market(market)?;
        let books = self.books();
        let params = books.params();
        let slot = books.registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        let price = books.board.slot(slot.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        gate::require_fresh(price, MaxAge::new(params.prices.read_age(), books.now), books.now)?;
        let spot = BasePrice::new_down(price.spot.get(), slot.scale.get());
        let (quote, units) = (Atoms::new(quote_atoms), BaseUnits::new(base_units));
        let band_ppm = slot.rates.0.fill_band_ppm_down(params);
        ensure!(is_within_band(quote, units, spot, band_ppm), EngineError::PriceOutsideBand);
        let fee = fill_fee_up(units, spot, slot.fill_fee(), params)?;
        let fill = Fill { books, slot, index: market.index, spot, quote, units };
        let duties = [fill.duty(&buys, &market, true)?, fill.duty(&sells, &market, false)?];
        // Where one side shrinks nothing is added, and liquidators have to get rid of what they took.
        let both_grow = duties.iter().all(|duty| matches!(duty, Duty::Initial));
        let stands = market.throughput.breaker.get().stands(books.now);
        ensure!(!(both_grow && stands), EngineError::ThroughputBreakerTripped);
        fill.apply(&mut market, &mut buys, &mut sells, fee)?;
        let [buyers_duty, sellers_duty] = &duties;
        fill.discharge(buyers_duty, &mut buys)?;
        fill.discharge(sellers_duty, &mut sells)?;
        require_sound(&buys)?;
        require_sound(&sells)?;
        require_sound(&market)?;
        self.keep_account(buyer, buys);
        self.keep_account(seller, sells);
        self.keep_market(market);
        Ok(())
    }
}

impl Fill<'_> {
    /// What a side must satisfy afterwards, decided on its position before.
    fn duty(&self, account: &MarginAccount, market: &Market, buys: bool) -> Result<Duty> {
        let leg = account.perp_index(self.index).and_then(|leg| account.derivatives.get(leg));
        let held = match leg {
            Some(leg) => self.slot.holding(leg, self.books.funding())?.0,
            None => SignedBaseUnits::ZERO,
        };
        let units = if buys { self.units.signed()? } else { self.units.negative()? };
        if !self.slot.known_loss().is_zero() {
            self.require_covered(market, held, units)?;
        }
        if change_of(held, units) == Change::Grows {
            ensure!(self.slot.status == SlotStatus::Active as u8, EngineError::ReduceOnly);
            return Ok(Duty::Initial);
        }
        let before = gate::margin_before(account, &self.books)?;
        let worse = is_worse_than_spot(buys, self.quote, self.units, self.spot);
        ensure!(!(before.is_under_water() && worse), EngineError::FillWorseThanSpot);
        Ok(Duty::RatioNotLower(before))
    }

    /// Nobody leaves or joins a side that a known loss will be charged to (KNOWN-3).
    fn require_covered(&self, market: &Market, held: SignedBaseUnits, units: SignedBaseUnits) -> Result<()> {
        let after = held.try_add(units)?;
        for (side, changes) in [
            (Side::Long, held.is_positive() || after.is_positive()),
            (Side::Short, held.is_negative() || after.is_negative()),
        ] {
            if changes {
                known::require_side_covered(self.slot, market, side, self.books.now)?;
            }
        }
        Ok(())
    }

    fn discharge(&self, duty: &Duty, account: &mut MarginAccount) -> Result<()> {
        match duty {
            Duty::Initial => gate::pass(account, &self.books, Check::Initial),
            Duty::RatioNotLower(before) => gate::require_ratio_not_lower(before, account, &self.books),
        }
    }

    /// Moves base and cash, and holds what is open afterwards against the cap.
    fn apply(
        &self,
        market: &mut Market,
        buyer: &mut MarginAccount,
        seller: &mut MarginAccount,
        fee: Atoms,
    ) -> Result<()> {
        let trade = perp::Trade { units: self.units, quote: self.quote, fee };
        let filled = perp::fill(self.slot, market, buyer, seller, &trade, self.books.funding())?;
        if !filled.exchanged.opened_units.is_zero() {
            for side in [Side::Long, Side::Short] {
                let open_interest = self.slot.open_interest(market, side);
                ensure!(open_interest <= market.open_interest_cap(), EngineError::OpenInterestCapReached);
            }
        }
        Ok(())
    }
}

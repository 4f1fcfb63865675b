//! Exits that wait while a known loss is not covered; the log says by how much and what ends it (KNOWN-2, KNOWN-3).

use plimsoll_ledger::known;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::RiskResult;
use plimsoll_state::{Bank, Market, MarketSlot, Registry};

use crate::error::{EngineError, Result};
use crate::report::{decimal, line};

/// See [`known::require_bank_covered`].
///
/// # Errors
/// `LossKnown`, after a line that says what is known.
#[cold]
#[inline(never)]
pub fn require_bank_covered(bank: &Bank, registry: &Registry, now: UnixSecs) -> Result<()> {
    let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
    explained(known::require_bank_covered(bank, registry, now), "bank ", bank.index, slot.known_loss())
}

/// See [`known::require_market_covered`].
///
/// # Errors
/// `LossKnown`, after a line that says what is known.
#[inline(never)]
pub fn require_market_covered(market: &Market, quote: &Bank, registry: &Registry, now: UnixSecs) -> Result<()> {
    let slot = registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
    explained(known::require_market_covered(market, quote, registry, now), "market ", market.index, slot.known_loss())
}

/// See [`known::require_side_covered`], of both sides at once: a fill writes both accounts.
///
/// # Errors
/// `LossKnown`, after a line that says what is known.
#[cold]
#[inline(never)]
pub fn require_side_covered(slot: &MarketSlot, market: &Market, side: Side, now: UnixSecs) -> Result<()> {
    explained(known::require_side_covered(slot, market, side, now), "market ", market.index, slot.known_loss())
}

fn explained(covered: RiskResult<()>, kind: &str, index: u8, loss: Atoms) -> Result<()> {
    if let Err(error) = covered {
        let (index, loss) = (decimal(index as u64), decimal(loss.get()));
        line(&[kind, &index, ": a known loss of ", &loss, " atoms; ends once frozen accounts are resolved"]);
        return Err(error.into());
    }
    Ok(())
}

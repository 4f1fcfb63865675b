//! A trade between two margin accounts, as both the program and whoever asks beforehand book it.

use plimsoll_risk::units::{Atoms, BaseUnits};
use plimsoll_risk::RiskResult;
use plimsoll_state::{FundingClock, MarginAccount, Market, MarketSlot};

use super::{close_leg_if_zero, exchange, open_leg, Exchanged};
use crate::pool;

/// What is traded and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// What passes from the seller to the buyer.
    pub units: BaseUnits,
    /// What the buyer pays the seller for it.
    pub quote: Atoms,
    /// What each side pays the market beside it.
    pub fee: Atoms,
}

/// What a trade did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// To the market's open interest.
    pub exchanged: Exchanged,
    /// The buyer's place in its table; free again where nothing is left of the leg.
    pub buyer_leg: usize,
    /// The seller's.
    pub seller_leg: usize,
}

/// Moves base and cash between two accounts; the fees of both sides become the market's own claim, the deficit first.
/// Caps and margins are the caller's.
///
/// # Errors
/// `PositionTableFull`; those of [`exchange`].
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn fill(
    slot: &MarketSlot,
    market: &mut Market,
    buyer: &mut MarginAccount,
    seller: &mut MarginAccount,
    trade: &Trade,
    clock: FundingClock,
) -> RiskResult<Filled> {
    let (buyer_leg, seller_leg) = (open_leg(buyer, market)?, open_leg(seller, market)?);
    let fee = trade.fee.signed()?;
    let exchanged = exchange(
        slot,
        market,
        &mut buyer.derivatives[buyer_leg],
        &mut seller.derivatives[seller_leg],
        trade.units,
        trade.quote.negative()?.try_sub(fee)?,
        trade.quote.signed()?.try_sub(fee)?,
        clock,
    )?;
    pool::add_own_claim(market, trade.fee.try_add(trade.fee)?)?;
    close_leg_if_zero(buyer, buyer_leg, market)?;
    close_leg_if_zero(seller, seller_leg, market)?;
    Ok(Filled { exchanged, buyer_leg, seller_leg })
}

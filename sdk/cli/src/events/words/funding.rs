//! Funding, which no event states: it is in a market's index, and shows as the difference between two states of a position.

use std::collections::HashMap;

use plimsoll_sdk::event::{EngineEvent, PositionState};
use solana_pubkey::Pubkey;

/// Fraction bits of cash per share.
const CASH_BITS: u32 = 64;

/// What was told of an account: its positions as they were last recorded, by market.
#[derive(Debug, Default)]
pub struct Told(HashMap<u8, PositionState>);

impl Told {
    /// What a position received, or paid where negative, between the state that was told last and this event, in quote atoms,
    /// rounded toward the account's loss: funding, and losses of bankrupt accounts that its side bore. None where nothing is
    /// known or nothing moved.
    pub fn funding(&mut self, event: &EngineEvent, account: &Pubkey) -> Option<(u8, i128)> {
        let (market, position) = match event {
            EngineEvent::FillSettled(fill) if fill.buyer == *account => (fill.market, Some(fill.buyer_position)),
            EngineEvent::FillSettled(fill) => (fill.market, Some(fill.seller_position)),
            EngineEvent::PnlSettled(settled) => (settled.market, Some(settled.position)),
            EngineEvent::PositionTouched(touched) => (touched.market, Some(touched.position)),
            // These move a position and do not say to what.
            EngineEvent::PositionLiquidated(event) => (event.market, None),
            EngineEvent::CollateralLiquidated(event) if event.market != u8::MAX => (event.market, None),
            EngineEvent::PnlSeized(event) => (event.market.market, None),
            EngineEvent::PnlResolved(event) => (event.market.market, None),
            _ => return None,
        };
        let before = self.0.remove(&market);
        let position = position?;
        if position.shares != 0 {
            self.0.insert(market, position);
        }
        let before = before.filter(|before| before.epoch == position.epoch && position.shares != 0)?;
        let per_share = position.k_entry.checked_sub(before.k_entry)?;
        let atoms = i128::from(before.shares).checked_mul(per_share)? >> CASH_BITS;
        (atoms != 0).then_some((market, atoms))
    }
}

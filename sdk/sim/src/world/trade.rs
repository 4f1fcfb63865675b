//! Deposits, withdrawals, borrows, repayments, fills.

use plimsoll_sdk::ix::{self, args};

use super::{Sent, Trader, World, E8};

impl World {
    /// `buyer` buys base units of a market from `seller`, both owners signing, at a price in units of 1e-8 dollars;
    /// none for the last one posted.
    ///
    /// # Errors
    /// What the program refuses.
    ///
    /// # Panics
    /// Where the market is not listed, or none was posted.
    pub fn fill(
        &mut self,
        market: u8,
        buyer: &Trader,
        seller: &Trader,
        base_units: u64,
        price_e8: Option<i64>,
    ) -> Sent {
        let quote_atoms = self.quote_atoms(market, base_units, price_e8);
        let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        let args = args::SettleFillArgs { base_units, quote_atoms };
        let fill = ix::settle_fill(&self.keys, market, buyer.account, seller.account, sides, args);
        self.send(&buyer.owner, &[fill])
    }

    /// Quote atoms that base units of a market cost, rounded to the nearest; none for the last price posted.
    ///
    /// # Panics
    /// Where the market is not listed, or none was posted.
    pub fn quote_atoms(&self, market: u8, base_units: u64, price_e8: Option<i64>) -> u64 {
        let registry = self.registry();
        let slot = registry.market(market as usize).expect("the market is listed");
        let last = || self.feeds[slot.price_slot as usize].last.expect("a price was posted").price_e8;
        let price = price_e8.unwrap_or_else(last) as u128;
        let quote_power = 10u128.pow(registry.banks[0].decimals as u32);
        let base_power = 10u128.pow(slot.base_decimals as u32) * E8 as u128;
        let numerator = base_units as u128 * price * quote_power;
        ((numerator + base_power / 2) / base_power) as u64
    }

    /// Records whether an account is under water.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn observe(&mut self, trader: &Trader) -> Sent {
        let observe = ix::observe_margin(&self.keys, trader.account);
        self.send_as_authority(observe)
    }
}

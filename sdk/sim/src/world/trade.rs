//! Deposits, withdrawals, borrows, repayments, fills.

use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_sdk::ix::{self, args};
use plimsoll_state::Venue;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::{Sent, Trader, World, E8};

/// How long [`World::approve_venue`] approves, seconds.
const APPROVAL_SECS: i64 = 30 * 86_400;

impl World {
    /// What instructions of a listed bank need to know about its token.
    pub fn token(&self, bank: u8) -> ix::Token {
        let mint = &self.mints[bank as usize];
        ix::Token { bank, mint: mint.key, token_program: mint.program }
    }

    /// The owner's token account of a bank's mint, with `atoms` more on it.
    pub fn funded(&mut self, owner: &Pubkey, bank: u8, atoms: u64) -> Pubkey {
        let mint = self.mints[bank as usize];
        let account = self.token_account(owner, &mint);
        self.mint_to(&mint, &account, atoms);
        account
    }

    /// Mints `amount_atoms` to the owner and deposits them.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn deposit(&mut self, trader: &Trader, bank: u8, amount_atoms: u64) -> Sent {
        let source = self.funded(&trader.owner, bank, amount_atoms);
        let (token, args) = (self.token(bank), args::DepositArgs { amount_atoms });
        let deposit = ix::deposit(&self.keys, &token, trader.owner, trader.account, source, args);
        self.send(&trader.owner, &[deposit])
    }

    /// Withdraws to the owner's token account, at fresh prices; everything where no amount is given.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn withdraw(&mut self, trader: &Trader, bank: u8, amount_atoms: Option<u64>) -> Sent {
        self.freshen();
        let destination = self.funded(&trader.owner, bank, 0);
        let args = args::WithdrawArgs { amount_atoms: amount_atoms.unwrap_or_default(), all: amount_atoms.is_none() };
        let withdraw = ix::withdraw(&self.keys, &self.token(bank), trader.owner, trader.account, destination, args);
        self.send(&trader.owner, &[withdraw])
    }

    /// Borrows to the owner's token account, at fresh prices.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn borrow(&mut self, trader: &Trader, bank: u8, amount_atoms: u64) -> Sent {
        self.freshen();
        let destination = self.funded(&trader.owner, bank, 0);
        let (token, args) = (self.token(bank), args::BorrowArgs { amount_atoms });
        let borrow = ix::borrow(&self.keys, &token, trader.owner, trader.account, destination, args);
        self.send(&trader.owner, &[borrow])
    }

    /// Repays from the owner's token account, which gets what it needs first; everything where no amount is given.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn repay(&mut self, trader: &Trader, bank: u8, amount_atoms: Option<u64>) -> Sent {
        // The whole debt: more than any debt a test builds up.
        let source = self.funded(&trader.owner, bank, amount_atoms.unwrap_or(MAX_ATOMS));
        let args = args::RepayArgs { amount_atoms: amount_atoms.unwrap_or_default(), all: amount_atoms.is_none() };
        let repay = ix::repay(&self.keys, &self.token(bank), trader.owner, trader.account, source, args);
        self.send(&trader.owner, &[repay])
    }

    /// Mints to the authority and gives it to a bank's insurance.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn fund_insurance(&mut self, bank: u8, amount_atoms: u64) -> Sent {
        let funder = self.authority;
        let source = self.funded(&funder, bank, amount_atoms);
        let args = args::FundInsuranceArgs { amount_atoms };
        let fund = ix::fund_insurance(&self.keys, &self.token(bank), funder, source, args);
        self.send_as_authority(fund)
    }

    /// `buyer` buys base units of a market from `seller`, both owners signing, at fresh prices and for a price in units
    /// of 1e-8 dollars; none for the last one posted.
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
        self.freshen();
        let quote_atoms = self.quote_atoms(market, base_units, price_e8);
        let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
        let args = args::SettleFillArgs { base_units, quote_atoms };
        let fill = ix::settle_fill(&self.keys, market, buyer.account, seller.account, sides, args);
        self.send(&buyer.owner, &[fill])
    }

    /// The owner's approval of a venue: every market that it settles now, for thirty days, up to a notional.
    ///
    /// # Panics
    /// Where it is not a venue.
    pub fn approve_venue(&self, trader: &Trader, venue: Pubkey, notional_limit_atoms: u64) -> Instruction {
        let markets = self.read::<Venue>(&venue).settle_markets;
        let expires_at = self.now() + APPROVAL_SECS;
        let args = args::ApproveVenueArgs { markets, notional_limit_atoms, expires_at };
        ix::approve_venue(trader.owner, trader.account, venue, args)
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

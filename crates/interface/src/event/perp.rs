//! Markets: fills, funding, settlement.

use plimsoll_state::DerivativePosition;
use solana_pubkey::Pubkey;

use crate::args::{wire, MarketTerms};

wire! {
    /// A position as it is stored after an instruction; with the market's indices it gives size and PnL at any time.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PositionState {
        /// Shares of the side's index; positive for a long.
        pub shares: i64,
        /// Cash per share up to which `cash_atoms` includes the index, 64 fraction bits.
        pub k_entry: i128,
        /// Quote atoms received less paid.
        pub cash_atoms: i64,
        /// Epoch of the side's index.
        pub epoch: u32,
    }
}

impl From<&DerivativePosition> for PositionState {
    #[inline(never)]
    fn from(position: &DerivativePosition) -> Self {
        Self {
            shares: position.shares,
            k_entry: position.k_entry.get(),
            cash_atoms: position.cash_atoms,
            epoch: position.epoch,
        }
    }
}

wire! {
    /// The claims on a market's pool after an instruction.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PoolState {
        /// Deposit shares of the quote bank.
        pub pool_shares: u64,
        /// What they are worth, quote atoms.
        pub pool_atoms: u64,
        /// What the pool lacks to pay every claim: the market's deficit, quote atoms.
        pub deficit_atoms: u64,
        /// The market's own claim, quote atoms.
        pub own_claim_atoms: u64,
    }
}

impl From<&plimsoll_state::Market> for PoolState {
    #[inline(never)]
    fn from(market: &plimsoll_state::Market) -> Self {
        Self {
            pool_shares: market.pool_shares,
            pool_atoms: market.pool_atoms,
            deficit_atoms: market.deficit_atoms,
            own_claim_atoms: market.own_claim_atoms,
        }
    }
}

wire! {
    /// A market was listed or its terms changed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MarketListed {
        /// The engine.
        pub engine: Pubkey,
        /// The market.
        pub market: Pubkey,
        /// Slot of the registry.
        pub index: u8,
        /// Status of the slot.
        pub status: u8,
        /// Slot of the price board.
        pub price_slot: u8,
        /// Charge rate at target.
        pub target_rate_ppm: u32,
        /// Terms.
        pub terms: MarketTerms,
    }
}

wire! {
    /// A position moved from the seller to the buyer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FillSettled {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the market.
        pub market: u8,
        /// The venue's account; the default address where the sides signed.
        pub venue: Pubkey,
        /// The account that gained base.
        pub buyer: Pubkey,
        /// The account that lost it.
        pub seller: Pubkey,
        /// The buyer's owner or delegate who signed; the default address where a venue did.
        pub buyer_signer: Pubkey,
        /// The seller's, likewise.
        pub seller_signer: Pubkey,
        /// Base units.
        pub base_units: u64,
        /// What the buyer paid the seller, quote atoms.
        pub quote_atoms: u64,
        /// What each of them paid to the market, quote atoms.
        pub fee_atoms: u64,
        /// Units by which both sides' open interest grew.
        pub opened_units: u64,
        /// Units by which it fell.
        pub netted_units: u64,
        /// The buyer's position afterwards.
        pub buyer_position: PositionState,
        /// The seller's.
        pub seller_position: PositionState,
        /// The claims on the pool afterwards.
        pub pool: PoolState,
    }
}

wire! {
    /// A venue reported a premium.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PremiumReported {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the market.
        pub market: u8,
        /// How far the venue's mark price is above the index price, ppm; negative below it.
        pub premium_ppm: i32,
    }
}

wire! {
    /// Funding was booked and its rate set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FundingCranked {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the market.
        pub market: u8,
        /// Mean premium since the last crank, ppm.
        pub mean_premium_ppm: i32,
        /// What a long pays a short from now on, per base unit and second, quote atoms in units of 2^-64.
        pub funding_per_unit_sec: i64,
        /// What the market's deficit takes of a claim, as margin sees it, ppm.
        pub deficit_share_ppm: u32,
        /// Cash per share of longs, 64 fraction bits.
        pub k_long: i128,
        /// Cash per share of shorts.
        pub k_short: i128,
        /// Epoch of longs.
        pub epoch_long: u32,
        /// Epoch of shorts.
        pub epoch_short: u32,
    }
}

wire! {
    /// PnL became quote or quote paid PnL.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PnlSettled {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the market.
        pub market: u8,
        /// The account; the default address where the market's own claim was paid to insurance.
        pub account: Pubkey,
        /// Change of the quote balance, atoms: positive for a winner.
        pub quote_atoms: i64,
        /// Change of the pool, atoms.
        pub pool_change_atoms: i64,
        /// Part of a win that is given up and taken off the deficit, atoms.
        pub forgone_atoms: u64,
        /// The position afterwards; all zero where the leg was closed or there is no account.
        pub position: PositionState,
        /// The claims on the pool afterwards.
        pub pool: PoolState,
    }
}

wire! {
    /// The index was applied to a position, and what rounding left of it ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PositionTouched {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the market.
        pub market: u8,
        /// The account.
        pub account: Pubkey,
        /// Base that nobody was left to close, written off at spot; signed.
        pub written_off_units: i64,
        /// Part of the claim that nothing covered any more and that was given up, quote atoms.
        pub forgone_atoms: u64,
        /// The position afterwards; all zero where the leg was closed.
        pub position: PositionState,
        /// The claims on the pool afterwards.
        pub pool: PoolState,
    }
}

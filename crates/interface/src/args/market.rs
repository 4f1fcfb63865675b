//! Markets: fills, premiums, wins, listing.

use super::{wire, MarketTerms};

wire! {
    /// The fill. Its price is `quote_atoms / base_units`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SettleFillArgs {
        /// Base units that the buyer gains and the seller loses.
        pub base_units: u64,
        /// What the buyer pays the seller, quote atoms.
        pub quote_atoms: u64,
    }
}

wire! {
    /// The report.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ReportPremiumArgs {
        /// Mark over index, ppm; within the engine's bound.
        pub premium_ppm: i32,
    }
}

wire! {
    /// How much of the win to give for a payment now.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TakeWinArgs {
        /// Claim to give up at most, quote atoms; ignored where `all`.
        pub claim_atoms: u64,
        /// All that can be settled.
        pub all: bool,
        /// Least payment, quote atoms: what the signer saw when he decided.
        pub min_paid_atoms: u64,
    }
}

wire! {
    /// What to list.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ListMarketArgs {
        /// Slot of the registry: the next free one.
        pub index: u8,
        /// Name, UTF-8, zero-padded.
        pub name: [u8; 16],
        /// Decimals of a base unit.
        pub base_decimals: u8,
        /// Slot of the price board.
        pub price_slot: u8,
        /// Terms.
        pub terms: MarketTerms,
    }
}

wire! {
    /// The terms from now on, all of them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct UpdateMarketArgs {
        /// `SlotStatus`: 1 active, 2 reduce only.
        pub status: u8,
        /// Terms.
        pub terms: MarketTerms,
    }
}

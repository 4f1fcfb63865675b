//! Markets: fills, premiums, wins, listing.

use super::wire;

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
    /// Terms of a market that may change later.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MarketTerms {
        /// Charge rate at maintenance.
        pub maint_rate_ppm: u32,
        /// Charge rate at initial; the target rate follows.
        pub init_rate_ppm: u32,
        /// Fee of each side of a fill, at least the engine's floor to insurance.
        pub fill_fee_ppm: u32,
        /// Largest open interest a side, base units.
        pub open_interest_cap_units: u64,
        /// Most insurance one event of this market may draw, quote atoms; `u64::MAX` for no limit.
        pub draw_cap_event_atoms: u64,
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

//! Configuration of prices. Refreshing moves no money and has no event: the board is the record.

use solana_pubkey::Pubkey;

use crate::args::{wire, PriceConfigArgs};

wire! {
    /// An underlying was listed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PriceListed {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the board.
        pub slot: u8,
        /// Sources, averages, calibration.
        pub config: PriceConfigArgs,
        /// Variance until the first sample, units of 1e-12 per second.
        pub variance_prior_pico_per_sec: u32,
    }
}

wire! {
    /// A price was halted, or its halt ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PriceHalted {
        /// The engine.
        pub engine: Pubkey,
        /// Who did it.
        pub signer: Pubkey,
        /// Whether as the guardian, whose halts are counted.
        pub by_guardian: bool,
        /// Slot of the board.
        pub slot: u8,
        /// Until when its legs count as stale, Unix seconds; not later than now where the halt was ended.
        pub until_at: i64,
    }
}

wire! {
    /// A price was switched to another of its sources, whose averages begin anew.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SourceSwitched {
        /// The engine.
        pub engine: Pubkey,
        /// Who did it.
        pub signer: Pubkey,
        /// Whether as the risk authority.
        pub by_risk_authority: bool,
        /// Slot of the board.
        pub slot: u8,
        /// Whether it comes from its standby now; else from its primary.
        pub on_standby: bool,
        /// Publish time of the first price that was taken from it, Unix seconds.
        pub published_at: i64,
    }
}

wire! {
    /// A listed price was configured anew.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PriceUpdated {
        /// The engine.
        pub engine: Pubkey,
        /// Slot of the board.
        pub slot: u8,
        /// Sources, averages, calibration.
        pub config: PriceConfigArgs,
    }
}

//! Prices: refreshing and listing.

use alloc::vec::Vec;

use solana_pubkey::Pubkey;

use super::{wire, PriceConfigArgs};

wire! {
    /// One feed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RefreshEntry {
        /// Slot of the board.
        pub slot: u8,
        /// Whether the secondary's account follows the primary's, to be used if the primary is silent. Not while the price is
        /// switched to its standby.
        pub with_secondary: bool,
    }
}

wire! {
    /// Which feeds.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RefreshPriceArgs {
        /// In the order of the remaining accounts: per entry the primary's account, then the secondary's if asked for.
        pub entries: Vec<RefreshEntry>,
    }
}

wire! {
    /// Where a slot's price comes from, and what pins it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct OracleSourceArgs {
        /// `OracleKind`.
        pub kind: u8,
        /// The account; the default address where the caller chooses it.
        pub address: Pubkey,
        /// Who owns it: one Pyth receiver of the two that are deployed, or Switchboard on-demand.
        pub program: Pubkey,
        /// Pyth feed id, or Switchboard feed hash.
        pub feed_id: [u8; 32],
        /// Switchboard queue; the default address for Pyth.
        pub queue: Pubkey,
        /// Fewest samples of a Switchboard result; zero for Pyth.
        pub min_samples: u8,
    }
}

wire! {
    /// The whole listing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ListPriceArgs {
        /// The next free slot of the board.
        pub slot: u8,
        /// Sources, averages, calibration.
        pub config: PriceConfigArgs,
        /// Variance until the first sample, units of 1e-12 per second; 20,000 (80 % a year) by default.
        pub variance_prior_pico_per_sec: Option<u32>,
    }
}

wire! {
    /// The whole configuration; prices, averages, variance and readiness stay.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct UpdatePriceArgs {
        /// Slot of the board.
        pub slot: u8,
        /// Sources, averages, calibration.
        pub config: PriceConfigArgs,
    }
}

wire! {
    /// Which price, and where it is to come from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SwitchSourceArgs {
        /// Slot of the board.
        pub slot: u8,
        /// True for its standby, false for the primary that is listed.
        pub to_standby: bool,
    }
}

/// One feed of [`crate::refresh_price`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Slot of the board.
    pub slot: u8,
    /// The primary's account; the standby's while the price is switched to it.
    pub primary: Pubkey,
    /// The secondary's account, to be used if the primary is shown to be silent.
    pub secondary: Option<Pubkey>,
}

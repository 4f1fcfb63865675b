//! Banks: listing, changing, fees.

use super::{wire, BankConfigArgs};

wire! {
    /// The whole listing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ListBankArgs {
        /// The next free slot; the first is the settlement token.
        pub index: u8,
        /// Slot of the price board; has a price.
        pub price_slot: u8,
        /// Weights, rates, caps.
        pub config: BankConfigArgs,
    }
}

wire! {
    /// The whole configuration.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct UpdateBankArgs {
        /// Whether only what reduces positions is accepted.
        pub reduce_only: bool,
        /// Weights, rates, caps.
        pub config: BankConfigArgs,
    }
}

wire! {
    /// How much.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CollectFeesArgs {
        /// Atoms; not read where `all`.
        pub amount_atoms: u64,
        /// All fees booked so far.
        pub all: bool,
    }
}

//! Banks: listing, changing, fees.

use super::wire;

wire! {
    /// Everything about a bank that can be changed after its listing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BankConfigArgs {
        /// Asset weight at maintenance; the target's follows.
        pub asset_maint_ppm: u32,
        /// Asset weight at initial.
        pub asset_init_ppm: u32,
        /// Liability weight at maintenance; the target's follows.
        pub liability_maint_ppm: u32,
        /// Liability weight at initial.
        pub liability_init_ppm: u32,
        /// Utilization at the kink of the rate curve.
        pub kink_ppm: u32,
        /// Annual rate at utilization 0.
        pub rate_zero_ppm: u32,
        /// Annual rate at the kink.
        pub rate_kink_ppm: u32,
        /// Annual rate at utilization 1, at most 300 %.
        pub rate_full_ppm: u32,
        /// Protocol's share of interest.
        pub interest_fee_ppm: u32,
        /// Largest deposits of all accounts together.
        pub deposit_cap_atoms: u64,
        /// Largest borrows of all accounts together.
        pub borrow_cap_atoms: u64,
        /// Most insurance one event may draw; none for no limit.
        pub draw_cap_event_atoms: Option<u64>,
        /// Most insurance one hour may draw; none for no limit.
        pub draw_cap_hour_atoms: Option<u64>,
    }
}

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

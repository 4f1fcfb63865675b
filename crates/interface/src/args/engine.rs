//! Engines: creating, parameters, pauses, authorities, venues.

use solana_pubkey::Pubkey;

use super::{wire, GlobalParamsArgs};

wire! {
    /// Who may pause, and which kind of cluster the engine is for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CreateEngineArgs {
        /// Number that lets one creator have several engines.
        pub id: u16,
        /// Whether shorter price averages may be listed; visible permanently.
        pub test_cluster: bool,
        /// May set pause bits, never clear them.
        pub pause_authority: Pubkey,
    }
}

wire! {
    /// The engine's parameters; only those of the call that completes the account are written.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct GrowRegistryArgs {
        /// Parameters.
        pub params: GlobalParamsArgs,
    }
}

wire! {
    /// The whole set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct UpdateParamsArgs {
        /// Parameters.
        pub params: GlobalParamsArgs,
    }
}

wire! {
    /// What to pause and what to end: bits of `plimsoll_state::pause`, none of them in both.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SetPauseArgs {
        /// Paused from now on.
        pub add_bits: u32,
        /// Whose pauses end now, the guardian's and the authority's.
        pub remove_bits: u32,
        /// How long what is added lasts; none: as long as the signer may, the guardian six hours, the authority seven days.
        pub lasts_secs: Option<u32>,
    }
}

wire! {
    /// Which price, and for how long.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct HaltPriceArgs {
        /// Slot of the price board.
        pub slot: u8,
        /// False to end the halt.
        pub halted: bool,
        /// How long it lasts; none: as long as the signer may, the guardian six hours, the authority seven days.
        pub lasts_secs: Option<u32>,
    }
}

wire! {
    /// The successor.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ProposeAuthorityArgs {
        /// Who may accept; none withdraws a proposal.
        pub authority: Option<Pubkey>,
        /// A new pause authority, effective at once; none keeps the present one.
        pub pause_authority: Option<Pubkey>,
    }
}

wire! {
    /// What it may do, on top of which each owner still has to approve it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RegisterVenueArgs {
        /// The PDA of the venue's program that signs its calls.
        pub signer: Pubkey,
        /// Markets it may settle, a bit each.
        pub settle_markets: u32,
        /// Markets whose premium it reports, a bit each.
        pub premium_markets: u32,
    }
}

wire! {
    /// The whole set of permissions.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct UpdateVenueArgs {
        /// Whether it may settle and report at all.
        pub active: bool,
        /// Markets it may settle, a bit each.
        pub settle_markets: u32,
        /// Markets whose premium it reports, a bit each.
        pub premium_markets: u32,
    }
}

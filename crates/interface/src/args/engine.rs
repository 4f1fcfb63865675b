//! Engines: creating, parameters, pauses, authorities, venues.

use plimsoll_state::EngineRole;
use solana_pubkey::Pubkey;

use super::{wire, GlobalParamsArgs};

wire! {
    /// Who holds which role, and which kind of cluster the engine is for. The creator is its first authority.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CreateEngineArgs {
        /// Number that lets one creator have several engines.
        pub id: u16,
        /// Whether shorter price averages and delays may be set; visible permanently.
        pub test_cluster: bool,
        /// Proposes changes, and makes those that tighten.
        pub risk_authority: Pubkey,
        /// Pauses for some hours, and cancels changes that wait.
        pub guardian: Pubkey,
        /// Takes the protocol's fees.
        pub fee_collector: Pubkey,
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
    /// A key of an engine, by what it may do; as stored.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum RoleArg {
        /// Sets the engine up, proposes changes, makes those that tighten, pauses for some days.
        Authority,
        /// Proposes changes and makes those that tighten.
        RiskAuthority,
        /// Pauses for some hours, and cancels changes that wait.
        Guardian,
        /// Takes the protocol's fees.
        FeeCollector,
    }
}

wire! {
    /// The successor in a role.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ProposeRoleArgs {
        /// The role.
        pub role: RoleArg,
        /// Who may accept it; none withdraws a proposal.
        pub key: Option<Pubkey>,
    }
}

wire! {
    /// Which role the signer takes over.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AcceptRoleArgs {
        /// The role.
        pub role: RoleArg,
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

impl From<RoleArg> for EngineRole {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Authority => Self::Authority,
            RoleArg::RiskAuthority => Self::RiskAuthority,
            RoleArg::Guardian => Self::Guardian,
            RoleArg::FeeCollector => Self::FeeCollector,
        }
    }
}

impl CreateEngineArgs {
    /// One key holds every role but the authority's, which is the creator's.
    pub const fn held_by(key: Pubkey, id: u16, test_cluster: bool) -> Self {
        Self { id, test_cluster, risk_authority: key, guardian: key, fee_collector: key }
    }
}

//! Venues: what the authority lets them do, and what owners let them do on their accounts.

use plimsoll_state::Venue;
use solana_pubkey::Pubkey;

use crate::args::wire;

wire! {
    /// A venue was registered, or the authority changed what it may do or stopped it. Owners' approvals stay as they are.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VenueSet {
        /// The engine.
        pub engine: Pubkey,
        /// Its authority, who signed.
        pub authority: Pubkey,
        /// The venue.
        pub venue: Pubkey,
        /// The address that signs for it.
        pub signer: Pubkey,
        /// Whether it may settle and report.
        pub active: bool,
        /// Markets it may settle where owners approved it, a bit each.
        pub settle_markets: u32,
        /// Markets whose premium it reports, a bit each.
        pub premium_markets: u32,
    }
}

impl VenueSet {
    /// As the venue stands now.
    #[inline(never)]
    pub fn new(key: &Pubkey, venue: &Venue, authority: Pubkey) -> Self {
        Self {
            engine: Pubkey::from(venue.engine),
            authority,
            venue: *key,
            signer: Pubkey::from(venue.signer),
            active: venue.active == 1,
            settle_markets: venue.settle_markets,
            premium_markets: venue.premium_markets,
        }
    }
}

wire! {
    /// An owner let a venue settle fills on an account, or replaced what he let it do.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VenueApproved {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Its owner, who signed.
        pub owner: Pubkey,
        /// The venue.
        pub venue: Pubkey,
        /// Markets, a bit each.
        pub markets: u32,
        /// Notional it may settle from now on, quote atoms.
        pub notional_limit_atoms: u64,
        /// When the approval ends, Unix seconds.
        pub expires_at: i64,
    }
}

wire! {
    /// An owner took a venue's approval away.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VenueRevoked {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Its owner, who signed.
        pub owner: Pubkey,
        /// The venue.
        pub venue: Pubkey,
    }
}

//! Margin accounts.

use solana_pubkey::Pubkey;

use super::wire;

wire! {
    /// Which of the owner's accounts, and who helps to run it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OpenAccountArgs {
        /// Number that lets one owner have several accounts.
        pub id: u16,
        /// Its delegate; none for nobody.
        pub delegate: Option<DelegateArgs>,
    }
}

wire! {
    /// The delegate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SetDelegateArgs {
        /// Replaces the present one; none removes it.
        pub delegate: Option<DelegateArgs>,
    }
}

wire! {
    /// A delegate and each of its rights. There is none to withdraw, borrow, approve venues, take a win, change the
    /// delegate or close.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct DelegateArgs {
        /// Its key.
        pub key: Pubkey,
        /// Bits of `plimsoll_state::right`.
        pub rights: u8,
        /// Notional of the fills that it may sign within any day, quote atoms; zero without the right to trade.
        pub trade_limit_atoms_per_day: u64,
    }
}

wire! {
    /// What, how much and for how long; replaces an earlier approval of the venue as a whole.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ApproveVenueArgs {
        /// Markets, a bit each: some that the venue may settle now. What the authority lets it settle later is not among them.
        pub markets: u32,
        /// Notional it may settle from now on, quote atoms.
        pub notional_limit_atoms: u64,
        /// When the approval ends, Unix seconds; at most 366 days ahead.
        pub expires_at: i64,
    }
}

wire! {
    /// Which one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RevokeVenueArgs {
        /// The `Venue` account; an argument, so that revoking does not depend on anything about it.
        pub venue: Pubkey,
    }
}

wire! {
    /// What to compute.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CheckMarginArgs {
        /// 1: maintenance at spot only; 3: maintenance at spot and at the fast average, and initial.
        pub views: u8,
    }
}

impl DelegateArgs {
    /// What a keeper's key needs: it liquidates and does nothing else.
    pub const fn liquidator(key: Pubkey) -> Self {
        Self { key, rights: plimsoll_state::right::LIQUIDATE, trade_limit_atoms_per_day: 0 }
    }
}

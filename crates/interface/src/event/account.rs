//! Engines, authorities and margin accounts.

use alloc::vec::Vec;

use solana_pubkey::Pubkey;

use crate::args::{wire, DelegateArgs, GlobalParamsArgs};

wire! {
    /// An engine was created.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EngineCreated {
        /// The engine.
        pub engine: Pubkey,
        /// Its authority, who created it.
        pub authority: Pubkey,
        /// Its risk authority.
        pub risk_authority: Pubkey,
        /// Its guardian.
        pub guardian: Pubkey,
        /// Its fee collector.
        pub fee_collector: Pubkey,
        /// Whether it is meant for a test cluster.
        pub test_cluster: bool,
    }
}

wire! {
    /// The parameters were replaced.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ParamsUpdated {
        /// The engine.
        pub engine: Pubkey,
        /// The new ones.
        pub params: GlobalParamsArgs,
    }
}

wire! {
    /// Something was paused or resumed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PauseSet {
        /// The engine.
        pub engine: Pubkey,
        /// Who did it.
        pub signer: Pubkey,
        /// Whether as the guardian, whose pauses are counted.
        pub by_guardian: bool,
        /// What is paused by it.
        pub added_bits: u32,
        /// Whose pauses ended by it.
        pub removed_bits: u32,
        /// When the added ones end, Unix seconds, unless an earlier call asked for longer.
        pub until_at: i64,
        /// All that is paused from now on.
        pub pause_bits: u32,
    }
}

wire! {
    /// A margin account was opened.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AccountOpened {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Its owner.
        pub owner: Pubkey,
        /// Which of the owner's accounts.
        pub id: u16,
        /// Its delegate with its rights; none for nobody.
        pub delegate: Option<DelegateArgs>,
        /// Who gets the rent back.
        pub rent_payer: Pubkey,
    }
}

wire! {
    /// The owner is called: an account has come below its target, or into the band above its maintenance margin. Once, until it
    /// is seen above that again. Logged where the instruction has no event authority, as `observe_margin`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MarginCalled {
        /// The engine.
        pub engine: Pubkey,
        /// The account's owner.
        pub owner: Pubkey,
        /// Which of the owner's accounts.
        pub id: u16,
        /// `NAV / MMR` at spot, ppm, rounded down.
        pub ratio_ppm: u32,
        /// How far each price is from where the account would be at maintenance or below; without prices whose move alone does
        /// not take it there.
        pub distances: Vec<PriceDistance>,
    }
}

wire! {
    /// The move of one price that takes an account to maintenance if no other moves.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PriceDistance {
        /// Slot of the board.
        pub slot: u8,
        /// Of the price, ppm, toward zero; negative for a fall. At the weights with which each leg counts now.
        pub move_ppm: i32,
    }
}

wire! {
    /// A margin account was closed, empty.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AccountClosed {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Its owner.
        pub owner: Pubkey,
        /// Who got the rent back.
        pub rent_payer: Pubkey,
    }
}

wire! {
    /// An owner named, replaced or removed an account's delegate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct DelegateSet {
        /// The engine.
        pub engine: Pubkey,
        /// The account.
        pub account: Pubkey,
        /// Its owner, who signed.
        pub owner: Pubkey,
        /// The delegate from now on, with its rights; none for nobody.
        pub delegate: Option<DelegateArgs>,
    }
}

wire! {
    /// An account was brought to this program's layout.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AccountMigrated {
        /// The engine.
        pub engine: Pubkey,
        /// The account, of any type.
        pub account: Pubkey,
        /// The layout version that it has from now on, one more than before.
        pub version: u8,
    }
}

wire! {
    /// A registry, board or feed book was created or grew, or has become complete and can be used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AccountGrown {
        /// The engine.
        pub engine: Pubkey,
        /// The registry, the board or the feed book.
        pub account: Pubkey,
        /// Who paid the rent.
        pub payer: Pubkey,
        /// Its length from now on, bytes.
        pub bytes: u32,
        /// Whether it can be used from now on. What parameters a registry begins with follows in a `ParamsUpdated`.
        pub complete: bool,
    }
}

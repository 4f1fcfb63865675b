//! The engine's keys, its launch, and changes that wait in public.

use alloc::vec::Vec;

use solana_pubkey::Pubkey;

use crate::args::{wire, RampArg, RoleArg};

wire! {
    /// An engine was launched: accounts can be opened, and changes wait.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EngineLaunched {
        /// The engine.
        pub engine: Pubkey,
        /// Its authority, who signed.
        pub authority: Pubkey,
    }
}

wire! {
    /// A successor in a role was proposed or withdrawn.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RoleProposed {
        /// The engine.
        pub engine: Pubkey,
        /// The role.
        pub role: RoleArg,
        /// Who holds it.
        pub holder: Pubkey,
        /// Who may accept it; the default address for nobody.
        pub pending: Pubkey,
    }
}

wire! {
    /// A successor took a role over.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RoleAccepted {
        /// The engine.
        pub engine: Pubkey,
        /// The role.
        pub role: RoleArg,
        /// Who held it until now.
        pub previous: Pubkey,
        /// Who holds it from now on.
        pub holder: Pubkey,
    }
}

wire! {
    /// A change was proposed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ChangeProposed {
        /// The engine.
        pub engine: Pubkey,
        /// The change, which holds the accounts that its instruction takes.
        pub change: Pubkey,
        /// Its number.
        pub id: u64,
        /// Who proposed it.
        pub proposer: Pubkey,
        /// From when on anybody may execute it, Unix seconds.
        pub due_at: i64,
        /// From when on nobody may any more, Unix seconds.
        pub expires_at: i64,
        /// The data of its instruction.
        pub data: Vec<u8>,
    }
}

wire! {
    /// A change was executed. What it changed follows from its instruction's own event.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ChangeExecuted {
        /// The engine.
        pub engine: Pubkey,
        /// The change, which has ended.
        pub change: Pubkey,
        /// Its number.
        pub id: u64,
        /// Who executed it.
        pub payer: Pubkey,
    }
}

wire! {
    /// A change was cancelled, or cleared away after it had expired.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ChangeCancelled {
        /// The engine.
        pub engine: Pubkey,
        /// The change, which has ended.
        pub change: Pubkey,
        /// Its number.
        pub id: u64,
        /// Who ended it.
        pub signer: Pubkey,
    }
}

wire! {
    /// Numbers that ramp were moved; the targets follow from them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RampAdvanced {
        /// The engine.
        pub engine: Pubkey,
        /// Whose numbers.
        pub of: RampArg,
        /// Whether they have arrived.
        pub arrived: bool,
        /// What is in force from now on, ppm: of a bank the asset weight and the liability weight at maintenance, of a market the
        /// rate at maintenance, of the engine its parameters in the order of docs/math.md; then zero.
        pub held_ppm: [u32; 6],
    }
}

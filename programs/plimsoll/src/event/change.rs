//! The engine's keys, its launch, and changes that wait in public.

use anchor_lang::prelude::*;

use crate::instructions::{RampArg, RoleArg};

/// An engine was launched: accounts can be opened, and changes wait.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct EngineLaunched {
    /// The engine.
    pub engine: Pubkey,
    /// Its authority, who signed.
    pub authority: Pubkey,
}

/// A successor in a role was proposed or withdrawn.
#[event]
#[derive(Clone, Copy, Debug)]
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

/// A successor took a role over.
#[event]
#[derive(Clone, Copy, Debug)]
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

/// A change was proposed.
#[event]
#[derive(Clone, Debug)]
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

/// A change was executed. What it changed follows from its instruction's own event.
#[event]
#[derive(Clone, Copy, Debug)]
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

/// A change was cancelled, or cleared away after it had expired.
#[event]
#[derive(Clone, Copy, Debug)]
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

/// Numbers that ramp were moved; the targets follow from them.
#[event]
#[derive(Clone, Copy, Debug)]
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

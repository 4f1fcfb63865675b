//! Calling the engine.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::solana_program::program::invoke_signed;

use crate::state::{VenueConfig, SIGNER};

/// The engine's program, for Anchor's check of a program account.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Id for Engine {
    fn id() -> Pubkey {
        plimsoll_interface::ID
    }
}

/// Calls the engine with this venue's signature.
///
/// # Errors
/// Whatever the engine refuses; the transaction ends there.
pub(crate) fn call(instruction: &Instruction, infos: &[AccountInfo], config: &Account<VenueConfig>) -> Result<()> {
    let (key, bump) = (config.key(), [config.signer_bump]);
    invoke_signed(instruction, infos, &[&[SIGNER, key.as_ref(), &bump]]).map_err(Into::into)
}

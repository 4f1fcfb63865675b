//! Engines, authorities and margin accounts.

use anchor_lang::prelude::*;

use crate::instructions::GlobalParamsArgs;

/// An engine was created.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct EngineCreated {
    /// The engine.
    pub engine: Pubkey,
    /// Its authority, who created it.
    pub authority: Pubkey,
    /// Its pause authority.
    pub pause_authority: Pubkey,
    /// Whether it is meant for a test cluster.
    pub test_cluster: bool,
}

/// The parameters were replaced.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct ParamsUpdated {
    /// The engine.
    pub engine: Pubkey,
    /// The new ones.
    pub params: GlobalParamsArgs,
}

/// Something was paused or resumed.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct PauseSet {
    /// The engine.
    pub engine: Pubkey,
    /// Who did it.
    pub signer: Pubkey,
    /// The bits from now on.
    pub pause_bits: u32,
}

/// A successor was proposed or withdrawn, or the pause authority replaced.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct AuthorityProposed {
    /// The engine.
    pub engine: Pubkey,
    /// The present authority.
    pub authority: Pubkey,
    /// Who may accept; the default address for nobody.
    pub pending_authority: Pubkey,
    /// The pause authority from now on.
    pub pause_authority: Pubkey,
}

/// A successor took office.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct AuthorityAccepted {
    /// The engine.
    pub engine: Pubkey,
    /// The authority until now.
    pub previous: Pubkey,
    /// The authority from now on.
    pub authority: Pubkey,
}

/// A margin account was opened.
#[event]
#[derive(Clone, Copy, Debug)]
pub struct AccountOpened {
    /// The engine.
    pub engine: Pubkey,
    /// The account.
    pub account: Pubkey,
    /// Its owner.
    pub owner: Pubkey,
    /// Which of the owner's accounts.
    pub id: u16,
    /// Its delegate; the default address for none.
    pub delegate: Pubkey,
    /// Who gets the rent back.
    pub rent_payer: Pubkey,
}

/// A margin account was closed, empty.
#[event]
#[derive(Clone, Copy, Debug)]
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

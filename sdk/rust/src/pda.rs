//! Addresses of the program's accounts, from the seeds that the program creates them with.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use anchor_lang::prelude::Pubkey;
use plimsoll_state::seeds;

/// Address of the program.
pub const PROGRAM_ID: Pubkey = plimsoll::ID;

/// SPL Token.
pub const TOKEN_PROGRAM: Pubkey = anchor_spl::token::ID;
/// Token-2022.
pub const TOKEN_2022_PROGRAM: Pubkey = anchor_spl::token_2022::ID;

fn find(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &PROGRAM_ID).0
}

/// Kind, engine and index of an address.
type Named = (&'static [u8], Pubkey, u8);

/// Most addresses that are remembered: those of ten engines.
const REMEMBERED: usize = 1_000;

/// An address of an engine by index. Finding one costs as much as signing.
fn remembered(kind: &'static [u8], engine: &Pubkey, index: u8) -> Pubkey {
    static FOUND: RwLock<BTreeMap<Named, Pubkey>> = RwLock::new(BTreeMap::new());
    let name = (kind, *engine, index);
    // A thread that panicked while it held the lock has left a map of right addresses all the same.
    if let Some(known) = FOUND.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
        return *known;
    }
    let address = find(&[kind, engine.as_ref(), &[index]]);
    let mut found = FOUND.write().unwrap_or_else(PoisonError::into_inner);
    if found.len() >= REMEMBERED {
        found.clear();
    }
    found.insert(name, address);
    address
}

/// An engine, the two accounts that every margin check reads, and where prices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineKeys {
    /// The engine.
    pub engine: Pubkey,
    /// Its registry.
    pub registry: Pubkey,
    /// Its price board.
    pub board: Pubkey,
    /// Its feed book.
    pub feeds: Pubkey,
}

impl EngineKeys {
    /// Keys of the engine at an address.
    pub fn of(engine: Pubkey) -> Self {
        Self { engine, registry: registry(&engine), board: board(&engine), feeds: feeds(&engine) }
    }

    /// Keys of a creator's engine.
    pub fn created_by(creator: &Pubkey, id: u16) -> Self {
        Self::of(engine(creator, id))
    }

    /// A bank and its vault.
    pub fn bank(&self, index: u8) -> BankKeys {
        let bank = bank(&self.engine, index);
        BankKeys { bank, vault: vault(&bank) }
    }

    /// A market.
    pub fn market(&self, index: u8) -> Pubkey {
        market(&self.engine, index)
    }

    /// A margin account.
    pub fn margin_account(&self, owner: &Pubkey, id: u16) -> Pubkey {
        margin_account(&self.engine, owner, id)
    }

    /// A venue.
    pub fn venue(&self, signer: &Pubkey) -> Pubkey {
        venue(&self.engine, signer)
    }
}

/// A bank and its vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankKeys {
    /// The bank.
    pub bank: Pubkey,
    /// The token account that holds its atoms.
    pub vault: Pubkey,
}

/// `["engine", creator, id]`.
pub fn engine(creator: &Pubkey, id: u16) -> Pubkey {
    find(&[seeds::ENGINE, creator.as_ref(), &id.to_le_bytes()])
}

/// `["registry", engine]`.
pub fn registry(engine: &Pubkey) -> Pubkey {
    find(&[seeds::REGISTRY, engine.as_ref()])
}

/// `["board", engine]`.
pub fn board(engine: &Pubkey) -> Pubkey {
    find(&[seeds::BOARD, engine.as_ref()])
}

/// `["feeds", engine]`.
pub fn feeds(engine: &Pubkey) -> Pubkey {
    find(&[seeds::FEEDS, engine.as_ref()])
}

/// `["bank", engine, index]`; remembered, as a keeper names the same few in every liquidation.
pub fn bank(engine: &Pubkey, index: u8) -> Pubkey {
    remembered(seeds::BANK, engine, index)
}

/// `["vault", bank]`.
pub fn vault(bank: &Pubkey) -> Pubkey {
    find(&[seeds::VAULT, bank.as_ref()])
}

/// `["market", engine, index]`; remembered like a bank's.
pub fn market(engine: &Pubkey, index: u8) -> Pubkey {
    remembered(seeds::MARKET, engine, index)
}

/// `["margin", engine, owner, id]`.
pub fn margin_account(engine: &Pubkey, owner: &Pubkey, id: u16) -> Pubkey {
    find(&[seeds::MARGIN_ACCOUNT, engine.as_ref(), owner.as_ref(), &id.to_le_bytes()])
}

/// `["venue", engine, signer]`.
pub fn venue(engine: &Pubkey, signer: &Pubkey) -> Pubkey {
    find(&[seeds::VENUE, engine.as_ref(), signer.as_ref()])
}

/// The address that signs the program's events.
pub fn event_authority() -> Pubkey {
    plimsoll::EVENT_AUTHORITY_AND_BUMP.0
}

/// The associated token account of an owner.
pub fn associated_token(owner: &Pubkey, mint: &Pubkey, token_program: &Pubkey) -> Pubkey {
    let seeds = [owner.as_ref(), token_program.as_ref(), mint.as_ref()];
    Pubkey::find_program_address(&seeds, &anchor_spl::associated_token::ID).0
}

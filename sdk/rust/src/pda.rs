//! Addresses of the program's accounts, from the seeds that the program creates them with.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use plimsoll_interface::pda;
use plimsoll_state::seeds;
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::address::get_associated_token_address_with_program_id;

/// Address of the program.
pub const PROGRAM_ID: Pubkey = plimsoll_interface::ID;

/// SPL Token.
pub const TOKEN_PROGRAM: Pubkey = spl_token_interface::ID;
/// Token-2022.
pub const TOKEN_2022_PROGRAM: Pubkey = spl_token_2022_interface::ID;

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
    let address = if kind == seeds::BANK { pda::bank(engine, index).0 } else { pda::market(engine, index).0 };
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

    /// The change of this number.
    pub fn change(&self, id: u64) -> Pubkey {
        pda::change(&self.engine, id).0
    }

    /// What signs for a change that has waited.
    pub fn executor(&self) -> Pubkey {
        pda::executor(&self.engine).0
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
    pda::engine(creator, id).0
}

/// `["registry", engine]`.
pub fn registry(engine: &Pubkey) -> Pubkey {
    pda::registry(engine).0
}

/// `["board", engine]`.
pub fn board(engine: &Pubkey) -> Pubkey {
    pda::board(engine).0
}

/// `["feeds", engine]`.
pub fn feeds(engine: &Pubkey) -> Pubkey {
    pda::feeds(engine).0
}

/// `["bank", engine, index]`; remembered, as a keeper names the same few in every liquidation.
pub fn bank(engine: &Pubkey, index: u8) -> Pubkey {
    remembered(seeds::BANK, engine, index)
}

/// `["vault", bank]`.
pub fn vault(bank: &Pubkey) -> Pubkey {
    pda::vault(bank).0
}

/// `["market", engine, index]`; remembered like a bank's.
pub fn market(engine: &Pubkey, index: u8) -> Pubkey {
    remembered(seeds::MARKET, engine, index)
}

/// `["margin", engine, owner, id]`.
pub fn margin_account(engine: &Pubkey, owner: &Pubkey, id: u16) -> Pubkey {
    pda::margin_account(engine, owner, id).0
}

/// `["venue", engine, signer]`.
pub fn venue(engine: &Pubkey, signer: &Pubkey) -> Pubkey {
    pda::venue(engine, signer).0
}

/// The address that signs the program's events.
pub fn event_authority() -> Pubkey {
    plimsoll_interface::EVENT_AUTHORITY
}

/// The associated token account of an owner.
pub fn associated_token(owner: &Pubkey, mint: &Pubkey, token_program: &Pubkey) -> Pubkey {
    get_associated_token_address_with_program_id(owner, mint, token_program)
}

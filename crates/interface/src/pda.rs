//! Addresses of the engine's accounts, each with its bump.
//!
//! Finding an address costs some 1,500 compute units a try: on chain, take it from an account that was checked before,
//! or do not check it at all. The engine compares every account with the engine it belongs to.

use plimsoll_state::seeds;
use solana_pubkey::Pubkey;

fn find(seeds: &[&[u8]]) -> (Pubkey, u8) {
    Pubkey::find_program_address(seeds, &crate::ID)
}

/// An engine: `["engine", creator, id u16 LE]`.
pub fn engine(creator: &Pubkey, id: u16) -> (Pubkey, u8) {
    find(&[seeds::ENGINE, creator.as_ref(), &id.to_le_bytes()])
}

/// Its parameters, and the banks and markets as margin checks read them: `["registry", engine]`.
pub fn registry(engine: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::REGISTRY, engine.as_ref()])
}

/// Its prices: `["board", engine]`.
pub fn board(engine: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::BOARD, engine.as_ref()])
}

/// Where its prices come from: `["feeds", engine]`.
pub fn feeds(engine: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::FEEDS, engine.as_ref()])
}

/// The bank in a slot of the registry: `["bank", engine, index u8]`. Bank 0 is that of the settlement token.
pub fn bank(engine: &Pubkey, index: u8) -> (Pubkey, u8) {
    find(&[seeds::BANK, engine.as_ref(), &[index]])
}

/// The token account of a bank: `["vault", bank]`.
pub fn vault(bank: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::VAULT, bank.as_ref()])
}

/// The market in a slot of the registry: `["market", engine, index u8]`.
pub fn market(engine: &Pubkey, index: u8) -> (Pubkey, u8) {
    find(&[seeds::MARKET, engine.as_ref(), &[index]])
}

/// A margin account: `["margin", engine, owner, id u16 LE]`.
pub fn margin_account(engine: &Pubkey, owner: &Pubkey, id: u16) -> (Pubkey, u8) {
    find(&[seeds::MARGIN_ACCOUNT, engine.as_ref(), owner.as_ref(), &id.to_le_bytes()])
}

/// A venue, by the address it signs with: `["venue", engine, signer]`.
pub fn venue(engine: &Pubkey, signer: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::VENUE, engine.as_ref(), signer.as_ref()])
}

/// A change that waits, by its number: `["change", engine, id u64 LE]`.
pub fn change(engine: &Pubkey, id: u64) -> (Pubkey, u8) {
    find(&[seeds::CHANGE, engine.as_ref(), &id.to_le_bytes()])
}

/// What signs for a change that has waited: `["executor", engine]`.
pub fn executor(engine: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::EXECUTOR, engine.as_ref()])
}

/// What signs the engine's events: [`crate::EVENT_AUTHORITY`].
pub fn event_authority() -> (Pubkey, u8) {
    find(&[seeds::EVENT_AUTHORITY])
}

//! Seeds of the program's addresses. Where anyone may create an account, the creator is a seed, so nobody can take another's address.

/// `["engine", creator, id u16 LE]`
pub const ENGINE: &[u8] = b"engine";
/// `["registry", engine]`
pub const REGISTRY: &[u8] = b"registry";
/// `["board", engine]`
pub const BOARD: &[u8] = b"board";
/// `["feeds", engine]`
pub const FEEDS: &[u8] = b"feeds";
/// `["bank", engine, index u8]`
pub const BANK: &[u8] = b"bank";
/// `["vault", bank]`
pub const VAULT: &[u8] = b"vault";
/// `["market", engine, index u8]`
pub const MARKET: &[u8] = b"market";
/// `["margin", engine, owner, id u16 LE]`
pub const MARGIN_ACCOUNT: &[u8] = b"margin";
/// `["venue", engine, venue program's signer]`
pub const VENUE: &[u8] = b"venue";
/// `["change", engine, id u64 LE]`
pub const CHANGE: &[u8] = b"change";
/// `["executor", engine]`: signs for a change that has waited.
pub const EXECUTOR: &[u8] = b"executor";
/// Anchor's event authority.
pub const EVENT_AUTHORITY: &[u8] = b"__event_authority";

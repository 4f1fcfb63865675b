//! Accounts of the venue.

use anchor_lang::prelude::*;

/// `["config", operator]`: one venue. Whoever creates it operates it, so nobody can squat.
#[account]
#[derive(InitSpace)]
pub struct VenueConfig {
    /// Reports premiums, funds the desk and lets it liquidate.
    pub operator: Pubkey,
    /// The engine that it is a venue of: anybody may create another, and be rich there.
    pub engine: Pubkey,
    /// Bump of this address.
    pub bump: u8,
    /// Bump of the signer's address.
    pub signer_bump: u8,
}

/// `["quote", config, maker, id u64 LE]`: a firm quote for all of its size.
#[account]
#[derive(InitSpace)]
pub struct Quote {
    /// The venue.
    pub config: Pubkey,
    /// Who posted it and gets the rent back.
    pub maker: Pubkey,
    /// The maker's margin account.
    pub maker_account: Pubkey,
    /// The engine's market.
    pub market: Pubkey,
    /// Margin account that alone may take it; none for anybody's.
    pub for_account: Option<Pubkey>,
    /// Base units.
    pub base_units: u64,
    /// Quote atoms for all of them.
    pub quote_atoms: u64,
    /// Last second at which it can be taken, Unix seconds.
    pub expires_at: i64,
    /// Number that lets a maker have several quotes.
    pub id: u64,
    /// Whether the maker buys.
    pub maker_buys: bool,
    /// Bump of this address.
    pub bump: u8,
}

/// Seed of a venue.
pub const CONFIG: &[u8] = b"config";
/// Seed of the address that signs for a venue: `["signer", config]`.
pub const SIGNER: &[u8] = b"signer";
/// Seed of a quote.
pub const QUOTE: &[u8] = b"quote";

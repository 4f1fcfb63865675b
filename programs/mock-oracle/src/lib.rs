//! Oracle accounts for test clusters: whoever a feed names as its poster writes what Pyth's receiver or Switchboard
//! on-demand would have written there.
//!
//! An engine on a test cluster lists this program as the program of a price source, and the feed's address as the
//! pinned account. Nothing is verified here, and any price can be posted: never list it where money is at stake.
//!
//! So that anyone can deploy it at its address on a cluster of his own, the key of that address is public:
//! [`PROGRAM_SEED`].
#![allow(clippy::diverging_sub_expression, missing_docs, reason = "Anchor's macros expand to such code")]

use anchor_lang::prelude::*;

pub mod client;
pub mod pyth;
pub mod switchboard;

use pyth::*;
use switchboard::*;

declare_id!("8GKKv34SXy7CMTu5n45n2mGEVhBJFvAwNLy4yyjjiJdn");

/// Seed of the program's Ed25519 key, filled up with zero bytes to 32.
pub const PROGRAM_SEED: &[u8] = b"plimsoll mock-oracle";

/// Why nothing was posted.
#[error_code]
pub enum MockError {
    #[msg("The signer is not the one whom the feed's creator named")]
    NotPoster,
    #[msg("The account is not a feed of this kind")]
    NotAFeed,
}

/// Instructions of the mock.
#[program]
pub mod mock_oracle {
    use super::*;

    /// Creates a Pyth price update account and names who posts to it.
    pub fn create_pyth(ctx: Context<CreatePyth>, args: CreatePythArgs) -> Result<()> {
        pyth::create(ctx, args)
    }

    /// Posts a price, as a fully verified update.
    pub fn post_pyth(ctx: Context<PostPyth>, args: PostPythArgs) -> Result<()> {
        pyth::post(ctx, args)
    }

    /// Creates a Switchboard pull feed account and names who posts to it.
    pub fn create_switchboard(ctx: Context<CreateSwitchboard>, args: CreateSwitchboardArgs) -> Result<()> {
        switchboard::create(ctx, args)
    }

    /// Posts the result of an aggregation.
    pub fn post_switchboard(ctx: Context<PostSwitchboard>, args: PostSwitchboardArgs) -> Result<()> {
        switchboard::post(ctx, args)
    }
}

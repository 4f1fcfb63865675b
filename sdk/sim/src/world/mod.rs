//! An engine on an in-process chain, as tests, benchmark and replay use it.
//!
//! [`World`] is a LiteSVM with the program deployed, an explicit clock and an engine that is set up. Transactions are
//! not signed: whoever an instruction marks as signer counts as having signed, so every party is a plain address
//! ([`Chain::party`]). Prices are in units of 1e-8 dollars and reach the engine as oracle account bytes.
//!
//! ```text
//! let mut world = World::new();                  // program deployed, engine complete, clock at BASE_TIME
//! world.default_listing();                       // banks USDC, SOL, BTC; SOL-PERP, BTC-PERP; averages ready
//! let alice = world.trader("alice");             // margin account 0 of a fresh owner
//! world.deposit(&alice, USDC, 1_000_000_000)?;   // mints the tokens to her first
//! world.fill(SOL_PERP, &alice, &bob, 5_000_000, None)?;  // alice buys from bob at spot, both owners sign
//! world.advance(30);                             // seconds
//! world.set_price(SOL, 180 * E8, 40_000)?;       // posts the primary's bytes now, then refreshes
//! let meta = world.send(&alice.owner, &[ix])?;   // Ok(TransactionMetadata) or Err(Failure { code, .. })
//! let account = world.margin_account(&alice);    // decoded; or world.read::<Bank>(&world.keys.bank(0).bank)
//! ```
//!
//! | file | what |
//! |---|---|
//! | `chain.rs` | [`Chain`]: LiteSVM, clock, sending, raw and decoded accounts, compute units, sizes |
//! | `token.rs` | mints and token accounts of both token programs |
//! | `setup.rs` | [`World`]: engine and margin accounts |
//! | `feeds.rs` | price slots: listing them, posting oracle bytes, refreshing |
//! | `listing.rs` | banks and markets with their defaults |
//! | `provoked.rs` | the engine's errors that were provoked, for the test run |
//! | `trade.rs` | deposits, withdrawals, borrows, repayments, fills |

mod chain;
mod feeds;
mod listing;
mod provoked;
mod setup;
mod token;
mod trade;

pub use chain::*;
pub use feeds::*;
pub use listing::*;
pub use provoked::PROVOKED_VARIABLE;
pub use setup::*;
pub use token::*;

//! A small RFQ venue that another team could have written: a maker answers a request with a firm quote, a taker accepts
//! it, and Plimsoll settles the fill by CPI. Beside that the venue has a desk, a margin account of its own, which
//! liquidates customers.
//!
//! What a venue has to do is all here: sign with its PDA, make sure that each side agreed to exactly this trade, and
//! leave margin, price band, fees and open interest to the engine. Its powers end there too: both owners have approved
//! it on their accounts for some markets, up to a notional and until some second, and it can touch nothing else.
//!
//! Only the layouts of `plimsoll-state` and the calls of `plimsoll-interface` are used, neither of which needs the
//! engine's Anchor crate.
#![allow(clippy::diverging_sub_expression, missing_docs, reason = "Anchor's macros expand to such code")]

use anchor_lang::prelude::*;

pub mod client;
pub mod engine;
pub mod instructions;
pub mod state;

use instructions::*;

declare_id!("8bEFT7QWzg5mbyUx6Umsy7Q4mHibWkBMUTaFgyMJSWvC");

/// Why the venue refused.
#[error_code]
pub enum VenueError {
    #[msg("The signer does not own the margin account")]
    NotOwner,
    #[msg("The quote has expired")]
    QuoteExpired,
    #[msg("The quote is for another market or maker")]
    QuoteMismatch,
    #[msg("The quote is empty")]
    QuoteEmpty,
    #[msg("The signer does not operate this venue")]
    NotOperator,
    #[msg("The engine did not answer")]
    NoMargin,
    #[msg("The maker's account may add no risk, so its quote would not be firm")]
    MarginTooThin,
    #[msg("The quote answers another account's request")]
    QuoteForAnother,
    #[msg("The engine did not say what the liquidation did")]
    NoOutcome,
    #[msg("The leg's bank or market was not passed")]
    LegAccountMissing,
    #[msg("The engine is not the one that this venue is of")]
    ForeignEngine,
    #[msg("The margin is that of another engine or account than the one that is meant")]
    MarginOfAnother,
}

/// Instructions of the venue.
#[program]
pub mod example_venue {
    use super::*;

    /// Creates a venue; its signer is then registered with an engine.
    pub fn create_venue(ctx: Context<CreateVenue>) -> Result<()> {
        instructions::create_venue(ctx)
    }

    /// A maker whose account may add risk posts a firm quote.
    pub fn post_quote(ctx: Context<PostQuote>, args: PostQuoteArgs) -> Result<()> {
        instructions::post_quote(ctx, args)
    }

    /// A maker takes a quote back.
    pub fn cancel_quote(_ctx: Context<CancelQuote>) -> Result<()> {
        Ok(())
    }

    /// A taker accepts a quote; the engine settles it.
    pub fn take_quote(ctx: Context<TakeQuote>) -> Result<()> {
        instructions::take_quote(ctx)
    }

    /// The operator reports the premium of the venue's mark over the index.
    pub fn report_premium(ctx: Context<ReportPremium>, premium_ppm: i32) -> Result<()> {
        instructions::report_premium(ctx, premium_ppm)
    }

    /// Reads a margin account's standing from the engine and logs it.
    pub fn read_margin(ctx: Context<ReadMargin>, views: u8) -> Result<()> {
        instructions::read_margin(ctx, views)
    }

    /// Opens the desk's margin account, owned by the address that signs for the venue.
    pub fn open_desk(ctx: Context<OpenDesk>) -> Result<()> {
        instructions::open_desk(ctx)
    }

    /// Deposits what a token account of the venue's address holds.
    pub fn fund_desk(ctx: Context<MoveDeskFunds>, amount_atoms: u64) -> Result<()> {
        instructions::fund_desk(ctx, amount_atoms)
    }

    /// Withdraws from the desk's account.
    pub fn withdraw_from_desk(ctx: Context<MoveDeskFunds>, amount_atoms: u64, all: bool) -> Result<()> {
        instructions::withdraw_from_desk(ctx, amount_atoms, all)
    }

    /// The desk liquidates an account under water.
    pub fn liquidate(ctx: Context<Liquidate>, args: LiquidateArgs) -> Result<()> {
        instructions::liquidate(ctx, args)
    }
}

//! A minimal venue: a maker posts a firm quote, a taker accepts it, and Plimsoll settles the fill by CPI.
//!
//! What a venue has to do is all here: sign with its PDA, make sure that each side agreed to exactly this trade, and
//! leave margin, price band, fees and open interest to the engine. Its powers end there too: both owners have approved
//! it on their accounts up to a notional, and it can touch nothing else.
#![allow(clippy::diverging_sub_expression, missing_docs)]

use anchor_lang::prelude::*;

pub mod instructions;
pub mod margin;
pub mod state;

use instructions::*;
use margin::*;

declare_id!("8bEFT7QWzg5mbyUx6Umsy7Q4mHibWkBMUTaFgyMJSWvC");

/// Why the venue refused.
#[error_code]
pub enum VenueError {
    #[msg("The signer is neither owner nor delegate of the margin account")]
    NotOwnerOrDelegate,
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
}

/// Instructions of the venue.
#[program]
pub mod example_venue {
    use super::*;

    /// Creates a venue; its signer is then registered with an engine.
    pub fn create_venue(ctx: Context<CreateVenue>) -> Result<()> {
        instructions::create_venue(ctx)
    }

    /// A maker posts a firm quote.
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
        margin::read_margin(ctx, views)
    }
}

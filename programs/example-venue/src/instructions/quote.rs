//! Quotes: a maker posts a firm one, a taker takes it, the engine settles the fill.

use anchor_lang::prelude::*;
use plimsoll_interface::{answer, settle_fill, SettleFill};
use plimsoll_state::{MarginAccount, Market};

use crate::engine::{self, Engine};
use crate::instructions::{margin_of, refusal};
use crate::state::{Quote, VenueConfig, QUOTE, SIGNER};
use crate::VenueError;

/// A firm quote.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct PostQuoteArgs {
    /// Number that lets a maker have several quotes.
    pub id: u64,
    /// Margin account whose request it answers, and which alone may take it; none for anybody's.
    pub for_account: Option<Pubkey>,
    /// Whether the maker buys.
    pub maker_buys: bool,
    /// Base units.
    pub base_units: u64,
    /// Quote atoms for all of them.
    pub quote_atoms: u64,
    /// Last second at which it can be taken, Unix seconds.
    pub expires_at: i64,
}

/// Posts a quote.
#[derive(Accounts)]
#[instruction(args: PostQuoteArgs)]
pub struct PostQuote<'info> {
    /// Owner of the maker's account; pays the rent.
    #[account(mut)]
    pub maker: Signer<'info>,
    /// The venue.
    pub config: Account<'info, VenueConfig>,
    /// The maker's margin account.
    pub maker_account: AccountLoader<'info, MarginAccount>,
    /// The engine's market.
    pub market: AccountLoader<'info, Market>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub board: UncheckedAccount<'info>,
    /// The quote.
    #[account(
        init, payer = maker, space = 8 + Quote::INIT_SPACE,
        seeds = [QUOTE, config.key().as_ref(), maker.key().as_ref(), &args.id.to_le_bytes()], bump,
    )]
    pub quote: Account<'info, Quote>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
}

/// Accepts a quote from a maker whose account may add risk: a firm quote that cannot be settled is none.
pub(crate) fn post_quote(ctx: Context<PostQuote>, args: PostQuoteArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    require_agreed(&accounts.maker_account, accounts.maker.key)?;
    require!(args.base_units != 0 && args.quote_atoms != 0, VenueError::QuoteEmpty);
    let engine = &accounts.config.engine;
    require!(accounts.market.load()?.engine == engine.to_bytes(), VenueError::ForeignEngine);
    let maker_account = accounts.maker_account.to_account_info();
    let expected = answer::of_account(engine, maker_account.key);
    let view = margin_of(&maker_account, &accounts.registry, &accounts.board, 3, &expected)?;
    let may_add_risk = answer::may_add_risk(&view, &expected).map_err(refusal)?;
    require!(may_add_risk, VenueError::MarginTooThin);
    let quote = Quote {
        config: accounts.config.key(),
        maker: accounts.maker.key(),
        maker_account: accounts.maker_account.key(),
        market: accounts.market.key(),
        for_account: args.for_account,
        base_units: args.base_units,
        quote_atoms: args.quote_atoms,
        expires_at: args.expires_at,
        id: args.id,
        maker_buys: args.maker_buys,
        bump: ctx.bumps.quote,
    };
    ctx.accounts.quote.set_inner(quote);
    Ok(())
}

/// Takes a quote back.
#[derive(Accounts)]
pub struct CancelQuote<'info> {
    /// Who posted it.
    #[account(mut)]
    pub maker: Signer<'info>,
    /// The quote.
    #[account(mut, has_one = maker @ VenueError::QuoteMismatch, close = maker)]
    pub quote: Account<'info, Quote>,
}

/// Takes a quote.
#[derive(Accounts)]
pub struct TakeQuote<'info> {
    /// Owner of the taker's account.
    pub taker: Signer<'info>,
    /// CHECK: gets the quote's rent back; the quote names it.
    #[account(mut)]
    pub maker: UncheckedAccount<'info>,
    /// The venue.
    pub config: Account<'info, VenueConfig>,
    /// The quote, gone afterwards.
    #[account(
        mut, close = maker,
        has_one = maker @ VenueError::QuoteMismatch,
        has_one = config @ VenueError::QuoteMismatch,
        has_one = maker_account @ VenueError::QuoteMismatch,
        has_one = market @ VenueError::QuoteMismatch,
    )]
    pub quote: Account<'info, Quote>,
    /// CHECK: this program's address, which signs.
    #[account(seeds = [SIGNER, config.key().as_ref()], bump = config.signer_bump)]
    pub venue_signer: UncheckedAccount<'info>,
    /// The maker's margin account.
    #[account(mut)]
    pub maker_account: AccountLoader<'info, MarginAccount>,
    /// The taker's.
    #[account(mut)]
    pub taker_account: AccountLoader<'info, MarginAccount>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub board: UncheckedAccount<'info>,
    /// CHECK: the engine checks it: the venue as registered there.
    pub venue: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub event_authority: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
}

pub(crate) fn take_quote(ctx: Context<TakeQuote>) -> Result<()> {
    let accounts = &ctx.accounts;
    let quote = &accounts.quote;
    require!(Clock::get()?.unix_timestamp <= quote.expires_at, VenueError::QuoteExpired);
    let taker_account = accounts.taker_account.key();
    require!(quote.for_account.is_none_or(|account| account == taker_account), VenueError::QuoteForAnother);
    require_agreed(&accounts.taker_account, accounts.taker.key)?;
    require_agreed(&accounts.maker_account, &quote.maker)?;
    let (buyer, seller) = match quote.maker_buys {
        true => (quote.maker_account, taker_account),
        false => (taker_account, quote.maker_account),
    };
    let fill = SettleFill {
        buyer,
        seller,
        registry: accounts.registry.key(),
        board: accounts.board.key(),
        market: accounts.market.key(),
        venue: Some(accounts.venue.key()),
        venue_signer: Some(accounts.venue_signer.key()),
        buyer_authority: None,
        seller_authority: None,
    };
    let infos = [
        accounts.maker_account.to_account_info(),
        accounts.taker_account.to_account_info(),
        accounts.registry.to_account_info(),
        accounts.board.to_account_info(),
        accounts.market.to_account_info(),
        accounts.venue.to_account_info(),
        accounts.venue_signer.to_account_info(),
        accounts.event_authority.to_account_info(),
        accounts.engine_program.to_account_info(),
    ];
    engine::call(&settle_fill(&fill, quote.base_units, quote.quote_atoms), &infos, &accounts.config)
}

/// The signer owns the margin account.
///
/// A delegate does not agree to a trade here: the engine lets one trade within a notional a day and at no worse a price
/// than spot, while the owner's approval of this venue has room for its whole notional at the edge of the band.
fn require_agreed(account: &AccountLoader<MarginAccount>, signer: &Pubkey) -> Result<()> {
    require!(account.load()?.owner == signer.to_bytes(), VenueError::NotOwner);
    Ok(())
}

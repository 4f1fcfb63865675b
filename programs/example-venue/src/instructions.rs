//! Instructions of the venue.

use anchor_lang::prelude::*;
use plimsoll::cpi::accounts::{ReportPremium as EngineReportPremium, SettleFill as EngineSettleFill};
use plimsoll::instructions::{ReportPremiumArgs, SettleFillArgs};
use plimsoll::program::Plimsoll;
use plimsoll_state::{MarginAccount, Market};

use crate::state::{Quote, VenueConfig, CONFIG, QUOTE, SIGNER};
use crate::VenueError;

/// Creates a venue.
#[derive(Accounts)]
pub struct CreateVenue<'info> {
    /// Will operate it; pays the rent.
    #[account(mut)]
    pub operator: Signer<'info>,
    /// The venue.
    #[account(
        init, payer = operator, space = 8 + VenueConfig::INIT_SPACE,
        seeds = [CONFIG, operator.key().as_ref()], bump,
    )]
    pub config: Account<'info, VenueConfig>,
    /// CHECK: only its address is used; it signs this venue's calls.
    #[account(seeds = [SIGNER, config.key().as_ref()], bump)]
    pub signer: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
}

pub(crate) fn create_venue(ctx: Context<CreateVenue>) -> Result<()> {
    ctx.accounts.config.set_inner(VenueConfig {
        operator: ctx.accounts.operator.key(),
        bump: ctx.bumps.config,
        signer_bump: ctx.bumps.signer,
    });
    Ok(())
}

/// A firm quote.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct PostQuoteArgs {
    /// Number that lets a maker have several quotes.
    pub id: u64,
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
    /// Owner or delegate of the maker's account; pays the rent.
    #[account(mut)]
    pub maker: Signer<'info>,
    /// The venue.
    pub config: Account<'info, VenueConfig>,
    /// The maker's margin account.
    pub maker_account: AccountLoader<'info, MarginAccount>,
    /// The engine's market.
    pub market: AccountLoader<'info, Market>,
    /// The quote.
    #[account(
        init, payer = maker, space = 8 + Quote::INIT_SPACE,
        seeds = [QUOTE, config.key().as_ref(), maker.key().as_ref(), &args.id.to_le_bytes()], bump,
    )]
    pub quote: Account<'info, Quote>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
}

pub(crate) fn post_quote(ctx: Context<PostQuote>, args: PostQuoteArgs) -> Result<()> {
    require_agreed(&ctx.accounts.maker_account, ctx.accounts.maker.key)?;
    require!(args.base_units != 0 && args.quote_atoms != 0, VenueError::QuoteEmpty);
    require_keys_eq!(
        Pubkey::new_from_array(ctx.accounts.market.load()?.engine),
        Pubkey::new_from_array(ctx.accounts.maker_account.load()?.engine),
        VenueError::QuoteMismatch
    );
    ctx.accounts.quote.set_inner(Quote {
        config: ctx.accounts.config.key(),
        maker: ctx.accounts.maker.key(),
        maker_account: ctx.accounts.maker_account.key(),
        market: ctx.accounts.market.key(),
        base_units: args.base_units,
        quote_atoms: args.quote_atoms,
        expires_at: args.expires_at,
        id: args.id,
        maker_buys: args.maker_buys,
        bump: ctx.bumps.quote,
    });
    Ok(())
}

/// Takes a quote back.
#[derive(Accounts)]
pub struct CancelQuote<'info> {
    /// Who posted it.
    #[account(mut)]
    pub maker: Signer<'info>,
    /// The quote.
    #[account(mut, has_one = maker, close = maker)]
    pub quote: Account<'info, Quote>,
}

/// Takes a quote.
#[derive(Accounts)]
pub struct TakeQuote<'info> {
    /// Owner or delegate of the taker's account.
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
    pub engine_program: Program<'info, Plimsoll>,
}

pub(crate) fn take_quote(ctx: Context<TakeQuote>) -> Result<()> {
    let accounts = &ctx.accounts;
    let quote = &accounts.quote;
    require!(Clock::get()?.unix_timestamp <= quote.expires_at, VenueError::QuoteExpired);
    require_agreed(&accounts.taker_account, accounts.taker.key)?;
    // A delegate may have changed since the quote was posted.
    require_agreed(&accounts.maker_account, &quote.maker)?;
    let (buyer, seller) = if quote.maker_buys {
        (&accounts.maker_account, &accounts.taker_account)
    } else {
        (&accounts.taker_account, &accounts.maker_account)
    };
    let fill = EngineSettleFill {
        buyer: buyer.to_account_info(),
        seller: seller.to_account_info(),
        registry: accounts.registry.to_account_info(),
        board: accounts.board.to_account_info(),
        market: accounts.market.to_account_info(),
        venue: Some(accounts.venue.to_account_info()),
        venue_signer: Some(accounts.venue_signer.to_account_info()),
        buyer_authority: None,
        seller_authority: None,
        event_authority: accounts.event_authority.to_account_info(),
        program: accounts.engine_program.to_account_info(),
    };
    let config = accounts.config.key();
    let seeds: &[&[u8]] = &[SIGNER, config.as_ref(), &[accounts.config.signer_bump]];
    let args = SettleFillArgs { base_units: quote.base_units, quote_atoms: quote.quote_atoms };
    plimsoll::cpi::settle_fill(CpiContext::new_with_signer(accounts.engine_program.key(), fill, &[seeds]), args)
}

/// Reports a premium.
#[derive(Accounts)]
pub struct ReportPremium<'info> {
    /// The venue's operator.
    pub operator: Signer<'info>,
    /// The venue.
    #[account(has_one = operator @ VenueError::NotOperator)]
    pub config: Account<'info, VenueConfig>,
    /// CHECK: this program's address, which signs.
    #[account(seeds = [SIGNER, config.key().as_ref()], bump = config.signer_bump)]
    pub venue_signer: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub venue: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
    /// CHECK: the engine checks it.
    pub event_authority: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Plimsoll>,
}

pub(crate) fn report_premium(ctx: Context<ReportPremium>, premium_ppm: i32) -> Result<()> {
    let accounts = &ctx.accounts;
    let report = EngineReportPremium {
        venue_signer: accounts.venue_signer.to_account_info(),
        venue: accounts.venue.to_account_info(),
        registry: accounts.registry.to_account_info(),
        market: accounts.market.to_account_info(),
        event_authority: accounts.event_authority.to_account_info(),
        program: accounts.engine_program.to_account_info(),
    };
    let config = accounts.config.key();
    let seeds: &[&[u8]] = &[SIGNER, config.as_ref(), &[accounts.config.signer_bump]];
    let args = ReportPremiumArgs { premium_ppm };
    plimsoll::cpi::report_premium(CpiContext::new_with_signer(accounts.engine_program.key(), report, &[seeds]), args)
}

/// The signer owns the margin account or is its delegate.
fn require_agreed(account: &AccountLoader<MarginAccount>, signer: &Pubkey) -> Result<()> {
    let account = account.load()?;
    let key = signer.to_bytes();
    let delegated = account.delegate != [0; 32] && account.delegate == key;
    require!(account.owner == key || delegated, VenueError::NotOwnerOrDelegate);
    Ok(())
}

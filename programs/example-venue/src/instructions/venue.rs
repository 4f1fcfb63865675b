//! The venue itself: creating it, and reporting what funding follows.

use anchor_lang::prelude::*;
use plimsoll::cpi::accounts::ReportPremium as EngineReportPremium;
use plimsoll::instructions::ReportPremiumArgs;
use plimsoll_state::Engine as EngineAccount;

use crate::engine::Engine;
use crate::state::{VenueConfig, CONFIG, SIGNER};
use crate::VenueError;

/// Creates a venue.
#[derive(Accounts)]
pub struct CreateVenue<'info> {
    /// Will operate it; pays the rent.
    #[account(mut)]
    pub operator: Signer<'info>,
    /// The engine that it will be a venue of, and whose answers alone it believes.
    pub engine: AccountLoader<'info, EngineAccount>,
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
        engine: ctx.accounts.engine.key(),
        bump: ctx.bumps.config,
        signer_bump: ctx.bumps.signer,
    });
    Ok(())
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
    /// CHECK: the engine checks it.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub event_authority: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
}

/// The one call that goes through the engine's own crate and its feature `cpi`: what an Anchor program may do instead
/// of using the interface.
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

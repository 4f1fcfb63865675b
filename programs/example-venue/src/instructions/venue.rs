//! The venue itself: creating it, and reporting what funding follows.

use anchor_lang::prelude::*;
use plimsoll_interface as interface;
use plimsoll_state::Engine as EngineAccount;

use crate::engine::{call, Engine};
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

pub(crate) fn report_premium(ctx: Context<ReportPremium>, premium_ppm: i32) -> Result<()> {
    let accounts = &ctx.accounts;
    let report = interface::ReportPremium {
        venue_signer: accounts.venue_signer.key(),
        venue: accounts.venue.key(),
        registry: accounts.registry.key(),
        market: accounts.market.key(),
    };
    let infos = [
        accounts.venue_signer.to_account_info(),
        accounts.venue.to_account_info(),
        accounts.registry.to_account_info(),
        accounts.market.to_account_info(),
        accounts.event_authority.to_account_info(),
        accounts.engine_program.to_account_info(),
    ];
    call(&interface::report_premium(&report, premium_ppm), &infos, &accounts.config)
}

//! The venue's own margin account: owned by the address that signs for the venue, run by its operator.

use anchor_lang::prelude::*;
use plimsoll_interface::{deposit, open_account, withdraw, Deposit, OpenAccount, Withdraw};

use crate::engine::{self, Engine};
use crate::state::{VenueConfig, SIGNER};
use crate::VenueError;

/// Number of the desk's account among those of its owner.
pub const DESK_ID: u16 = 0;

/// Opens the desk's account.
#[derive(Accounts)]
pub struct OpenDesk<'info> {
    /// The venue's operator; pays the rent.
    #[account(mut)]
    pub operator: Signer<'info>,
    /// The venue.
    #[account(has_one = operator @ VenueError::NotOperator, has_one = engine @ VenueError::ForeignEngine)]
    pub config: Account<'info, VenueConfig>,
    /// CHECK: this program's address, which will own the account.
    #[account(seeds = [SIGNER, config.key().as_ref()], bump = config.signer_bump)]
    pub venue_signer: UncheckedAccount<'info>,
    /// CHECK: the venue names it.
    pub engine: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: the engine creates it.
    #[account(mut)]
    pub desk: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub event_authority: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
}

pub(crate) fn open_desk(ctx: Context<OpenDesk>) -> Result<()> {
    let accounts = &ctx.accounts;
    let open = OpenAccount {
        owner: accounts.venue_signer.key(),
        payer: accounts.operator.key(),
        engine: accounts.engine.key(),
        registry: accounts.registry.key(),
        margin_account: accounts.desk.key(),
        system_program: accounts.system_program.key(),
    };
    engine::call(&open_account(&open, DESK_ID, None), &ctx.accounts.to_account_infos(), &accounts.config)
}

/// Moves tokens into or out of the desk's account.
#[derive(Accounts)]
pub struct MoveDeskFunds<'info> {
    /// The venue's operator.
    pub operator: Signer<'info>,
    /// The venue.
    #[account(has_one = operator @ VenueError::NotOperator)]
    pub config: Account<'info, VenueConfig>,
    /// CHECK: this program's address, which owns the account.
    #[account(seeds = [SIGNER, config.key().as_ref()], bump = config.signer_bump)]
    pub venue_signer: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    #[account(mut)]
    pub desk: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: the engine checks it; a deposit does not read it.
    pub board: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    #[account(mut)]
    pub bank: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: of a deposit a token account of the venue's address; of a withdrawal any, the operator's choice.
    #[account(mut)]
    pub outside: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub token_program: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub event_authority: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
}

pub(crate) fn fund_desk(ctx: Context<MoveDeskFunds>, amount_atoms: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let funds = Deposit {
        authority: accounts.venue_signer.key(),
        margin_account: accounts.desk.key(),
        registry: accounts.registry.key(),
        board: accounts.board.key(),
        bank: accounts.bank.key(),
        vault: accounts.vault.key(),
        source: accounts.outside.key(),
        mint: accounts.mint.key(),
        token_program: accounts.token_program.key(),
    };
    engine::call(&deposit(&funds, amount_atoms), &ctx.accounts.to_account_infos(), &accounts.config)
}

pub(crate) fn withdraw_from_desk(ctx: Context<MoveDeskFunds>, amount_atoms: u64, all: bool) -> Result<()> {
    let accounts = &ctx.accounts;
    let funds = Withdraw {
        owner: accounts.venue_signer.key(),
        margin_account: accounts.desk.key(),
        registry: accounts.registry.key(),
        board: accounts.board.key(),
        bank: accounts.bank.key(),
        vault: accounts.vault.key(),
        destination: accounts.outside.key(),
        mint: accounts.mint.key(),
        token_program: accounts.token_program.key(),
    };
    engine::call(&withdraw(&funds, amount_atoms, all), &ctx.accounts.to_account_infos(), &accounts.config)
}

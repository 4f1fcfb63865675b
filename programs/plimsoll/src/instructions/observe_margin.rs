//! Records whether an account is under water, which is what the auction's clock counts.

use anchor_lang::prelude::*;
use plimsoll_state::{Books, EngineAccount, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_address};
use crate::error::Result;
use crate::gate;
use crate::guard::{permit, Action};

/// Permissionless.
#[derive(Accounts)]
pub struct ObserveMargin<'info> {
    /// The margin account.
    #[account(mut)]
    pub margin_account: AccountLoader<'info, MarginAccount>,
    /// Its engine's registry.
    pub registry: AccountLoader<'info, Registry>,
    /// Its engine's prices.
    pub board: AccountLoader<'info, PriceBoard>,
}

/// Moves the clocks to now and calls the owner once where the account has entered the band above maintenance. Clocks add the time between two under-water observations at most 30 s apart (CLOCK-1).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `AccountBankrupt`, `LegPriceInvalid`, `NumberOutOfRange`.
pub fn handler(ctx: Context<ObserveMargin>) -> Result<()> {
    let mut account = ctx.accounts.margin_account.load_mut()?;
    let registry = ctx.accounts.registry.load()?;
    let board = ctx.accounts.board.load()?;
    require_same_address(&account.engine, &registry.engine)?;
    require_same_address(&board.engine, &registry.engine)?;
    permit(Action::ObserveMargin).in_engine(&registry)?;
    permit(Action::ObserveMargin).on(&account)?;
    let books = Books { registry: &registry, board: &board, now: now()? };
    let (portfolio, assessment) = gate::assess(&account, &books)?;
    gate::record(&mut account, &assessment, &portfolio.0, &books);
    Ok(account.invariant()?)
}

//! Records whether an account is under water, which is what the auction's clock counts.

use anchor_lang::prelude::*;
use plimsoll_state::{Books, EngineAccount, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_address};
use crate::error::Result;
use crate::gate;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::margin_call;

/// Permissionless.
#[derive(Accounts)]
pub struct ObserveMargin<'info> {
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Its engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
}

/// Moves the clocks to now and calls the owner once where the account has entered the band above maintenance. Clocks add the time between two under-water observations at most 30 s apart (CLOCK-1).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `AccountBankrupt`, `LegPriceInvalid`, `NumberOutOfRange`.
pub fn handler(ctx: Context<ObserveMargin>) -> Result<()> {
    let mut account = write::<MarginAccount>(&ctx.accounts.margin_account)?;
    let registry = read::<Registry>(&ctx.accounts.registry)?;
    let board = read::<PriceBoard>(&ctx.accounts.board)?;
    require_same_address(&account.engine, &registry.engine)?;
    require_same_address(&board.engine, &registry.engine)?;
    permit(Action::ObserveMargin).in_engine(&registry)?;
    permit(Action::ObserveMargin).on(&account)?;
    let books = Books { registry: &registry, board: &board, now: now()? };
    let (portfolio, assessment) = gate::assess(&account, &books)?;
    margin_call::record(&mut account, &assessment, &portfolio.0, &books, None)?;
    Ok(account.invariant()?)
}

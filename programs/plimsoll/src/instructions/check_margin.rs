//! Returns NAV, requirements and ratio of an account at every level; changes nothing.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::set_return_data;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{same_address, Books, MarginAccount, MarginView, PriceBoard, Registry};

use crate::access::now;
use crate::error::{EngineError, Result};
use crate::gate;
use crate::guard::{permit, Action};
use crate::loader::read;

pub use plimsoll_interface::args::CheckMarginArgs;

/// Three accounts, whatever the number of positions.
#[derive(Accounts)]
pub struct CheckMargin<'info> {
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::read`.
    pub margin_account: UncheckedAccount<'info>,
    /// Its engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
}

/// Sets a [`MarginView`] as return data (MARGIN-9).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `UnknownValue` for other views, `LegPriceInvalid`, `NumberOutOfRange`.
pub fn handler(ctx: Context<CheckMargin>, args: CheckMarginArgs) -> Result<()> {
    ensure!(args.views == 1 || args.views == 3, EngineError::UnknownValue);
    let account = read::<MarginAccount>(&ctx.accounts.margin_account)?;
    let registry = read::<Registry>(&ctx.accounts.registry)?;
    let board = read::<PriceBoard>(&ctx.accounts.board)?;
    let one_engine = same_address(&account.engine, &registry.engine) && same_address(&board.engine, &registry.engine);
    ensure!(one_engine, EngineError::EngineMismatch);
    permit(Action::CheckMargin).in_engine(&registry)?;
    let views = if args.views == 3 { Views::ALL } else { Views::SPOT };
    let loaded = gate::load(&account, &Books { registry: &registry, board: &board, now: now()? }, views)?;
    let view = MarginView::of(ctx.accounts.margin_account.key.as_array(), &account, &loaded.0, args.views == 3);
    set_return_data(bytemuck::bytes_of(&view));
    Ok(())
}

//! Returns NAV, requirements and ratio of an account at every level; changes nothing.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::set_return_data;
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::portfolio::{At, Portfolio};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{MaintenanceView, MarginAccount, MarginView, PriceBoard, Registry};

use crate::access::{now_secs, require_same_engine};
use crate::error::EngineError;
use crate::gate;
use crate::loader::read;

/// What to compute.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct CheckMarginArgs {
    /// 1: maintenance at spot only; 3: maintenance at spot and at the fast average, and initial.
    pub views: u8,
}

/// Three accounts, whatever the number of positions.
#[derive(Accounts)]
pub struct CheckMargin<'info> {
    /// CHECK: the account, a [`MarginAccount`] by `loader::read`.
    pub margin_account: UncheckedAccount<'info>,
    /// CHECK: its engine's registry, a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: its engine's prices, a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
}

/// Sets a [`MarginView`] as return data.
///
/// # Errors
/// `EngineMismatch`, `UnknownValue` for other views, `LegPriceInvalid`, `NumberOutOfRange`.
pub fn handler(ctx: Context<CheckMargin>, args: CheckMarginArgs) -> Result<()> {
    ensure!(args.views == 1 || args.views == 3, EngineError::UnknownValue);
    let account = read::<MarginAccount>(&ctx.accounts.margin_account)?;
    let registry = read::<Registry>(&ctx.accounts.registry)?;
    let board = read::<PriceBoard>(&ctx.accounts.board)?;
    require_same_engine(&account.engine, &registry.engine)?;
    require_same_engine(&board.engine, &registry.engine)?;
    let views = if args.views == 3 { Views::ALL } else { Views::SPOT };
    let loaded = gate::load(&account, &registry, &board, now_secs()?, views)?;
    let view = view_of(&loaded.0, args.views == 3);
    set_return_data(bytemuck::bytes_of(&view));
    Ok(())
}

/// The view of a loaded account; shared with clients that read accounts themselves.
pub fn view_of(portfolio: &Portfolio, all: bool) -> MarginView {
    let spot = margins(portfolio, At::Spot, false);
    let mut view = MarginView {
        ratio_ppm: spot.ratio_ppm_down(u32::MAX),
        spot: MaintenanceView::from(&spot),
        ..Default::default()
    };
    if spot.saturated {
        view.flags |= MarginView::SATURATED;
    }
    let (stale, ready) = portfolio.ages();
    view.flags |= if stale { MarginView::STALE } else { 0 };
    view.flags |= if all && !ready { MarginView::NOT_READY } else { 0 };
    if all {
        view.fast = MaintenanceView::from(&margins(portfolio, At::Fast, false));
        view.set_initial(&initial_margins(portfolio));
    }
    view
}

//! Says in an event what margin an account has at spot, for who only reads events; changes nothing.

use anchor_lang::prelude::*;
use plimsoll_risk::margin::margins;
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Books, MarginAccount, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::Result;
use crate::event::MarginCallNoted;
use crate::gate;
use crate::guard::{permit, Action};
use crate::loader::read;

/// Permissionless.
#[derive(Accounts)]
pub struct NoteMarginCall<'info> {
    /// CHECK: the account, a [`MarginAccount`] by `loader::read`.
    pub margin_account: UncheckedAccount<'info>,
    /// CHECK: its engine's registry, a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: its engine's prices, a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// CHECK: signs events; compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// CHECK: this program, which events call; the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

/// A reader sees a margin call where NAV is below TMR (MARGIN-11).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `AccountBankrupt`, `LegPriceInvalid`, `NumberOutOfRange`.
pub fn handler(ctx: Context<NoteMarginCall>) -> Result<()> {
    let noted = {
        let account = read::<MarginAccount>(&ctx.accounts.margin_account)?;
        let registry = read::<Registry>(&ctx.accounts.registry)?;
        let board = read::<PriceBoard>(&ctx.accounts.board)?;
        require_same_engine(&*registry, &*account)?;
        require_same_engine(&*registry, &*board)?;
        permit(Action::NoteMarginCall).in_engine(&registry)?;
        permit(Action::NoteMarginCall).on(&account)?;
        let books = Books { registry: &registry, board: &board, now: now()? };
        let found = margins(&gate::load(&account, &books, Views::SPOT)?.0, PriceKind::Spot, false);
        MarginCallNoted {
            engine: Pubkey::new_from_array(registry.engine),
            account: ctx.accounts.margin_account.key(),
            nav_usd_pico: found.nav.get(),
            mmr_usd_pico: found.mmr().get(),
            tmr_usd_pico: found.tmr().get(),
        }
    };
    crate::event::emit_event!(ctx, noted);
    Ok(())
}

//! Looking at a margin account before dealing with it: what any protocol on top of the engine does by CPI.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::{get_return_data, invoke};
use plimsoll_interface::{answer, check_margin, CheckMargin};
use plimsoll_state::MarginView;

use crate::engine::Engine;
use crate::VenueError;

/// Three accounts, whatever the account holds.
#[derive(Accounts)]
pub struct ReadMargin<'info> {
    /// CHECK: the engine checks it.
    pub margin_account: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: the engine checks it.
    pub board: UncheckedAccount<'info>,
    /// The engine's program.
    pub engine_program: Program<'info, Engine>,
}

/// Reads the view and logs the ratio, the compute units before the call and those after the answer was decoded:
/// what a margin check costs its caller.
pub(crate) fn read_margin(ctx: Context<ReadMargin>, views: u8) -> Result<()> {
    let accounts = &ctx.accounts;
    log_meter();
    let view = margin_of(&accounts.margin_account, &accounts.registry, &accounts.board, views)?;
    log_meter();
    msg!("ratio_ppm: {}", view.ratio_ppm);
    Ok(())
}

/// Logs how many compute units are left; costs 100 of them.
fn log_meter() {
    #[cfg(target_os = "solana")]
    // SAFETY: the call takes nothing and returns nothing.
    unsafe {
        solana_define_syscall::definitions::sol_log_compute_units_();
    }
}

/// How an account stands; `views` is 1 or 3.
///
/// # Errors
/// `NoMargin` where the engine did not answer; what the engine refuses.
pub(crate) fn margin_of<'info>(
    margin_account: &AccountInfo<'info>,
    registry: &AccountInfo<'info>,
    board: &AccountInfo<'info>,
    views: u8,
) -> Result<MarginView> {
    let accounts = CheckMargin { margin_account: *margin_account.key, registry: *registry.key, board: *board.key };
    invoke(&check_margin(&accounts, views), &[margin_account.clone(), registry.clone(), board.clone()])?;
    let (program, data) = get_return_data().ok_or(VenueError::NoMargin)?;
    Ok(answer::margin_view(&program, &data).map_err(|_| VenueError::NoMargin)?)
}

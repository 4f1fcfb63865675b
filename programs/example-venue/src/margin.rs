//! Looking at a margin account before dealing with it: what any protocol on top of the engine does by CPI.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::get_return_data;
use plimsoll::cpi::accounts::CheckMargin;
use plimsoll::instructions::CheckMarginArgs;
use plimsoll::program::Plimsoll;
use plimsoll_state::MarginView;

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
    pub engine_program: Program<'info, Plimsoll>,
}

/// Reads the view and logs the ratio, the compute units before the call and those after the answer was decoded:
/// what a margin check costs its caller.
pub(crate) fn read_margin(ctx: Context<ReadMargin>, views: u8) -> Result<()> {
    log_meter();
    let view = margin_of(ctx.accounts, views)?;
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

fn margin_of(accounts: &ReadMargin, views: u8) -> Result<MarginView> {
    let check = CheckMargin {
        margin_account: accounts.margin_account.to_account_info(),
        registry: accounts.registry.to_account_info(),
        board: accounts.board.to_account_info(),
    };
    plimsoll::cpi::check_margin(CpiContext::new(accounts.engine_program.key(), check), CheckMarginArgs { views })?;
    let (program, answer) = get_return_data().ok_or(VenueError::NoMargin)?;
    require_keys_eq!(program, accounts.engine_program.key(), VenueError::NoMargin);
    // The runtime strips trailing zeros of return data.
    let mut view = MarginView::default();
    let bytes = bytemuck::bytes_of_mut(&mut view);
    bytes.get_mut(..answer.len()).ok_or(VenueError::NoMargin)?.copy_from_slice(&answer);
    Ok(view)
}

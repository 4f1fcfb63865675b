//! Looking at a margin account before dealing with it: what any protocol on top of the engine does by CPI.
//!
//! The engine that answers is named by the venue, never by the caller, and the account by what the caller's signature was
//! compared with: an attacker has engines of his own, in which every account of his is rich.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::{get_return_data, invoke};
use plimsoll_interface::answer::{self, AnswerError, Expected};
use plimsoll_interface::{check_margin, CheckMargin};
use plimsoll_state::MarginView;

use crate::engine::Engine;
use crate::state::VenueConfig;
use crate::VenueError;

/// Three accounts of the engine, whatever the account holds.
#[derive(Accounts)]
pub struct ReadMargin<'info> {
    /// The venue.
    pub config: Account<'info, VenueConfig>,
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
    let expected = answer::of_account(&accounts.config.engine, accounts.margin_account.key);
    log_meter();
    let view = margin_of(&accounts.margin_account, &accounts.registry, &accounts.board, views, &expected)?;
    log_meter();
    msg!("ratio_ppm: {}", view.ratio_ppm);
    Ok(())
}

/// Logs how many compute units are left; costs 100 of them.
fn log_meter() {
    #[cfg(target_os = "solana")]
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the call takes nothing and returns nothing.
    unsafe {
        solana_define_syscall::definitions::sol_log_compute_units_();
    }
}

/// How the account that is meant stands; `views` is 1 or 3.
///
/// # Errors
/// `NoMargin` where the engine did not answer, `MarginOfAnother` where the answer is about another engine or account; what
/// the engine refuses.
pub(crate) fn margin_of<'info>(
    margin_account: &AccountInfo<'info>,
    registry: &AccountInfo<'info>,
    board: &AccountInfo<'info>,
    views: u8,
    expected: &Expected,
) -> Result<MarginView> {
    let accounts = CheckMargin { margin_account: *margin_account.key, registry: *registry.key, board: *board.key };
    invoke(&check_margin(&accounts, views), &[margin_account.clone(), registry.clone(), board.clone()])?;
    let (program, data) = get_return_data().ok_or(VenueError::NoMargin)?;
    Ok(answer::margin_view(&program, &data, expected).map_err(refusal)?)
}

/// Why an answer says nothing.
pub(crate) const fn refusal(error: AnswerError) -> VenueError {
    match error {
        AnswerError::EngineMismatch | AnswerError::AccountMismatch | AnswerError::OwnerMismatch => {
            VenueError::MarginOfAnother
        }
        AnswerError::NotFromEngine | AnswerError::WrongLength | AnswerError::ViewMissing => VenueError::NoMargin,
    }
}

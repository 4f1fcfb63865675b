//! A winner leaves a market that has a deficit, for his share of the pool.

use anchor_lang::prelude::*;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{pause, Bank, EngineAccount, MarginAccount, Market, PriceBoard, Registry};

use super::settle_pnl::{assess_leg, book, event, leg_after, observe, validate_engine};
use crate::access::{now_secs, require_active, require_not_paused, require_owner, require_same_engine};
use crate::error::{EngineError, IntoEngine};
use crate::event::PnlSettled;
use crate::gate;
use crate::ledger::perp::pay_win;

/// How much of the win to give for a payment now.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct TakeWinArgs {
    /// Claim to give up at most, quote atoms; ignored where `all`.
    pub claim_atoms: u64,
    /// All that can be settled.
    pub all: bool,
    /// Least payment, quote atoms: what the owner saw when he decided.
    pub min_paid_atoms: u64,
}

/// The owner of a margin account with a win.
#[event_cpi]
#[derive(Accounts)]
pub struct TakeWin<'info> {
    /// The account's owner: a delegate never gives up a claim.
    pub owner: Signer<'info>,
    /// The account.
    #[account(mut)]
    pub margin_account: AccountLoader<'info, MarginAccount>,
    /// The engine's registry.
    pub registry: AccountLoader<'info, Registry>,
    /// The engine's prices.
    pub board: AccountLoader<'info, PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
    /// The bank of the settlement token.
    #[account(mut)]
    pub quote_bank: AccountLoader<'info, Bank>,
}

impl TakeWin<'_> {
    fn validate(&self, args: &TakeWinArgs) -> Result<()> {
        // An amount, or everything by its flag.
        ensure!(args.all || args.claim_atoms != 0, EngineError::AmountZero);
        ensure!(args.all || args.claim_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        let registry = self.registry.load()?;
        require_not_paused(&registry, pause::SETTLE)?;
        validate_engine(&registry, &self.board, &self.market, &self.quote_bank)?;
        // The owner's own account, not in resolution.
        let account = self.margin_account.load()?;
        require_same_engine(&*registry, &*account)?;
        require_owner(&account, self.owner.key)?;
        require_active(&account)
    }

    fn take(&self, args: &TakeWinArgs, now: i64) -> Result<PnlSettled> {
        let (registry, board) = (self.registry.load()?, self.board.load()?);
        let (mut market, mut bank) = (self.market.load_mut()?, self.quote_bank.load_mut()?);
        let mut account = self.margin_account.load_mut()?;
        book(&registry, &mut market, &mut bank, now)?;
        let (leg, pnl, _) = assess_leg(&mut account, &registry, &board, &mut market, now)?;
        ensure!(pnl > 0, EngineError::NothingToSettle);
        let most = if args.all { u64::MAX } else { args.claim_atoms };
        let settled = pay_win(&mut account, leg, &mut market, &mut bank, pnl.unsigned_abs().min(most))?;
        ensure!(settled.quote_atoms.unsigned_abs() >= args.min_paid_atoms, EngineError::BelowLimit);
        account.close_leg_if_zero(leg, &mut market).engine()?;
        // What he gives up may not be what his creditors rely on.
        gate::require_maintenance(&account, &registry, &board, now)?;
        observe(&mut account, &registry, &board, now)?;
        account.invariant().engine()?;
        market.invariant().engine()?;
        bank.invariant().engine()?;
        let position = leg_after(&account, market.index);
        Ok(event(&registry, &market, self.margin_account.key(), &settled, &position))
    }
}

/// Pays `x * pool / (pool + U)` for a claim of x, at most `pool + U`; the rest of x is struck from the deficit. The
/// order of exits does not matter. Without a deficit it pays like `settle_pnl`.
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `Paused`, `VersionUnknown`, `EngineMismatch`, `BankMismatch`, `NotOwner`,
/// `AccountBankrupt`, `PositionMissing`, `PriceStale`, `NothingToSettle`, `BelowLimit`,
/// `MaintenanceMarginInsufficient`.
pub fn handler(ctx: Context<TakeWin>, args: TakeWinArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let settled = ctx.accounts.take(&args, now_secs()?)?;
    crate::event::emit_event!(ctx, settled);
    Ok(())
}

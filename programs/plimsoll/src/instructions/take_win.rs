//! A winner leaves a market that has a deficit, for his share of the pool: as its owner decides, or, where the account is
//! under water, as anyone does.

use anchor_lang::prelude::*;
use plimsoll_ledger::{perp, settle};
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_state::{same_address, Bank, Books, EngineAccount, MarginAccount, Market, PriceBoard, Registry};

use super::settle_pnl::{assess_leg, book, event, leg_after, observe, validate_engine};
use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::PnlSettled;
use crate::gate;
use crate::guard::{permit, Action};
use crate::known;
use crate::loader::{read, write};

pub use plimsoll_interface::args::TakeWinArgs;

/// A margin account with a win.
#[derive(Accounts)]
pub struct TakeWin<'info> {
    /// The account's owner; anyone where it is under water.
    pub signer: Signer<'info>,
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// The engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The market.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// The bank of the settlement token.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub quote_bank: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl TakeWin<'_> {
    fn validate(&self, args: &TakeWinArgs) -> Result<()> {
        // An amount, or everything by its flag.
        ensure!(args.all || args.claim_atoms != 0, EngineError::AmountZero);
        ensure!(args.all || args.claim_atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
        let registry = read::<Registry>(&self.registry)?;
        permit(Action::TakeWin).in_engine(&registry)?;
        validate_engine(&registry, &self.board, &self.market, &self.quote_bank)?;
        // An account that is being resolved settles in the resolution.
        let account = read::<MarginAccount>(&self.margin_account)?;
        require_same_engine(&*registry, &*account)?;
        permit(Action::TakeWin).on(&account)?;
        // A delegate counts as a stranger here: only the owner decides how much of a claim is given up.
        ensure!(args.all || self.is_owner(&account), EngineError::NotOwner);
        Ok(())
    }

    fn is_owner(&self, account: &MarginAccount) -> bool {
        same_address(&account.owner, self.signer.key.as_array())
    }

    fn take(&self, args: &TakeWinArgs, now: UnixSecs) -> Result<PnlSettled> {
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let (mut market, mut bank) = (write::<Market>(&self.market)?, write::<Bank>(&self.quote_bank)?);
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let books = Books { registry: &registry, board: &board, now };
        let by_owner = self.is_owner(&account);
        book(&registry, &mut market, &mut bank, now)?;
        if !by_owner {
            // Margin counts a win at no more than it is paid, so taking it lowers no margin.
            let (_, before) = gate::assess(&account, &books)?;
            ensure!(before.regime.is_some(), EngineError::NotOwner);
        }
        let (leg, pnl, _) = assess_leg(&mut account, &books, &mut market)?;
        ensure!(pnl.is_positive(), EngineError::NothingToSettle);
        let most = if args.all { Atoms::MAX } else { Atoms::new(args.claim_atoms) };
        let claim = pnl.gain().min(most);
        known::require_market_covered(&market, &bank, &registry, now)?;
        let settled = settle::pay_win(&mut account, leg, &mut market, &mut bank, claim)?;
        // A stranger may take a claim only if it is paid something: he cannot give up a claim for nothing.
        let least = Atoms::new(args.min_paid_atoms.max(!by_owner as u64));
        ensure!(settled.quote_atoms.unsigned_abs() >= least, EngineError::BelowLimit);
        perp::close_leg_if_zero(&mut account, leg, &mut market)?;
        let after = observe(&mut account, &books, &self.event_authority)?;
        if by_owner && !(args.all && after.regime.is_some()) {
            // Creditors may rely on what the owner gives up, unless the account was under water anyway.
            gate::require_maintenance(&account, &books)?;
        }
        account.invariant()?;
        market.invariant()?;
        bank.invariant()?;
        let position = leg_after(&account, market.index);
        Ok(event(&registry, &market, self.margin_account.key(), &settled, &position))
    }
}

/// Pays `claim * pool / (pool + deficit)` for a claim of at most `pool + deficit`; the rest of the claim is taken off
/// the deficit. The order of exits does not matter. Without a deficit it pays like `settle_pnl`.
///
/// The owner ends at or above maintenance at both prices. Of an account under water anyone takes all that can be settled,
/// so that a claim which is not worth its par keeps nobody from being liquidated or resolved (PNL-5).
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `Paused`, `VersionUnknown`, `EngineMismatch`, `BankMismatch`, `NotOwner`,
/// `AccountBankrupt`, `PositionMissing`, `PriceStale`, `LossKnown`, `NothingToSettle`, `BelowLimit`,
/// `MaintenanceMarginInsufficient`.
pub fn handler(ctx: Context<TakeWin>, args: TakeWinArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let settled = ctx.accounts.take(&args, now()?)?;
    crate::event::emit_event!(ctx, settled);
    Ok(())
}

//! Takes newer prices from oracle accounts into the board, several feeds at once.

use anchor_lang::prelude::*;
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{pause, EngineAccount, PriceBoard, PriceSlot, Registry};

use crate::access::{require_not_paused, require_same_engine, Moment};
use crate::error::{EngineError, IntoEngine};
use crate::oracle;

/// One feed.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshEntry {
    /// Slot of the board.
    pub slot: u8,
    /// Whether the secondary's account follows the primary's, to be used if the primary is silent.
    pub with_secondary: bool,
}

/// Which feeds.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct RefreshPriceArgs {
    /// In the order of the remaining accounts: per entry the primary's account, then the secondary's if asked for.
    pub entries: Vec<RefreshEntry>,
}

/// Anyone may call it; the remaining accounts are the oracles' and are only read.
#[derive(Accounts)]
pub struct RefreshPrice<'info> {
    /// The engine's parameters.
    pub registry: AccountLoader<'info, Registry>,
    /// Its prices.
    #[account(mut)]
    pub board: AccountLoader<'info, PriceBoard>,
}

impl RefreshPrice<'_> {
    fn validate(&self, registry: &Registry, board: &PriceBoard) -> Result<()> {
        // Parameters and prices are of one engine.
        require_same_engine(registry, board)?;
        // An engine may stop its prices, and with them everything that needs fresh ones.
        require_not_paused(registry, pause::PRICE)
    }
}

/// Updates each slot, or leaves it as it is where the oracle has nothing newer (PRICE-8).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `Paused`, `PriceSlotEmpty`; `AccountNotEnoughKeys` and `AccountMismatch` where
/// the remaining accounts are fewer or more than the entries ask for; those of [`oracle::update_from_primary`] and
/// [`oracle::update_from_pair`]. Any of them leaves every slot as it was.
pub fn handler<'info>(ctx: Context<'info, RefreshPrice<'info>>, args: RefreshPriceArgs) -> Result<()> {
    let registry = ctx.accounts.registry.load()?;
    let mut board = ctx.accounts.board.load_mut()?;
    ctx.accounts.validate(&registry, &board)?;
    let now = Moment::now()?;
    let mut oracles = ctx.remaining_accounts.iter();
    for entry in &args.entries {
        let slot = board.slots.get_mut(entry.slot as usize).filter(|slot| slot.active == 1);
        let slot = slot.ok_or(EngineError::PriceSlotEmpty)?;
        let primary = oracles.next().ok_or(ErrorCode::AccountNotEnoughKeys)?;
        let secondary = match entry.with_secondary {
            true => Some(oracles.next().ok_or(ErrorCode::AccountNotEnoughKeys)?),
            false => None,
        };
        refresh(slot, primary, secondary, registry.params(), now)?;
    }
    // An account that nothing reads is a mistake of the caller's.
    ensure!(oracles.next().is_none(), EngineError::AccountMismatch);
    board.invariant().engine()
}

/// Updates one slot.
fn refresh(
    slot: &mut PriceSlot,
    primary: &AccountInfo,
    secondary: Option<&AccountInfo>,
    params: &GlobalParams,
    now: Moment,
) -> Result<()> {
    let updated = match secondary {
        Some(secondary) => oracle::update_from_pair(slot, primary, secondary, params, now)?,
        None => oracle::update_from_primary(slot, primary, params, now)?,
    };
    if let Some(state) = updated {
        slot.store(&state);
        slot.invariant().engine()?;
    }
    Ok(())
}

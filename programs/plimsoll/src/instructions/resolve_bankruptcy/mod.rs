//! Resolves a bankrupt account, step by step (BANKRUPT-4). Permissionless; every call has a bounded cost.

mod steps;

use anchor_lang::prelude::*;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{AccountStatus, Bank, MarginAccount, Market, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::guard::{permit, Action};
use crate::loader::read;

pub use plimsoll_interface::args::{ResolveBankruptcyArgs, ResolveStep};

#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
const QUOTE: u8 = Registry::QUOTE_BANK as u8;

/// What a step of a resolution writes.
trait Writes {
    /// The bank other than quote that the step writes.
    fn other_bank(self) -> Option<u8>;

    /// The market that the step writes.
    fn market(self) -> Option<u8>;

    /// Whether the step writes the quote bank of an account in this status.
    fn needs_quote(self, status: u8) -> bool;
}

impl Writes for ResolveStep {
    fn other_bank(self) -> Option<u8> {
        match self {
            Self::SeizeToken { bank } | Self::PayBorrow { bank } if bank != QUOTE => Some(bank),
            _ => None,
        }
    }

    fn market(self) -> Option<u8> {
        match self {
            Self::SeizePnl { market } | Self::PayPnl { market } => Some(market),
            _ => None,
        }
    }

    fn needs_quote(self, status: u8) -> bool {
        match self {
            Self::SeizeToken { bank } => bank == QUOTE,
            // The first paying call of all reserves in the quote bank, whatever it pays itself.
            Self::PayBorrow { bank } => bank == QUOTE || status != AccountStatus::Paying as u8,
            Self::Freeze | Self::SeizePnl { .. } | Self::PayPnl { .. } | Self::Finish => true,
        }
    }
}

/// Banks and market only where the step writes them.
#[derive(Accounts)]
pub struct ResolveBankruptcy<'info> {
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Its engine's registry: a socialization and a closing write indices.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Its engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The settlement token's bank.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub quote_bank: Option<UncheckedAccount<'info>>,
    /// The bank of the step, where it is another.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub bank: Option<UncheckedAccount<'info>>,
    /// The market of the step.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: Option<UncheckedAccount<'info>>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl ResolveBankruptcy<'_> {
    fn validate(&self, step: ResolveStep) -> Result<()> {
        let registry = read::<Registry>(&self.registry)?;
        permit(Action::ResolveBankruptcy).in_engine(&registry)?;
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;

        // Anyone's account; its stage is the step's to judge.
        let account = read::<MarginAccount>(&self.margin_account)?;
        require_same_engine(&*registry, &*account)?;

        // The quote bank is the one in the first slot, so it is never the other bank.
        ensure!(self.quote_bank.is_some() || !step.needs_quote(account.status), EngineError::TotalsRequired);
        if let Some(quote) = &self.quote_bank {
            let quote = read::<Bank>(quote)?;
            require_same_engine(&*registry, &*quote)?;
            ensure!(quote.index == QUOTE, EngineError::BankMismatch);
        }

        // The other bank is there exactly where the step names one.
        ensure!(self.bank.is_some() || step.other_bank().is_none(), EngineError::TotalsRequired);
        if let Some(bank) = &self.bank {
            let bank = read::<Bank>(bank)?;
            require_same_engine(&*registry, &*bank)?;
            ensure!(Some(bank.index) == step.other_bank(), EngineError::BankMismatch);
        }

        // So is the market.
        ensure!(self.market.is_some() || step.market().is_none(), EngineError::TotalsRequired);
        if let Some(market) = &self.market {
            let market = read::<Market>(market)?;
            require_same_engine(&*registry, &*market)?;
            ensure!(Some(market.index) == step.market(), EngineError::MarketMismatch);
        }
        Ok(())
    }
}

/// Runs the step and emits what it moved.
///
/// # Errors
/// `Freeze`: `NotBankrupt`, `AssetsRemain`, `PerpsRemain`. Others: `WrongStage`, `AssetsRemain` where an asset must go
/// first, `QuoteBorrowFirst`, `LegEmpty` and `NothingOwed` where the account has no such leg, `PriceStale` where a base
/// cannot be valued yet. All: `Paused`, `VersionUnknown`, `EngineMismatch`, `TotalsRequired`, `BankMismatch`,
/// `MarketMismatch`, `NumberOutOfRange`.
pub fn handler(ctx: Context<ResolveBankruptcy>, args: ResolveBankruptcyArgs) -> Result<()> {
    ctx.accounts.validate(args.step)?;
    let now = now()?;
    match args.step {
        ResolveStep::Freeze => emit(&ctx, ctx.accounts.freeze(now)?),
        ResolveStep::SeizeToken { .. } => emit(&ctx, ctx.accounts.seize_token(now)?),
        ResolveStep::SeizePnl { .. } => emit(&ctx, ctx.accounts.seize_pnl(now)?),
        ResolveStep::PayBorrow { .. } => pay_borrow(&ctx, now),
        ResolveStep::PayPnl { .. } => pay_pnl(&ctx, now),
        ResolveStep::Finish => emit(&ctx, ctx.accounts.finish(now)?),
    }
}

#[inline(never)]
fn begin_paying(ctx: &Context<ResolveBankruptcy>, now: UnixSecs) -> Result<()> {
    if let Some(event) = ctx.accounts.begin_paying(now)? {
        let listed_bytes = core::mem::size_of_val(event.legs.as_slice());
        crate::event::send_listing(&ctx.accounts.event_authority, &event, listed_bytes)?;
    }
    Ok(())
}

#[inline(never)]
fn pay_borrow(ctx: &Context<ResolveBankruptcy>, now: UnixSecs) -> Result<()> {
    begin_paying(ctx, now)?;
    let (paid, end) = ctx.accounts.pay_borrow(now)?;
    emit(ctx, paid)?;
    emit_if(ctx, end)
}

#[inline(never)]
fn pay_pnl(ctx: &Context<ResolveBankruptcy>, now: UnixSecs) -> Result<()> {
    begin_paying(ctx, now)?;
    let (paid, end) = ctx.accounts.pay_pnl(now)?;
    emit(ctx, paid)?;
    emit_if(ctx, end)
}

fn emit<E: crate::event::Event>(ctx: &Context<ResolveBankruptcy>, event: E) -> Result<()> {
    crate::event::send(&ctx.accounts.event_authority, &event)
}

fn emit_if<E: crate::event::Event>(ctx: &Context<ResolveBankruptcy>, event: Option<E>) -> Result<()> {
    event.map_or(Ok(()), |event| emit(ctx, event))
}

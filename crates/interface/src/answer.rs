//! Return data: what a call answered.
//!
//! Every CPI clears the return data and any program can set it, so each function takes the program that set it, as
//! `get_return_data` gives it, and accepts the engine's only. And anybody may create an engine and list in it what he likes
//! at what price he likes, so a margin is read only together with the engine and the account that it has to be of.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::Plan;
pub use plimsoll_state::{Expected, Holder};
use plimsoll_state::{MaintenanceView, MarginView, ViewRefusal};
use solana_pubkey::Pubkey;

use crate::EngineError;

/// Why return data is not an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// Another program set it.
    NotFromEngine,
    /// It is empty, or longer than the answer.
    WrongLength,
    /// It is about an account of another engine.
    EngineMismatch,
    /// It is about another account.
    AccountMismatch,
    /// It is about another owner's account.
    OwnerMismatch,
    /// It lacks the view: `check_margin` was asked for one and not for three.
    ViewMissing,
}

impl From<ViewRefusal> for AnswerError {
    fn from(refusal: ViewRefusal) -> Self {
        match refusal {
            ViewRefusal::EngineMismatch => Self::EngineMismatch,
            ViewRefusal::AccountMismatch => Self::AccountMismatch,
            ViewRefusal::OwnerMismatch => Self::OwnerMismatch,
            ViewRefusal::ViewMissing => Self::ViewMissing,
        }
    }
}

impl core::fmt::Display for AnswerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotFromEngine => "the return data is another program's",
            Self::WrongLength => "the return data has another length than the answer",
            Self::EngineMismatch => "the margin is another engine's",
            Self::AccountMismatch => "the margin is another account's",
            Self::OwnerMismatch => "the margin is that of another owner's account",
            Self::ViewMissing => "the answer lacks the view: ask for three",
        })
    }
}

impl core::error::Error for AnswerError {}

/// Return data of a liquidation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LiquidationOutcome {
    /// 0 where something was filled, else the [`EngineError`] code of the reason why nothing was.
    pub reason: u32,
    /// 0 cure, 1 wind-down.
    pub regime: u32,
    /// Penalty, ppm of the notional.
    pub penalty_ppm: u32,
    /// Zero.
    pub _pad: u32,
    /// Debt atoms repaid, or base units taken over.
    pub size: u64,
    /// Atoms paid, insurance share included; of a position the quote atoms its units are worth at spot.
    pub paid_atoms: u64,
    /// Collateral atoms received; of a position the liquidator's part of the penalty in quote atoms.
    pub received_atoms: u64,
    /// Insurance share, atoms of the debt's mint (quote atoms of a position).
    pub fee_atoms: u64,
}

impl LiquidationOutcome {
    /// Why nothing was filled; none where something was.
    pub fn refusal(&self) -> Option<EngineError> {
        EngineError::from_code(self.reason)
    }
}

impl From<&Plan> for LiquidationOutcome {
    fn from(plan: &Plan) -> Self {
        Self {
            reason: 0,
            regime: (plan.regime == Regime::WindDown) as u32,
            penalty_ppm: plan.penalty_ppm.get(),
            _pad: 0,
            size: plan.size.get(),
            paid_atoms: plan.paid_atoms.get(),
            received_atoms: plan.received_atoms.get(),
            fee_atoms: plan.fee_atoms.get(),
        }
    }
}

/// What is expected of an answer: that it is about this margin account of this engine.
///
/// An account says itself who owns it: whoever means a person compares that, or expects [`of_owner`].
pub const fn of_account(engine: &Pubkey, account: &Pubkey) -> Expected {
    Expected { engine: engine.to_bytes(), holder: Holder::Account(account.to_bytes()) }
}

/// What is expected of an answer: that it is about a margin account of this owner in this engine.
pub const fn of_owner(engine: &Pubkey, owner: &Pubkey) -> Expected {
    Expected { engine: engine.to_bytes(), holder: Holder::Owner(owner.to_bytes()) }
}

/// What [`crate::check_margin`] answered about the account that is meant.
///
/// # Errors
/// `NotFromEngine`, `WrongLength`, `EngineMismatch`, `AccountMismatch`, `OwnerMismatch`.
pub fn margin_view(program: &Pubkey, data: &[u8], expected: &Expected) -> Result<MarginView, AnswerError> {
    let view: MarginView = decode(program, data)?;
    view.require_of(expected)?;
    Ok(view)
}

/// What [`crate::liquidate_collateral`] or [`crate::liquidate_position`] answered.
///
/// # Errors
/// `NotFromEngine`, `WrongLength`.
pub fn liquidation_outcome(program: &Pubkey, data: &[u8]) -> Result<LiquidationOutcome, AnswerError> {
    decode(program, data)
}

fn decode<T: Pod>(program: &Pubkey, data: &[u8]) -> Result<T, AnswerError> {
    if *program != crate::ID {
        return Err(AnswerError::NotFromEngine);
    }
    if data.is_empty() {
        return Err(AnswerError::WrongLength);
    }
    let mut answer = T::zeroed();
    // A transaction's metadata leave trailing zeros out.
    let bytes = bytemuck::bytes_of_mut(&mut answer).get_mut(..data.len()).ok_or(AnswerError::WrongLength)?;
    bytes.copy_from_slice(data);
    Ok(answer)
}

/// By how much NAV exceeds the initial requirement, pico-dollars; below zero the account may add no risk.
///
/// # Errors
/// `ViewMissing` in an answer of one view.
pub fn initial_margin_left_usd_pico(view: &MarginView) -> Result<i128, AnswerError> {
    Ok(view.initial_left_usd_pico()?)
}

/// Whether the account that is meant may add risk now: every price fresh, ready and in range, and NAV at or above the
/// initial requirement.
///
/// # Errors
/// `EngineMismatch`, `AccountMismatch`, `OwnerMismatch`; `ViewMissing` in an answer of one view.
pub fn may_add_risk(view: &MarginView, expected: &Expected) -> Result<bool, AnswerError> {
    Ok(view.may_add_risk(expected)?)
}

/// Below maintenance at one price; equality is healthy. An account can be liquidated where this holds of
/// [`MarginView::at_spot`] and of [`MarginView::at_fast`], which refuse what the answer lacks.
pub const fn is_under_water(view: &MaintenanceView) -> bool {
    view.nav_usd_pico.get() < view.mmr_usd_pico.get()
}

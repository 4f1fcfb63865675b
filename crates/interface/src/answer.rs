//! Return data: what a call answered.
//!
//! Every CPI clears the return data and any program can set it, so each function takes the program that set it, as
//! `get_return_data` gives it, and accepts the engine's only.

use bytemuck::{Pod, Zeroable};
use plimsoll_state::{MaintenanceView, MarginView};
use solana_pubkey::Pubkey;

/// Why return data is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// Another program set it.
    NotFromEngine,
    /// It is empty, or longer than the answer.
    WrongLength,
}

impl core::fmt::Display for AnswerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotFromEngine => "the return data is another program's",
            Self::WrongLength => "the return data has another length than the answer",
        })
    }
}

impl core::error::Error for AnswerError {}

/// What a liquidation did: the answer of both liquidations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LiquidationOutcome {
    /// 0 where something was filled, else the code of the reason why nothing was ([`crate::EngineError::from_code`]).
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

/// What [`crate::check_margin`] answered.
///
/// # Errors
/// `NotFromEngine`, `WrongLength`.
pub fn margin_view(program: &Pubkey, data: &[u8]) -> Result<MarginView, AnswerError> {
    decode(program, data)
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
pub const fn initial_margin_left_usd_pico(view: &MarginView) -> i128 {
    view.init_nav_usd_pico.get().saturating_sub(view.imr_usd_pico.get())
}

/// Whether the account may add risk now: every price fresh, ready and in range, and NAV at or above the initial
/// requirement. Needs the answer to three views.
pub const fn may_add_risk(view: &MarginView) -> bool {
    const OPEN_QUESTIONS: u32 = MarginView::STALE | MarginView::NOT_READY | MarginView::SATURATED | MarginView::OLD;
    view.flags & OPEN_QUESTIONS == 0 && initial_margin_left_usd_pico(view) >= 0
}

/// Below maintenance at one price; equality is healthy. An account can be liquidated where this holds at spot and at
/// the fast average.
pub const fn is_under_water(view: &MaintenanceView) -> bool {
    view.nav_usd_pico.get() < view.mmr_usd_pico.get()
}

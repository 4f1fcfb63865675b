//! What a client asks of a leg, answered by its kind. A new kind is its file beside this one, and its lines here; nothing
//! else in a client asks which kind a leg is.

use plimsoll_interface::args::LiquidationBounds;
use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_risk::portfolio::Portfolio;
use solana_instruction::Instruction;

use super::pair::Pair;
use super::perp::Perp;
use super::{pair, perp, Instrument, Slippage, Worth};
use crate::ix::Parties;
use crate::pda::EngineKeys;

/// A leg of one kind.
pub(super) trait Kind {
    /// Name of the instruction that closes it.
    const INSTRUCTION: &'static str;

    /// Bank whose tokens a liquidator pays, or in which a position settles.
    fn pays_with(&self) -> u8;

    /// Bank whose tokens a liquidator gets.
    fn is_paid_in(&self) -> u8;

    /// What its size counts.
    fn sized_in(&self) -> Instrument;

    /// What a fill is worth to its liquidator.
    fn worth(&self, portfolio: &Portfolio, plan: &Plan) -> Worth;

    /// The limit price that a fill is sent with.
    fn limit(&self, portfolio: &Portfolio, plan: &Plan, slippage: Slippage) -> (u64, u64);

    /// The instruction that closes it.
    fn instruction(
        &self,
        keys: &EngineKeys,
        parties: Parties,
        bounds: LiquidationBounds,
        with_asset_bank: bool,
    ) -> Instruction;
}

/// Names of the instructions that close legs, one a kind.
pub const INSTRUCTIONS: [&str; 2] = [Pair::INSTRUCTION, Perp::INSTRUCTION];

/// Asks a leg's kind.
macro_rules! ask {
    ($leg:expr, $kind:ident => $answer:expr) => {
        match $leg {
            Leg::Pair { asset, liability } => {
                let $kind = Pair { asset, liability };
                $answer
            }
            Leg::Perp { market } => {
                let $kind = Perp { market };
                $answer
            }
        }
    };
}

/// Every leg that is there: what is held against what is owed, and every position.
pub(super) fn legs(portfolio: &Portfolio) -> impl Iterator<Item = Leg> + '_ {
    pair::legs(portfolio).chain(perp::legs(portfolio))
}

pub(super) fn worth(leg: Leg, portfolio: &Portfolio, plan: &Plan) -> Worth {
    ask!(leg, kind => kind.worth(portfolio, plan))
}

pub(super) fn limit(leg: Leg, portfolio: &Portfolio, plan: &Plan, slippage: Slippage) -> (u64, u64) {
    ask!(leg, kind => kind.limit(portfolio, plan, slippage))
}

pub(crate) fn instruction(
    leg: Leg,
    keys: &EngineKeys,
    parties: Parties,
    bounds: LiquidationBounds,
    with_asset_bank: bool,
) -> Instruction {
    ask!(leg, kind => kind.instruction(keys, parties, bounds, with_asset_bank))
}

/// Bank whose tokens a liquidator pays for a leg, or in which a position settles.
pub fn pays_with(leg: &Leg) -> u8 {
    ask!(*leg, kind => kind.pays_with())
}

/// Bank whose tokens a liquidator gets of a leg.
pub fn is_paid_in(leg: &Leg) -> u8 {
    ask!(*leg, kind => kind.is_paid_in())
}

/// What the size of a leg counts.
pub fn sized_in(leg: &Leg) -> Instrument {
    ask!(*leg, kind => kind.sized_in())
}

/// Name of the instruction that closes a leg.
pub fn instruction_name(leg: &Leg) -> &'static str {
    const fn of<K: Kind>(_: &K) -> &'static str {
        K::INSTRUCTION
    }
    ask!(*leg, kind => of(&kind))
}

//! Kinds of legs that a liquidation closes, one file each: what a unit of it releases, how large a penalty it bears, how
//! much of it can be closed, for what, at which limit, and how the table looks afterwards.
//!
//! A new kind is a file here, its place in this one and in `best_leg`'s classes, its file in the ledger, which moves what a
//! plan says, and its file in the Rust client, which offers it. Nothing else asks which kind a leg is: whoever shows or
//! filters legs asks for their [parts](Leg::parts).

pub(super) mod pair;
pub(super) mod perp;

use crate::error::{RiskError, RiskResult};
use crate::margin::Margins;
use crate::params::GlobalParams;
use crate::portfolio::{Portfolio, PriceKind};
use crate::units::UsdMicro;

/// What is repaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liability {
    /// A borrow of this bank.
    Borrow(u8),
    /// Negative PnL of this market: the liquidator pays quote into its pool.
    NegativePnl(u8),
}

impl Liability {
    /// Bank that it is paid in.
    #[inline(always)]
    pub const fn bank(self, quote_bank: u8) -> u8 {
        match self {
            Self::Borrow(bank) => bank,
            Self::NegativePnl(_) => quote_bank,
        }
    }
}

/// The leg a liquidator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Repay a liability and take collateral.
    Pair {
        /// Bank of the collateral.
        asset: u8,
        /// What is repaid.
        liability: Liability,
    },
    /// Take over a perp.
    Perp {
        /// Its market.
        market: u8,
    },
}

/// What a leg takes or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegPart {
    /// Tokens of this bank are taken.
    Collateral(u8),
    /// A borrow of this bank is repaid.
    Borrow(u8),
    /// Negative PnL of this market is paid.
    Loss(u8),
    /// The position in this market is taken over.
    Position(u8),
}

impl Leg {
    /// What it takes or ends: collateral first, then what is repaid for it.
    pub fn parts(self) -> impl Iterator<Item = LegPart> {
        let parts = match self {
            Self::Pair { asset, liability: Liability::Borrow(bank) } => {
                [Some(LegPart::Collateral(asset)), Some(LegPart::Borrow(bank))]
            }
            Self::Pair { asset, liability: Liability::NegativePnl(market) } => {
                [Some(LegPart::Collateral(asset)), Some(LegPart::Loss(market))]
            }
            Self::Perp { market } => [Some(LegPart::Position(market)), None],
        };
        parts.into_iter().flatten()
    }

    /// Bank of the collateral that it takes; none where it takes none.
    pub const fn collateral(self) -> Option<u8> {
        match self {
            Self::Pair { asset, .. } => Some(asset),
            Self::Perp { .. } => None,
        }
    }

    /// That it can be a leg of anybody's: no token is sold for itself.
    ///
    /// # Errors
    /// `AssetIsLiability`.
    pub fn require_possible(self, quote_bank: u8) -> RiskResult<()> {
        match self {
            Self::Pair { asset, liability } if asset == liability.bank(quote_bank) => Err(RiskError::AssetIsLiability),
            Self::Pair { .. } | Self::Perp { .. } => Ok(()),
        }
    }

    /// The leg that three numbers name, the first of which says what it is: 1 a borrow of the last bank for collateral of
    /// the other, 2 the negative PnL of the last market for collateral of a bank, 3 the perp of a market.
    pub const fn of_numbers([what, bank_or_market, liability]: [u8; 3]) -> Option<Self> {
        match what {
            1 => Some(Self::Pair { asset: bank_or_market, liability: Liability::Borrow(liability) }),
            2 => Some(Self::Pair { asset: bank_or_market, liability: Liability::NegativePnl(liability) }),
            3 => Some(Self::Perp { market: bank_or_market }),
            _ => None,
        }
    }
}

/// Finds a leg in a portfolio, whatever its kind, and answers with what is asked of it.
macro_rules! ask_closable {
    ($leg:expr, $portfolio:expr, $assessment:expr, $found:ident => $answer:expr) => {
        match $leg {
            $crate::liquidate::Leg::Pair { asset, liability } => {
                let $found = $crate::liquidate::closable::pair::Pair::of($portfolio, $assessment, asset, liability)?;
                $answer
            }
            $crate::liquidate::Leg::Perp { market } => {
                let $found = $crate::liquidate::closable::perp::Perp::of($portfolio, market)?;
                $answer
            }
        }
    };
}
pub(super) use ask_closable;

/// A leg as the best-leg rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegName {
    /// Collateral of one bank against debt of another.
    Pair {
        /// Bank of the asset.
        asset: u8,
        /// Bank of the debt; the quote bank for negative PnL.
        liability: u8,
    },
    /// A perp position.
    Perp {
        /// Its market.
        market: u8,
    },
}

impl LegName {
    /// What tells it from others of its kind: one or two slots of the registry, each with what it is the slot of.
    pub const fn slots(self) -> ((&'static str, u8), Option<(&'static str, u8)>) {
        match self {
            Self::Pair { asset, liability } => (("asset bank", asset), Some(("liability bank", liability))),
            Self::Perp { market } => (("market", market), None),
        }
    }

    /// The same as plain numbers: 1 with the banks of a pair, 2 with the market of a perp.
    pub const fn numbers(self) -> [u8; 3] {
        match self {
            Self::Pair { asset, liability } => [1, asset, liability],
            Self::Perp { market } => [2, market, 0],
        }
    }
}

/// Amounts of one fill, see [`super::Plan`].
pub(super) struct Fill {
    pub(super) size: u64,
    pub(super) paid_atoms: u64,
    pub(super) fee_atoms: u64,
    pub(super) received_atoms: u64,
    /// Closed at spot.
    pub(super) notional: UsdMicro,
}

/// The caller's limit price: so much of one thing for so much of another.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) numerator: u64,
    pub(super) denominator: u64,
}

/// What a fill would leave, at spot.
pub(super) struct Leftovers {
    /// Of the debt or the base.
    pub(super) of_leg: UsdMicro,
    /// Of the collateral; of a leg without collateral the largest number.
    pub(super) of_collateral: UsdMicro,
}

impl Leftovers {
    pub(super) fn is_dust(&self, dust: UsdMicro) -> bool {
        self.of_leg < dust || self.of_collateral < dust
    }
}

/// A leg that was found in a portfolio, as numbers. Its size is counted in debt atoms or base units.
pub(super) trait Closable {
    /// Whether any fill of it reduces a liability, whatever the requirement does (WINDDOWN-3).
    const REDUCES_LIABILITY: bool;

    /// m at p = 0: what closing one unit of notional releases of the maintenance requirement, ppm.
    fn marginal_ppm(&self) -> u32;

    /// Largest penalty that still improves the ratio, with the factor k, ppm (CURE-4).
    fn ceiling_ppm_down(&self, health_ppm: u32, params: &GlobalParams) -> u32;

    /// `m_T - p`, ppm squared: what closing one unit of notional gives back at target, the penalty paid. Not positive
    /// where the penalty eats what closing releases.
    fn net_release(&self, penalty_ppm: u32) -> i64;

    /// The size that is worth so many micro-dollars.
    fn size_of_usd_up(&self, usd_micro: u128, at: PriceKind) -> u64;

    /// The most that can be closed at this penalty: what is there, and what collateral can pay for.
    fn most_down(&self, penalty_ppm: u32) -> u64;

    /// What closing `size` leaves.
    fn leftovers(&self, size: u64, penalty_ppm: u32) -> Leftovers;

    /// The amounts of a fill, each rounded down: the liquidatee loses nothing by the rounding (CURE-2, CURE-6).
    ///
    /// # Errors
    /// `FillTooSmall` where nothing would be received for it, `NumberOutOfRange`.
    fn fill_down(&self, size: u64, penalty_ppm: u32, insurance_share_ppm: u32) -> RiskResult<Fill>;

    /// Whether a fill is at the caller's limit or better for him (LIQ-6).
    fn meets(&self, limit: Limit, fill: &Fill) -> bool;

    /// Books the fill in the table.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    fn book(&self, portfolio: &mut Portfolio, fill: &Fill) -> RiskResult<()>;

    /// What rounding may cost the liquidatee at most: an atom of either leg and the values' own.
    fn rounding(&self) -> UsdMicro;

    /// Whether the ratio still rises when the ledger moves whole shares, rounded against the liquidatee (CURE-5).
    fn outweighs_shares(&self, before: &Margins, after: &Margins) -> bool;
}

/// A leg that may be the best of its class: one half of a pair, or a leg by itself.
pub(super) trait Candidate: Copy {
    /// What a class keeps of this kind.
    type Best;

    /// Whether it may exclude others. A leg that the engine itself discounts by more than half may be hard to sell or to
    /// buy back: whoever held a little of it could keep the other legs from being liquidated (ADR 23) (LEG-2).
    fn may_be_best(self) -> bool;

    /// Whether it is better than what the class has.
    fn is_better(self, best: &Self::Best) -> bool;

    /// Takes its place in the class.
    fn enter(self, best: &mut Self::Best);
}

/// Takes candidates, each with what it is worth.
pub(super) trait Sorter<C: Candidate> {
    /// Sorts one.
    fn sort(&mut self, candidate: C, value: impl FnOnce() -> UsdMicro);
}

/// `amount + sign * delta`.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "one or minus one times a number that is not negative fits")]
fn moved(amount: i64, delta: u64, sign: i64) -> RiskResult<i64> {
    let delta = i64::try_from(delta).map_err(|_| RiskError::NumberOutOfRange)?;
    amount.checked_add(sign * delta).ok_or(RiskError::NumberOutOfRange)
}

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
use crate::units::{Atoms, BaseUnits, Count, Ppm, SignedAtoms, UsdMicro, UsdMicroSum};

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

/// How much of a leg: atoms of a pair's debt, base units of a perp. Only the leg's own kind says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct LegSize(u64);

impl LegSize {
    /// None.
    pub const ZERO: Self = Self(0);

    /// So many of what the leg is counted in.
    #[inline(always)]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// How many.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// As what a pair is counted in.
    #[inline(always)]
    pub const fn debt(self) -> Atoms {
        Atoms::new(self.0)
    }

    /// As what a perp is counted in.
    #[inline(always)]
    pub const fn base(self) -> BaseUnits {
        BaseUnits::new(self.0)
    }
}

/// Amounts of one fill, see [`super::Plan`].
#[derive(Clone, Copy)]
pub(super) struct Fill<Size> {
    pub(super) size: Size,
    pub(super) paid_atoms: Atoms,
    pub(super) fee_atoms: Atoms,
    pub(super) received_atoms: Atoms,
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

/// A leg that was found in a portfolio, as numbers.
pub(super) trait Closable {
    /// What it is counted in: atoms of the debt, or base units.
    type Size: Count + Ord;

    /// Whether any fill of it reduces a liability, whatever the requirement does (WINDDOWN-3).
    const REDUCES_LIABILITY: bool;

    /// m at p = 0: what closing one unit of notional releases of the maintenance requirement.
    fn marginal_ppm(&self) -> Ppm;

    /// Largest penalty that still improves the ratio, with the factor k (CURE-4).
    fn ceiling_ppm_down(&self, health_ppm: Ppm, params: &GlobalParams) -> Ppm;

    /// `m_T - p`, ppm squared: what closing one unit of notional gives back at target, the penalty paid. Not positive
    /// where the penalty eats what closing releases.
    fn net_release(&self, penalty_ppm: Ppm) -> i64;

    /// The size that is worth so much.
    fn size_of_up(&self, value: UsdMicroSum, at: PriceKind) -> Self::Size;

    /// The most that can be closed at this penalty: what is there, and what collateral can pay for.
    fn most_down(&self, penalty_ppm: Ppm) -> Self::Size;

    /// What closing `size` leaves.
    fn leftovers(&self, size: Self::Size, penalty_ppm: Ppm) -> Leftovers;

    /// The amounts of a fill, each rounded down: the liquidatee loses nothing by the rounding (CURE-2, CURE-6).
    ///
    /// # Errors
    /// `FillTooSmall` where nothing would be received for it, `NumberOutOfRange`.
    fn fill_down(&self, size: Self::Size, penalty_ppm: Ppm, insurance_share_ppm: Ppm) -> RiskResult<Fill<Self::Size>>;

    /// Whether a fill is at the caller's limit or better for him (LIQ-6).
    fn meets(&self, limit: Limit, fill: &Fill<Self::Size>) -> bool;

    /// Books the fill in the table.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    fn book(&self, portfolio: &mut Portfolio, fill: &Fill<Self::Size>) -> RiskResult<()>;

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

/// A balance with `atoms` more, or less where `sign` is minus one.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "one or minus one times a number that is not negative fits")]
fn moved(balance: SignedAtoms, atoms: Atoms, sign: i64) -> RiskResult<SignedAtoms> {
    balance.try_add(SignedAtoms::new(sign * atoms.signed()?.get()))
}

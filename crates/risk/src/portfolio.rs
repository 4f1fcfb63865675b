//! An account as plain numbers: what the program, the keeper and the simulator decide on.
//!
//! The table is filled once from an account, the registry and the price board, and only read afterwards. It holds
//! about 4 KB and is therefore boxed wherever it is used on chain.

use crate::params::{GlobalParams, MarketRates, TokenWeights, MAX_DERIVATIVE_POSITIONS, MAX_TOKEN_POSITIONS};
use crate::price::{BasePrice, UnitPrice};
use crate::units::{Atoms, BaseUnits, Ppm, SignedAtoms, SignedBaseUnits, UnixSecs, UsdMicro};

/// Which of the two prices maintenance and target are taken at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceKind {
    /// The held price.
    Spot,
    /// The fast moving average.
    Fast,
}

/// Unit prices of one leg. A stale leg's are already at the edge favourable to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegPrices<Worth, Unit> {
    /// At the held price.
    pub spot: UnitPrice<Worth, Unit>,
    /// At the fast moving average.
    pub fast: UnitPrice<Worth, Unit>,
    /// Initial: low for an asset or a long, high for a liability or a short.
    pub init: UnitPrice<Worth, Unit>,
    /// Initial: high; what perp charges are taken at.
    pub init_charge: UnitPrice<Worth, Unit>,
    /// b of the eligibility edge, in units of 2^-64.
    pub edge: u64,
    /// Publish time of the held price.
    pub published_at: UnixSecs,
    /// The price is older than the read age.
    pub stale: bool,
    /// The price is older than the risk age, or a breaker stands beside it; known where initial prices are.
    pub old: bool,
    /// The price is older than the time after which an asset no longer blocks bankruptcy.
    pub stale_for_hours: bool,
    /// The averages are ready.
    pub ready: bool,
}

/// Prices of a token: micro-dollars per atom.
pub type TokenPrices = LegPrices<UsdMicro, Atoms>;
/// Prices of a market: quote atoms per base unit.
pub type BasePrices = LegPrices<Atoms, BaseUnits>;

impl BasePrices {
    /// Of a perp without a base: what is left of it is cash, whose value depends on no price and no feed.
    pub const CASH: Self = {
        Self {
            spot: BasePrice::ZERO,
            fast: BasePrice::ZERO,
            init: BasePrice::ZERO,
            init_charge: BasePrice::ZERO,
            edge: 0,
            published_at: UnixSecs::NEVER,
            stale: false,
            old: false,
            stale_for_hours: false,
            ready: true,
        }
    };
}

impl<Worth: Copy, Unit: Copy> LegPrices<Worth, Unit> {
    /// The plain unit price.
    #[inline(always)]
    pub const fn plain(&self, at: PriceKind) -> UnitPrice<Worth, Unit> {
        match at {
            PriceKind::Spot => self.spot,
            PriceKind::Fast => self.fast,
        }
    }
}

/// A signed balance of one bank: a deposit if positive, a debt if negative (MARGIN-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenLeg {
    /// A deposit rounded down, a debt rounded up.
    pub amount_atoms: SignedAtoms,
    /// Weights.
    pub weights: TokenWeights,
    /// Prices.
    pub prices: TokenPrices,
    /// Slot of the registry.
    pub bank: u8,
}

/// A perp position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerpLeg {
    /// Size: positive long, negative short.
    pub units: SignedBaseUnits,
    /// What was received less what was paid, projected to now, quote atoms.
    pub cash_atoms: SignedAtoms,
    /// Charge rates.
    pub rates: MarketRates,
    /// Prices.
    pub prices: BasePrices,
    /// Slot of the registry.
    pub market: u8,
    /// Share of a gain that a claim on the market does not get because of its deficit, rounded up; zero at par.
    pub deficit_share_ppm: Ppm,
}

impl TokenLeg {
    /// What is held; none where it is a debt.
    #[inline(always)]
    pub const fn deposit_atoms(&self) -> Atoms {
        self.amount_atoms.gain()
    }

    /// What is owed; none where it is a deposit.
    #[inline(always)]
    pub const fn borrow_atoms(&self) -> Atoms {
        self.amount_atoms.loss()
    }
}

impl PerpLeg {
    /// What a gain counts at: `gain * pool / (pool + deficit)` while the market has a deficit, quote atoms, rounded down. One that
    /// saturates stays so (PNL-6).
    #[inline(always)]
    pub fn gain_down(&self, atoms: Atoms) -> Atoms {
        if self.deficit_share_ppm.is_zero() {
            atoms
        } else {
            self.gain_in_deficit_down(atoms)
        }
    }

    #[cold]
    #[inline(never)]
    fn gain_in_deficit_down(&self, atoms: Atoms) -> Atoms {
        if atoms.get() == i64::MAX as u64 {
            return atoms;
        }
        Atoms::new(self.deficit_share_ppm.rest().of_down(atoms.get()).unwrap_or(0))
    }

    /// PnL at a unit price, rounded against the holder, quote atoms; saturates.
    #[inline(never)]
    pub fn pnl_at(&self, price: BasePrice) -> SignedAtoms {
        let magnitude = self.units.unsigned_abs();
        self.pnl_of(if self.units.get() >= 0 { price.value_down(magnitude) } else { price.value_up(magnitude) })
    }

    /// PnL of a base that is worth `worth` quote atoms either way; saturates.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "below 2^62, as was asked")]
    pub const fn pnl_of(&self, worth: Atoms) -> SignedAtoms {
        const ROOM: i64 = 1 << 62;
        let (worth, cash) = (worth.get(), self.cash_atoms.get());
        // Both below 2^62: nothing can leave the range.
        if worth >> 62 == 0 && cash.wrapping_add(ROOM) >= 0 && cash < ROOM {
            let worth = worth as i64;
            let signed = if self.units.get() >= 0 { worth } else { worth.wrapping_neg() };
            return SignedAtoms::new(cash.wrapping_add(signed));
        }
        self.pnl_saturating(worth)
    }

    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_possible_wrap, reason = "below 2^63, as was asked")]
    const fn pnl_saturating(&self, worth: u64) -> SignedAtoms {
        let cash = self.cash_atoms.get();
        let worth = if worth >> 63 == 0 { worth as i64 } else { i64::MAX };
        SignedAtoms::new(if self.units.get() >= 0 {
            cash.saturating_add(worth)
        } else if worth == i64::MAX {
            i64::MIN
        } else {
            cash.saturating_sub(worth)
        })
    }
}

/// An account as plain numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Portfolio {
    /// The engine's parameters.
    pub params: GlobalParams,
    /// The settlement token's balance; its prices are always there. Not among `tokens`.
    pub quote: TokenLeg,
    /// Other balances.
    pub tokens: [TokenLeg; MAX_TOKEN_POSITIONS],
    /// How many.
    pub token_count: usize,
    /// Perps.
    pub perps: [PerpLeg; MAX_DERIVATIVE_POSITIONS],
    /// How many.
    pub perp_count: usize,
}

impl core::fmt::Debug for Portfolio {
    /// Legs in use only: the tables are mostly empty.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Portfolio")
            .field("quote", &self.quote)
            .field("tokens", &self.tokens())
            .field("perps", &self.perps())
            .finish_non_exhaustive()
    }
}

impl Portfolio {
    /// An account that holds nothing.
    pub fn empty(params: GlobalParams) -> Self {
        Self {
            params,
            quote: TokenLeg::default(),
            tokens: [TokenLeg::default(); MAX_TOKEN_POSITIONS],
            token_count: 0,
            perps: [PerpLeg::default(); MAX_DERIVATIVE_POSITIONS],
            perp_count: 0,
        }
    }

    /// Whether it holds nothing and owes nothing.
    #[inline(always)]
    pub const fn is_empty(&self) -> bool {
        self.token_count == 0 && self.perp_count == 0 && self.quote.amount_atoms.is_zero()
    }

    /// The other balances.
    #[inline(always)]
    pub fn tokens(&self) -> &[TokenLeg] {
        self.tokens.get(..self.token_count).unwrap_or(&[])
    }

    /// The perps.
    #[inline(always)]
    pub fn perps(&self) -> &[PerpLeg] {
        self.perps.get(..self.perp_count).unwrap_or(&[])
    }

    /// Where the perp of a market lives in the table.
    #[inline(always)]
    pub fn perp_index(&self, market: u8) -> Option<usize> {
        self.perps().iter().position(|leg| leg.market == market)
    }

    /// Whether any leg's price is stale, whether any is too old for adding risk, and whether every leg's averages are
    /// ready; quote counts where it is held or where something settles in it.
    #[inline(always)]
    pub fn ages(&self) -> (bool, bool, bool) {
        let (mut stale, mut old, mut ready) = (false, false, true);
        if !self.quote.amount_atoms.is_zero() || self.perp_count != 0 {
            let prices = &self.quote.prices;
            (stale, old, ready) = (prices.stale, prices.old, prices.ready);
        }
        for leg in self.tokens() {
            stale |= leg.prices.stale;
            old |= leg.prices.old;
            ready &= leg.prices.ready;
        }
        for leg in self.perps() {
            stale |= leg.prices.stale;
            old |= leg.prices.old;
            ready &= leg.prices.ready;
        }
        (stale, old, ready)
    }
}

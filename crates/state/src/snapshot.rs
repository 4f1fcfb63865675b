//! From accounts to plain numbers: the one place where layouts become a [`Portfolio`].
//!
//! The program, the keeper and the simulator load the same three accounts with the same function, so that what one
//! plans is what the other does.

use bytemuck::Zeroable;
use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::bank::{debt_atoms_up, deposit_atoms_down};
use plimsoll_risk::oracle::{edge_ppm_up, span, MaxAge, Span};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{BasePrices, LegPrices, PerpLeg, Portfolio, TokenLeg};
use plimsoll_risk::price::{edge_from_ppm_up, Price, Scale};
use plimsoll_risk::units::{Ppm, SignedAtoms, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};

use crate::{BankSlot, Books, MarginAccount, PositionKind, PriceBoard, PriceSlot, Registry};

/// A [`Portfolio`] that can be allocated zeroed on the heap: at over 4 KB it does not fit a stack frame on sBPF.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct PortfolioBuffer(pub Portfolio);

#[expect(unsafe_code, reason = "the pure crate knows no bytemuck, so it cannot derive this")]
// SAFETY: a portfolio holds integers, and booleans for which zero is `false`.
unsafe impl Zeroable for PortfolioBuffer {}

/// Which prices of each leg to compute; the others stay zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Views {
    /// At spot.
    pub spot: bool,
    /// At the fast average.
    pub fast: bool,
    /// For adding risk.
    pub initial: bool,
    /// Eligibility edges of fresh legs; stale legs always have theirs.
    pub edges: bool,
}

impl Views {
    /// Maintenance at spot.
    pub const SPOT: Self = Self { spot: true, fast: false, initial: false, edges: false };
    /// Initial only.
    pub const INITIAL: Self = Self { spot: false, fast: false, initial: true, edges: false };
    /// Maintenance at both prices and initial.
    pub const ALL: Self = Self { spot: true, fast: true, initial: true, edges: false };
    /// What a liquidation decides on.
    pub const LIQUIDATION: Self = Self { spot: true, fast: true, initial: false, edges: true };
}

/// Where the price of a leg is taken from.
struct Pricing<'a> {
    params: &'a GlobalParams,
    board: &'a PriceBoard,
    now: UnixSecs,
    views: Views,
    /// What is older is stale.
    fresh: MaxAge,
    /// Beside an older price no risk is added.
    risk: MaxAge,
    /// An older price no longer blocks bankruptcy.
    held: MaxAge,
}

/// What decides the charge on a leg's own value; half of that charge bounds the width of its edge.
#[derive(Clone, Copy)]
enum Charge<'a> {
    Asset(&'a TokenWeights),
    Liability(&'a TokenWeights),
    Perp(&'a MarketRates),
}

impl Charge<'_> {
    /// `1 - w_a` of an asset, `w_l - 1` of a liability, the rate of a perp.
    fn share(self) -> Ppm {
        match self {
            Self::Asset(weights) => weights.asset_maint_ppm.rest(),
            Self::Liability(weights) => weights.liability_maint_ppm.beyond_whole(),
            Self::Perp(rates) => rates.maint_ppm,
        }
    }
}

impl<'a> Pricing<'a> {
    fn new(books: &Books<'a>, views: Views) -> Self {
        let (params, board, now) = (books.registry.params(), books.board, books.now);
        Self {
            params,
            board,
            now,
            views,
            fresh: MaxAge::new(params.prices.read_age(), now),
            risk: MaxAge::new(params.prices.risk_age(), now),
            held: MaxAge::new(params.wind_down.stale_asset(), now),
        }
    }

    /// Writes the prices of a leg of the given sign and charge in place; `settles` for quote and what settles in it.
    #[inline(always)]
    fn write<Worth: Copy, Unit: Copy>(
        &self,
        prices: &mut LegPrices<Worth, Unit>,
        slot: u8,
        scale: Price,
        positive: bool,
        settles: bool,
        charge: Charge<'_>,
    ) -> RiskResult<()> {
        let slot = self.board.slot(slot as usize).ok_or(RiskError::LegPriceInvalid)?;
        let scale = Scale::new(scale);
        let published_at = slot.published();
        let stale = !slot.is_young(self.fresh);
        prices.published_at = published_at;
        prices.stale = stale;
        if self.views.spot {
            prices.spot = scale.unit_price_down(slot.spot.get());
        }
        if self.views.fast {
            prices.fast = scale.unit_price_down(slot.fast.get());
        }
        if self.views.initial {
            prices.old = !self.risk.admits(published_at);
            prices.ready = slot.is_ready();
            // Only what settles in quote is charged at the high price beside its own.
            let high = settles || !positive;
            if high {
                prices.init_charge = scale.unit_price_down(slot.high.get());
            }
            prices.init = if positive { scale.unit_price_down(slot.low.get()) } else { prices.init_charge };
        }
        // The least of hours is longer than the longest read age: what is fresh is not that old.
        (prices.edge, prices.stale_for_hours) = if stale || self.views.edges {
            (self.edge(slot, stale, charge), !self.held.admits(published_at))
        } else {
            (0, false)
        };
        Ok(())
    }

    /// Legs of halted prices count as stale, and beside those of a breaker that stands no risk is added (KEY-6, LIMIT-2).
    ///
    /// # Errors
    /// `PriceExponentOutOfRange`.
    #[cold]
    #[inline(never)]
    fn stop(&self, registry: &Registry, out: &mut Portfolio) -> RiskResult<()> {
        let quote = core::iter::once(&mut out.quote);
        for leg in out.tokens.iter_mut().take(out.token_count).chain(quote) {
            if let Some(slot) = registry.bank(leg.bank as usize) {
                let positive = leg.amount_atoms.get() >= 0;
                let weights = &slot.weights.0;
                let charge = if positive { Charge::Asset(weights) } else { Charge::Liability(weights) };
                self.stop_leg(&mut leg.prices, slot.price_slot, slot.scale.get(), charge)?;
            }
        }
        for leg in out.perps.iter_mut().take(out.perp_count).filter(|leg| !leg.units.is_zero()) {
            if let Some(slot) = registry.market(leg.market as usize) {
                self.stop_leg(&mut leg.prices, slot.price_slot, slot.scale.get(), Charge::Perp(&slot.rates.0))?;
            }
        }
        Ok(())
    }

    fn stop_leg<Worth: Copy, Unit: Copy>(
        &self,
        prices: &mut LegPrices<Worth, Unit>,
        slot: u8,
        scale: Price,
        charge: Charge<'_>,
    ) -> RiskResult<()> {
        let Some(slot) = self.board.slot(slot as usize) else { return Ok(()) };
        prices.old |= self.views.initial && slot.tripped_until() > self.now;
        if slot.halted_until() > self.now {
            prices.stale = true;
            (prices.edge, prices.stale_for_hours) =
                (self.edge(slot, true, charge), !self.held.admits(slot.published()));
        }
        // Which source is right nobody knows yet: the leg counts at whichever price favours its holder, the last one with
        // ready averages or what the source says now, so that no other leg of his is taken for it (PRICE-9).
        let before = slot.before.get();
        if slot.awaits_averages() && !before.is_zero() {
            let Span { middle, reach } = span([before, slot.spot.get(), slot.fast.get()])?;
            prices.spot = Scale::new(scale).unit_price_down(middle);
            (prices.fast, prices.edge) = (prices.spot, prices.edge.max(edge_from_ppm_up(reach)));
        }
        Ok(())
    }

    #[inline(never)]
    fn edge(&self, slot: &PriceSlot, stale: bool, charge: Charge<'_>) -> u64 {
        let half = Ppm::new(charge.share().get() / 2);
        // A fresh leg without a charge or without width has no edge: the common case of the settlement token.
        if !stale && (half.is_zero() || slot.sigma().is_zero()) {
            return 0;
        }
        let age = self.now.elapsed_since(slot.published());
        edge_from_ppm_up(edge_ppm_up(self.params, slot.sigma(), slot.volatility(), age, half))
    }
}

/// The balance of `shares`, as margin sees it: deposits at the registry's copy of the deposit index, rounded
/// down; debts at the borrow index projected to `now`, rounded up.
///
/// # Errors
/// `NumberOutOfRange` where the amount leaves 63 bits.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "shares are not negative in this branch")]
pub fn balance_atoms(slot: &BankSlot, shares: i64, now: UnixSecs) -> RiskResult<SignedAtoms> {
    if shares >= 0 {
        return deposit_atoms_down(shares as u64, slot.deposit_index).signed();
    }
    debt_atoms_up(shares.unsigned_abs(), slot.borrow_index_at(now)).negative()
}

/// Fills `out` with the account's legs, projected to `now`. Writes nothing.
///
/// # Errors
/// `LegPriceInvalid` where a leg names no price slot; `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a count is raised only where its place was found, so it is at most that of the table"
)]
pub fn load(account: &MarginAccount, books: &Books<'_>, views: Views, out: &mut Portfolio) -> RiskResult<()> {
    let (registry, now) = (books.registry, books.now);
    out.params = *registry.params();
    out.token_count = 0;
    out.perp_count = 0;
    let funding = books.funding();
    let pricing = Pricing::new(books, views);
    let mut quote_atoms = SignedAtoms::ZERO;
    for position in account.tokens.iter().filter(|p| p.used == 1) {
        let slot = registry.bank(position.bank as usize).ok_or(RiskError::LegEmpty)?;
        let amount = balance_atoms(slot, position.shares, now)?;
        if position.bank as usize == Registry::QUOTE_BANK {
            quote_atoms = amount;
            continue;
        }
        let leg = out.tokens.get_mut(out.token_count).ok_or(RiskError::NumberOutOfRange)?;
        leg.amount_atoms = amount;
        leg.weights = slot.weights.0;
        leg.bank = position.bank;
        let positive = amount.get() >= 0;
        let charge = if positive { Charge::Asset(&slot.weights.0) } else { Charge::Liability(&slot.weights.0) };
        pricing.write(&mut leg.prices, slot.price_slot, slot.scale.get(), positive, false, charge)?;
        out.token_count += 1;
    }
    for position in account.derivatives.iter().filter(|p| p.kind == PositionKind::Perp as u8) {
        let slot = registry.market(position.market as usize).ok_or(RiskError::LegEmpty)?;
        let (units, cash) = slot.project(position, funding)?;
        let leg: &mut PerpLeg = out.perps.get_mut(out.perp_count).ok_or(RiskError::NumberOutOfRange)?;
        leg.units = units;
        leg.cash_atoms = cash;
        leg.rates = slot.rates.0;
        leg.market = position.market;
        leg.deficit_share_ppm = slot.deficit_share();
        out.perp_count += 1;
        if units.is_zero() {
            leg.prices = BasePrices::CASH;
            continue;
        }
        let charge = Charge::Perp(&slot.rates.0);
        pricing.write(&mut leg.prices, slot.price_slot, slot.scale.get(), units.get() >= 0, true, charge)?;
    }
    load_quote(&mut out.quote, quote_atoms, out.perp_count, registry, &pricing)?;
    // Hardly ever, so that no leg is asked whether its price is stopped.
    if books.board.stopped_until_at > now.get() {
        pricing.stop(registry, out)?;
    }
    Ok(())
}

/// Beside a debt whose bank's insurance was drawn no risk is added: its leg counts as one of a price too old for that (LIMIT-4).
#[cold]
#[inline(never)]
pub fn hold_back(account: &MarginAccount, registry: &Registry, now: UnixSecs, out: &mut Portfolio) {
    let Some((bank, _)) = registry.drawn_for(account, now) else { return };
    let tokens = out.tokens.iter_mut().take(out.token_count);
    for leg in tokens.chain([&mut out.quote]).filter(|leg| leg.bank == bank) {
        leg.prices.old = true;
    }
}

/// The settlement token's leg, priced even where nothing is held of it, as perps settle in it.
#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
fn load_quote(
    leg: &mut TokenLeg,
    amount_atoms: SignedAtoms,
    perp_count: usize,
    registry: &Registry,
    pricing: &Pricing<'_>,
) -> RiskResult<()> {
    leg.amount_atoms = amount_atoms;
    leg.bank = Registry::QUOTE_BANK as u8;
    let Some(slot) = registry.bank(Registry::QUOTE_BANK) else {
        return if amount_atoms.is_zero() && perp_count == 0 { Ok(()) } else { Err(RiskError::LegEmpty) };
    };
    leg.weights = slot.weights.0;
    if amount_atoms.is_zero() && perp_count == 0 {
        return Ok(());
    }
    let weights = &slot.weights.0;
    let charge = if amount_atoms.get() >= 0 { Charge::Asset(weights) } else { Charge::Liability(weights) };
    // Netting with PnL may flip the sign, so initial needs both sides: `init` is low, `init_charge` is high.
    pricing.write(&mut leg.prices, slot.price_slot, slot.scale.get(), true, true, charge)
}

impl MarginAccount {
    /// What the account stores between observations.
    ///
    /// An unknown value of `observed` reads as healthy, which adds no time.
    pub fn clocks(&self) -> Clocks {
        Clocks {
            under_water_secs: self.under_water(),
            wind_down_secs: self.wind_down(),
            health_state: match self.observed {
                1 => HealthState::UnderWater,
                2 => HealthState::WindDown,
                _ => HealthState::Healthy,
            },
            observed_at: self.last_observed(),
            passed_at: self.passed(),
            bypass_published_at: self.bypass_published(),
            bypass: self.bypass == 1,
        }
    }

    /// Whether the account owes nothing and holds no position, so that it needs no margin.
    #[inline(always)]
    pub fn is_debt_free(&self) -> bool {
        self.tokens.iter().all(|t| t.shares >= 0)
            && self.derivatives.iter().all(|d| d.kind == PositionKind::Empty as u8)
    }
}

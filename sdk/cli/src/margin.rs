//! An account's margins, what changes them, and where it may be liquidated: by the program's own functions.

use plimsoll_risk::liquidate::Assessment;
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::oracle::bounds;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::price::Price;
use plimsoll_risk::units::{Ppm, UnixSecs};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Books, MarginAccount, PositionKind, PriceBoard, Registry, StoredPrice};

use crate::fault::{Fault, Result};

/// Fraction bits of the factors that the bisection tries.
const FACTOR_BITS: u32 = 32;
/// The largest factor: 65,536 times the price of now.
const LARGEST_FACTOR: u64 = 1 << (FACTOR_BITS + 16);
/// Thirds that the search for the best price takes: each leaves two thirds of the bits of the factor's logarithm.
const THIRDS: usize = 140;

/// Margins of an account at one board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// NAV at spot, pico-dollars.
    pub nav: i128,
    /// Maintenance requirement at spot.
    pub mmr: i128,
    /// Target requirement at spot.
    pub tmr: i128,
    /// NAV at conservative prices.
    pub init_nav: i128,
    /// Initial requirement.
    pub imr: i128,
    /// `NAV / MMR` at spot, ppm.
    pub ratio_ppm: u32,
    /// Some leg is stale, some is older than the risk age, some leg's averages are not ready.
    pub stale: bool,
    /// See `stale`.
    pub old: bool,
    /// See `stale`.
    pub not_ready: bool,
    /// Who may be liquidated, and how.
    pub assessment: Assessment,
}

impl Standing {
    /// Where the account stands.
    ///
    /// # Errors
    /// A formula's refusal.
    pub fn of(accounts: &Accounts) -> Result<Self> {
        let portfolio = accounts.portfolio(Views::ALL).map_err(Fault::of_risk)?;
        let (spot, init) = (margins(&portfolio, PriceKind::Spot, false), initial_margins(&portfolio));
        let (stale, old, ready) = portfolio.ages();
        Ok(Self {
            nav: spot.nav.get(),
            mmr: spot.mmr().get(),
            tmr: spot.tmr().get(),
            init_nav: init.nav.get(),
            imr: init.imr().get(),
            ratio_ppm: spot.ratio_ppm_down(Ppm::MAX).get(),
            stale,
            old,
            not_ready: !ready,
            assessment: accounts.assessment().map_err(Fault::of_risk)?,
        })
    }
}

/// Where the price of one underlying, all others unchanged, brings an account to its maintenance requirement.
///
/// `NAV - MMR` is a concave function of any one price, so the healthy prices are one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiquidationPrices {
    /// Below this price the account is under water.
    pub below: Option<Price>,
    /// Above this price it is.
    pub above: Option<Price>,
    /// It is under water now, and no price of this underlying helps.
    pub hopeless: bool,
}

/// Slots of the board that an account's legs are priced by, the settlement token's left out.
pub fn underlyings(account: &MarginAccount, registry: &Registry) -> Vec<u8> {
    let quote = registry.banks[Registry::QUOTE_BANK].price_slot;
    let tokens = account.tokens.iter().filter(|token| token.used == 1);
    let of_tokens = tokens.filter_map(|token| registry.bank(token.bank as usize)).map(|slot| slot.price_slot);
    let perps = account.derivatives.iter().filter(|leg| leg.kind == PositionKind::Perp as u8);
    let of_perps = perps.filter_map(|leg| registry.market(leg.market as usize)).map(|slot| slot.price_slot);
    let mut slots: Vec<u8> = of_tokens.chain(of_perps).filter(|slot| *slot != quote).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// The board with another price in one slot: spot, and the averages once they have followed, or spot alone.
///
/// # Errors
/// Where the numbers cannot hold it.
pub fn with_price(
    board: &PriceBoard,
    slot: u8,
    price: Price,
    spot_only: bool,
    confidence_sigmas: Ppm,
) -> Result<Box<PriceBoard>> {
    let mut board = Box::new(*board);
    let slot = &mut board.slots[slot as usize];
    slot.spot = StoredPrice::from(price);
    if !spot_only {
        (slot.fast, slot.slow) = (StoredPrice::from(price), StoredPrice::from(price));
    }
    let (fast, slow) = (slot.fast.get(), slot.slow.get());
    let bounds = bounds(price, fast, slow, slot.sigma(), confidence_sigmas);
    let (low, high) = bounds.map_err(Fault::of_risk)?;
    (slot.low, slot.high) = (StoredPrice::from(low), StoredPrice::from(high));
    Ok(board)
}

/// Finds the liquidation prices of one underlying by bisection.
///
/// # Errors
/// A formula's refusal.
pub fn liquidation_prices(accounts: &Accounts, slot: u8) -> Result<LiquidationPrices> {
    let spot = accounts.board.slots[slot as usize].spot.get();
    let mut board = Box::new(*accounts.board);
    let mut portfolio = Box::new(Portfolio::empty(*accounts.registry.params()));
    let mut excess = |factor: u64| -> Result<i128> {
        let price = scaled(spot, factor)?;
        board.slots[slot as usize].spot = StoredPrice::from(price);
        let (account, registry, now) = (accounts.account, accounts.registry, accounts.now);
        Books { registry, board: &board, now: UnixSecs::new(now) }
            .load(account, Views::SPOT, &mut portfolio)
            .map_err(Fault::of_risk)?;
        Ok(margins(&portfolio, PriceKind::Spot, false).maint_excess.get())
    };
    if spot.is_zero() {
        return Ok(LiquidationPrices::default());
    }
    let healthy = match excess(1 << FACTOR_BITS)? {
        0.. => 1 << FACTOR_BITS,
        _ => best_factor(&mut excess)?,
    };
    if excess(healthy)? < 0 {
        return Ok(LiquidationPrices { hopeless: true, ..LiquidationPrices::default() });
    }
    let below = boundary(&mut excess, healthy, 1)?;
    let above = boundary(&mut excess, healthy, LARGEST_FACTOR)?;
    let price = |factor: Option<u64>| factor.map(|factor| scaled(spot, factor)).transpose();
    Ok(LiquidationPrices { below: price(below)?, above: price(above)?, hopeless: false })
}

/// The last healthy factor between a healthy one and `end`; none where `end` is healthy too.
fn boundary(excess: &mut impl FnMut(u64) -> Result<i128>, healthy: u64, end: u64) -> Result<Option<u64>> {
    if excess(end)? >= 0 {
        return Ok(None);
    }
    let (mut inside, mut outside) = (healthy, end);
    while inside.abs_diff(outside) > 1 {
        let middle = inside / 2 + outside / 2 + (inside & outside & 1);
        if excess(middle)? >= 0 {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    Ok(Some(inside))
}

/// The factor at which a concave excess is largest.
fn best_factor(excess: &mut impl FnMut(u64) -> Result<i128>) -> Result<u64> {
    let (mut low, mut high) = (1, LARGEST_FACTOR);
    for _ in 0..THIRDS {
        let third = (high - low) / 3;
        if third == 0 {
            break;
        }
        let (left, right) = (low + third, high - third);
        if excess(left)? < excess(right)? {
            low = left;
        } else {
            high = right;
        }
    }
    let mut best = low;
    for factor in low..=high.min(low + 3) {
        if excess(factor)? > excess(best)? {
            best = factor;
        }
    }
    Ok(best)
}

fn scaled(price: Price, factor: u64) -> Result<Price> {
    let product = price.mantissa as u128 * factor as u128;
    let exponent = price.exponent - FACTOR_BITS as i32;
    Price::from_parts_down(product, exponent).map_err(Fault::of_risk)
}

#[cfg(test)]
#[path = "margin_tests.rs"]
pub(crate) mod tests;

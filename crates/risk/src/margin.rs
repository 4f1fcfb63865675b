//! NAV and requirements of an account at every level (MARGIN-1).
//!
//! Instead of the requirement R the functions sum `NAV - R` directly, as every leg contributes `side(v)` to it:
//! `w_a * v` for an asset, `w_l * v` for a liability, minus `rate * notional` for a perp. Sums stay undivided in
//! pico-dollars (micro-dollars times parts per million), so nothing is rounded but each leg's value (NUMBER-3).

mod call;
mod initial;
mod maintenance;
mod net;
mod unit;

use crate::num::{mul_u128_u32, WideSum, PPM};
use crate::portfolio::{LegPrices, PriceKind, TokenPrices};
use crate::price::UnitPrice;
use crate::units::{Ppm, UsdMicroSum, UsdPico};
use unit::Pnl;

pub use call::{distance_ppm_down, is_called, Priced, Slopes};
pub use initial::{check_initial, check_takeover, initial_margins, InitialMargins};
pub use maintenance::{excess, is_under_water_at_edges, margins, quote_sides};

/// What an account is worth and what it may not fall below, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// NAV.
    pub nav: UsdPico,
    /// `NAV - MMR`.
    pub maint_excess: UsdPico,
    /// `NAV - TMR`.
    pub target_excess: UsdPico,
    /// Value of the assets in G: those that are not quote, and quote and PnL net where it is an asset.
    pub assets: UsdMicroSum,
    /// Perp notional in G, quote atoms.
    pub notional_atoms: u128,
    /// Q: quote and PnL net, gains weighted, quote atoms.
    pub quote_net_atoms: i128,
    /// Some leg's value left the range of the numbers, or a sum of such values did.
    pub saturated: bool,
}

/// By how much an account exceeds its requirements, pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Excess {
    /// `NAV - MMR`.
    pub maint_excess: UsdPico,
    /// `NAV - TMR`.
    pub target_excess: UsdPico,
}

impl Excess {
    /// Below maintenance; equality is healthy.
    pub const fn is_under_water(&self) -> bool {
        self.maint_excess.is_negative()
    }
}

impl Margins {
    /// MMR, pico-dollars.
    pub const fn mmr(&self) -> UsdPico {
        // Of two sums below 2^91 and a charge of at most 2^126.
        self.nav.less(self.maint_excess)
    }

    /// TMR, pico-dollars.
    pub const fn tmr(&self) -> UsdPico {
        self.nav.less(self.target_excess)
    }

    /// Below maintenance; equality is healthy.
    pub const fn is_under_water(&self) -> bool {
        self.maint_excess.is_negative()
    }

    /// `h = NAV / MMR`, rounded down, within `0..=cap`; `cap` without a requirement.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "NAV and the requirement are positive here; the ratio is cut to a 32-bit cap"
    )]
    pub fn ratio_ppm_down(&self, cap: Ppm) -> Ppm {
        let (nav, mmr) = (self.nav.get(), self.mmr().get());
        if mmr <= 0 {
            return cap;
        }
        if nav <= 0 {
            return Ppm::ZERO;
        }
        // Sums of values below 2^64 stay below 2^91; a saturated requirement is larger and its ratio rounds to zero.
        let ratio = mul_u128_u32(nav as u128, PPM) / mmr as u128;
        Ppm::new(ratio.min(cap.get() as u128) as u32)
    }

    /// `h < ratio_ppm`, exactly.
    #[inline(never)]
    #[expect(clippy::cast_sign_loss, reason = "NAV is not negative and the requirement positive here")]
    pub fn is_ratio_below(&self, ratio_ppm: Ppm) -> bool {
        let (nav, mmr) = (self.nav.get(), self.mmr().get());
        if mmr <= 0 || nav < 0 {
            return nav < 0;
        }
        mul_u128_u32(nav as u128, PPM) < mul_u128_u32(mmr as u128, ratio_ppm.get())
    }

    /// G: asset value plus perp notional at the price of quote that the margins were taken at.
    #[inline(never)]
    pub fn gross(&self, quote: &TokenPrices, at: PriceKind) -> UsdMicroSum {
        let notional = Favourable::of(quote, at, false).low().value_wide_up(self.notional_atoms);
        self.assets.plus(UsdMicroSum::new(notional.get().min(1 << 90)))
    }

    /// `NAV < boundary * G`: too little is left to pay anyone for a cure.
    #[inline(never)]
    pub fn is_below_boundary(&self, gross: UsdMicroSum, boundary_ppm: Ppm) -> bool {
        self.nav.is_negative() || self.nav < gross.times(boundary_ppm)
    }
}

/// A value saturates at the largest number, which the sum of values then reaches; a PnL at the largest signed one.
#[inline(always)]
fn any_saturated(assets: &WideSum, liabilities: &WideSum, notionals: &WideSum, pnl: &Pnl) -> bool {
    let (gains, losses) = (&pnl.gains, &pnl.losses);
    // One look at all sums together: practically none is anywhere near.
    let values = assets.size_bits() | liabilities.size_bits() | notionals.size_bits();
    if (values | gains.size_bits() | losses.size_bits()) >> 30 == 0 {
        return false;
    }
    let values = assets.reaches_bit(64) | liabilities.reaches_bit(64) | notionals.reaches_bit(64);
    values | gains.reaches_bit(63) | losses.reaches_bit(63)
}

/// A leg's plain unit price and, where `edges` or where it is stale, what its favourable edge makes of it.
#[derive(Clone, Copy)]
struct Favourable<'a, Worth, Unit> {
    plain: UnitPrice<Worth, Unit>,
    prices: &'a LegPrices<Worth, Unit>,
    at_edge: bool,
}

impl<'a, Worth: Copy, Unit: Copy> Favourable<'a, Worth, Unit> {
    #[inline(always)]
    fn of(prices: &'a LegPrices<Worth, Unit>, at: PriceKind, edges: bool) -> Self {
        Self { plain: prices.plain(at), prices, at_edge: (edges || prices.stale) && prices.edge != 0 }
    }

    /// The unit price of an asset, a long or whatever else gains from a higher price.
    #[inline(always)]
    fn high(&self) -> UnitPrice<Worth, Unit> {
        if self.at_edge {
            self.plain.raised_down(self.prices.edge)
        } else {
            self.plain
        }
    }

    /// The unit price of a liability, a short or a charge.
    #[inline(always)]
    fn low(&self) -> UnitPrice<Worth, Unit> {
        if self.at_edge {
            self.plain.lowered_up(self.prices.edge)
        } else {
            self.plain
        }
    }
}

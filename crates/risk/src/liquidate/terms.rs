//! The chosen leg: how much of it, for how much, and what becomes of the table.

use core::cmp::Ordering;

use super::fill::Fill;
use super::{Assessment, Leg, Liability, Request};
use crate::auction::{pair_ceiling_ppm_down, perp_ceiling_ppm_down, Regime};
use crate::error::RiskError;
use crate::margin::{cmp_products, pair_rate_ppm, Margins};
use crate::num::{mul_div_down, mul_u32, PPM};
use crate::params::{MarketRates, TokenWeights};
use crate::portfolio::{At, Portfolio, TokenLeg};
use crate::price::UnitPrice;

const PPM_U128: u128 = PPM as u128;

/// Where a token leg lives in the table.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Quote,
    Token(usize),
}

/// The chosen leg as numbers.
pub(super) enum Kind {
    Pair { asset: Place, asset_weights: TokenWeights, asset_price: UnitPrice, debt: Debt },
    Perp { index: usize, long: bool, cut: bool, rates: MarketRates },
}

#[derive(Clone, Copy)]
pub(super) enum Debt {
    Token(Place),
    Pnl(usize),
}

/// The chosen leg as numbers, and how much of it can be closed.
pub(super) struct Terms {
    pub(super) kind: Kind,
    /// Debt atoms or base units that can be closed at most.
    available: u64,
    /// Collateral atoms that can be seized at most; of a perp no limit.
    collateral: u64,
    /// Weights of the liability; of the quote for a perp.
    weights: TokenWeights,
    /// Micro-dollars per debt atom, or quote atoms per base unit.
    price: UnitPrice,
    price_fast: UnitPrice,
    /// Of a perp, micro-dollars per quote atom at spot.
    quote_price: Option<UnitPrice>,
    /// m at p = 0.
    pub(super) marginal_ppm: u32,
}

fn token_at(portfolio: &Portfolio, place: Place) -> Option<&TokenLeg> {
    match place {
        Place::Quote => Some(&portfolio.quote),
        Place::Token(index) => portfolio.tokens.get(index),
    }
}

fn place_of(portfolio: &Portfolio, bank: u8) -> Option<Place> {
    if bank == portfolio.quote.bank {
        return Some(Place::Quote);
    }
    portfolio.tokens().iter().position(|leg| leg.bank == bank).map(Place::Token)
}

impl Terms {
    pub(super) fn of(portfolio: &Portfolio, assessment: &Assessment, leg: &Leg) -> Result<Self, RiskError> {
        match *leg {
            Leg::Pair { asset, liability } => Self::of_pair(portfolio, assessment, asset, liability),
            Leg::Perp { market } => Self::of_perp(portfolio, market),
        }
    }

    #[expect(clippy::arithmetic_side_effects, clippy::cast_sign_loss, reason = "cut at zero; a part of what is owed")]
    fn of_pair(
        portfolio: &Portfolio,
        assessment: &Assessment,
        asset: u8,
        liability: Liability,
    ) -> Result<Self, RiskError> {
        let quote = &portfolio.quote;
        let liability_bank = match liability {
            Liability::Borrow(bank) => bank,
            Liability::NegativePnl(_) => quote.bank,
        };
        if asset == liability_bank {
            return Err(RiskError::AssetIsLiability);
        }
        let asset_place = place_of(portfolio, asset).ok_or(RiskError::LegEmpty)?;
        let asset_leg = token_at(portfolio, asset_place).ok_or(RiskError::LegEmpty)?;
        let collateral = match asset_place {
            Place::Quote => assessment.quote_seizable_atoms,
            Place::Token(_) => asset_leg.amount_atoms.max(0) as u64,
        };
        let quote_borrow = quote.amount_atoms.min(0).unsigned_abs().min(assessment.quote_owed_atoms);
        let (debt, available, liability_leg) = match liability {
            Liability::Borrow(bank) => {
                let place = place_of(portfolio, bank).ok_or(RiskError::LegEmpty)?;
                let leg = token_at(portfolio, place).ok_or(RiskError::LegEmpty)?;
                let owed = match place {
                    Place::Quote => quote_borrow,
                    Place::Token(_) => leg.amount_atoms.min(0).unsigned_abs(),
                };
                (Debt::Token(place), owed, leg)
            }
            Liability::NegativePnl(market) => {
                let index = portfolio.perps().iter().position(|leg| leg.market == market).ok_or(RiskError::LegEmpty)?;
                let leg = portfolio.perps().get(index).ok_or(RiskError::LegEmpty)?;
                if leg.prices.stale {
                    return Err(RiskError::LegPriceInvalid);
                }
                let lost = leg.pnl_at(leg.prices.spot).min(0).unsigned_abs();
                (Debt::Pnl(index), lost.min(assessment.quote_owed_atoms - quote_borrow), quote)
            }
        };
        if collateral == 0 || available == 0 {
            return Err(RiskError::LegEmpty);
        }
        if asset_leg.prices.stale || liability_leg.prices.stale {
            return Err(RiskError::LegPriceInvalid);
        }
        Ok(Self {
            kind: Kind::Pair {
                asset: asset_place,
                asset_weights: asset_leg.weights,
                asset_price: asset_leg.prices.spot,
                debt,
            },
            available,
            collateral,
            weights: liability_leg.weights,
            price: liability_leg.prices.spot,
            price_fast: liability_leg.prices.fast,
            quote_price: None,
            marginal_ppm: pair_rate_ppm(&asset_leg.weights, &liability_leg.weights),
        })
    }

    fn of_perp(portfolio: &Portfolio, market: u8) -> Result<Self, RiskError> {
        let index = portfolio.perps().iter().position(|leg| leg.market == market).ok_or(RiskError::LegEmpty)?;
        let leg = portfolio.perps().get(index).ok_or(RiskError::LegEmpty)?;
        if leg.units == 0 {
            return Err(RiskError::LegEmpty);
        }
        if leg.prices.stale || portfolio.quote.prices.stale {
            return Err(RiskError::LegPriceInvalid);
        }
        Ok(Self {
            kind: Kind::Perp { index, long: leg.units > 0, cut: leg.deficit_share_ppm != 0, rates: leg.rates },
            available: leg.units.unsigned_abs(),
            collateral: u64::MAX,
            weights: portfolio.quote.weights,
            price: leg.prices.spot,
            price_fast: leg.prices.fast,
            quote_price: Some(portfolio.quote.prices.spot),
            marginal_ppm: leg.rates.maint_ppm,
        })
    }

    pub(super) fn ceiling_ppm(&self, portfolio: &Portfolio, health_ppm: u32) -> u32 {
        match &self.kind {
            Kind::Pair { asset_weights, .. } => {
                pair_ceiling_ppm_down(health_ppm, asset_weights, &self.weights, &portfolio.params)
            }
            Kind::Perp { rates, .. } => perp_ceiling_ppm_down(health_ppm, rates, &self.weights, &portfolio.params),
        }
    }

    /// `m_T - p` in parts per million squared: `w_l,T - w_a,T (1 + p)`, or `rate_T - w_l,T p`. Not positive where the
    /// penalty eats what closing releases.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        reason = "weights are at most 4e6, rates 1e6 and penalties 2e5 ppm: products stay below 2^43"
    )]
    fn net_release(&self, penalty_ppm: u32) -> i64 {
        let (gross, cost) = match &self.kind {
            Kind::Pair { asset_weights, .. } => (
                self.weights.liability_target_ppm as u64 * PPM as u64,
                asset_weights.asset_target_ppm as u64 * (PPM as u64 + penalty_ppm as u64),
            ),
            Kind::Perp { rates, .. } => {
                (rates.target_ppm as u64 * PPM as u64, self.weights.liability_target_ppm as u64 * penalty_ppm as u64)
            }
        };
        gross as i64 - cost as i64
    }

    /// `x*` for a negative excess over target, pico-dollars, in atoms or units at the price of `at`, up (CURE-1).
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_sign_loss,
        reason = "an excess is above -2^127; the shortfall is within 0 and 2^100 and the release positive, so the product stays below 2^120"
    )]
    fn shortfall_size_up(&self, portfolio: &Portfolio, excess: i128, at: At, release: i64) -> u64 {
        if release <= 0 {
            return u64::MAX;
        }
        // Saturated margins are bounded so that the product stays in range.
        let shortfall = (-excess).clamp(0, 1 << 100) as u128;
        let dollars = (shortfall * PPM_U128).div_ceil(release as u128);
        let price = match at {
            At::Spot => self.price,
            At::Fast => self.price_fast,
        };
        match self.kind {
            Kind::Pair { .. } => price.amount_of_wide_up(dollars),
            Kind::Perp { .. } => {
                let quote_atoms = portfolio.quote.prices.plain(at).amount_of_wide_up(dollars);
                price.amount_of_wide_up(quote_atoms as u128)
            }
        }
    }

    /// `min(x*_spot, x*_EMA)` in atoms, both with the same `m_T - p`; spot alone once the bypass holds (CURE-1).
    pub(super) fn target_size_up(&self, portfolio: &Portfolio, assessment: &Assessment, penalty_ppm: u32) -> u64 {
        let release = self.net_release(penalty_ppm);
        let at_spot = self.shortfall_size_up(portfolio, assessment.spot.target, At::Spot, release);
        if assessment.clocks.bypass {
            return at_spot;
        }
        at_spot.min(self.shortfall_size_up(portfolio, assessment.fast.target, At::Fast, release))
    }

    /// `x*_EMA`, which bounds a fill where only spot says wind-down (WINDDOWN-1).
    pub(super) fn fast_target_size_up(&self, portfolio: &Portfolio, assessment: &Assessment, penalty_ppm: u32) -> u64 {
        let release = self.net_release(penalty_ppm);
        self.shortfall_size_up(portfolio, assessment.fast.target, At::Fast, release)
    }

    /// The most debt that the collateral can pay for: `collateral / (1 + p)`, debt atoms, rounded down.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "a penalty is at most 2e5 ppm; a 64-bit value times a million, divided by a million or more, has 64 bits"
    )]
    fn clamp_down(&self, penalty_ppm: u32) -> u64 {
        let Kind::Pair { asset_price, .. } = &self.kind else { return self.available };
        let value = asset_price.value_down(self.collateral);
        // A 64-bit value times a million and divided by more stays within 64 bits.
        let debt_value = (mul_u32(value, PPM) / (PPM + penalty_ppm) as u128) as u64;
        self.price.amount_down(debt_value).min(self.available)
    }

    /// Value of debt atoms or base units at spot.
    fn worth_usd_micro_down(&self, size: u64) -> u64 {
        let value = self.price.value_down(size);
        self.quote_price.map_or(value, |quote| quote.value_down(value))
    }

    /// What a leftover of `size` debt atoms or base units, or of collateral after seizing for it, is worth.
    fn leftovers_usd_micro(&self, size: u64, penalty_ppm: u32) -> (u64, u64) {
        let left = self.worth_usd_micro_down(self.available.saturating_sub(size));
        let Kind::Pair { asset_price, .. } = &self.kind else { return (left, u64::MAX) };
        let seized = self.seizure_down(size, penalty_ppm, *asset_price);
        (left, asset_price.value_down(self.collateral.saturating_sub(seized)))
    }

    /// Collateral for `size` debt atoms: `x (1 + p)`, atoms, rounded down.
    #[expect(clippy::arithmetic_side_effects, reason = "a penalty is at most 2e5 ppm; the divisor is a million")]
    fn seizure_down(&self, size: u64, penalty_ppm: u32, asset_price: UnitPrice) -> u64 {
        let value = mul_u32(self.price.value_down(size), PPM + penalty_ppm) / PPM_U128;
        asset_price.amount_of_wide_down(value)
    }

    /// Clamps, then dust (debt left below dust: all of it; else collateral left below dust: all of it; never past the
    /// clamp), then the caller's bounds (CURE-2).
    pub(super) fn final_size(
        &self,
        sized: u64,
        penalty_ppm: u32,
        dust: u64,
        request: &Request,
    ) -> Result<u64, RiskError> {
        let clamp = self.clamp_down(penalty_ppm);
        let mut size = sized.min(clamp);
        let (debt_left, collateral_left) = self.leftovers_usd_micro(size, penalty_ppm);
        if debt_left < dust || collateral_left < dust {
            size = clamp;
        }
        if let Some(most) = request.max_size.filter(|most| *most < size) {
            size = most;
            let (debt_left, collateral_left) = self.leftovers_usd_micro(size, penalty_ppm);
            if debt_left < dust || collateral_left < dust {
                return Err(RiskError::LeavesDust);
            }
        }
        if size == 0 || size < request.min_size {
            return Err(RiskError::FillTooSmall);
        }
        Ok(size)
    }

    /// The amounts of a fill, each rounded down: the liquidatee loses nothing by the rounding (CURE-2, CURE-6).
    #[expect(clippy::arithmetic_side_effects, reason = "a share is at most 9e5 ppm; products of two 32-bit numbers")]
    pub(super) fn fill_down(
        &self,
        portfolio: &Portfolio,
        size: u64,
        penalty_ppm: u32,
        regime: Regime,
    ) -> Result<Fill, RiskError> {
        let share = if regime == Regime::Cure { portfolio.params.auction.insurance_share_ppm } else { 0 };
        let fee_parts = penalty_ppm as u64 * share as u64;
        const WHOLE: u64 = PPM as u64 * PPM as u64;
        match &self.kind {
            Kind::Pair { asset_price, .. } => {
                let fee = mul_div_down(size, fee_parts, WHOLE).ok_or(RiskError::NumberOutOfRange)?;
                let clamped = size < self.available && size == self.clamp_down(penalty_ppm);
                let seized = if clamped {
                    // The debt was cut to what all of the collateral pays for; nothing of it may stay behind as dust.
                    self.collateral
                } else {
                    self.seizure_down(size, penalty_ppm, *asset_price).min(self.collateral)
                };
                if seized == 0 {
                    return Err(RiskError::FillTooSmall);
                }
                let paid_atoms = size.checked_add(fee).ok_or(RiskError::NumberOutOfRange)?;
                let notional_usd_micro = self.price.value_down(size);
                Ok(Fill { size, paid_atoms, fee_atoms: fee, received_atoms: seized, notional_usd_micro })
            }
            Kind::Perp { long, .. } => {
                let worth = if *long { self.price.value_down(size) } else { self.price.value_up(size) };
                if worth >= i64::MAX as u64 {
                    return Err(RiskError::NumberOutOfRange);
                }
                let fee = mul_div_down(worth, fee_parts, WHOLE).ok_or(RiskError::NumberOutOfRange)?;
                let kept = penalty_ppm as u64 * (PPM - share) as u64;
                let received = mul_div_down(worth, kept, WHOLE).ok_or(RiskError::NumberOutOfRange)?;
                let notional_usd_micro = portfolio.quote.prices.spot.value_down(worth);
                Ok(Fill { size, paid_atoms: worth, fee_atoms: fee, received_atoms: received, notional_usd_micro })
            }
        }
    }

    /// Books the fill in the table.
    #[expect(clippy::arithmetic_side_effects, reason = "one or minus one times a number that is not negative fits")]
    pub(super) fn apply(&self, portfolio: &mut Portfolio, fill: &Fill) -> Result<(), RiskError> {
        let range = RiskError::NumberOutOfRange;
        let add = |amount: i64, delta: u64, sign: i64| -> Result<i64, RiskError> {
            let delta = i64::try_from(delta).map_err(|_| range)?;
            amount.checked_add(sign * delta).ok_or(range)
        };
        match &self.kind {
            Kind::Pair { asset, debt, .. } => {
                let slot = match *asset {
                    Place::Quote => &mut portfolio.quote,
                    Place::Token(index) => portfolio.tokens.get_mut(index).ok_or(range)?,
                };
                slot.amount_atoms = add(slot.amount_atoms, fill.received_atoms, -1)?;
                let balance = match *debt {
                    Debt::Token(Place::Quote) => &mut portfolio.quote.amount_atoms,
                    Debt::Token(Place::Token(index)) => &mut portfolio.tokens.get_mut(index).ok_or(range)?.amount_atoms,
                    Debt::Pnl(index) => &mut portfolio.perps.get_mut(index).ok_or(range)?.cash_atoms,
                };
                *balance = add(*balance, fill.size, 1)?;
            }
            Kind::Perp { index, long, .. } => {
                let sign = if *long { 1 } else { -1 };
                let leg = portfolio.perps.get_mut(*index).ok_or(range)?;
                leg.units = add(leg.units, fill.size, -sign)?;
                leg.cash_atoms = add(leg.cash_atoms, fill.paid_atoms, sign)?;
                leg.cash_atoms = add(leg.cash_atoms, fill.received_atoms, -1)?;
                leg.cash_atoms = add(leg.cash_atoms, fill.fee_atoms, -1)?;
            }
        }
        Ok(())
    }

    /// What rounding may cost the liquidatee at most, micro-dollars: an atom of either leg and the values' own.
    pub(super) fn rounding_usd_micro(&self) -> u64 {
        let asset = match &self.kind {
            Kind::Pair { asset_price, .. } => asset_price.value_up(1),
            // A gain that a deficit cuts is rounded once more.
            Kind::Perp { cut: true, .. } => self.quote_price.map_or(0, |quote| quote.value_up(1)),
            Kind::Perp { .. } => 0,
        };
        let one = self.price.value_up(1);
        let one = self.quote_price.map_or(one, |quote| quote.value_up(one));
        one.saturating_add(asset).saturating_add(8)
    }

    /// Whether the ratio still rises when the ledger moves whole shares, rounded against the liquidatee: each leg then
    /// ends up to a share, counted as four atoms, beside the plan. Fills cut finer than that could wear an account down.
    /// Base units and their cash move exactly (CURE-5).
    #[expect(clippy::arithmetic_side_effects, reason = "a requirement is below 2^127 - 2^98, all else below 2^99")]
    pub(super) fn outweighs_shares(&self, before: &Margins, after: &Margins) -> bool {
        if after.mmr() == 0 || matches!(self.kind, Kind::Perp { .. }) {
            return true;
        }
        let lost = self.rounding_usd_micro() as i128 * 4 * PPM as i128;
        let charge = lost / PPM as i128 * self.weights.liability_maint_ppm.saturating_sub(PPM) as i128;
        cmp_products(after.nav - lost, before.mmr(), before.nav, after.mmr() + charge) == Ordering::Greater
    }
}

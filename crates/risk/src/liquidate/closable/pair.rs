//! Debt repaid with collateral: a borrow, or negative PnL of a market, which is a debt in quote.

use core::cmp::Ordering;

use super::{moved, Candidate, Closable, Fill, Leftovers, LegName, Liability, Limit, Sorter};
use crate::auction::pair_ceiling_ppm_down;
use crate::error::{RiskError, RiskResult};
use crate::liquidate::Assessment;
use crate::margin::Margins;
use crate::num::{mul_div_down, mul_u32, mul_wide, PPM};
use crate::params::{pair_rate_ppm, GlobalParams, TokenWeights};
use crate::portfolio::{Portfolio, PriceKind, TokenLeg};
use crate::price::TokenPrice;
use crate::units::{cmp_ratios, Atoms, Ppm, UsdMicro, UsdMicroSum, UsdPico};

/// Where a token leg lives in the table.
#[derive(Clone, Copy)]
enum Place {
    Quote,
    Token(usize),
}

impl Place {
    fn of(portfolio: &Portfolio, bank: u8) -> Option<Self> {
        if bank == portfolio.quote.bank {
            return Some(Self::Quote);
        }
        portfolio.tokens().iter().position(|leg| leg.bank == bank).map(Self::Token)
    }

    fn leg(self, portfolio: &Portfolio) -> Option<&TokenLeg> {
        match self {
            Self::Quote => Some(&portfolio.quote),
            Self::Token(index) => portfolio.tokens.get(index),
        }
    }

    fn leg_mut(self, portfolio: &mut Portfolio) -> Option<&mut TokenLeg> {
        match self {
            Self::Quote => Some(&mut portfolio.quote),
            Self::Token(index) => portfolio.tokens.get_mut(index),
        }
    }
}

#[derive(Clone, Copy)]
enum Debt {
    Token(Place),
    Pnl(usize),
}

/// Collateral and debt, and how much of each there is.
pub(in crate::liquidate) struct Pair {
    asset: Place,
    asset_weights: TokenWeights,
    asset_price: TokenPrice,
    /// What can be seized at most.
    collateral_atoms: Atoms,
    debt: Debt,
    debt_weights: TokenWeights,
    debt_price: TokenPrice,
    debt_price_fast: TokenPrice,
    /// What can be repaid at most.
    debt_atoms: Atoms,
}

impl Pair {
    /// Finds collateral and debt.
    ///
    /// # Errors
    /// `AssetIsLiability`, `LegEmpty`, `LegPriceInvalid` where a price is stale.
    pub(in crate::liquidate) fn of(
        portfolio: &Portfolio,
        assessment: &Assessment,
        asset: u8,
        liability: Liability,
    ) -> RiskResult<Self> {
        let liability_bank = liability.bank(portfolio.quote.bank);
        if asset == liability_bank {
            return Err(RiskError::AssetIsLiability);
        }
        let asset_place = Place::of(portfolio, asset).ok_or(RiskError::LegEmpty)?;
        let asset_leg = asset_place.leg(portfolio).ok_or(RiskError::LegEmpty)?;
        let collateral_atoms = match asset_place {
            Place::Quote => assessment.quote_seizable_atoms,
            Place::Token(_) => asset_leg.deposit_atoms(),
        };
        let (debt, debt_atoms, debt_leg) = owed(portfolio, assessment, liability)?;
        if collateral_atoms.is_zero() || debt_atoms.is_zero() {
            return Err(RiskError::LegEmpty);
        }
        if asset_leg.prices.stale || debt_leg.prices.stale {
            return Err(RiskError::LegPriceInvalid);
        }
        Ok(Self {
            asset: asset_place,
            asset_weights: asset_leg.weights,
            asset_price: asset_leg.prices.spot,
            collateral_atoms,
            debt,
            debt_weights: debt_leg.weights,
            debt_price: debt_leg.prices.spot,
            debt_price_fast: debt_leg.prices.fast,
            debt_atoms,
        })
    }

    /// Collateral for `size` of the debt: `x (1 + p)`, rounded down.
    #[expect(clippy::arithmetic_side_effects, reason = "a penalty is at most 2e5 ppm; the divisor is a million")]
    fn seizure_down(&self, size: Atoms, penalty_ppm: Ppm) -> Atoms {
        let with_penalty = mul_u32(self.debt_price.value_down(size).get(), penalty_ppm.and_whole().get());
        self.asset_price.amount_of_wide_down(UsdMicroSum::new(with_penalty / PPM as u128))
    }
}

/// A liability, how much of it can be repaid, and the leg whose weights and price are its own.
#[inline(always)]
fn owed<'a>(
    portfolio: &'a Portfolio,
    assessment: &Assessment,
    liability: Liability,
) -> RiskResult<(Debt, Atoms, &'a TokenLeg)> {
    let quote = &portfolio.quote;
    let quote_borrow = quote.borrow_atoms().min(assessment.quote_owed_atoms);
    match liability {
        Liability::Borrow(bank) => {
            let place = Place::of(portfolio, bank).ok_or(RiskError::LegEmpty)?;
            let leg = place.leg(portfolio).ok_or(RiskError::LegEmpty)?;
            let atoms = match place {
                Place::Quote => quote_borrow,
                Place::Token(_) => leg.borrow_atoms(),
            };
            Ok((Debt::Token(place), atoms, leg))
        }
        Liability::NegativePnl(market) => {
            let index = portfolio.perp_index(market).ok_or(RiskError::LegEmpty)?;
            let leg = portfolio.perps().get(index).ok_or(RiskError::LegEmpty)?;
            if leg.prices.stale {
                return Err(RiskError::LegPriceInvalid);
            }
            let lost = leg.pnl_at(leg.prices.spot).loss();
            Ok((Debt::Pnl(index), lost.min(assessment.quote_owed_atoms.saturating_sub(quote_borrow)), quote))
        }
    }
}

impl Closable for Pair {
    type Size = Atoms;

    const REDUCES_LIABILITY: bool = true;

    #[inline(always)]
    fn marginal_ppm(&self) -> Ppm {
        pair_rate_ppm(&self.asset_weights, &self.debt_weights)
    }

    #[inline(always)]
    fn ceiling_ppm_down(&self, health_ppm: Ppm, params: &GlobalParams) -> Ppm {
        pair_ceiling_ppm_down(health_ppm, &self.asset_weights, &self.debt_weights, params)
    }

    /// `w_l,T - w_a,T (1 + p)`.
    #[inline(always)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        reason = "weights are at most 4e6 and penalties 2e5 ppm: products stay below 2^43"
    )]
    fn net_release(&self, penalty_ppm: Ppm) -> i64 {
        let gross = self.debt_weights.liability_target_ppm.times(Ppm::WHOLE);
        let cost = self.asset_weights.asset_target_ppm.times(penalty_ppm.and_whole());
        gross as i64 - cost as i64
    }

    #[inline(always)]
    fn size_of_up(&self, value: UsdMicroSum, at: PriceKind) -> Atoms {
        let price = match at {
            PriceKind::Spot => self.debt_price,
            PriceKind::Fast => self.debt_price_fast,
        };
        price.amount_of_wide_up(value)
    }

    /// `collateral / (1 + p)`, at most the debt.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "a penalty is at most 2e5 ppm; a 64-bit value times a million, divided by a million or more, has 64 bits"
    )]
    fn most_down(&self, penalty_ppm: Ppm) -> Atoms {
        let value = self.asset_price.value_down(self.collateral_atoms).get();
        let debt_value = (mul_u32(value, PPM) / penalty_ppm.and_whole().get() as u128) as u64;
        self.debt_price.amount_down(UsdMicro::new(debt_value)).min(self.debt_atoms)
    }

    fn leftovers(&self, size: Atoms, penalty_ppm: Ppm) -> Leftovers {
        let seized = self.seizure_down(size, penalty_ppm);
        Leftovers {
            of_leg: self.debt_price.value_down(self.debt_atoms.saturating_sub(size)),
            of_collateral: self.asset_price.value_down(self.collateral_atoms.saturating_sub(seized)),
        }
    }

    #[inline(always)]
    fn fill_down(&self, size: Atoms, penalty_ppm: Ppm, insurance_share_ppm: Ppm) -> RiskResult<Fill<Atoms>> {
        const WHOLE: u64 = Ppm::WHOLE.times(Ppm::WHOLE);
        let fee_parts = penalty_ppm.times(insurance_share_ppm);
        let fee = mul_div_down(size.get(), fee_parts, WHOLE).ok_or(RiskError::NumberOutOfRange)?;
        let fee_atoms = Atoms::new(fee);
        let clamped = size < self.debt_atoms && size == self.most_down(penalty_ppm);
        let received_atoms = if clamped {
            // The debt was cut to what all of the collateral pays for; nothing of it may stay behind as dust.
            self.collateral_atoms
        } else {
            self.seizure_down(size, penalty_ppm).min(self.collateral_atoms)
        };
        if received_atoms.is_zero() {
            return Err(RiskError::FillTooSmall);
        }
        Ok(Fill {
            size,
            paid_atoms: size.try_add(fee_atoms)?,
            fee_atoms,
            received_atoms,
            notional: self.debt_price.value_down(size),
        })
    }

    /// At least so many collateral atoms for every so many paid.
    #[inline(always)]
    fn meets(&self, limit: Limit, fill: &Fill<Atoms>) -> bool {
        mul_wide(fill.received_atoms.get(), limit.denominator) >= mul_wide(fill.paid_atoms.get(), limit.numerator)
    }

    #[inline(always)]
    fn book(&self, portfolio: &mut Portfolio, fill: &Fill<Atoms>) -> RiskResult<()> {
        let range = RiskError::NumberOutOfRange;
        let asset = self.asset.leg_mut(portfolio).ok_or(range)?;
        asset.amount_atoms = moved(asset.amount_atoms, fill.received_atoms, -1)?;
        let balance = match self.debt {
            Debt::Token(place) => &mut place.leg_mut(portfolio).ok_or(range)?.amount_atoms,
            Debt::Pnl(index) => &mut portfolio.perps.get_mut(index).ok_or(range)?.cash_atoms,
        };
        *balance = moved(*balance, fill.size, 1)?;
        Ok(())
    }

    #[inline(always)]
    fn rounding(&self) -> UsdMicro {
        self.debt_price.value_up(Atoms::ONE).plus(self.asset_price.value_up(Atoms::ONE)).plus(UsdMicro::new(8))
    }

    /// Each leg ends up to a share, counted as four atoms, beside the plan. Fills cut finer than that could wear an
    /// account down.
    fn outweighs_shares(&self, before: &Margins, after: &Margins) -> bool {
        if after.mmr() == UsdPico::ZERO {
            return true;
        }
        let lost = UsdMicro::new(self.rounding().get().saturating_mul(4));
        let charge = lost.times(self.debt_weights.liability_maint_ppm.beyond_whole());
        let worst = (after.nav.less(lost.pico()), after.mmr().plus(charge));
        cmp_ratios(worst, (before.nav, before.mmr())) == Ordering::Greater
    }
}

/// An asset that counts less than this at maintenance does not set the best leg (ADR 23) (LEG-2).
const BEST_ASSET_MIN: Ppm = Ppm::new(PPM / 2);
/// A liability that counts more than this does not either.
const BEST_LIABILITY_MAX: Ppm = Ppm::new(2 * PPM);

/// The best pair of a class: the largest w_l with the smallest w_a.
#[derive(Clone, Copy, Default)]
pub(in crate::liquidate) struct Best<'a> {
    asset: Option<(u8, &'a TokenWeights)>,
    liability: Option<(u8, &'a TokenWeights)>,
}

impl Best<'_> {
    pub(in crate::liquidate) fn leg(&self) -> Option<(Ppm, LegName)> {
        let ((asset, asset_weights), (liability, debt_weights)) = self.asset.zip(self.liability)?;
        Some((pair_rate_ppm(asset_weights, debt_weights), LegName::Pair { asset, liability }))
    }

    pub(in crate::liquidate) fn paying(&self) -> Option<Paying> {
        let ((_, asset), (_, liability)) = self.asset.zip(self.liability)?;
        Some(Paying { asset: *asset, liability: *liability })
    }
}

/// Weights of the pair that pays most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::liquidate) struct Paying {
    asset: TokenWeights,
    liability: TokenWeights,
}

impl Paying {
    pub(in crate::liquidate) fn ceiling_ppm_down(&self, health_ppm: Ppm, params: &GlobalParams) -> Ppm {
        pair_ceiling_ppm_down(health_ppm, &self.asset, &self.liability, params)
    }
}

#[derive(Clone, Copy)]
pub(in crate::liquidate) struct AssetLeg<'a>(u8, &'a TokenWeights);

impl<'a> Candidate for AssetLeg<'a> {
    type Best = Best<'a>;

    #[inline(always)]
    fn may_be_best(self) -> bool {
        self.1.asset_maint_ppm >= BEST_ASSET_MIN
    }

    #[inline(always)]
    fn is_better(self, best: &Best<'a>) -> bool {
        best.asset.is_none_or(|(_, held)| self.1.asset_maint_ppm < held.asset_maint_ppm)
    }

    #[inline(always)]
    fn enter(self, best: &mut Best<'a>) {
        best.asset = Some((self.0, self.1));
    }
}

#[derive(Clone, Copy)]
pub(in crate::liquidate) struct LiabilityLeg<'a>(u8, &'a TokenWeights);

impl<'a> Candidate for LiabilityLeg<'a> {
    type Best = Best<'a>;

    #[inline(always)]
    fn may_be_best(self) -> bool {
        self.1.liability_maint_ppm <= BEST_LIABILITY_MAX
    }

    #[inline(always)]
    fn is_better(self, best: &Best<'a>) -> bool {
        best.liability.is_none_or(|(_, held)| self.1.liability_maint_ppm > held.liability_maint_ppm)
    }

    #[inline(always)]
    fn enter(self, best: &mut Best<'a>) {
        best.liability = Some((self.0, self.1));
    }
}

/// Sorts every asset and every liability with a valid price into the classes of the best-leg rule.
///
/// `seizable_atoms` and `owed_atoms` are of quote, see [`crate::margin::quote_sides`].
#[inline(always)]
pub(in crate::liquidate) fn sort<'a>(
    portfolio: &'a Portfolio,
    (seizable_atoms, owed_atoms): (Atoms, Atoms),
    classes: &mut (impl Sorter<AssetLeg<'a>> + Sorter<LiabilityLeg<'a>>),
) {
    for leg in portfolio.tokens().iter().filter(|leg| !leg.amount_atoms.is_zero() && !leg.prices.stale) {
        let value = || leg.prices.spot.value_down(leg.amount_atoms.unsigned_abs());
        if leg.amount_atoms.is_positive() {
            classes.sort(AssetLeg(leg.bank, &leg.weights), value);
        } else {
            classes.sort(LiabilityLeg(leg.bank, &leg.weights), value);
        }
    }
    let quote = &portfolio.quote;
    if quote.prices.stale {
        return;
    }
    if !seizable_atoms.is_zero() {
        classes.sort(AssetLeg(quote.bank, &quote.weights), || quote.prices.spot.value_down(seizable_atoms));
    }
    let largest = largest_quote_liability(portfolio, owed_atoms);
    if !largest.is_zero() {
        classes.sort(LiabilityLeg(quote.bank, &quote.weights), || quote.prices.spot.value_down(largest));
    }
}

/// The largest single liability in quote that a liquidator can repay: the borrow, or one market's negative PnL
/// at a valid price. What a stale market has lost is owed too, but is no leg.
pub(crate) fn largest_quote_liability(portfolio: &Portfolio, owed_atoms: Atoms) -> Atoms {
    let borrow = portfolio.quote.borrow_atoms().min(owed_atoms);
    let owed_pnl = owed_atoms.saturating_sub(borrow);
    if owed_pnl.is_zero() {
        return borrow;
    }
    let fresh = portfolio.perps().iter().filter(|leg| !leg.prices.stale);
    let lost = fresh.map(|leg| leg.pnl_at(leg.prices.spot).loss()).max().unwrap_or_default();
    borrow.max(lost.min(owed_pnl))
}

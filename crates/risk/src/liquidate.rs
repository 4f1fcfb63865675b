//! The plan of one liquidation: who is eligible, in which regime, how much, at what penalty, and what is left
//! (DESIGN 1 and 2). Pure and total; the keeper calls the same function as the program.

use core::cmp::Ordering;

use crate::auction::{
    best_leg, cure_penalty_ppm_down, pair_ceiling_ppm_down, perp_ceiling_ppm_down, wind_down_penalty_ppm_down, BestLeg,
    Clocks, LegName, Regime, Seen, Sight,
};
use crate::error::RiskError;
use crate::margin::{cmp_products, margins, pair_rate_ppm, quote_sides, Margins};
use crate::num::{mul_div_down, mul_u32, mul_wide, PPM};
use crate::params::{MarketRates, TokenWeights};
use crate::portfolio::{At, Portfolio, TokenLeg};
use crate::price::UnitPrice;

const PPM_U128: u128 = PPM as u128;

/// What an account's margins say about liquidating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// At spot, plain prices.
    pub spot: Margins,
    /// At the fast average, plain prices.
    pub fast: Margins,
    /// h at spot, rounded down, at most one.
    pub health_ppm: u32,
    /// What may be seized of quote, atoms.
    pub quote_seizable_atoms: u64,
    /// What is owed in quote, atoms: the borrow, then negative PnL.
    pub quote_owed_atoms: u64,
    /// The best leg; none while not under water.
    pub best: Option<BestLeg>,
    /// The regime, and whether spot alone says wind-down; none while not under water.
    pub regime: Option<(Regime, bool)>,
    /// The clocks after this observation.
    pub clocks: Clocks,
}

/// Values the account at both prices, decides eligibility and regime, and moves the clocks to `now`.
///
/// Under water means: with every leg at its favourable edge, at spot and at the fast average, or at spot alone once
/// the bypass holds (DESIGN 3). Everything else is taken at plain prices.
pub fn assess(portfolio: &Portfolio, clocks: &Clocks, now: i64) -> Assessment {
    let params = &portfolio.params;
    let spot = margins(portfolio, At::Spot, false);
    let fast = margins(portfolio, At::Fast, false);
    let mut clocks = *clocks;
    let mut sight = Sight {
        seen: Seen::Healthy,
        at_target: spot.target >= 0 && fast.target >= 0,
        healthy_at_spot: !spot.is_under_water(),
        below_bypass: spot.is_ratio_below(params.bypass_ratio_ppm),
        newest_published_at: newest_published_at(portfolio),
    };
    clocks.note_bypass(&sight, params);
    // Favourable edges only raise margins, so an account healthy at plain prices needs no second look.
    let under_water = spot.is_under_water()
        && (clocks.bypass || fast.is_under_water())
        && margins(portfolio, At::Spot, true).is_under_water()
        && (clocks.bypass || margins(portfolio, At::Fast, true).is_under_water());
    let health_ppm = spot.ratio_ppm_down(PPM);
    let (quote_seizable_atoms, quote_owed_atoms) = quote_sides(portfolio);
    let (mut best, mut regime) = (None, None);
    if under_water {
        let boundary = params.wind_down_boundary_ppm_up();
        let sides = (quote_seizable_atoms, quote_owed_atoms);
        let found = best_leg(portfolio, &spot, health_ppm, sides);
        // Both clauses are asked at both prices: a wick that lasts one update opens no wind-down of everything.
        let at_spot = spot.is_below_boundary(boundary) || !found.cure_pays;
        let at_fast = || fast.is_below_boundary(boundary) || !found.pays_at(portfolio, fast.ratio_ppm_down(PPM));
        let whole = at_spot && (clocks.bypass || at_fast());
        let decided = if at_spot { Regime::WindDown } else { Regime::Cure };
        sight.seen = if decided == Regime::WindDown { Seen::WindDown } else { Seen::UnderWater };
        best = Some(found);
        regime = Some((decided, at_spot && !whole));
    }
    clocks.observe(&sight, now, params);
    Assessment { spot, fast, health_ppm, quote_seizable_atoms, quote_owed_atoms, best, regime, clocks }
}

/// The newest publish time among fresh legs that hold something; zero for none.
fn newest_published_at(portfolio: &Portfolio) -> i64 {
    let quote_counts = portfolio.quote.amount_atoms != 0 || portfolio.perp_count != 0;
    let mut newest =
        if quote_counts && !portfolio.quote.prices.stale { portfolio.quote.prices.published_at } else { 0 };
    for prices in portfolio.tokens().iter().map(|l| &l.prices).chain(portfolio.perps().iter().map(|l| &l.prices)) {
        if !prices.stale && prices.published_at > newest {
            newest = prices.published_at;
        }
    }
    newest
}

/// What is repaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liability {
    /// A borrow of this bank.
    Borrow(u8),
    /// Negative PnL of this market: the liquidator pays quote into its pool.
    NegativePnl(u8),
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

/// What a liquidator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The leg.
    pub leg: Leg,
    /// Most debt atoms (base units) it takes; none for as much as allowed.
    pub max_size: Option<u64>,
    /// Fewest debt atoms (base units) it takes.
    pub min_size: u64,
    /// Limit price as a fraction; a zero denominator asks for none. For a pair: at least `numerator` collateral atoms
    /// for every `denominator` atoms paid. For a long taken over: at most `numerator` quote atoms for every
    /// `denominator` base units; for a short at least so many.
    pub limit_numerator: u64,
    /// See `limit_numerator`.
    pub limit_denominator: u64,
}

/// One fill, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The regime it ran in.
    pub regime: Regime,
    /// Penalty, ppm of the notional closed.
    pub penalty_ppm: u32,
    /// Pair: debt atoms repaid. Perp: base units moved.
    pub size: u64,
    /// Pair: atoms the liquidator pays, fee included. Perp: quote atoms the units are worth at spot.
    pub paid_atoms: u64,
    /// Insurance share of the penalty: atoms of the debt's mint, or quote atoms of the market's own claim.
    pub fee_atoms: u64,
    /// Pair: collateral atoms moved. Perp: the liquidator's part of the penalty, quote atoms.
    pub received_atoms: u64,
    /// Notional closed at spot, micro-dollars.
    pub notional_usd_micro: u64,
    /// Margins at spot before.
    pub before: Margins,
    /// Margins at spot afterwards, computed from scratch.
    pub after: Margins,
    /// Clocks to store.
    pub clocks: Clocks,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The fact.
    pub reason: RiskError,
    /// The best leg, where another was asked for.
    pub best: Option<LegName>,
}

impl From<RiskError> for Refusal {
    fn from(reason: RiskError) -> Self {
        Self { reason, best: None }
    }
}

/// Decides one fill. `portfolio` is left in the state after it; on a refusal it is unchanged or to be discarded.
///
/// # Errors
/// A [`Refusal`]: healthy, already cured, cool-off, price invalid, nothing in the leg, not the best leg, too small,
/// leaves dust, below limit, after-check failed.
pub fn plan(portfolio: &mut Portfolio, clocks: &Clocks, request: &Request, now: i64) -> Result<Plan, Refusal> {
    let seen_before = clocks.seen != Seen::Healthy || clocks.under_water_secs > 0;
    let assessment = assess(portfolio, clocks, now);
    let (Some((regime, capped)), Some(best)) = (assessment.regime, assessment.best) else {
        let reason = if seen_before { RiskError::AccountAlreadyCured } else { RiskError::AccountHealthy };
        return Err(reason.into());
    };
    if now.saturating_sub(clocks.passed_at) < portfolio.params.cool_off_secs as i64 {
        return Err(RiskError::CoolOff.into());
    }
    let terms = Terms::of(portfolio, &assessment, &request.leg)?;
    let params = &portfolio.params;
    if regime == Regime::Cure {
        let ended = assessment.clocks.under_water_secs >= params.auction_secs.saturating_add(params.best_leg_end_secs);
        let admissible =
            terms.marginal_ppm as u64 * PPM as u64 >= best.rate_ppm as u64 * params.best_leg_share_ppm as u64;
        if !ended && !admissible {
            return Err(Refusal { reason: RiskError::NotBestLeg, best: best.name });
        }
    }
    let penalty_ppm = match regime {
        Regime::Cure => cure_penalty_ppm_down(
            assessment.clocks.under_water_secs,
            terms.marginal_ppm,
            assessment.health_ppm,
            terms.ceiling_ppm(portfolio, assessment.health_ppm),
            params,
        ),
        Regime::WindDown => wind_down_penalty_ppm_down(assessment.clocks.wind_down_secs, params),
    };
    let sized = match regime {
        Regime::Cure => terms.target_size_up(portfolio, &assessment, penalty_ppm),
        Regime::WindDown if capped => terms.fast_target_size_up(portfolio, &assessment, penalty_ppm),
        Regime::WindDown => u64::MAX,
    };
    let size = terms.final_size(sized, penalty_ppm, params.dust_usd_micro, request)?;
    let fill = terms.fill_down(portfolio, size, penalty_ppm, regime)?;
    fill.check_limit(&terms, request)?;
    terms.apply(portfolio, &fill)?;
    let after = margins(portfolio, At::Spot, false);
    check_after(regime, &assessment.spot, &after, &terms, &fill, penalty_ppm)?;
    // Of a fill that the caller cut, the liquidatee may not lose more by the rounding of shares than he gains.
    let is_cut = request.max_size == Some(fill.size);
    if regime == Regime::Cure && is_cut && !terms.outweighs_shares(&assessment.spot, &after) {
        return Err(RiskError::AfterCheckFailed.into());
    }
    Ok(Plan {
        regime,
        penalty_ppm,
        size: fill.size,
        paid_atoms: fill.paid_atoms,
        fee_atoms: fill.fee_atoms,
        received_atoms: fill.received_atoms,
        notional_usd_micro: fill.notional_usd_micro,
        before: assessment.spot,
        after,
        clocks: assessment.clocks,
    })
}

/// Where a token leg lives in the table.
#[derive(Clone, Copy)]
enum Place {
    Quote,
    Token(usize),
}

/// The chosen leg as numbers.
enum Kind {
    Pair { asset: Place, asset_weights: TokenWeights, asset_price: UnitPrice, debt: Debt },
    Perp { index: usize, long: bool, rates: MarketRates },
}

#[derive(Clone, Copy)]
enum Debt {
    Token(Place),
    Pnl(usize),
}

struct Terms {
    kind: Kind,
    /// Debt atoms or base units that can be closed at most.
    available: u64,
    /// Collateral atoms that can be seized at most; of a perp no limit.
    collateral: u64,
    /// Weights of the liability; of the quote for a perp.
    weights: TokenWeights,
    /// Micro-dollars per debt atom, or quote atoms per base unit.
    price: UnitPrice,
    price_fast: UnitPrice,
    /// m at p = 0.
    marginal_ppm: u32,
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
    fn of(portfolio: &Portfolio, assessment: &Assessment, leg: &Leg) -> Result<Self, RiskError> {
        match *leg {
            Leg::Pair { asset, liability } => Self::of_pair(portfolio, assessment, asset, liability),
            Leg::Perp { market } => Self::of_perp(portfolio, market),
        }
    }

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
            kind: Kind::Perp { index, long: leg.units > 0, rates: leg.rates },
            available: leg.units.unsigned_abs(),
            collateral: u64::MAX,
            weights: portfolio.quote.weights,
            price: leg.prices.spot,
            price_fast: leg.prices.fast,
            marginal_ppm: leg.rates.maint_ppm,
        })
    }

    fn ceiling_ppm(&self, portfolio: &Portfolio, health_ppm: u32) -> u32 {
        match &self.kind {
            Kind::Pair { asset_weights, .. } => {
                pair_ceiling_ppm_down(health_ppm, asset_weights, &self.weights, &portfolio.params)
            }
            Kind::Perp { rates, .. } => perp_ceiling_ppm_down(health_ppm, rates, &self.weights, &portfolio.params),
        }
    }

    /// `m_T - p` in parts per million squared: `w_l,T - w_a,T (1 + p)`, or `rate_T - w_l,T p`. Not positive where the
    /// penalty eats what closing releases.
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

    /// `x*` for a shortfall below target, pico-dollars, in atoms or units at the price of `at`, rounded up.
    fn shortfall_size_up(&self, portfolio: &Portfolio, margins: &Margins, at: At, release: i64) -> u64 {
        if release <= 0 {
            return u64::MAX;
        }
        // Saturated margins are bounded so that the product stays in range.
        let shortfall = (-margins.target).clamp(0, 1 << 100) as u128;
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

    /// `min(x*_spot, x*_EMA)` in atoms, both with the same `m_T - p`; spot alone once the bypass holds.
    fn target_size_up(&self, portfolio: &Portfolio, assessment: &Assessment, penalty_ppm: u32) -> u64 {
        let release = self.net_release(penalty_ppm);
        let at_spot = self.shortfall_size_up(portfolio, &assessment.spot, At::Spot, release);
        if assessment.clocks.bypass {
            return at_spot;
        }
        at_spot.min(self.shortfall_size_up(portfolio, &assessment.fast, At::Fast, release))
    }

    /// `x*_EMA`, which bounds a fill where only spot says wind-down.
    fn fast_target_size_up(&self, portfolio: &Portfolio, assessment: &Assessment, penalty_ppm: u32) -> u64 {
        let release = self.net_release(penalty_ppm);
        self.shortfall_size_up(portfolio, &assessment.fast, At::Fast, release)
    }

    /// The most debt that the collateral can pay for: `collateral / (1 + p)`, debt atoms, rounded down.
    fn clamp_down(&self, penalty_ppm: u32) -> u64 {
        let Kind::Pair { asset_price, .. } = &self.kind else { return self.available };
        let value = asset_price.value_down(self.collateral);
        // A 64-bit value times a million and divided by more stays within 64 bits.
        let debt_value = (mul_u32(value, PPM) / (PPM + penalty_ppm) as u128) as u64;
        self.price.amount_down(debt_value).min(self.available)
    }

    /// What a leftover of `size` debt atoms or base units, or of collateral after seizing for it, is worth.
    fn leftovers_usd_micro(&self, size: u64, penalty_ppm: u32) -> (u64, u64) {
        let left = self.price.value_down(self.available.saturating_sub(size));
        let Kind::Pair { asset_price, .. } = &self.kind else { return (left, u64::MAX) };
        let seized = self.seizure_down(size, penalty_ppm, *asset_price);
        (left, asset_price.value_down(self.collateral.saturating_sub(seized)))
    }

    /// Collateral for `size` debt atoms: `x (1 + p)`, atoms, rounded down.
    fn seizure_down(&self, size: u64, penalty_ppm: u32, asset_price: UnitPrice) -> u64 {
        let value = mul_u32(self.price.value_down(size), PPM + penalty_ppm) / PPM_U128;
        asset_price.amount_of_wide_down(value)
    }

    /// Clamps, then dust (debt left below dust: all of it; else collateral left below dust: all of it; never past the
    /// clamp), then the caller's bounds.
    fn final_size(&self, sized: u64, penalty_ppm: u32, dust: u64, request: &Request) -> Result<u64, RiskError> {
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

    /// The amounts of a fill, each rounded down: in favour of the liquidatee, who loses nothing by the rounding.
    fn fill_down(&self, portfolio: &Portfolio, size: u64, penalty_ppm: u32, regime: Regime) -> Result<Fill, RiskError> {
        let share = if regime == Regime::Cure { portfolio.params.insurance_share_ppm } else { 0 };
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
    fn apply(&self, portfolio: &mut Portfolio, fill: &Fill) -> Result<(), RiskError> {
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
    fn rounding_usd_micro(&self) -> u64 {
        let asset = match &self.kind {
            Kind::Pair { asset_price, .. } => asset_price.value_up(1),
            Kind::Perp { .. } => 0,
        };
        self.price.value_up(1).saturating_add(asset).saturating_add(8)
    }

    /// Whether the ratio still rises when the ledger moves whole shares, rounded against the liquidatee: each leg then
    /// ends up to a share, counted as four atoms, beside the plan. Fills cut finer than that could wear an account down.
    /// Base units and their cash move exactly.
    fn outweighs_shares(&self, before: &Margins, after: &Margins) -> bool {
        if after.mmr() == 0 || matches!(self.kind, Kind::Perp { .. }) {
            return true;
        }
        let lost = self.rounding_usd_micro() as i128 * 4 * PPM as i128;
        let charge = lost / PPM as i128 * self.weights.liability_maint_ppm.saturating_sub(PPM) as i128;
        cmp_products(after.nav - lost, before.mmr(), before.nav, after.mmr() + charge) == Ordering::Greater
    }
}

/// Amounts of one fill, see [`Plan`].
struct Fill {
    size: u64,
    paid_atoms: u64,
    fee_atoms: u64,
    received_atoms: u64,
    notional_usd_micro: u64,
}

impl Fill {
    fn check_limit(&self, terms: &Terms, request: &Request) -> Result<(), RiskError> {
        if request.limit_denominator == 0 {
            return Ok(());
        }
        let (numerator, denominator) = (request.limit_numerator, request.limit_denominator);
        let reached = match &terms.kind {
            Kind::Pair { .. } => mul_wide(self.received_atoms, denominator) >= mul_wide(self.paid_atoms, numerator),
            Kind::Perp { long: true, .. } => {
                let cost = self.paid_atoms.saturating_sub(self.received_atoms);
                mul_wide(cost, denominator) <= mul_wide(self.size, numerator)
            }
            Kind::Perp { long: false, .. } => {
                let proceeds = self.paid_atoms.saturating_add(self.received_atoms);
                mul_wide(proceeds, denominator) >= mul_wide(self.size, numerator)
            }
        };
        if reached {
            Ok(())
        } else {
            Err(RiskError::BelowLimit)
        }
    }
}

/// The after-check of a regime, at spot, on the state recomputed from scratch.
fn check_after(
    regime: Regime,
    before: &Margins,
    after: &Margins,
    terms: &Terms,
    fill: &Fill,
    penalty_ppm: u32,
) -> Result<(), RiskError> {
    let holds = match regime {
        Regime::Cure => {
            // NAV' MMR > NAV MMR', or nothing is left that needs margin.
            let improved = cmp_products(after.nav, before.mmr(), before.nav, after.mmr()) == Ordering::Greater;
            improved || after.mmr() == 0 && after.nav >= 0
        }
        Regime::WindDown => {
            let reduced = after.mmr() < before.mmr() || matches!(terms.kind, Kind::Pair { .. });
            let rounding = terms.rounding_usd_micro();
            // What was rounded off the debt bears the penalty too where all of the collateral goes for it.
            let cost = mul_u32(fill.notional_usd_micro.saturating_add(rounding), penalty_ppm) as i128;
            reduced && after.nav >= before.nav - cost - rounding as i128 * PPM as i128
        }
    };
    if holds {
        Ok(())
    } else {
        Err(RiskError::AfterCheckFailed)
    }
}

//! The best liquidation of an account: the program's own plan for every leg, the most gainful that can be paid for.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{assess, plan_assessed, Assessment, Leg, Liability, Plan, Refusal, Request};
use plimsoll_risk::num::PPM;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::RiskError;
use plimsoll_state::MarginAccount;

use crate::capital::{Fill, Funds};
use crate::config::LiquidateConfig;

/// Halvings when the largest size that funds allow is looked for: to a few thousandths of the whole.
const HALVINGS: u32 = 10;

/// A liquidation that pays and can be paid for.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// What to send.
    pub request: Request,
    /// What the program will do if nothing happens before.
    pub plan: Plan,
    /// What it does to the liquidator's account.
    pub fill: Fill,
    /// Received less paid at spot, micro-dollars.
    pub gain_usd_micro: i64,
    /// It was made smaller because funds are short.
    pub is_cut: bool,
}

/// Why there is no offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoOffer {
    /// The program would refuse every leg; the reason of the best one.
    Refused(RiskError),
    /// The gain is not worth a transaction.
    GainTooSmall,
    /// The liquidator's account cannot take even a part; why.
    FundsShort(RiskError),
}

impl NoOffer {
    /// A short name for counters.
    pub fn reason(&self) -> String {
        match self {
            Self::Refused(error) => format!("{error:?}"),
            Self::GainTooSmall => "gain_too_small".into(),
            Self::FundsShort(error) => format!("funds_short_{error:?}"),
        }
    }
}

/// What a liquidator is able and willing to do.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// His account beside registry and prices.
    pub funds: Funds<'a>,
    /// His account after what is under way.
    pub account: &'a MarginAccount,
    /// Limits.
    pub config: &'a LiquidateConfig,
}

/// Every leg that is there: what is held against what is owed, and every perp with a base.
pub fn legs(portfolio: &Portfolio) -> Vec<Leg> {
    let (quote, tokens, perps) = (&portfolio.quote, portfolio.tokens(), portfolio.perps());
    let held = tokens.iter().chain([quote]).filter(|leg| leg.amount_atoms > 0);
    let borrows = tokens.iter().chain([quote]).filter(|leg| leg.amount_atoms < 0);
    let losses = perps.iter().filter(|leg| leg.pnl_at(leg.prices.spot) < 0);
    let borrows = borrows.map(|leg| Liability::Borrow(leg.bank));
    let liabilities: Vec<Liability> = borrows.chain(losses.map(|leg| Liability::NegativePnl(leg.market))).collect();
    let pairs = held
        .flat_map(|asset| liabilities.iter().map(|liability| Leg::Pair { asset: asset.bank, liability: *liability }));
    let bases = perps.iter().filter(|leg| leg.units != 0).map(|leg| Leg::Perp { market: leg.market });
    pairs.chain(bases).collect()
}

/// The most gainful offer for an account loaded with `Views::LIQUIDATION`; `scratch` is overwritten.
///
/// # Errors
/// Why there is none.
pub fn best_offer(
    portfolio: &Portfolio,
    scratch: &mut Portfolio,
    clocks: &Clocks,
    now: i64,
    means: &Means<'_>,
) -> Result<Offer, NoOffer> {
    let mut best: Option<Offer> = None;
    let mut why = NoOffer::Refused(RiskError::LegEmpty);
    let account = Assessed { portfolio, assessment: assess(portfolio, clocks, now), clocks, now };
    for leg in legs(portfolio) {
        match offer(&account, scratch, leg, means) {
            Ok(offer) if best.is_none_or(|held| held.gain_usd_micro < offer.gain_usd_micro) => best = Some(offer),
            Ok(_) => {}
            Err(none) if rank(&none) > rank(&why) => why = none,
            Err(_) => {}
        }
    }
    best.ok_or(why)
}

/// Of several reasons the one that says most: a leg that is not there says least.
const fn rank(none: &NoOffer) -> u8 {
    match none {
        NoOffer::Refused(RiskError::LegEmpty | RiskError::AssetIsLiability) => 0,
        NoOffer::Refused(RiskError::NotBestLeg) => 1,
        NoOffer::Refused(_) => 2,
        NoOffer::GainTooSmall => 3,
        NoOffer::FundsShort(_) => 4,
    }
}

/// An account that was assessed once for all its legs.
struct Assessed<'a> {
    portfolio: &'a Portfolio,
    assessment: Assessment,
    clocks: &'a Clocks,
    now: i64,
}

fn offer(account: &Assessed<'_>, scratch: &mut Portfolio, leg: Leg, means: &Means<'_>) -> Result<Offer, NoOffer> {
    let portfolio = account.portfolio;
    let mut planned = |max_size: Option<u64>| -> Result<Offer, Refusal> {
        *scratch = *portfolio;
        let request = Request { leg, max_size, min_size: 1, limit_numerator: 0, limit_denominator: 0 };
        let plan = plan_assessed(scratch, &account.assessment, account.clocks, &request, account.now)?;
        let long = is_long(portfolio, leg);
        let gain_usd_micro = gain(portfolio, leg, &plan);
        Ok(Offer { request, plan, fill: Fill::of(leg, &plan, long), gain_usd_micro, is_cut: max_size.is_some() })
    };
    let refused = |refusal: Refusal| NoOffer::Refused(refusal.reason);
    let whole = planned(None).map_err(refused)?;
    let most = means.config.max_notional_usd_micro;
    let mut fits = |offer: &Offer| -> Result<(), NoOffer> {
        if offer.plan.notional_usd_micro > most {
            return Err(NoOffer::FundsShort(RiskError::NumberOutOfRange));
        }
        means.funds.can_take(means.account, &offer.fill).map_err(NoOffer::FundsShort)
    };
    let taken = match fits(&whole) {
        Ok(()) => whole,
        Err(short) => largest(whole.plan.size, &mut planned, &mut fits).ok_or(short)?,
    };
    if taken.gain_usd_micro < i64::try_from(means.config.min_gain_usd_micro).unwrap_or(i64::MAX) {
        return Err(NoOffer::GainTooSmall);
    }
    Ok(limited(taken, portfolio, means.config.slippage_ppm))
}

/// The largest size, to a part in a thousand of the whole, that the program plans and the funds bear.
fn largest(
    whole: u64,
    planned: &mut impl FnMut(Option<u64>) -> Result<Offer, Refusal>,
    fits: &mut impl FnMut(&Offer) -> Result<(), NoOffer>,
) -> Option<Offer> {
    let (mut low, mut high, mut best) = (0, whole, None);
    for _ in 0..HALVINGS {
        let size = low + (high - low) / 2;
        if size == 0 {
            break;
        }
        match planned(Some(size)) {
            Ok(offer) if fits(&offer).is_ok() => {
                low = size;
                best = Some(offer);
            }
            // Leaving dust is a matter of the size just tried; below it other sizes are possible.
            Ok(_) | Err(_) => high = size,
        }
    }
    best
}

fn is_long(portfolio: &Portfolio, leg: Leg) -> bool {
    let Leg::Perp { market } = leg else { return false };
    portfolio.perps().iter().any(|leg| leg.market == market && leg.units > 0)
}

/// Received less paid at spot, micro-dollars.
fn gain(portfolio: &Portfolio, leg: Leg, plan: &Plan) -> i64 {
    let value = |bank: u8, atoms: u64| -> i128 {
        let quote = (bank == portfolio.quote.bank).then_some(&portfolio.quote);
        let held = quote.or_else(|| portfolio.tokens().iter().find(|leg| leg.bank == bank));
        held.map_or(0, |leg| leg.prices.spot.value_down(atoms) as i128)
    };
    let gain = match Fill::of(leg, plan, false) {
        Fill::Pair { asset, received_atoms, liability, paid_atoms, .. } => {
            value(asset, received_atoms) - value(liability, paid_atoms)
        }
        Fill::Perp { .. } => value(portfolio.quote.bank, plan.received_atoms),
    };
    gain.clamp(i64::MIN as i128, i64::MAX as i128) as i64
}

/// Adds the limit price: the planned one with some room, so that what a node claims cannot cost more than that.
fn limited(mut offer: Offer, portfolio: &Portfolio, slippage_ppm: u32) -> Offer {
    let (below, above) = (PPM - slippage_ppm.min(PPM), PPM as u64 + slippage_ppm as u64);
    let room = |value: u64, ppm: u64| (value as u128 * ppm as u128 / PPM as u128).min(u64::MAX as u128) as u64;
    let plan = &offer.plan;
    let (numerator, denominator) = match offer.request.leg {
        Leg::Pair { .. } => (room(plan.received_atoms, below as u64), plan.paid_atoms),
        leg if is_long(portfolio, leg) => {
            (room(plan.paid_atoms.saturating_sub(plan.received_atoms), above).saturating_add(1), plan.size)
        }
        Leg::Perp { .. } => (room(plan.paid_atoms.saturating_add(plan.received_atoms), below as u64), plan.size),
    };
    (offer.request.limit_numerator, offer.request.limit_denominator) = (numerator, denominator);
    offer
}

//! The best liquidation of an account for this keeper: the most gainful that his account can bear.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{Leg, LegSize, Refusal};
use plimsoll_risk::units::{Ppm, Secs, SignedUsdMicro, UnixSecs, UsdMicro};
use plimsoll_risk::RiskError;
use plimsoll_sdk::ix::owes_collateral;
use plimsoll_sdk::offer::{Liquidator, Offer, Planner};
use plimsoll_sdk::EngineError;
use plimsoll_state::MarginAccount;

use crate::capital::{Fill, Forecast};
use crate::config::LiquidateConfig;
use crate::state::Loaded;

/// Halvings when the largest size that funds allow is looked for: to a few thousandths of the whole.
const HALVINGS: u32 = 10;

/// A liquidation that pays and can be paid for.
#[derive(Clone, Copy, Debug)]
pub struct Affordable {
    /// What to send.
    pub offer: Offer,
    /// What it does to the liquidator's account.
    pub fill: Fill,
}

/// Why none is taken of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declined {
    /// The gain is not worth a transaction.
    GainTooSmall,
    /// The liquidator's account cannot take even a part; why.
    FundsShort(RiskError),
}

/// Why there is no offer.
pub type NoOffer = plimsoll_sdk::offer::NoOffer<Declined>;

/// A short name of it for counters.
pub fn reason(none: &NoOffer) -> String {
    match none {
        NoOffer::Refused(error) => EngineError::from(*error).name().to_owned(),
        NoOffer::Declined(Declined::GainTooSmall) => "gain_too_small".into(),
        NoOffer::Declined(Declined::FundsShort(error)) => format!("funds_short_{}", EngineError::from(*error).name()),
    }
}

/// What a liquidator is able and willing to do.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// His account as it is known.
    pub own: &'a MarginAccount,
    /// The same after what is under way.
    pub forecast: &'a Forecast<'a>,
    /// Limits.
    pub config: &'a LiquidateConfig,
}

/// The most gainful offer for an account loaded with `Views::LIQUIDATION`.
///
/// # Errors
/// Why there is none.
pub fn best_offer(loaded: &Loaded<'_>, means: &Means<'_>) -> Result<Affordable, NoOffer> {
    let clocks = loaded.account.clocks();
    let planner = Planner::new(loaded.portfolio, &clocks, loaded.now, Ppm::new(means.config.slippage_ppm));
    planner.best(&Buyer { means, liquidatee: loaded.account })
}

/// The most that liquidating an account, loaded with `Views::LIQUIDATION`, can gain at spot while prices stay as they are:
/// with its auctions at their ends, and whatever the liquidator's own account can take. Zero where nothing of it can be
/// liquidated; none where the program refuses for a reason that may pass, so that nothing is known.
pub fn largest_gain(loaded: &Loaded<'_>) -> Option<SignedUsdMicro> {
    let end = Secs::new(u32::MAX);
    let now = UnixSecs::new(loaded.now);
    let clocks = Clocks { under_water_secs: end, wind_down_secs: end, observed_at: now, ..loaded.account.clocks() };
    let planner = Planner::new(loaded.portfolio, &clocks, loaded.now, Ppm::ZERO);
    match planner.best(&Anyone) {
        Ok(gain) => Some(gain),
        Err(NoOffer::Refused(
            RiskError::LegEmpty | RiskError::AssetIsLiability | RiskError::FillTooSmall | RiskError::LeavesDust,
        )) => Some(UsdMicro::ZERO.less(UsdMicro::ZERO)),
        Err(_) => None,
    }
}

/// Who could take all of any offer.
struct Anyone;

impl Liquidator for Anyone {
    type Taken = SignedUsdMicro;
    type Declined = Declined;
    type Score = SignedUsdMicro;

    fn take(&self, whole: Offer, _: &dyn Fn(LegSize) -> Result<Offer, Refusal>) -> Result<SignedUsdMicro, Declined> {
        Ok(whole.gain())
    }

    fn score(&self, taken: &SignedUsdMicro) -> SignedUsdMicro {
        *taken
    }
}

/// The keeper before one account.
struct Buyer<'a> {
    means: &'a Means<'a>,
    liquidatee: &'a MarginAccount,
}

impl Liquidator for Buyer<'_> {
    type Taken = Affordable;
    type Declined = Declined;
    type Score = SignedUsdMicro;

    fn take(&self, whole: Offer, smaller: &dyn Fn(LegSize) -> Result<Offer, Refusal>) -> Result<Affordable, Declined> {
        let taken = match self.affords(whole) {
            Ok(whole) => whole,
            Err(short) => self.largest(whole.plan.size, smaller).ok_or(Declined::FundsShort(short))?,
        };
        let least = UsdMicro::new(self.means.config.min_gain_usd_micro);
        if self.score(&taken) < least.less(UsdMicro::ZERO) {
            return Err(Declined::GainTooSmall);
        }
        Ok(taken)
    }

    fn score(&self, taken: &Affordable) -> SignedUsdMicro {
        taken.offer.gain()
    }

    /// A part earns the same penalty on less.
    fn score_at_most(&self, whole: &Offer) -> Option<SignedUsdMicro> {
        Some(whole.gain())
    }

    fn says_more(declined: &Declined, than: &Declined) -> bool {
        matches!((declined, than), (Declined::FundsShort(_), Declined::GainTooSmall))
    }
}

impl Buyer<'_> {
    /// The fill of an offer where the account can bear it.
    fn affords(&self, offer: Offer) -> Result<Affordable, RiskError> {
        if offer.plan.notional.get() > self.means.config.max_notional_usd_micro {
            return Err(RiskError::NumberOutOfRange);
        }
        let (leg, plan) = (offer.request.leg, offer.plan);
        let fill = Fill { leg, plan, liquidatee: *self.liquidatee, with_asset_bank: self.owes_collateral(&leg) };
        self.means.forecast.can_take(&fill)?;
        Ok(Affordable { offer, fill })
    }

    /// The largest size, to a part in a thousand of the whole, that the program plans and the account bears.
    fn largest(&self, whole: LegSize, smaller: &dyn Fn(LegSize) -> Result<Offer, Refusal>) -> Option<Affordable> {
        let (mut low, mut high, mut best) = (0, whole.get(), None);
        for _ in 0..HALVINGS {
            let size = low + (high - low) / 2;
            if size == 0 {
                break;
            }
            // Leaving dust is a matter of the size just tried; below it other sizes are possible.
            match smaller(LegSize::new(size)).ok().and_then(|offer| self.affords(offer).ok()) {
                Some(affordable) => (low, best) = (size, Some(affordable)),
                None => high = size,
            }
        }
        best
    }

    /// The liquidator owes the collateral's token, or may by then.
    fn owes_collateral(&self, leg: &Leg) -> bool {
        [self.means.own, &self.means.forecast.own].into_iter().any(|own| owes_collateral(own, leg))
    }
}

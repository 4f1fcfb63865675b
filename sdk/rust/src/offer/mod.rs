//! One offer for everyone who liquidates: which legs an account has, how much of one the program would close, what that is
//! worth at spot, the limit price it is sent with, and the best of them by the liquidator's own score.
//!
//! [`Planner`] plans by the function that the program itself calls. A [`Liquidator`] adds what only he knows: how large an
//! offer he can take, and what it earns him. What depends on the kind of a leg is in one file a kind.

mod kinds;
mod pair;
mod perp;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{assess, plan_assessed, Assessment, Leg, LegSize, Plan, Refusal, Request};
use plimsoll_risk::num::PPM;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{Atoms, Ppm, SignedUsdMicro, UnixSecs, UsdMicro};
use plimsoll_risk::RiskError;
use plimsoll_state::Registry;

pub(crate) use kinds::instruction;
pub use kinds::{instruction_name, is_paid_in, pays_with, sized_in, INSTRUCTIONS};

/// Room of the limit price that keeper, replay and command line leave below the plan unless they are told otherwise.
pub const SLIPPAGE: Ppm = Ppm::new(5_000);
/// Least gain that is worth a transaction to them.
pub const LEAST_GAIN: UsdMicro = UsdMicro::new(20_000);

const QUOTE: u8 = Registry::QUOTE_BANK as u8;

/// What a size counts, or what a price is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// Tokens of this bank, in atoms.
    Bank(u8),
    /// The base of this market, in base units.
    Market(u8),
}

/// What a fill leaves its liquidator exposed to, until he trades it elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// To the price of what.
    pub instrument: Instrument,
    /// He gained it; else he gave it away.
    pub long: bool,
    /// How much at spot, rounded down.
    pub value: UsdMicro,
}

/// What a fill is worth to its liquidator at spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worth {
    received: UsdMicro,
    paid: UsdMicro,
    exposures: [Option<Exposure>; 2],
}

/// A liquidation that the program would do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What to send, limit price included.
    pub request: Request,
    /// What the program will do if nothing happens before.
    pub plan: Plan,
    /// What the liquidator gets, at spot, rounded down; of a position taken over his part of the penalty.
    pub received: UsdMicro,
    /// What he pays, at spot, rounded down; of a position taken over nothing, since it passes at spot.
    pub paid: UsdMicro,
    exposures: [Option<Exposure>; 2],
}

impl Offer {
    /// Received less paid at spot; saturates.
    pub const fn gain(&self) -> SignedUsdMicro {
        self.received.less(self.paid)
    }

    /// A size was asked for, so that it may be smaller than what the program allows.
    pub const fn is_cut(&self) -> bool {
        self.request.max_size.is_some()
    }

    /// What the liquidator is exposed to afterwards.
    pub fn exposures(&self) -> impl Iterator<Item = Exposure> {
        self.exposures.into_iter().flatten()
    }
}

/// Why there is no offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOffer<D> {
    /// The program would refuse every leg; the reason of the one that came closest.
    Refused(RiskError),
    /// The liquidator takes none of what the program would do.
    Declined(D),
}

/// Who liquidates: the size he takes of a leg, and by what he compares legs.
pub trait Liquidator {
    /// An offer that he takes, with what he reckons of it.
    type Taken;
    /// Why he takes none of a leg.
    type Declined;
    /// What is compared; the largest is best, the last of equals.
    type Score: PartialOrd;

    /// Decides about a leg. `whole` is all that the program would close of it; a smaller offer is asked of `smaller` by its
    /// size.
    ///
    /// # Errors
    /// Why he takes none of it.
    fn take(
        &self,
        whole: Offer,
        smaller: &dyn Fn(LegSize) -> Result<Offer, Refusal>,
    ) -> Result<Self::Taken, Self::Declined>;

    /// How good an offer is that he takes.
    fn score(&self, taken: &Self::Taken) -> Self::Score;

    /// The most that he would score with all of an offer or with a part of it, where he knows before deciding: legs are then
    /// decided about in this order, and a leg that cannot be the best is not decided about at all.
    fn score_at_most(&self, _whole: &Offer) -> Option<Self::Score> {
        None
    }

    /// Which of two reasons is reported where he takes no leg; by default the first.
    fn says_more(_declined: &Self::Declined, _than: &Self::Declined) -> bool {
        false
    }
}

/// Plans the legs of one account, which is assessed once.
pub struct Planner<'a> {
    portfolio: &'a Portfolio,
    clocks: &'a Clocks,
    now: i64,
    assessment: Assessment,
    slippage: Slippage,
}

impl<'a> Planner<'a> {
    /// For an account loaded with `Views::LIQUIDATION` at `now`, Unix seconds. A fill may be worse than planned by
    /// `slippage` of its price, less than the whole.
    pub fn new(portfolio: &'a Portfolio, clocks: &'a Clocks, now: i64, slippage: Ppm) -> Self {
        let assessment = assess(portfolio, clocks, UnixSecs::new(now));
        Self { portfolio, clocks, now, assessment, slippage: Slippage(slippage.min(Ppm::WHOLE)) }
    }

    /// Every leg that is there: what is held against what is owed, and every position.
    pub fn legs(&self) -> Vec<Leg> {
        kinds::legs(self.portfolio).collect()
    }

    /// What the program would do for a leg: as much as it allows, or at most `max_size`.
    ///
    /// # Errors
    /// Why it would refuse.
    pub fn offer(&self, leg: Leg, max_size: Option<LegSize>) -> Result<Offer, Refusal> {
        let mut request =
            Request { leg, max_size, min_size: LegSize::new(1), limit_numerator: 0, limit_denominator: 0 };
        let plan =
            plan_assessed(&mut { *self.portfolio }, &self.assessment, self.clocks, &request, UnixSecs::new(self.now))?;
        (request.limit_numerator, request.limit_denominator) = kinds::limit(leg, self.portfolio, &plan, self.slippage);
        let Worth { received, paid, exposures } = kinds::worth(leg, self.portfolio, &plan);
        Ok(Offer { request, plan, received, paid, exposures })
    }

    /// The offer with the highest score that a liquidator takes.
    ///
    /// # Errors
    /// Why there is none.
    pub fn best<L: Liquidator>(&self, liquidator: &L) -> Result<L::Taken, NoOffer<L::Declined>> {
        let planned: Vec<_> = self.legs().into_iter().map(|leg| (leg, self.offer(leg, None))).collect();
        let mut reasons: Vec<_> = planned.iter().map(|_| None).collect();
        let mut open = Vec::new();
        for (place, (leg, offer)) in planned.into_iter().enumerate() {
            match offer {
                Ok(whole) => open.push((place, leg, liquidator.score_at_most(&whole), whole)),
                Err(refusal) => reasons[place] = Some(NoOffer::Refused(refusal.reason)),
            }
        }
        open.sort_by(|(place, _, most, _), (other, _, than, _)| {
            better_first(most.as_ref(), than.as_ref()).then(other.cmp(place))
        });
        let mut best: Option<(L::Score, usize, L::Taken)> = None;
        for (place, leg, most, whole) in open {
            let beats = |score: &L::Score| {
                best.as_ref().is_none_or(|(held, at, _)| *held < *score || (*held == *score && *at < place))
            };
            if !most.as_ref().is_none_or(beats) {
                continue;
            }
            match liquidator.take(whole, &|size| self.offer(leg, Some(size))) {
                Ok(taken) => {
                    let score = liquidator.score(&taken);
                    if beats(&score) {
                        best = Some((score, place, taken));
                    }
                }
                Err(declined) => reasons[place] = Some(NoOffer::Declined(declined)),
            }
        }
        best.map(|(.., taken)| taken).ok_or_else(|| {
            let nothing = NoOffer::Refused(RiskError::LegEmpty);
            let closer = |why, none| if says_more::<L>(&none, &why) { none } else { why };
            reasons.into_iter().flatten().fold(nothing, closer)
        })
    }
}

/// Who may score most comes first; whoever does not know his bound before all of them.
fn better_first<Score: PartialOrd>(most: Option<&Score>, than: Option<&Score>) -> Ordering {
    match (most, than) {
        (Some(most), Some(than)) => than.partial_cmp(most).unwrap_or(Ordering::Equal),
        (most, than) => most.is_some().cmp(&than.is_some()),
    }
}

/// Of several reasons the one that came closest to a fill; a leg that is not there says least.
fn says_more<L: Liquidator>(none: &NoOffer<L::Declined>, than: &NoOffer<L::Declined>) -> bool {
    let rank = |refused: &RiskError| match refused {
        RiskError::LegEmpty | RiskError::AssetIsLiability => 0,
        RiskError::NotBestLeg => 1,
        _ => 2,
    };
    match (none, than) {
        (NoOffer::Refused(none), NoOffer::Refused(than)) => rank(none) > rank(than),
        (NoOffer::Declined(none), NoOffer::Declined(than)) => L::says_more(none, than),
        (NoOffer::Declined(_), NoOffer::Refused(_)) => true,
        (NoOffer::Refused(_), NoOffer::Declined(_)) => false,
    }
}

/// How much worse than planned a fill may be; at most the whole.
#[derive(Clone, Copy)]
struct Slippage(Ppm);

impl Slippage {
    /// The least that is still accepted where `planned` is received.
    fn least_down(self, planned: u64) -> u64 {
        (planned as u128 * self.0.rest().get() as u128 / PPM as u128) as u64
    }

    /// The most that is still accepted where `planned` is paid; saturates.
    fn most_up(self, planned: u64) -> u64 {
        let most = (planned as u128 * self.0.and_whole().get() as u128).div_ceil(PPM as u128);
        u64::try_from(most).unwrap_or(u64::MAX)
    }
}

/// Atoms of a bank at spot, rounded down; zero of a bank that the account has nothing of.
fn value_down(portfolio: &Portfolio, bank: u8, atoms: Atoms) -> UsdMicro {
    let quote = (bank == portfolio.quote.bank).then_some(&portfolio.quote);
    let leg = quote.or_else(|| portfolio.tokens().iter().find(|leg| leg.bank == bank));
    leg.map_or(UsdMicro::ZERO, |leg| leg.prices.spot.value_down(atoms))
}

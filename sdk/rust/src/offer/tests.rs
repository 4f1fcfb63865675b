use std::cell::RefCell;

use plimsoll_risk::auction::HealthState;
use plimsoll_risk::liquidate::Liability;
use plimsoll_risk::listing::Calibration;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, TokenLeg};
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price, UnitPrice};

use super::*;
use plimsoll_risk::units::{Count, Ppm, PpmPerSec, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const NOW: i64 = 100;

fn prices<Worth: Count, Unit: Count>(usd: u64, scale: Price) -> LegPrices<Worth, Unit> {
    let unit = UnitPrice::new_down(Price::from_decimal_down(usd, 0).unwrap(), scale);
    LegPrices {
        spot: unit,
        fast: unit,
        init: unit,
        init_charge: unit,
        published_at: UnixSecs::new(NOW),
        ready: true,
        ..Default::default()
    }
}

fn token(bank: u8, amount_atoms: i64, usd: u64, weights: [u32; 4]) -> TokenLeg {
    let [asset, asset_init, liability, liability_init] = weights;
    let weights = TokenWeights::new(
        Ppm::new(asset),
        Ppm::new(asset_init),
        Ppm::new(liability),
        Ppm::new(liability_init),
        &PARAMS,
    )
    .unwrap();
    TokenLeg {
        amount_atoms: SignedAtoms::new(amount_atoms),
        weights,
        prices: prices(usd, token_scale_down(6).unwrap()),
        bank,
    }
}

const STABLE: [u32; 4] = [1_000_000, 990_000, 1_000_000, 1_010_000];
const VOLATILE: [u32; 4] = [850_000, 750_000, 1_120_000, 1_200_000];

/// Dollars of quote, of a stable bank 1 and of a volatile bank 2, and a position in market 0 at 200 dollars a unit.
fn portfolio(quote: i64, stable: i64, volatile: i64, (units, cash): (i64, i64)) -> Portfolio {
    let mut portfolio = Portfolio::empty(PARAMS);
    portfolio.quote = token(0, quote * 1_000_000, 1, STABLE);
    portfolio.tokens[0] = token(1, stable * 1_000_000, 1, STABLE);
    portfolio.tokens[1] = token(2, volatile * 1_000_000, 1, VOLATILE);
    portfolio.token_count = 2;
    let price = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(2_100), update_secs: Secs::new(2) };
    let rates = MarketRates::new(Ppm::new(30_000), Ppm::new(60_000), price, &portfolio.quote.weights, &PARAMS).unwrap();
    portfolio.perps[0] = PerpLeg {
        units: SignedBaseUnits::new(units * 1_000_000),
        cash_atoms: SignedAtoms::new(cash * 1_000_000),
        rates,
        prices: prices(200, base_scale_down(6, 6).unwrap()),
        ..PerpLeg::default()
    };
    portfolio.perp_count = 1;
    portfolio
}

fn clocks() -> Clocks {
    Clocks {
        under_water_secs: Secs::new(20),
        health_state: HealthState::UnderWater,
        observed_at: UnixSecs::new(NOW),
        ..Default::default()
    }
}

/// Takes what it is told to, by a score for each leg.
struct Scripted<'a> {
    score: &'a dyn Fn(&Offer) -> Option<i64>,
    most: &'a dyn Fn(&Offer) -> Option<i64>,
    asked: RefCell<Vec<Leg>>,
}

impl Liquidator for Scripted<'_> {
    type Taken = (Offer, i64);
    type Declined = Leg;
    type Score = i64;

    fn take(&self, whole: Offer, _: &dyn Fn(LegSize) -> Result<Offer, Refusal>) -> Result<(Offer, i64), Leg> {
        self.asked.borrow_mut().push(whole.request.leg);
        (self.score)(&whole).map(|score| (whole, score)).ok_or(whole.request.leg)
    }

    fn score(&self, taken: &(Offer, i64)) -> i64 {
        taken.1
    }

    fn score_at_most(&self, whole: &Offer) -> Option<i64> {
        (self.most)(whole)
    }
}

type Found = (Result<Leg, NoOffer<Leg>>, Vec<Leg>);

/// The leg that is found, and those that were decided about.
fn search(portfolio: &Portfolio, score: &dyn Fn(&Offer) -> Option<i64>, most: &dyn Fn(&Offer) -> Option<i64>) -> Found {
    let scripted = Scripted { score, most, asked: RefCell::default() };
    let found =
        Planner::new(portfolio, &clocks(), NOW, Ppm::new(5_000)).best(&scripted).map(|(offer, _)| offer.request.leg);
    (found, scripted.asked.into_inner())
}

fn best(portfolio: &Portfolio, score: &dyn Fn(&Offer) -> Option<i64>) -> Result<Leg, NoOffer<Leg>> {
    search(portfolio, score, &|_| None).0
}

#[test]
fn legs_are_what_is_held_against_what_is_owed_and_every_position() {
    let of = |portfolio: &Portfolio| Planner::new(portfolio, &clocks(), NOW, Ppm::ZERO).legs();
    let pair = |asset, liability| Leg::Pair { asset, liability };
    let both = [
        pair(2, Liability::Borrow(1)),
        pair(2, Liability::Borrow(0)),
        pair(2, Liability::NegativePnl(0)),
        Leg::Perp { market: 0 },
    ];
    assert_eq!(of(&portfolio(-5, -7, 20, (1, -201))), both);
    // A position that gained is no loss; a loss without a base is no position.
    assert_eq!(of(&portfolio(5, -7, 0, (1, -199))), [pair(0, Liability::Borrow(1)), Leg::Perp { market: 0 }]);
    assert_eq!(of(&portfolio(0, 7, 0, (0, -1))), [pair(1, Liability::NegativePnl(0))]);
    assert_eq!(of(&portfolio(5, 7, 20, (0, 0))), []);
}

#[test]
fn a_pair_brings_collateral_for_what_is_paid_and_its_limit_leaves_half_a_percent() {
    let portfolio = portfolio(-9_000, 0, 10_000, (0, 0));
    let clocks = clocks();
    let planner = Planner::new(&portfolio, &clocks, NOW, Ppm::new(5_000));
    let offer = planner.offer(Leg::Pair { asset: 2, liability: Liability::Borrow(0) }, None).unwrap();
    let Offer { request, plan, .. } = offer;
    // A dollar is a million atoms of both banks.
    let (received, paid) = (plan.received_atoms.get(), plan.paid_atoms.get());
    assert!(received > paid && paid > 0 && !offer.is_cut());
    assert_eq!((offer.received.get(), offer.paid.get()), (received, paid));
    assert_eq!(offer.gain().get(), (received - paid) as i64);
    assert_eq!(request.limit_numerator, received * 995 / 1_000);
    assert_eq!(request.limit_denominator, paid);
    let exposures: Vec<_> = offer.exposures().map(|e| (e.instrument, e.long, e.value.get())).collect();
    let (got, gave) = (Instrument::Bank(2), Instrument::Bank(0));
    assert_eq!(exposures, [(got, true, received), (gave, false, paid)]);
    let half = LegSize::new(plan.size.get() / 2);
    let part = planner.offer(request.leg, Some(half)).unwrap();
    assert_eq!((part.plan.size, part.is_cut()), (half, true));
}

#[test]
fn a_position_brings_its_part_of_the_penalty_and_its_limit_is_on_its_own_side() {
    for (is_long, units, cash) in [(true, 100, -20_580), (false, -100, 19_420)] {
        let portfolio = portfolio(1_000, 0, 0, (units, cash));
        let leg = Leg::Perp { market: 0 };
        let offer = Planner::new(&portfolio, &clocks(), NOW, Ppm::new(5_000)).offer(leg, None).unwrap();
        let Offer { request, plan, .. } = offer;
        assert_eq!(offer.gain().get(), plan.received_atoms.get() as i64);
        assert_eq!(request.limit_denominator, plan.size.get());
        let (planned, limit) = if is_long {
            let planned = plan.paid_atoms.get() - plan.received_atoms.get();
            (planned, (planned * 1_005).div_ceil(1_000))
        } else {
            let planned = plan.paid_atoms.get() + plan.received_atoms.get();
            (planned, planned * 995 / 1_000)
        };
        assert!(planned > 0 && request.limit_numerator == limit);
        let taken = Exposure { instrument: Instrument::Market(0), long: is_long, value: plan.notional };
        assert_eq!(offer.exposures().collect::<Vec<_>>(), [taken]);
        // The program itself accepts exactly this price.
        let sent = plan_assessed(
            &mut portfolio.clone(),
            &assess(&portfolio, &clocks(), UnixSecs::new(NOW)),
            &clocks(),
            &request,
            UnixSecs::new(NOW),
        );
        assert_eq!(sent, Ok(plan));
    }
}

#[test]
fn the_highest_score_is_taken_and_of_equals_the_last() {
    let portfolio = portfolio(-5_000, -4_000, 10_000, (0, 0));
    let (first, last) = (
        Leg::Pair { asset: 2, liability: Liability::Borrow(1) },
        Leg::Pair { asset: 2, liability: Liability::Borrow(0) },
    );
    assert_eq!(best(&portfolio, &|offer| Some((offer.request.leg == first) as i64)), Ok(first));
    assert_eq!(best(&portfolio, &|offer| Some((offer.request.leg == last) as i64)), Ok(last));
    assert_eq!(best(&portfolio, &|_| Some(0)), Ok(last));
    assert_eq!(best(&portfolio, &|offer| (offer.request.leg == first).then_some(0)), Ok(first));
    assert_eq!(best(&portfolio, &|_| None), Err(NoOffer::Declined(first)), "the first reason, where none says more");
}

#[test]
fn only_legs_that_may_be_the_best_are_decided_about_and_the_best_is_the_same() {
    let portfolio = portfolio(-5_000, -4_000, 9_000, (10, -2_040));
    let place =
        |leg: Leg| Planner::new(&portfolio, &clocks(), NOW, Ppm::ZERO).legs().iter().position(|l| *l == leg).unwrap();
    let legs = Planner::new(&portfolio, &clocks(), NOW, Ppm::ZERO).legs();
    let open = legs
        .iter()
        .filter(|leg| Planner::new(&portfolio, &clocks(), NOW, Ppm::ZERO).offer(**leg, None).is_ok())
        .count();
    assert!(open >= 3, "{legs:?}");
    let mut spared = 0;
    // Two bits of a script are a leg's score, or that it is not taken, two by how much its bound is higher or unknown.
    for script in 0..1u32 << (4 * open) {
        let of = |offer: &Offer| script >> (4 * place(offer.request.leg)) & 15;
        let score = |offer: &Offer| Some(of(offer) as i64 & 3).filter(|score| *score < 3);
        let most = |offer: &Offer| Some(of(offer) as i64 >> 2).filter(|more| *more < 3).map(|more| more + 2);
        let (plain, asked) = search(&portfolio, &score, &|_| None);
        let (bounded, fewer) = search(&portfolio, &score, &most);
        assert_eq!(bounded, plain, "{script:b}");
        assert_eq!(asked.len(), open);
        spared += asked.len() - fewer.len();
    }
    assert!(spared > 0);
    // The bound is exact: one leg is enough.
    let gain = |offer: &Offer| Some(offer.gain().get());
    let (plain, bounded) = (search(&portfolio, &gain, &|_| None), search(&portfolio, &gain, &gain));
    assert_eq!((bounded.0, bounded.1.len()), (plain.0, 1));
}

#[test]
fn the_reason_that_came_closest_to_a_fill_is_told() {
    assert_eq!(best(&portfolio(5, 0, 0, (0, 0)), &|_| None), Err(NoOffer::Refused(RiskError::LegEmpty)), "no leg");
    let healthy = portfolio(-1, 0, 10_000, (0, 0));
    assert_eq!(best(&healthy, &|_| None), Err(NoOffer::Refused(RiskError::AccountAlreadyCured)));
    type Declined = NoOffer<Leg>;
    let leg = Leg::Perp { market: 0 };
    let order: [Declined; 4] = [
        NoOffer::Refused(RiskError::AssetIsLiability),
        NoOffer::Refused(RiskError::NotBestLeg),
        NoOffer::Refused(RiskError::LegPriceInvalid),
        NoOffer::Declined(leg),
    ];
    for (i, none) in order.iter().enumerate() {
        for (j, than) in order.iter().enumerate() {
            assert_eq!(says_more::<Scripted<'_>>(none, than), i > j, "{none:?} {than:?}");
        }
    }
}

#[test]
fn a_leg_is_paid_with_its_liabilitys_bank_and_sized_in_it_or_in_its_market() {
    let names = |leg: Leg| (is_paid_in(&leg), pays_with(&leg), sized_in(&leg));
    let borrow = Leg::Pair { asset: 3, liability: Liability::Borrow(5) };
    assert_eq!(names(borrow), (3, 5, Instrument::Bank(5)));
    let loss = Leg::Pair { asset: 3, liability: Liability::NegativePnl(5) };
    assert_eq!(names(loss), (3, 0, Instrument::Bank(0)));
    assert_eq!(names(Leg::Perp { market: 5 }), (0, 0, Instrument::Market(5)));
}

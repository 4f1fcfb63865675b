//! The parts of a plan by themselves, at every boundary, with every unit worth one unless prices are what is shown.

mod checks;
mod sizes;
mod whole;

use super::*;
use crate::liquidate::LegSize;
use crate::params::{GlobalParams, MarketRates, TokenWeights};
use crate::portfolio::{LegPrices, PerpLeg, TokenLeg};
use crate::price::UnitPrice;
use crate::units::{Count, Ppm, SignedAtoms, SignedBaseUnits, UnixSecs};

const NOW: UnixSecs = UnixSecs::new(1_760_130_600);
const MILLION: i128 = 1_000_000;
const PAIR: Leg = Leg::Pair { asset: 1, liability: Liability::Borrow(2) };
const PERP: Leg = Leg::Perp { market: 7 };
const WEIGHTS: TokenWeights = TokenWeights {
    asset_maint_ppm: Ppm::new(900_000),
    asset_target_ppm: Ppm::new(888_000),
    asset_init_ppm: Ppm::new(800_000),
    liability_maint_ppm: Ppm::new(1_100_000),
    liability_target_ppm: Ppm::new(1_110_000),
    liability_init_ppm: Ppm::new(1_200_000),
};
const RATES: MarketRates =
    MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };

/// Halves of a micro-dollar per atom, or of a quote atom per unit.
fn halves<Worth, Unit>(count: u64) -> UnitPrice<Worth, Unit> {
    UnitPrice::from_parts(count << 48, 49)
}

fn at<Worth: Count, Unit: Count>(spot: UnitPrice<Worth, Unit>, fast: UnitPrice<Worth, Unit>) -> LegPrices<Worth, Unit> {
    LegPrices { spot, fast, init: spot, init_charge: spot, published_at: NOW, ready: true, ..LegPrices::default() }
}

fn par<Worth: Count, Unit: Count>() -> LegPrices<Worth, Unit> {
    at(halves(2), halves(2))
}

fn token(bank: u8, amount_atoms: i64) -> TokenLeg {
    TokenLeg { amount_atoms: SignedAtoms::new(amount_atoms), weights: WEIGHTS, prices: par(), bank }
}

fn perp(market: u8, units: i64, cash_atoms: i64) -> PerpLeg {
    PerpLeg {
        units: SignedBaseUnits::new(units),
        cash_atoms: SignedAtoms::new(cash_atoms),
        rates: RATES,
        prices: par(),
        market,
        deficit_share_ppm: Ppm::ZERO,
    }
}

fn account(quote: i64, tokens: &[TokenLeg], perps: &[PerpLeg]) -> Portfolio {
    // Dust of one micro-dollar: sizes are as small as the grids.
    let mut p = Portfolio::empty(GlobalParams::DEFAULT.with(|new| new.legs.dust_usd_micro = 1));
    p.quote = token(0, quote);
    p.tokens[..tokens.len()].copy_from_slice(tokens);
    p.token_count = tokens.len();
    p.perps[..perps.len()].copy_from_slice(perps);
    p.perp_count = perps.len();
    p
}

/// Collateral of bank 1 against a debt of bank 2.
fn pair(collateral: u64, debt: u64) -> Portfolio {
    account(0, &[token(1, collateral as i64), token(2, -(debt as i64))], &[])
}

fn whole(leg: Leg) -> Request {
    Request { leg, max_size: None, min_size: LegSize::new(0), limit_numerator: 0, limit_denominator: 0 }
}

/// A leg that is there, so that one test may ask any kind.
struct Found {
    portfolio: Portfolio,
    assessment: Assessment,
    leg: Leg,
}

macro_rules! ask {
    ($found:expr, $leg:ident => $answer:expr) => {
        (|| {
            let found = $found;
            let answer = ask_closable!(found.leg, &found.portfolio, &found.assessment, leg => {
                let $leg = &leg;
                $answer
            });
            Ok::<_, RiskError>(answer)
        })()
        .expect("it is there")
    };
}

/// A fill in other units, number by number: tests count legs of every kind in plain numbers.
fn counted<From: Count, To: Count>(fill: Fill<From>) -> Fill<To> {
    Fill {
        size: To::from_number(fill.size.number()),
        paid_atoms: fill.paid_atoms,
        fee_atoms: fill.fee_atoms,
        received_atoms: fill.received_atoms,
        notional: fill.notional,
    }
}

impl Count for u64 {
    fn from_number(number: u64) -> Self {
        number
    }

    fn number(self) -> u64 {
        self
    }
}

impl Found {
    fn final_size(&self, wanted: u64, parts: u32, dust: u64, request: &Request) -> RiskResult<u64> {
        ask!(self, leg => size::final_size(leg, Count::from_number(wanted), Ppm::new(parts), UsdMicro::new(dust), request).map(Count::number))
    }

    /// Of a cure, or of a wind-down that spot alone says.
    fn wanted_size_up(&self, assessment: &Assessment, regime: Regime, parts: u32) -> u64 {
        let choice = RegimeChoice { regime, is_spot_alone: regime == Regime::WindDown };
        let assessment = Assessment { regime: Some(choice), ..*assessment };
        ask!(self, leg => size::wanted_size_up(leg, &assessment, Ppm::new(parts)).number())
    }

    fn fill_down(&self, size: u64, parts: u32, share_ppm: u32) -> RiskResult<Fill<u64>> {
        ask!(self, leg => leg.fill_down(Count::from_number(size), Ppm::new(parts), Ppm::new(share_ppm)).map(counted))
    }

    fn meets(&self, limit: Limit, fill: &Fill<u64>) -> bool {
        ask!(self, leg => leg.meets(limit, &counted(*fill)))
    }

    fn book(&self, portfolio: &mut Portfolio, fill: &Fill<u64>) -> RiskResult<()> {
        ask!(self, leg => leg.book(portfolio, &counted(*fill)))
    }

    fn rounding_usd_micro(&self) -> u64 {
        ask!(self, leg => leg.rounding().get())
    }

    fn outweighs_shares(&self, before: &Margins, after: &Margins) -> bool {
        ask!(self, leg => leg.outweighs_shares(before, after))
    }

    fn check_after(
        &self,
        regime: Regime,
        before: &Margins,
        after: &Margins,
        fill: &Fill<u64>,
        parts: u32,
    ) -> RiskResult<()> {
        ask!(self, leg => check_after(regime, before, after, leg, &counted(*fill), Ppm::new(parts)))
    }
}

fn found(p: &Portfolio, leg: Leg) -> RiskResult<Found> {
    let assessment = assess(p, &Clocks::default(), NOW);
    ask_closable!(leg, p, &assessment, _found => Ok(Found { portfolio: *p, assessment, leg }))
}

extern crate std;

use std::vec::Vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::auction::{pair_ceiling_ppm_down, perp_ceiling_ppm_down};
use crate::liquidate::largest_quote_liability;
use crate::num::PPM;
use crate::params::{GlobalParams, MarketRates, TokenWeights};
use crate::portfolio::{LegPrices, PerpLeg, TokenLeg};
use crate::price::UnitPrice;
use crate::units::{Atoms, Count, Ppm, SignedAtoms, SignedBaseUnits, UsdMicroSum};

/// Dust, micro-dollars; every unit here is worth one of them, so that a value can be exactly a bound.
const DUST: u64 = 10;
const QUOTE: u8 = 0;
/// Below, at and above dust, and below, at and above 1 % of G, whichever of [`SHARES`] that is.
const VALUES: [u64; 9] = [1, 4, 5, 6, 10, 11, 30, 31, 40];
/// 1 % of G: below dust, dust itself, and above it.
const SHARES: [u64; 3] = [5, DUST, 30];
/// The halves and doubles beyond which a leg sets no best are here with what is just beyond them.
const ASSET_PPM: [u32; 6] = [0, 499_999, 500_000, 900_000, 950_000, PPM];
const LIABILITY_PPM: [u32; 6] = [PPM, 1_050_000, 1_100_000, 1_500_000, 2_000_000, 2_000_001];
const RATE_PPM: [u32; 5] = [20_000, 50_000, 100_000, 150_000, 600_000];
/// Where one of the legs above begins to pay for a cure, and between.
const HEALTH_PPM: [u32; 9] = [0, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 100_000, 500_000];

fn prices<Worth: Count, Unit: Count>(stale: bool) -> LegPrices<Worth, Unit> {
    let one = UnitPrice::from_parts(1 << 63, 63);
    LegPrices { spot: one, fast: one, init: one, init_charge: one, stale, ready: true, ..Default::default() }
}

fn token(bank: u8, amount_atoms: i64, asset_maint_ppm: u32, liability_maint_ppm: u32, stale: bool) -> TokenLeg {
    let weights = TokenWeights {
        asset_maint_ppm: Ppm::new(asset_maint_ppm),
        liability_maint_ppm: Ppm::new(liability_maint_ppm),
        ..Default::default()
    };
    TokenLeg { amount_atoms: SignedAtoms::new(amount_atoms), weights, prices: prices(stale), bank }
}

/// A position of which `pnl` is the PnL at spot.
fn perp(market: u8, units: i64, pnl: i64, maint_ppm: u32, stale: bool) -> PerpLeg {
    let rates = MarketRates { maint_ppm: Ppm::new(maint_ppm), ..Default::default() };
    PerpLeg {
        units: SignedBaseUnits::new(units),
        cash_atoms: SignedAtoms::new(pnl - units),
        rates,
        prices: prices(stale),
        market,
        ..Default::default()
    }
}

/// What the rule looks at.
#[derive(Clone, Debug)]
struct Case {
    portfolio: Portfolio,
    gross: u128,
    sides: (u64, u64),
}

impl Case {
    fn new(tokens: &[TokenLeg], perps: &[PerpLeg], quote: TokenLeg, sides: (u64, u64), share: u64) -> Self {
        let params = GlobalParams::DEFAULT.with(|new| {
            new.legs.dust_usd_micro = DUST;
            new.legs.best_leg_min_ppm = PPM / 100;
        });
        let mut portfolio = Portfolio { quote, ..Portfolio::empty(params) };
        portfolio.tokens[..tokens.len()].copy_from_slice(tokens);
        portfolio.token_count = tokens.len();
        portfolio.perps[..perps.len()].copy_from_slice(perps);
        portfolio.perp_count = perps.len();
        Self { portfolio, gross: 100 * share as u128, sides }
    }

    fn best(&self, health_ppm: u32) -> BestLeg {
        best_leg(
            &self.portfolio,
            UsdMicroSum::new(self.gross),
            Ppm::new(health_ppm),
            (Atoms::new(self.sides.0), Atoms::new(self.sides.1)),
        )
    }
}

/// A leg of the account: each of its parts by itself.
#[derive(Clone, Copy, Debug)]
struct Leg {
    name: LegName,
    rate_ppm: u32,
    /// The smaller of collateral and debt; the notional.
    value: u64,
    may_be_best: bool,
    /// What it can pay at these parts per million of health.
    ceiling_ppm: [u32; HEALTH_PPM.len()],
}

/// Every leg with a valid price: each asset with each debt, pairs before perps, in the order of the account with quote
/// last. A borrow in quote and each market's negative PnL are debts of their own.
fn legs(case: &Case) -> Vec<Leg> {
    let (p, (seizable, owed)) = (&case.portfolio, case.sides);
    let quote_fresh = !p.quote.prices.stale;
    let (mut assets, mut debts, mut legs) = (Vec::new(), Vec::new(), Vec::new());
    for leg in p.tokens().iter().filter(|leg| !leg.prices.stale) {
        let side = if leg.amount_atoms > SignedAtoms::ZERO { &mut assets } else { &mut debts };
        side.push((leg.bank, leg.weights, leg.amount_atoms.unsigned_abs()));
    }
    if quote_fresh {
        let borrow = owed.min(p.quote.amount_atoms.loss().get());
        assets.push((QUOTE, p.quote.weights, Atoms::new(seizable)));
        debts.push((QUOTE, p.quote.weights, Atoms::new(borrow)));
        for leg in p.perps().iter().filter(|leg| !leg.prices.stale) {
            let loss = (-(leg.cash_atoms.get() + leg.units.get())).max(0) as u64;
            debts.push((QUOTE, p.quote.weights, Atoms::new(loss.min(owed - borrow))));
        }
    }
    for (asset, a, collateral) in &assets {
        for (liability, l, debt) in &debts {
            legs.push(Leg {
                name: LegName::Pair { asset: *asset, liability: *liability },
                rate_ppm: l.liability_maint_ppm.get() - a.asset_maint_ppm.get(),
                value: (*collateral.min(debt)).get(),
                may_be_best: a.asset_maint_ppm >= Ppm::new(PPM / 2) && l.liability_maint_ppm <= Ppm::new(2 * PPM),
                ceiling_ppm: HEALTH_PPM.map(|h| pair_ceiling_ppm_down(Ppm::new(h), a, l, &p.params).get()),
            });
        }
    }
    for leg in p.perps().iter().filter(|leg| quote_fresh && !leg.prices.stale) {
        legs.push(Leg {
            name: LegName::Perp { market: leg.market },
            rate_ppm: leg.rates.maint_ppm.get(),
            value: leg.units.unsigned_abs().get(),
            may_be_best: true,
            ceiling_ppm: HEALTH_PPM
                .map(|h| perp_ceiling_ppm_down(Ppm::new(h), &leg.rates, &p.quote.weights, &p.params).get()),
        });
    }
    legs.retain(|leg| leg.value > 0);
    legs
}

/// The best by the rule's words: above dust and above 1 % of G; none, above dust; none, any. Of equal ones the first.
fn best_of(case: &Case, legs: &[Leg]) -> Option<(u32, LegName)> {
    let share = (case.gross / 100) as u64;
    [share.max(DUST), DUST, 0].into_iter().find_map(|above| {
        let compared = legs.iter().filter(|leg| leg.may_be_best && leg.value > above);
        compared.map(|leg| (leg.rate_ppm, leg.name)).reduce(|best, leg| if leg.0 > best.0 { leg } else { best })
    })
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let legs = legs(case);
    let found = case.best(0);
    let best = best_of(case, &legs);
    prop_assert_eq!(found.rate_ppm.get(), best.map_or(0, |(rate, _)| rate));
    prop_assert_eq!(found.name, best.map(|(_, name)| name));
    for (i, health_ppm) in HEALTH_PPM.into_iter().enumerate() {
        // `p_max * (1 - c) >= p_floor` of any leg above dust, c a quarter and p_floor a thousandth.
        let pays = legs.iter().any(|leg| leg.value > DUST && u64::from(leg.ceiling_ppm[i]) * 3 >= 4_000);
        prop_assert_eq!(case.best(health_ppm).cure_pays, pays, "at {}", health_ppm);
        prop_assert_eq!(found.pays_at(&case.portfolio, Ppm::new(health_ppm)), pays, "later at {}", health_ppm);
    }
    Ok(())
}

fn value() -> impl Strategy<Value = i64> {
    select(&VALUES[..]).prop_map(|value| value as i64)
}

fn signed() -> impl Strategy<Value = i64> {
    (value(), any::<bool>()).prop_map(|(value, up)| if up { value } else { -value })
}

fn some_tokens() -> impl Strategy<Value = Vec<TokenLeg>> {
    let one = (signed(), select(&ASSET_PPM[..]), select(&LIABILITY_PPM[..]), 0u8..8);
    proptest::collection::vec(one, 0..5).prop_map(|all| {
        let leg = |(i, (atoms, a, l, stale))| token(i as u8 + 1, atoms, a, l, stale == 0);
        all.into_iter().enumerate().map(leg).collect()
    })
}

fn some_perps() -> impl Strategy<Value = Vec<PerpLeg>> {
    // A base that is all closed leaves its cash.
    let units = prop_oneof![1 => Just(0), 3 => signed()];
    let one = (units, prop_oneof![Just(0), signed()], select(&RATE_PPM[..]), 0u8..8);
    proptest::collection::vec(one, 0..4).prop_map(|all| {
        let leg = |(i, (units, pnl, rate, stale))| perp(i as u8 + 7, units, pnl, rate, stale == 0);
        all.into_iter().enumerate().map(leg).collect()
    })
}

fn some_quote() -> impl Strategy<Value = (TokenLeg, (u64, u64))> {
    let amount = prop_oneof![Just(0), signed()];
    let weights = (select(&ASSET_PPM[2..]), select(&LIABILITY_PPM[..5]));
    let sides = prop_oneof![
        Just((0, 0)),
        value().prop_map(|seizable| (seizable as u64, 0)),
        value().prop_map(|owed| (0, owed as u64)),
        (value(), value()).prop_map(|(borrow, pnl)| (0, (borrow + pnl) as u64)),
    ];
    (amount, weights, 0u8..16, sides)
        .prop_map(|(amount, (a, l), stale, sides)| (token(QUOTE, amount, a, l, stale == 0), sides))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_best_leg_is_what_comparing_every_leg_with_every_other_finds(
        tokens in some_tokens(), perps in some_perps(), (quote, sides) in some_quote(), share in select(&SHARES[..]),
    ) {
        check(&Case::new(&tokens, &perps, quote, sides, share))?;
    }
}

/// What a liquidator can repay in quote, of a borrow of 30 and two losses of 12 and 20.
#[test]
fn of_what_is_owed_beyond_the_borrow_no_market_lost_more_than_it_lost() {
    let quote = token(QUOTE, -30, PPM, PPM, false);
    let losers = [perp(7, 100, -12, 50_000, false), perp(8, -100, -20, 50_000, false)];
    let stale = [losers[0], perp(8, -100, -200, 50_000, true)];
    // Gains elsewhere pay for some of it first: owed is the net.
    for (perps, borrow, owed, largest) in [
        (&losers, 30, 62, 30),
        (&losers, 30, 30, 30),
        (&losers, 30, 8, 8),
        (&losers, 3, 35, 20),
        (&losers, 3, 20, 17),
        (&losers, 0, 20, 20),
        (&losers, 0, 19, 19),
        (&stale, 3, 215, 12),
        (&stale, 0, 0, 0),
    ] {
        let quote = TokenLeg { amount_atoms: SignedAtoms::new(-borrow), ..quote };
        let case = Case::new(&[], perps, quote, (0, owed), 5);
        assert_eq!(
            largest_quote_liability(&case.portfolio, Atoms::new(owed)),
            Atoms::new(largest),
            "{owed} with a borrow of {borrow}"
        );
    }
}

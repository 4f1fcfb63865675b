//! What may be listed, against the exact model that asks every pair by itself.

mod convert;
mod support;

use convert::{asset_weights, liability_weights, params as model_params, rates as model_rates};
use plimsoll_model::listing::{fee_keeps_ratio, pair_may_be_listed, perp_may_be_listed, Fall, Horizon, Token};
use plimsoll_model::{int, ppm, Params};
use plimsoll_risk::listing::{Calibration, Pairs};
use plimsoll_risk::params::{Contradiction, GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::units::{Ppm, PpmPerSec, Secs};
use proptest::prelude::*;

const ONE: u32 = 1_000_000;

fn horizon(p: &GlobalParams) -> Horizon {
    Horizon {
        bypass_ratio: ppm(p.observation.bypass_ratio_ppm as i128),
        bypass_spacing_secs: int(p.observation.bypass_spacing_secs as i128),
        risk_age_secs: int(p.prices.risk_age_secs as i128),
        cool_off_secs: int(p.observation.cool_off_secs as i128),
    }
}

fn fall(price: &Calibration) -> Fall {
    Fall {
        per_sec: ppm(price.fastest_fall_ppm_per_sec.get() as i128),
        update_secs: int(price.update_secs.get() as i128),
    }
}

fn token((weights, price): &(TokenWeights, Calibration)) -> Token {
    Token { w_a: asset_weights(weights), w_l: liability_weights(weights), fall: fall(price) }
}

/// Ceilings are rounded down to a ppm, so that a floor of one ppm more may be refused already.
fn both(p: &GlobalParams) -> [Params; 2] {
    let exact = model_params(p);
    let kept = int(1) - &exact.insurance_share;
    let strict = Params { p_floor: &exact.p_floor + ppm(1) * kept, ..exact.clone() };
    [exact, strict]
}

fn params() -> impl Strategy<Value = GlobalParams> {
    let times = (1u32..=60, 1u32..=20, 5u32..=15, 1u32..ONE);
    (support::accepted::drawn(), times, 1u32..5_000).prop_map(|((drawn, _), (spacing, cool, age, ratio), floor)| {
        drawn.with(|new| {
            new.observation.bypass_spacing_secs = spacing;
            new.observation.cool_off_secs = cool;
            new.prices.risk_age_secs = age;
            new.observation.bypass_ratio_ppm = ratio;
            new.auction.penalty_floor_ppm = floor;
        })
    })
}

fn price() -> impl Strategy<Value = Calibration> {
    (prop_oneof![1u32..200, 1u32..5_000], 1u32..10).prop_map(|(fall, update_secs)| Calibration {
        fastest_fall_ppm_per_sec: PpmPerSec::new(fall),
        update_secs: Secs::new(update_secs),
    })
}

fn bank() -> impl Strategy<Value = (TokenWeights, Calibration)> {
    let assets = (prop_oneof![1 => Just(0u32), 9 => 600_000u32..=ONE], 0u32..300_000);
    (assets, 0u32..400_000, 0u32..300_000, price()).prop_map(|((asset, gap), liability, more, price)| {
        let weights = TokenWeights {
            asset_maint_ppm: Ppm::new(asset),
            asset_init_ppm: Ppm::new(asset.saturating_sub(gap)),
            liability_maint_ppm: Ppm::new(ONE + liability),
            liability_init_ppm: Ppm::new(ONE + liability + more),
            ..TokenWeights::default()
        };
        (weights, price)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    /// LISTING-3
    #[test]
    fn pairs_are_accepted_where_the_model_accepts_each(p in params(), banks in prop::collection::vec(bank(), 2..6)) {
        let mut pairs = Pairs::default();
        banks.iter().enumerate().for_each(|(index, (weights, price))| pairs.offer(index, weights, *price, &p));
        let found = banks.iter().enumerate().all(|(index, (w, price))| pairs.check(index, w, *price, &p).is_ok());
        let [accepted, surely] = both(&p).map(|params| {
            let each = (0..banks.len()).flat_map(|a| (0..banks.len()).map(move |l| (a, l))).filter(|(a, l)| a != l);
            each.into_iter().all(|(a, l)| {
                pair_may_be_listed(&token(&banks[a]), &token(&banks[l]), &horizon(&p), &params)
            })
        });
        prop_assert!((!found || accepted) && (found || !surely), "found {found}, exact {accepted}, strict {surely}");
    }

    /// LISTING-3
    #[test]
    fn perps_are_accepted_where_the_model_accepts_them(
        p in params(), price in price(), rate in 1u32..300_000, gap in 0u32..200_000, w_l in ONE..ONE + 50_000,
    ) {
        let quote = TokenWeights { liability_maint_ppm: Ppm::new(w_l), liability_target_ppm: Ppm::new(w_l), ..TokenWeights::default() };
        let rates = MarketRates { maint_ppm: Ppm::new(rate), target_ppm: Ppm::new(rate + gap), init_ppm: Ppm::new(rate + gap) };
        let found = rates.validate(price, &quote, &p);
        let [accepted, surely] = both(&p).map(|params| {
            perp_may_be_listed(&model_rates(&rates), &fall(&price), &ppm(w_l as i128), &horizon(&p), &params)
        });
        let elsewhere = [Contradiction::RATES_GAP, Contradiction::WIND_DOWN_WEIGHT].map(Err).contains(&found);
        prop_assert!((found.is_err() || accepted) && (found.is_ok() || elsewhere || !surely), "{found:?}");
    }

    /// LISTING-4
    #[test]
    fn an_accepted_fee_keeps_the_ratio_of_who_reduces_down_to_the_cap(
        p in params(), rate in 1u32..300_000, fee in 10u32..=10_000,
    ) {
        let rates = MarketRates { maint_ppm: Ppm::new(rate), ..MarketRates::default() };
        let exact = model_params(&p);
        let kept = fee_keeps_ratio(&ppm(fee as i128), &ppm(rate as i128), &(&exact.k * &exact.h_ceiling));
        // No fee is below the engine's floor to insurance either.
        let reaches_floor = fee >= p.perps.fill_insurance_ppm;
        prop_assert_eq!(rates.validate_fee(Ppm::new(fee), &p).is_ok(), kept && reaches_floor);
    }
}

//! Portfolios that no listing would allow but every formula must still get right: mantissas, exponents, amounts and
//! weights from their whole ranges, dust and nothing at all included.

use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, TokenLeg};
use plimsoll_risk::price::{TokenPrice, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, SignedAtoms, SignedBaseUnits, UnixSecs};
use proptest::prelude::*;

/// One micro-dollar an atom.
pub const PAR: TokenPrice = TokenPrice::from_parts(1 << 63, 63);

/// A value of up to about 2^`bits` micro-dollars, as a price of any exponent and an amount that fits it.
fn leg<Worth: Count, Unit: Count>(bits: u32) -> impl Strategy<Value = (LegPrices<Worth, Unit>, i64)> {
    let relative = || prop_oneof![3 => 800_000u64..1_250_000, 1 => Just(1_000_000)];
    let edge = prop_oneof![Just(0u64), 0u64..1 << 62, Just(u64::MAX / 5)];
    ((1u64 << 60..1 << 62, 0u32..40, 0..bits), (relative(), relative(), edge), (any::<u64>(), 0u32..20, any::<bool>()))
        .prop_map(move |((mantissa, exponent, size), (fast, wide, edge), (raw, stale, negative))| {
            // An amount below 2^size at a price below 2^(bits - size), or a smaller price.
            let shift = 62 - (bits - size).min(40) as i32 + exponent as i32;
            let amount = (raw % (1 << size.max(1))) as i64;
            let unit = |ppm: u64| UnitPrice::from_parts((mantissa as u128 * ppm as u128 / 1_000_000) as u64, shift);
            let amount = if negative { -amount } else { amount };
            let (low, high) = (unit(fast.min(wide).min(1_000_000)), unit(fast.max(wide).max(1_000_000)));
            let prices = LegPrices {
                spot: unit(1_000_000),
                fast: unit(fast),
                init: if amount >= 0 { low } else { high },
                init_charge: high,
                edge,
                published_at: UnixSecs::new(1),
                stale: stale == 0,
                old: stale == 0,
                stale_for_hours: false,
                ready: true,
            };
            (prices, amount)
        })
}

fn weights() -> impl Strategy<Value = TokenWeights> {
    (0u32..=1_000_000, 0u32..=400_000, 0u32..=400_000, 0u32..=500_000, 0u32..=400_000, 0u32..=400_000).prop_map(
        |(a, at, ai, l, lt, li)| TokenWeights {
            asset_maint_ppm: Ppm::new(a),
            asset_target_ppm: Ppm::new(a.saturating_sub(at)),
            asset_init_ppm: Ppm::new(a.saturating_sub(at + ai)),
            liability_maint_ppm: Ppm::new(1_000_000 + l),
            liability_target_ppm: Ppm::new(1_000_000 + l + lt),
            liability_init_ppm: Ppm::new(1_000_000 + l + lt + li),
        },
    )
}

fn perp() -> impl Strategy<Value = PerpLeg> {
    let cash = prop_oneof![2 => -(1i64 << 45)..1 << 45, 1 => -1_000i64..1_000, 1 => Just(0)];
    let share = prop_oneof![3 => Just(0), 1 => 0u32..=1_000_000];
    (leg(45), cash, (1u32..500_000, 0u32..200_000, 0u32..200_000), share).prop_map(
        |((prices, units), cash, (rate, t, i), share)| PerpLeg {
            units: SignedBaseUnits::new(units),
            cash_atoms: SignedAtoms::new(cash),
            rates: MarketRates {
                maint_ppm: Ppm::new(rate),
                target_ppm: Ppm::new(rate + t),
                init_ppm: Ppm::new(rate + t + i),
            },
            prices,
            market: 0,
            deficit_share_ppm: Ppm::new(share),
        },
    )
}

/// The quote's price does not move between views; it is at par where `par`.
pub fn portfolio(par: bool) -> impl Strategy<Value = Portfolio> {
    let token = (leg(50), weights()).prop_map(|((prices, amount), weights)| TokenLeg {
        amount_atoms: SignedAtoms::new(amount),
        weights,
        prices,
        bank: 0,
    });
    let quote = (-(1i64 << 45)..1i64 << 45, weights(), 900_000u64..1_100_000);
    let many = (prop::collection::vec(token, 0..5), prop::collection::vec(perp(), 0..4));
    (many, quote, 0u32..=1_000_000).prop_map(move |((tokens, perps), (q, w, price), pnl_weight)| {
        let params =
            GlobalParams::DEFAULT.with(|new| new.perps.pnl_weight_ppm = pnl_weight.min(w.asset_maint_ppm.get()));
        let unit = TokenPrice::from_parts((PAR.mantissa() as u128 * price as u128 / 1_000_000) as u64 >> 1, 62);
        let unit = if par { PAR } else { unit };
        let mut p = Portfolio::empty(params);
        p.quote = TokenLeg { amount_atoms: SignedAtoms::new(q), weights: w, prices: LegPrices::default(), bank: 0 };
        let prices = &mut p.quote.prices;
        (prices.spot, prices.fast, prices.init, prices.init_charge) = (unit, unit, unit, unit);
        prices.ready = true;
        for (i, leg) in tokens.into_iter().enumerate() {
            p.tokens[i] = TokenLeg { bank: i as u8 + 1, ..leg };
            p.token_count += 1;
        }
        for (i, leg) in perps.into_iter().enumerate() {
            p.perps[i] = PerpLeg { market: i as u8, ..leg };
            p.perp_count += 1;
        }
        p
    })
}

//! Margins of whole accounts, summed plainly: every leg's value is rounded once, and nothing else.

use plimsoll_risk::error::RiskError;
use plimsoll_risk::margin::{
    check_initial, check_takeover, excess, initial_margins, is_under_water_at_edges, margins, Excess, InitialMargins,
    Margins,
};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{BasePrices, LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::units::{Atoms, BaseUnits, Count, Ppm, SignedAtoms, SignedBaseUnits, UsdMicroSum, UsdPico};
use proptest::prelude::*;

use crate::support;

const MILLION: i128 = 1_000_000;

/// The unit prices of what gains from a higher price and of what loses by it.
fn view<Worth: Count, Unit: Count>(
    prices: &LegPrices<Worth, Unit>,
    at: PriceKind,
    edges: bool,
) -> (UnitPrice<Worth, Unit>, UnitPrice<Worth, Unit>) {
    let plain = if at == PriceKind::Spot { prices.spot } else { prices.fast };
    if edges || prices.stale {
        (plain.raised_down(prices.edge), plain.lowered_up(prices.edge))
    } else {
        (plain, plain)
    }
}

fn magnitude(amount: i128) -> u64 {
    u64::try_from(amount.unsigned_abs()).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Sums {
    assets: i128,
    liabilities: i128,
    maint: i128,
    target: i128,
    gains: i128,
    losses: i128,
    notional: i128,
    charge_maint: i128,
    charge_target: i128,
}

impl Sums {
    fn add_pnl(&mut self, leg: &PerpLeg, worth: Atoms) {
        let pnl = leg.pnl_of(worth);
        if pnl.is_negative() {
            self.losses += pnl.loss().get() as i128;
        } else {
            self.gains += leg.gain_down(pnl.gain()).get() as i128;
        }
    }

    fn saturated(&self) -> bool {
        let (half, whole) = (i64::MAX as i128, u64::MAX as i128);
        self.gains >= half
            || self.losses >= half
            || [self.assets, self.liabilities, self.notional].iter().any(|sum| *sum >= whole)
    }
}

/// At maintenance and target, and what the sums alone would say.
fn maintenance(p: &Portfolio, at: PriceKind, edges: bool) -> (Margins, Excess) {
    let mut s = Sums::default();
    let add = |s: &mut Sums, amount: i128, leg: &TokenLeg| -> i128 {
        let (high, low) = view(&leg.prices, at, edges);
        let w = &leg.weights;
        let (value, maint, target) = if amount >= 0 {
            (high.value_down(Atoms::new(magnitude(amount))).get() as i128, w.asset_maint_ppm, w.asset_target_ppm)
        } else {
            (
                -(low.value_up(Atoms::new(magnitude(amount))).get() as i128),
                w.liability_maint_ppm,
                w.liability_target_ppm,
            )
        };
        s.maint += value * maint.get() as i128;
        s.target += value * target.get() as i128;
        value
    };
    for leg in &p.tokens[..p.token_count] {
        let value = add(&mut s, leg.amount_atoms.get() as i128, leg);
        s.assets += value.max(0);
        s.liabilities += (-value).max(0);
    }
    let mut gross = s.assets;
    for leg in &p.perps[..p.perp_count] {
        let (high, low) = view(&leg.prices, at, edges);
        let notional = low.value_up(leg.units.unsigned_abs());
        s.add_pnl(
            leg,
            if leg.units >= SignedBaseUnits::ZERO {
                high.value_down(BaseUnits::new(leg.units.get() as u64))
            } else {
                notional
            },
        );
        s.notional += notional.get() as i128;
        s.charge_maint += notional.get() as i128 * leg.rates.maint_ppm.get() as i128;
        s.charge_target += notional.get() as i128 * leg.rates.target_ppm.get() as i128;
    }
    let mut net = 0;
    if p.quote.amount_atoms != SignedAtoms::ZERO || p.perp_count != 0 {
        let (high, low) = view(&p.quote.prices, at, edges);
        let owned = p.quote.amount_atoms.get() as i128 - s.losses;
        net = owned + s.gains * p.params.perps.pnl_weight_ppm as i128 / MILLION;
        gross += add(&mut s, net, &p.quote).max(0);
        let whole = owned + s.gains;
        if whole >= 0 {
            s.assets += high.value_down(Atoms::new(magnitude(whole))).get() as i128;
        } else {
            s.liabilities += low.value_up(Atoms::new(magnitude(whole))).get() as i128;
        }
        s.maint -= low.value_wide_up(s.charge_maint as u128).get() as i128;
        s.target -= low.value_wide_up(s.charge_target as u128).get() as i128;
    }
    let nav = (s.assets - s.liabilities) * MILLION;
    let (maint, target) = (s.maint.min(nav), s.target.min(s.maint).min(nav));
    let whole = Margins {
        nav: UsdPico::new(nav),
        maint_excess: UsdPico::new(maint),
        target_excess: UsdPico::new(target),
        assets: UsdMicroSum::new(gross as u128),
        notional_atoms: s.notional as u128,
        quote_net_atoms: net,
        saturated: s.saturated(),
    };
    (whole, Excess { maint_excess: UsdPico::new(s.maint), target_excess: UsdPico::new(s.target.min(s.maint)) })
}

fn initial(p: &Portfolio) -> InitialMargins {
    let (mut s, mut init) = (Sums::default(), 0);
    for leg in &p.tokens[..p.token_count] {
        let atoms = leg.amount_atoms.unsigned_abs();
        if leg.amount_atoms >= SignedAtoms::ZERO {
            let value = leg.prices.init.value_down(atoms).get() as i128;
            s.assets += value;
            init += value * leg.weights.asset_init_ppm.get() as i128;
        } else {
            let value = leg.prices.init.value_up(atoms).get() as i128;
            s.liabilities += value;
            init -= value * leg.weights.liability_init_ppm.get() as i128;
        }
    }
    let mut charge = 0;
    for leg in &p.perps[..p.perp_count] {
        let notional = leg.prices.init_charge.value_up(leg.units.unsigned_abs());
        s.add_pnl(
            leg,
            if leg.units >= SignedBaseUnits::ZERO {
                leg.prices.init.value_down(BaseUnits::new(leg.units.get() as u64))
            } else {
                notional
            },
        );
        s.notional += notional.get() as i128;
        charge += notional.get() as i128 * leg.rates.init_ppm.get() as i128;
    }
    if p.quote.amount_atoms != SignedAtoms::ZERO || p.perp_count != 0 {
        let (low, high, w) = (p.quote.prices.init, p.quote.prices.init_charge, &p.quote.weights);
        // Gains count nothing towards the margin and everything towards NAV.
        let net = p.quote.amount_atoms.get() as i128 - s.losses;
        if net >= 0 {
            init += low.value_down(Atoms::new(magnitude(net))).get() as i128 * w.asset_init_ppm.get() as i128;
        } else {
            init -= high.value_up(Atoms::new(magnitude(net))).get() as i128 * w.liability_init_ppm.get() as i128;
        }
        let whole = net + s.gains;
        if whole >= 0 {
            s.assets += low.value_down(Atoms::new(magnitude(whole))).get() as i128;
        } else {
            s.liabilities += high.value_up(Atoms::new(magnitude(whole))).get() as i128;
        }
        init -= high.value_wide_up(charge as u128).get() as i128;
    }
    let nav = (s.assets - s.liabilities) * MILLION;
    InitialMargins { nav: UsdPico::new(nav), init_excess: UsdPico::new(init.min(nav)), saturated: s.saturated() }
}

fn assert_all(p: &Portfolio) {
    for at in [PriceKind::Spot, PriceKind::Fast] {
        for edges in [false, true] {
            let (whole, alone) = maintenance(p, at, edges);
            assert_eq!(margins(p, at, edges), whole, "{at:?} {edges}");
            if edges {
                assert_eq!(is_under_water_at_edges(p, at), alone.maint_excess.get() < 0, "{at:?}");
            } else {
                assert_eq!(excess(p, at), alone, "{at:?}");
            }
        }
    }
    let found = initial_margins(p);
    assert_eq!(found, initial(p));
    assert_eq!(found.imr().get(), found.nav.get() - found.init_excess.get());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn margins_are_plain_sums_of_values_rounded_once(
        mut p in support::portfolio_of_any_quote(30), quote_edge in 0u64..1 << 62, quote_stale: bool,
    ) {
        p.quote.prices.edge = quote_edge;
        p.quote.prices.stale = quote_stale;
        let fast = p.quote.prices.fast;
        p.quote.prices.fast = UnitPrice::from_parts(fast.mantissa() - fast.mantissa() / 100, fast.shift());
        p.quote.weights = TokenWeights::new(Ppm::new(960_000), Ppm::new(900_000), Ppm::new(1_150_000), Ppm::new(1_200_000), &p.params).unwrap();
        assert_all(&p);
        // Nothing of quote, with and without what settles in it; quote alone; nothing.
        p.quote.amount_atoms = SignedAtoms::ZERO;
        assert_all(&p);
        p.perp_count = 0;
        assert_all(&p);
        (p.token_count, p.quote.amount_atoms) = (0, SignedAtoms::new(5));
        assert_all(&p);
        p.quote.amount_atoms = SignedAtoms::ZERO;
        assert_all(&p);
    }
}

/// Every unit worth one.
fn par<Worth: Count, Unit: Count>() -> LegPrices<Worth, Unit> {
    let one = UnitPrice::from_parts(1 << 62, 62);
    LegPrices { spot: one, fast: one, init: one, init_charge: one, ready: true, ..LegPrices::default() }
}

/// The same, with the flags `stale`, `old` and `ready`.
fn flagged<Worth: Count, Unit: Count>([stale, old, ready]: [bool; 3]) -> LegPrices<Worth, Unit> {
    LegPrices { stale, old, ready, ..par() }
}

fn perp(units: i64, cash_atoms: i64, prices: BasePrices) -> PerpLeg {
    let rates = MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };
    PerpLeg {
        units: SignedBaseUnits::new(units),
        cash_atoms: SignedAtoms::new(cash_atoms),
        rates,
        prices,
        ..PerpLeg::default()
    }
}

/// An account of those of five sums that are asked for: assets, liabilities, notional, gains and losses, each at the
/// end of its range or just `below` it.
fn full_of(sums: u32, below: bool) -> Portfolio {
    let params = GlobalParams::DEFAULT;
    let weights =
        TokenWeights::new(Ppm::new(900_000), Ppm::new(800_000), Ppm::new(1_100_000), Ppm::new(1_200_000), &params)
            .unwrap();
    let less = below as i64;
    let mut p = Portfolio::empty(params);
    p.quote = TokenLeg { weights, prices: par(), ..TokenLeg::default() };
    let token = |amount_atoms| TokenLeg { amount_atoms, weights, prices: par(), bank: 1 };
    let add = |p: &mut Portfolio, amount| {
        p.tokens[p.token_count] = token(amount);
        p.token_count += 1;
    };
    for (bit, sign) in [(0, 1), (1, -1)] {
        if sums >> bit & 1 == 1 {
            // 2^64 - 1 of two halves and one.
            [i64::MAX, i64::MAX, 1 - less].iter().for_each(|amount| add(&mut p, SignedAtoms::new(sign * amount)));
        }
    }
    let hold = |p: &mut Portfolio, leg| {
        p.perps[p.perp_count] = leg;
        p.perp_count += 1;
    };
    if sums >> 2 & 1 == 1 {
        // Worth 2^64 - 1 or 2 less in the four, none of them with any PnL.
        let quarter = 1i64 << 62;
        [quarter, quarter, quarter, quarter - 1 - less].iter().for_each(|n| hold(&mut p, perp(*n, -n, par())));
    }
    if sums >> 3 & 1 == 1 {
        hold(&mut p, perp(0, i64::MAX - less, BasePrices::CASH));
    }
    if sums >> 4 & 1 == 1 {
        hold(&mut p, perp(0, less - i64::MAX, BasePrices::CASH));
    }
    p
}

#[test]
fn any_sum_that_reaches_the_end_of_its_range_says_so_alone_and_beside_others() {
    for sums in 0..32 {
        let full = full_of(sums, false);
        assert_eq!(margins(&full, PriceKind::Spot, false).saturated, sums != 0, "{sums:b}");
        assert_eq!(initial_margins(&full).saturated, sums != 0, "{sums:b}");
        let refused = check_takeover(&full).err();
        assert_eq!(refused == Some(RiskError::NumberOutOfRange), sums != 0);
        // Gains are worth something beside assets, and losses beside liabilities.
        if ![0b1001, 0b10010].iter().any(|both| sums & both == *both) {
            let room = full_of(sums, true);
            assert!(!margins(&room, PriceKind::Spot, false).saturated, "{sums:b}");
            assert!(!initial_margins(&room).saturated, "{sums:b}");
        }
        assert_all(&full);
    }
}

/// What is owed in all may exceed what a number of 64 bits holds: its value does too.
#[test]
fn a_net_debt_beyond_64_bits_is_worth_the_largest_number() {
    let mut p = full_of(0b10000, false);
    (p.perps[1], p.perps[2]) = (p.perps[0], p.perps[0]);
    p.perp_count = 3;
    assert_all(&p);
    assert_eq!(margins(&p, PriceKind::Spot, false).nav.get(), -(u64::MAX as i128) * MILLION);
}

#[test]
fn risk_is_added_at_no_old_price_taken_over_at_no_stale_one_and_neither_before_averages_are_ready() {
    let weights = TokenWeights::new(
        Ppm::new(900_000),
        Ppm::new(800_000),
        Ppm::new(1_100_000),
        Ppm::new(1_200_000),
        &GlobalParams::DEFAULT,
    )
    .unwrap();
    for case in 0..8u32 * 64 * 8 {
        let flags = |at: u32| [case >> at & 1 == 1, case >> (at + 1) & 1 == 1, case >> (at + 2) & 1 == 1];
        let [quote, token, long] = [flags(0), flags(3), flags(6)];
        let (with_quote, with_token, with_perp) = (case >> 9 & 1 == 1, case >> 10 & 1 == 1, case >> 11 & 1 == 1);
        let mut p = Portfolio::empty(GlobalParams::DEFAULT);
        p.quote = TokenLeg {
            amount_atoms: SignedAtoms::new(1_000 * with_quote as i64),
            weights,
            prices: flagged(quote),
            bank: 0,
        };
        p.tokens[0] = TokenLeg { amount_atoms: SignedAtoms::new(1_000), weights, prices: flagged(token), bank: 1 };
        p.perps[0] = perp(0, 100, flagged(long));
        (p.token_count, p.perp_count) = (with_token as usize, with_perp as usize);
        let mut held = vec![];
        if with_quote || with_perp {
            held.push(quote);
        }
        if with_token {
            held.push(token);
        }
        if with_perp {
            held.push(long);
        }
        let stale = held.iter().any(|[stale, ..]| *stale);
        let old = held.iter().any(|[_, old, _]| *old);
        let ready = held.iter().all(|[.., ready]| *ready);
        assert_eq!(p.ages(), (stale, old, ready), "{case:b}");
        let expected = |refused: bool| match (refused, ready) {
            (true, _) => Err(RiskError::PriceStale),
            (_, false) => Err(RiskError::PriceNotReady),
            _ => Ok(initial(&p)),
        };
        assert_eq!(check_initial(&p), expected(stale || old), "{case:b}");
        assert_eq!(check_takeover(&p), expected(stale), "{case:b}");
    }
}

#[test]
fn an_account_may_hold_exactly_its_requirement() {
    let params = GlobalParams::DEFAULT;
    let weights =
        TokenWeights::new(Ppm::new(900_000), Ppm::new(800_000), Ppm::new(1_100_000), Ppm::new(1_200_000), &params)
            .unwrap();
    let of = |debt: i64| {
        let mut p = Portfolio::empty(params);
        p.quote = TokenLeg { amount_atoms: SignedAtoms::new(3), weights, prices: par(), bank: 0 };
        p.tokens[0] = TokenLeg { amount_atoms: SignedAtoms::new(-debt), weights, prices: par(), bank: 1 };
        p.token_count = 1;
        p
    };
    // 3 * 0.8 = 2 * 1.2
    let held = InitialMargins { nav: UsdPico::new(MILLION), init_excess: UsdPico::ZERO, saturated: false };
    assert_eq!((check_initial(&of(2)), check_takeover(&of(2))), (Ok(held), Ok(held)));
    let refused = Err(RiskError::MarginInsufficient);
    assert_eq!((check_initial(&of(3)), check_takeover(&of(3))), (refused, refused));
}

/// The tables are mostly empty: a failing test should not print them.
#[test]
fn an_account_is_printed_with_the_legs_that_it_holds() {
    let mut p = full_of(0b01001, false);
    p.tokens[0].bank = 77;
    let printed = format!("{p:?}");
    assert!(printed.starts_with("Portfolio { quote: TokenLeg {") && printed.contains("bank: 77"), "{printed}");
    assert_eq!(printed.matches("TokenLeg {").count(), 1 + p.token_count);
    assert_eq!(printed.matches("PerpLeg {").count(), p.perp_count);
}

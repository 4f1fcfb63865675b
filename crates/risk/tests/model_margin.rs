//! Margins in integers against the exact model: never above it, and below it by at most what rounding may take.

mod convert;
mod support;

use convert::{bounds, coarse, cut_gains, pico, unit, For};
use plimsoll_model::margin::{is_eligible, margin};
use plimsoll_model::{int, At as ModelAt, Level, View, Q};
use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::liquidate::assess;
use plimsoll_risk::margin::{excess, initial_margins, is_under_water_at_edges, margins, quote_sides};
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::UnixSecs;
use proptest::prelude::*;
use support::NOW;

const CASES: u32 = 10_000;

fn at_model(at: PriceKind) -> ModelAt {
    match at {
        PriceKind::Spot => ModelAt::Spot,
        PriceKind::Fast => ModelAt::Fast,
    }
}

/// `0 <= exact - rounded <= bound`
fn assert_rounded_down(exact: &Q, rounded: i128, bound: &Q, what: &str) -> Result<(), TestCaseError> {
    let lost = exact - pico(rounded);
    prop_assert!(lost >= int(0) && lost <= *bound, "{what}: lost {lost} of {exact}, at most {bound}");
    Ok(())
}

fn check_maintenance(p: &Portfolio) -> Result<(), TestCaseError> {
    // The quote's price is the same in both views, so one conversion holds them.
    let exact = convert::portfolio(p, For::Maintenance(PriceKind::Spot));
    let (nav, bound) = bounds(p, &unit(p.quote.prices.spot));
    for at in [PriceKind::Spot, PriceKind::Fast] {
        for edges in [false, true] {
            let rounded = margins(p, at, edges);
            prop_assert!(!rounded.saturated);
            if edges {
                prop_assert_eq!(is_under_water_at_edges(p, at), rounded.maint_excess.get() < 0);
            } else {
                let short = excess(p, at);
                prop_assert_eq!(
                    (short.maint_excess.get(), short.target_excess.get()),
                    (rounded.maint_excess.get(), rounded.target_excess.get()),
                    "the short form"
                );
            }
            let view = if edges { View::Eligible(at_model(at)) } else { View::Plain(at_model(at)) };
            let maint = margin(&exact, Level::Maintenance, view);
            assert_rounded_down(&maint.nav, rounded.nav.get(), &nav, "NAV")?;
            assert_rounded_down(&maint.excess(), rounded.maint_excess.get(), &bound, "NAV - MMR")?;
            let target = margin(&exact, Level::Target, view).excess();
            assert_rounded_down(&target, rounded.target_excess.get(), &bound, "NAV - TMR")?;
        }
    }
    Ok(())
}

fn check_initial(p: &Portfolio) -> Result<(), TestCaseError> {
    let exact = margin(&convert::portfolio(p, For::Initial), Level::Initial, View::Initial);
    let (nav, excess) = bounds(p, &int(1));
    let rounded = initial_margins(p);
    prop_assert!(!rounded.saturated);
    assert_rounded_down(&exact.nav, rounded.nav.get(), &nav, "initial NAV")?;
    assert_rounded_down(&exact.excess(), rounded.init_excess.get(), &excess, "NAV - IMR")
}

/// Rounding only ever makes an account eligible, and only one within it of maintenance.
fn check_eligibility(p: &Portfolio, bypass: bool) -> Result<(), TestCaseError> {
    let exact = convert::portfolio(p, For::Maintenance(PriceKind::Spot));
    let eligible = assess(p, &bypassed(bypass), UnixSecs::new(NOW)).regime.is_some();
    let expected = is_eligible(&exact, bypass);
    if eligible != expected {
        let (_, bound) = bounds(p, &unit(p.quote.prices.spot));
        let nearest = [ModelAt::Spot, ModelAt::Fast]
            .map(|at| margin(&exact, Level::Maintenance, View::Eligible(at)).excess())
            .into_iter()
            .filter(|excess| *excess >= int(0))
            .min()
            .unwrap();
        prop_assert!(eligible && nearest < bound, "eligible {eligible}, {nearest} from maintenance");
    }
    Ok(())
}

fn bypassed(bypass: bool) -> Clocks {
    Clocks { health_state: HealthState::UnderWater, observed_at: UnixSecs::new(NOW), bypass, ..Clocks::default() }
}

/// What can be seized of quote and what is owed in it, atoms.
fn check_quote_sides(p: &Portfolio) -> Result<(), TestCaseError> {
    let exact = convert::portfolio(p, For::Maintenance(PriceKind::Spot));
    let net = plimsoll_model::margin::quote_net(&exact, Level::Maintenance, View::Plain(ModelAt::Spot));
    let price = unit(p.quote.prices.spot);
    let (seizable, owed) = quote_sides(p, &margins(p, PriceKind::Spot, false));
    // Each PnL is rounded against the holder by up to an atom, one that a deficit cuts and the weighted gains by one more.
    let bound = int(2 * p.perp_count as i128 + cut_gains(p) + 1);
    let less = net.seizable() / &price - int(seizable.get() as i128);
    let more = int(owed.get() as i128) - net.owed() / &price;
    prop_assert!(less >= int(0) && less <= bound, "seizable {less}");
    prop_assert!(more >= int(0) && more <= bound, "owed {more}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// MARGIN-2, MARGIN-3, MARGIN-5, NUMBER-3
    #[test]
    fn nav_mmr_and_tmr_are_the_models_rounded_against_the_account(p in support::portfolio(10).prop_map(coarse)) {
        check_maintenance(&p)?;
    }

    #[test]
    fn nav_mmr_and_tmr_hold_at_any_price_amount_and_weight(p in convert::wild::portfolio(false)) {
        check_maintenance(&p)?;
    }

    /// MARGIN-3, MARGIN-6
    #[test]
    fn initial_margin_is_the_models_rounded_against_the_account(p in convert::wild::portfolio(true)) {
        check_initial(&p)?;
    }

    #[test]
    fn initial_margin_holds_for_listed_prices_too(mut p in support::portfolio(0).prop_map(coarse)) {
        let at_par = convert::wild::PAR;
        let quote = &mut p.quote.prices;
        (quote.spot, quote.fast, quote.init, quote.init_charge) = (at_par, at_par, at_par, at_par);
        check_initial(&p)?;
    }

    /// ELIG-1
    #[test]
    fn eligibility_is_the_models_up_to_rounding(p in support::portfolio(10).prop_map(coarse), bypass: bool) {
        check_eligibility(&p, bypass)?;
    }

    #[test]
    fn eligibility_holds_at_any_price_amount_and_weight(p in convert::wild::portfolio(false).prop_map(coarse), bypass: bool) {
        check_eligibility(&p, bypass)?;
    }

    /// MARGIN-4
    #[test]
    fn what_of_quote_is_seizable_and_owed_is_the_models(
        listed in support::portfolio(10).prop_map(coarse), any in convert::wild::portfolio(false).prop_map(coarse),
    ) {
        check_quote_sides(&listed)?;
        check_quote_sides(&any)?;
    }
}

use crate::portfolio::BasePrices;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::auction::{Clocks, HealthState};
use crate::liquidate::assess;
use crate::params::{GlobalParams, MarketRates, TokenWeights};
use crate::portfolio::{PerpLeg, TokenLeg};
use crate::price::{base_scale_down, token_scale_down, Price, UnitPrice};
use crate::units::{Atoms, Count, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use proptest::prelude::*;

const NOW: UnixSecs = UnixSecs::new(1_760_130_600);
const PARAMS: GlobalParams = GlobalParams::DEFAULT;

/// [`divide_down`] of plain numbers.
fn divide(fund: u64, claims: &[u64], shares: &mut [u64]) -> RiskResult<u64> {
    let claims: Vec<Atoms> = claims.iter().copied().map(Atoms::new).collect();
    let mut divided: Vec<Atoms> = shares.iter().copied().map(Atoms::new).collect();
    let paid = divide_down(Atoms::new(fund), &claims, &mut divided)?;
    shares.iter_mut().zip(divided).for_each(|(share, divided)| *share = divided.get());
    Ok(paid.get())
}

/// One event in the quote bank as the program runs it, legs given at the mark and at their own calls.
#[derive(Clone, Debug)]
struct Event {
    insurance: u64,
    event_cap: u64,
    drawn: u64,
    /// Reserved for this event, what legs gave back included.
    reserved: u64,
    shares: Vec<u64>,
}

impl Event {
    fn mark(insurance: u64, event_cap: u64, owed: &[u64]) -> Self {
        let mut shares = vec![0; owed.len()];
        let fund = draw_room(Atoms::new(insurance), Atoms::new(event_cap), Atoms::ZERO, Atoms::MAX, Atoms::ZERO).get();
        let drawn = divide(fund, owed, &mut shares).unwrap();
        Self { insurance: insurance - drawn, event_cap, drawn, reserved: drawn, shares }
    }

    fn room(&self) -> u64 {
        draw_room(
            Atoms::new(self.insurance),
            Atoms::new(self.event_cap),
            Atoms::new(self.drawn),
            Atoms::MAX,
            Atoms::ZERO,
        )
        .get()
    }

    fn pay(&mut self, leg: usize, owed: u64) -> Payment {
        let payment = pay_leg(Atoms::new(owed), Atoms::new(self.shares[leg]), Atoms::new(self.room()), Atoms::MAX);
        self.reserved -= payment.from_reserved_atoms.get();
        self.insurance -= payment.from_unreserved_atoms.get();
        self.drawn += payment.from_unreserved_atoms.get();
        payment
    }
}

fn order(len: usize, seed: u64) -> Vec<usize> {
    let mut rest: Vec<usize> = (1..len).collect();
    let mut picked = vec![0];
    let mut state = seed | 1;
    while !rest.is_empty() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        picked.push(rest.swap_remove((state >> 33) as usize % rest.len()));
    }
    picked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// BANKRUPT-8
    #[test]
    fn a_fund_is_divided_whole_and_each_share_is_within_an_atom_of_the_exact_one(
        fund: u64,
        claims in prop::collection::vec(prop_oneof![0u64..50, 0u64..1 << 40, any::<u64>()], 0..=MAX_QUOTE_LEGS),
        small in prop::bool::ANY,
    ) {
        let fund = if small { fund % 1_000 } else { fund };
        let mut shares = vec![u64::MAX; claims.len()];
        let paid = divide(fund, &claims, &mut shares).unwrap();
        let total: u128 = claims.iter().map(|c| *c as u128).sum();
        prop_assert_eq!(paid as u128, total.min(fund as u128));
        prop_assert_eq!(shares.iter().map(|s| *s as u128).sum::<u128>(), paid as u128);
        for (claim, share) in claims.iter().zip(&shares) {
            prop_assert!(share <= claim);
            // |share - paid * claim / total| < 1
            let exact = paid as u128 * *claim as u128;
            if let Some(scaled) = (*share as u128).checked_mul(total) {
                prop_assert!(scaled.abs_diff(exact) < total.max(1));
            }
        }
    }

    /// BANKRUPT-8
    #[test]
    fn the_order_of_calls_moves_no_atom_between_legs_at_unchanged_prices(
        insurance in 0u64..2_000, cap in prop_oneof![Just(u64::MAX), 0u64..2_000],
        owed in prop::collection::vec(0u64..400, 1..=MAX_QUOTE_LEGS), seed: u64,
    ) {
        let event = Event::mark(insurance, cap, &owed);
        let run = |order: &[usize]| {
            let mut event = event.clone();
            let mut paid = vec![Payment::default(); owed.len()];
            order.iter().for_each(|leg| paid[*leg] = event.pay(*leg, owed[*leg]));
            (paid, event.insurance + event.reserved)
        };
        prop_assert_eq!(run(&order(owed.len(), 0)), run(&order(owed.len(), seed)));
    }

    #[test]
    fn what_a_leg_that_shrank_gives_back_tempts_nobody_to_choose_an_order(
        insurance in 0u64..2_000, owed in prop::collection::vec((0u64..400, 0u64..400), 1..=MAX_QUOTE_LEGS), seed: u64,
    ) {
        let marks: Vec<u64> = owed.iter().map(|(mark, _)| *mark).collect();
        // The fund is exhausted at the mark, as it is wherever anything is socialized.
        let insurance = insurance.min(marks.iter().sum());
        let event = Event::mark(insurance, u64::MAX, &marks);
        let run = |order: &[usize]| {
            let mut event = event.clone();
            let mut paid = vec![Payment::default(); owed.len()];
            order.iter().for_each(|leg| paid[*leg] = event.pay(*leg, owed[*leg].1));
            (paid, event.insurance + event.reserved)
        };
        prop_assert_eq!(run(&order(owed.len(), 0)), run(&order(owed.len(), seed)));
    }

    /// BANKRUPT-7, INSURE-1
    #[test]
    fn insurance_and_socialized_loss_are_the_loss_exactly_and_insurance_goes_first(
        insurance in 0u64..4_000, cap in prop_oneof![Just(u64::MAX), 0u64..2_000],
        owed in prop::collection::vec((0u64..400, 0u64..400), 1..=MAX_QUOTE_LEGS), arrives in 0u64..100, seed: u64,
    ) {
        let marks: Vec<u64> = owed.iter().map(|(mark, _)| *mark).collect();
        let mut event = Event::mark(insurance, cap, &marks);
        let mut covered = 0;
        for leg in order(owed.len(), seed) {
            event.insurance += arrives;
            let payment = event.pay(leg, owed[leg].1);
            prop_assert_eq!(payment.covered_atoms().get() + payment.remainder_atoms.get(), owed[leg].1);
            prop_assert!(payment.remainder_atoms == Atoms::ZERO || event.room() == 0);
            covered += payment.covered_atoms().get();
        }
        prop_assert!(event.drawn <= cap);
        prop_assert_eq!(event.insurance + event.reserved + covered, insurance + arrives * owed.len() as u64);
    }

    #[test]
    fn a_leg_draws_at_most_its_own_cap(
        owed in 0u64..1_000, reserved in 0u64..1_000, room in 0u64..1_000, cap in 0u64..1_000,
    ) {
        let payment = pay_leg(Atoms::new(owed), Atoms::new(reserved), Atoms::new(room), Atoms::new(cap));
        prop_assert_eq!(payment.covered_atoms().get(), owed.min(cap).min(reserved + room));
        prop_assert_eq!(payment.remainder_atoms.get(), owed - payment.covered_atoms().get());
        prop_assert!(payment.from_reserved_atoms <= Atoms::new(reserved) && payment.from_unreserved_atoms <= Atoms::new(room));
    }
}

/// INSURE-3
#[test]
fn the_room_to_draw_is_the_smallest_of_fund_and_caps() {
    assert_eq!(draw_room(Atoms::new(50), Atoms::MAX, Atoms::new(7), Atoms::MAX, Atoms::new(7)).get(), 50);
    assert_eq!(draw_room(Atoms::new(50), Atoms::new(30), Atoms::new(7), Atoms::MAX, Atoms::new(7)).get(), 23);
    assert_eq!(draw_room(Atoms::new(50), Atoms::new(30), Atoms::new(7), Atoms::new(20), Atoms::new(7)).get(), 13);
    assert_eq!(draw_room(Atoms::new(50), Atoms::new(30), Atoms::new(40), Atoms::new(20), Atoms::new(7)).get(), 0);
}

#[test]
fn leftover_atoms_go_to_the_first_inexact_share_so_to_the_quote_borrow() {
    let mut shares = [0; 3];
    assert_eq!(divide(10, &[7, 7, 7], &mut shares), Ok(10));
    assert_eq!(shares, [4, 3, 3]);
    assert_eq!(divide(0, &[7, 7, 7], &mut shares), Ok(0));
    assert_eq!(shares, [0; 3]);
}

fn prices<Worth: Count, Unit: Count>(dollars: u64, scale: Price) -> LegPrices<Worth, Unit> {
    let unit = UnitPrice::new_down(Price::from_decimal_down(dollars, 0).unwrap(), scale);
    LegPrices {
        spot: unit,
        fast: unit,
        init: unit,
        init_charge: unit,
        published_at: NOW,
        ready: true,
        ..LegPrices::default()
    }
}

fn token(bank: u8, dollars: i64) -> TokenLeg {
    TokenLeg {
        amount_atoms: SignedAtoms::new(dollars * 1_000_000),
        weights: TokenWeights::new(
            Ppm::new(900_000),
            Ppm::new(800_000),
            Ppm::new(1_100_000),
            Ppm::new(1_200_000),
            &PARAMS,
        )
        .unwrap(),
        prices: prices(1, token_scale_down(6).unwrap()),
        bank,
    }
}

fn account(quote_dollars: i64, tokens: &[TokenLeg], perps: &[PerpLeg]) -> Portfolio {
    let mut portfolio = Portfolio::empty(PARAMS);
    portfolio.quote = token(0, quote_dollars);
    portfolio.tokens[..tokens.len()].copy_from_slice(tokens);
    portfolio.token_count = tokens.len();
    portfolio.perps[..perps.len()].copy_from_slice(perps);
    portfolio.perp_count = perps.len();
    portfolio
}

fn judge(portfolio: &Portfolio) -> RiskResult<()> {
    check_bankrupt(portfolio, &assess(portfolio, &Clocks::default(), NOW))
}

/// BANKRUPT-1
#[test]
fn only_an_account_that_is_worth_less_than_nothing_is_bankrupt() {
    assert_eq!(judge(&account(0, &[], &[])), Err(RiskError::NotBankrupt));
    assert_eq!(judge(&account(-5, &[token(1, 5)], &[])), Err(RiskError::NotBankrupt));
    assert_eq!(judge(&account(-6, &[token(1, 5)], &[])), Ok(()));
    let mut at_spot_only = account(-6, &[token(1, 5)], &[]);
    at_spot_only.tokens[0].prices.fast = prices(2, token_scale_down(6).unwrap()).fast;
    assert_eq!(judge(&at_spot_only), Err(RiskError::NotBankrupt));
}

/// BANKRUPT-2
#[test]
fn dust_blocks_nothing_and_whatever_is_above_it_does() {
    assert_eq!(judge(&account(-100, &[token(1, 10)], &[])), Ok(()));
    assert_eq!(judge(&account(-100, &[token(1, 11)], &[])), Err(RiskError::AssetsRemain));
    assert_eq!(judge(&account(11, &[token(1, -100)], &[])), Err(RiskError::AssetsRemain));
}

/// A stale asset, for how long, and who may still wait for its price.
fn stale(mut leg: TokenLeg, for_hours: bool) -> TokenLeg {
    (leg.prices.stale, leg.prices.stale_for_hours) = (true, for_hours);
    leg
}

/// Eleven dollars of a token with a silent feed stood before a loss of 1,900 for four hours (BANKRUPT-2).
#[test]
fn a_stale_asset_blocks_only_while_it_could_cover_the_loss_and_never_once_it_is_stale_for_hours() {
    let of = |dollars, loss: i64, hours| judge(&account(-loss - dollars, &[stale(token(1, dollars), hours)], &[]));
    assert_eq!(of(11, 1_900, false), Ok(()));
    assert_eq!(of(1_899, 1_900, false), Ok(()));
    assert_eq!(of(1_900, 1_900, false), Err(RiskError::AssetsRemain));
    assert_eq!(of(1_900, 1_900, true), Ok(()));
    // Below dust it could cover a loss as small, and blocks nothing.
    assert_eq!(of(9, 8, false), Ok(()));
    // What several could cover together counts.
    let two = account(-2_200, &[stale(token(1, 600), false), stale(token(2, 500), false)], &[]);
    assert_eq!(judge(&two), Err(RiskError::AssetsRemain));
}

#[test]
fn a_stale_debt_blocks_only_while_half_of_it_could_save_the_account() {
    let of = |asset, debt: i64, hours| judge(&account(asset, &[stale(token(1, -debt), hours)], &[]));
    assert_eq!(of(50, 100, false), Err(RiskError::AssetsRemain));
    assert_eq!(of(49, 100, false), Ok(()));
    assert_eq!(of(50, 100, true), Ok(()));
    // Eleven fresh dollars beside it, whose owner hopes for four hours, do not.
    assert_eq!(of(11, 100, false), Ok(()));
    assert_eq!(of(0, 100, false), Ok(()));
}

/// Two atoms of PnL without a base, or any debt at or below dust, are repaid by nobody: beside a debt whose feed is dead
/// they stood before the resolution for ever.
#[test]
fn a_debt_too_small_to_seize_for_does_not_block() {
    let dead = || stale(token(2, -100), true);
    assert_eq!(judge(&account(0, &[token(1, 50), dead()], &[])), Ok(()));
    assert_eq!(judge(&account(-10, &[token(1, 50), dead()], &[])), Ok(()));
    assert_eq!(judge(&account(-11, &[token(1, 50), dead()], &[])), Err(RiskError::AssetsRemain));
    let pnl =
        |atoms: i64| PerpLeg { cash_atoms: SignedAtoms::new(atoms), prices: BasePrices::CASH, ..PerpLeg::default() };
    assert_eq!(judge(&account(0, &[token(1, 50), dead()], &[pnl(-2)])), Ok(()));
    assert_eq!(judge(&account(0, &[token(1, 50), dead()], &[pnl(-11_000_000)])), Err(RiskError::AssetsRemain));
    // Of many markets' losses each is repaid by itself.
    let losses = [pnl(-9_000_000), pnl(-9_000_000), pnl(-9_000_000)];
    assert_eq!(judge(&account(0, &[token(1, 50), dead()], &losses)), Ok(()));
}

#[test]
fn a_stale_base_keeps_other_assets_only_while_its_price_could_cover_the_loss() {
    let perp = |dollars: i64, loss: i64| PerpLeg {
        units: SignedBaseUnits::new(dollars * 10),
        cash_atoms: SignedAtoms::new(-(dollars + loss) * 1_000_000),
        rates: MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) },
        prices: LegPrices { stale: true, ..prices(100, base_scale_down(6, 3).unwrap()) },
        market: 0,
        deficit_share_ppm: Ppm::ZERO,
    };
    let clocks = Clocks {
        wind_down_secs: Secs::new(10_000),
        health_state: HealthState::WindDown,
        observed_at: NOW,
        ..Clocks::default()
    };
    let of = |leg, assets: &[TokenLeg]| {
        let portfolio = account(0, assets, &[leg]);
        check_bankrupt(&portfolio, &assess(&portfolio, &clocks, NOW))
    };
    assert_eq!(of(perp(1_000, 500), &[token(1, 100)]), Err(RiskError::AssetsRemain));
    assert_eq!(of(perp(300, 500), &[token(1, 100)]), Ok(()));
    assert_eq!(of(perp(1_000, 500), &[]), Ok(()));
}

#[test]
fn a_stale_asset_counts_at_its_favourable_edge() {
    let mut portfolio = account(-55, &[token(1, 50)], &[]);
    portfolio.tokens[0].prices.stale = true;
    portfolio.tokens[0].prices.stale_for_hours = true;
    assert_eq!(judge(&portfolio), Ok(()));
    portfolio.tokens[0].prices.edge = crate::price::edge_from_ppm_up(Ppm::new(200_000));
    assert_eq!(judge(&portfolio), Err(RiskError::NotBankrupt));
}

/// BANKRUPT-3
#[test]
fn an_open_base_waits_until_wind_down_has_stood_at_its_ceiling() {
    let perp = PerpLeg {
        units: SignedBaseUnits::new(1_000),
        cash_atoms: SignedAtoms::new(-200_000_000),
        rates: MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) },
        prices: prices(100, base_scale_down(6, 3).unwrap()),
        market: 0,
        ..PerpLeg::default()
    };
    let portfolio = account(0, &[], &[perp]);
    assert_eq!(judge(&portfolio), Err(RiskError::PerpsRemain));
    let at = |wind_down_secs| {
        let clocks =
            Clocks { wind_down_secs, health_state: HealthState::WindDown, observed_at: NOW, ..Clocks::default() };
        check_bankrupt(&portfolio, &assess(&portfolio, &clocks, NOW))
    };
    assert_eq!(
        at(Secs::new(PARAMS.wind_down.wind_down_secs + PARAMS.wind_down.wind_down_close_secs - 1)),
        Err(RiskError::PerpsRemain)
    );
    assert_eq!(at(Secs::new(PARAMS.wind_down.wind_down_secs + PARAMS.wind_down.wind_down_close_secs)), Ok(()));
    let closed = account(0, &[], &[PerpLeg { units: SignedBaseUnits::ZERO, ..perp }]);
    assert_eq!(judge(&closed), Ok(()));
}

/// A settlement token without a price: what can be taken of it may be worth twice as much, what is owed in it half.
#[test]
fn a_stale_settlement_token_blocks_only_as_far_as_it_can_be_taken_or_owed() {
    let of = |quote, debt: i64, gain: i64, hours| {
        let pnl =
            PerpLeg { cash_atoms: SignedAtoms::new(gain * 1_000_000), prices: BasePrices::CASH, ..PerpLeg::default() };
        let mut portfolio = account(quote, &[token(1, -debt)], &[pnl]);
        portfolio.quote = stale(portfolio.quote, hours);
        judge(&portfolio)
    };
    let remain = Err(RiskError::AssetsRemain);
    assert_eq!((of(300, 600, 0, false), of(299, 599, 0, false), of(300, 600, 0, true)), (remain, Ok(()), Ok(())));
    // Of a gain nothing can be seized.
    assert_eq!((of(100, 800, 400, false), of(300, 1_000, 400, false)), (Ok(()), remain));
    let owed = |asset, quote: i64, loss: i64| {
        let pnl =
            PerpLeg { cash_atoms: SignedAtoms::new(-loss * 1_000_000), prices: BasePrices::CASH, ..PerpLeg::default() };
        let mut portfolio = account(-quote, &[token(1, asset)], &[pnl]);
        portfolio.quote = stale(portfolio.quote, false);
        judge(&portfolio)
    };
    assert_eq!(
        (owed(50, 100, 0), owed(49, 100, 0), owed(50, 40, 60), owed(49, 40, 60)),
        (remain, Ok(()), remain, Ok(()))
    );
}

#[test]
fn only_bases_whose_price_is_stale_but_not_for_hours_leave_anything_open() {
    let perp = |is_stale, for_hours| PerpLeg {
        units: SignedBaseUnits::new(10_000),
        cash_atoms: SignedAtoms::new(-1_500_000_000),
        prices: LegPrices {
            stale: is_stale,
            stale_for_hours: for_hours,
            ..prices(100, base_scale_down(6, 3).unwrap())
        },
        ..PerpLeg::default()
    };
    let clocks = Clocks {
        wind_down_secs: Secs::new(10_000),
        health_state: HealthState::WindDown,
        observed_at: NOW,
        ..Clocks::default()
    };
    for (is_stale, for_hours, expected) in
        [(false, false, Ok(())), (true, true, Ok(())), (true, false, Err(RiskError::AssetsRemain))]
    {
        // A base of 1,000 dollars, a loss of 400, and a stale asset that alone could not cover it.
        let portfolio = account(0, &[stale(token(1, 100), false)], &[perp(is_stale, for_hours)]);
        let judged = check_bankrupt(&portfolio, &assess(&portfolio, &clocks, NOW));
        assert_eq!(judged, expected, "{is_stale} {for_hours}");
    }
}

#[test]
fn an_average_that_says_solvent_is_not_asked_once_the_bypass_holds() {
    let mut portfolio = account(-6, &[token(1, 5)], &[]);
    portfolio.tokens[0].prices.fast = prices(2, token_scale_down(6).unwrap()).fast;
    let with = |bypass| {
        let clocks = Clocks { bypass, health_state: HealthState::UnderWater, observed_at: NOW, ..Clocks::default() };
        check_bankrupt(&portfolio, &assess(&portfolio, &clocks, NOW))
    };
    assert_eq!((with(false), with(true)), (Err(RiskError::NotBankrupt), Ok(())));
}

//! What users get by what is asked for, computed by the engine's formulas and read by who loses when it moves. No class of any
//! list is read here.

use plimsoll_interface::{
    BankConfigArgs, MarketTerms, OracleSourceArgs, PriceConfigArgs, UpdateBankArgs, UpdateMarketArgs, UpdateVenueArgs,
};
use plimsoll_risk::auction::{
    cure_penalty_ppm_down, pair_ceiling_ppm_down, wind_down_penalty_ppm_down, Clocks, HealthReading, HealthState,
    Prints,
};
use plimsoll_risk::bank::{utilization_ema, Fund, RateCurve, Totals};
use plimsoll_risk::breaker::{drawn, is_beyond, oddities, Limits, Spell, Throughput};
use plimsoll_risk::draw::{AtomCaps, Drawable};
use plimsoll_risk::listing::{check_atom, Calibration};
use plimsoll_risk::margin::{is_called, margins};
use plimsoll_risk::oracle::{admit, choose, integrate_down, MaxAge, Observation, PriceSource, PriceState, Signed};
use plimsoll_risk::outflow::{Deposits, Flow};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE};
use plimsoll_risk::perp::{fill_fee_up, funding_rate, is_within_band, mean_premium_ppm, premium_integral_since};
use plimsoll_risk::portfolio::PriceKind;
use plimsoll_risk::price::{BasePrice, Price, TokenPrice};
use plimsoll_risk::ratchet::{CapChange, Effect, Ramp, Schedule};
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, PpmPerSec, Secs, SignedPpm, UnixSecs, UsdMicro};
use solana_pubkey::Pubkey;

use super::market::{excesses, initial_excess, is_cooling_off, other_leg_is_refused, position, tokens, Seen, NOW};

/// Everything that can be set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    pub params: GlobalParams,
    pub bank: UpdateBankArgs,
    pub market: UpdateMarketArgs,
    pub price: PriceConfigArgs,
    pub venue: UpdateVenueArgs,
}

impl Asked {
    /// Something in the middle of every bound, so that there is a way up and a way down.
    pub fn held() -> Self {
        let config = BankConfigArgs {
            asset_maint_ppm: 850_000,
            asset_init_ppm: 750_000,
            liability_maint_ppm: 1_120_000,
            liability_init_ppm: 1_200_000,
            kink_ppm: 800_000,
            rate_zero_ppm: 10_000,
            rate_kink_ppm: 100_000,
            rate_full_ppm: 1_000_000,
            interest_fee_ppm: 100_000,
            deposit_cap_atoms: 1_000_000,
            borrow_cap_atoms: 1_000_000,
            draw_cap_event_atoms: Some(300),
            draw_cap_hour_atoms: Some(350),
            insurance_floor_atoms: Some(800),
            insurance_target_atoms: Some(1_000_000),
            ..BankConfigArgs::default()
        };
        let terms = MarketTerms {
            maint_rate_ppm: 30_000,
            init_rate_ppm: 60_000,
            fill_fee_ppm: 100,
            open_interest_cap_units: 1_000_000,
            draw_cap_event_atoms: Some(300),
        };
        let params = GlobalParams::DEFAULT.with(|new| {
            // Each binds in some outcome, and there is a way up and down from it.
            new.auction.health_cap_ppm = 400_000;
            new.prices.write_age_secs = 3;
            new.perps.pnl_weight_ppm = 900_000;
            new.draws.draw_event_ppm = 400_000;
            new.draws.draw_hour_ppm = 450_000;
        });
        Self {
            params,
            bank: UpdateBankArgs { reduce_only: false, config },
            market: UpdateMarketArgs { status: 1, terms },
            price: PriceConfigArgs {
                primary: OracleSourceArgs { kind: 1, ..OracleSourceArgs::default() },
                fastest_fall_ppm_per_sec: 2_100,
                update_secs: 2,
                sources_apart_ppm: Some(50_000),
                ..PriceConfigArgs::default()
            },
            venue: UpdateVenueArgs { active: true, settle_markets: 1, premium_markets: 1 },
        }
    }
}

/// A number that users get, and who loses by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// How far somebody is from liquidation. More of it is at the risk of lenders, less can liquidate him.
    Distance(i128),
    /// How much risk somebody may add. More of it is at the risk of lenders, less takes nothing that he has.
    Room(i128),
    /// What somebody gets and no user pays.
    Gift(i128),
    /// What some get and others pay, or what keeps some in and lets others out: each direction costs somebody.
    Split(String),
}

impl Outcome {
    /// What moving from one to another does to users.
    pub fn effect(&self, after: &Self) -> Effect {
        match (self, after) {
            (before, after) if before == after => Effect::Harmless,
            (Self::Distance(before), Self::Distance(after)) if after < before => Effect::Ramps,
            (Self::Room(before), Self::Room(after)) if after < before => Effect::AtOnce,
            (Self::Gift(before), Self::Gift(after)) if after > before => Effect::Harmless,
            _ => Effect::Waits,
        }
    }
}

use Outcome::{Distance, Gift, Room, Split};

fn split(of: impl std::fmt::Debug) -> Outcome {
    Split(format!("{of:?}"))
}

/// How many of some numbers are so, each way costing somebody.
fn split_count(from: std::ops::Range<u32>, is_so: impl Fn(u32) -> bool) -> Outcome {
    split(from.filter(|number| is_so(*number)).count())
}

/// Everything that users get, always in the same order.
///
/// What is asked for with a grid says how much of it is admitted: coarse, as values are moved far too.
pub fn outcomes(asked: &Asked) -> Vec<Outcome> {
    let mut all = Vec::new();
    margin(asked, &mut all);
    auction(&asked.params, &mut all);
    observation(&asked.params, &mut all);
    prices(&asked.params, &mut all);
    fills(asked, &mut all);
    changes(&asked.params, &mut all);
    breakers(&asked.params, &mut all);
    insurance(asked, &mut all);
    bank(asked, &mut all);
    price_terms(&asked.price, &mut all);
    let venue = &asked.venue;
    // Whoever approved it names its markets himself; whoever holds a position pays by the premium that is reported.
    all.push(Room(venue.active.into()));
    all.push(Room(venue.premium_markets.count_ones().into()));
    all
}

fn margin(asked: &Asked, all: &mut Vec<Outcome>) {
    let fresh = Seen { dollars: 162, sigma_ppm: 1_000, age_secs: 1 };
    let aged = [60, 100 * 3_600].map(|age_secs| Seen { age_secs, ..fresh });
    let seen: Vec<Seen> = [fresh, Seen { sigma_ppm: 20_000, ..fresh }].into_iter().chain(aged).collect();
    for (number, seen) in seen.iter().enumerate() {
        let samples = [
            tokens(asked, 100_000, -10_000, *seen),
            tokens(asked, -100_000, 30_000, *seen),
            position(asked, 50, 162, 3_000, *seen),
            // A win that is not settled yet, against which nothing else stands.
            position(asked, 50, 120, -1_000, *seen),
        ];
        for sample in &samples {
            all.extend(excesses(sample).map(Distance));
            // Nobody adds risk beside a price that is old.
            if number < 2 {
                all.push(Room(initial_excess(sample)));
            }
        }
    }
    let params = &asked.params;
    // Below it a spot price alone is enough.
    let owing = |dollars: i64| tokens(&Asked { params: *params, ..Asked::held() }, 100_000, -dollars, fresh);
    let ratio = params.observation.bypass_ratio();
    let not_below = (13_000..16_200)
        .step_by(50)
        .filter(|dollars| !margins(&owing(*dollars), PriceKind::Spot, false).is_ratio_below(ratio))
        .count();
    all.push(Distance(not_below as i128));
    all.push(Room(if asked.bank.reduce_only { 0 } else { 1 }));
    all.push(Room(if asked.market.status == 1 { 1 } else { 0 }));
}

fn auction(params: &GlobalParams, all: &mut Vec<Outcome>) {
    let [asset, liability] = [(500_000, 1_000_000), (1_000_000, 1_400_000)].map(|(asset, liability)| TokenWeights {
        asset_maint_ppm: Ppm::new(asset),
        liability_maint_ppm: Ppm::new(liability),
        ..TokenWeights::default()
    });
    for health in [0, 10_000, 200_000, 450_000, 480_000, 900_000, 990_000].map(Ppm::new) {
        let ceiling = pair_ceiling_ppm_down(health, &asset, &liability, params);
        all.push(split(ceiling));
        for elapsed in [0, 1, 3, 20, 39, 45, 400, 3_700].map(Secs::new) {
            all.push(split(cure_penalty_ppm_down(elapsed, Ppm::new(60_000), health, ceiling, params)));
        }
    }
    for elapsed in [0, 1, 60, 119, 130, 1_000, 3_700].map(Secs::new) {
        all.push(split(wind_down_penalty_ppm_down(elapsed, params)));
    }
    // Of a penalty of a million, and where the wind-down begins.
    all.push(split((params.auction.insurance_share().of_down(1_000_000), params.wind_down_boundary_ppm_up())));
    // Until nobody may take a bankrupt's positions any more.
    all.push(split(params.wind_down.wind_down().saturating_add(params.wind_down.wind_down_close())));
    all.push(split_count(0..220, |part| {
        MaxAge::new(params.wind_down.stale_asset(), UnixSecs::new(NOW)).admits(UnixSecs::new(NOW - 400 * part as i64))
    }));
    // The choice that a liquidator has beside the best leg, which he would use for the one that pays him best.
    let choices = (0..60).filter(|part| !other_leg_is_refused(params, 20_000 + 2_000 * part, 100_000, 0)).count();
    all.push(Room(choices as i128));
    // A leg that frees much less is free from some second on, and where the better one is small.
    let free_from = (0..130).find(|part| !other_leg_is_refused(params, 20_000, 100_000, 30 * part));
    all.push(split(free_from));
    all.push(split_count(1..60, |part| other_leg_is_refused(params, 20_000, 150 * part as i64, 0)));
    // An atom of how much may be listed.
    let atom = |micros: u32| {
        let price = Price::from_decimal_down(micros as u64, -6).expect("it is a price");
        TokenPrice::new_down(price, plimsoll_risk::price::token_scale_down(0).expect("none"))
    };
    all.push(split_count(1..300, |part| check_atom(atom(3_000 * part), params).is_ok()));
}

fn observation(params: &GlobalParams, all: &mut Vec<Outcome>) {
    let now = UnixSecs::new(NOW);
    let before = |secs: u32| UnixSecs::new(NOW - secs as i64);
    let reading = HealthReading {
        health_state: HealthState::UnderWater,
        at_target: false,
        healthy_at_spot: false,
        below_bypass: true,
        prints: Some(Prints { oldest_at: now, newest_at: now }),
    };
    all.push(split_count(0..200, |secs| {
        let mut clocks = Clocks { observed_at: now, bypass_published_at: before(secs), ..Clocks::default() };
        clocks.note_bypass(&reading, now, params);
        clocks.bypass
    }));
    all.push(split_count(0..700, |secs| {
        let mut clocks =
            Clocks { observed_at: before(secs), health_state: HealthState::UnderWater, ..Clocks::default() };
        clocks.observe(&reading, now, params);
        !clocks.under_water_secs.is_zero()
    }));
    all.push(split_count(0..70, |secs| is_cooling_off(params, secs)));
}

fn prices(params: &GlobalParams, all: &mut Vec<Outcome>) {
    let now = UnixSecs::new(NOW);
    let at = |offset: i64| Observation {
        price: Price::from_decimal_down(100, 0).expect("it is a price"),
        sigma_ppm: Ppm::ZERO,
        published_at: UnixSecs::new(NOW + offset),
        previous_at: None,
        overdue: false,
    };
    let state = PriceState::listed(Secs::new(15), Secs::new(3_600), 20_000);
    let admitted = |offset: i64| admit(&state, PriceSource::Primary, &at(offset), params, now).is_ok();
    all.push(split_count(0..100, |age| admitted(-(age as i64))));
    all.push(split_count(1..100, |ahead| admitted(ahead as i64)));
    all.push(split_count(0..250, |part| {
        let published = UnixSecs::new(NOW - 16 * part as i64);
        let state = PriceState { source_published_at: [published; 3], ..state };
        choose(&state, None, params, now) == plimsoll_risk::oracle::Choice::Secondary
    }));
    all.push(split_count(0..250, |part| {
        let oldest_slot = 10_000 - 8 * part as u64;
        let signed = Signed { result_slot: 10_000, oldest_slot, max_staleness_slots: u32::MAX };
        signed.is_overdue(10_000, params)
    }));
    // Which prices liquidations take, and beside which anybody adds risk.
    let fresh =
        |limit: Secs| split_count(0..400, |age| MaxAge::new(limit, now).admits(UnixSecs::new(NOW - age as i64)));
    all.push(fresh(params.prices.read_age()));
    all.push(fresh(params.prices.risk_age()));
}

fn spot() -> BasePrice {
    let price = Price::from_decimal_down(100, 0).expect("it is a price");
    BasePrice::new_down(price, plimsoll_risk::price::base_scale_down(6, 6).expect("six decimals"))
}

fn fills(asked: &Asked, all: &mut Vec<Outcome>) {
    let (params, units) = (&asked.params, BaseUnits::new(1_000_000));
    let near = (0..220u64).filter(|part| {
        let paid = Atoms::new(100_000_000 + part * 50_000);
        is_within_band(paid, units, spot(), params.perps.fill_band())
    });
    all.push(Room(near.count() as i128));
    all.push(split(fill_fee_up(units, spot(), Ppm::new(asked.market.terms.fill_fee_ppm), params)));
    // What insurance gets of a market that asks for nothing more.
    all.push(split(fill_fee_up(units, spot(), Ppm::ZERO, params)));
    // What the highest report comes to, and the highest rate.
    let bound = mean_premium_ppm(i64::MAX as i128, Secs::new(1), params.perps.premium_bound());
    all.push(Room(bound.get().into()));
    let rate = funding_rate(SignedPpm::new(900_000), spot(), params.perps.funding_bound_per_hour());
    all.push(Room(rate.into()));
    let since = UnixSecs::new(NOW - 100_000);
    let integral =
        premium_integral_since(SignedPpm::new(1), since, since, UnixSecs::new(NOW), params.perps.funding_max());
    all.push(split(integral));
    all.push(Room(asked.market.terms.open_interest_cap_units.into()));
}

fn changes(params: &GlobalParams, all: &mut Vec<Outcome>) {
    all.push(split(Schedule::of(UnixSecs::new(NOW), params.changes.change_delay())));
    let ramp = Ramp::begun(Ppm::new(2_000_000), Ppm::ZERO, UnixSecs::new(NOW - 3_600));
    for slope in [params.changes.weight_ramp(), params.changes.rate_ramp()] {
        all.push(split(ramp.moved_down(slope, UnixSecs::new(NOW)).held_ppm));
    }
    let first = |dollars: u64| CapChange { held: 0, asked: 1, worth: UsdMicro::new(dollars * 1_000_000) };
    let first_cap = UsdMicro::new(params.changes.first_cap_usd as u64 * 1_000_000);
    let accepted = (0..200u64).filter(|part| {
        let change = first(part * 20_000_001);
        change.check(first_cap, UnixSecs::NEVER, UnixSecs::new(NOW)).is_ok()
    });
    // The cap itself too: the grid is coarse.
    all.push(Room(accepted.count() as i128));
    all.push(Room(first_cap.get().into()));
    // The nearest target that a change may still set: who is cured lands so far from the next liquidation at least.
    let quote =
        TokenWeights { liability_maint_ppm: Ppm::WHOLE, liability_target_ppm: Ppm::WHOLE, ..TokenWeights::default() };
    let calm = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(1), update_secs: Secs::new(1) };
    let gap = (0..1_100).map(|part| 100 * part).find(|gap| {
        let rates =
            MarketRates { maint_ppm: Ppm::new(400_000), target_ppm: Ppm::new(400_000 + gap), init_ppm: Ppm::WHOLE };
        rates.validate(calm, &quote, &GlobalParams::DEFAULT.with(|new| new.targets = params.targets)).is_ok()
    });
    all.push(Gift(gap.map_or(i128::MAX, i128::from)));
    all.push(split(utilization_ema(Ppm::ZERO, Ppm::WHOLE, Secs::new(60), params.lending.utilization_window())));
}

/// Who may go on adding risk after how much was liquidated, and after how much insurance was drawn.
fn breakers(params: &GlobalParams, all: &mut Vec<Outcome>) {
    let now = UnixSecs::new(NOW);
    let held_back = |tripped: &dyn Fn(u64) -> Spell| {
        let calm = (0..=1_000).filter(|part| tripped(*part) == Spell::default());
        Room(calm.count() as i128)
    };
    for share in [params.breakers.liquidated_debts(), params.breakers.liquidated_positions()] {
        all.push(held_back(&|part| Throughput::default().counted(part, 1_000, share, now).breaker));
    }
    all.push(held_back(&|part| {
        let fund = Drawable { worth: Atoms::new(1_000 - part), floor: Atoms::ZERO, hour_drawn: Atoms::new(part) };
        drawn(Spell::default(), &fund, params.breakers.drawn_insurance(), now)
    }));
    // Whoever is called in time can still do something about it.
    let sample = |dollars: i64| {
        let seen = Seen { dollars: 162, sigma_ppm: 0, age_secs: 0 };
        let portfolio = tokens(&Asked { params: *params, ..Asked::held() }, 100_000, -dollars, seen);
        let mut margins = margins(&portfolio, PriceKind::Spot, false);
        // Above the target it is the band alone.
        margins.target_excess = margins.maint_excess;
        margins
    };
    let called =
        (0..14_000i64).step_by(70).filter(|dollars| is_called(&sample(*dollars), params.observation.call_band()));
    all.push(Gift(called.count() as i128));
}

fn insurance(asked: &Asked, all: &mut Vec<Outcome>) {
    let (draws, config) = (&asked.params.draws, &asked.bank.config);
    let free = AtomCaps { event: Atoms::MAX, hour: Atoms::MAX };
    for (worth, floor, hour_drawn) in [(1_000, 0, 0), (1_000, 0, 300), (1_000_000, 0, 0), (1_000_000, 0, 300_000)] {
        let fund = Drawable { worth: Atoms::new(worth), floor: Atoms::new(floor), hour_drawn: Atoms::new(hour_drawn) };
        all.push(split(fund.room_down(draws, free, Atoms::ZERO)));
        all.push(split(fund.source_room_down(draws, Atoms::ZERO)));
        let of_bank = AtomCaps {
            event: Atoms::new(config.draw_cap_event_atoms()),
            hour: Atoms::new(config.draw_cap_hour_atoms()),
        };
        all.push(split(fund.room_down(draws, of_bank, Atoms::ZERO)));
        let of_market = AtomCaps { event: Atoms::new(asked.market.terms.draw_cap_event_atoms()), hour: Atoms::MAX };
        all.push(split(fund.room_down(draws, of_market, Atoms::ZERO)));
        let kept = Drawable { floor: Atoms::new(config.insurance_floor_atoms()), ..fund };
        all.push(split(kept.room_down(draws, free, Atoms::ZERO)));
    }
    // What may leave insurance, which then pays for no loss.
    let fund = Fund { insurance_atoms: Atoms::new(1 << 40), waiting_shares: 0, deposit_index: INDEX_ONE };
    all.push(Room(fund.excess_above(Atoms::new(config.insurance_target_atoms())).get().into()));
}

fn bank(asked: &Asked, all: &mut Vec<Outcome>) {
    let config = &asked.bank.config;
    let curve = RateCurve {
        kink_ppm: Ppm::new(config.kink_ppm),
        rate_zero_ppm: Ppm::new(config.rate_zero_ppm),
        rate_kink_ppm: Ppm::new(config.rate_kink_ppm),
        rate_full_ppm: Ppm::new(config.rate_full_ppm),
    };
    for utilization in [0, 400_000, 800_000, 900_000, 1_000_000].map(Ppm::new) {
        all.push(split(curve.rate_per_sec_up(utilization)));
    }
    let totals = Totals {
        deposit_shares: 1_000_000_000_000,
        borrow_shares: 500_000_000_000,
        deposit_index: INDEX_ONE,
        borrow_index: INDEX_ONE,
        uncovered_atoms: Atoms::ZERO,
    };
    // What lenders get of a tenth of interest.
    let booked = totals.book(INDEX_ONE + INDEX_ONE / 10, Ppm::new(config.interest_fee_ppm));
    all.push(Gift(booked.deposit_index.into()));
    all.push(Room(config.deposit_cap_atoms.into()));
    all.push(Room(config.borrow_cap_atoms.into()));
    // How many of what was deposited get out within an hour and a day.
    let deposits = Deposits { shares: 1_000_000_000, index: INDEX_ONE };
    for share in [config.outflow_hour_ppm(), config.outflow_day_ppm()] {
        all.push(split(Flow::default().room(deposits, Ppm::new(share))));
    }
}

fn price_terms(price: &PriceConfigArgs, all: &mut Vec<Outcome>) {
    all.push(split((price.primary, price.secondary, price.standby)));
    let dollars = |dollars: u64| Price::from_decimal_down(dollars, -3).expect("it is a price");
    for secs in [price.fast_secs(), price.slow_secs()] {
        all.push(split(integrate_down(dollars(100_000), dollars(50_000), Secs::new(5), Secs::new(secs))));
    }
    let calibration = Calibration {
        fastest_fall_ppm_per_sec: PpmPerSec::new(price.fastest_fall_ppm_per_sec),
        update_secs: Secs::new(price.update_secs),
    };
    let params = &GlobalParams::DEFAULT;
    // What weights and rates have to outlast.
    all.push(split((calibration.fall_until_fill_ppm(params), calibration.fall_unseen_ppm(params))));
    let limits = Limits { spot_band: Ppm::new(price.spot_band_ppm()), max_sigma: Ppm::new(price.max_sigma_ppm()) };
    let odd = |spot: u64, sigma: u32| oddities(dollars(spot), dollars(100_000), Ppm::new(sigma), &limits) != 0;
    let calm = (100_000..400_000u64).step_by(1_499).filter(|spot| !odd(*spot, 0)).count();
    all.push(Room(calm as i128));
    let sure = (0..400_000u32).step_by(1_499).filter(|sigma| !odd(100_000, *sigma)).count();
    all.push(Room(sure as i128));
    let apart = Ppm::new(price.sources_apart_ppm());
    let near =
        (100_000..400_000u64).step_by(1_499).filter(|one| !is_beyond(dollars(*one), dollars(100_000), apart)).count();
    all.push(Room(near as i128));
}

/// Another source, for whoever asks for one.
pub fn another_source() -> OracleSourceArgs {
    OracleSourceArgs { kind: 1, address: Pubkey::new_from_array([9; 32]), ..OracleSourceArgs::default() }
}

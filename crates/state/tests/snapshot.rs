//! Which prices, edges and legs an account is loaded with: small accounts, each figure by hand.

use bytemuck::Zeroable;
use plimsoll_risk::margin::margins;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE};
use plimsoll_risk::portfolio::{BasePrices, LegPrices, Portfolio, PriceKind, TokenPrices};
use plimsoll_risk::price::{base_scale_down, edge_from_ppm_up, token_scale_down, Price, TokenPrice, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::snapshot::{balance_atoms, load, Views};
use plimsoll_state::*;

const NOW: i64 = 1_760_130_600;
const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const NO_VIEW: Views = Views { spot: false, fast: false, initial: false, edges: false };
const RATES: MarketRates =
    MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };

fn price(dollars: u64) -> StoredPrice {
    Price::from_decimal_down(dollars, 0).unwrap().into()
}

/// Dollars of a token of six decimals, or quote atoms per unit of a base of six decimals: the same scale.
fn unit<Worth, Unit>(dollars: u64) -> UnitPrice<Worth, Unit> {
    UnitPrice::new_down(price(dollars).get(), token_scale_down(6).unwrap())
}

struct World {
    registry: Box<Registry>,
    board: Box<PriceBoard>,
    account: MarginAccount,
}

impl World {
    /// Quote and two tokens; market 4 on the price of the first token, market 5 on that of the second. Price slot n has
    /// a spot of n hundred dollars, its fast average 1, its low 2 and its high 3 dollars off.
    fn new() -> Self {
        let (mut registry, mut board) = (Box::new(Registry::zeroed()), Box::new(PriceBoard::zeroed()));
        registry.params = StoredParams(PARAMS);
        for (bank, asset, liability) in [(0, 980_000, 1_040_000), (1, 900_000, 1_100_000), (2, 800_000, 1_300_000)] {
            let slot = &mut registry.banks[bank];
            (slot.status, slot.price_slot) = (SlotStatus::Active as u8, bank as u8 + 1);
            (slot.deposit_index, slot.borrow_index, slot.accrued_at) = (INDEX_ONE, INDEX_ONE, NOW);
            slot.scale = token_scale_down(6).unwrap().into();
            slot.weights = StoredWeights(TokenWeights {
                asset_maint_ppm: Ppm::new(asset),
                liability_maint_ppm: Ppm::new(liability),
                ..TokenWeights::default()
            });
        }
        for (market, price_slot, share) in [(4, 2, 0), (5, 3, 77)] {
            let slot = &mut registry.markets[market];
            (slot.status, slot.price_slot) = (SlotStatus::Active as u8, price_slot);
            (slot.rates, slot.deficit_share_ppm) = (StoredRates(RATES), share);
            (slot.scale, slot.funding_at) = (base_scale_down(6, 6).unwrap().into(), NOW);
            slot.sides = [SideIndex::start(); 2];
        }
        for (number, slot) in (1..).zip(&mut board.slots[1..4]) {
            (slot.active, slot.sigma_ppm, slot.vol_ppm_per_sqrt_sec) = (1, 1_000 * number, 100);
            (slot.published_at, slot.first_published_at) = (NOW, NOW - 100_000);
            (slot.update_count, slot.terms.fast_secs, slot.terms.slow_secs) = (1_000_000, 15, 3_600);
            let spot = 100 * number as u64;
            (slot.spot, slot.fast) = (price(spot), price(spot + 1));
            (slot.low, slot.high) = (price(spot - 2), price(spot + 3));
        }
        Self { registry, board, account: MarginAccount::zeroed() }
    }

    fn hold(mut self, bank: u8, shares: i64) -> Self {
        let place = self.account.tokens.iter().position(|token| token.used == 0).unwrap();
        self.account.tokens[place] = TokenPosition { bank, used: 1, shares, ..TokenPosition::default() };
        self
    }

    fn leg(mut self, market: u8, units: i64, cash_atoms: i64) -> Self {
        let place = self.account.derivatives.iter().position(|leg| leg.kind == 0).unwrap();
        self.account.derivatives[place] =
            DerivativePosition { kind: 1, market, shares: units, cash_atoms, ..DerivativePosition::default() };
        self
    }

    fn load(&self, views: Views) -> Result<Box<Portfolio>, RiskError> {
        let mut out = Box::new(Portfolio::empty(PARAMS));
        load(
            &self.account,
            &Books { registry: &self.registry, board: &self.board, now: UnixSecs::new(NOW) },
            views,
            &mut out,
        )?;
        Ok(out)
    }
}

/// Prices of a leg on the price slot of `spot` dollars, published now, in all views.
fn priced<Worth: Count, Unit: Count>(spot: u64, positive: bool, settles: bool) -> LegPrices<Worth, Unit> {
    let high = unit(spot + 3);
    LegPrices {
        spot: unit(spot),
        fast: unit(spot + 1),
        init: if positive { unit(spot - 2) } else { high },
        init_charge: if settles || !positive { high } else { UnitPrice::default() },
        edge: 0,
        published_at: UnixSecs::new(NOW),
        stale: false,
        old: false,
        stale_for_hours: false,
        ready: true,
    }
}

#[test]
fn every_leg_is_loaded_with_its_own_amount_weights_and_prices() {
    let world = World::new().hold(2, -7).hold(1, 9).hold(0, 5).leg(5, -11, 1_000).leg(4, 13, -2_000);
    let loaded = world.load(Views::ALL).unwrap();
    assert_eq!(loaded.params, PARAMS);
    let weights = |bank: usize| world.registry.banks[bank].weights.0;
    assert_eq!(
        (loaded.quote.amount_atoms, loaded.quote.bank, loaded.quote.weights),
        (SignedAtoms::new(5), 0, weights(0))
    );
    assert_eq!(loaded.quote.prices, priced(100, true, true));
    let tokens: Vec<_> = loaded.tokens().iter().map(|leg| (leg.bank, leg.amount_atoms, leg.weights)).collect();
    assert_eq!(tokens, [(2, SignedAtoms::new(-7), weights(2)), (1, SignedAtoms::new(9), weights(1))]);
    assert_eq!(loaded.tokens[0].prices, priced(300, false, false));
    assert_eq!(loaded.tokens[1].prices, priced(200, true, false));
    let legs: Vec<_> = loaded.perps().iter().map(|leg| (leg.market, leg.units, leg.cash_atoms)).collect();
    assert_eq!(
        legs,
        [(5, -11, 1_000), (4, 13, -2_000)].map(|(market, units, cash)| (
            market,
            SignedBaseUnits::new(units),
            SignedAtoms::new(cash)
        ))
    );
    assert_eq!(loaded.perps().iter().map(|leg| leg.deficit_share_ppm.get()).collect::<Vec<_>>(), [77, 0]);
    assert!(loaded.perps().iter().all(|leg| leg.rates == RATES));
    assert_eq!(loaded.perps[0].prices, priced(300, false, true));
    assert_eq!(loaded.perps[1].prices, priced(200, true, true));
    // Of quote that is owed the low price is still there, as PnL may outweigh the debt.
    let owed = World::new().hold(0, -5).load(Views::ALL).unwrap();
    assert_eq!((owed.quote.amount_atoms, owed.quote.prices), (SignedAtoms::new(-5), priced(100, true, true)));
    assert_eq!((owed.token_count, owed.perp_count), (0, 0));
}

/// Prices of either kind as those of a token, to look at both alike.
fn numbers<Worth: Copy, Unit: Copy>(prices: &LegPrices<Worth, Unit>) -> TokenPrices {
    let of = |price: UnitPrice<Worth, Unit>| TokenPrice::from_parts(price.mantissa(), price.shift());
    LegPrices {
        spot: of(prices.spot),
        fast: of(prices.fast),
        init: of(prices.init),
        init_charge: of(prices.init_charge),
        edge: prices.edge,
        published_at: prices.published_at,
        stale: prices.stale,
        old: prices.old,
        stale_for_hours: prices.stale_for_hours,
        ready: prices.ready,
    }
}

#[test]
fn each_view_loads_its_prices_and_no_other() {
    let world = World::new().hold(1, 9).hold(2, -7).leg(4, 13, 0);
    let (nothing, all) = (TokenPrice::default(), world.load(Views { edges: true, ..Views::ALL }).unwrap());
    for views in [NO_VIEW, Views::SPOT, Views::INITIAL, Views::ALL, Views::LIQUIDATION] {
        let loaded = world.load(views).unwrap();
        let legs = loaded
            .tokens()
            .iter()
            .map(|leg| numbers(&leg.prices))
            .chain(loaded.perps().iter().map(|leg| numbers(&leg.prices)));
        let whole = all
            .tokens()
            .iter()
            .map(|leg| numbers(&leg.prices))
            .chain(all.perps().iter().map(|leg| numbers(&leg.prices)));
        for (prices, whole) in legs.zip(whole).chain([(numbers(&loaded.quote.prices), numbers(&all.quote.prices))]) {
            let expected = LegPrices {
                spot: if views.spot { whole.spot } else { nothing },
                fast: if views.fast { whole.fast } else { nothing },
                init: if views.initial { whole.init } else { nothing },
                init_charge: if views.initial { whole.init_charge } else { nothing },
                ready: views.initial,
                edge: if views.edges { whole.edge } else { 0 },
                ..whole
            };
            assert_eq!(prices, expected, "{views:?}");
        }
    }
}

#[test]
fn an_age_counts_from_the_second_after_its_limit() {
    let ages = |age: i64| {
        let mut world = World::new().hold(1, 9);
        world.board.slots[2].published_at = NOW - age;
        let loaded = world.load(Views::ALL).unwrap();
        let prices = loaded.tokens[0].prices;
        assert_eq!(prices.published_at, UnixSecs::new(NOW - age));
        [prices.old, prices.stale, prices.stale_for_hours]
    };
    let (risk, read, hours) = (
        PARAMS.prices.risk_age_secs as i64,
        PARAMS.prices.read_age_secs as i64,
        PARAMS.wind_down.stale_asset_secs as i64,
    );
    for (age, expected) in [
        (-1, [false, false, false]),
        (0, [false, false, false]),
        (risk, [false, false, false]),
        (risk + 1, [true, false, false]),
        (read, [true, false, false]),
        (read + 1, [true, true, false]),
        (hours, [true, true, false]),
        (hours + 1, [true, true, true]),
    ] {
        assert_eq!(ages(age), expected, "age {age}");
    }
    // How old it is for adding risk is nobody's question where no risk is added.
    let mut world = World::new().hold(1, 9);
    world.board.slots[2].published_at = NOW - risk - 1;
    assert!(!world.load(Views::LIQUIDATION).unwrap().tokens[0].prices.old);
}

#[test]
fn a_price_that_was_never_published_is_stale_and_averages_are_ready_in_time() {
    let mut world = World::new().hold(1, 9);
    world.board.slots[2].spot = StoredPrice::default();
    let prices = world.load(Views::SPOT).unwrap().tokens[0].prices;
    assert!(prices.stale && !prices.stale_for_hours);
    let mut world = World::new().hold(1, 9);
    world.board.slots[2].first_published_at = NOW;
    assert!(!world.load(Views::ALL).unwrap().tokens[0].prices.ready);
    let mut world = World::new().hold(1, 9);
    world.board.slots[2].update_count = 1;
    assert!(!world.load(Views::ALL).unwrap().tokens[0].prices.ready);
}

/// An edge in ppm is what half the leg's charge leaves of two sigmas.
#[test]
fn the_edge_of_a_fresh_leg_is_its_width_up_to_half_its_charge() {
    let edge = |world: &World, views| {
        let loaded = world.load(views).unwrap();
        match (loaded.token_count, loaded.perp_count) {
            (1, _) => loaded.tokens[0].prices.edge,
            (_, 1) => loaded.perps[0].prices.edge,
            _ => loaded.quote.prices.edge,
        }
    };
    // Slot n has a sigma of n thousand ppm. Charges: 100,000 either way of bank 1, 200,000 and 300,000 of bank 2,
    // 20,000 and 40,000 of quote, 30,000 of a perp.
    type Hold = fn(World) -> World;
    let cases: [(Hold, u32, u32); 8] = [
        (|world| world.hold(1, 1), 2, 50_000),
        (|world| world.hold(1, -1), 2, 50_000),
        (|world| world.hold(2, 1), 3, 100_000),
        (|world| world.hold(2, -1), 3, 150_000),
        (|world| world.hold(0, 1), 1, 10_000),
        (|world| world.hold(0, -1), 1, 20_000),
        (|world| world.leg(4, 1, 0), 2, 15_000),
        (|world| world.leg(5, -1, 0), 3, 15_000),
    ];
    for (number, (hold, slot, half)) in cases.into_iter().enumerate() {
        let mut world = hold(World::new());
        assert_eq!(edge(&world, Views::LIQUIDATION), edge_from_ppm_up(Ppm::new(2_000 * slot)), "case {number}");
        assert_eq!(edge(&world, Views::ALL), 0, "case {number}");
        world.board.slots[slot as usize].sigma_ppm = half;
        assert_eq!(edge(&world, Views::LIQUIDATION), edge_from_ppm_up(Ppm::new(half)), "case {number}");
        world.board.slots[slot as usize].sigma_ppm = 0;
        assert_eq!(edge(&world, Views::LIQUIDATION), 0, "case {number}");
    }
    // A charge of two ppm leaves one, and one leaves none.
    for (weight, expected) in [
        (1_000_000, 0),
        (999_999, 0),
        (999_998, edge_from_ppm_up(Ppm::new(1))),
        (999_997, edge_from_ppm_up(Ppm::new(1))),
    ] {
        let mut world = World::new().hold(1, 1);
        world.registry.banks[1].weights.0.asset_maint_ppm = Ppm::new(weight);
        assert_eq!(edge(&world, Views::LIQUIDATION), expected, "weight {weight}");
    }
}

/// PRICE-9. It counted at what the new source said, so that another leg was taken for it.
#[test]
fn a_leg_that_waits_for_its_averages_counts_at_the_price_before_or_now_whichever_favours_it() {
    type Hold = fn(World) -> World;
    const WHOLE: i64 = 1_000_000;
    // An asset, a debt, a long, a short, a deposit and a debt of quote, with the slot of its price and what it is now.
    let cases: [(Hold, usize, u64); 6] = [
        (|world| world.hold(1, WHOLE), 2, 200),
        (|world| world.hold(1, -WHOLE), 2, 200),
        (|world| world.leg(4, WHOLE, -200 * WHOLE), 2, 200),
        (|world| world.leg(5, -WHOLE, 300 * WHOLE), 3, 300),
        (|world| world.hold(0, WHOLE), 1, 100),
        (|world| world.hold(0, -WHOLE), 1, 100),
    ];
    for (number, (hold, slot, now)) in cases.into_iter().enumerate() {
        let excess = |world: &World| {
            let loaded = world.load(Views::LIQUIDATION).unwrap();
            [PriceKind::Spot, PriceKind::Fast].map(|at| margins(&loaded, at, false).maint_excess.get())
        };
        let at = |dollars| {
            let mut world = hold(World::new());
            (world.board.slots[slot].spot, world.board.slots[slot].fast) = (price(dollars), price(dollars));
            world
        };
        for before in [now / 4, now, now * 4] {
            let mut world = at(now);
            world.board.slots[slot].before = price(before);
            let unstopped = excess(&world);
            world.board.slots[slot].halted_until_at = UNTIL_READY;
            world.board.stopped_until_at = UNTIL_READY;
            assert_eq!(unstopped, excess(&at(now)), "case {number}");
            for (waiting, (first, second)) in
                excess(&world).into_iter().zip(excess(&at(before)).into_iter().zip(unstopped))
            {
                let best = first.max(second);
                // The charge of a perp is taken at the lower end whatever its PnL.
                let most = if matches!(number, 2 | 3) { i128::MAX } else { best.abs().max(1 << 40) / 10_000 };
                let above = waiting - best;
                assert!((0..=most).contains(&above), "case {number}, {before}: {waiting} {best}");
            }
        }
    }
}

#[test]
fn a_stale_leg_has_the_edge_of_its_age_in_every_view() {
    // A second beyond the read age: three times 100 ppm, whatever its width and charge.
    let mut world = World::new().hold(1, 9);
    world.board.slots[2].published_at = NOW - PARAMS.prices.read_age_secs as i64 - 1;
    for views in [NO_VIEW, Views::ALL, Views::LIQUIDATION] {
        assert_eq!(world.load(views).unwrap().tokens[0].prices.edge, edge_from_ppm_up(Ppm::new(4_000 + 300)));
    }
    world.board.slots[2].sigma_ppm = 0;
    assert_eq!(world.load(Views::ALL).unwrap().tokens[0].prices.edge, edge_from_ppm_up(Ppm::new(300)));
    world.board.slots[2].sigma_ppm = 5_000;
    world.registry.banks[1].weights.0.asset_maint_ppm = Ppm::WHOLE;
    assert_eq!(world.load(Views::ALL).unwrap().tokens[0].prices.edge, edge_from_ppm_up(Ppm::new(300)));
}

#[test]
fn a_leg_without_a_base_is_cash_and_needs_no_price() {
    let mut world = World::new().leg(4, 0, -700).leg(5, 3, 0);
    world.registry.markets[4].price_slot = 60;
    let loaded = world.load(Views::ALL).unwrap();
    assert_eq!((loaded.perps[0].units, loaded.perps[0].cash_atoms), (SignedBaseUnits::ZERO, SignedAtoms::new(-700)));
    assert_eq!(loaded.perps[0].prices, BasePrices::CASH);
    assert_eq!((loaded.perps[1].units, loaded.perps[1].prices), (SignedBaseUnits::new(3), priced(300, true, true)));
}

#[test]
fn a_base_is_loaded_with_its_funding_up_to_now() {
    let mut world = World::new().leg(4, 8, 1_000);
    // A long pays a quarter of an atom per unit and second, for ten seconds.
    (world.registry.markets[4].funding_per_unit_sec, world.registry.markets[4].funding_at) = (1 << 62, NOW - 10);
    assert_eq!(world.load(Views::SPOT).unwrap().perps[0].cash_atoms, SignedAtoms::new(1_000 - 20));
    world.account.derivatives[0].shares = -8;
    assert_eq!(world.load(Views::SPOT).unwrap().perps[0].cash_atoms, SignedAtoms::new(1_000 + 20));
}

#[test]
fn quote_is_priced_where_it_is_held_or_where_something_settles_in_it() {
    let not_priced = World::new().hold(1, 9).load(Views::ALL).unwrap();
    assert_eq!((not_priced.quote.prices, not_priced.quote.bank), (LegPrices::default(), 0));
    assert_eq!(not_priced.quote.weights.asset_maint_ppm, Ppm::new(980_000));
    for world in [World::new().leg(4, 0, 1), World::new().leg(4, 1, 0), World::new().hold(0, 1)] {
        assert_eq!(world.load(Views::ALL).unwrap().quote.prices, priced(100, true, true));
    }
    // Of a debt its own charge decides, of a deposit and of nothing the asset's.
    let mut world = World::new().leg(4, 1, 0);
    world.board.slots[1].sigma_ppm = 100_000;
    assert_eq!(world.load(Views::LIQUIDATION).unwrap().quote.prices.edge, edge_from_ppm_up(Ppm::new(10_000)));
}

#[test]
fn without_a_settlement_token_nothing_may_settle() {
    let mut world = World::new().hold(1, 9);
    world.registry.banks[0].status = 0;
    let loaded = world.load(Views::ALL).unwrap();
    assert_eq!((loaded.token_count, loaded.quote.amount_atoms), (1, SignedAtoms::ZERO));
    assert_eq!(world.leg(4, 0, 1).load(Views::ALL).unwrap_err(), RiskError::LegEmpty);
}

#[test]
fn a_leg_of_what_is_not_listed_or_has_no_price_is_refused() {
    assert_eq!(World::new().hold(3, 1).load(Views::SPOT).unwrap_err(), RiskError::LegEmpty);
    assert_eq!(World::new().leg(6, 1, 0).load(Views::SPOT).unwrap_err(), RiskError::LegEmpty);
    let mut world = World::new().hold(1, 1);
    world.board.slots[2].active = 0;
    assert_eq!(world.load(Views::SPOT).unwrap_err(), RiskError::LegPriceInvalid);
    // What is not in use is no leg, whatever it held.
    let mut world = World::new().hold(1, 1).leg(4, 1, 0);
    world.account.tokens[5].bank = 3;
    (world.account.tokens[6].bank, world.account.tokens[6].shares) = (2, 4);
    world.account.derivatives[7].market = 6;
    let loaded = world.load(Views::SPOT).unwrap();
    assert_eq!((loaded.token_count, loaded.perp_count), (1, 1));
}

#[test]
fn a_balance_is_a_deposit_rounded_down_or_a_debt_rounded_up() {
    let mut slot = BankSlot { deposit_index: INDEX_ONE / 2 * 3, borrow_index: INDEX_ONE / 2 * 3, ..BankSlot::zeroed() };
    slot.accrued_at = NOW;
    let atoms = |slot: &BankSlot, shares| balance_atoms(slot, shares, UnixSecs::new(NOW)).unwrap();
    assert_eq!([0, 1, 2, 3].map(|shares| atoms(&slot, shares).get()), [0, 1, 3, 4]);
    assert_eq!([-1, -2, -3].map(|shares| atoms(&slot, shares).get()), [-2, -3, -5]);
    // Half again as much after a second; a deposit waits for its crank.
    (slot.borrow_rate_per_sec, slot.accrued_at) = (1 << 63, NOW - 1);
    assert_eq!([4, -4].map(|shares| atoms(&slot, shares).get()), [6, -9]);
    let most = BankSlot { deposit_index: u64::MAX, borrow_index: u64::MAX, ..slot };
    for shares in [i64::MAX, i64::MIN] {
        assert_eq!(balance_atoms(&most, shares, UnixSecs::new(NOW)), Err(RiskError::NumberOutOfRange));
    }
}

//! What changing a number that is set on a bank, a market or a price does to users, and what is in force read back.

use bytemuck::Zeroable;
use plimsoll_interface::{
    BankConfigArgs, MarketTerms, OracleSourceArgs, PriceConfigArgs, Setting, UpdateBankArgs, UpdateMarketArgs,
    UpdateVenueArgs,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::ratchet::{Change, Effect, Ratcheted, VerdictKind};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::*;
use proptest::prelude::*;
use solana_pubkey::Pubkey;

/// The classes, written a second time by hand: whoever changes one says so here too.
const CLASSES: [(&str, &str); 37] = [
    ("bank.asset_init_ppm", "up waits, down at once"),
    ("bank.asset_maint_ppm", "up waits, down ramps"),
    ("bank.borrow_cap_atoms", "up waits, down at once"),
    ("bank.deposit_cap_atoms", "up waits, down at once"),
    ("bank.draw_cap_event_atoms", "any waits"),
    ("bank.draw_cap_hour_atoms", "any waits"),
    ("bank.insurance_floor_atoms", "any waits"),
    ("bank.insurance_target_atoms", "up at once, down waits"),
    ("bank.interest_fee_ppm", "up waits, down harmless"),
    ("bank.kink_ppm", "any waits"),
    ("bank.liability_init_ppm", "up at once, down waits"),
    ("bank.liability_maint_ppm", "up ramps, down waits"),
    ("bank.outflow_day_ppm", "any waits"),
    ("bank.outflow_hour_ppm", "any waits"),
    ("bank.rate_full_ppm", "any waits"),
    ("bank.rate_kink_ppm", "any waits"),
    ("bank.rate_zero_ppm", "any waits"),
    ("bank.reduce_only", "up at once, down waits"),
    ("market.draw_cap_event_atoms", "any waits"),
    ("market.fill_fee_ppm", "any waits"),
    ("market.init_rate_ppm", "up at once, down waits"),
    ("market.maint_rate_ppm", "up ramps, down waits"),
    ("market.open_interest_cap_units", "up waits, down at once"),
    ("market.status", "up at once, down waits"),
    ("price.fast_secs", "any waits"),
    ("price.fastest_fall_ppm_per_sec", "any waits"),
    ("price.max_sigma_ppm", "up waits, down at once"),
    ("price.primary", "any waits"),
    ("price.secondary", "any waits"),
    ("price.slow_secs", "any waits"),
    ("price.sources_apart_ppm", "up waits, down at once"),
    ("price.spot_band_ppm", "up waits, down at once"),
    ("price.standby", "any waits"),
    ("price.update_secs", "any waits"),
    ("venue.active", "up waits, down at once"),
    ("venue.premium_markets", "up waits, down at once"),
    ("venue.settle_markets", "any harmless"),
];

#[test]
fn every_setting_has_the_class_that_is_written_here() {
    let mut listed = Vec::new();
    macro_rules! list {
        ($($of:literal: $Args:ident and $Others:ident;)+) => {$(
            listed.extend($Args::SETTINGS.iter().map(|s| (format!("{}.{}", $of, s.name), s.class.to_string())));
            listed.extend($Others::OTHERS.iter().map(|s| (format!("{}.{}", $of, s.name), s.class.to_string())));
        )+};
    }
    list! {
        "bank": BankConfigArgs and UpdateBankArgs;
        "market": MarketTerms and UpdateMarketArgs;
        "price": PriceConfigArgs and PriceConfigArgs;
    }
    listed.extend(UpdateVenueArgs::OTHERS.iter().map(|s| (format!("venue.{}", s.name), s.class.to_string())));
    listed.sort();
    let written: Vec<_> = CLASSES.iter().map(|(name, class)| (name.to_string(), class.to_string())).collect();
    assert_eq!(listed, written);
}

fn changes<T: Ratcheted>(from: &T, to: &T) -> Vec<Change> {
    let mut seen = Vec::new();
    from.changes(to, &mut |change| seen.push(change));
    seen
}

fn judge_each<T: Ratcheted + Default + Copy>(settings: &[Setting<T>]) -> usize {
    let mut judged = 0;
    for setting in settings {
        let (up, down) = (setting.class.up, setting.class.down);
        assert!(up == Effect::Waits || down == Effect::Waits, "{}", setting.name);
        assert!(up != down || !setting.why.is_empty(), "{}", setting.name);
        let mut from = T::default();
        assert!(setting.set(&mut from, 1_000));
        for (to, effect) in [(1_001, up), (u32::MAX as u64, up), (999, down), (0, down)] {
            let mut to_args = from;
            assert!(setting.set(&mut to_args, to));
            let wanted = Change { name: setting.name, numbers: Some((1_000, to)), effect };
            assert_eq!(changes(&from, &to_args), [wanted]);
            judged += 1;
        }
        assert_eq!(changes(&from, &from), []);
    }
    judged
}

#[test]
fn a_number_that_moves_alone_is_the_only_change_in_either_direction() {
    let judged = judge_each(BankConfigArgs::SETTINGS)
        + judge_each(MarketTerms::SETTINGS)
        + judge_each(PriceConfigArgs::SETTINGS);
    assert_eq!(judged, 4 * 29);
}

#[test]
fn only_maintenance_weights_and_rates_ramp() {
    let of_bank = BankConfigArgs::SETTINGS.iter().map(|s| (s.name, s.class));
    let of_market = MarketTerms::SETTINGS.iter().map(|s| (s.name, s.class));
    let of_price = PriceConfigArgs::SETTINGS.iter().map(|s| (s.name, s.class));
    let ramps =
        of_bank.chain(of_market).chain(of_price).filter(|(_, class)| [class.up, class.down].contains(&Effect::Ramps));
    let names: Vec<_> = ramps.map(|(name, _)| name).collect();
    assert_eq!(names, ["asset_maint_ppm", "liability_maint_ppm", "maint_rate_ppm"]);
}

/// What is left out is what it stands for, so that leaving it out or not is no change.
#[test]
fn a_number_that_is_left_out_is_its_default() {
    let (left_out, written) =
        (BankConfigArgs::default(), BankConfigArgs { draw_cap_hour_atoms: Some(u64::MAX), ..Default::default() });
    assert_eq!(changes(&left_out, &written), []);
    assert_eq!(
        written.verdict(&BankConfigArgs { draw_cap_hour_atoms: Some(5), ..left_out }).kind(),
        VerdictKind::Waits
    );
}

#[test]
fn a_bank_and_a_market_become_reduce_only_at_once_and_active_again_in_public() {
    let bank = |reduce_only| UpdateBankArgs { reduce_only, config: BankConfigArgs::default() };
    let (into, out) = (bank(false).verdict(&bank(true)), bank(true).verdict(&bank(false)));
    assert_eq!((into.at_once.unwrap().name, into.kind()), ("reduce_only", VerdictKind::AtOnce));
    assert_eq!((out.waits.unwrap().name, out.kind()), ("reduce_only", VerdictKind::Waits));
    let market = |status: u8| UpdateMarketArgs { status, terms: MarketTerms::default() };
    for (from, to, kind) in [
        (SlotStatus::Active as u8, SlotStatus::ReduceOnly as u8, VerdictKind::AtOnce),
        (SlotStatus::ReduceOnly as u8, SlotStatus::Active as u8, VerdictKind::Waits),
        (SlotStatus::Active as u8, SlotStatus::Active as u8, VerdictKind::Nothing),
        // None of these is accepted; none of them comes at once.
        (SlotStatus::Active as u8, SlotStatus::Terminal as u8, VerdictKind::Waits),
        (SlotStatus::Active as u8, SlotStatus::Empty as u8, VerdictKind::Waits),
        (SlotStatus::Empty as u8, SlotStatus::ReduceOnly as u8, VerdictKind::Waits),
        (SlotStatus::ReduceOnly as u8, 9, VerdictKind::Waits),
    ] {
        assert_eq!(market(from).verdict(&market(to)).kind(), kind, "{from} to {to}");
    }
    // Beside a number that waits it is mixed, and both are named.
    let mut asked = bank(true);
    asked.config.asset_init_ppm = 1;
    let verdict = bank(false).verdict(&asked);
    assert_eq!((verdict.kind(), verdict.at_once.unwrap().name), (VerdictKind::Mixed, "reduce_only"));
    assert_eq!(verdict.waits.unwrap().name, "asset_init_ppm");
    // A terminal bank accepts only what reduces positions.
    let slot = BankSlot { status: SlotStatus::Terminal as u8, ..BankSlot::zeroed() };
    assert!(UpdateBankArgs::in_force(&Bank::zeroed(), &slot).reduce_only);
}

fn source() -> impl Strategy<Value = OracleSourceArgs> {
    (1u8..=3, any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<u8>()).prop_map(
        |(kind, address, program, feed_id, queue, min_samples)| OracleSourceArgs {
            kind,
            address: Pubkey::new_from_array(address),
            program: Pubkey::new_from_array(program),
            feed_id,
            queue: Pubkey::new_from_array(queue),
            min_samples,
        },
    )
}

#[test]
fn every_part_of_a_source_waits() {
    let source = OracleSourceArgs { kind: 1, ..OracleSourceArgs::default() };
    let other = Pubkey::new_from_array([1; 32]);
    for changed in [
        OracleSourceArgs { kind: 2, ..source },
        OracleSourceArgs { address: other, ..source },
        OracleSourceArgs { program: other, ..source },
        OracleSourceArgs { feed_id: [1; 32], ..source },
        OracleSourceArgs { queue: other, ..source },
        OracleSourceArgs { min_samples: 1, ..source },
    ] {
        let price = |primary, secondary| PriceConfigArgs { primary, secondary, ..Default::default() };
        let waits = |name| [Change { name, numbers: None, effect: Effect::Waits }];
        assert_eq!(changes(&price(source, None), &price(changed, None)), waits("primary"));
        assert_eq!(changes(&price(source, Some(source)), &price(source, Some(changed))), waits("secondary"));
        assert_eq!(changes(&price(source, None), &price(source, Some(changed))), waits("secondary"));
        assert_eq!(changes(&price(source, Some(changed)), &price(source, None)), waits("secondary"));
        let behind = |standby| PriceConfigArgs { standby, ..price(source, None) };
        assert_eq!(changes(&behind(Some(source)), &behind(Some(changed))), waits("standby"));
        assert_eq!(changes(&behind(None), &behind(Some(changed))), waits("standby"));
        assert_eq!(changes(&behind(Some(changed)), &behind(None)), waits("standby"));
    }
}

/// Any numbers, small ones so that two draws often agree, in the order of the list.
fn numbers<T: Default + Copy + std::fmt::Debug>(settings: &'static [Setting<T>]) -> impl Strategy<Value = T> {
    prop::collection::vec(prop_oneof![4 => 0u64..3, 1 => 0..=u32::MAX as u64], settings.len()).prop_map(|values| {
        let mut args = T::default();
        settings.iter().zip(values).for_each(|(setting, value)| assert!(setting.set(&mut args, value)));
        args
    })
}

fn bank() -> impl Strategy<Value = UpdateBankArgs> {
    (any::<bool>(), numbers(BankConfigArgs::SETTINGS))
        .prop_map(|(reduce_only, config)| UpdateBankArgs { reduce_only, config })
}

fn market() -> impl Strategy<Value = UpdateMarketArgs> {
    (1u8..=2, numbers(MarketTerms::SETTINGS)).prop_map(|(status, terms)| UpdateMarketArgs { status, terms })
}

fn price() -> impl Strategy<Value = PriceConfigArgs> {
    (source(), prop::option::of(source()), prop::option::of(source()), numbers(PriceConfigArgs::SETTINGS))
        .prop_map(|(primary, secondary, standby, config)| PriceConfigArgs { primary, secondary, standby, ..config })
}

fn differing<T>(settings: &[Setting<T>], one: &T, other: &T) -> usize {
    settings.iter().filter(|setting| setting.get(one) != setting.get(other)).count()
}

/// So many changes there and as many back; one of two waits and only one, unless any change waits.
fn judge_both_ways<T: Ratcheted>(
    one: &T,
    other: &T,
    differing: usize,
    classes: &[(&str, bool)],
) -> Result<(), TestCaseError> {
    let (there, back) = (changes(one, other), changes(other, one));
    prop_assert_eq!(there.len(), differing);
    prop_assert_eq!(back.len(), differing);
    for (there, back) in there.iter().zip(&back) {
        prop_assert_eq!(there.name, back.name);
        prop_assert_eq!(there.numbers, back.numbers.map(|(from, to)| (to, from)));
        let any = classes.iter().find(|(name, _)| *name == there.name).unwrap().1;
        prop_assert_eq!(there.effect == Effect::Waits, any || back.effect != Effect::Waits);
    }
    Ok(())
}

macro_rules! any_waits {
    ($Args:ident and $Others:ident) => {{
        let numbers = $Args::SETTINGS.iter().map(|setting| (setting.name, setting.class));
        let others = $Others::OTHERS.iter().map(|setting| (setting.name, setting.class));
        numbers.chain(others).map(|(name, class)| (name, class.up == class.down)).collect::<Vec<_>>()
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn what_waits_one_way_does_not_the_other_way_unless_any_change_waits(
        banks in [bank(), bank()], markets in [market(), market()], prices in [price(), price()],
    ) {
        let [one, other] = &banks;
        let count = differing(BankConfigArgs::SETTINGS, &one.config, &other.config);
        let count = count + usize::from(one.reduce_only != other.reduce_only);
        judge_both_ways(one, other, count, &any_waits!(BankConfigArgs and UpdateBankArgs))?;

        let [one, other] = &markets;
        let count = differing(MarketTerms::SETTINGS, &one.terms, &other.terms);
        let count = count + usize::from(one.status != other.status);
        judge_both_ways(one, other, count, &any_waits!(MarketTerms and UpdateMarketArgs))?;

        let [one, other] = &prices;
        let count = differing(PriceConfigArgs::SETTINGS, one, other);
        let count = count + usize::from(one.primary != other.primary) + usize::from(one.secondary != other.secondary);
        let count = count + usize::from(one.standby != other.standby);
        judge_both_ways(one, other, count, &any_waits!(PriceConfigArgs and PriceConfigArgs))?;
    }

    /// So that setting what is in force again changes nothing.
    #[test]
    fn what_was_written_is_in_force_to_the_number(bank in bank(), market in market(), price in price()) {
        let status = |reduce_only| if reduce_only { SlotStatus::ReduceOnly } else { SlotStatus::Active } as u8;
        let (mut account, mut slot) = (Bank::zeroed(), BankSlot::zeroed());
        bank.config.store(&mut account, &mut slot);
        slot.status = status(bank.reduce_only);
        let in_force = UpdateBankArgs::in_force(&account, &slot);
        prop_assert_eq!(in_force, bank);
        prop_assert_eq!(changes(&in_force, &bank), []);

        let (mut account, mut slot) = (Market::zeroed(), MarketSlot::zeroed());
        market.terms.store(&mut account, &mut slot);
        slot.status = market.status;
        let in_force = UpdateMarketArgs::in_force(&account, &slot);
        prop_assert_eq!(in_force, market);
        prop_assert_eq!(changes(&in_force, &market), []);

        // By the program's own writer, over whatever was there before.
        let (mut feed, mut slot) = (Feed::zeroed(), PriceSlot::zeroed());
        let before = PriceConfigArgs { secondary: Some(price.primary), ..price };
        before.write(&mut slot, &mut feed);
        feed.sources[0].published_at = 7;
        price.write(&mut slot, &mut feed);
        let in_force = PriceConfigArgs::in_force(&feed, &slot);
        prop_assert_eq!(in_force, price);
        prop_assert_eq!(changes(&in_force, &price), []);
    }
}

/// What the accounts keep a goal for: a number that ramps without one would never arrive, one without a ramp never leave.
#[test]
fn exactly_what_ramps_has_a_goal_in_its_account() {
    let ramps = |class: plimsoll_risk::ratchet::Class| class.up == Effect::Ramps || class.down == Effect::Ramps;
    let of_bank = BankConfigArgs::SETTINGS.iter().filter(|setting| ramps(setting.class)).map(|setting| setting.name);
    assert_eq!(of_bank.collect::<Vec<_>>(), ["asset_maint_ppm", "liability_maint_ppm"]);
    let of_market = MarketTerms::SETTINGS.iter().filter(|setting| ramps(setting.class)).map(|setting| setting.name);
    assert_eq!(of_market.collect::<Vec<_>>(), ["maint_rate_ppm"]);
    assert!(!PriceConfigArgs::SETTINGS.iter().any(|setting| ramps(setting.class)));
    assert_eq!((BankSlot::zeroed().goals.len(), MarketSlot::zeroed().goals.len()), (2, 1));

    let held = GlobalParams::DEFAULT;
    let mut seen = Vec::new();
    for field in GlobalParams::fields().filter(|field| ramps(field.class)) {
        let (mut asked, value) = (held, field.get(&held));
        assert!(field.set(&mut asked, if field.class.up == Effect::Ramps { value + 1 } else { value - 1 }));
        assert_eq!(asked.landing(&held), held, "{}", field.name);
        let mut registry: Box<Registry> = bytemuck::zeroed_box();
        registry.set_params(&held, &asked, UnixSecs::new(5));
        let goals = registry.params_goals.map(|goal| goal.to_ppm);
        let moved = goals.iter().zip(registry.ramped()).filter(|(goal, held)| *goal != held).count();
        assert_eq!((moved, registry.params_ramped_at), (1, 5), "{}", field.name);
        seen.push(field.name);
    }
    assert_eq!(seen.len(), RAMPED_PARAMS, "{seen:?}");
    // The other direction lands at once.
    let looser = GlobalParams::DEFAULT.with(|new| new.prices.edge_max_ppm += 1);
    assert_eq!(looser.landing(&held), looser);
}

#[test]
fn a_bank_lands_where_it_is_in_what_ramps_and_where_it_is_asked_to_be_in_the_rest() {
    let held = BankConfigArgs { asset_maint_ppm: 900_000, liability_maint_ppm: 1_100_000, ..Default::default() };
    let tighter = BankConfigArgs { asset_maint_ppm: 800_000, liability_maint_ppm: 1_200_000, kink_ppm: 7, ..held };
    assert_eq!(tighter.landing(&held), BankConfigArgs { kink_ppm: 7, ..held }.landing(&held));
    let landed = tighter.landing(&held);
    assert_eq!((landed.asset_maint_ppm, landed.liability_maint_ppm, landed.kink_ppm), (900_000, 1_100_000, 7));
    let looser = BankConfigArgs { asset_maint_ppm: 950_000, liability_maint_ppm: 1_050_000, ..held };
    let landed = looser.landing(&held);
    assert_eq!((landed.asset_maint_ppm, landed.liability_maint_ppm), (950_000, 1_050_000));
}

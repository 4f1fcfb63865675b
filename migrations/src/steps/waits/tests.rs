use bytemuck::Zeroable;
use plimsoll_state::{change_flag, ChangeAccount, EngineRole, Venue};

use super::super::tests::{applied, creator, file, resolved};
use super::super::{plan, Role};
use super::*;
use crate::chain::Grown;
use crate::config::{Config, Key, VenueConfig};

const DELAY: i64 = 172_800;

fn launched(config: &Config) -> Chain {
    let mut config = config.clone();
    config.params.changes.change_delay_secs = DELAY as u32;
    applied(&resolved(&config))
}

/// The file, with a bank that is asked to take more and one that is asked to take less.
fn asked() -> Config {
    let mut config = file();
    config.params.changes.change_delay_secs = DELAY as u32;
    config.banks[1].borrow_cap_atoms -= 1;
    config.banks[2].deposit_cap_atoms += 1;
    config
}

/// As the program stores it.
pub fn proposed(chain: &Chain, instruction: &Instruction, id: u64, due_at: i64) -> PendingChange {
    let mut change = PendingChange::zeroed();
    (change.engine, change.id) = (chain.keys.engine.to_bytes(), id);
    (change.proposed_at, change.due_at, change.expires_at) = (due_at - DELAY, due_at, due_at + 604_800);
    (change.account_count, change.data_len) = (instruction.accounts.len() as u8, instruction.data.len() as u16);
    change.data[..instruction.data.len()].copy_from_slice(&instruction.data);
    for (stored, meta) in change.accounts.iter_mut().zip(&instruction.accounts) {
        let pays = meta.is_signer && meta.pubkey != chain.keys.executor();
        *stored = ChangeAccount { key: meta.pubkey.to_bytes(), flags: 0 };
        if pays {
            *stored = ChangeAccount { key: [0; 32], flags: change_flag::PAYER };
        }
    }
    change
}

fn stages(config: &Config, chain: &Chain) -> Vec<(Step, Option<(&'static str, Stage)>)> {
    let plan = plan(&resolved(config), chain).unwrap();
    let waits = |waits: Waits| (waits.because_of, waits.stage);
    plan.steps.into_iter().map(|planned| (planned.step, planned.waits.map(waits))).collect()
}

#[test]
fn what_loosens_is_proposed_once_waits_and_is_executed_and_what_tightens_is_not_kept_waiting() {
    let (before, config) = (file(), asked());
    let mut chain = launched(&before);
    let because = |stage| Some(("deposit_cap_atoms", stage));
    let expected = |stage| vec![(Step::UpdateBank { bank: 1 }, None), (Step::UpdateBank { bank: 2 }, because(stage))];
    assert_eq!(stages(&config, &chain), expected(Stage::Missing));
    let due_at = chain.now + 60;
    let instruction = proposal(&resolved(&config), &chain, creator(), &Step::UpdateBank { bank: 2 });
    let change = proposed(&chain, &instruction.unwrap().unwrap(), 4, due_at);
    chain.changes.push(change);
    assert_eq!(stages(&config, &chain), expected(Stage::Proposed { id: 4, due_at }));
    chain.now += 60;
    assert_eq!(stages(&config, &chain), expected(Stage::Due { id: 4 }));
    assert_eq!(plan(&resolved(&config), &chain).unwrap().others, Vec::<u64>::new());
    // A week later it has to be proposed again.
    chain.now += 604_800;
    assert_eq!(stages(&config, &chain), expected(Stage::Missing));
    // Another number is another change, and the one that waits would undo the file.
    (chain.now, chain.changes[0].due_at) = (due_at - 60, due_at);
    let mut other = config;
    other.banks[2].deposit_cap_atoms += 1;
    assert_eq!(stages(&other, &chain), expected(Stage::Missing));
    assert_eq!(plan(&resolved(&other), &chain).unwrap().others, [4]);
}

fn parts(config: &Config, chain: &Chain) -> Vec<(Step, Part, Vec<String>)> {
    let plan = plan(&resolved(config), chain).unwrap();
    plan.steps.into_iter().map(|planned| (planned.step, planned.part, planned.changes)).collect()
}

/// What a change that mixes leaves to be set at once, as it would be sent.
fn sent_at_once(config: &Config, chain: &Chain) -> Instruction {
    let plan = plan(&resolved(config), chain).unwrap();
    let Part::AtOnce(asked) = &plan.steps[0].part else { panic!("{:?}", plan.steps[0]) };
    asked.update(&chain.keys, creator()).unwrap()
}

#[test]
fn what_tightens_of_a_change_that_mixes_is_sent_at_once_and_the_whole_is_proposed() {
    let (before, mut config) = (file(), file());
    config.params.changes.change_delay_secs = DELAY as u32;
    let mut chain = launched(&before);
    let bank = &mut config.banks[1];
    bank.asset_init_ppm -= 10_000;
    bank.asset_maint_ppm -= 5_000;
    bank.deposit_cap_atoms += 1;
    let (step, held) = (Step::UpdateBank { bank: 1 }, &before.banks[1]);
    let found = parts(&config, &chain);
    let [(first, Part::AtOnce(_), now), (second, Part::Rest, later)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((first, second), (&step, &step));
    let line = |name: &str, from: u64, to: u64, effect: &str| format!("{name} {from} to {to} ({effect})");
    let (init, maint) = (held.asset_init_ppm as u64, held.asset_maint_ppm as u64);
    assert_eq!(
        *now,
        [
            line("asset_maint_ppm", maint, maint - 5_000, "ramps"),
            line("asset_init_ppm", init, init - 10_000, "at once"),
        ]
    );
    let cap = held.deposit_cap_atoms;
    assert_eq!(*later, [line("deposit_cap_atoms", cap, cap + 1, "waits")]);
    // It sets what tightens, leaves the cap, and so needs no waiting.
    let Some(Asked::Bank { bank: 1, args }) = Asked::of(&chain.keys, &sent_at_once(&config, &chain)) else {
        panic!("it is of the bank")
    };
    assert_eq!((args.config.asset_init_ppm, args.config.deposit_cap_atoms), (held.asset_init_ppm - 10_000, cap));
    // Once it was sent only the rest is left, while the weight ramps; what is proposed is the whole.
    let Grown::Complete(registry) = &mut chain.registry else { unreachable!() };
    let params = registry.params.0;
    args.config.write(true, &params, &mut chain.banks[1], &mut registry.banks[1], UnixSecs::new(chain.now));
    assert_eq!(registry.banks[1].weights.0.asset_maint_ppm.get(), held.asset_maint_ppm, "it ramps");
    let because = |stage| vec![(step.clone(), Some(("deposit_cap_atoms", stage)))];
    assert_eq!(stages(&config, &chain), because(Stage::Missing));
    let whole = proposal(&resolved(&config), &chain, creator(), &step).unwrap().unwrap();
    let due_at = chain.now + 60;
    chain.changes.push(proposed(&chain, &whole, 0, due_at));
    assert_eq!(stages(&config, &chain), because(Stage::Proposed { id: 0, due_at }));
    chain.now = due_at;
    assert_eq!(stages(&config, &chain), because(Stage::Due { id: 0 }));
}

#[test]
fn markets_prices_venues_and_parameters_are_split_as_banks_are() {
    let signer = Key(Pubkey::new_from_array([3; 32]));
    let (before, mut config) = (file(), file());
    config.params.changes.change_delay_secs = DELAY as u32;
    let mut chain = launched(&before);
    config.params.changes.first_cap_usd -= 1;
    config.params.legs.dust_usd_micro += 1;
    config.prices[1].max_sigma_ppm = Some(99_999);
    config.prices[1].update_secs += 1;
    config.markets[0].init_rate_ppm += 1;
    config.markets[0].open_interest_cap_units += 1;
    let premium_markets = vec![1];
    config.venues.push(VenueConfig { signer, active: false, settle_markets: vec![0], premium_markets });
    let mut venue: Venue = Venue::zeroed();
    (venue.active, venue.signer, venue.settle_markets, venue.premium_markets) = (1, signer.0.to_bytes(), 0b11, 0b1);
    chain.venues = vec![Some(venue)];
    let plan = plan(&resolved(&config), &chain).unwrap();
    let split: Vec<_> = plan.steps.chunks(2).map(|pair| (&pair[0].part, &pair[1].part)).collect();
    let [params, price, market, venue] = &split[..] else { panic!("{split:?}") };
    let (Part::AtOnce(params), Part::Rest) = params else { panic!("{params:?}") };
    let (Part::AtOnce(price), Part::Rest) = price else { panic!("{price:?}") };
    let (Part::AtOnce(market), Part::Rest) = market else { panic!("{market:?}") };
    let (Part::AtOnce(venue), Part::Rest) = venue else { panic!("{venue:?}") };
    let Asked::Params(params) = &**params else { panic!("{params:?}") };
    let (caps, dust) = (params.changes.first_cap_usd, params.legs.dust_usd_micro);
    assert_eq!((caps, dust), (config.params.changes.first_cap_usd, before.params.legs.dust_usd_micro));
    let Asked::Price(price) = &**price else { panic!("{price:?}") };
    let (sigma, update) = (price.config.max_sigma_ppm(), price.config.update_secs());
    assert_eq!((sigma, update), (config.prices[1].args().max_sigma_ppm(), before.prices[1].update_secs));
    let Asked::Market { market: 0, args } = &**market else { panic!("{market:?}") };
    let (rate, cap) = (args.terms.init_rate_ppm, args.terms.open_interest_cap_units);
    assert_eq!((rate, cap), (config.markets[0].init_rate_ppm, before.markets[0].open_interest_cap_units));
    // A venue is stopped and settles fewer markets at once; a premium of another market waits.
    let Asked::Venue { args, .. } = &**venue else { panic!("{venue:?}") };
    assert_eq!((args.active, args.settle_markets, args.premium_markets), (false, 0b1, 0));
}

#[test]
fn what_is_due_is_executed_whole_and_not_split_any_more() {
    let (before, mut config) = (file(), file());
    config.params.changes.change_delay_secs = DELAY as u32;
    let mut chain = launched(&before);
    (config.banks[1].asset_init_ppm, config.banks[1].deposit_cap_atoms) =
        (before.banks[1].asset_init_ppm - 1, before.banks[1].deposit_cap_atoms + 1);
    let step = Step::UpdateBank { bank: 1 };
    let whole = proposal(&resolved(&config), &chain, creator(), &step).unwrap().unwrap();
    chain.changes.push(proposed(&chain, &whole, 0, chain.now));
    assert_eq!(stages(&config, &chain), [(step, Some(("deposit_cap_atoms", Stage::Due { id: 0 })))]);
}

#[test]
fn what_would_not_be_accepted_alone_waits_with_the_rest() {
    let (before, mut config) = (file(), file());
    config.params.changes.change_delay_secs = DELAY as u32;
    let chain = launched(&before);
    config.params.legs.dust_usd_micro += 1;
    config.params.targets.target_min_gap_ppm += 1;
    let split = parts(&config, &chain);
    assert!(matches!(split[..], [(_, Part::AtOnce(_), _), (_, Part::Rest, _)]), "{split:?}");
    // No market has a target so far above maintenance.
    config.params.targets.target_min_gap_ppm = 100_000;
    let whole = parts(&config, &chain);
    assert!(matches!(whole[..], [(Step::UpdateParams, Part::Whole, _)]), "{whole:?}");
}

#[test]
fn before_the_launch_and_without_a_delay_nothing_waits() {
    for (launched_already, delay) in [(0, DELAY as u32), (1, 0)] {
        let mut config = asked();
        config.params.changes.change_delay_secs = delay;
        config.engine.launch = false;
        let mut chain = launched(&file());
        let Grown::Complete(registry) = &mut chain.registry else { unreachable!() };
        registry.launched = launched_already;
        registry.params.0.changes.change_delay_secs = delay;
        assert!(stages(&config, &chain).iter().all(|(_, waits)| waits.is_none()));
        assert_eq!(stages(&config, &chain).len(), 2);
    }
}

#[test]
fn listings_and_successors_wait_whatever_they_say() {
    let (next, mut config) = (Key(Pubkey::new_from_array([8; 32])), file());
    config.params.changes.change_delay_secs = DELAY as u32;
    let mut chain = launched(&config);
    config.engine.guardian = Some(next);
    config.markets.push(config.markets[0].clone());
    config.markets[2].name = "SOL-2-PERP".into();
    let expected = vec![
        (Step::ListMarket { market: 2 }, Some(("list_market", Stage::Missing))),
        (Step::ProposeRole { role: Role::Guardian }, Some(("propose_role", Stage::Missing))),
    ];
    assert_eq!(stages(&config, &chain), expected);
    // Once it was executed, the successor accepts.
    chain.engine.as_mut().unwrap().propose(EngineRole::Guardian, next.0.to_bytes());
    assert_eq!(stages(&config, &chain)[1], (Step::AcceptRole { role: Role::Guardian }, None));
}

#[test]
fn what_ramps_to_what_the_file_says_needs_no_step() {
    let mut config = file();
    config.params.changes.change_delay_secs = DELAY as u32;
    let mut chain = launched(&config);
    config.banks[1].asset_maint_ppm -= 20_000;
    assert_eq!(stages(&config, &chain), [(Step::UpdateBank { bank: 1 }, None)]);
    let Grown::Complete(registry) = &mut chain.registry else { unreachable!() };
    let params = registry.params.0;
    let (slot, mut landing) = (&mut registry.banks[1], config.banks[1].settings());
    let asked = landing.weights(&params);
    landing.asset_maint_ppm += 20_000;
    slot.set_weights(landing.weights(&params), asked, UnixSecs::new(chain.now));
    assert_eq!(stages(&config, &chain), []);
}

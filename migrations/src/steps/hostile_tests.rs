//! Files that ask for thefts: every part that would take something waits in public, by the name of what has to.

use plimsoll_state::EngineRole;

use super::tests::{applied, file, resolved};
use super::*;
use crate::config::{Bytes32, VenueConfig};

const DELAY_SECS: u32 = 172_800;

/// An engine that is as the file says, launched, where changes wait.
fn launched() -> (Config, Chain) {
    let mut config = file();
    config.params.changes.change_delay_secs = DELAY_SECS;
    let chain = applied(&resolved(&config));
    (config, chain)
}

fn mine() -> Key {
    Key(Pubkey::new_from_array([9; 32]))
}

/// Steps of a file and what each has to wait for.
fn planned(config: &Config, chain: &Chain) -> Vec<(Step, Option<&'static str>)> {
    let plan = plan(&resolved(config), chain).unwrap();
    assert_eq!(plan.immutable, Vec::<String>::new());
    plan.steps.into_iter().map(|planned| (planned.step, planned.waits.map(|waits| waits.because_of))).collect()
}

type Theft = (fn(&mut Config), Step, &'static str);

/// What a file could ask for to take what is others', and the first of it that has to wait.
const THEFTS: [Theft; 12] = [
    (
        |file| (file.prices[1].primary.address, file.prices[1].mock) = (Some(mine()), None),
        Step::UpdatePrice { price: 1 },
        "primary",
    ),
    (|file| file.prices[1].primary.feed_id = Bytes32([9; 32]), Step::UpdatePrice { price: 1 }, "primary"),
    (
        |file| {
            (file.params.auction.penalty_start_ppm, file.params.auction.penalty_cap_ppm) = (200_000, 200_000);
        },
        Step::UpdateParams,
        "auction.penalty_start_ppm",
    ),
    (|file| file.params.auction.insurance_share_ppm = 0, Step::UpdateParams, "auction.insurance_share_ppm"),
    (|file| file.params.changes.change_delay_secs = 0, Step::UpdateParams, "changes.change_delay_secs"),
    (
        |file| file.params.changes.weight_ramp_ppm_per_hour = 1_000_000,
        Step::UpdateParams,
        "changes.weight_ramp_ppm_per_hour",
    ),
    (|file| file.params.draws.draw_event_ppm = 1_000_000, Step::UpdateParams, "draws.draw_event_ppm"),
    (|file| file.banks[1].asset_init_ppm += 1, Step::UpdateBank { bank: 1 }, "asset_init_ppm"),
    (|file| file.banks[1].outflow_day_ppm = Some(1_000_000), Step::UpdateBank { bank: 1 }, "outflow_day_ppm"),
    (|file| file.markets[0].fill_fee_ppm += 1, Step::UpdateMarket { market: 0 }, "fill_fee_ppm"),
    (
        |file| {
            let (settle_markets, premium_markets) = (vec![0], vec![0]);
            file.venues.push(VenueConfig { signer: mine(), active: true, settle_markets, premium_markets });
        },
        Step::RegisterVenue { venue: 0 },
        "premium_markets",
    ),
    (|file| file.engine.fee_collector = Some(mine()), Step::ProposeRole { role: Role::FeeCollector }, "propose_role"),
];

/// POWER-1
#[test]
fn what_a_file_would_take_of_others_waits_by_its_name() {
    let (config, mut chain) = launched();
    assert_eq!(planned(&config, &chain), []);
    for (ask, step, because_of) in THEFTS {
        let mut asked = config.clone();
        ask(&mut asked);
        chain.venues = vec![None; asked.venues.len()];
        // A successor accepts afterwards.
        assert_eq!(planned(&asked, &chain)[0], (step, Some(because_of)));
    }
}

/// POWER-1. All of it in one file: nothing that it asks for comes at once, whatever stands beside it.
#[test]
fn a_file_of_every_theft_sends_nothing_that_comes_at_once() {
    let (config, mut chain) = launched();
    let mut asked = config.clone();
    THEFTS.iter().for_each(|(ask, ..)| ask(&mut asked));
    chain.venues = vec![None; asked.venues.len()];
    let steps = planned(&asked, &chain);
    assert_eq!(steps.len(), 6);
    assert!(steps.iter().all(|(_, waits)| waits.is_some()), "{steps:?}");
    // What tightens does not carry any of it along.
    asked.banks[1].deposit_cap_atoms -= 1;
    asked.params.perps.premium_bound_ppm -= 1;
    let (waiting, at_once): (Vec<_>, Vec<_>) =
        planned(&asked, &chain).into_iter().partition(|(_, waits)| waits.is_some());
    assert_eq!(waiting, steps);
    assert_eq!(at_once, [(Step::UpdateParams, None), (Step::UpdateBank { bank: 1 }, None)]);
}

/// POWER-1. The penalty was raised, used and restored, and the parameters looked untouched; now nothing has moved, and a file
/// that restores them names what waits.
#[test]
fn the_file_that_would_cover_the_tracks_has_nothing_to_do_and_shows_what_waits() {
    let (config, mut chain) = launched();
    let mut asked = config.clone();
    THEFTS[2].0(&mut asked);
    let instruction = waits::proposal(&resolved(&asked), &chain, super::tests::creator(), &Step::UpdateParams);
    let change =
        super::waits::tests::proposed(&chain, &instruction.unwrap().unwrap(), 3, chain.now + DELAY_SECS as i64);
    chain.changes.push(change);
    let restored = plan(&resolved(&config), &chain).unwrap();
    assert_eq!((restored.steps.len(), restored.others), (0, vec![3]));
    assert_eq!(chain.engine.as_ref().unwrap().pending(EngineRole::FeeCollector), &[0; 32]);
}

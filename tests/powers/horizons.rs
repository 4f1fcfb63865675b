//! Hours and days under hostile keys: pauses and halts come and go, ramps move, changes come due. Prices stand still, so
//! whatever an account is worth less is a loss. No account that signed nothing loses more than docs/powers.md says, in any
//! transaction, in any while between two, and over the whole of it.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::guard::powers::{Key, Toll};
use plimsoll_risk::num::PPM;
use plimsoll_risk::params::{MAX_ANNUAL_RATE_PPM, SECS_PER_YEAR};
use plimsoll_risk::ratchet::Ratcheted;
use plimsoll_state::{Engine, PendingChange};
use plimsoll_tests::*;

use super::attacks::{attacks, changes, settings, Attack, Dice};
use super::cast::{Attacker, Scene, STANDING};
use super::hostile::allowed;
use super::measure::{Comparison, Holding, Measured, ROUNDING_USD_MICRO};

/// Runs outside the nightly form, and transactions of each.
const RUNS: u64 = 6;
const STEPS: u64 = 90;
const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;

/// What happened in some runs.
#[derive(Debug, Default)]
struct Tally {
    sent: BTreeMap<&'static str, usize>,
    hours: i64,
    ramped: usize,
}

struct Run {
    scene: Scene,
    dice: Dice,
    /// Cancels whatever is proposed; else it attacks like everybody.
    guardian_is_honest: bool,
    started: Measured,
    started_at: i64,
    /// The steepest slope that was in force, ppm an hour.
    slope_ppm: i128,
    /// The highest bound of funding that was in force, ppm an hour.
    funding_ppm: i128,
    /// Who traded or was liquidated, and whose margin is compared no more.
    moved: Vec<anchor_lang::prelude::Pubkey>,
    tally: Tally,
}

impl Run {
    fn new(mut scene: Scene, seed: u64) -> Self {
        let guardian_is_honest = seed.is_multiple_of(2);
        if guardian_is_honest {
            cancel_all(&mut scene.stage.world);
        }
        let started = Measured::of(&scene.stage.world, &scene.victims, STANDING);
        Self {
            dice: Dice(seed),
            guardian_is_honest,
            started_at: scene.stage.world.now(),
            slope_ppm: started.slope_ppm(),
            funding_ppm: funding_bound(&started),
            moved: Vec::new(),
            tally: Tally::default(),
            started,
            scene,
        }
    }

    fn measured(&self) -> Measured {
        Measured::of(&self.scene.stage.world, &self.scene.victims, STANDING)
    }

    fn play(mut self, pools: &BTreeMap<Key, Vec<Attack>>) -> Tally {
        let honest = if self.guardian_is_honest { Some(Key::Guardian) } else { None };
        let attackers: Vec<Attacker> =
            self.scene.attackers.iter().copied().filter(|by| Some(by.key) != honest).collect();
        for _ in 0..STEPS {
            self.wait();
            // Who sets something is as often at it as all others.
            let setter = attackers[self.dice.below(2) as usize];
            let by = if self.dice.below(2) == 0 { setter } else { *self.dice.pick(&attackers) };
            let calls: Vec<Attack> =
                (0..=self.dice.below(4) / 3).filter_map(|_| self.draw(&by, &pools[&by.key])).collect();
            self.send(&by, &calls);
            self.check_whole();
        }
        self.check_end();
        self.tally.hours = (self.scene.stage.world.now() - self.started_at) / HOUR_SECS;
        self.tally
    }

    /// What went through at the beginning, something beside what is in force now, or something about what waits.
    fn draw(&mut self, by: &Attacker, pool: &[Attack]) -> Option<Attack> {
        let keys = self.scene.stage.world.keys;
        let ramps = [args::RampArg::Params, args::RampArg::Bank(SOL), args::RampArg::Market(SOL_PERP)];
        Some(match self.dice.below(8) {
            0 | 1 if matches!(by.key, Key::Authority | Key::RiskAuthority) => {
                self.dice.pick(&settings(&self.scene, by.signer)).clone()
            }
            0..=2 => {
                let all = changes(&self.scene, by.signer);
                let proposals = all.iter().take_while(|attack| attack.name == "propose_change").count();
                // Of what is pending there is little, of what could be proposed much.
                let part = if self.dice.below(2) == 0 { &all[..proposals] } else { &all[proposals..] };
                if part.is_empty() {
                    return None;
                }
                self.dice.pick(part).clone()
            }
            3 => Attack { name: "advance_ramp", ix: ix::advance_ramp(&keys, *self.dice.pick(&ramps)) },
            // As many tries for each instruction as for any other.
            _ => {
                let names: BTreeSet<&str> = pool.iter().map(|attack| attack.name).collect();
                let names: Vec<&str> = names.into_iter().collect();
                let name = *self.dice.pick(&names);
                let of_name: Vec<&Attack> = pool.iter().filter(|attack| attack.name == name).collect();
                (*self.dice.pick(&of_name)).clone()
            }
        })
    }

    /// Time passes, and oracles say what they said; the honest guardian looks once in six hours.
    fn wait(&mut self) {
        let secs = *self.dice.pick(&[0, 0, 1, 5, 60, 600, HOUR_SECS, 6 * HOUR_SECS, DAY_SECS]);
        let before = self.measured();
        let (mut left, world) = (secs, &mut self.scene.stage.world);
        while left > 0 {
            let part = left.min(6 * HOUR_SECS);
            world.advance(part);
            left -= part;
            if self.guardian_is_honest {
                cancel_all(world);
            }
        }
        for (slot, price) in STANDING {
            // A pause of prices is one of the powers.
            let _ = world.set_price(*slot, *price).is_ok();
        }
        let after = self.measured();
        for (key, old) in &before.holdings {
            let (lost, most) = (old.worth - after.holdings[key].worth, self.most_by_time(old, secs as i128));
            assert!(
                lost <= most + ROUNDING_USD_MICRO,
                "{key} lost {lost} within {secs} seconds, {most} at most: {old:?}"
            );
        }
    }

    /// What time takes: interest on what is owed and funding of what is open, at the highest rates that can be in force.
    fn most_by_time(&self, held: &Holding, secs: i128) -> i128 {
        let interest = held.owed * MAX_ANNUAL_RATE_PPM as i128 * secs / SECS_PER_YEAR as i128 / PPM as i128;
        interest + held.gross * self.funding_ppm * secs / HOUR_SECS as i128 / PPM as i128
    }

    fn send(&mut self, by: &Attacker, calls: &[Attack]) {
        let before = self.measured();
        let instructions: Vec<_> = calls.iter().map(|attack| attack.ix.clone()).collect();
        if self.scene.stage.world.send(&by.signer, &instructions).is_err() {
            return;
        }
        let (names, after) = (calls.iter().map(|attack| attack.name).collect::<Vec<_>>(), self.measured());
        let title = format!("{} by {}", names.join(", "), by.key.words());
        let allowed = allowed(by.key, &names).unwrap_or_else(|| panic!("{title}: the table says it is refused"));
        let own = by.accounts.map(|own| own.account);
        let givers = self.scene.givers(by.key);
        let comparison = Comparison {
            before: &before,
            after: &after,
            allowed: &allowed,
            own: &own,
            givers: &givers,
            ramped_secs: HOUR_SECS as i128,
        };
        let worst = comparison.check().unwrap_or_else(|fact| panic!("{title}: {fact}"));
        self.tally.ramped += (worst.maintenance_ppm > 0) as usize;
        names.iter().for_each(|name| *self.tally.sent.entry(name).or_default() += 1);
        for (key, old) in &before.holdings {
            let new = &after.holdings[key];
            // What a loss takes, what is repaid for somebody and what he trades moves his margin otherwise.
            let booked = allowed.others.iter().any(|toll| matches!(toll, Toll::Loss | Toll::Penalty));
            if booked && old.worth != new.worth || old.units != new.units || old.gross + old.owed > new.gross + new.owed
            {
                self.moved.push(*key);
            }
        }
        self.slope_ppm = self.slope_ppm.max(after.slope_ppm());
        self.funding_ppm = self.funding_ppm.max(funding_bound(&after));
    }

    /// From the start until now nobody came nearer to maintenance than ramps, interest and funding allow for the time.
    fn check_whole(&self) {
        let (now, secs) = (self.measured(), (self.scene.stage.world.now() - self.started_at) as i128);
        for (key, old) in self.started.holdings.iter().filter(|(key, old)| !old.frozen && !self.moved.contains(key)) {
            let new = &now.holdings[key];
            let nearer = (old.worth - old.maintenance) - (new.worth - new.maintenance);
            let weighed = (old.gross + old.owed).max(new.gross + new.owed);
            // The ramp of the stage had been under way for a minute.
            let by_ramps = weighed * self.slope_ppm * (secs + 70) / HOUR_SECS as i128 / PPM as i128;
            let most = by_ramps + 2 * self.most_by_time(new, secs) + weighed / 100_000;
            assert!(
                nearer <= most + ROUNDING_USD_MICRO,
                "{key} is nearer by {nearer}, {most} at most: {old:?}, {new:?}"
            );
        }
    }

    /// Under an honest guardian nothing was loosened. A week after the last stop everybody is let out again.
    fn check_end(&mut self) {
        if self.guardian_is_honest {
            let params = *self.scene.stage.world.registry().params();
            assert_eq!(self.started.params().verdict(&params).waits, None);
            assert!(!self.tally.sent.contains_key("execute_change"));
        }
        let world = &mut self.scene.stage.world;
        world.advance(7 * DAY_SECS + HOUR_SECS);
        for (slot, price) in STANDING {
            let _ = world.set_price(*slot, *price).is_ok();
        }
        let refused = self.scene.leavers[0].refused(world);
        let known = [EngineError::LossKnown, EngineError::OutflowLimited, EngineError::LiquidityInsufficient];
        assert!(refused.is_none_or(|code| known.iter().any(|error| *error as u32 == code)), "kept in by {refused:?}");
    }
}

/// The bound of funding, ppm an hour.
const fn funding_bound(measured: &Measured) -> i128 {
    measured.params().perps.funding_bound_ppm_per_hour as i128
}

/// The guardian cancels everything that waits.
fn cancel_all(world: &mut World) {
    let keys = world.keys;
    let guardian = address(Key::Guardian.words());
    let proposed = world.read::<Engine>(&keys.engine).changes_proposed;
    for id in 0..proposed {
        if let Some(change) = world.try_read::<PendingChange>(&keys.change(id)) {
            assert_sent(world.send(&guardian, &[ix::cancel_change(&keys, guardian, &change)]));
        }
    }
}

/// POWER-1, POWER-2, POWER-5
#[test]
fn over_hours_and_days_no_keys_take_more_than_their_powers_of_who_signs_nothing() {
    let nightly = std::env::var_os("PLIMSOLL_NIGHTLY").is_some();
    let (runs, first) = if nightly { (RUNS * 40, 1_000) } else { (RUNS, 0) };
    let scene = Scene::new();
    let admitted = |by: &Attacker| {
        let all = attacks(&scene, by, 2, &mut Dice(first + 1)).into_iter();
        let through =
            |attack: &Attack| scene.stage.world.simulate(&by.signer, std::slice::from_ref(&attack.ix)).is_ok();
        (by.key, all.filter(through).collect())
    };
    let pools: BTreeMap<Key, Vec<Attack>> = scene.attackers.iter().map(admitted).collect();
    let mut total = Tally::default();
    for seed in first..first + runs {
        let tally = Run::new(scene.clone(), seed).play(&pools);
        tally.sent.into_iter().for_each(|(name, times)| *total.sent.entry(name).or_default() += times);
        (total.hours, total.ramped) = (total.hours + tally.hours, total.ramped + tally.ramped);
    }
    println!("{total:?}");
    for name in [
        "update_bank",
        "update_params",
        "update_market",
        "propose_change",
        "execute_change",
        "set_pause",
        "halt_price",
        "advance_ramp",
        "liquidate_collateral",
        "withdraw",
    ] {
        assert!(total.sent.contains_key(name), "nobody got {name} through: {total:?}");
    }
    assert!(total.hours > 24 * runs as i64 && total.ramped as u64 >= runs, "{total:?}");
}

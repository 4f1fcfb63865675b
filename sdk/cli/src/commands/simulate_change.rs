//! `plimsoll engine simulate-change`: whom a file's parameters would bring under water, and when.

use std::path::Path;

use plimsoll_migrations::config::Config;
use plimsoll_migrations::Result;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::change::ramps;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{MarginAccount, Registry};
use serde_json::json;
use solana_pubkey::Pubkey;

use crate::amount::usd_pico;
use crate::context::{Context, Loaded};
use crate::margin::Standing;
use crate::output::{tell_left_out, Report};

/// A step of a ramp.
const HOUR_SECS: i64 = 3_600;
const HOURS_A_DAY: u32 = 24;
/// Ramps that are longer are followed no further: three months.
const MOST_HOURS: u32 = HOURS_A_DAY * 92;

/// An account that would be under water.
struct Hit {
    address: Pubkey,
    owner: Pubkey,
    /// The first hour after the change came into force; none where it is under water before.
    hour: Option<u32>,
    /// By how much it is below maintenance when all ramps have ended, pico-dollars; none where it no longer is.
    short_usd_pico: Option<i128>,
}

/// Replays a file over every open account; sends nothing.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, file: &Path) -> Result<()> {
    let (config, loaded) = (Config::read(file)?, context.load().await?);
    let listed = context.session.connection.margin_accounts(&loaded.accounts.keys.engine, None, None).await?;
    let found = listed.accounts;
    let stages = stages(&loaded, &config);
    let (hits, not_valued) = hits(&loaded, &stages, &found);
    report(&hits, found.len() - not_valued.len(), stages.len()).print(context.json);
    tell_left_out(&listed.unreadable);
    tell_left_out(not_valued);
    Ok(())
}

/// The registry with the file's parameters, weights and rates: as they come into force, then hour by hour to the end of
/// their ramps. Prices, their sources and listings stay as they are.
fn stages(loaded: &Loaded, config: &Config) -> Vec<Box<Registry>> {
    let (accounts, now) = (&loaded.accounts, UnixSecs::new(loaded.accounts.now));
    let mut registry = accounts.registry.clone();
    let moves = !registry.is_set_up_freely();
    let landing = if moves { config.params.landing(registry.params()) } else { config.params };
    registry.set_params(&landing, &config.params, now);
    let params = *registry.params();
    for (index, (held, wanted)) in accounts.banks.iter().zip(&config.banks).enumerate() {
        wanted.settings().write(moves, &params, &mut held.clone(), &mut registry.banks[index], now);
    }
    for (index, (held, wanted)) in accounts.markets.iter().zip(&config.markets).enumerate() {
        wanted.settings().write(moves, &params, &mut held.clone(), &mut registry.markets[index], now);
    }
    follow(registry, now)
}

/// A registry, and what it becomes hour by hour until nothing ramps.
fn follow(mut registry: Box<Registry>, mut now: UnixSecs) -> Vec<Box<Registry>> {
    let mut stages = vec![registry.clone()];
    while !ramps(&registry).is_empty() && stages.len() < MOST_HOURS as usize {
        now = UnixSecs::new(now.get() + HOUR_SECS);
        registry.advance_params(now);
        let params = *registry.params();
        registry.banks.iter_mut().filter(|slot| slot.is_listed()).for_each(|slot| slot.advance_ramps(&params, now));
        registry.markets.iter_mut().filter(|slot| slot.is_listed()).for_each(|slot| slot.advance_ramps(&params, now));
        stages.push(registry.clone());
    }
    stages
}

/// Who is below maintenance at spot at some stage, most first; and of each that cannot be valued its address and why.
fn hits(loaded: &Loaded, stages: &[Box<Registry>], found: &[(Pubkey, MarginAccount)]) -> (Vec<Hit>, Vec<String>) {
    let (mut hits, mut not_valued) = (Vec::new(), Vec::new());
    for (address, account) in found {
        match hit(&loaded.accounts.with(account), stages) {
            Ok(Some((hour, short_usd_pico))) => {
                let owner = Pubkey::new_from_array(account.owner);
                hits.push(Hit { address: *address, owner, hour, short_usd_pico });
            }
            Ok(None) => {}
            Err(error) => not_valued.push(format!("{address} cannot be valued: {error}")),
        }
    }
    hits.sort_by_key(|hit| (std::cmp::Reverse(hit.short_usd_pico), hit.address));
    (hits, not_valued)
}

/// The first hour at which an account is below maintenance at spot, none where it is so before, and by how much at the end;
/// none where it never is.
fn hit(now: &Accounts<'_>, stages: &[Box<Registry>]) -> Result<Option<(Option<u32>, Option<i128>)>> {
    let short = |registry: &Registry| -> Result<Option<i128>> {
        let standing = Standing::of(&Accounts { registry, ..*now })?;
        Ok((standing.nav < standing.mmr).then_some(standing.mmr - standing.nav))
    };
    let (before, mut first, mut last) = (short(now.registry)?, None, None);
    for (hour, registry) in stages.iter().enumerate() {
        last = short(registry)?;
        if last.is_some() && first.is_none() {
            first = Some(hour as u32);
        }
    }
    Ok(first.map(|hour| (before.is_none().then_some(hour), last)))
}

/// Of the ramp, from one.
const fn day(hour: u32) -> u32 {
    hour / HOURS_A_DAY + 1
}

fn report(hits: &[Hit], accounts: usize, stages: usize) -> Report {
    let new = hits.iter().filter(|hit| hit.hour.is_some()).count();
    let facts = vec![
        ("accounts", accounts.to_string()),
        ("under water before", (hits.len() - new).to_string()),
        ("would come under water", new.to_string()),
        ("ramps last hours", (stages - 1).to_string()),
    ];
    let rows = hits.iter().map(|hit| {
        let hour = hit.hour.map_or_else(|| "before".to_owned(), |hour| format!("day {}, hour {hour}", day(hour)));
        let short = hit.short_usd_pico.map_or_else(|| "no longer".to_owned(), usd_pico);
        vec![hit.address.to_string(), hit.owner.to_string(), hour, short]
    });
    let exact = hits.iter().map(|hit| {
        json!({
            "account": hit.address.to_string(),
            "day": hit.hour.map(day),
            "hour": hit.hour,
            "short_usd_pico": hit.short_usd_pico.map(|short| short.to_string()),
        })
    });
    let columns = ["account", "owner", "under water from", "short of maintenance at the end"];
    Report::default()
        .with_facts("simulated", facts)
        .with_rows("accounts", &columns, rows.collect())
        .with_exact("exact", json!(exact.collect::<Vec<_>>()))
        .with_note(
            "at the prices of now; prices, their sources and what is not listed yet stay as they are. Days and hours are \
             counted from when the change comes into force, which is after the delay where something of it waits",
        )
}

#[cfg(test)]
mod tests {
    use plimsoll_risk::units::Ppm;

    use super::*;
    use crate::margin::tests::{world, NOW, SOL, USDC};

    /// 100 SOL at 200 dollars against 16,750 USDC: at 85 % worth 17,000, at 83.75 % as much as is owed.
    #[test]
    fn an_account_comes_under_water_in_the_hour_in_which_the_ramp_takes_its_margin() {
        let mut world = world();
        world.hold(0, SOL, 100_000_000_000).hold(1, USDC, -16_750_000_000);
        let (now, mut asked) = (UnixSecs::new(NOW), world.registry.clone());
        let slot = &mut asked.banks[SOL];
        let (held, mut lower) = (slot.weights.0, slot.weights.0);
        lower.asset_maint_ppm = Ppm::new(held.asset_maint_ppm.get() - 25_000);
        slot.set_weights(held, lower, now);
        let stages = follow(asked, now);
        let weights: Vec<u32> = stages.iter().map(|stage| stage.banks[SOL].weights.0.asset_maint_ppm.get()).collect();
        assert_eq!(weights, [850_000, 840_000, 830_000, 825_000]);
        // 16,500 in the end, of 16,750.
        // To the micro-dollar: a lamport's price is rounded down.
        let hit = |world: &crate::margin::tests::World| {
            let found = hit(&world.accounts(), &stages).unwrap();
            found.map(|(hour, short)| (hour, short.map(|pico| pico / 1_000_000)))
        };
        assert_eq!(hit(&world), Some((Some(2), Some(250_000_000))));
        world.hold(1, USDC, -16_499_000_000);
        assert_eq!(hit(&world), None);
        world.hold(1, USDC, -17_001_000_000);
        assert_eq!(hit(&world), Some((None, Some(501_000_000))));
    }

    #[test]
    fn a_ramp_begins_on_its_first_day_and_every_24_hours_another() {
        assert_eq!([0, 23, 24, 47, 48].map(day), [1, 1, 2, 2, 3]);
        let hit = Hit { address: Pubkey::default(), owner: Pubkey::default(), hour: Some(30), short_usd_pico: None };
        assert!(format!("{:?}", report(&[hit], 1, 49)).contains("day 2, hour 30"));
    }
}

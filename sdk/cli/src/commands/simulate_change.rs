//! `plimsoll engine simulate-change`: whom a file's parameters would bring under water, and when.

use std::path::Path;

use plimsoll_migrations::config::Config;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::change::ramps;
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{MarginAccount, Registry};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::account_list::{tell_left_out, unlisted};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::margin::Standing;
use crate::quantity::Usd;
use crate::row;
use crate::text::Text;

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
    let valued = found.len() - not_valued.len();
    let left_out = listed.unreadable.iter().map(ToString::to_string).chain(not_valued).collect();
    let answer = report(&hits, valued, stages.len(), left_out);
    answer.print(context.json);
    tell_left_out(&answer.left_out);
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
            Err(fault) => {
                let why = unlisted(account, &loaded.accounts.registry).unwrap_or_else(|| fault.error().to_string());
                not_valued.push(format!("{address} cannot be valued: {why}"));
            }
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

/// Whom a change would bring under water.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SimulatedChange {
    /// How many accounts were looked at.
    pub accounts: usize,
    /// How many of them are under water before.
    pub under_water_before: usize,
    /// How many would come under water.
    pub would_come_under_water: usize,
    /// How long the ramps last.
    pub ramps_last_hours: usize,
    /// Both kinds, those that would be short of most first.
    pub under_water: Vec<UnderWater>,
    /// Why others could not be looked at; every sentence names its account.
    pub left_out: Vec<String>,
}

/// An account that is or would be under water.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnderWater {
    /// The account.
    pub account: String,
    /// Its owner.
    pub owner: String,
    /// The day of the ramp on which it comes under water, from one; null where it is so before.
    pub day: Option<u32>,
    /// The hour after the change came into force; null where it is so before.
    pub hour: Option<u32>,
    /// By how much it is below maintenance when all ramps have ended; null where it no longer is.
    pub short: Option<Short>,
}

/// What is missing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Short {
    /// So much.
    pub amount: Usd,
}

impl Answer for SimulatedChange {
    fn text(&self) -> Text {
        let facts = vec![
            ("accounts", self.accounts.into()),
            ("under water before", self.under_water_before.into()),
            ("would come under water", self.would_come_under_water.into()),
            ("ramps last hours", self.ramps_last_hours.into()),
        ];
        let rows = self.under_water.iter().map(|of| {
            let from = match (of.day, of.hour) {
                (Some(day), Some(hour)) => format!("day {day}, hour {hour}"),
                _ => "before".to_owned(),
            };
            let short = of.short.as_ref().map_or_else(|| "no longer".to_owned(), |short| short.amount.text());
            row![of.account, of.owner, from, short]
        });
        let columns = ["account", "owner", "under water from", "short of maintenance at the end"];
        Text::default().facts(facts).rows(&columns, rows.collect()).note(
            "at the prices of now; prices, their sources and what is not listed yet stay as they are. Days and hours are \
             counted from when the change comes into force, which is after the delay where something of it waits",
        )
    }
}

fn report(hits: &[Hit], accounts: usize, stages: usize, left_out: Vec<String>) -> SimulatedChange {
    let new = hits.iter().filter(|hit| hit.hour.is_some()).count();
    let under_water = hits.iter().map(|hit| UnderWater {
        account: hit.address.to_string(),
        owner: hit.owner.to_string(),
        day: hit.hour.map(day),
        hour: hit.hour,
        short: hit.short_usd_pico.map(|pico| Short { amount: Usd::pico(pico) }),
    });
    SimulatedChange {
        accounts,
        under_water_before: hits.len() - new,
        would_come_under_water: new,
        ramps_last_hours: stages - 1,
        under_water: under_water.collect(),
        left_out,
    }
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
        let text = report(&[hit], 1, 49, Vec::new()).text().shown(200, false);
        assert!(text.contains("day 2, hour 30"), "{text}");
    }
}

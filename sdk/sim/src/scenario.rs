//! The crashes that can be replayed, by name.

use plimsoll_crashes::crash::{self, Crash};

pub use plimsoll_crashes::{Underlying, Window};

/// A time during which the primary feed of one underlying publishes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// Which underlying.
    pub underlying: Underlying,
    /// From this second of the replay.
    pub from_secs: i64,
    /// Until this one.
    pub until_secs: i64,
}

/// A crash and the circumstances it is replayed under.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What `--scenario` takes.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The recording.
    pub crash: Crash,
    /// Minutes replayed unless told otherwise.
    pub minutes: usize,
    /// Insurance of the quote bank before the crash, dollars.
    pub insurance_usd: u64,
    /// Notional that moves a market by one percent in calm times, dollars: SOL, then BTC.
    pub depth_usd: [f64; 2],
    /// Second of the replay at which the liquidators start to work.
    pub liquidators_from_secs: i64,
    /// Factor on the liquidators' capital.
    pub capital_factor: f64,
    /// Factor on the mean distance between an account's price and its liquidation price: below one, more leverage.
    pub cushion_factor: f64,
    /// The silent primary feed.
    pub outage: Outage,
}

const OCTOBER: Scenario = Scenario {
    name: "sol-btc-2025-10-10",
    summary: crash::OCTOBER_2025.summary,
    crash: crash::OCTOBER_2025,
    minutes: crash::OCTOBER_2025.minutes,
    insurance_usd: 250_000,
    depth_usd: [8_000_000.0, 30_000_000.0],
    liquidators_from_secs: 0,
    capital_factor: 1.0,
    cushion_factor: 1.0,
    outage: Outage { underlying: Underlying::Sol, from_secs: 370, until_secs: 490 },
};

/// The circumstances of October around another crash.
const fn of(name: &'static str, crash: Crash, outage: Outage) -> Scenario {
    Scenario { name, summary: crash.summary, crash, minutes: crash.minutes, outage, ..OCTOBER }
}

const fn of_btc(from_secs: i64, until_secs: i64) -> Outage {
    Outage { underlying: Underlying::Btc, from_secs, until_secs }
}

/// Every scenario; the first is the default.
pub const ALL: [Scenario; 5] = [
    OCTOBER,
    of("btc-2020-03-12", crash::MARCH_12_2020, of_btc(780, 900)),
    of("btc-2020-03-13", crash::MARCH_13_2020, of_btc(960, 1_080)),
    of("btc-2021-05-19", crash::MAY_2021, of_btc(780, 900)),
    Scenario {
        name: "insolvency",
        summary:
            "10 October 2025 with larger cushions, a thousand dollars of insurance and liquidators eleven minutes late",
        insurance_usd: 1_000,
        depth_usd: [2_000_000.0, 8_000_000.0],
        liquidators_from_secs: 660,
        capital_factor: 2.0,
        cushion_factor: 1.5,
        ..OCTOBER
    },
];

/// The scenario of that name.
///
/// # Errors
/// A sentence that lists the names.
pub fn by_name(name: &str) -> Result<&'static Scenario, String> {
    ALL.iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|s| s.name).collect();
        format!("there is no scenario {name:?}; the scenarios are {}", names.join(", "))
    })
}

impl Scenario {
    /// The first `minutes` minutes of the recordings.
    ///
    /// # Errors
    /// A broken data file, or more minutes than were recorded.
    pub fn window(&self, minutes: usize) -> Result<Window, String> {
        self.crash.window(minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_the_minutes_it_names_and_an_outage_within_them() {
        for scenario in &ALL {
            let window = scenario.window(scenario.minutes).unwrap();
            assert_eq!(window.bars.each_ref().map(Vec::len), [scenario.minutes; 2]);
            assert!(scenario.outage.until_secs < 60 * scenario.minutes as i64, "{}", scenario.name);
            assert!(window.bars.iter().flatten().all(|b| b.low > 0));
            assert!(scenario.window(0).is_err() && scenario.window(1_000).is_err());
            assert_eq!(by_name(scenario.name).unwrap().name, scenario.name);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_names_there_are() {
        let answer = by_name("2008").unwrap_err();
        assert!(ALL.iter().all(|s| answer.contains(s.name)));
    }
}

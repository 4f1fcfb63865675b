//! The crashes that can be replayed, by name.

use crate::data::{self, Bar, Recording};

/// How the price of SOL is obtained.
#[derive(Clone, Copy, Debug)]
pub enum SolPrice {
    /// Its own recording.
    Recorded(&'static str),
    /// `start * (1 + beta * return of BTC)`: for crashes without a recording of SOL.
    Beta {
        /// Price at the start, dollars.
        start_usd: i64,
        /// Percent of BTC's return.
        beta_percent: i64,
    },
}

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

/// What moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Underlying {
    /// SOL against the dollar.
    Sol,
    /// BTC against the dollar.
    Btc,
}

impl Underlying {
    /// Both, in the order of their banks and markets.
    pub const ALL: [Self; 2] = [Self::Sol, Self::Btc];

    /// Position in [`Underlying::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Ticker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sol => "SOL",
            Self::Btc => "BTC",
        }
    }
}

/// A crash and the circumstances it is replayed under.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What `--scenario` takes.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// BTC's recording.
    pub btc: &'static str,
    /// SOL's price.
    pub sol: SolPrice,
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
    summary: "10 October 2025, 21:10 to 21:40 UTC: SOL -28 %, BTC -11 % within twelve minutes",
    btc: data::BTC_2025_10_10,
    sol: SolPrice::Recorded(data::SOL_2025_10_10),
    minutes: 30,
    insurance_usd: 250_000,
    depth_usd: [8_000_000.0, 30_000_000.0],
    liquidators_from_secs: 0,
    capital_factor: 1.0,
    cushion_factor: 1.0,
    outage: Outage { underlying: Underlying::Sol, from_secs: 370, until_secs: 490 },
};

const BETA: SolPrice = SolPrice::Beta { start_usd: 150, beta_percent: 120 };

/// Every scenario; the first is the default.
pub const ALL: [Scenario; 5] = [
    OCTOBER,
    Scenario {
        name: "btc-2020-03-12",
        summary: "12 March 2020, 10:30 UTC, 36 minutes: BTC -28 %; SOL at 1.2 times BTC's return",
        btc: data::BTC_2020_03_12,
        sol: BETA,
        minutes: 36,
        outage: Outage { underlying: Underlying::Btc, from_secs: 780, until_secs: 900 },
        ..OCTOBER
    },
    Scenario {
        name: "btc-2020-03-13",
        summary: "13 March 2020, 01:35 UTC, 58 minutes: BTC -21 % by steps; SOL at 1.2 times BTC's return",
        btc: data::BTC_2020_03_13,
        sol: BETA,
        minutes: 58,
        outage: Outage { underlying: Underlying::Btc, from_secs: 960, until_secs: 1_080 },
        ..OCTOBER
    },
    Scenario {
        name: "btc-2021-05-19",
        summary: "19 May 2021, 12:39 UTC, 29 minutes: BTC -20 %; SOL at 1.2 times BTC's return",
        btc: data::BTC_2021_05_19,
        sol: BETA,
        minutes: 29,
        outage: Outage { underlying: Underlying::Btc, from_secs: 780, until_secs: 900 },
        ..OCTOBER
    },
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

/// Minute bars of both underlyings.
#[derive(Clone, Debug)]
pub struct Window {
    /// Opening time of the first bar, Unix seconds.
    pub start: i64,
    /// Bars by [`Underlying::index`], of equal length.
    pub bars: [Vec<Bar>; 2],
    /// One sentence for each on where its prices come from.
    pub sources: [String; 2],
}

impl Scenario {
    /// The first `minutes` minutes of the recordings.
    ///
    /// # Errors
    /// A broken data file, or more minutes than were recorded.
    pub fn window(&self, minutes: usize) -> Result<Window, String> {
        let btc = data::parse(self.btc)?;
        let (sol, note) = match self.sol {
            SolPrice::Recorded(text) => {
                let sol = data::parse(text)?;
                let note = sol.source.clone();
                (sol, note)
            }
            SolPrice::Beta { start_usd, beta_percent } => {
                let note = format!(
                    "no recording of SOL: it starts at ${start_usd} and moves by {}.{:01} times BTC's return",
                    beta_percent / 100,
                    beta_percent % 100 / 10
                );
                (scaled(&btc, start_usd, beta_percent), note)
            }
        };
        if sol.start != btc.start {
            return Err("the recordings do not start at the same minute".to_owned());
        }
        let most = sol.bars.len().min(btc.bars.len());
        if minutes == 0 || minutes > most {
            return Err(format!("scenario {} has 1 to {most} minutes, not {minutes}", self.name));
        }
        Ok(Window {
            start: btc.start,
            sources: [note, btc.source],
            bars: [sol.bars[..minutes].to_vec(), btc.bars[..minutes].to_vec()],
        })
    }
}

/// A recording that moves by `beta_percent` of another's return since its start.
fn scaled(of: &Recording, start_usd: i64, beta_percent: i64) -> Recording {
    let base = of.bars[0].open as i128;
    let start = start_usd as i128 * data::E8 as i128;
    let price = |p: i64| (start + start * beta_percent as i128 * (p as i128 - base) / (100 * base)) as i64;
    Recording { bars: of.bars.iter().map(|bar| bar.map(price)).collect(), ..of.clone() }
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

    #[test]
    fn a_scaled_series_falls_by_beta_times_the_fall() {
        let btc = data::parse(data::BTC_2020_03_12).unwrap();
        let sol = scaled(&btc, 150, 120);
        let fall = |bars: &[Bar]| 1.0 - bars.iter().map(|b| b.low).min().unwrap() as f64 / bars[0].open as f64;
        assert!((fall(&sol.bars) / fall(&btc.bars) - 1.2).abs() < 1e-6);
    }
}

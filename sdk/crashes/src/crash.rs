//! The crashes that were recorded, by their dates.

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

/// A recorded crash.
#[derive(Clone, Copy, Debug)]
pub struct Crash {
    /// Its day, `YYYY-MM-DD`.
    pub date: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// BTC's recording.
    pub btc: &'static str,
    /// SOL's price.
    pub sol: SolPrice,
    /// Minutes that show it whole; what was recorded may be longer.
    pub minutes: usize,
}

/// SOL where it has no recording.
const BETA: SolPrice = SolPrice::Beta { start_usd: 150, beta_percent: 120 };

/// 10 October 2025.
pub const OCTOBER_2025: Crash = Crash {
    date: "2025-10-10",
    summary: "10 October 2025, 21:10 to 21:40 UTC: SOL -28 %, BTC -11 % within twelve minutes",
    btc: data::BTC_2025_10_10,
    sol: SolPrice::Recorded(data::SOL_2025_10_10),
    minutes: 30,
};
/// 12 March 2020.
pub const MARCH_12_2020: Crash = Crash {
    date: "2020-03-12",
    summary: "12 March 2020, 10:30 UTC, 36 minutes: BTC -28 %; SOL at 1.2 times BTC's return",
    btc: data::BTC_2020_03_12,
    sol: BETA,
    minutes: 36,
};
/// 13 March 2020.
pub const MARCH_13_2020: Crash = Crash {
    date: "2020-03-13",
    summary: "13 March 2020, 01:35 UTC, 58 minutes: BTC -21 % by steps; SOL at 1.2 times BTC's return",
    btc: data::BTC_2020_03_13,
    sol: BETA,
    minutes: 58,
};
/// 19 May 2021.
pub const MAY_2021: Crash = Crash {
    date: "2021-05-19",
    summary: "19 May 2021, 12:39 UTC, 29 minutes: BTC -20 %; SOL at 1.2 times BTC's return",
    btc: data::BTC_2021_05_19,
    sol: BETA,
    minutes: 29,
};

/// Every crash.
pub const ALL: [Crash; 4] = [OCTOBER_2025, MARCH_12_2020, MARCH_13_2020, MAY_2021];

/// The crash of that day.
///
/// # Errors
/// A sentence that lists the days.
pub fn of_date(date: &str) -> Result<&'static Crash, String> {
    ALL.iter().find(|crash| crash.date == date).ok_or_else(|| {
        let dates: Vec<&str> = ALL.iter().map(|crash| crash.date).collect();
        format!("there is no recording of a crash on {date:?}; there are recordings of {}", dates.join(", "))
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

impl Crash {
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
            return Err(format!("the crash of {} has 1 to {most} minutes, not {minutes}", self.date));
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
    fn every_crash_has_the_minutes_it_names() {
        for crash in &ALL {
            let window = crash.window(crash.minutes).unwrap();
            assert_eq!(window.bars.each_ref().map(Vec::len), [crash.minutes; 2]);
            assert!(window.bars.iter().flatten().all(|b| b.low > 0));
            assert!(crash.window(0).is_err() && crash.window(1_000).is_err());
            assert_eq!(of_date(crash.date).unwrap().date, crash.date);
        }
    }

    #[test]
    fn an_unknown_day_is_answered_with_the_days_there_are() {
        let answer = of_date("2008-09-15").unwrap_err();
        assert!(ALL.iter().all(|crash| answer.contains(crash.date)));
    }

    #[test]
    fn a_scaled_series_falls_by_beta_times_the_fall() {
        let btc = data::parse(data::BTC_2020_03_12).unwrap();
        let sol = scaled(&btc, 150, 120);
        let fall = |bars: &[Bar]| 1.0 - bars.iter().map(|b| b.low).min().unwrap() as f64 / bars[0].open as f64;
        assert!((fall(&sol.bars) / fall(&btc.bars) - 1.2).abs() < 1e-6);
    }
}

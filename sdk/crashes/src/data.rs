//! Recorded minute bars, embedded as small text files that name their source.

/// Ten to the eighth: prices are integers of 1e-8 dollars, the unit of a Pyth price with exponent -8.
pub const E8: i64 = 100_000_000;

/// One minute of trading; prices in units of 1e-8 dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// First price.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Last price.
    pub close: i64,
}

impl Bar {
    /// The same bar with every price mapped by a rising function.
    pub fn map(&self, f: impl Fn(i64) -> i64) -> Self {
        Self { open: f(self.open), high: f(self.high), low: f(self.low), close: f(self.close) }
    }
}

/// A recorded window.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Opening time of the first bar, Unix seconds.
    pub start: i64,
    /// Consecutive minutes.
    pub bars: Vec<Bar>,
    /// Where the figures come from, as the file says.
    pub source: String,
}

/// SOL on 10 October 2025.
pub const SOL_2025_10_10: &str = include_str!("../data/sol-2025-10-10.csv");
/// BTC on 10 October 2025.
pub const BTC_2025_10_10: &str = include_str!("../data/btc-2025-10-10.csv");
/// BTC on 12 March 2020.
pub const BTC_2020_03_12: &str = include_str!("../data/btc-2020-03-12.csv");
/// BTC on 13 March 2020.
pub const BTC_2020_03_13: &str = include_str!("../data/btc-2020-03-13.csv");
/// BTC on 19 May 2021.
pub const BTC_2021_05_19: &str = include_str!("../data/btc-2021-05-19.csv");

/// Reads a data file.
///
/// # Errors
/// The line that is not a bar, is not the minute after the one before, or whose prices are out of order.
pub fn parse(text: &str) -> Result<Recording, String> {
    let mut recording = Recording { start: 0, bars: Vec::new(), source: String::new() };
    for (number, line) in text.lines().enumerate() {
        let fail = |what: &str| format!("line {}: {what}: {line}", number + 1);
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(source) = comment.trim().strip_prefix("Source: ") {
                recording.source = source.trim_end_matches('.').to_owned();
            }
            continue;
        }
        if line.starts_with("open_time") || line.trim().is_empty() {
            continue;
        }
        let fields: Vec<&str> = line.split(',').collect();
        let [time, open, high, low, close] = fields[..] else { return Err(fail("five fields expected")) };
        let time = parse_time(time).ok_or_else(|| fail("no UTC minute"))?;
        let price = |text| parse_price(text).ok_or_else(|| fail("no price"));
        let bar = Bar { open: price(open)?, high: price(high)?, low: price(low)?, close: price(close)? };
        if bar.low > bar.open.min(bar.close) || bar.high < bar.open.max(bar.close) || bar.low <= 0 {
            return Err(fail("prices out of order"));
        }
        if recording.bars.is_empty() {
            recording.start = time;
        } else if time != recording.start + 60 * recording.bars.len() as i64 {
            return Err(fail("not the next minute"));
        }
        recording.bars.push(bar);
    }
    if recording.bars.is_empty() {
        return Err("no bars".to_owned());
    }
    Ok(recording)
}

/// A decimal number of dollars in units of 1e-8; none where it has more than eight decimals.
fn parse_price(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 8 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<8}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(E8)?.checked_add(fraction)
}

/// `YYYY-MM-DDTHH:MM:00Z` as Unix seconds.
fn parse_time(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let date: Vec<i64> = date.split('-').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let time: Vec<i64> = time.strip_suffix('Z')?.split(':').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let ([year, month, day], [hour, minute, 0]) = (&date[..], &time[..]) else { return None };
    // Days from the civil date (proleptic Gregorian), years counted from March.
    let (y, m) = if *month > 2 { (*year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_parses_and_names_its_source() {
        for (text, rows, first_open, start) in [
            (SOL_2025_10_10, 41, 19_706_000_000, 1_760_130_600),
            (BTC_2025_10_10, 30, 11_438_230_000_000, 1_760_130_600),
            (BTC_2020_03_12, 36, 721_194_000_000, 1_584_009_000),
            (BTC_2020_03_13, 58, 455_922_000_000, 1_584_063_300),
            (BTC_2021_05_19, 29, 3_791_972_000_000, 1_621_427_940),
        ] {
            let recording = parse(text).unwrap();
            assert_eq!((recording.bars.len(), recording.bars[0].open, recording.start), (rows, first_open, start));
            assert!(recording.source.contains("Binance"), "{}", recording.source);
        }
    }

    #[test]
    fn the_depth_of_each_fall_is_the_published_one() {
        let fall = |text| {
            let bars = parse(text).unwrap().bars;
            let low = bars.iter().map(|b| b.low).min().unwrap();
            100.0 * (1.0 - low as f64 / bars[0].open as f64)
        };
        assert!((fall(SOL_2025_10_10) - 28.3).abs() < 0.1);
        assert!((fall(BTC_2020_03_12) - 27.9).abs() < 0.1);
        assert!((fall(BTC_2020_03_13) - 20.6).abs() < 0.1);
        assert!((fall(BTC_2021_05_19) - 19.7).abs() < 0.1);
    }

    #[test]
    fn a_gap_a_wrong_order_and_too_many_decimals_are_refused() {
        let gap = "2020-01-01T00:00:00Z,1,1,1,1\n2020-01-01T00:02:00Z,1,1,1,1\n";
        assert!(parse(gap).unwrap_err().contains("not the next minute"));
        assert!(parse("2020-01-01T00:00:00Z,2,1,1,1\n").unwrap_err().contains("out of order"));
        assert!(parse("2020-01-01T00:00:00Z,1.123456789,2,1,1\n").unwrap_err().contains("no price"));
        assert!(parse("").is_err());
    }
}

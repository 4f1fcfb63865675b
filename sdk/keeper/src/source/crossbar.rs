//! Switchboard's Crossbar over plain HTTP: `/simulate/{feed hashes}`, which runs a feed's jobs and returns what they
//! read.

use async_trait::async_trait;
use plimsoll_state::{Address, OracleKind};
use serde::Deserialize;
use serde_json::Value;

use super::records::readable;
use super::{feed_id, PriceSource, Quote, Report, SourceError};

/// Decimal places that Switchboard's values have.
const DECIMALS: usize = 18;
/// Decimal digits of the largest 128-bit integer.
const MOST_DIGITS: usize = 39;

/// A Crossbar.
pub struct Crossbar {
    url: String,
    http: reqwest::Client,
}

impl Crossbar {
    /// At an address.
    pub fn new(url: &str, http: reqwest::Client) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), http }
    }
}

/// What was read for one feed. Values are texts or numbers; a job that failed leaves a null.
#[derive(Deserialize)]
struct Simulated {
    #[serde(rename = "feedHash")]
    feed_hash: String,
    results: Vec<Value>,
}

/// The medians in an answer; a feed without any result is left out. A feed that cannot be read, or a result that is no
/// number, is named in [`Report::unreadable`] and costs no other.
///
/// # Errors
/// `Malformed` where the answer is no list in JSON.
pub fn parse(body: &str) -> Result<Report, SourceError> {
    let answer: Vec<Value> = serde_json::from_str(body).map_err(|error| SourceError::Malformed(error.to_string()))?;
    let mut report = Report::default();
    let simulated: Vec<Simulated> = readable(answer, &mut report.unreadable);
    for simulated in simulated {
        report.quotes.extend(quote(&simulated, &mut report.unreadable));
    }
    Ok(report)
}

fn quote(simulated: &Simulated, unreadable: &mut Vec<String>) -> Option<Quote> {
    let Some(feed) = feed_id(&simulated.feed_hash) else {
        unreadable.push(format!("the hash of feed {}", simulated.feed_hash));
        return None;
    };
    let mut values = Vec::with_capacity(simulated.results.len());
    for result in simulated.results.iter().filter(|result| !result.is_null()) {
        let text = result.as_str().map_or_else(|| result.to_string(), str::to_owned);
        match fixed(&text) {
            Some(value) => values.push(value),
            None => unreadable.push(format!("the result {text} of feed {}", simulated.feed_hash)),
        }
    }
    values.sort_unstable();
    let (price, samples) = (median(&values)?, u8::try_from(values.len()).unwrap_or(u8::MAX));
    let exponent = -(DECIMALS as i32);
    Some(Quote { feed, price, sigma: deviation(&values), exponent, published_at: None, samples })
}

/// A decimal number, also one with a power of ten such as `1.23e-6`, in units of 10^-18; none where it is none or too
/// large. Digits beyond the eighteenth are cut.
fn fixed(text: &str) -> Option<i128> {
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, i64::from(power.parse::<i32>().ok()?)),
        None => (text, 0),
    };
    let (negative, digits) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // How many of the digits stand before the end of the eighteenth decimal place.
    let kept = digits.len() as i64 - fraction.len() as i64 + power + DECIMALS as i64;
    let value: i128 = match usize::try_from(kept) {
        Err(_) | Ok(0) => 0,
        Ok(kept) if kept > MOST_DIGITS => return None,
        Ok(kept) => format!("{:0<kept$}", &digits[..digits.len().min(kept)]).parse().ok()?,
    };
    Some(if negative { -value } else { value })
}

fn median(sorted: &[i128]) -> Option<i128> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(middle.checked_sub(1)?)?;
    Some(lower.midpoint(upper))
}

/// Standard deviation; only how wide a price is depends on it, so floating point will do.
fn deviation(values: &[i128]) -> u128 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|value| *value as f64).sum::<f64>() / count;
    let squares = values.iter().map(|value| (*value as f64 - mean).powi(2)).sum::<f64>();
    (squares / count).sqrt() as u128
}

#[async_trait]
impl PriceSource for Crossbar {
    fn name(&self) -> &'static str {
        "crossbar"
    }

    fn serves(&self, kind: OracleKind) -> bool {
        kind == OracleKind::SwitchboardPull
    }

    async fn latest(&self, feeds: &[Address]) -> Result<Report, SourceError> {
        let hashes: Vec<String> = feeds.iter().map(|feed| format!("0x{}", hex::encode(feed))).collect();
        let url = format!("{}/simulate/{}", self.url, hashes.join(","));
        parse(&self.http.get(url).send().await?.error_for_status()?.text().await?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::records::malformed::{any_json, spoilt};

    /// In the form that Switchboard's own client reads.
    const ANSWER: &str = include_str!("../../fixtures/crossbar-simulate.json");

    #[test]
    fn medians_are_taken_of_texts_and_numbers_and_failed_jobs_left_out() {
        let quotes = parse(ANSWER).unwrap().quotes;
        assert_eq!(quotes.len(), 2);
        assert_eq!((quotes[0].price, quotes[0].samples), (182_042_100_000_000_000_000, 3));
        assert_eq!((quotes[1].price, quotes[1].samples), (113_534_075_000_000_000_000_000, 2));
        assert!(quotes[1].sigma > 6_100_000_000_000_000_000 && quotes[1].sigma < 6_200_000_000_000_000_000);
    }

    #[test]
    fn what_is_no_decimal_number_is_refused_by_name() {
        assert_eq!(fixed("0.5"), Some(500_000_000_000_000_000));
        assert_eq!(fixed("-1"), Some(-1_000_000_000_000_000_000));
        assert_eq!(fixed("1.0000000000000000019"), Some(1_000_000_000_000_000_001));
        for text in
            ["", ".", "e9", "1e", "1e1.5", "1e22", "NaN", "1.2.3", "--1", "99999999999999999999999", "1e999999999999"]
        {
            assert_eq!(fixed(text), None, "{text}");
        }
        let report = parse(&ANSWER.replace("182.0555", "lots")).unwrap();
        assert!(report.unreadable.len() == 1 && report.unreadable[0].contains("lots"), "{:?}", report.unreadable);
        assert_eq!((report.quotes.len(), report.quotes[0].samples), (2, 2), "the other oracles' values count");
    }

    /// Seen in the field: numbers are written by JavaScript, which takes a power of ten below 1e-6 and from 1e21 on, and
    /// a cheap token cost all the others their prices.
    #[test]
    fn numbers_with_a_power_of_ten_are_read_like_any_others() {
        for (text, value) in [
            ("1.23e-6", 1_230_000_000_000),
            ("1e16", 10i128.pow(34)),
            ("1E+2", 10i128.pow(20)),
            ("-2.5e-18", -2),
            ("9e-19", 0),
            ("0e999", 0),
            ("1234.5e-2", 12_345 * 10i128.pow(15)),
            ("0.00001e20", 10i128.pow(33)),
        ] {
            assert_eq!(fixed(text), Some(value), "{text}");
        }
        let hash = "11".repeat(32);
        let report = parse(&format!("[{{\"feedHash\":\"{hash}\",\"results\":[1.23e-6,\"1.23e-6\",1e16]}}]")).unwrap();
        assert_eq!((report.quotes[0].price, report.quotes[0].samples), (1_230_000_000_000, 3));
    }

    #[test]
    fn a_feed_whose_jobs_all_failed_is_left_out() {
        let hash = "11".repeat(32);
        let report = parse(&format!("[{{\"feedHash\":\"{hash}\",\"results\":[null]}}]")).unwrap();
        assert_eq!(report, Report::default());
    }

    proptest! {
        #[test]
        fn whatever_one_record_is_the_others_are_read(
            record in spoilt(answer()[0].clone(), &["/feedHash", "/results", "/results/0", "/results/2", "/error"]),
            place in 0usize..3,
        ) {
            let (good, mut spoilt) = (parse(ANSWER).unwrap(), answer());
            spoilt.as_array_mut().unwrap().insert(place, record);
            let report = parse(&spoilt.to_string()).unwrap();
            prop_assert!(good.quotes.iter().all(|quote| report.quotes.contains(quote)), "{:?}", report);
        }

        #[test]
        fn a_number_is_read_as_rust_reads_it(value in -1e16..1e16f64, small in -1e-3..1e-3f64) {
            for value in [value, small] {
                for text in [format!("{value}"), format!("{value:e}")] {
                    let read = fixed(&text).unwrap() as f64 / 1e18;
                    prop_assert!((read - value).abs() <= value.abs() * 1e-12 + 1e-18, "{} is not {}", read, text);
                }
            }
        }

        #[test]
        fn no_answer_makes_reading_panic(answer in any_json(), text in "\\PC*", number in "-?[0-9.]{1,45}(e-?[0-9]{1,12})?") {
            let hash = "11".repeat(32);
            let results = format!("[{{\"feedHash\":\"{hash}\",\"results\":[\"{number}\",\"-{number}\",{answer}]}}]");
            prop_assert!(parse(&results).is_ok());
            for answer in [answer.to_string(), text] {
                if let Ok(report) = parse(&answer) {
                    prop_assert!(report.quotes.is_empty());
                }
            }
        }
    }

    fn answer() -> Value {
        serde_json::from_str(ANSWER).unwrap()
    }
}

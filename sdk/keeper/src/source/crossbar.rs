//! Switchboard's Crossbar over plain HTTP: `/simulate/{feed hashes}`, which runs a feed's jobs and returns what they
//! read.

use async_trait::async_trait;
use plimsoll_state::{Address, OracleKind};
use serde::Deserialize;
use serde_json::Value;

use super::{feed_id, PriceSource, Quote, Report, SourceError};

/// Decimal places that Switchboard's values have.
const DECIMALS: usize = 18;

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

/// The medians in an answer; a feed without any result is left out.
///
/// # Errors
/// `Malformed`, naming what cannot be read.
pub fn parse(body: &str) -> Result<Vec<Quote>, SourceError> {
    let answer: Vec<Simulated> =
        serde_json::from_str(body).map_err(|error| SourceError::Malformed(error.to_string()))?;
    let quotes = answer.iter().map(quote).collect::<Result<Vec<_>, _>>()?;
    Ok(quotes.into_iter().flatten().collect())
}

fn quote(simulated: &Simulated) -> Result<Option<Quote>, SourceError> {
    let malformed = |what: &str| SourceError::Malformed(format!("{what} of feed {}", simulated.feed_hash));
    let feed = feed_id(&simulated.feed_hash).ok_or_else(|| malformed("the hash"))?;
    let mut values = Vec::with_capacity(simulated.results.len());
    for result in simulated.results.iter().filter(|result| !result.is_null()) {
        let text = result.as_str().map_or_else(|| result.to_string(), str::to_owned);
        values.push(fixed(&text).ok_or_else(|| malformed(&format!("the result {text:?}")))?);
    }
    values.sort_unstable();
    let Some(price) = median(&values) else { return Ok(None) };
    let samples = u8::try_from(values.len()).unwrap_or(u8::MAX);
    Ok(Some(Quote {
        feed,
        price,
        sigma: deviation(&values),
        exponent: -(DECIMALS as i32),
        published_at: None,
        samples,
    }))
}

/// A decimal number in units of 10^-18; none where it is none or too large. Digits beyond the eighteenth are cut.
fn fixed(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let cut = &fraction[..fraction.len().min(DECIMALS)];
    let value: i128 = format!("{whole}{cut:0<DECIMALS$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

fn median(sorted: &[i128]) -> Option<i128> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(middle.checked_sub(1)?)?;
    Some(lower + (upper - lower) / 2)
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
        let quotes = parse(&self.http.get(url).send().await?.error_for_status()?.text().await?)?;
        Ok(Report { quotes, updates: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the form that Switchboard's own client reads.
    const ANSWER: &str = include_str!("../../fixtures/crossbar-simulate.json");

    #[test]
    fn medians_are_taken_of_texts_and_numbers_and_failed_jobs_left_out() {
        let quotes = parse(ANSWER).unwrap();
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
        for text in ["", ".", "1e9", "NaN", "1.2.3", "--1", "99999999999999999999999"] {
            assert_eq!(fixed(text), None, "{text}");
        }
        let error = parse(&ANSWER.replace("182.0555", "lots")).unwrap_err();
        assert!(error.to_string().contains("lots"), "{error}");
    }

    #[test]
    fn a_feed_whose_jobs_all_failed_is_left_out() {
        let hash = "11".repeat(32);
        assert!(parse(&format!("[{{\"feedHash\":\"{hash}\",\"results\":[null]}}]")).unwrap().is_empty());
    }
}

//! Pyth's Hermes over plain HTTP: `/v2/updates/price/latest`.

use async_trait::async_trait;
use plimsoll_state::{Address, OracleKind};
use serde::Deserialize;

use super::{feed_id, PriceSource, Quote, SourceError};

/// A Hermes.
pub struct Hermes {
    url: String,
    key: Option<String>,
    http: reqwest::Client,
}

impl Hermes {
    /// At an address, with its API key where it wants one.
    pub fn new(url: &str, key: Option<String>, http: reqwest::Client) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), key, http }
    }
}

/// The part of an answer that is used.
#[derive(Deserialize)]
struct Answer {
    parsed: Option<Vec<Parsed>>,
}

#[derive(Deserialize)]
struct Parsed {
    id: String,
    price: Price,
}

#[derive(Deserialize)]
struct Price {
    price: String,
    conf: String,
    expo: i32,
    publish_time: i64,
}

/// The prices in an answer.
///
/// # Errors
/// `Malformed`, naming what cannot be read.
pub fn parse(body: &str) -> Result<Vec<Quote>, SourceError> {
    let answer: Answer = serde_json::from_str(body).map_err(|error| SourceError::Malformed(error.to_string()))?;
    answer.parsed.unwrap_or_default().iter().map(quote).collect()
}

fn quote(parsed: &Parsed) -> Result<Quote, SourceError> {
    let malformed = |what: &str, text: &str| SourceError::Malformed(format!("{what} {text:?} of feed {}", parsed.id));
    let price = &parsed.price;
    Ok(Quote {
        feed: feed_id(&parsed.id).ok_or_else(|| malformed("id", &parsed.id))?,
        price: price.price.parse::<i64>().map_err(|_| malformed("price", &price.price))?.into(),
        sigma: price.conf.parse::<u64>().map_err(|_| malformed("conf", &price.conf))?.into(),
        exponent: price.expo,
        published_at: Some(price.publish_time),
        samples: 1,
    })
}

#[async_trait]
impl PriceSource for Hermes {
    fn name(&self) -> &'static str {
        "hermes"
    }

    fn serves(&self, kind: OracleKind) -> bool {
        matches!(kind, OracleKind::PythPinned | OracleKind::PythPosted)
    }

    async fn latest(&self, feeds: &[Address]) -> Result<Vec<Quote>, SourceError> {
        let ids: Vec<String> = feeds.iter().map(|feed| format!("ids[]={}", hex::encode(feed))).collect();
        let url =
            format!("{}/v2/updates/price/latest?{}&parsed=true&ignore_invalid_price_ids=true", self.url, ids.join("&"));
        let mut request = self.http.get(url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        parse(&request.send().await?.error_for_status()?.text().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hermes' answer for NEAR and ETH on 27 July 2026, without the binary update, which is not used.
    const RECORDED: &str = include_str!("../../fixtures/hermes-latest.json");

    #[test]
    fn a_recorded_answer_gives_price_confidence_exponent_and_time() {
        let quotes = parse(RECORDED).unwrap();
        assert_eq!(quotes.len(), 2);
        let (near, eth) = (quotes[0], quotes[1]);
        assert_eq!(hex::encode(near.feed), "c415de8d2eba7db216527dff4b60e8f3a5311c740dadb233e13e12547e226750");
        assert_eq!((near.price, near.sigma, near.exponent), (183_487_211, 211_694, -8));
        assert_eq!((eth.price, eth.sigma, eth.published_at), (195_656_091_864, 87_908_136, Some(1_785_143_368)));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_refused_with_the_fact() {
        let error = parse("<html>").unwrap_err();
        assert_eq!(error.reason(), "malformed");
        let bad = RECORDED.replace("\"183487211\"", "\"a lot\"");
        assert!(parse(&bad).unwrap_err().to_string().contains("a lot"));
        assert!(parse("{}").unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_hermes_that_cannot_be_reached_is_an_error() {
        let hermes = Hermes::new("http://127.0.0.1:1", None, reqwest::Client::new());
        assert_eq!(hermes.latest(&[[0; 32]]).await.unwrap_err().reason(), "unreachable");
    }
}

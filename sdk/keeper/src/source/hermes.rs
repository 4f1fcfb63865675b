//! Pyth's Hermes over plain HTTP: `/v2/updates/price/latest`, and `/v2/updates/price/{time}` for the first update since.

use async_trait::async_trait;
use base64::Engine as _;
use plimsoll_state::{Address, OracleKind};
use serde::Deserialize;

use super::{feed_id, PriceSource, Quote, Report, SourceError};

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

    /// For each feed its first update that was published at this time, Unix seconds, or after.
    ///
    /// # Errors
    /// `Http`, `Malformed`.
    pub async fn first_since(&self, published_at: i64, feeds: &[Address]) -> Result<Report, SourceError> {
        self.ask(&published_at.to_string(), feeds).await
    }

    async fn ask(&self, which: &str, feeds: &[Address]) -> Result<Report, SourceError> {
        let ids: Vec<String> = feeds.iter().map(|feed| format!("ids[]={}", hex::encode(feed))).collect();
        let how = "encoding=base64&parsed=true&ignore_invalid_price_ids=true";
        let mut request = self.http.get(format!("{}/v2/updates/price/{which}?{}&{how}", self.url, ids.join("&")));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        parse(&request.send().await?.error_for_status()?.text().await?)
    }
}

/// The part of an answer that is used.
#[derive(Deserialize)]
struct Answer {
    binary: Option<Binary>,
    parsed: Option<Vec<Parsed>>,
}

/// Signed updates, each a text in the encoding.
#[derive(Deserialize)]
struct Binary {
    encoding: String,
    data: Vec<String>,
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

/// The prices in an answer, and the signed updates that prove them.
///
/// # Errors
/// `Malformed`, naming what cannot be read.
pub fn parse(body: &str) -> Result<Report, SourceError> {
    let answer: Answer = serde_json::from_str(body).map_err(|error| SourceError::Malformed(error.to_string()))?;
    let quotes = answer.parsed.unwrap_or_default().iter().map(quote).collect::<Result<_, _>>()?;
    Ok(Report { quotes, updates: answer.binary.map_or(Ok(Vec::new()), decoded)? })
}

fn decoded(binary: Binary) -> Result<Vec<Vec<u8>>, SourceError> {
    let bytes = |text: &String| match binary.encoding.as_str() {
        "base64" => base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| error.to_string()),
        "hex" => hex::decode(text).map_err(|error| error.to_string()),
        other => Err(format!("the encoding {other:?} is unknown")),
    };
    let all = binary.data.iter().map(bytes).collect::<Result<_, _>>();
    all.map_err(|error| SourceError::Malformed(format!("the binary part: {error}")))
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

    async fn latest(&self, feeds: &[Address]) -> Result<Report, SourceError> {
        self.ask("latest", feeds).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../fixtures/hermes-latest.json");
    const BASE64: &str = include_str!("../../fixtures/hermes-three-of-five.json");

    #[test]
    fn a_recorded_answer_gives_price_confidence_exponent_time_and_the_signed_update() {
        let report = parse(RECORDED).unwrap();
        let [btc] = report.quotes[..] else { panic!("one price") };
        assert_eq!(hex::encode(btc.feed), "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43");
        assert_eq!((btc.price, btc.sigma, btc.exponent), (9_406_377_899_526, 9_401_340_350, -8));
        assert_eq!(btc.published_at, Some(1_735_645_930));
        assert_eq!(report.updates.len(), 1);
        assert!(report.updates[0].starts_with(b"PNAU"));
    }

    #[test]
    fn the_binary_part_is_read_in_both_encodings_and_refused_in_others() {
        assert!(parse(BASE64).unwrap().updates[0].starts_with(b"PNAU"));
        for (was, is, fact) in [("hex", "base32", "base32"), ("\"504e", "\"xx4e", "binary part")] {
            let error = parse(&RECORDED.replace(was, is)).unwrap_err();
            assert!(error.to_string().contains(fact), "{error}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_refused_with_the_fact() {
        let error = parse("<html>").unwrap_err();
        assert_eq!(error.reason(), "malformed");
        let bad = RECORDED.replace("\"9406377899526\"", "\"a lot\"");
        assert!(parse(&bad).unwrap_err().to_string().contains("a lot"));
        assert_eq!(parse("{}").unwrap(), Report::default());
    }

    #[tokio::test]
    async fn a_hermes_that_cannot_be_reached_is_an_error() {
        let hermes = Hermes::new("http://127.0.0.1:1", None, reqwest::Client::new());
        assert_eq!(hermes.latest(&[[0; 32]]).await.unwrap_err().reason(), "unreachable");
    }
}

//! Pyth's Hermes over plain HTTP: `/v2/updates/price/latest`, and `/v2/updates/price/{time}` for the first update since.

use async_trait::async_trait;
use base64::Engine as _;
use plimsoll_state::{Address, OracleKind};
use serde::Deserialize;
use serde_json::Value;

use super::records::readable;
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
    binary: Option<Value>,
    parsed: Option<Vec<Value>>,
}

/// Signed updates, each a text in the encoding.
#[derive(Deserialize)]
struct Binary {
    encoding: String,
    data: Vec<Value>,
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

/// The prices in an answer, and the signed updates that prove them. A price or an update that cannot be read is named
/// in [`Report::unreadable`] and costs no other.
///
/// # Errors
/// `Malformed` where the answer is no JSON, or not of this form.
pub fn parse(body: &str) -> Result<Report, SourceError> {
    let answer: Answer = serde_json::from_str(body).map_err(|error| SourceError::Malformed(error.to_string()))?;
    let mut unreadable = Vec::new();
    let parsed: Vec<Parsed> = readable(answer.parsed.unwrap_or_default(), &mut unreadable);
    let read = parsed.iter().map(quote);
    let quotes = read.filter_map(|quote| quote.map_err(|fact| unreadable.push(fact)).ok()).collect();
    let binary: Vec<Binary> = readable(answer.binary.into_iter().collect(), &mut unreadable);
    let data = binary.iter().flat_map(|binary| binary.data.iter().map(|datum| decoded(&binary.encoding, datum)));
    let updates = data.filter_map(|update| update.map_err(|fact| unreadable.push(fact)).ok()).collect();
    Ok(Report { quotes, updates, unreadable })
}

fn decoded(encoding: &str, datum: &Value) -> Result<Vec<u8>, String> {
    let text = datum.as_str().ok_or_else(|| format!("the binary part: {datum} is no text"))?;
    let bytes = match encoding {
        "base64" => base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| error.to_string()),
        "hex" => hex::decode(text).map_err(|error| error.to_string()),
        other => Err(format!("the encoding {other} is unknown")),
    };
    bytes.map_err(|error| format!("the binary part: {error}"))
}

fn quote(parsed: &Parsed) -> Result<Quote, String> {
    let malformed = |what: &str, text: &str| format!("{what} {text} of feed {}", parsed.id);
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
    use proptest::prelude::*;

    use super::*;
    use crate::source::records::malformed::{any_json, spoilt};

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
            let report = parse(&RECORDED.replace(was, is)).unwrap();
            assert_eq!((report.quotes.len(), report.updates.len()), (1, 0));
            assert!(report.unreadable[0].contains(fact), "{}", report.unreadable[0]);
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_refused_with_the_fact() {
        let error = parse("<html>").unwrap_err();
        assert_eq!(error.reason(), "malformed");
        let bad = RECORDED.replace("\"9406377899526\"", "\"a lot\"");
        assert!(parse(&bad).unwrap().unreadable[0].contains("a lot"));
        assert_eq!(parse("{}").unwrap(), Report::default());
    }

    fn answer() -> Value {
        serde_json::from_str(BASE64).unwrap()
    }

    /// Seen in the field: a feed that had just been listed came as `"price": null`, and no price at all was taken.
    #[test]
    fn a_price_that_is_null_costs_only_its_own_feed() {
        let both = parse(BASE64).unwrap();
        for (path, place) in
            ["/parsed/0/price", "/parsed/0/price/price", "/parsed/0/id", "/parsed/0"].map(|path| (path, 0))
        {
            let mut answer = answer();
            *answer.pointer_mut(path).unwrap() = Value::Null;
            let report = parse(&answer.to_string()).unwrap();
            assert_eq!((&report.quotes[..], &report.updates), (&both.quotes[1..], &both.updates), "{path}");
            assert!(
                report.unreadable.len() == 1 && report.unreadable[place].contains("null"),
                "{:?}",
                report.unreadable
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_one_record_is_the_others_are_read(
            record in spoilt(
                answer()["parsed"][0].clone(),
                &["/id", "/price", "/price/price", "/price/conf", "/price/expo", "/price/publish_time"],
            ),
            datum in any_json(),
            place in 0usize..3,
        ) {
            let (good, mut answer) = (parse(BASE64).unwrap(), answer());
            answer["parsed"].as_array_mut().unwrap().insert(place, record);
            answer["binary"]["data"].as_array_mut().unwrap().insert(place % 2, datum);
            let report = parse(&answer.to_string()).unwrap();
            prop_assert!(good.quotes.iter().all(|quote| report.quotes.contains(quote)));
            prop_assert!(report.updates.contains(&good.updates[0]));
            let read = report.quotes.len() + report.updates.len();
            prop_assert_eq!(read + report.unreadable.len(), 5, "what is not read is named: {:?}", report);
        }

        #[test]
        fn no_answer_makes_reading_panic(answer in any_json(), text in "\\PC*") {
            let answers = [answer.to_string(), format!("{{\"parsed\":{answer},\"binary\":{answer}}}"), text];
            for answer in answers {
                if let Ok(report) = parse(&answer) {
                    prop_assert!(report.quotes.is_empty());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_hermes_that_cannot_be_reached_is_an_error() {
        let hermes = Hermes::new("http://127.0.0.1:1", None, reqwest::Client::new());
        assert_eq!(hermes.latest(&[[0; 32]]).await.unwrap_err().reason(), "unreachable");
    }
}

//! `plimsoll events`.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use plimsoll_rpc::history::{EventStream, ReadEvent, ReadOptions};
use plimsoll_sdk::event::Filter;
use serde_json::{json, Map, Value};

use crate::context::Context;
use crate::events::{utc, Engines, EventLine, From};
use crate::fault::Result;

/// Between two looks for further events.
const LOOKED_EVERY: Duration = Duration::from_secs(2);

/// Which events.
#[derive(Args, Debug)]
pub struct EventsArgs {
    /// Only those that name this account: a margin account by address or number, a venue, an owner
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// From where on, and for how long.
#[derive(Args, Debug)]
pub struct ReadingArgs {
    /// From a slot on; after a transaction; `now`; or after what a file says, which need not be there yet and is kept up to
    /// date. Else from the oldest that the node has
    #[arg(long, value_name = "SLOT|SIGNATURE|FILE")]
    from: Option<From>,
    /// Wait for what happens, until stopped
    #[arg(long)]
    follow: bool,
    /// Only what is final, some thirteen seconds later: for whoever books by it
    #[arg(long)]
    finalized: bool,
}

impl ReadingArgs {
    /// Prints what `show` makes of every event, oldest first, and keeps the file of the cursor; how many there were.
    ///
    /// # Errors
    /// Whatever stops it, after every event before was shown.
    pub async fn each<S: AsyncFnMut(&ReadEvent) -> String>(
        self,
        context: &Context,
        filter: Filter,
        mut show: S,
    ) -> Result<usize> {
        let (from, file) = From::start(self.from)?;
        let follow = self.follow.then_some(LOOKED_EVERY);
        let options = ReadOptions { filter, from, follow, finalized: self.finalized, ..ReadOptions::default() };
        let mut stream = EventStream::new(&context.session.connection, options);
        let mut shown = 0;
        while let Some(read) = stream.next().await? {
            let line = show(&read).await;
            let mut out = std::io::stdout().lock();
            if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
                // A reader that has seen enough closes the pipe: that is no fault, and this event was not seen.
                return Ok(shown);
            }
            shown += 1;
            file.iter().try_for_each(|file| file.store(&read.cursor))?;
        }
        if let (Some(file), Some(cursor)) = (&file, stream.cursor()) {
            file.store(&cursor)?;
        }
        Ok(shown)
    }
}

/// Prints events, a line each, newest last.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, args: EventsArgs) -> Result<()> {
    let mut filter = Filter { engine: context.engine, account: None };
    if let Some(account) = &args.account {
        filter.account = Some(match account.parse() {
            Ok(address) => address,
            Err(_) => {
                let loaded = context.load().await?;
                filter.engine = Some(loaded.accounts.keys.engine);
                context.account_address(&loaded.accounts.keys, account)?
            }
        });
    }
    let mut engines = Engines::default();
    let show = async |read: &ReadEvent| {
        let known = match &read.recorded.event {
            Some(event) => Some(engines.of(context, event).await),
            None => None,
        };
        let event = EventLine::of(read, known);
        if context.json {
            json!(event).to_string()
        } else {
            line(&event)
        }
    };
    args.reading.each(context, filter, show).await.map(drop)
}

/// An event in a line: when, where, what, and its fields as they are in JSON, amounts with their point alone.
fn line(event: &EventLine) -> String {
    let transaction = event.signature.get(..8).unwrap_or_default();
    let mut line = format!("{}  {transaction}#{}  {}", utc(event.time), event.index, event.name);
    flat("", &event.fields, &mut line);
    line
}

/// Whether an amount stands there with its point too.
fn has_point(name: &str, fields: &Map<String, Value>) -> bool {
    let shown = [("atoms", "decimal"), ("units", "decimal"), ("_usd_pico", "_usd"), ("_usd_micro", "_usd")];
    shown
        .iter()
        .any(|(unit, shown)| name.strip_suffix(unit).is_some_and(|stem| fields.contains_key(&format!("{stem}{shown}"))))
}

fn flat(path: &str, fields: &Map<String, Value>, line: &mut String) {
    for (name, value) in fields.iter().filter(|(name, _)| !has_point(name, fields)) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(fields) => flat(&path, fields, line),
            Value::String(text) => line.push_str(&format!(" {path}={text}")),
            other => line.push_str(&format!(" {path}={other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_every_field_once_and_amounts_with_their_point() {
        let fields = json!({
            "authority": "A",
            "moved": { "bank": 1, "atoms": "1500000000", "decimal": "1.5", "deposit_shares_delta": "-3" },
            "nav_usd_pico": "1000000000000", "nav_usd": "1",
            "legs": [],
        });
        let Value::Object(fields) = fields else { unreachable!() };
        let event = EventLine {
            slot: 7,
            time: Some(1_760_130_000),
            signature: "5VERYLongSignature".into(),
            index: 2,
            name: "Deposited".into(),
            engine: Some("E".into()),
            fields,
            cursor: "7:5VERY".into(),
        };
        assert_eq!(
            line(&event),
            "2025-10-10 21:00:00 UTC  5VERYLon#2  Deposited authority=A legs=[] moved.bank=1 moved.decimal=1.5 \
             moved.deposit_shares_delta=-3 nav_usd=1"
        );
    }
}

//! `plimsoll history`.

use clap::Args;
use plimsoll_rpc::history::ReadEvent;
use plimsoll_sdk::event::Filter;
use serde_json::json;

use super::events::ReadingArgs;
use crate::context::Context;
use crate::events::{told, utc, EventLine, HistoryLine, Known, Told};
use crate::fault::Result;

/// Where a line breaks.
const WIDTH: usize = 80;
/// Before what happened stands when it did, which takes this many characters and two.
const INDENT: usize = 25;

/// Whose history.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    /// The account: an address, or the number of one of yours
    #[arg(default_value = "0")]
    account: String,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// Prints what happened to a margin account, in words, newest last.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, args: HistoryArgs) -> Result<()> {
    let loaded = context.load().await?;
    let (engine, account) =
        (loaded.accounts.keys.engine, context.account_address(&loaded.accounts.keys, &args.account)?);
    let (known, mut before) = (Known::of(&loaded), Told::default());
    let show = async |read: &ReadEvent| {
        let words = told(read, &account, &known, &mut before);
        if context.json {
            json!(HistoryLine { event: EventLine::of(read, Some(&known)), words }).to_string()
        } else {
            wrapped(&utc(read.block_time), &words)
        }
    };
    let filter = Filter { engine: Some(engine), account: Some(account) };
    if args.reading.each(context, filter, show).await? == 0 {
        eprintln!("nothing is recorded of {account} that this node still has");
    }
    Ok(())
}

/// When and what, in lines of at most [`WIDTH`] characters, those after the first indented. A word that is longer stands alone.
fn wrapped(time: &str, words: &str) -> String {
    let (mut lines, mut line) = (Vec::new(), format!("{time}  "));
    for word in words.split(' ') {
        let is_first = line.trim_end().len() <= time.len().min(INDENT) && line.ends_with("  ");
        if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(INDENT)));
            line.push_str(word);
        } else {
            if !is_first {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_wraps_within_eighty_columns_under_its_first_word() {
        let words =
            "was liquidated: 10.25 SOL taken for 1900.123456 USDC of debt by 9BkS..cJ8a, penalty $47.50 (2.5 %)";
        let lines = wrapped("2025-10-10 21:00:00 UTC", words);
        assert_eq!(
            lines,
            "2025-10-10 21:00:00 UTC  was liquidated: 10.25 SOL taken for 1900.123456 USDC of\n\
             \x20                        debt by 9BkS..cJ8a, penalty $47.50 (2.5 %)"
        );
        assert!(lines.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(wrapped("2025-10-10 21:00:00 UTC", "deposited 10 SOL"), "2025-10-10 21:00:00 UTC  deposited 10 SOL");
    }
}

//! INV-64 over RPC: whoever has only read the stream of events knows every balance and position.

use anyhow::{ensure, Context, Result};
use plimsoll_rpc::history::{Cursor, EventStream, ReadEvent, ReadOptions, Start};
use plimsoll_rpc::Connection;
use plimsoll_sdk::event::Filter;
use plimsoll_sim::live::{FullReading, Live};
use plimsoll_sim::rebuild::Rebuilt;
use solana_pubkey::Pubkey;

/// Reads events to the end, from the oldest or a cursor on.
async fn read(connection: &Connection, filter: Filter, after: Option<&str>) -> Result<Vec<ReadEvent>> {
    let from = match after {
        None => Start::Oldest,
        Some(cursor) => Start::After(cursor.parse::<Cursor>()?),
    };
    let mut stream = EventStream::new(connection, ReadOptions { filter, from, ..ReadOptions::default() });
    let mut found = Vec::new();
    while let Some(event) = stream.next().await? {
        found.push(event);
    }
    Ok(found)
}

/// Applies events, each at its time.
fn apply(rebuilt: &mut Rebuilt, events: &[ReadEvent]) -> Result<()> {
    for read in events {
        let event =
            read.recorded.event.as_ref().with_context(|| format!("{} is of another version", read.signature))?;
        let time = read.block_time.with_context(|| format!("{} has no time", read.signature))?;
        rebuilt.apply(event, time).with_context(|| format!("{} in {}", event.name(), read.signature))?;
    }
    Ok(())
}

/// Rebuilds an engine at rest from its events alone, once in one go and once by a reader that is ended in the middle, and
/// compares every balance and position with what the accounts hold; how many events there were.
///
/// # Errors
/// The first balance or position that is another.
pub async fn from_events(live: &Live, look: &FullReading) -> Result<usize> {
    let of_engine = Filter { engine: Some(live.keys.engine), account: None };
    let all = read(&live.connection, of_engine, None).await?;
    let mut whole = Rebuilt::nothing();
    apply(&mut whole, &all)?;
    let compared = whole.compare(&look.shared.banks, &look.shared.markets, &look.accounts)?;
    ensure!(compared > 4, "only {compared} balances and positions are left to compare");

    let (first, _) = all.split_at(all.len() / 2);
    let mut resumed = Rebuilt::nothing();
    apply(&mut resumed, first)?;
    let cursor = first.last().context("no events")?.cursor.to_string();
    let rest = read(&live.connection, of_engine, Some(&cursor)).await?;
    ensure!(rest == all[first.len()..], "from {cursor} on there are other events");
    apply(&mut resumed, &rest)?;
    resumed.compare(&look.shared.banks, &look.shared.markets, &look.accounts)?;

    for account in look.accounts.keys() {
        of_account(live, *account, &all).await?;
    }
    Ok(all.len())
}

/// What an account's own stream has is what the engine's has of it.
async fn of_account(live: &Live, account: Pubkey, all: &[ReadEvent]) -> Result<()> {
    let of_account = Filter { engine: Some(live.keys.engine), account: Some(account) };
    let own = read(&live.connection, of_account, None).await?;
    let key = |event: &ReadEvent| (event.slot, event.signature, event.index);
    let expected: Vec<_> = all.iter().filter(|event| of_account.takes(&event.recorded)).map(key).collect();
    ensure!(
        own.iter().map(key).eq(expected.iter().copied()),
        "{account} has {} events of {}",
        own.len(),
        expected.len()
    );
    ensure!(!own.is_empty(), "{account} was opened without an event");
    Ok(())
}

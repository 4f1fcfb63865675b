//! `plimsoll price standby` and `plimsoll price switch`.

use plimsoll_migrations::Result;
use plimsoll_risk::oracle::{PriceSource, SwitchedBy};
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::SwitchSourceArgs;
use plimsoll_state::{Feed, OracleKind, PriceSlot};
use solana_pubkey::Pubkey;

use super::price::{said, SOURCES};
use crate::amount::show_price;
use crate::context::{Context, Loaded};
use crate::names::name_of;
use crate::output::Report;
use crate::usage::usage;

/// Every standby: what it says now beside what the board holds, whether it is in use, and who may switch when.
///
/// # Errors
/// The cluster's.
pub async fn list(context: &Context, loaded: &Loaded) -> Result<()> {
    let (board, feeds) = (&loaded.accounts.board, &loaded.accounts.feeds.feeds);
    let mut rows = Vec::new();
    for (slot, (price, feed)) in board.slots.iter().zip(feeds).take(board.count as usize).enumerate() {
        if !feed.has_standby() {
            continue;
        }
        let name = SOURCES[PriceSource::Standby.index()];
        let mut row = said(context, loaded, slot as u8, feed.source(PriceSource::Standby), name).await?;
        // The row says itself that it is of a standby.
        row.remove(1);
        row.insert(1, show_price(price.spot.get()));
        row.push(if feed.on_standby == 1 { "yes" } else { "no" }.to_owned());
        row.extend([SwitchedBy::Authority, SwitchedBy::RiskAuthority].map(|by| when(loaded, price, feed, by)));
        rows.push(row);
    }
    let columns = [
        "price",
        "board $",
        "kind",
        "account",
        "standby $",
        "sigma",
        "age s",
        "problem",
        "in use",
        "authority may switch",
        "risk authority may switch",
    ];
    Report::default().with_rows("standby", &columns, rows).print(context.json);
    Ok(())
}

/// From when on a key may switch a price.
fn when(loaded: &Loaded, price: &PriceSlot, feed: &Feed, by: SwitchedBy) -> String {
    let now = UnixSecs::new(loaded.accounts.now);
    let from = feed.switches().may_switch_at(by, now, price.terms.slow());
    if from > now {
        format!("in {} s", from.elapsed_since(now).get())
    } else {
        "now".to_owned()
    }
}

/// Switches a price to its standby or back to its primary.
///
/// # Errors
/// Where no account is known of the source, and the cluster's.
pub async fn switch(
    context: &Context,
    loaded: &Loaded,
    price: &str,
    to_standby: bool,
    update: Option<Pubkey>,
) -> Result<()> {
    let slot = loaded.names.price(price)?;
    let to = if to_standby { PriceSource::Standby } else { PriceSource::Primary };
    let source = loaded.accounts.feeds.feeds[slot as usize].source(to);
    let account = match update {
        Some(update) => update,
        None if source.kind == OracleKind::PythPosted as u8 => {
            let name = name_of(&loaded.names.prices, slot);
            return Err(usage(format!("the caller chooses the account of {name}: name it with --update")));
        }
        None => Pubkey::new_from_array(source.address),
    };
    let args = SwitchSourceArgs { slot, to_standby };
    let switch = ix::switch_source(&loaded.accounts.keys, context.session.address()?, account, args);
    let what = format!("switch {price} to its {}", SOURCES[to.index()]);
    let question = format!("{what}? Beside it nobody adds risk or is liquidated until its averages are ready");
    context.act(&what, Some(&question), &[], &[switch]).await
}

//! `plimsoll price standby` and `plimsoll price switch`.

use plimsoll_risk::oracle::{PriceSource, SwitchedBy};
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::SwitchSourceArgs;
use plimsoll_state::{Feed, OracleKind, PriceSlot};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::price::SOURCES;
use super::price_list::{said, Source};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::PriceUsd;
use crate::row;
use crate::text::Text;
use crate::usage::usage;

/// Every standby source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandbyList {
    /// By slot of their prices.
    pub standbys: Vec<Standby>,
}

/// A standby source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Standby {
    /// What it says now.
    pub source: Source,
    /// What the board holds.
    pub board: PriceUsd,
    /// Whether its price is switched to it.
    pub in_use: bool,
    /// In how many seconds the authority may switch.
    pub authority_may_switch_in_secs: u64,
    /// In how many seconds the risk authority may.
    pub risk_authority_may_switch_in_secs: u64,
}

impl Answer for StandbyList {
    fn text(&self) -> Text {
        let when = |secs: u64| if secs == 0 { "now".to_owned() } else { format!("in {secs} s") };
        let rows = self.standbys.iter().map(|of| {
            let (says, sigma, age) = of.source.texts();
            let (kind, account) = (of.source.kind.words(), of.source.account_text());
            let (problem, in_use) = (of.source.problem.as_deref().unwrap_or(""), if of.in_use { "yes" } else { "no" });
            let (authority, risk) = (when(of.authority_may_switch_in_secs), when(of.risk_authority_may_switch_in_secs));
            let board = of.board.text();
            row![of.source.price, board, kind, account, says, sigma, age, problem, in_use, authority, risk]
        });
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
        Text::table(&columns, rows.collect())
    }
}

/// Every standby: what it says now beside what the board holds, whether it is in use, and who may switch when.
///
/// # Errors
/// The cluster's.
pub async fn list(context: &Context, loaded: &Loaded) -> Result<()> {
    let (board, feeds) = (&loaded.accounts.board, &loaded.accounts.feeds.feeds);
    let mut standbys = Vec::new();
    for (slot, (price, feed)) in board.slots.iter().zip(feeds).take(board.count as usize).enumerate() {
        if !feed.has_standby() {
            continue;
        }
        let name = SOURCES[PriceSource::Standby.index()];
        let source = said(context, loaded, slot as u8, feed.source(PriceSource::Standby), name).await?;
        let [authority, risk] =
            [SwitchedBy::Authority, SwitchedBy::RiskAuthority].map(|by| when(loaded, price, feed, by));
        standbys.push(Standby {
            source,
            board: PriceUsd::of(price.spot.get()),
            in_use: feed.on_standby == 1,
            authority_may_switch_in_secs: authority,
            risk_authority_may_switch_in_secs: risk,
        });
    }
    StandbyList { standbys }.print(context.json);
    Ok(())
}

/// In how many seconds a key may switch a price.
fn when(loaded: &Loaded, price: &PriceSlot, feed: &Feed, by: SwitchedBy) -> u64 {
    let now = UnixSecs::new(loaded.accounts.now);
    feed.switches().may_switch_at(by, now, price.terms.slow()).elapsed_since(now).get()
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

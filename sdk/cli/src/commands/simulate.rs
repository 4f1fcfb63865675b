//! `plimsoll simulate`.

use clap::Args;
use plimsoll_migrations::Result;
use plimsoll_sdk::view::Accounts;
use serde_json::json;

use super::account::{exact, margins};
use super::price::parse_pair;
use crate::amount::{price, show_price};
use crate::context::Context;
use crate::margin::{with_price, Standing};
use crate::names::name_of;
use crate::output::Report;

/// Whose account, at which prices.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The account: an address, or the number of one of yours
    pub account: String,
    /// A price in dollars, such as SOL=120; may be given several times
    #[arg(long = "price", required = true, value_name = "NAME=DOLLARS", value_parser = parse_pair)]
    pub prices: Vec<(String, String)>,
    /// Only spot has moved, not yet the averages: right after a jump
    #[arg(long)]
    pub spot_only: bool,
}

/// Shows margins before and after.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, args: &SimulateArgs) -> Result<()> {
    let loaded = context.load().await?;
    let (address, account) = context.account(&loaded.accounts.keys, &args.account).await?;
    let before = loaded.accounts.with(&account);
    let mut board = Box::new(*loaded.accounts.board);
    let (sigmas, mut moved) = (loaded.accounts.registry.params().prices.confidence_sigmas(), Vec::new());
    for (name, dollars) in &args.prices {
        let slot = loaded.names.price(name)?;
        let then = price(dollars)?;
        let now = board.slots[slot as usize].spot.get();
        moved.push(vec![name_of(&loaded.names.prices, slot), show_price(now), show_price(then)]);
        board = with_price(&board, slot, then, args.spot_only, sigmas)?;
    }
    let after = Accounts { board: &board, ..before };
    let (before, after) = (Standing::of(&before)?, Standing::of(&after)?);
    let exact = json!({ "now": exact(&before), "then": exact(&after) });
    let mut rows: Vec<Vec<String>> = margins(&before)
        .into_iter()
        .zip(margins(&after))
        .map(|((name, then), (_, now))| vec![name.to_owned(), then, now])
        .collect();
    rows.push(vec!["state".into(), before.words().into(), after.words().into()]);
    Report::default()
        .with_facts("simulated", vec![("account", address.to_string())])
        .with_rows("prices", &["price", "now $", "then $"], moved)
        .with_rows("margins", &["margin", "now", "then"], rows)
        .with_exact("exact", exact)
        .print(context.json);
    Ok(())
}

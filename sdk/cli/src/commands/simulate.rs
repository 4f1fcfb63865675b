//! `plimsoll simulate`.

use clap::Args;
use plimsoll_sdk::view::Accounts;
use schemars::JsonSchema;
use serde::Serialize;

use super::price::parse_pair;
use crate::amount::price;
use crate::answer::Answer;
use crate::context::Context;
use crate::fault::Result;
use crate::health::{Change, Margin};
use crate::margin::with_price;
use crate::names::name_of;
use crate::quantity::PriceUsd;
use crate::row;
use crate::text::Text;

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

/// What other prices would do to an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Simulated {
    /// The account.
    pub account: String,
    /// Which prices were moved.
    pub prices: Vec<Moved>,
    /// Its margins at the prices of now and at those.
    pub margin: Change,
}

/// A price that was moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Moved {
    /// The price.
    pub price: String,
    /// What it is.
    pub now: PriceUsd,
    /// What it would be.
    pub then: PriceUsd,
}

impl Answer for Simulated {
    fn text(&self) -> Text {
        let prices = self.prices.iter().map(|of| row![of.price, of.now.text(), of.then.text()]);
        let later = self.margin.after.as_ref().and_then(|then| then.liquidatable_in_secs.map(|_| then.health_text()));
        let text = Text::default()
            .facts(vec![("account", self.account.as_str().into())])
            .rows(&["price", "now $", "then $"], prices.collect())
            .and(self.margin.text(["margin", "now", "then"]));
        match later {
            Some(later) => text.note(later),
            None => text,
        }
    }
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
    let (sigmas, mut prices) = (loaded.accounts.registry.params().prices.confidence_sigmas(), Vec::new());
    for (name, dollars) in &args.prices {
        let slot = loaded.names.price(name)?;
        let then = price(dollars)?;
        let now = board.slots[slot as usize].spot.get();
        let (now, shown) = (PriceUsd::of(now), PriceUsd::of(then));
        prices.push(Moved { price: name_of(&loaded.names.prices, slot), now, then: shown });
        board = with_price(&board, slot, then, args.spot_only, sigmas)?;
    }
    let after = Accounts { board: &board, ..before };
    let margin = Change { before: Margin::of(&before)?, after: Some(Margin::of(&after)?) };
    Simulated { account: address.to_string(), prices, margin }.print(context.json);
    Ok(())
}

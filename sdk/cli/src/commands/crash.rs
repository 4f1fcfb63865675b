//! `plimsoll price crash`: a recorded crash, played through the mock oracle.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::Args;
use plimsoll_crashes::{crash, path, Underlying};
use plimsoll_migrations::Error;
use plimsoll_risk::price::Price;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::mock::{post_pyth, posted_e8, PythPost};
use plimsoll_sdk::ix;
use plimsoll_state::snapshot::{balance_atoms, Views};
use plimsoll_state::MarginAccount;
use schemars::JsonSchema;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::price::{is_mock, require_test_cluster};
use crate::amount::{grouped, show};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::{Fault, Result};
use crate::health::Margin;
use crate::names::name_of;
use crate::quantity::{Amount, PriceUsd};
use crate::row;
use crate::text::Text;
use crate::usage::usage;

/// Prices of the recording stand this far apart.
const STEP_SECS: u32 = 2;
/// A second of the chain's has one price.
const EVERY: Duration = Duration::from_secs(1);
/// A cent in units of 1e-8 dollars.
const CENT_E8: i64 = 1_000_000;

/// Which crash, how fast, and who is watched.
#[derive(Args, Debug)]
pub struct CrashArgs {
    /// Its day: 2025-10-10, 2021-05-19, 2020-03-13 or 2020-03-12
    pub date: String,
    /// How many times faster than it was
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub speed: u32,
    /// So many minutes of it [default: all]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub minutes: Option<u16>,
    /// A margin account to watch: an address, the number of one of yours, or a name of the local engine
    #[arg(long, value_name = "ACCOUNT")]
    pub watch: Option<String>,
}

/// A feed of the mock oracle, what it said before the crash, and what its price does.
struct Feed {
    slot: u8,
    address: Pubkey,
    before_e8: i64,
    now_e8: i64,
    lowest_e8: i64,
    /// Prices of the recording; none where the price stands still.
    recorded: Option<Vec<i64>>,
}

impl Feed {
    /// Where the recording is after so many of its seconds, scaled to the price before, rounded down.
    fn move_to(&mut self, secs: u64) {
        let Some(recorded) = &self.recorded else { return };
        let (Some(first), Some(last)) = (recorded.first(), recorded.last()) else { return };
        let then = recorded.get((secs / STEP_SECS as u64) as usize).unwrap_or(last);
        let scaled = self.before_e8 as i128 * *then as i128 / (*first as i128).max(1);
        self.now_e8 = i64::try_from(scaled).unwrap_or(self.before_e8).max(1);
        self.lowest_e8 = self.lowest_e8.min(self.now_e8);
    }
}

/// Plays it to its end.
///
/// # Errors
/// Where there is no such recording, nothing that it moves, or what the cluster refuses.
pub async fn play(context: &Context, loaded: &Loaded, args: &CrashArgs) -> Result<()> {
    require_test_cluster(context)?;
    let crash = crash::of_date(&args.date).map_err(usage)?;
    let minutes = args.minutes.map_or(crash.minutes, usize::from);
    let window = crash.window(minutes).map_err(usage)?;
    let (poster, _held) = (context.poster()?, context.hold_prices()?);
    let recorded = window.bars.each_ref().map(|bars| path::series(bars, STEP_SECS));
    let mut feeds = feeds(context, loaded, &recorded).await?;
    let mut watched = match &args.watch {
        Some(account) => Some(Watched::of(context, loaded, account).await?),
        None => None,
    };
    if context.session.dry_run {
        played(crash.summary, args.speed, true, &feeds, loaded).print(context.json);
        return Ok(());
    }
    if !context.json {
        println!("{}\nat {} times its speed, from the present prices; Ctrl-C ends it", crash.summary, args.speed);
    }
    let (whole_secs, began) = (60 * minutes as u64, Instant::now());
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let secs = (began.elapsed().as_secs_f64() * f64::from(args.speed)) as u64;
        feeds.iter_mut().for_each(|feed| feed.move_to(secs));
        let posted = post(context, loaded, &poster, &feeds).await;
        if posted.as_ref().is_err_and(|error| !is_transient(error)) {
            return posted;
        }
        let seen = match &mut watched {
            Some(watched) => watched.look(context).await,
            None => Ok(Vec::new()),
        };
        let seen = match seen {
            Err(error) if is_transient(&error) => Vec::new(),
            seen => seen?,
        };
        if !context.json {
            println!("{}", line(secs.min(whole_secs), loaded, &feeds));
            seen.iter().for_each(|seen| println!("        {seen}"));
        }
        if secs >= whole_secs {
            break;
        }
    }
    played(crash.summary, args.speed, false, &feeds, loaded).print(context.json);
    Ok(())
}

/// A crash that was played, or would have been.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Played {
    /// What it was.
    pub crash: String,
    /// How many times faster than it was.
    pub speed: u32,
    /// Whether nothing was posted.
    pub dry_run: bool,
    /// The prices that it moves.
    pub prices: Vec<Fallen>,
}

/// What a price did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Fallen {
    /// The price.
    pub price: String,
    /// Before it.
    pub before: PriceUsd,
    /// At its lowest.
    pub lowest: PriceUsd,
    /// After it.
    pub after: PriceUsd,
}

impl Answer for Played {
    fn text(&self) -> Text {
        if self.dry_run {
            let would = format!("play {} at {} times its speed", self.crash, self.speed);
            return Text::default().facts(vec![("would", would.into())]);
        }
        let rows = self.prices.iter().map(|of| row![of.price, of.before.text(), of.lowest.text(), of.after.text()]);
        Text::table(&["price", "before $", "lowest $", "after $"], rows.collect())
    }
}

fn played(crash: &str, speed: u32, dry_run: bool, feeds: &[Feed], loaded: &Loaded) -> Played {
    let usd = |price_e8: i64| PriceUsd::maybe(Price::from_decimal_down(price_e8.unsigned_abs(), -8).ok());
    let prices = feeds.iter().filter(|feed| feed.recorded.is_some()).map(|feed| Fallen {
        price: name_of(&loaded.names.prices, feed.slot),
        before: usd(feed.before_e8),
        lowest: usd(feed.lowest_e8),
        after: usd(feed.now_e8),
    });
    Played { crash: crash.to_owned(), speed, dry_run, prices: prices.collect() }
}

/// Every feed of the mock oracle: those that stand still are posted again too, lest they grow old.
async fn feeds(context: &Context, loaded: &Loaded, recorded: &[Vec<i64>; 2]) -> Result<Vec<Feed>> {
    let slots = 0..loaded.accounts.board.count;
    let source = |slot: u8| {
        let feed = &loaded.accounts.feeds.feeds[slot as usize];
        feed.source(feed.in_use())
    };
    let slots: Vec<u8> = slots.filter(|slot| is_mock(source(*slot))).collect();
    let addresses: Vec<Pubkey> = slots.iter().map(|slot| Pubkey::new_from_array(source(*slot).address)).collect();
    let (_, found) = context.session.connection.accounts(&addresses).await?;
    let mut feeds = Vec::new();
    for ((&slot, &address), account) in slots.iter().zip(&addresses).zip(found) {
        let Some(before_e8) = account.and_then(|account| posted_e8(&account.data)) else { continue };
        let name = name_of(&loaded.names.prices, slot);
        let moves = Underlying::ALL.into_iter().find(|underlying| underlying.name() == name);
        let recorded = moves.map(|underlying| recorded[underlying.index()].clone());
        feeds.push(Feed { slot, address, before_e8, now_e8: before_e8, lowest_e8: before_e8, recorded });
    }
    if feeds.iter().all(|feed| feed.recorded.is_none()) {
        return Err(usage(
            "this engine has no price of SOL or BTC from a feed of the mock oracle that was posted to: only those can crash \
             (`plimsoll price list`)",
        ));
    }
    Ok(feeds)
}

async fn post(context: &Context, loaded: &Loaded, poster: &Keypair, feeds: &[Feed]) -> Result<()> {
    let post = |feed: &Feed| post_pyth(poster.pubkey(), feed.address, &PythPost::of_now(feed.now_e8));
    let mut all: Vec<Instruction> = feeds.iter().map(post).collect();
    let refresh = |feed: &Feed| ix::Refresh { slot: feed.slot, primary: feed.address, secondary: None };
    all.push(ix::refresh_price(&loaded.accounts.keys, &feeds.iter().map(refresh).collect::<Vec<_>>()));
    context.session.send(&[poster], &all).await?;
    Ok(())
}

/// The node may be away for a moment: the next second's prices are posted then.
fn is_transient(fault: &Fault) -> bool {
    matches!(fault.error(), Error::Rpc(error) if error.is_transient())
}

fn line(secs: u64, loaded: &Loaded, feeds: &[Feed]) -> String {
    let moving = feeds.iter().filter(|feed| feed.recorded.is_some());
    let prices = moving.map(|feed| format!("  {} ${}", name_of(&loaded.names.prices, feed.slot), dollars(feed.now_e8)));
    format!("{:>3}:{:02}{}", secs / 60, secs % 60, prices.collect::<String>())
}

/// Units of 1e-8 dollars in dollars and cents, rounded down.
fn dollars(price_e8: i64) -> String {
    let cents = price_e8 / CENT_E8;
    format!("{}.{:02}", grouped(&(cents / 100).to_string()), cents % 100)
}

/// A margin account that is looked at again and again.
struct Watched {
    text: String,
    last: Box<MarginAccount>,
}

impl Watched {
    async fn of(context: &Context, loaded: &Loaded, text: &str) -> Result<Self> {
        let (_, last) = context.account(&loaded.accounts.keys, text).await?;
        Ok(Self { text: text.to_owned(), last })
    }

    /// Where the account stands, and what has moved in it since the last look.
    async fn look(&mut self, context: &Context) -> Result<Vec<String>> {
        let loaded = context.load().await?;
        let (_, now) = context.account(&loaded.accounts.keys, &self.text).await?;
        let margin = Margin::of(&loaded.accounts.with(&now))?;
        let mut lines = moved(&loaded, &self.last, &now)?;
        let (ratio, nav) = (margin.ratio_text(), margin.nav.text());
        lines.push(format!("{}: NAV {nav}, margin ratio {ratio}, {}", self.text, margin.health_text()));
        self.last = now;
        Ok(lines)
    }
}

/// Balances and positions that differ by more than what time does to them.
fn moved(loaded: &Loaded, before: &MarginAccount, now: &MarginAccount) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let at = UnixSecs::new(loaded.accounts.now);
    for (index, slot) in loaded.accounts.registry.banks.iter().enumerate().take(loaded.names.banks.len()) {
        let shares = |account: &MarginAccount| {
            let held = account.tokens.iter().find(|token| token.used == 1 && token.bank as usize == index);
            held.map_or(0, |token| token.shares)
        };
        let (was, is) = (shares(before), shares(now));
        if was == is {
            continue;
        }
        let amount = |shares: i64| balance_atoms(slot, shares, at).map_err(Fault::of_risk);
        let units = |shares: i64| Ok::<_, Fault>(Amount::of(amount(shares)?.get(), slot.decimals).text());
        lines.push(format!("{}: {} -> {}", loaded.names.banks[index], units(was)?, units(is)?));
    }
    let (were, are) = (sizes(loaded, before)?, sizes(loaded, now)?);
    for (slot, name) in (0..).zip(&loaded.names.markets) {
        let of = |sizes: &BTreeMap<u8, i128>| sizes.get(&slot).copied().unwrap_or(0);
        if of(&were) != of(&are) {
            let decimals = loaded.accounts.registry.markets[slot as usize].base_decimals as u32;
            let size = |units: i128| grouped(&show(units, decimals));
            lines.push(format!("{name}: {} -> {}", size(of(&were)), size(of(&are))));
        }
    }
    Ok(lines)
}

/// Base units of an account's perps, by market.
fn sizes(loaded: &Loaded, account: &MarginAccount) -> Result<BTreeMap<u8, i128>> {
    let portfolio = loaded.accounts.with(account).portfolio(Views::SPOT).map_err(Fault::of_risk)?;
    Ok(portfolio.perps().iter().map(|leg| (leg.market, leg.units.get() as i128)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(recorded: Option<Vec<i64>>) -> Feed {
        let before_e8 = 20_000_000_000;
        Feed { slot: 1, address: Pubkey::default(), before_e8, now_e8: before_e8, lowest_e8: before_e8, recorded }
    }

    #[test]
    fn a_crash_begins_at_the_present_price_and_falls_as_far_as_it_did() {
        let mut fallen = feed(Some(vec![100, 90, 72, 80]));
        for (secs, price_e8) in [(0, 20_000_000_000), (3, 18_000_000_000), (4, 14_400_000_000), (900, 16_000_000_000)] {
            fallen.move_to(secs);
            assert_eq!(fallen.now_e8, price_e8, "after {secs} s");
        }
        assert_eq!(fallen.lowest_e8, 14_400_000_000);
    }

    #[test]
    fn what_was_not_recorded_stands_still() {
        let mut still = feed(None);
        still.move_to(600);
        assert_eq!((still.now_e8, still.lowest_e8), (20_000_000_000, 20_000_000_000));
    }

    #[test]
    fn prices_are_shown_in_cents() {
        assert_eq!((dollars(14_412_345_678), dollars(9_005_000_000)), ("144.12".into(), "90.05".into()));
    }
}

//! `plimsoll market`.

use clap::Subcommand;
use plimsoll_risk::price::MAX_DECIMALS;
use plimsoll_state::Registry;
use schemars::JsonSchema;
use serde::Serialize;

use super::bank::{Levels, Status};
use crate::amount::percent;
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::{Amount, Size};
use crate::row;
use crate::text::{Cell, Text};

/// Commands on markets.
#[derive(Subcommand, Debug)]
pub enum MarketCommand {
    /// List every market
    List,
    /// Show a market
    Show {
        /// The market
        market: String,
    },
}

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: MarketCommand) -> Result<()> {
    let loaded = context.load().await?;
    match command {
        MarketCommand::List => {
            let markets = (0..loaded.accounts.markets.len()).map(|market| summary(&loaded, market as u8)).collect();
            MarketList { markets }.print(context.json);
        }
        MarketCommand::Show { market } => {
            let market = loaded.names.market(&market)?;
            shown(&loaded, market).print(context.json);
        }
    }
    Ok(())
}

/// Open interest of a side, base units: shares times size per share (63 fraction bits), rounded down.
fn open(loaded: &Loaded, market: u8, side: usize) -> u64 {
    let shares = loaded.accounts.markets[market as usize].sides[side].shares;
    let size = loaded.accounts.registry.markets[market as usize].sides[side].a;
    ((shares as u128 * size as u128) >> 63) as u64
}

/// What a long of one whole unit pays a short in an hour, quote atoms.
fn funding_an_hour(loaded: &Loaded, market: u8) -> i128 {
    let slot = &loaded.accounts.registry.markets[market as usize];
    let one = 10i128.pow(slot.base_decimals.min(MAX_DECIMALS) as u32);
    (slot.funding_per_unit_sec as i128).saturating_mul(3_600).saturating_mul(one) >> 64
}

/// Every market.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MarketList {
    /// By slot.
    pub markets: Vec<Summary>,
}

/// A market in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Its slot.
    pub slot: u8,
    /// Its name.
    pub market: String,
    /// Whether it may be used.
    pub status: Status,
    /// What longs hold.
    pub open_long: Size,
    /// What shorts hold.
    pub open_short: Size,
    /// What a long of one whole unit pays a short in an hour, quote; below zero the other way round.
    pub funding_an_hour: Amount,
    /// Settled losses that wait for whoever won.
    pub pool: Amount,
    /// What winners are owed and nobody has.
    pub deficit: Amount,
}

/// A market whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Market {
    /// In short.
    pub summary: Summary,
    /// The market's address.
    pub address: String,
    /// The price that it is valued by.
    pub price: String,
    /// Decimals of a whole unit.
    pub base_decimals: u8,
    /// The share of its notional that a position is charged.
    pub charge_rate: Levels,
    /// What a fill costs each side.
    pub fill_fee_ppm: u32,
    /// Most that may be open on a side.
    pub open_interest_cap: Size,
    /// How many longs there are.
    pub longs: u32,
    /// How many shorts there are.
    pub shorts: u32,
    /// How far the market's price is from the board's.
    pub premium_ppm: i32,
    /// Of the pool, what is nobody's and becomes insurance.
    pub own_claim: Amount,
    /// Losses that one side has borne.
    pub socialized: Amount,
}

impl Answer for MarketList {
    fn text(&self) -> Text {
        let rows = self.markets.iter().map(|of| {
            let (long, short, funding) = (of.open_long.text(), of.open_short.text(), of.funding_an_hour.text());
            row![of.market, of.status.words(), long, short, funding, of.pool.text(), of.deficit.text()]
        });
        Text::table(&["market", "status", "long", "short", "funding/h", "pool", "deficit"], rows.collect())
    }
}

impl Answer for Market {
    fn text(&self) -> Text {
        let of = &self.summary;
        let side = |size: &Size, count: u32| format!("{} in {count} position(s)", size.text());
        let facts: Vec<(&str, Cell)> = vec![
            ("market", format!("{} (slot {})", of.market, of.slot).into()),
            ("address", self.address.as_str().into()),
            ("price", self.price.as_str().into()),
            ("status", of.status.words().into()),
            ("base decimals", self.base_decimals.into()),
            ("charge rate", self.charge_rate.text().into()),
            ("fill fee", percent(self.fill_fee_ppm).into()),
            ("open interest cap a side", self.open_interest_cap.text().into()),
            ("open long", side(&of.open_long, self.longs).into()),
            ("open short", side(&of.open_short, self.shorts).into()),
            ("premium", format!("{} ppm", self.premium_ppm).into()),
            ("funding an hour per unit", of.funding_an_hour.text().into()),
            ("pool", of.pool.text().into()),
            ("own claim", self.own_claim.text().into()),
            ("deficit", of.deficit.text().into()),
            ("socialized so far", self.socialized.text().into()),
        ];
        Text::default().facts(facts)
    }
}

fn summary(loaded: &Loaded, market: u8) -> Summary {
    let (account, slot) =
        (&loaded.accounts.markets[market as usize], &loaded.accounts.registry.markets[market as usize]);
    let quote = loaded.decimals(Registry::QUOTE_BANK as u8);
    Summary {
        slot: market,
        market: name_of(&loaded.names.markets, market),
        status: Status::of(slot.status),
        open_long: Size::of(open(loaded, market, 0), slot.base_decimals),
        open_short: Size::of(open(loaded, market, 1), slot.base_decimals),
        funding_an_hour: Amount::of(funding_an_hour(loaded, market), quote),
        pool: Amount::of(account.pool_atoms, quote),
        deficit: Amount::of(account.deficit_atoms, quote),
    }
}

fn shown(loaded: &Loaded, market: u8) -> Market {
    let (account, slot) =
        (&loaded.accounts.markets[market as usize], &loaded.accounts.registry.markets[market as usize]);
    let (quote, rates) = (loaded.decimals(Registry::QUOTE_BANK as u8), &slot.rates.0);
    Market {
        summary: summary(loaded, market),
        address: loaded.accounts.keys.market(market).to_string(),
        price: name_of(&loaded.names.prices, slot.price_slot),
        base_decimals: slot.base_decimals,
        charge_rate: Levels::of([rates.maint_ppm, rates.target_ppm, rates.init_ppm]),
        fill_fee_ppm: slot.fees.fill_fee_ppm,
        open_interest_cap: Size::of(account.caps.open_interest_cap_units, slot.base_decimals),
        longs: account.sides[0].count,
        shorts: account.sides[1].count,
        premium_ppm: account.premium_ppm,
        own_claim: Amount::of(account.own_claim_atoms, quote),
        socialized: Amount::of(account.socialized_atoms, quote),
    }
}

//! `plimsoll market`.

use clap::Subcommand;
use plimsoll_migrations::Result;
use plimsoll_risk::price::MAX_DECIMALS;
use plimsoll_state::{Registry, SlotStatus};

use crate::amount::{percent, show};
use crate::context::{Context, Loaded};
use crate::names::name_of;
use crate::output::Report;

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
            let rows = (0..loaded.accounts.markets.len()).map(|market| row(&loaded, market as u8)).collect();
            let columns = ["slot", "market", "status", "open long", "open short", "funding an hour", "pool", "deficit"];
            Report::table("markets", &columns, rows).print(context.json);
        }
        MarketCommand::Show { market } => {
            let market = loaded.names.market(&market)?;
            Report::default().with_facts("market", facts(&loaded, market)).print(context.json);
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

fn status(status: u8) -> &'static str {
    match SlotStatus::try_from(status) {
        Ok(SlotStatus::Active) => "active",
        Ok(SlotStatus::ReduceOnly) => "reduce only",
        _ => "unknown",
    }
}

/// What a long of one whole unit pays a short in an hour, quote.
fn funding_an_hour(loaded: &Loaded, market: u8) -> String {
    let slot = &loaded.accounts.registry.markets[market as usize];
    let one = 10i128.pow(slot.base_decimals.min(MAX_DECIMALS) as u32);
    let atoms = (slot.funding_per_unit_sec as i128).saturating_mul(3_600).saturating_mul(one) >> 64;
    show(atoms, loaded.decimals(Registry::QUOTE_BANK as u8) as u32)
}

fn row(loaded: &Loaded, market: u8) -> Vec<String> {
    let (account, slot) =
        (&loaded.accounts.markets[market as usize], &loaded.accounts.registry.markets[market as usize]);
    let base = |units: u64| show(units as i128, slot.base_decimals as u32);
    let quote = |atoms: u64| show(atoms as i128, loaded.decimals(Registry::QUOTE_BANK as u8) as u32);
    vec![
        market.to_string(),
        name_of(&loaded.names.markets, market),
        status(slot.status).to_owned(),
        base(open(loaded, market, 0)),
        base(open(loaded, market, 1)),
        funding_an_hour(loaded, market),
        quote(account.pool_atoms),
        quote(account.deficit_atoms),
    ]
}

fn facts(loaded: &Loaded, market: u8) -> Vec<(&'static str, String)> {
    let (account, slot) =
        (&loaded.accounts.markets[market as usize], &loaded.accounts.registry.markets[market as usize]);
    let base = |units: u64| show(units as i128, slot.base_decimals as u32);
    let quote = |atoms: u64| show(atoms as i128, loaded.decimals(Registry::QUOTE_BANK as u8) as u32);
    let rates = &slot.rates.0;
    let side =
        |side: usize| format!("{} in {} position(s)", base(open(loaded, market, side)), account.sides[side].count);
    vec![
        ("market", format!("{} (slot {market})", name_of(&loaded.names.markets, market))),
        ("address", loaded.accounts.keys.market(market).to_string()),
        ("price", name_of(&loaded.names.prices, slot.price_slot)),
        ("status", status(slot.status).to_owned()),
        ("base decimals", slot.base_decimals.to_string()),
        (
            "charge rate",
            format!(
                "{} / {} / {} (maintenance / target / initial)",
                percent(rates.maint_ppm.get()),
                percent(rates.target_ppm.get()),
                percent(rates.init_ppm.get())
            ),
        ),
        ("fill fee", percent(slot.fees.fill_fee_ppm)),
        ("open interest cap a side", base(account.caps.open_interest_cap_units)),
        ("open long", side(0)),
        ("open short", side(1)),
        ("premium", format!("{} ppm", account.premium_ppm)),
        ("funding an hour per unit", funding_an_hour(loaded, market)),
        ("pool", quote(account.pool_atoms)),
        ("own claim", quote(account.own_claim_atoms)),
        ("deficit", quote(account.deficit_atoms)),
        ("socialized so far", quote(account.socialized_atoms)),
    ]
}

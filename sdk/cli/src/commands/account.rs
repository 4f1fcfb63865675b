//! `plimsoll account`.

use clap::Subcommand;
use plimsoll_migrations::{Error, Result};
use plimsoll_risk::price::Price;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::{ApproveVenueArgs, OpenAccountArgs};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::snapshot::{balance_atoms, Views};
use plimsoll_state::{AccountStatus, MarginAccount};
use serde_json::{json, Value};
use solana_pubkey::Pubkey;

use crate::amount::{ratio, show, show_price, usd_pico, Amount};
use crate::context::{Context, Loaded};
use crate::margin::{liquidation_prices, underlyings, LiquidationPrices, Standing};
use crate::names::{market_names, name_of};
use crate::output::{tell_left_out, Report};
use crate::rights::{words, Rights};
use crate::usage::usage;

const DAY_SECS: i64 = 86_400;

/// Commands on margin accounts.
#[derive(Subcommand, Debug)]
pub enum AccountCommand {
    /// List the signer's margin accounts, or others'
    List {
        /// Of this owner
        #[arg(long, value_name = "ADDRESS")]
        owner: Option<Pubkey>,
        /// Every account of the engine, least healthy first
        #[arg(long, conflicts_with = "owner")]
        everybody: bool,
    },
    /// Show balances, positions, margins and liquidation prices
    Show {
        /// The account: an address, or the number of one of yours
        #[arg(default_value = "0")]
        account: String,
    },
    /// Open a margin account of the signer's
    Open {
        /// The number of the account
        #[arg(long, default_value_t = 0)]
        id: u16,
        /// Its delegate, who never withdraws or borrows
        #[arg(long, value_name = "ADDRESS")]
        delegate: Option<Pubkey>,
        #[command(flatten)]
        rights: Rights,
    },
    /// Close an empty margin account
    Close {
        /// The account
        #[arg(default_value = "0")]
        account: String,
    },
    /// Name the delegate and say what it may do, or remove it
    Delegate {
        /// The delegate
        #[arg(required_unless_present = "none", value_name = "ADDRESS")]
        delegate: Option<Pubkey>,
        /// Remove the delegate
        #[arg(long, conflicts_with = "delegate")]
        none: bool,
        #[command(flatten)]
        rights: Rights,
        /// The account
        #[arg(long, default_value = "0")]
        account: String,
    },
    /// Let a venue settle fills: in some markets, up to a notional, for some days
    ApproveVenue {
        /// The venue as the engine knows it: `plimsoll venue list`
        venue: Pubkey,
        /// Notional it may settle from now on, in the settlement token
        limit: Amount,
        /// Markets, separated by commas: some that the venue settles now
        #[arg(long, required = true, value_delimiter = ',', value_name = "NAMES")]
        markets: Vec<String>,
        /// How long
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
        /// The account
        #[arg(long, default_value = "0")]
        account: String,
    },
    /// Revoke a venue's approval, at once
    RevokeVenue {
        /// The venue
        venue: Pubkey,
        /// The account
        #[arg(long, default_value = "0")]
        account: String,
    },
}

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: AccountCommand) -> Result<()> {
    let loaded = context.load().await?;
    match command {
        AccountCommand::List { owner, everybody } => list(context, &loaded, owner, everybody, None).await,
        AccountCommand::Show { account } => {
            let (address, account) = context.account(&loaded.accounts.keys, &account).await?;
            report(&loaded, &address, &account)?.print(context.json);
            Ok(())
        }
        AccountCommand::Open { id, delegate, rights } => {
            let (keys, owner) = (&loaded.accounts.keys, context.session.address()?);
            let address = keys.margin_account(&owner, id);
            let delegate = delegate.map(|key| rights.of(key, loaded.quote_decimals())).transpose()?;
            let open = ix::open_account(keys, owner, owner, OpenAccountArgs { id, delegate });
            context.act(&format!("open account {id}, {address}"), None, &[], &[open]).await
        }
        AccountCommand::Close { account } => close(context, &loaded, &account).await,
        AccountCommand::Delegate { delegate, rights, account, .. } => {
            let address = context.account_address(&loaded.accounts.keys, &account)?;
            let named = delegate.map(|key| rights.of(key, loaded.quote_decimals())).transpose()?;
            let set = ix::set_delegate(context.session.address()?, address, named);
            let name = delegate.map_or_else(|| "nobody".to_owned(), |key| key.to_string());
            context.act(&format!("make {name} the delegate of {address}"), None, &[], &[set]).await
        }
        AccountCommand::ApproveVenue { venue, limit, markets, days, account } => {
            let address = context.account_address(&loaded.accounts.keys, &account)?;
            let approval = ApproveVenueArgs {
                markets: markets
                    .iter()
                    .try_fold(0, |bits, name| Ok::<u32, Error>(bits | 1 << loaded.names.market(name)?))?,
                notional_limit_atoms: limit.atoms(loaded.quote_decimals())?,
                expires_at: loaded.accounts.now + days as i64 * DAY_SECS,
            };
            let approve = ix::approve_venue(context.session.address()?, address, venue, approval);
            context.act(&format!("let {venue} settle fills of {address}"), None, &[], &[approve]).await
        }
        AccountCommand::RevokeVenue { venue, account } => {
            let address = context.account_address(&loaded.accounts.keys, &account)?;
            let revoke = ix::revoke_venue(context.session.address()?, address, venue);
            context.act(&format!("no longer let {venue} settle fills of {address}"), None, &[], &[revoke]).await
        }
    }
}

async fn close(context: &Context, loaded: &Loaded, account: &str) -> Result<()> {
    let (address, held) = context.account(&loaded.accounts.keys, account).await?;
    if !held.is_empty() {
        return Err(usage(format!("{address} still holds balances or positions (`plimsoll account show {address}`)")));
    }
    let rent_payer = Pubkey::new_from_array(held.rent_payer);
    let close = ix::close_account(context.session.address()?, address, rent_payer);
    let what = format!("close {address}, its rent back to {rent_payer}");
    context.act(&what, Some(&format!("{what}?")), &[], &[close]).await
}

/// Lists accounts, least healthy first, and at most so many.
///
/// # Errors
/// Whatever stops it.
pub async fn list(
    context: &Context,
    loaded: &Loaded,
    owner: Option<Pubkey>,
    everybody: bool,
    most: Option<usize>,
) -> Result<()> {
    let owner = match (owner, everybody) {
        (Some(owner), _) => Some(owner),
        (None, true) => None,
        (None, false) => Some(context.session.address()?),
    };
    let engine = loaded.accounts.keys.engine;
    let listed = context.session.connection.margin_accounts(&engine, owner.as_ref(), None).await?;
    let (standing, not_valued) = standings(&listed.accounts, |account| loaded.accounts.with(account));
    let rows = standing.iter().map(|(standing, address, account)| {
        vec![
            address.to_string(),
            account.id.to_string(),
            Pubkey::new_from_array(account.owner).to_string(),
            usd_pico(standing.nav),
            usd_pico(standing.mmr),
            ratio(standing.ratio_ppm),
            state(account, standing),
        ]
    });
    let columns = ["account", "id", "owner", "NAV", "MMR", "ratio", "state"];
    let mut report = Report::table("accounts", &columns, rows.take(most.unwrap_or(usize::MAX)).collect());
    if listed.accounts.is_empty() && owner.is_some() {
        report = report.with_note("open one with `plimsoll account open`");
    }
    report.print(context.json);
    tell_left_out(&listed.unreadable);
    tell_left_out(not_valued);
    Ok(())
}

/// Where accounts stand, least healthy first; and of each that cannot be valued, such as one in a bank that is not listed,
/// its address and why.
fn standings<'a>(
    found: &'a [(Pubkey, MarginAccount)],
    with: impl Fn(&'a MarginAccount) -> Accounts<'a>,
) -> (Vec<(Standing, Pubkey, &'a MarginAccount)>, Vec<String>) {
    let (mut standing, mut not_valued) = (Vec::with_capacity(found.len()), Vec::new());
    for (address, account) in found {
        match Standing::of(&with(account)) {
            Ok(of) => standing.push((of, *address, account)),
            Err(error) => not_valued.push(format!("{address} cannot be valued: {error}")),
        }
    }
    standing.sort_by_key(|(standing, address, _)| (standing.ratio_ppm, *address));
    (standing, not_valued)
}

fn state(account: &MarginAccount, standing: &Standing) -> String {
    match AccountStatus::try_from(account.status) {
        Ok(AccountStatus::Active) => standing.words().to_owned(),
        Ok(AccountStatus::Seizing) => "bankrupt: assets are being moved".to_owned(),
        Ok(AccountStatus::Paying) => "bankrupt: legs are being paid".to_owned(),
        Err(_) => "unknown".to_owned(),
    }
}

/// Everything about an account.
fn report(loaded: &Loaded, address: &Pubkey, account: &MarginAccount) -> Result<Report> {
    let accounts = loaded.accounts.with(account);
    let standing = Standing::of(&accounts)?;
    let key = |bytes: [u8; 32]| match Pubkey::new_from_array(bytes) {
        nobody if nobody == Pubkey::default() => "nobody".to_owned(),
        key => key.to_string(),
    };
    let mut facts = vec![
        ("account", format!("{address} (number {})", account.id)),
        ("owner", key(account.owner)),
        ("delegate", key(account.delegate)),
        ("delegate may", words(account, loaded.quote_decimals() as u32)),
    ];
    facts.extend(margins(&standing));
    facts.push(("state", state(account, &standing)));
    if standing.stale || standing.old || standing.not_ready {
        let why = match (standing.stale, standing.old) {
            (true, _) => "a price is stale",
            (false, true) => "a price is too old for adding risk: `plimsoll price refresh`",
            (false, false) => "a price's averages are not ready",
        };
        facts.push(("may add risk", format!("no: {why} (`plimsoll price list`)")));
    }
    if account.under_water_secs > 0 {
        facts.push(("under water", format!("{} s on its clock", account.under_water_secs)));
    }
    if account.called == 1 {
        facts.push(("margin call", "its owner was called, and it was not seen above the band since".to_owned()));
    }
    let quote = loaded.quote_decimals() as u32;
    let venues = account.venues.iter().filter(|venue| venue.venue != [0; 32]);
    let venues = venues.map(|venue| {
        let ends = match venue.expires_at.saturating_sub(accounts.now) {
            secs @ 1.. => format!("in {:.1} days", secs as f64 / DAY_SECS as f64),
            _ => "has ended".to_owned(),
        };
        let markets = market_names(&loaded.names, venue.markets);
        vec![key(venue.venue), markets, show(venue.notional_left_atoms as i128, quote), ends]
    });
    Ok(Report::default()
        .with_facts("account", facts)
        .with_exact("exact", exact(&standing))
        .with_note("balances:")
        .with_rows("balances", &["bank", "balance"], balances(loaded, account)?)
        .with_note("positions:")
        .with_rows("positions", &["market", "size", "PnL at spot", "notional at spot"], positions(loaded, &accounts)?)
        .with_note("liquidation prices, each with the others unchanged:")
        .with_rows("liquidation_prices", &["price", "now $", "below $", "above $"], prices(loaded, &accounts)?)
        .with_note("venues that may settle fills:")
        .with_rows("venues", &["venue", "markets", "notional left", "ends"], venues.collect()))
}

/// NAV and requirements in words.
pub fn margins(standing: &Standing) -> Vec<(&'static str, String)> {
    vec![
        ("NAV", usd_pico(standing.nav)),
        ("MMR", usd_pico(standing.mmr)),
        ("TMR", usd_pico(standing.tmr)),
        ("margin ratio", ratio(standing.ratio_ppm)),
        ("NAV for adding risk", usd_pico(standing.init_nav)),
        ("IMR", usd_pico(standing.imr)),
        ("free for adding risk", usd_pico(standing.init_nav - standing.imr)),
    ]
}

/// The same in the program's own units: whole numbers, as text where they may exceed 53 bits.
pub fn exact(standing: &Standing) -> Value {
    json!({
        "nav_usd_pico": standing.nav.to_string(),
        "mmr_usd_pico": standing.mmr.to_string(),
        "tmr_usd_pico": standing.tmr.to_string(),
        "ratio_ppm": (standing.ratio_ppm != u32::MAX).then_some(standing.ratio_ppm),
        "init_nav_usd_pico": standing.init_nav.to_string(),
        "imr_usd_pico": standing.imr.to_string(),
        "may_be_liquidated": standing.assessment.regime.is_some(),
    })
}

fn balances(loaded: &Loaded, account: &MarginAccount) -> Result<Vec<Vec<String>>> {
    let held = account.tokens.iter().filter(|token| token.used == 1);
    held.map(|token| {
        let slot = &loaded.accounts.registry.banks[token.bank as usize];
        let atoms =
            balance_atoms(slot, token.shares, UnixSecs::new(loaded.accounts.now)).map_err(plimsoll_rpc::Error::from)?;
        Ok(vec![name_of(&loaded.names.banks, token.bank), show(atoms.get() as i128, slot.decimals as u32)])
    })
    .collect()
}

fn positions(loaded: &Loaded, accounts: &Accounts) -> Result<Vec<Vec<String>>> {
    let portfolio = accounts.portfolio(Views::SPOT).map_err(plimsoll_rpc::Error::from)?;
    let quote = loaded.quote_decimals() as u32;
    let rows = portfolio.perps().iter().map(|leg| {
        let slot = &loaded.accounts.registry.markets[leg.market as usize];
        let notional = leg.prices.spot.value_down(leg.units.unsigned_abs());
        vec![
            name_of(&loaded.names.markets, leg.market),
            show(leg.units.get() as i128, slot.base_decimals as u32),
            show(leg.pnl_at(leg.prices.spot).get() as i128, quote),
            show(notional.get() as i128, quote),
        ]
    });
    Ok(rows.collect())
}

fn prices(loaded: &Loaded, accounts: &Accounts) -> Result<Vec<Vec<String>>> {
    let slots = underlyings(accounts.account, accounts.registry);
    slots
        .into_iter()
        .map(|slot| {
            let LiquidationPrices { below, above, hopeless } = liquidation_prices(accounts, slot)?;
            let text = |price: Option<Price>| match price {
                Some(price) => show_price(price),
                None if hopeless => "at any".to_owned(),
                None => "-".to_owned(),
            };
            let now = accounts.board.slots[slot as usize].spot.get();
            Ok(vec![name_of(&loaded.names.prices, slot), show_price(now), text(below), text(above)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{world, SOL, USDC};

    #[test]
    fn an_account_that_cannot_be_valued_is_named_and_the_others_are_listed() {
        let (mut richer, mut unlisted, mut poorer) = (world(), world(), world());
        richer.hold(0, SOL, 100_000_000_000).hold(1, USDC, -10_000_000_000);
        poorer.hold(0, SOL, 100_000_000_000).hold(1, USDC, -16_000_000_000);
        unlisted.hold(0, 7, 1);
        let [first, second, third] = [1u8, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let found = [(first, &richer), (second, &unlisted), (third, &poorer)];
        let found = found.map(|(key, world)| (key, *world.accounts().account));
        let shared = world();
        let (standing, not_valued) = standings(&found, |account| Accounts { account, ..shared.accounts() });
        assert_eq!(standing.iter().map(|(_, key, _)| *key).collect::<Vec<_>>(), [third, first]);
        assert_eq!(not_valued, [format!("{second} cannot be valued: LegEmpty")]);
    }
}

//! `plimsoll account`.

use clap::Subcommand;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::{ApproveVenueArgs, OpenAccountArgs};
use plimsoll_sdk::pda::PROGRAM_ID;
use plimsoll_state::{EngineAccount, MarginAccount, Venue};
use solana_pubkey::Pubkey;

use super::account_list::list;
use super::account_show::shown;
use crate::amount::Amount;
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::rights::Rights;
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
            shown(&loaded, &address, &account)?.print(context.json);
            Ok(())
        }
        AccountCommand::Open { id, delegate, rights } => open(context, &loaded, id, delegate, &rights).await,
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
            require_venue(context, &loaded, &venue).await?;
            let named = |bits, name: &String| Ok::<u32, crate::fault::Fault>(bits | 1 << loaded.names.market(name)?);
            let approval = ApproveVenueArgs {
                markets: markets.iter().try_fold(0, named)?,
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

async fn open(context: &Context, loaded: &Loaded, id: u16, delegate: Option<Pubkey>, rights: &Rights) -> Result<()> {
    let (keys, owner) = (&loaded.accounts.keys, context.session.address()?);
    let address = keys.margin_account(&owner, id);
    let (_, found) = context.session.connection.accounts(&[address]).await?;
    // Anybody may send lamports to the address: only the engine's own account is one.
    if found.into_iter().flatten().any(|account| account.owner == PROGRAM_ID) {
        let text = format!("{owner} has account {id} already: {address}");
        return Err(usage(text).with_hint("`plimsoll account show` shows it; open another with --id NUMBER"));
    }
    let delegate = delegate.map(|key| rights.of(key, loaded.quote_decimals())).transpose()?;
    let open = ix::open_account(keys, owner, owner, OpenAccountArgs { id, delegate });
    context.act(&format!("open account {id}, {address}"), None, &[], &[open]).await
}

/// A venue that the engine knows is at the address: what the program says otherwise nobody understands.
async fn require_venue(context: &Context, loaded: &Loaded, venue: &Pubkey) -> Result<()> {
    let keys = &loaded.accounts.keys;
    let (_, found) = context.session.connection.accounts(&[*venue]).await?;
    let found = found.into_iter().next().flatten().filter(|account| account.owner == PROGRAM_ID);
    let registered = found.and_then(|account| Venue::from_account_data(&account.data).map(|venue| venue.engine));
    if registered == Some(keys.engine.to_bytes()) {
        return Ok(());
    }
    let meant = plimsoll_migrations::chain::venues(&context.session.connection, &keys.engine).await?;
    let own = example_venue::client::Venue::of(*venue, keys.engine).registered;
    let meant = meant.into_iter().find(|(address, of)| of.signer == venue.to_bytes() || *address == own);
    let hint = match meant {
        Some((address, _)) => format!("it is an operator or a signer; the venue is {address}"),
        None => "`plimsoll venue list` says which there are".to_owned(),
    };
    Err(usage(format!("{venue} is not a venue of this engine")).with_hint(hint))
}

async fn close(context: &Context, loaded: &Loaded, account: &str) -> Result<()> {
    let (address, held): (Pubkey, Box<MarginAccount>) = context.account(&loaded.accounts.keys, account).await?;
    if !held.is_empty() {
        return Err(usage(format!("{address} still holds balances or positions (`plimsoll account show {address}`)")));
    }
    let rent_payer = Pubkey::new_from_array(held.rent_payer);
    let close = ix::close_account(context.session.address()?, address, rent_payer);
    let what = format!("close {address}, its rent back to {rent_payer}");
    context.act(&what, Some(&format!("{what}?")), &[], &[close]).await
}

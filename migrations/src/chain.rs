//! An engine as far as it exists: what a migration compares its file with.

use plimsoll_rpc::engine::{decode, program_accounts};
use plimsoll_rpc::mock::MOCK_ORACLE;
use plimsoll_rpc::Connection;
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_state::MAX_GROWTH_BYTES;
use plimsoll_state::{
    Bank, Engine, EngineAccount, FeedBook, Market, PendingChange, PriceBoard, Registry, Venue, DISCRIMINATOR_LEN,
};
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::config::{observe, Config, Resolved};
use crate::error::Result;

/// Where a mint stores its decimals.
const MINT_DECIMALS_OFFSET: usize = 44;
/// Where a venue names its engine, from the start of its data.
const VENUE_ENGINE_OFFSET: usize = DISCRIMINATOR_LEN + core::mem::offset_of!(Venue, engine);

/// An account that is created in several calls.
#[derive(Clone, Debug)]
pub enum Grown<T> {
    /// It can be read.
    Complete(Box<T>),
    /// So many calls are left.
    Partial {
        /// Calls left.
        calls_left: usize,
    },
}

impl<T: EngineAccount> Grown<T> {
    /// The account, where it is complete.
    pub fn complete(&self) -> Option<&T> {
        match self {
            Self::Complete(account) => Some(account),
            Self::Partial { .. } => None,
        }
    }

    /// Calls left.
    pub fn calls_left(&self) -> usize {
        match self {
            Self::Complete(_) => 0,
            Self::Partial { calls_left } => *calls_left,
        }
    }

    fn of(what: &'static str, address: &Pubkey, account: Option<&Account>) -> Result<Self> {
        let len = match account {
            Some(account) if account.owner == pda::PROGRAM_ID => {
                if account.data.iter().take(DISCRIMINATOR_LEN).any(|byte| *byte != 0) {
                    return Ok(Self::Complete(Box::new(decode(what, address, Some(account))?)));
                }
                account.data.len()
            }
            // Lamports that somebody sent to the address ahead of its creation.
            _ => 0,
        };
        Ok(Self::Partial { calls_left: T::SPACE.saturating_sub(len).div_ceil(MAX_GROWTH_BYTES).max(1) })
    }
}

/// A mint as a listing needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MintState {
    /// Decimals.
    pub decimals: u8,
    /// The token program that owns it.
    pub token_program: Pubkey,
}

/// An engine as far as it exists.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Addresses.
    pub keys: EngineKeys,
    /// The cluster's clock, Unix seconds.
    pub now: i64,
    /// Authorities; none before the engine is created.
    pub engine: Option<Engine>,
    /// Parameters and listings.
    pub registry: Grown<Registry>,
    /// Prices.
    pub board: Grown<PriceBoard>,
    /// Where they come from.
    pub feed_book: Grown<FeedBook>,
    /// Banks by slot.
    pub banks: Vec<Bank>,
    /// Markets by slot.
    pub markets: Vec<Market>,
    /// Venues of the file, in its order.
    pub venues: Vec<Option<Venue>>,
    /// Venues that the file does not name; only [`Chain::read_all`] looks for them.
    pub other_venues: Vec<Venue>,
    /// Mints of the file's banks, in its order.
    pub mints: Vec<Option<MintState>>,
    /// Whether each mock feed of the file exists, in its order.
    pub feeds: Vec<bool>,
    /// Changes that wait, by number; none are looked for where nothing has to.
    pub changes: Vec<PendingChange>,
}

impl Chain {
    /// As [`Chain::read`], with what the file does not name.
    ///
    /// # Errors
    /// `Rpc`.
    pub async fn read_all(connection: &Connection, resolved: &Resolved) -> Result<Self> {
        let mut chain = Self::read(connection, resolved).await?;
        let named: Vec<[u8; 32]> = resolved.config.venues.iter().map(|venue| venue.signer.0.to_bytes()).collect();
        let all = venues(connection, &chain.keys.engine).await?.into_iter().map(|(_, venue)| venue);
        chain.other_venues = all.filter(|venue| !named.contains(&venue.signer)).collect();
        Ok(chain)
    }

    /// Reads everything that a file names.
    ///
    /// # Errors
    /// `Rpc`.
    pub async fn read(connection: &Connection, resolved: &Resolved) -> Result<Self> {
        let config = &resolved.config;
        let keys = EngineKeys::created_by(&resolved.creator, config.engine.id);
        let (_, first) = connection.accounts(&[keys.engine, keys.registry, keys.board, keys.feeds]).await?;
        let registry: Grown<Registry> = Grown::of("registry", &keys.registry, first[1].as_ref())?;
        let waits = registry.complete().is_some_and(|registry| !registry.is_set_up_freely());
        let changes = if waits { connection.changes(&keys.engine).await? } else { Vec::new() };
        let counts = registry.complete().map_or((0, 0), |registry| (registry.bank_count, registry.market_count));
        let mut addresses: Vec<Pubkey> = (0..counts.0).map(|index| keys.bank(index).bank).collect();
        addresses.extend((0..counts.1).map(|index| keys.market(index)));
        addresses.extend(config.venues.iter().map(|venue| keys.venue(&venue.signer.0)));
        addresses.extend(config.banks.iter().map(|bank| bank.mint_key().map_or_else(Pubkey::default, |key| key.0)));
        addresses.extend(resolved.feeds.iter().map(|feed| feed.address));
        let (_, found) = connection.accounts(&addresses).await?;
        let mut rest = addresses.iter().zip(&found);
        let engine = first[0].as_ref().map(|account| decode("engine", &keys.engine, Some(account))).transpose()?;
        Ok(Self {
            keys,
            now: connection.now().await?,
            engine,
            registry,
            board: Grown::of("price board", &keys.board, first[2].as_ref())?,
            feed_book: Grown::of("feed book", &keys.feeds, first[3].as_ref())?,
            banks: decoded("bank", rest.by_ref().take(counts.0 as usize))?,
            markets: decoded("market", rest.by_ref().take(counts.1 as usize))?,
            venues: rest
                .by_ref()
                .take(config.venues.len())
                .map(|(key, found)| found.as_ref().map(|account| decode("venue", key, Some(account))).transpose())
                .collect::<plimsoll_rpc::Result<_>>()?,
            other_venues: Vec::new(),
            mints: rest.by_ref().take(config.banks.len()).map(|(_, found)| found.as_ref().and_then(mint)).collect(),
            feeds: rest.map(|(_, found)| found.as_ref().is_some_and(|account| account.owner == MOCK_ORACLE)).collect(),
            changes,
        })
    }

    /// The same with everything that ramps where it goes: what was set stands there once, and needs no other step.
    pub fn at_goals(&self) -> Self {
        let mut chain = self.clone();
        if let Grown::Complete(registry) = &mut chain.registry {
            registry.swap_goals();
        }
        chain
    }

    /// The configuration that the chain has, as far as it goes; none before registry, board and feed book are complete.
    pub fn config(&self, names: &Config) -> Option<Config> {
        let (engine, registry) = (self.engine.as_ref()?, self.registry.complete()?);
        let prices = (self.board.complete()?, self.feed_book.complete()?);
        let venues: Vec<Venue> = self.venues.iter().flatten().chain(&self.other_venues).copied().collect();
        Some(observe(engine, (registry, self.now), prices, &self.banks, &self.markets, &venues, names))
    }
}

/// Every venue that is registered with an engine, with its address, by signer.
///
/// # Errors
/// `Rpc`.
pub async fn venues(connection: &Connection, engine: &Pubkey) -> Result<Vec<(Pubkey, Venue)>> {
    let of_engine = [(VENUE_ENGINE_OFFSET, *engine)];
    let config = program_accounts(Venue::SPACE, &Venue::ACCOUNT_DISCRIMINATOR, &of_engine, None);
    let found = connection.program_accounts(&pda::PROGRAM_ID, config).await?;
    let unreadable = found.unreadable.into_iter().map(|address| (address, None));
    let mut venues = Vec::new();
    for (address, account) in found.accounts.into_iter().map(|(key, account)| (key, Some(account))).chain(unreadable) {
        venues.push((address, decode("venue", &address, account.as_ref())?));
    }
    venues.sort_by_key(|(_, venue): &(Pubkey, Venue)| venue.signer);
    Ok(venues)
}

type Found<'a> = (&'a Pubkey, &'a Option<Account>);

fn decoded<'a, T: EngineAccount>(what: &'static str, found: impl Iterator<Item = Found<'a>>) -> Result<Vec<T>> {
    found.map(|(key, account)| Ok(decode(what, key, account.as_ref())?)).collect()
}

fn mint(account: &Account) -> Option<MintState> {
    let token = account.owner == pda::TOKEN_PROGRAM || account.owner == pda::TOKEN_2022_PROGRAM;
    let decimals = account.data.get(MINT_DECIMALS_OFFSET).copied()?;
    token.then_some(MintState { decimals, token_program: account.owner })
}

//! An engine as far as it exists: what a migration compares its file with.

use plimsoll_rpc::engine::decode;
use plimsoll_rpc::Connection;
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_state::{Bank, Engine, EngineAccount, Market, PriceBoard, Registry, Venue, DISCRIMINATOR_LEN};
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::config::{observe, Config, Resolved};
use crate::error::Result;

/// Most bytes that one call grows an account by.
const GROWTH_STEP: usize = 10_240;
/// Where a mint stores its decimals.
const MINT_DECIMALS_OFFSET: usize = 44;

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
        Ok(Self::Partial { calls_left: T::SPACE.saturating_sub(len).div_ceil(GROWTH_STEP).max(1) })
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
    /// Banks by slot.
    pub banks: Vec<Bank>,
    /// Markets by slot.
    pub markets: Vec<Market>,
    /// Venues of the file, in its order.
    pub venues: Vec<Option<Venue>>,
    /// Mints of the file's banks, in its order.
    pub mints: Vec<Option<MintState>>,
    /// Whether each mock feed of the file exists, in its order.
    pub feeds: Vec<bool>,
}

impl Chain {
    /// Reads everything that a file is compared with.
    ///
    /// # Errors
    /// `Rpc`.
    pub async fn read(connection: &Connection, resolved: &Resolved) -> Result<Self> {
        let config = &resolved.config;
        let keys = EngineKeys::created_by(&resolved.creator, config.engine.id);
        let (_, first) = connection.accounts(&[keys.engine, keys.registry, keys.board]).await?;
        let registry: Grown<Registry> = Grown::of("registry", &keys.registry, first[1].as_ref())?;
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
            banks: decoded("bank", rest.by_ref().take(counts.0 as usize))?,
            markets: decoded("market", rest.by_ref().take(counts.1 as usize))?,
            venues: rest
                .by_ref()
                .take(config.venues.len())
                .map(|(key, found)| found.as_ref().map(|account| decode("venue", key, Some(account))).transpose())
                .collect::<plimsoll_rpc::Result<_>>()?,
            mints: rest.by_ref().take(config.banks.len()).map(|(_, found)| found.as_ref().and_then(mint)).collect(),
            feeds: rest
                .map(|(_, found)| found.as_ref().is_some_and(|account| account.owner == mock_oracle::ID))
                .collect(),
        })
    }

    /// The configuration that the chain has, as far as it goes; none before registry and board are complete.
    pub fn config(&self, names: &Config) -> Option<Config> {
        let (engine, registry, board) = (self.engine.as_ref()?, self.registry.complete()?, self.board.complete()?);
        let venues: Vec<Venue> = self.venues.iter().flatten().copied().collect();
        Some(observe(engine, registry, board, &self.banks, &self.markets, &venues, names))
    }
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

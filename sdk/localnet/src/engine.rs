//! The engine, as `migrations/localnet.toml` says, and a venue on it.

use anyhow::{Context as _, Result};
use example_venue::client::Venue;
use plimsoll_migrations::config::{Config, MockFeed, VenueConfig};
use plimsoll_migrations::steps::{apply, ApplyOptions};
use plimsoll_migrations::Session;
use plimsoll_sdk::pda::EngineKeys;
use solana_pubkey::Pubkey;

use crate::place::{Place, ENGINE};
use crate::programs::workspace;
use crate::told::say;

/// How long a listing waits for its price.
const PRICE_WAIT_SECS: u64 = 60;

/// What is to be made, and where it will be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Addresses.
    pub keys: EngineKeys,
    /// The file's configuration with the venue in it.
    pub config: Config,
    /// The feeds that prices are posted to.
    pub feeds: Vec<MockFeed>,
    /// The venue, operated by the authority.
    pub venue: Venue,
}

impl Plan {
    /// Reads `migrations/localnet.toml` for the key that will create the engine.
    ///
    /// # Errors
    /// Where the file is not what it must be.
    pub fn of(authority: &Pubkey) -> Result<Self> {
        let mut config = Config::read(&workspace().join("migrations/localnet.toml"))?;
        let keys = EngineKeys::created_by(authority, config.engine.id);
        let venue = Venue::of(*authority, keys.engine);
        let markets: Vec<u8> = (0..).take(config.markets.len()).collect();
        config.venues.push(VenueConfig {
            signer: venue.signer.into(),
            active: true,
            settle_markets: markets.clone(),
            premium_markets: markets,
        });
        let feeds = config.resolve(authority)?.feeds;
        Ok(Self { keys, config, feeds, venue })
    }

    /// Creates and launches the engine and the venue; what is there already stays.
    ///
    /// # Errors
    /// What the cluster refuses.
    pub async fn make(&self, session: &Session, place: &Place) -> Result<()> {
        place.write(ENGINE, &self.config.to_toml()?)?;
        let options = ApplyOptions { price_wait_secs: PRICE_WAIT_SECS, only_propose: false };
        apply(session, &self.config, &options, |step| say(&format!("  {step}"))).await.context("the engine")?;
        let (_, found) = session.connection.accounts(&[self.venue.config]).await?;
        if found.iter().all(Option::is_none) {
            session.send(&[], &[self.venue.create()]).await.context("the venue")?;
        }
        Ok(())
    }
}

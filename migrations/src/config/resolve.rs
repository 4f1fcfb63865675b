//! A file's configuration for one creator: every address that it leaves to be derived, derived.

use solana_pubkey::Pubkey;

use super::{Config, Key, MintConfig};
use crate::error::{Error, Result};

/// A configuration without anything left to be derived, and what has to be made for it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Every address is there.
    pub config: Config,
    /// Who creates the engine.
    pub creator: Pubkey,
    /// Mints to be created.
    pub mints: Vec<CreatedMint>,
    /// Feeds of the mock oracle to be created.
    pub feeds: Vec<MockFeed>,
}

/// A mint of the creator's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedMint {
    /// Slot of its bank.
    pub bank: u8,
    /// Seed of its address.
    pub seed: String,
    /// Decimals.
    pub decimals: u8,
    /// Its address.
    pub address: Pubkey,
}

/// A feed of the mock oracle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockFeed {
    /// Slot of its price.
    pub slot: u8,
    /// Feed id.
    pub feed_id: [u8; 32],
    /// Its account.
    pub address: Pubkey,
    /// First price, units of 1e-8 dollars.
    pub price_e8: u64,
}

impl Config {
    /// Derives every address for the creator that the file names, else `signer`.
    ///
    /// # Errors
    /// `Config` where an address is missing and cannot be derived.
    pub fn resolve(&self, signer: &Pubkey) -> Result<Resolved> {
        let creator = self.engine.creator.map_or(*signer, |key| key.0);
        let mut config = self.clone();
        config.engine.creator = Some(Key(creator));
        let (mut mints, mut feeds) = (Vec::new(), Vec::new());
        for (slot, price) in config.prices.iter_mut().enumerate() {
            let derived = price.primary.derived_address(&creator).map(Key);
            price.primary.address = price.primary.address.or(derived);
            for source in [&mut price.secondary, &mut price.standby].into_iter().flatten() {
                source.address = source.address.or(source.derived_address(&creator).map(Key));
            }
            if let Some(mock) = &price.mock {
                let address = price.primary.address.map_or_else(Pubkey::default, |key| key.0);
                let feed_id = price.primary.feed_id.0;
                feeds.push(MockFeed { slot: slot as u8, feed_id, address, price_e8: mock.price_e8 });
            }
        }
        for (bank, config) in config.banks.iter_mut().enumerate() {
            if let MintConfig::Created { seed, decimals } = config.mint.clone() {
                let address = Pubkey::create_with_seed(&creator, &seed, &plimsoll_sdk::pda::TOKEN_PROGRAM)
                    .map_err(|error| Error::config(format!("bank[{bank}].mint.seed"), error.to_string()))?;
                config.mint = MintConfig::Existing(Key(address));
                mints.push(CreatedMint { bank: bank as u8, seed, decimals, address });
            }
        }
        Ok(Resolved { config, creator, mints, feeds })
    }
}

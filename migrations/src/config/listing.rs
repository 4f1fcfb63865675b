//! Banks, markets and venues.

use plimsoll_sdk::ix::args::{BankConfigArgs, ListMarketArgs, MarketTerms, UpdateVenueArgs};
use plimsoll_state::{Bank, BankSlot, Market, MarketSlot, SlotStatus, Venue};
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::settings::table;

plimsoll_state::bank_settings!(table
    BankConfig
    /// What people call it; not on chain.
    name: String,
    /// The token.
    mint: MintConfig,
    /// Slot of the price board.
    price_slot: u8,
    /// Whether only what reduces positions is accepted.
    #[serde(default)]
    reduce_only: bool,
);

/// Which token a bank holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a mint is a base58 address, or { seed = \"…\", decimals = … } for one to be created")]
pub enum MintConfig {
    /// This one.
    Existing(Key),
    /// An SPL Token mint of the creator's own, at an address derived from his and the seed; test clusters only.
    Created {
        /// At most 32 bytes.
        seed: String,
        /// Decimals.
        decimals: u8,
    },
}

plimsoll_state::market_settings!(table
    MarketConfig
    /// Its name, at most 16 bytes.
    name: String,
    /// Slot of the price board.
    price_slot: u8,
    /// Decimals of a base unit.
    base_decimals: u8,
    /// Whether only what reduces positions is accepted.
    #[serde(default)]
    reduce_only: bool,
);

/// A program that may settle fills by CPI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// The PDA of the venue's program that signs its calls.
    pub signer: Key,
    /// Whether it may settle and report at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// Slots of the markets it may settle.
    #[serde(default)]
    pub settle_markets: Vec<u8>,
    /// Slots of the markets whose premium it reports.
    #[serde(default)]
    pub premium_markets: Vec<u8>,
}

const fn yes() -> bool {
    true
}

fn is_reduce_only(status: u8) -> bool {
    status == SlotStatus::ReduceOnly as u8 || status == SlotStatus::Terminal as u8
}

impl BankConfig {
    /// The mint, once [`super::Config::resolve`] has made it an address.
    pub fn mint_key(&self) -> Option<Key> {
        match self.mint {
            MintConfig::Existing(key) => Some(key),
            MintConfig::Created { .. } => None,
        }
    }

    /// What bank and slot store.
    pub fn observed(name: String, bank: &Bank, slot: &BankSlot) -> Self {
        let args = BankConfigArgs::default().stored(bank, slot);
        Self::of(&args, name, MintConfig::Existing(bank.mint.into()), slot.price_slot, is_reduce_only(slot.status))
    }
}

impl MarketConfig {
    /// The program's argument for the slot `index`. A name beyond 16 bytes is cut, which validation refuses before.
    pub fn args(&self, index: u8) -> ListMarketArgs {
        let mut name = [0; 16];
        name.iter_mut().zip(self.name.bytes()).for_each(|(to, from)| *to = from);
        ListMarketArgs {
            index,
            name,
            base_decimals: self.base_decimals,
            price_slot: self.price_slot,
            terms: self.settings(),
        }
    }

    /// What the program stores as status.
    pub const fn status(&self) -> u8 {
        if self.reduce_only {
            SlotStatus::ReduceOnly as u8
        } else {
            SlotStatus::Active as u8
        }
    }

    /// What market and slot store.
    pub fn observed(market: &Market, slot: &MarketSlot) -> Self {
        let terms = MarketTerms::default().stored(market, slot);
        let reduce_only = is_reduce_only(slot.status);
        Self::of(&terms, market_name(market), slot.price_slot, slot.base_decimals, reduce_only)
    }
}

/// A market's name without its padding.
pub fn market_name(market: &Market) -> String {
    String::from_utf8_lossy(&market.name).trim_end_matches('\0').to_owned()
}

impl VenueConfig {
    /// The program's argument of an update.
    pub fn args(&self) -> UpdateVenueArgs {
        UpdateVenueArgs {
            active: self.active,
            settle_markets: bits_of(&self.settle_markets),
            premium_markets: bits_of(&self.premium_markets),
        }
    }

    /// What a venue stores.
    pub fn observed(venue: &Venue) -> Self {
        Self {
            signer: venue.signer.into(),
            active: venue.active == 1,
            settle_markets: slots_of(venue.settle_markets),
            premium_markets: slots_of(venue.premium_markets),
        }
    }
}

fn bits_of(slots: &[u8]) -> u32 {
    slots.iter().fold(0, |bits, slot| bits | 1u32.checked_shl(*slot as u32).unwrap_or(0))
}

fn slots_of(bits: u32) -> Vec<u8> {
    (0..32).filter(|slot| bits >> slot & 1 == 1).collect()
}

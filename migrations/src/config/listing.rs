//! Banks, markets and venues.

use plimsoll_sdk::ix::args::{BankConfigArgs, ListMarketArgs, MarketTerms, UpdateVenueArgs};
use plimsoll_state::{Bank, BankSlot, Market, MarketSlot, SlotStatus, Venue};
use serde::{Deserialize, Serialize};

use super::key::Key;

/// A token: weights, rates, caps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankConfig {
    /// What people call it; not on chain.
    pub name: String,
    /// The token.
    pub mint: MintConfig,
    /// Slot of the price board.
    pub price_slot: u8,
    /// Whether only what reduces positions is accepted.
    #[serde(default)]
    pub reduce_only: bool,
    /// Asset weight at maintenance; the target's follows.
    pub asset_maint_ppm: u32,
    /// Asset weight at initial.
    pub asset_init_ppm: u32,
    /// Liability weight at maintenance; the target's follows.
    pub liability_maint_ppm: u32,
    /// Liability weight at initial.
    pub liability_init_ppm: u32,
    /// Utilization at the kink of the rate curve.
    pub kink_ppm: u32,
    /// Annual rate at utilization 0.
    pub rate_zero_ppm: u32,
    /// Annual rate at the kink.
    pub rate_kink_ppm: u32,
    /// Annual rate at utilization 1.
    pub rate_full_ppm: u32,
    /// Protocol's share of interest.
    pub interest_fee_ppm: u32,
    /// Largest deposits of all accounts together.
    pub deposit_cap_atoms: u64,
    /// Largest borrows of all accounts together.
    pub borrow_cap_atoms: u64,
    /// Most insurance one event may draw. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw_cap_event_atoms: Option<u64>,
    /// Most insurance one hour may draw. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw_cap_hour_atoms: Option<u64>,
}

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

/// A perp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketConfig {
    /// Its name, at most 16 bytes.
    pub name: String,
    /// Slot of the price board.
    pub price_slot: u8,
    /// Decimals of a base unit.
    pub base_decimals: u8,
    /// Whether only what reduces positions is accepted.
    #[serde(default)]
    pub reduce_only: bool,
    /// Charge rate at maintenance; the target's follows.
    pub maint_rate_ppm: u32,
    /// Charge rate at initial.
    pub init_rate_ppm: u32,
    /// Fee of each side of a fill.
    pub fill_fee_ppm: u32,
    /// Largest open interest a side, base units.
    pub open_interest_cap_units: u64,
    /// Most insurance one event may draw, quote atoms. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw_cap_event_atoms: Option<u64>,
}

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

/// A cap as stored: everything where there is no limit.
fn limit(cap: u64) -> Option<u64> {
    (cap != u64::MAX).then_some(cap)
}

fn is_reduce_only(status: u8) -> bool {
    status == SlotStatus::ReduceOnly as u8 || status == SlotStatus::Terminal as u8
}

impl BankConfig {
    /// The program's argument.
    pub fn args(&self) -> BankConfigArgs {
        BankConfigArgs {
            asset_maint_ppm: self.asset_maint_ppm,
            asset_init_ppm: self.asset_init_ppm,
            liability_maint_ppm: self.liability_maint_ppm,
            liability_init_ppm: self.liability_init_ppm,
            kink_ppm: self.kink_ppm,
            rate_zero_ppm: self.rate_zero_ppm,
            rate_kink_ppm: self.rate_kink_ppm,
            rate_full_ppm: self.rate_full_ppm,
            interest_fee_ppm: self.interest_fee_ppm,
            deposit_cap_atoms: self.deposit_cap_atoms,
            borrow_cap_atoms: self.borrow_cap_atoms,
            draw_cap_event_atoms: self.draw_cap_event_atoms,
            draw_cap_hour_atoms: self.draw_cap_hour_atoms,
        }
    }

    /// The mint, once [`super::Config::resolve`] has made it an address.
    pub fn mint_key(&self) -> Option<Key> {
        match self.mint {
            MintConfig::Existing(key) => Some(key),
            MintConfig::Created { .. } => None,
        }
    }

    /// What bank and slot store.
    pub fn observed(name: String, bank: &Bank, slot: &BankSlot) -> Self {
        let weights = &slot.weights.0;
        Self {
            name,
            mint: MintConfig::Existing(bank.mint.into()),
            price_slot: slot.price_slot,
            reduce_only: is_reduce_only(slot.status),
            asset_maint_ppm: weights.asset_maint_ppm,
            asset_init_ppm: weights.asset_init_ppm,
            liability_maint_ppm: weights.liability_maint_ppm,
            liability_init_ppm: weights.liability_init_ppm,
            kink_ppm: bank.kink_ppm,
            rate_zero_ppm: bank.rate_zero_ppm,
            rate_kink_ppm: bank.rate_kink_ppm,
            rate_full_ppm: bank.rate_full_ppm,
            interest_fee_ppm: bank.interest_fee_ppm,
            deposit_cap_atoms: bank.deposit_cap_atoms,
            borrow_cap_atoms: bank.borrow_cap_atoms,
            draw_cap_event_atoms: limit(bank.draw_cap_event_atoms),
            draw_cap_hour_atoms: limit(bank.draw_cap_hour_atoms),
        }
    }
}

impl MarketConfig {
    /// The terms that may change later.
    pub fn terms(&self) -> MarketTerms {
        MarketTerms {
            maint_rate_ppm: self.maint_rate_ppm,
            init_rate_ppm: self.init_rate_ppm,
            fill_fee_ppm: self.fill_fee_ppm,
            open_interest_cap_units: self.open_interest_cap_units,
            draw_cap_event_atoms: self.draw_cap_event_atoms.unwrap_or(u64::MAX),
        }
    }

    /// The program's argument for the slot `index`. A name beyond 16 bytes is cut, which validation refuses before.
    pub fn args(&self, index: u8) -> ListMarketArgs {
        let mut name = [0; 16];
        name.iter_mut().zip(self.name.bytes()).for_each(|(to, from)| *to = from);
        ListMarketArgs {
            index,
            name,
            base_decimals: self.base_decimals,
            price_slot: self.price_slot,
            terms: self.terms(),
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
        Self {
            name: market_name(market),
            price_slot: slot.price_slot,
            base_decimals: slot.base_decimals,
            reduce_only: is_reduce_only(slot.status),
            maint_rate_ppm: slot.rates.0.maint_ppm,
            init_rate_ppm: slot.rates.0.init_ppm,
            fill_fee_ppm: slot.fill_fee_ppm,
            open_interest_cap_units: market.open_interest_cap_units,
            draw_cap_event_atoms: limit(market.draw_cap_event_atoms),
        }
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

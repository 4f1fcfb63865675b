//! What is known of the engines that events are of: names and decimals.

use std::collections::HashMap;

use plimsoll_sdk::event::EngineEvent;
use plimsoll_state::Registry;
use solana_pubkey::Pubkey;

use crate::amount::{grouped, show};
use crate::context::{Context, Loaded};
use crate::names::name_of;

/// Names and decimals of one engine, by slot; nothing where it could not be read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Banks, with their tokens' decimals.
    pub(super) banks: Vec<(String, u8)>,
    /// Markets, with their bases' decimals.
    pub(super) markets: Vec<(String, u8)>,
    /// Prices.
    pub(super) prices: Vec<String>,
}

/// Those of each engine that an event was of.
#[derive(Default)]
pub struct Engines(HashMap<Pubkey, Known>);

impl Engines {
    /// What is known of an event's engine, read where it is the first of it or lists something.
    pub async fn of(&mut self, context: &Context, event: &EngineEvent) -> &Known {
        let engine = event.engine();
        if matches!(event, EngineEvent::BankListed(_) | EngineEvent::MarketListed(_) | EngineEvent::PriceListed(_)) {
            self.0.remove(&engine);
        }
        if !self.0.contains_key(&engine) {
            let loaded = context.load_engine(engine).await;
            // Not grown up yet, or closed long ago: its events are told all the same.
            let known = loaded.map_or_else(|_| Known::default(), |loaded| Known::of(&loaded));
            self.0.insert(engine, known);
        }
        self.0.entry(engine).or_default()
    }
}

impl Known {
    /// Of an engine that was read.
    pub fn of(loaded: &Loaded) -> Self {
        let (names, registry) = (&loaded.names, &loaded.accounts.registry);
        let banks = 0..loaded.accounts.banks.len() as u8;
        let markets = 0..loaded.accounts.markets.len() as u8;
        Self {
            banks: banks.map(|bank| (name_of(&names.banks, bank), registry.banks[bank as usize].decimals)).collect(),
            markets: markets
                .map(|market| (name_of(&names.markets, market), registry.markets[market as usize].base_decimals))
                .collect(),
            prices: names.prices.clone(),
        }
    }

    /// Decimals of a bank's token.
    pub fn decimals(&self, bank: u8) -> Option<u8> {
        self.banks.get(bank as usize).map(|(_, decimals)| *decimals)
    }

    /// Decimals of a market's base.
    pub fn base_decimals(&self, market: u8) -> Option<u8> {
        self.markets.get(market as usize).map(|(_, decimals)| *decimals)
    }

    /// A bank's name.
    pub fn bank(&self, bank: u8) -> String {
        self.banks.get(bank as usize).map_or_else(|| format!("bank{bank}"), |(name, _)| name.clone())
    }

    /// A market's name.
    pub fn market(&self, market: u8) -> String {
        self.markets.get(market as usize).map_or_else(|| format!("market{market}"), |(name, _)| name.clone())
    }

    /// A price's name.
    pub fn price(&self, slot: u8) -> String {
        self.prices.get(slot as usize).map_or_else(|| format!("price{slot}"), String::clone)
    }

    /// Markets by their bits.
    pub fn markets(&self, bits: u32) -> String {
        let named: Vec<String> = (0..32).filter(|slot| bits >> slot & 1 == 1).map(|slot| self.market(slot)).collect();
        named.join(", ")
    }

    /// An amount of a bank's token, with its name.
    pub fn tokens(&self, bank: u8, atoms: impl Into<i128>) -> String {
        match self.decimals(bank) {
            Some(decimals) => format!("{} {}", grouped(&show(atoms.into(), decimals as u32)), self.bank(bank)),
            None => format!("{} atoms of {}", atoms.into(), self.bank(bank)),
        }
    }

    /// An amount of the settlement token, with its name.
    pub fn quote(&self, atoms: impl Into<i128>) -> String {
        self.tokens(Registry::QUOTE_BANK as u8, atoms)
    }

    /// A size of a market, with its name.
    pub fn size(&self, market: u8, units: impl Into<i128>) -> String {
        match self.base_decimals(market) {
            Some(decimals) => format!("{} {}", grouped(&show(units.into(), decimals as u32)), self.market(market)),
            None => format!("{} units of {}", units.into(), self.market(market)),
        }
    }
}

//! The configuration that an engine has on chain.

use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Bank, Engine, FeedBook, Market, PriceBoard, Registry, Venue};

use super::{BankConfig, Config, EngineConfig, MarketConfig, PauseBit, PriceConfig, VenueConfig};

/// What an engine's accounts say. Names of prices and banks, which are not on chain, are taken from `names` by slot.
pub fn observe(
    engine: &Engine,
    (registry, now): (&Registry, i64),
    (board, feeds): (&PriceBoard, &FeedBook),
    banks: &[Bank],
    markets: &[Market],
    venues: &[Venue],
    names: &Config,
) -> Config {
    let price_name = |slot: usize| names.prices.get(slot).map_or_else(|| format!("price {slot}"), |p| p.name.clone());
    let bank_name = |slot: usize| names.banks.get(slot).map_or_else(|| format!("bank {slot}"), |b| b.name.clone());
    let listed = board.slots.iter().zip(&feeds.feeds).take(board.count as usize).enumerate();
    Config {
        engine: EngineConfig {
            id: engine.id,
            test_cluster: engine.test_cluster == 1,
            creator: Some(engine.creator.into()),
            authority: Some(engine.authority.into()),
            risk_authority: Some(engine.risk_authority.into()),
            guardian: Some(engine.guardian.into()),
            fee_collector: Some(engine.fee_collector.into()),
            launch: registry.launched == 1,
            pause: Some(PauseBit::of_bits(registry.paused_at(UnixSecs::new(now)))),
        },
        params: *registry.params(),
        prices: listed
            .filter_map(|(slot, (price, feed))| PriceConfig::observed(price_name(slot), price, feed))
            .collect(),
        banks: banks
            .iter()
            .zip(&registry.banks)
            .enumerate()
            .map(|(index, (bank, slot))| BankConfig::observed(bank_name(index), bank, slot))
            .collect(),
        markets: markets.iter().zip(&registry.markets).map(|(m, slot)| MarketConfig::observed(m, slot)).collect(),
        venues: venues.iter().map(VenueConfig::observed).collect(),
    }
}

//! Whether the chain is what the file says.

use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::chain::Chain;
use crate::config::{differences, Config, Difference};
use crate::error::Result;
use crate::session::Session;
use crate::steps::managed;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The engine.
    pub engine: String,
    /// Every value that differs.
    pub differences: Vec<Difference>,
    /// Prices that nothing may add risk on yet, and why.
    pub not_ready: Vec<String>,
}

impl Verified {
    /// Nothing differs.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Reads the chain again and compares every value; what is on chain and not in the file differs too. `creator` is the engine's where the file names none.
///
/// # Errors
/// `Rpc`; `Config` where an address cannot be derived.
pub async fn verify(session: &Session, config: &Config, creator: &Pubkey) -> Result<Verified> {
    let resolved = config.resolve(creator)?;
    let chain = Chain::read_all(&session.connection, &resolved).await?;
    let engine = chain.keys.engine;
    let Some(on_chain) = chain.config(&resolved.config) else {
        let what = if chain.engine.is_some() { "an engine that is only partly created" } else { "no engine" };
        let missing = Difference {
            path: format!("engine {engine}"),
            on_chain: Some(what.into()),
            in_file: Some("a complete engine".into()),
        };
        return Ok(Verified { engine: engine.to_string(), differences: vec![missing], not_ready: Vec::new() });
    };
    let differences = differences(&managed(&resolved.config, &on_chain), &on_chain)?;
    Ok(Verified { engine: engine.to_string(), differences, not_ready: not_ready(&chain, config) })
}

fn not_ready(chain: &Chain, config: &Config) -> Vec<String> {
    let Some(board) = chain.board.complete() else { return Vec::new() };
    let listed = board.slots.iter().take(board.count as usize).enumerate();
    listed
        .filter_map(|(index, slot)| {
            let name = config.prices.get(index).map_or("price", |price| price.name.as_str());
            let seen_secs = slot.published_at.saturating_sub(slot.first_published_at);
            let needed_secs = 2 * i64::from(slot.terms.slow_secs.max(slot.terms.fast_secs));
            let (updates, age_secs) = (slot.update_count, chain.now.saturating_sub(slot.published_at));
            if updates == 0 {
                return Some(format!("price[{index}] {name}: no update yet"));
            }
            (!slot.is_ready()).then(|| {
                format!(
                    "price[{index}] {name}: {} of 5 updates over {seen_secs} of {needed_secs} s, the last \
                     {age_secs} s ago",
                    updates.min(5)
                )
            })
        })
        .collect()
}

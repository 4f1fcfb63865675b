//! An engine on a cluster, over RPC: what [`world`](crate::world) is on an in-process chain.
//!
//! Needs the engine's program and `mock-oracle` on the cluster, and an authority with lamports, who pays for everything;
//! a replay's liquidators pay for their own transactions with lamports that the authority lends them.
//! Everybody else's key is derived from the authority's, so whoever holds that one can get every lamport back.
//!
//! | file | what |
//! |---|---|
//! | `send.rs`, `orders.rs` | transactions that differ from each other and are tried again where that may help; single instructions, measured |
//! | `tally.rs` | what is counted on the way |
//! | `setup.rs` | engine, prices, banks, markets |
//! | `token.rs` | mints and token accounts, by the token program's own instructions |
//! | `party.rs` | margin accounts, deposits, debts, fills |
//! | `poster.rs` | prices posted through `mock-oracle`, now and in the background |
//! | `reading.rs` | the whole engine read at once, and whether its books are in order |
//! | `replay.rs` | `replay --rpc`: a recorded crash in real time |
//! | `preflight.rs`, `opening.rs` | whether the cluster has what it takes; everybody's accounts before the crash |
//! | `play.rs`, `turn.rs`, `pace.rs` | the loop, what is decided at each look, which price is due |
//! | `desk.rs`, `upkeep.rs` | liquidators and what somebody must do besides, as tasks of their own |
//! | `finish.rs`, `stop.rs` | the result; a request to stop |

mod desk;
mod finish;
mod opening;
mod orders;
mod pace;
mod party;
mod play;
mod poster;
mod preflight;
mod reading;
mod replay;
mod send;
mod setup;
mod stop;
mod tally;
mod token;
mod turn;
mod upkeep;

use std::sync::Arc;

use plimsoll_rpc::Connection;
use plimsoll_sdk::pda::EngineKeys;
use sha2::{Digest, Sha256};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::world::Mint;

pub use pace::Pace;
pub use party::Party;
pub use poster::Poster;
pub use reading::{FullReading, Reading};
pub use replay::{replay, LiveConfig};
pub use send::{Failed, Tried};
pub use setup::Averages;
pub use stop::Stop;

use tally::Tally;

/// An engine on a cluster and who may configure it. Clones share the connection.
#[derive(Clone)]
pub struct Live {
    /// The node.
    pub connection: Connection,
    /// The engine.
    pub keys: EngineKeys,
    /// Mint of each listed bank, by slot.
    pub mints: Vec<Mint>,
    /// Oracle account of each listed price, by slot.
    pub feeds: Vec<Pubkey>,
    authority: Arc<Keypair>,
    tally: Arc<Tally>,
}

impl Live {
    /// The engine of this number that `authority` has created or will create. Nothing is sent.
    pub fn new(connection: Connection, authority: Keypair, id: u16) -> Self {
        let keys = EngineKeys::created_by(&authority.pubkey(), id);
        Self {
            connection,
            keys,
            mints: Vec::new(),
            feeds: Vec::new(),
            authority: Arc::new(authority),
            tally: Arc::default(),
        }
    }

    /// The engine's creator and authority, who pays for everything.
    pub fn authority(&self) -> Pubkey {
        self.authority.pubkey()
    }

    /// The key that a name stands for in this engine.
    pub fn key(&self, name: &str) -> Keypair {
        let parts = [self.authority.secret_bytes().as_slice(), self.keys.engine.as_ref(), name.as_bytes()];
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        Keypair::new_from_array(hash.finalize().into())
    }

    /// Transactions signed so far, those that were tried again counted as often.
    pub fn sent(&self) -> u64 {
        self.tally.signed()
    }
}

//! What the stream tells the tracker.

use solana_pubkey::Pubkey;

/// Updates of the cluster.
#[derive(Clone, Debug)]
pub enum Update {
    /// An account of the engine's program, or one that was; empty data where it was closed.
    Account {
        /// Its address.
        key: Pubkey,
        /// The slot.
        slot: u64,
        /// Its data, discriminator included.
        data: Vec<u8>,
    },
    /// Every margin account of the engine as of a slot.
    Snapshot {
        /// The slot, or one before it.
        slot: u64,
        /// Addresses and data.
        accounts: Vec<(Pubkey, Vec<u8>)>,
    },
    /// A snapshot in parts begins; one that was not ended counts for nothing.
    SnapshotBegins,
    /// Some margin accounts as of a slot, each a reading like any other; empty data where nothing is.
    SnapshotPart {
        /// The slot, or one before it.
        slot: u64,
        /// Addresses and data.
        accounts: Vec<(Pubkey, Vec<u8>)>,
    },
    /// Margin accounts that are there and that the node sends in a form that cannot be read: what is known of them stands.
    Unreadable {
        /// Their addresses.
        keys: Vec<Pubkey>,
    },
    /// All margin accounts have been in the parts since the snapshot began.
    SnapshotEnds {
        /// The slot of the oldest list.
        slot: u64,
    },
    /// The cluster's clock.
    Clock {
        /// The slot.
        slot: u64,
        /// Unix seconds.
        unix_secs: i64,
    },
}

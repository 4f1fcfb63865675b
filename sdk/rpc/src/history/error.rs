//! Why the history of events cannot be read on without a gap.

/// What is wrong with a history. Nothing after the last cursor was given out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A text that is no cursor.
    #[error("{0:?} is not a cursor of events")]
    CursorInvalid(String),
    /// The node knows what came before the cursor, and not the transaction that it names.
    #[error("the node knows what came before the cursor, but not the transaction that it names: {0}")]
    CursorUnknown(String),
    /// The node's history ends before it reaches the cursor.
    #[error("the node's history ends before it reaches the cursor {0}")]
    HistoryEnds(String),
    /// The node no longer has the slot that was to be begun with.
    #[error("the node's history begins with slot {first}, after slot {slot}")]
    SlotGone {
        /// What was asked for.
        slot: u64,
        /// The first slot that it has.
        first: u64,
    },
    /// The node does not know the transaction that was to be begun after.
    #[error("the node does not know transaction {0}")]
    SignatureUnknown(String),
    /// The node does not keep inner instructions, in which events are.
    #[error("the node does not keep inner instructions, in which events are: transaction {0}")]
    InnerInstructionsMissing(String),
    /// The node has not come as far as the cursor.
    #[error("the node has not come as far as the cursor {0}")]
    NodeBehind(String),
    /// The node does not know a transaction that it has listed.
    #[error("the node does not know a transaction that it has listed: {0}")]
    PageMissing(String),
    /// The node lists a transaction and does not have it.
    #[error("the node lists transaction {0} and does not have it")]
    TransactionMissing(String),
}

impl HistoryError {
    /// Whether another node of the same address, or the same a little later, may know more.
    pub const fn may_pass(&self) -> bool {
        !matches!(self, Self::CursorInvalid(_) | Self::InnerInstructionsMissing(_))
    }

    /// A short name for counters and logs.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::CursorInvalid(_) => "cursor_invalid",
            Self::CursorUnknown(_) => "cursor_unknown",
            Self::HistoryEnds(_) => "history_ends",
            Self::SlotGone { .. } => "slot_gone",
            Self::SignatureUnknown(_) => "signature_unknown",
            Self::InnerInstructionsMissing(_) => "inner_instructions_missing",
            Self::NodeBehind(_) => "node_behind",
            Self::PageMissing(_) => "page_missing",
            Self::TransactionMissing(_) => "transaction_missing",
        }
    }
}

//! What a node was found not to take; a connection remembers it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use solana_account_decoder_client_types::UiAccountEncoding;

use crate::error::Error;

/// Most addresses that one `getMultipleAccounts` takes.
pub const MOST_AT_ONCE: usize = 100;

/// What a node turned out not to take.
#[derive(Debug)]
pub(crate) struct Limits {
    /// It does not know compressed data.
    plain: AtomicBool,
    /// Addresses in one request.
    pub(crate) at_once: AtomicUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { plain: AtomicBool::new(false), at_once: AtomicUsize::new(MOST_AT_ONCE) }
    }
}

impl Limits {
    /// How account data is asked for.
    pub(crate) fn encoding(&self) -> UiAccountEncoding {
        match self.plain.load(Ordering::Relaxed) {
            true => UiAccountEncoding::Base64,
            false => UiAccountEncoding::Base64Zstd,
        }
    }

    /// Whether a refusal is of the encoding, which then is not asked for again.
    pub(crate) fn is_of_encoding(&self, asked: UiAccountEncoding, error: &Error) -> bool {
        let Error::Node(text) = error else { return false };
        let is_named = ["zstd", "encoding", "variant"].iter().any(|word| text.contains(word));
        let refused = asked == UiAccountEncoding::Base64Zstd && is_named;
        if refused {
            tracing::warn!(%error, "the node does not send compressed accounts");
            self.plain.store(true, Ordering::Relaxed);
        }
        refused
    }
}

//! A request to stop, which a replay follows at the next occasion.

use std::sync::Arc;

use tokio::sync::watch;

/// Asks a replay to stop. Clones ask, and are asked, together.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has asked.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Comes back when somebody has asked.
    pub async fn requested(&self) {
        // The sender lives as long as this value, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_reaches_every_clone() {
        let stop = Stop::default();
        let other = stop.clone();
        assert!(!other.is_requested());
        stop.request();
        other.requested().await;
        assert!(other.is_requested());
    }
}

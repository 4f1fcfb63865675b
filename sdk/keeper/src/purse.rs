//! How many lamports the key has left that pays for everything.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::jobs::Context;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(30);
/// Fewer lamports than this are warned of: some thousand transactions.
const FEW_LAMPORTS: u64 = 10_000_000;

/// Shows what the key has left until `stop` turns true, and warns once whenever it has become little.
pub async fn watch(context: Arc<Context>, mut stop: watch::Receiver<bool>) {
    let mut warned = false;
    loop {
        if let Some(lamports) = look(&context).await {
            let few = lamports < FEW_LAMPORTS;
            if few && !warned {
                let key = context.outbox.payer();
                tracing::warn!(%key, lamports, "the key that pays fees is running out of lamports");
            }
            warned = few;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Reads and shows it; none where the node does not say.
pub async fn look(context: &Context) -> Option<u64> {
    let (_, found) = context.connection.readings(&[context.outbox.payer()]).await.ok()?;
    let lamports = found.into_iter().next()?.account().map_or(0, |account| account.lamports);
    context.metrics.holds(lamports);
    Some(lamports)
}

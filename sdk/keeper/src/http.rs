//! `/metrics` for Prometheus and `/healthz` for whoever restarts what hangs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{header, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::state::Tracker;
use crate::stream::Link;

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What is known.
    pub tracker: Arc<Mutex<Tracker>>,
    /// The stream's state.
    pub link: Arc<Link>,
    /// Unhealthy once nothing was heard for this long.
    pub unhealthy: Duration,
}

impl Pages {
    /// Why the keeper is not healthy; none where it is.
    pub fn problem(&self) -> Option<String> {
        let tracker = self.tracker.lock().unwrap_or_else(PoisonError::into_inner);
        let age = tracker.shared.heard_at.elapsed();
        if age > self.unhealthy {
            return Some(format!("nothing was heard from the cluster for {} s", age.as_secs()));
        }
        (!tracker.has_snapshot).then(|| "the margin accounts have not been read yet".to_owned())
    }
}

/// The pages.
pub fn router(pages: Pages) -> Router {
    Router::new().route("/metrics", get(metrics)).route("/healthz", get(healthz)).with_state(pages)
}

async fn metrics(State(pages): State<Pages>) -> Response {
    {
        let tracker = pages.tracker.lock().unwrap_or_else(PoisonError::into_inner);
        pages.metrics.observe(&tracker, &pages.link);
    }
    match pages.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn healthz(State(pages): State<Pages>) -> Response {
    match pages.problem() {
        None => "ok\n".into_response(),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

/// Serves the pages until `stop` turns true; the address that was bound.
///
/// # Errors
/// Where the address cannot be bound.
pub async fn serve(
    listen: &str,
    pages: Pages,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let stopped = async move {
            let _ = stop.wait_for(|stopped| *stopped).await;
        };
        if let Err(error) = axum::serve(listener, router(pages)).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the HTTP server ended");
        }
    });
    Ok((address, task))
}

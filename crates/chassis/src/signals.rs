//! When to stop: the two signals a service manager or a person sends.

use std::future::Future;
use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Listens from now on for SIGTERM (the service manager wants us to stop) and SIGINT (a person pressed Ctrl-C); the future
/// says which came first. Not an `async fn`: a signal that comes before anybody waits would end the process on the spot.
///
/// # Errors
/// The future resolves to an error when the process may not listen for signals.
pub fn stop() -> impl Future<Output = io::Result<&'static str>> + Send + 'static {
    let heard = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        let (mut terminate, mut interrupt) = heard?;
        Ok(tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        })
    }
}

//! When to stop: the two signals a service manager or a person sends.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM (the service manager wants us to stop) or SIGINT (a person pressed Ctrl-C) and says which.
///
/// # Errors
/// When the process may not listen for signals.
pub async fn stop() -> io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

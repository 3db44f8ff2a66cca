//! When to stop: the two signals a service manager or a person sends; the second one does not wait.

use std::future::Future;
use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

/// What a shell says of a process that SIGTERM has ended.
const ENDED_AT_ONCE: i32 = 128 + 15;

/// Listens from now on for SIGTERM (the service manager wants us to stop) and SIGINT (a person pressed Ctrl-C); the future
/// says which came first. From then on another one ends the process at once, whatever it is doing: everything that was
/// acknowledged is on disk. Not an `async fn`: a signal that comes before anybody waits would end the process on the spot.
///
/// # Errors
/// The future resolves to an error when the process may not listen for signals.
pub fn stop() -> impl Future<Output = io::Result<&'static str>> + Send + 'static {
    let heard = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        let (mut terminate, mut interrupt) = heard?;
        let first = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        end_at_the_next();
        Ok(first)
    }
}

/// On a thread and a runtime of its own: whoever stops may block this one.
fn end_at_the_next() {
    let listen = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            warn!("a second signal: ending at once");
            std::process::exit(ENDED_AT_ONCE)
        })
    };
    let spawned = thread::Builder::new()
        .name("second-signal".to_owned())
        .spawn(move || {
            let heard: io::Result<()> = listen();
            if let Err(error) = heard {
                warn!(%error, "a second signal cannot be heard");
            }
        });
    if let Err(error) = spawned {
        warn!(%error, "a second signal cannot be heard");
    }
}

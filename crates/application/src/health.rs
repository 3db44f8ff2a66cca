//! Why a service cannot do its work, while it cannot: something failed for good, the log waits for its next epoch, the disk
//! is nearly full, or the clock is not believed.

use std::time::Duration;

use eventlog::EventLog;
use tokio::sync::watch;
use vault::Vault;

use crate::clock;

/// How often disk and clock are looked at; what fails is heard of at once.
const EVERY: Duration = Duration::from_secs(1);

/// Tells `unable` why the log, or the vault beside it, takes no writes, whenever that changes, for as long as it is run.
pub async fn keep_looking(
    log: EventLog,
    vault: Option<Vault>,
    unable: watch::Sender<Option<String>>,
) {
    let mut head = log.watch();
    let mut open = true;
    loop {
        let reason = reason(&log).or_else(|| vault.as_ref().and_then(lost));
        unable.send_if_modified(|said| {
            let new = *said != reason;
            if new {
                *said = reason;
            }
            new
        });
        let ended = async {
            // The writer's side of the channel goes when nothing more will come.
            while open && head.changed().await.is_ok() {}
            if !open {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = ended => open = false,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Why the vault takes nothing any more.
fn lost(vault: &Vault) -> Option<String> {
    let reason = vault.failed()?;
    Some(format!("the vault takes nothing any more: {reason}"))
}

/// Why the log takes no writes now; that it was closed in order is no such reason.
fn reason(log: &EventLog) -> Option<String> {
    if let Some(reason) = log.failed() {
        return Some(format!("the log takes no more writes: {reason}"));
    }
    if let Some(jump) = log.clock_jump() {
        return Some(clock::told(&jump));
    }
    if let Some(awaits) = log.awaits() {
        return Some(format!(
            "the log takes no writes until its next epoch is open: {awaits}"
        ));
    }
    let room = log.room();
    room.nearly_full().then(|| {
        format!(
            "the disk is nearly full: {} bytes are free, {} must stay so; writes are refused, reads are answered",
            room.free, room.min
        )
    })
}

//! Waiting for a position of one's own log or of any log that was taken in: how a caller reads its own write.

use std::time::Duration;

use eventlog::{EventLog, LogId, Position};
use thiserror::Error;

/// The position has not come here in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("position {wanted} of log {log} has not come here yet; {here} has")]
pub struct NotYetHere {
    /// The log.
    pub log: LogId,
    /// What was waited for.
    pub wanted: Position,
    /// What is here.
    pub here: Position,
}

/// How much of a log is here: of one's own, or of one whose records were taken in.
pub fn here(log: &EventLog, of: LogId) -> Position {
    let head = log.head();
    if head.log == of {
        head.position
    } else {
        log.watermark(of).map_or(0, |watermark| watermark.position)
    }
}

/// Waits until a position is here.
///
/// # Errors
/// When it has not come within `patience`.
pub async fn reach(
    log: &EventLog,
    of: LogId,
    position: Position,
    patience: Duration,
) -> Result<(), NotYetHere> {
    let mut head = log.watch();
    let reached = async {
        loop {
            // Seen before it is compared, so that a change in between wakes us.
            head.borrow_and_update();
            if here(log, of) >= position {
                return true;
            }
            if head.changed().await.is_err() {
                return false;
            }
        }
    };
    let reached = tokio::time::timeout(patience, reached)
        .await
        .unwrap_or(false);
    if reached {
        Ok(())
    } else {
        Err(NotYetHere {
            log: of,
            wanted: position,
            here: here(log, of),
        })
    }
}

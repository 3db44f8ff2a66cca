//! The feed inside one process: straight from the other log's handle, no NATS to install.

use std::time::Duration;

use eventlog::{EventLog, Head, Position, Record};

use crate::feed::{Feed, FeedError};

/// The longest a follower goes without looking again, as the port promises.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Follows a log of the same process.
#[derive(Clone, Debug)]
pub struct Embedded {
    origin: EventLog,
}

impl Embedded {
    /// A feed of this log.
    pub fn new(origin: EventLog) -> Self {
        Self { origin }
    }
}

impl Feed for Embedded {
    async fn head(&self) -> Result<Head, FeedError> {
        Ok(self.origin.head())
    }

    async fn records_after(&self, after: Position, max: usize) -> Result<Vec<Record>, FeedError> {
        self.origin
            .read_after(after, max)
            .map_err(|error| FeedError::Unreadable {
                log: self.origin.head().log,
                reason: error.to_string(),
            })
    }

    async fn newer_than(&self, after: Position) -> Result<(), FeedError> {
        let mut head = self.origin.watch();
        let newer = async {
            while head.borrow_and_update().position <= after {
                if head.changed().await.is_err() {
                    return Err(FeedError::Away("its log was closed".to_owned()));
                }
            }
            Ok(())
        };
        tokio::time::timeout(LOOK_AGAIN, newer)
            .await
            .unwrap_or(Ok(()))
    }
}

//! The feed inside one process: straight from the other log's handle, no NATS to install.

use std::time::Duration;

use eventlog::{EventLog, LogId, Position, Record};

use crate::feed::{Feed, FeedError, Newest, News};
use crate::witness::{Holding, Seen, Witness};

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

    /// Returns when the log is not at `have` any more, or after a second.
    async fn moved_from(&self, have: Position) -> Result<(), FeedError> {
        let mut head = self.origin.watch();
        let moved = head.wait_for(|head| head.position != have);
        match tokio::time::timeout(LOOK_AGAIN, moved).await {
            Ok(Err(_)) => Err(FeedError::Away {
                log: self.log(),
                reason: "it was closed".to_owned(),
            }),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }
}

impl Feed for Embedded {
    fn log(&self) -> LogId {
        self.origin.head().log
    }

    async fn after(&self, have: Position, max: usize) -> Result<News, FeedError> {
        self.moved_from(have).await?;
        // The head first: whatever is read afterwards reaches at least so far.
        let head = self.origin.head();
        let unreadable = |reason| FeedError::Unreadable {
            log: head.log,
            reason,
        };
        let mut records = Vec::new();
        if head.position > have {
            records = self
                .origin
                .read_after(have, max)
                .map_err(|error| unreadable(error.to_string()))?;
            if records.is_empty() {
                let end = head.position;
                return Err(unreadable(format!(
                    "it ends at {end}, but nothing is read after {have}"
                )));
            }
        }
        Ok(News {
            records,
            newest: Newest {
                position: head.position,
                hash: Some(head.hash),
                recorded_at: Some(head.recorded_at),
            },
            waiting: None,
        })
    }
}

/// A follower in the same process, asked for what it has seen.
#[derive(Debug)]
pub struct EmbeddedWitness {
    name: String,
    holding: Holding,
}

impl EmbeddedWitness {
    /// The follower of this name, which keeps `log`.
    pub fn new(name: &str, log: EventLog) -> Self {
        Self {
            name: name.to_owned(),
            holding: Holding::new(log),
        }
    }
}

impl Witness for EmbeddedWitness {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_follower(&self) -> bool {
        true
    }

    async fn seen(&self, log: LogId) -> Result<Option<Seen>, FeedError> {
        Ok(self.holding.seen(log))
    }

    async fn records_after(
        &self,
        log: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, FeedError> {
        let records = self.holding.records_after(log, after, max);
        records.map_err(|error| FeedError::Unreadable {
            log,
            reason: error.to_string(),
        })
    }
}

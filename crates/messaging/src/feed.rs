//! The feed port: what a consumer may ask the origin of records.

use std::future::Future;

use eventlog::{ChainHash, LogId, Position, Record};
use thiserror::Error;
use tokio::sync::mpsc;

/// One origin's log, as its followers see it. Everything a follower needs; nothing else travels.
pub trait Feed: Send + Sync + 'static {
    /// The log that is followed.
    fn log(&self) -> LogId;

    /// What comes after a position, in order and gapless, at most `max` records. Waits when there is nothing, and gives
    /// nothing after a second at the latest. A log that ends before `have` is told at once.
    fn after(
        &self,
        have: Position,
        max: usize,
    ) -> impl Future<Output = Result<News, FeedError>> + Send;

    /// The follower has everything up to this position on its own disk: the feed need not give it again.
    fn taken(&self, _up_to: Position) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// What it gave last does not follow what the follower has. The stream may still bring what its origin has lost and given
    /// up: only the origin itself can say that there are two histories, and is asked for what comes next.
    fn distrust(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// What it has met besides what it gave.
    fn met(&self) -> Met {
        Met::default()
    }
}

/// What a feed has met since it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Met {
    /// Messages that were no records, or of another log: dropped.
    pub foreign: u64,
    /// Records that were here already: dropped.
    pub duplicates: u64,
    /// Records that the stream did not bring, fetched from the origin.
    pub repaired: u64,
}

/// The feeds of all origins that are to be followed; more may be found later.
#[derive(Debug)]
pub struct Feeds<F>(mpsc::Receiver<F>);

impl<F> Feeds<F> {
    /// These and no others.
    pub fn fixed(feeds: Vec<F>) -> Self {
        let (found, receiver) = mpsc::channel(feeds.len().max(1));
        for feed in feeds {
            // There is room for all of them.
            let _ = found.try_send(feed);
        }
        Self(receiver)
    }

    /// As they are found.
    pub fn found(receiver: mpsc::Receiver<F>) -> Self {
        Self(receiver)
    }

    /// The next one; none when there will be no more.
    pub async fn next(&mut self) -> Option<F> {
        self.0.recv().await
    }
}

/// What a feed gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// The records after the position that was asked for.
    pub records: Vec<Record>,
    /// The newest that is known to be at the origin.
    pub newest: Newest,
    /// Why there may be more than is known, when the origin does not answer.
    pub waiting: Option<String>,
}

/// The end of an origin's log, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Newest {
    /// The position.
    pub position: Position,
    /// The chain hash there, when the origin itself said so.
    pub hash: Option<ChainHash>,
    /// When that record was written there, microseconds since 1970, when it is known.
    pub recorded_at: Option<i64>,
}

/// The origin could not be asked.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The origin is not there now; asking again later may help.
    #[error("log {log}: the origin is away: {reason}")]
    Away {
        /// The origin's log.
        log: LogId,
        /// What was tried, and what came of it.
        reason: String,
    },
    /// The origin cannot read its own log.
    #[error("log {log} cannot be read at the origin: {reason}")]
    Unreadable {
        /// The origin's log.
        log: LogId,
        /// What the origin said.
        reason: String,
    },
}

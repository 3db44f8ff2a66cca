//! The feed port: what a consumer may ask the origin of records.

use std::future::Future;

use eventlog::{Head, LogId, Position, Record};
use thiserror::Error;

/// An origin that can be asked for its records. Everything a follower needs; nothing else travels.
pub trait Feed: Send + Sync + 'static {
    /// The newest synced record of the origin.
    fn head(&self) -> impl Future<Output = Result<Head, FeedError>> + Send;

    /// Up to `max` records after a position, in order and gapless; fewer, or none, at the end.
    fn records_after(
        &self,
        after: Position,
        max: usize,
    ) -> impl Future<Output = Result<Vec<Record>, FeedError>> + Send;

    /// Returns when there may be something after this position; it may return early, never late by more than a second.
    fn newer_than(&self, after: Position) -> impl Future<Output = Result<(), FeedError>> + Send;
}

/// The origin could not be asked.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The origin is not there now; asking again later may help.
    #[error("the origin is away: {0}")]
    Away(String),
    /// The origin cannot read its own log.
    #[error("log {log} cannot be read at the origin: {reason}")]
    Unreadable {
        /// The origin's log.
        log: LogId,
        /// What the origin said.
        reason: String,
    },
}

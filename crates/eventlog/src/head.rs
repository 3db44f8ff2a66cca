//! How far a log has come, and how far it has followed others.

use crate::record::{ChainHash, LogId, Position};

/// The newest synced record of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The log.
    pub log: LogId,
    /// Its epoch.
    pub epoch: u32,
    /// The newest synced position; 0 when the log is empty.
    pub position: Position,
    /// The chain hash there.
    pub hash: ChainHash,
    /// When that record was written, microseconds since 1970; 0 when the log is empty.
    pub recorded_at: i64,
}

/// The last record taken from an origin's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watermark {
    /// The origin's epoch at that record.
    pub epoch: u32,
    /// Its position in the origin's log.
    pub position: Position,
    /// The origin's chain hash there, recomputed here.
    pub hash: ChainHash,
}

/// The room on the disk that holds a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Bytes free.
    pub free: u64,
    /// Bytes that must stay free: with less, writes are refused.
    pub min: u64,
}

impl Room {
    /// Are writes refused for want of room?
    pub fn nearly_full(&self) -> bool {
        self.free < self.min
    }
}

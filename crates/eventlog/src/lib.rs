//! The append-only log: what was acknowledged is on disk, gapless, chained and readable for ever.

pub mod chain;
mod error;
pub mod format;
mod head;
mod record;

pub use error::{AppendError, DecodeError, ImportError, OpenError, ReadError, RecordFault};
pub use head::{Head, Watermark};
pub use record::{
    ChainHash, Key, LogId, NewRecord, Place, Position, Record, Request, Revision, StreamId,
};

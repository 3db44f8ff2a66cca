//! The append-only log: what was acknowledged is on disk, gapless, chained and readable for ever.

mod record;

pub use record::{
    ChainHash, Key, LogId, NewRecord, Place, Position, Record, Request, Revision, StreamId,
};

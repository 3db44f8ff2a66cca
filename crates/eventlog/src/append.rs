//! What callers hand to the log and what they get back.

use crate::record::{NewRecord, Record, Request, Revision, StreamId};

/// What a caller knows about the stream it appends to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// The stream is at this revision (0: it is empty), or nothing is written.
    Exactly(Revision),
    /// Whatever it is at.
    Any,
}

/// Events of one stream that are written together or not at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// Where the stream must be.
    pub expected: Expected,
    /// Who asked; a repeat of the same request gets the first answer.
    pub request: Option<Request>,
    /// The events, in order.
    pub events: Vec<NewRecord>,
}

/// The answer to an append: on disk before it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// The records written, or those of the first answer to the same request.
    pub records: Vec<Record>,
    /// Is this the first answer again?
    pub replayed: bool,
}

/// The answer to an import or a replication: on disk before it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Records taken.
    pub taken: u64,
    /// Records dropped because they were here already.
    pub duplicates: u64,
}

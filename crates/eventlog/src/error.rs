//! What can go wrong, per operation: every error says what, where, and with which file or position.

use std::io;
use std::path::PathBuf;

use crate::guard::ClockJump;
use crate::record::{Key, LogId, Position, Revision, StreamId};

/// Bytes that are not what the log writes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("{what} is cut short: {need} bytes needed at byte {at}, {left} there")]
    CutShort {
        /// The field.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// How many bytes it takes.
        need: usize,
        /// How many there are.
        left: usize,
    },
    /// Bytes after the end.
    #[error("{left} bytes too many after the {what}, from byte {at}")]
    Trailing {
        /// What ended.
        what: &'static str,
        /// Where it ended.
        at: usize,
        /// How many bytes follow.
        left: usize,
    },
    /// A field has a value it cannot have.
    #[error("{what} at byte {at}: {why}")]
    Value {
        /// The field.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Written by a newer program.
    #[error("{what} has format version {found}; this program knows {known}")]
    Version {
        /// What was read.
        what: &'static str,
        /// Its version.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// The bytes are not those that were written.
    #[error("checksum of the {what}: {stored:08x} was written, {computed:08x} computed")]
    Checksum {
        /// What was read.
        what: &'static str,
        /// The checksum written.
        stored: u32,
        /// The checksum of what is there.
        computed: u32,
    },
    /// The payload cannot be decompressed.
    #[error("the payload cannot be decompressed: {0}")]
    Decompress(String),
    /// A record is not where it says it is.
    #[error("a record of position {found} stands where {want} belongs")]
    Position {
        /// The position that belongs there.
        want: Position,
        /// The position found.
        found: Position,
    },
    /// The chain hash does not follow from the records.
    #[error("the chain hash at position {last} does not follow from the records before it")]
    Chain {
        /// The position of the hash.
        last: Position,
    },
}

/// A record that the envelope cannot hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecordFault {
    /// The event's name.
    #[error("the kind is 1 to 64 bytes of ASCII")]
    Kind,
    /// The actor.
    #[error("the actor is at most 128 bytes")]
    Actor,
    /// The organisation.
    #[error("the organisation is at most 64 bytes")]
    Organisation,
    /// The keys.
    #[error("a record has at most 32 keys")]
    Keys,
    /// The data.
    #[error("the data is too long")]
    Data,
}

/// The log did not open. Nothing was served; nothing acknowledged was removed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another handle here, has it open.
    #[error("{folder} is in use by another process")]
    Locked {
        /// The log's folder.
        folder: PathBuf,
    },
    /// The system refused.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The folder holds a log's files but no manifest.
    #[error("{folder} holds segments but no manifest: restore the manifest or start from a backup")]
    NoManifest {
        /// The log's folder.
        folder: PathBuf,
    },
    /// The manifest is unreadable.
    #[error("manifest {path}: {why}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file or folder is not what the manifest says.
    #[error("{path}: {why}")]
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// The folder was made in the other role.
    #[error("{folder} was made as {found}, not as {wanted}")]
    Role {
        /// The log's folder.
        folder: PathBuf,
        /// The role in the manifest.
        found: &'static str,
        /// The role in the settings.
        wanted: &'static str,
    },
    /// The times of its records were set by hand; nothing real may follow them.
    #[error(
        "the clock of {folder} was set by hand: it holds a rehearsal and is never served with the machine's clock"
    )]
    ClockByHand {
        /// The log's folder.
        folder: PathBuf,
    },
    /// The times of its records are the machine's; none that is set by hand may follow them.
    #[error("{folder} was written by the machine's clock: it never takes one that is set by hand")]
    ClockOfMachine {
        /// The log's folder.
        folder: PathBuf,
    },
}

/// An append was refused; nothing of it is in the log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the revision expected.
    #[error("the stream is at revision {actual}, not {expected}")]
    Conflict {
        /// What the caller expected.
        expected: Revision,
        /// What it is.
        actual: Revision,
    },
    /// One of the keys is another record's.
    #[error("the key is taken by the record at position {position}")]
    KeyTaken {
        /// The key.
        key: Key,
        /// Whose it is.
        position: Position,
    },
    /// The request id was used for another wish.
    #[error("the request id was used with another body, answered at position {position}")]
    RequestReused {
        /// The first record of the first answer.
        position: Position,
    },
    /// More bytes than a record or an append may have.
    #[error("{bytes} bytes, at most {max} allowed")]
    TooLarge {
        /// Bytes of the record or of the whole append.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// A record that the envelope cannot hold.
    #[error(transparent)]
    Fault(#[from] RecordFault),
    /// What was to ride along with it was not kept; nothing was appended.
    #[error("what came with it could not be kept along with it")]
    NotTaken,
    /// Too much is waiting; try again.
    #[error("too many appends are waiting")]
    Busy,
    /// The disk is nearly full; reads go on.
    #[error("the disk is nearly full: {free} bytes free, {min} kept back")]
    DiskNearlyFull {
        /// Bytes free.
        free: u64,
        /// Bytes kept back.
        min: u64,
    },
    /// The clock leapt ahead and nobody has confirmed it; reads go on.
    #[error("{0}; nothing is written until it comes back or is confirmed")]
    ClockJumped(ClockJump),
    /// Others may have seen more of the log than it holds: it takes no writes until its next epoch is open.
    #[error("the log takes no writes until its next epoch is open")]
    AwaitsEpoch,
    /// What is in the log could not be read to decide this.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log is closed, for good when a flush or sync has failed. The append may or may not
    /// be there after the next open; ask again with the same request.
    #[error("the log is closed: {0}")]
    Closed(String),
}

/// An import was refused; nothing of the batch that failed is in the log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
    /// Records before these are missing: fetch them from the origin.
    #[error("log {log}: position {got} came, but {have} is the last one here")]
    Gap {
        /// The origin's log.
        log: LogId,
        /// The last position here.
        have: Position,
        /// The position that came.
        got: Position,
    },
    /// Two histories of the same thing: this feed must stop.
    #[error("fork: log {log} position {position} (stream {stream}, revision {revision}): {why}")]
    Fork {
        /// The log of the record that does not fit.
        log: LogId,
        /// Its position there.
        position: Position,
        /// Its stream.
        stream: StreamId,
        /// Its revision.
        revision: Revision,
        /// What it contradicts.
        why: &'static str,
    },
    /// The record cannot be taken from here: it was itself imported, or is this log's own.
    #[error("log {log} position {position}: {why}")]
    NotAnOrigin {
        /// The record's log.
        log: LogId,
        /// Its position there.
        position: Position,
        /// Why not.
        why: &'static str,
    },
    /// A record that the envelope cannot hold.
    #[error(transparent)]
    Fault(#[from] RecordFault),
    /// More bytes than a block can hold.
    #[error("a record of {bytes} bytes, at most {max} allowed")]
    TooLarge {
        /// Bytes of the record.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// The log has the other role: origins import, replicas replicate.
    #[error("the log's role is {role}")]
    Role {
        /// The role it has.
        role: &'static str,
    },
    /// Too much is waiting; try again.
    #[error("too many writes are waiting")]
    Busy,
    /// The disk is nearly full; reads go on.
    #[error("the disk is nearly full: {free} bytes free, {min} kept back")]
    DiskNearlyFull {
        /// Bytes free.
        free: u64,
        /// Bytes kept back.
        min: u64,
    },
    /// The clock leapt ahead and nobody has confirmed it; reads go on.
    #[error("{0}; nothing is written until it comes back or is confirmed")]
    ClockJumped(ClockJump),
    /// Others may have seen more of this log than it holds: it takes nothing in until its next epoch is open.
    #[error("the log takes nothing in until its next epoch is open")]
    AwaitsEpoch,
    /// What is in the log could not be read to decide this.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log is closed, for good when a flush or sync has failed.
    #[error("the log is closed: {0}")]
    Closed(String),
}

/// The next epoch was not opened, or it was not noted that one is needed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EpochError {
    /// The log takes writes.
    #[error("the log waits for no epoch")]
    NotAwaited,
    /// The clock leapt ahead and nobody has confirmed it.
    #[error("{0}; nothing is written until it comes back or is confirmed")]
    ClockJumped(ClockJump),
    /// The record that opens it would not fit.
    #[error("the record that opens the epoch takes {bytes} bytes, at most {max} allowed")]
    TooLarge {
        /// Bytes of the record.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// The record that opens it cannot be held by the envelope.
    #[error(transparent)]
    Fault(#[from] RecordFault),
    /// What is in the log could not be read to decide this.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Too much is waiting; try again.
    #[error("too many writes are waiting")]
    Busy,
    /// The log is closed, for good when a write has failed. The epoch may be open after the next start.
    #[error("the log is closed: {0}")]
    Closed(String),
}

/// A record could not be read back. What is returned is never wrong data.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// The live segment or a sealed file is damaged there.
    #[error("{file}: at position {position}: {why}")]
    Damaged {
        /// The file or folder.
        file: String,
        /// The position wanted.
        position: Position,
        /// What is wrong.
        why: String,
    },
    /// The system refused.
    #[error("{file}: {why}")]
    Io {
        /// The file or folder.
        file: String,
        /// The system's answer.
        why: String,
    },
    /// The log was closed here.
    #[error("the log is closed")]
    Closed,
}

//! The append-only log: what was acknowledged is on disk, gapless, chained and readable for ever.

mod append;
pub mod chain;
mod copies;
mod durable;
pub mod epoch;
mod error;
mod follow;
pub mod format;
mod guard;
mod head;
mod heart;
mod index;
mod journal;
mod live;
mod load;
mod locks;
mod log;
mod manifest;
mod marker;
mod open;
mod packing;
mod queue;
mod reader;
mod record;
mod recover;
mod rider;
pub mod sealed;
mod sealing;
mod segment;
mod settings;
mod shared;
mod stage;
mod standing;
mod submit;
mod threads;
pub mod transfer;
pub mod verify;
mod writer;

pub use append::{Append, Appended, Expected, Imported};
pub use epoch::Awaits;
pub use error::{
    AppendError, DecodeError, EpochError, ImportError, OpenError, ReadError, RecordFault,
};
pub use guard::{ClockJump, ClockRule};
pub use head::{Head, Room, Watermark};
pub use load::Load;
pub use log::EventLog;
pub use reader::{LogBlocks, Scan};
pub use record::{
    ChainHash, Key, LogId, NewRecord, Place, Position, Record, Request, Revision, StreamId,
};
pub use rider::{Keeper, Keeping, Rider, Taken};
pub use settings::{Faults, Role, SEGMENT_BYTES_MAX, Settings};
pub use standing::{Break, Standing};
pub use submit::Ticket;

//! How one log follows another: the feed port, its embedded form, and the follower that imports.
//!
//! * [`feed`]: what a consumer may ask an origin: its head, and the records after a position
//! * [`embedded`]: the feed inside one process, straight from the other log's handle
//! * [`follow`]: takes what is new into one's own log, drops duplicates, repairs gaps, never stops at a bad record
//!
//! The consumer drives: it keeps, in the same write as what it imports, how far it has read each origin.
//! Nothing here knows dossiers; records pass verbatim.

pub mod embedded;
pub mod feed;
pub mod follow;

pub use embedded::Embedded;
pub use feed::{Feed, FeedError};
pub use follow::{Follower, Mode, Progress};

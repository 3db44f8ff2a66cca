//! How one log follows another: the feed port, its two forms, and the follower that imports.
//!
//! * [`feed`]: what a follower needs of an origin: the records after a position, and where its log ends
//! * [`embedded`]: the feed inside one process, straight from the other log's handle
//! * [`nats`]: the feed between processes, over NATS JetStream, repaired from the origin
//! * [`witness`]: what followers have seen of an origin's log; [`heal`]: an origin that has lost something takes it back
//! * [`errands`]: what an origin's vault is asked: an entry, or an erasure
//! * [`follow`]: takes what is new into one's own log, drops duplicates, never stops at a bad record
//! * [`incoming`], [`outgoing`]: what feed and relay decide, as plain steps that a simulation drives too
//! * [`held`]: what a follower has, told to its origin
//!
//! The consumer drives: it keeps, in the same write as what it imports, how far it has read each origin.
//! Nothing here knows dossiers; records pass verbatim.

pub mod embedded;
pub mod errands;
pub mod feed;
pub mod follow;
pub mod heal;
pub mod held;
pub mod incoming;
pub mod nats;
pub mod outgoing;
mod patience;
pub mod witness;

pub use embedded::{Embedded, EmbeddedWitness};
pub use errands::{Answering, EmbeddedErrands, ErrandError, Errands};
pub use feed::{Feed, FeedError, Feeds, Met, Newest, News};
pub use follow::{Followed, Follower, Mode, Progress};
pub use heal::{AcceptedLoss, Healer};
pub use nats::relay::Relayed;
pub use nats::{Nats, NatsErrands, NatsFeed, NatsWitness};
pub use witness::Witness;

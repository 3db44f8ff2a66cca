//! Commands meet the log: load, decide, append; and events meet their bytes.
//!
//! * [`ack`]: when a write counts as acknowledged; [`clock`]: how far the machine's clock is believed
//! * [`desk`]: where wishes meet the log, with the first answer remembered for ever; `carrying`: the one way they become events
//! * [`calendar`]: calendars published while running
//! * [`backup`]: what a service gives to whoever keeps a copy of it
//! * [`codec`]: event ↔ record, and [`upcast`]: old shapes read as the present one
//! * [`codes`]: the counters behind dossier codes, derived from the accepted records
//! * [`duplicates`]: two histories of one dossier, and which one stands
//! * [`erasures`]: whose data is erased, by whom it is written down, and how it stays so after a vault was restored
//! * [`errands`]: what processing asks of an intake node: entries, erasures, what was put right ([`put_right`]), and decisions about
//!   what was brought elsewhere; and what calendar it is told
//! * [`filings`]: what was brought for dossiers, held until it is decided; [`follow_up`]: what is decided by itself, once
//! * [`health`]: why a service cannot write, while it cannot
//! * [`identities`]: which dossiers name an identity number; [`look_ups`]: who asked that, and was answered
//! * [`keys`]: the names under which a dossier can be found again
//! * [`loading`]: dossiers as the log has them, one or many
//! * [`orphans`]: vault entries that no event names are destroyed
//! * [`parked`]: dossiers that are not understood until this program is upgraded
//! * [`personal`]: what belongs in the vault and never in an event
//! * [`post`]: what the public post brings: journals, minutes, receipts, and who has which papers
//! * [`position`]: waiting for what a caller wrote elsewhere
//! * [`projection`]: a reader of the log that keeps a list in memory and says how far it is
//! * `rehearsal`: asking the rules without doing anything
//! * [`riding`]: the vault keeps what rides along with the log's appends
//! * [`snapshot`]: such a list laid down beside the log, for the next start
//! * [`status`]: what a service tells about itself

pub mod ack;
pub mod backup;
pub mod calendar;
mod carrying;
pub mod clock;
pub mod codec;
pub mod codes;
pub mod desk;
pub mod duplicates;
pub mod erasures;
pub mod errands;
mod error;
pub mod filings;
pub mod follow_up;
pub mod health;
pub mod identities;
pub mod keys;
pub mod loading;
pub mod look_ups;
pub mod losses;
pub mod orphans;
pub mod parked;
pub mod personal;
pub mod position;
pub mod post;
pub mod projection;
pub mod put_right;
mod rehearsal;
pub mod riding;
pub mod snapshot;
pub mod status;
#[cfg(test)]
mod testing;
pub mod upcast;

/// The log's words, for those above who may not name the log itself.
pub mod log {
    pub use eventlog::{ChainHash, Head, LogId, Position, Record, Request, Revision, StreamId};
}

pub use desk::{Answer, Desk, Wish, Writer};
pub use error::HandleError;

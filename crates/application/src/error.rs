//! Everything that can keep a wish from becoming an event, each thing once.

use domain::rejection::Rejection;
use eventlog::{AppendError, ClockJump, Position, ReadError, Revision};
use thiserror::Error;

use crate::clock;
use crate::codec::NotUnderstood;
use crate::personal::PersonalError;

/// Why a wish did not become an event. Nothing was stored.
#[derive(Debug, Error)]
pub enum HandleError {
    /// The rules said no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// There is no such dossier here.
    #[error("no such dossier is known here")]
    Unknown,
    /// The caller saw an older state than the dossier has.
    #[error("the dossier is at revision {actual}, not {expected}")]
    Stale {
        /// What the caller expected.
        expected: Revision,
        /// What is.
        actual: Revision,
    },
    /// Others kept changing the dossier.
    #[error("the dossier kept changing; nothing was done")]
    Contended,
    /// The request id stands for something else already.
    #[error("this request id was used for another request, recorded at position {position}")]
    RequestReused {
        /// Where the first one is.
        position: Position,
    },
    /// Another dossier has that number of the other system.
    #[error("another dossier has this source reference, recorded at position {position}")]
    SourceTaken {
        /// Where that dossier was submitted.
        position: Position,
    },
    /// Another dossier has the code that a dossier from another system brings along.
    #[error("another dossier has this code, recorded at position {position}")]
    CodeTaken {
        /// Where that dossier was accepted.
        position: Position,
    },
    /// The dossier is not this service's to write any more, or not yet.
    #[error("this dossier is written by {writer}")]
    Elsewhere {
        /// Who writes it.
        writer: &'static str,
    },
    /// A newer program wrote an event into this dossier's history.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// The event would be larger than a record may be.
    #[error("the event would take {bytes} bytes, more than a record may")]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// Too much waits already.
    #[error("too many requests wait to be written")]
    Busy,
    /// The disk is nearly full.
    #[error("the disk is nearly full: nothing more is taken until there is room")]
    DiskNearlyFull,
    /// The clock leapt ahead and nobody has confirmed it.
    #[error("{}", clock::told(.0))]
    ClockJumped(ClockJump),
    /// Others may have seen more of the log than it holds; until they are heard, nothing is written that they might contradict.
    #[error(
        "the log was restored or has lost its end: it takes no writes until its followers are heard and its next epoch is \
         open; reads go on, and the same request may be repeated later"
    )]
    AwaitsEpoch,
    /// The log is closed: a write failed, or the service stops.
    #[error("the log takes no more: {0}")]
    Closed(String),
    /// Something of our own is broken.
    #[error("an internal error: {0}")]
    Broken(String),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The vault cannot keep or give.
    #[error(transparent)]
    Personal(#[from] PersonalError),
}

impl From<AppendError> for HandleError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { expected, actual } => Self::Stale { expected, actual },
            AppendError::KeyTaken { position, .. } => Self::SourceTaken { position },
            AppendError::RequestReused { position } => Self::RequestReused { position },
            AppendError::TooLarge { bytes, .. } => Self::TooLarge { bytes },
            AppendError::Fault(_) => Self::Broken(error.to_string()),
            AppendError::Read(error) => Self::Read(error),
            // Whoever appends with a rider does something else then.
            AppendError::Busy | AppendError::NotTaken => Self::Busy,
            AppendError::DiskNearlyFull { .. } => Self::DiskNearlyFull,
            AppendError::ClockJumped(jump) => Self::ClockJumped(jump),
            AppendError::AwaitsEpoch => Self::AwaitsEpoch,
            AppendError::Closed(reason) => Self::Closed(reason),
        }
    }
}

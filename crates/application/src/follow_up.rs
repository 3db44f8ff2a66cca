//! What follows from what was taken in, by itself and once: second histories are noticed, filings decided, whatever crashes
//! in between.

use std::fmt;
use std::time::Duration;

use domain::ids::{DossierId, FilingId};
use eventlog::{LogId, Position};
use jiff::Timestamp;

use crate::desk::Desk;
use crate::error::HandleError;
use crate::filings::FilingStanding;
use crate::projection::{Fold, Projection};

/// How often a decision is made again after somebody else wrote to the dossier.
pub(crate) const TRIES_MAX: u32 = 8;
/// How long to wait after a decision could not be written.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest the decider sleeps while nothing comes.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Something that may have become possible to decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowUp {
    /// That a dossier has a second history.
    Duplicate(DossierId, LogId),
    /// What was brought for a dossier.
    Filing(FilingId),
}

impl fmt::Display for FollowUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(dossier, home) => {
                write!(f, "the second history of {dossier} from {home}")
            }
            Self::Filing(filing) => write!(f, "filing {filing}"),
        }
    }
}

/// Decides what can be decided by what came after a position, and says how it is with each filing then; the position up to which
/// all of that is done, or none when something could not be written and must be tried again.
pub async fn decide<S: Fold>(
    desk: &Desk,
    seen: &Projection<S>,
    due: impl Fn(&S, Position) -> Vec<FollowUp>,
    after: Position,
    now: Timestamp,
    say: impl Fn(FilingId, FilingStanding),
) -> Option<Position> {
    let (due, position) = seen.read(|state, position| (due(state, after), position));
    let mut done = Some(position);
    for what in due {
        let decided = match what {
            FollowUp::Duplicate(dossier, home) => desk.notice_duplicate(dossier, home, now).await,
            FollowUp::Filing(filing) => desk.decide_filing(filing, now).await.map(|stands| {
                if let Some(stands) = stands {
                    say(filing, stands);
                }
            }),
        };
        match decided {
            Ok(()) => {}
            Err(HandleError::NotUnderstood(why)) => {
                tracing::warn!(%what, %why, "a decision waits for a newer program");
            }
            Err(error) => {
                tracing::warn!(%what, %error, "a decision could not be written");
                done = None;
            }
        }
    }
    done
}

/// Decides whatever can be decided, as long as it is run; what was taken in before a crash is decided after it.
pub async fn keep_deciding<S: Fold>(
    desk: Desk,
    seen: Projection<S>,
    due: impl Fn(&S, Position) -> Vec<FollowUp>,
    now: impl Fn() -> Timestamp,
    say: impl Fn(FilingId, FilingStanding),
) {
    let mut decided = 0;
    loop {
        match decide(&desk, &seen, &due, decided, now(), &say).await {
            Some(position) => {
                decided = position;
                seen.beyond(position, LOOK_AGAIN).await;
            }
            None => tokio::time::sleep(AGAIN).await,
        }
    }
}

//! Takes what is new at an origin into one's own log, for ever, at its own pace.

use std::future::Future;
use std::time::Duration;

use eventlog::{EventLog, ImportError, LogId, Position};
use thiserror::Error;
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::feed::{Feed, FeedError};

/// One round's records: enough for full blocks, little enough to hold in memory.
const ROUND: usize = 1024;
/// Waits after a failure double up to this bound.
const PATIENCE_MAX: Duration = Duration::from_secs(5);
const PATIENCE_MIN: Duration = Duration::from_millis(50);

/// How records are taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Among others', at one's own positions: processing takes in intake's records so.
    Import,
    /// Verbatim, at the same positions with the same chain: reporting follows processing so.
    Replicate,
}

/// How far a follower is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// The origin's log, once it has been seen.
    pub origin: Option<LogId>,
    /// The newest position of the origin on one's own disk.
    pub have: Position,
    /// The newest position known at the origin.
    pub upstream: Position,
    /// Why the follower waits, when it does.
    pub waiting: Option<String>,
}

/// A follower of one origin.
#[derive(Debug)]
pub struct Follower<F> {
    feed: F,
    into: EventLog,
    mode: Mode,
    progress: watch::Sender<Progress>,
}

/// The feed must stop: going on would mix two histories.
#[derive(Debug, Error)]
#[error("the feed of log {origin} stopped: {reason}")]
pub struct Forked {
    /// The origin.
    pub origin: LogId,
    /// What did not fit.
    pub reason: String,
}

enum Trouble {
    /// Trying again may help.
    Wait(String),
    /// It will not.
    Stop(Forked),
}

/// An origin that is away comes back.
impl From<FeedError> for Trouble {
    fn from(error: FeedError) -> Self {
        Self::Wait(error.to_string())
    }
}

impl<F: Feed> Follower<F> {
    /// A follower of `feed` into `into`.
    pub fn new(feed: F, into: EventLog, mode: Mode) -> Self {
        Self {
            feed,
            into,
            mode,
            progress: watch::Sender::new(Progress::default()),
        }
    }

    /// How far the follower is, as it goes.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Follows until `stop` resolves.
    ///
    /// # Errors
    /// When the origin's history contradicts what was taken in earlier: a fork. Everything else is waited out.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), Forked> {
        tokio::pin!(stop);
        let mut patience = PATIENCE_MIN;
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = &mut stop => return Ok(()),
            };
            match round {
                Ok(()) => patience = PATIENCE_MIN,
                Err(Trouble::Wait(reason)) => {
                    warn!(reason, ?patience, "the feed waits");
                    self.progress
                        .send_modify(|progress| progress.waiting = Some(reason));
                    tokio::select! {
                        () = tokio::time::sleep(patience) => {}
                        () = &mut stop => return Ok(()),
                    }
                    patience = (patience * 2).min(PATIENCE_MAX);
                }
                Err(Trouble::Stop(forked)) => {
                    error!(origin = %forked.origin, reason = forked.reason, "the feed stopped: two histories");
                    self.progress
                        .send_modify(|progress| progress.waiting = Some(forked.to_string()));
                    return Err(forked);
                }
            }
        }
    }

    /// Waits for something new and takes it in.
    async fn round(&self) -> Result<(), Trouble> {
        let head = self.feed.head().await?;
        let have = self.have(head.log);
        if head.position < have {
            return Err(Trouble::Wait(format!(
                "log {} ends at {} but {have} of it are here: it lost its tail or is an older copy",
                head.log, head.position
            )));
        }
        self.progress.send_modify(|progress| {
            if progress.origin.is_none() {
                info!(origin = %head.log, have, upstream = head.position, "following");
            }
            *progress = Progress {
                origin: Some(head.log),
                have,
                upstream: head.position,
                waiting: None,
            };
        });
        if head.position == have {
            return Ok(self.feed.newer_than(have).await?);
        }
        let records = self.feed.records_after(have, ROUND).await?;
        let Some(last) = records.last().map(|record| record.place.position) else {
            return Err(Trouble::Wait(format!(
                "log {} says it has {} records but gives none after {have}",
                head.log, head.position
            )));
        };
        let taken = match self.mode {
            Mode::Import => self.into.import(records).await.map(drop),
            Mode::Replicate => self.into.replicate(records).await.map(drop),
        };
        match taken {
            Ok(()) => {
                self.progress.send_modify(|progress| {
                    progress.have = last;
                    progress.upstream = progress.upstream.max(last);
                });
                Ok(())
            }
            Err(error @ ImportError::Fork { .. }) => Err(Trouble::Stop(Forked {
                origin: head.log,
                reason: error.to_string(),
            })),
            // A gap means that somebody else moved the watermark between reading and writing: the next round asks again.
            Err(error) => Err(Trouble::Wait(error.to_string())),
        }
    }

    /// The newest position of the origin on our own disk: what survives is what counts, not what we remember.
    fn have(&self, origin: LogId) -> Position {
        match self.mode {
            Mode::Import => self
                .into
                .watermark(origin)
                .map_or(0, |watermark| watermark.position),
            Mode::Replicate => self.into.head().position,
        }
    }
}

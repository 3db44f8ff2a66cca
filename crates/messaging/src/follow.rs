//! Takes what is new at an origin into one's own log, for ever, at its own pace.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eventlog::{ChainHash, EventLog, ImportError, LogId, Position};
use thiserror::Error;
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::feed::{Feed, FeedError, Met, News};
use crate::patience::Patience;

/// One round's records: enough for full blocks, little enough to hold in memory.
const ROUND: usize = 1024;

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
    /// When those two were written at the origin, microseconds since 1970, once it is known.
    pub recorded_at: (Option<i64>, Option<i64>),
    /// Why the follower waits, when it does.
    pub waiting: Option<String>,
    /// What its feed has met.
    pub met: Met,
}

impl Progress {
    /// How many records behind.
    pub fn lag_records(&self) -> u64 {
        self.upstream.saturating_sub(self.have)
    }

    /// How much earlier the newest record here was written than the newest at the origin, in microseconds of the origin's
    /// clock; none when that is not known.
    pub fn lag_us(&self) -> Option<i64> {
        if self.lag_records() == 0 {
            return Some(0);
        }
        let (have, upstream) = self.recorded_at;
        Some(upstream?.saturating_sub(have?).max(0))
    }
}

/// How far the followers of several origins are; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Followed(Arc<Mutex<Vec<watch::Receiver<Progress>>>>);

impl Followed {
    /// One more.
    pub fn add(&self, progress: watch::Receiver<Progress>) {
        self.lock().push(progress);
    }

    /// How far each is now, once it has seen its origin.
    pub fn now(&self) -> Vec<Progress> {
        let all = self.lock();
        let progress = all.iter().map(|progress| progress.borrow().clone());
        progress.filter(|it| it.origin.is_some()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<watch::Receiver<Progress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A follower of one origin.
#[derive(Debug)]
pub struct Follower<F> {
    feed: F,
    into: EventLog,
    mode: Mode,
    progress: watch::Sender<Progress>,
    /// What came after this position did not follow once, and the origin itself was asked.
    doubted: Mutex<Option<Position>>,
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

/// A round that took nothing in.
#[derive(Debug)]
pub enum Trouble {
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
            doubted: Mutex::default(),
        }
    }

    /// The same follower, telling this sender how far it is.
    #[must_use]
    pub fn telling(self, progress: watch::Sender<Progress>) -> Self {
        Self { progress, ..self }
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
        let mut patience = Patience::default();
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = &mut stop => return Ok(()),
            };
            match round {
                Ok(()) => patience.again(),
                Err(Trouble::Wait(reason)) => {
                    let pause = patience.pause();
                    let waiting = Some(reason.clone());
                    self.progress
                        .send_modify(|progress| progress.waiting = waiting);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = &mut stop => return Ok(()),
                    }
                    // Not while everything ends in order: then the origin's log is closed a moment before this one.
                    warn!(reason, ?pause, "the feed waits");
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

    /// One round: waits for something new and takes it in. Dropping it at any moment is as good as a crash there.
    ///
    /// # Errors
    /// When nothing could be taken in, and whether trying again may help.
    pub async fn round(&self) -> Result<(), Trouble> {
        let origin = self.feed.log();
        let (have, hash) = self.have(origin);
        self.progress.send_if_modified(|progress| {
            let first = progress.origin.is_none();
            if first {
                info!(%origin, have, "following");
                progress.origin = Some(origin);
                progress.have = have;
                progress.upstream = have;
            }
            first
        });
        let News {
            records,
            newest,
            waiting,
        } = self.feed.after(have, ROUND).await?;
        if newest.position < have {
            return Err(Trouble::Wait(format!(
                "log {origin} ends at {} but {have} of it are here: it lost its tail or is an older copy",
                newest.position
            )));
        }
        if newest.position == have && newest.hash.is_some_and(|theirs| theirs != hash) {
            return Err(Trouble::Stop(Forked {
                origin,
                reason: format!("its chain hash at {have} is not the one computed here"),
            }));
        }
        let last = records.last().map(|record| record.place);
        if last.is_some() {
            let taken = match self.mode {
                Mode::Import => self.into.import(records).await,
                Mode::Replicate => self.into.replicate(records).await,
            };
            match taken {
                Ok(_) => {}
                Err(error @ ImportError::Fork { .. }) if self.doubts(have) => {
                    self.feed.distrust().await;
                    return Err(Trouble::Wait(format!(
                        "{error}; the origin itself is asked"
                    )));
                }
                Err(error @ ImportError::Fork { .. }) => {
                    return Err(Trouble::Stop(Forked {
                        origin,
                        reason: error.to_string(),
                    }));
                }
                // A gap means that somebody else moved the watermark between reading and writing: the next round asks
                // again.
                Err(error) => return Err(Trouble::Wait(error.to_string())),
            }
        }
        let have = last.map_or(have, |place| place.position);
        self.feed.taken(have).await;
        self.progress.send_if_modified(|progress| {
            let written = last.map(|place| place.recorded_at);
            let now = Progress {
                origin: Some(origin),
                have,
                upstream: newest.position.max(have),
                recorded_at: (written.or(progress.recorded_at.0), newest.recorded_at),
                waiting,
                met: self.feed.met(),
            };
            let changed = *progress != now;
            *progress = now;
            changed
        });
        Ok(())
    }

    /// Whether what came after this position is to be asked for at the origin before two histories are believed.
    fn doubts(&self, have: Position) -> bool {
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        doubted.replace(have) != Some(have)
    }

    /// The newest of the origin on our own disk: what survives is what counts, not what we remember.
    fn have(&self, origin: LogId) -> (Position, ChainHash) {
        match self.mode {
            Mode::Import => self
                .into
                .watermark(origin)
                .map(|mark| (mark.position, mark.hash))
                .unwrap_or_default(),
            Mode::Replicate => {
                let head = self.into.head();
                (head.position, head.hash)
            }
        }
    }
}

//! What waits for the writer: bounded by count and bytes, in the order it came.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use crate::append::{Append, Imported};
use crate::epoch::Opening;
use crate::error::{AppendError, EpochError, ImportError};
use crate::locks::lock;
use crate::record::{Place, Position, Record};
use crate::rider::Rider;

/// More jobs of a crowd come within this time of each other; a sync takes several times as long.
const CROWD_GAP: Duration = Duration::from_micros(30);
/// However fast they come, the first has waited long enough after this.
const CROWD_WAIT: Duration = Duration::from_micros(300);

/// What the writer says to an append.
pub(crate) enum Outcome {
    /// These were written.
    Written(Vec<Record>),
    /// The same request was answered before, with the records from this position on.
    Answered(Position),
}

pub(crate) type AppendReply = oneshot::Sender<Result<Outcome, AppendError>>;
pub(crate) type ImportReply = oneshot::Sender<Result<Imported, ImportError>>;
pub(crate) type EpochReply = oneshot::Sender<Result<Place, EpochError>>;
pub(crate) type SeenReply = oneshot::Sender<Result<bool, EpochError>>;

/// A write that waits.
pub(crate) enum Job {
    Append(Append, Option<Rider>, AppendReply),
    Import(Vec<Record>, ImportReply),
    Replicate(Vec<Record>, ImportReply),
    /// Records of this very log, from somebody who has more of it.
    Heal(Vec<Record>, ImportReply),
    OpenEpoch(Opening, EpochReply),
    /// This position of the log was seen, and by whom.
    Seen(Position, String, SeenReply),
}

impl Job {
    /// What rides along with it.
    pub(crate) fn rider(&mut self) -> Option<Rider> {
        match self {
            Self::Append(_, rider, _) => rider.take(),
            Self::Import(..)
            | Self::Replicate(..)
            | Self::Heal(..)
            | Self::OpenEpoch(..)
            | Self::Seen(..) => None,
        }
    }

    /// Answers that the log is closed.
    pub(crate) fn refuse(self, reason: &str) {
        // A caller that no longer waits is no fault.
        match self {
            Self::Append(_, _, reply) => {
                drop(reply.send(Err(AppendError::Closed(reason.to_owned()))));
            }
            Self::Import(_, reply) | Self::Replicate(_, reply) | Self::Heal(_, reply) => {
                drop(reply.send(Err(ImportError::Closed(reason.to_owned()))));
            }
            Self::OpenEpoch(_, reply) => {
                drop(reply.send(Err(EpochError::Closed(reason.to_owned()))));
            }
            Self::Seen(_, _, reply) => {
                drop(reply.send(Err(EpochError::Closed(reason.to_owned()))));
            }
        }
    }
}

/// Jobs that come together, each with its bytes: the writer finds all of them or none.
pub(crate) type Jobs = Vec<(Job, usize)>;

/// Why jobs were not taken.
pub(crate) enum Refusal {
    /// Try again later.
    Full(Jobs),
    /// Never again.
    Closed(String),
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(Job, usize)>,
    bytes: usize,
    closed: Option<String>,
    /// The writer sleeps: waking it costs a system call, so it is done only then.
    idle: bool,
    /// Several were taken together last: so will be the next, most likely.
    crowd: bool,
}

/// The writer's queue.
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    room: Notify,
    jobs_max: usize,
    bytes_max: usize,
}

impl Queue {
    pub(crate) fn new(jobs_max: usize, bytes_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            room: Notify::new(),
            jobs_max,
            bytes_max,
        }
    }

    /// Puts jobs last, unless too much waits already.
    pub(crate) fn push(&self, jobs: Jobs) -> Result<(), Refusal> {
        let bytes: usize = jobs.iter().map(|(_, bytes)| bytes).sum();
        let mut state = lock(&self.state);
        if let Some(reason) = &state.closed {
            return Err(Refusal::Closed(reason.clone()));
        }
        let full =
            state.jobs.len() + jobs.len() > self.jobs_max || state.bytes + bytes > self.bytes_max;
        if full && !state.jobs.is_empty() {
            return Err(Refusal::Full(jobs));
        }
        state.bytes += bytes;
        state.jobs.extend(jobs);
        let wake = std::mem::take(&mut state.idle);
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// How many jobs wait, and their bytes.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.jobs.len(), state.bytes)
    }

    /// Resolves when jobs have been taken; ask for it before trying to push.
    pub(crate) fn room(&self) -> tokio::sync::futures::Notified<'_> {
        self.room.notified()
    }

    /// Waits for jobs and takes all that wait, up to so many bytes and so many jobs; none when the
    /// queue is closed and empty.
    pub(crate) fn take(&self, bytes_max: usize, jobs_max: usize) -> Option<Vec<Job>> {
        let mut state = lock(&self.state);
        while state.jobs.is_empty() {
            if state.closed.is_some() {
                return None;
            }
            state.idle = true;
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        if state.crowd {
            state = self.gathered(state, bytes_max, jobs_max);
        }
        let mut taken = Vec::with_capacity(state.jobs.len().min(jobs_max));
        let mut sum = 0;
        while let Some((job, bytes)) = state.jobs.pop_front() {
            if !taken.is_empty() && (sum + bytes > bytes_max || taken.len() >= jobs_max) {
                state.jobs.push_front((job, bytes));
                break;
            }
            sum += bytes;
            state.bytes -= bytes;
            taken.push(job);
        }
        state.crowd = taken.len() > 1;
        drop(state);
        self.room.notify_waiters();
        Some(taken)
    }

    /// The queue once it grows no more: each sync that a crowd shares is one that the next does not wait for.
    fn gathered<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        bytes_max: usize,
        jobs_max: usize,
    ) -> MutexGuard<'a, State> {
        let began = Instant::now();
        let (mut len, mut grew) = (state.jobs.len(), began);
        while grew.elapsed() < CROWD_GAP
            && began.elapsed() < CROWD_WAIT
            && state.bytes < bytes_max
            && len < jobs_max
            && state.closed.is_none()
        {
            drop(state);
            thread::yield_now();
            state = lock(&self.state);
            if state.jobs.len() > len {
                (len, grew) = (state.jobs.len(), Instant::now());
            }
        }
        state
    }

    /// Takes no more jobs; those that wait are still done.
    pub(crate) fn close(&self, reason: &str) {
        let mut state = lock(&self.state);
        state.closed.get_or_insert_with(|| reason.to_owned());
        state.idle = false;
        drop(state);
        self.filled.notify_one();
        self.room.notify_waiters();
    }

    /// Takes no more jobs and refuses those that wait.
    pub(crate) fn fail(&self, reason: &str) {
        self.close(reason);
        let jobs = std::mem::take(&mut lock(&self.state).jobs);
        for (job, _) in jobs {
            job.refuse(reason);
        }
    }
}

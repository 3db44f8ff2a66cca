//! From a caller to the writer's queue and back: with a bounded wait for room.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::append::{Append, Appended, Imported};
use crate::epoch::{self, Opening};
use crate::error::{AppendError, EpochError, ImportError};
use crate::live::SYNC_BYTES_MAX;
use crate::queue::{AppendReply, Job, Jobs, Outcome, Refusal};
use crate::record::{Place, Position, Record};
use crate::rider::Rider;
use crate::settings::Role;
use crate::shared::Shared;
use crate::stage;

/// Records of one import are committed in parts of at most this many bytes, each whole or not at all.
const IMPORT_BYTES_MAX: usize = SYNC_BYTES_MAX / 2;
const GONE: &str = "the writer is gone";

/// Why a job did not get into the queue.
enum Waited {
    Full,
    Closed(String),
}

impl From<Waited> for AppendError {
    fn from(waited: Waited) -> Self {
        match waited {
            Waited::Full => Self::Busy,
            Waited::Closed(reason) => Self::Closed(reason),
        }
    }
}

impl From<Waited> for ImportError {
    fn from(waited: Waited) -> Self {
        match waited {
            Waited::Full => Self::Busy,
            Waited::Closed(reason) => Self::Closed(reason),
        }
    }
}

impl From<Waited> for EpochError {
    fn from(waited: Waited) -> Self {
        match waited {
            Waited::Full => Self::Busy,
            Waited::Closed(reason) => Self::Closed(reason),
        }
    }
}

pub(crate) async fn append(
    shared: Arc<Shared>,
    append: Append,
    rider: Option<(Rider, usize)>,
) -> Result<Appended, AppendError> {
    let (rider, more) = rider.unzip();
    let bytes = shared.check_append(&append)? + more.unwrap_or(0);
    let (reply, answer) = oneshot::channel();
    shared
        .enqueue(vec![(Job::Append(append, rider, reply), bytes)])
        .await?;
    shared.outcome(answer.await)
}

/// The right to one append, for a thread that must not wait for its sync; whoever has the other end is answered.
pub struct Ticket {
    shared: Arc<Shared>,
    reply: AppendReply,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ticket").finish()
    }
}

impl Ticket {
    /// Puts the append before the log's writer, and returns.
    ///
    /// # Errors
    /// When it cannot be taken, or too much waits already: nothing is appended then, and the other end is told that the
    /// writer is gone.
    pub fn append(self, append: Append) -> Result<(), AppendError> {
        let bytes = self.shared.check_append(&append)?;
        let job = Job::Append(append, None, self.reply);
        match self.shared.queue.push(vec![(job, bytes)]) {
            Ok(()) => Ok(()),
            Err(Refusal::Full(_)) => Err(AppendError::Busy),
            Err(Refusal::Closed(reason)) => Err(AppendError::Closed(reason)),
        }
    }
}

/// A ticket, and what becomes of its append.
pub(crate) fn ticket(
    shared: Arc<Shared>,
) -> (
    Ticket,
    impl Future<Output = Result<Appended, AppendError>> + Send + use<>,
) {
    let (reply, answer) = oneshot::channel();
    let ticket = Ticket {
        shared: Arc::clone(&shared),
        reply,
    };
    (ticket, async move { shared.outcome(answer.await) })
}

/// Appends that come together: each is judged by itself, and they share a sync.
pub(crate) async fn append_all(
    shared: Arc<Shared>,
    appends: Vec<Append>,
) -> Vec<Result<Appended, AppendError>> {
    let mut jobs = Vec::with_capacity(appends.len());
    let mut answers = Vec::with_capacity(appends.len());
    for append in appends {
        answers.push(shared.check_append(&append).map(|bytes| {
            let (reply, answer) = oneshot::channel();
            jobs.push((Job::Append(append, None, reply), bytes));
            answer
        }));
    }
    let waited = shared.enqueue(jobs).await;
    let mut results = Vec::with_capacity(answers.len());
    for answer in answers {
        results.push(match (answer, &waited) {
            (Err(error), _) => Err(error),
            (Ok(_), Err(Waited::Full)) => Err(AppendError::Busy),
            (Ok(_), Err(Waited::Closed(reason))) => Err(AppendError::Closed(reason.clone())),
            (Ok(answer), Ok(())) => shared.outcome(answer.await),
        });
    }
    results
}

pub(crate) fn append_blocking(shared: &Shared, append: Append) -> Result<Appended, AppendError> {
    let bytes = shared.check_append(&append)?;
    let (reply, answer) = oneshot::channel();
    shared.enqueue_blocking(vec![(Job::Append(append, None, reply), bytes)])?;
    shared.outcome(answer.blocking_recv())
}

/// How records are taken in.
#[derive(Clone, Copy)]
pub(crate) enum Taking {
    /// Others', at own positions.
    Import,
    /// Those of the followed log, verbatim.
    Replicate,
    /// This log's own, from somebody who has more of it.
    Heal,
}

impl Taking {
    /// Whose work it is.
    const fn role(self) -> Role {
        match self {
            Self::Import | Self::Heal => Role::Origin,
            Self::Replicate => Role::Replica,
        }
    }
}

/// Takes in records, part by part. A record that opens an epoch begins a part: what it continues is known then.
pub(crate) async fn take_in(
    shared: Arc<Shared>,
    records: Vec<Record>,
    taking: Taking,
) -> Result<Imported, ImportError> {
    let own = shared.settings.role;
    if own != taking.role() {
        return Err(ImportError::Role { role: own.as_str() });
    }
    let mut sum = Imported::default();
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while let Some(record) = records.peek() {
            let len = stage::import_len(record);
            let ends = bytes + len > IMPORT_BYTES_MAX || epoch::opens(record);
            if !part.is_empty() && ends {
                break;
            }
            bytes += len;
            part.extend(records.next());
        }
        let (reply, answer) = oneshot::channel();
        let job = match taking {
            Taking::Import => Job::Import(part, reply),
            Taking::Replicate => Job::Replicate(part, reply),
            Taking::Heal => Job::Heal(part, reply),
        };
        shared.enqueue(vec![(job, bytes)]).await?;
        let imported = answer
            .await
            .unwrap_or_else(|_| Err(ImportError::Closed(GONE.into())))?;
        sum.taken += imported.taken;
        sum.duplicates += imported.duplicates;
    }
    Ok(sum)
}

/// Opens the next epoch.
pub(crate) async fn open_epoch(shared: Arc<Shared>, opening: Opening) -> Result<Place, EpochError> {
    let (reply, answer) = oneshot::channel();
    let job = Job::OpenEpoch(opening, reply);
    shared.enqueue(vec![(job, 0)]).await?;
    let opened = answer.await;
    opened.unwrap_or_else(|_| Err(EpochError::Closed(GONE.to_owned())))
}

/// Notes that a position was seen; true when the log ends before it.
pub(crate) async fn seen_by(
    shared: Arc<Shared>,
    seen: Position,
    by: String,
) -> Result<bool, EpochError> {
    let (reply, answer) = oneshot::channel();
    shared
        .enqueue(vec![(Job::Seen(seen, by, reply), 0)])
        .await?;
    let shorter = answer.await;
    shorter.unwrap_or_else(|_| Err(EpochError::Closed(GONE.to_owned())))
}

impl Shared {
    /// Can it be taken at all? Gives its size.
    fn check_append(&self, append: &Append) -> Result<usize, AppendError> {
        match self.settings.role {
            Role::Origin => stage::check_append(append),
            Role::Replica => Err(AppendError::Closed("it follows another log".to_owned())),
        }
    }

    /// Puts jobs into the queue, waiting a bounded time for room.
    async fn enqueue(&self, mut jobs: Jobs) -> Result<(), Waited> {
        let mut deadline = None;
        loop {
            let room = self.queue.room();
            tokio::pin!(room);
            room.as_mut().enable();
            jobs = match self.queue.push(jobs) {
                Ok(()) => return Ok(()),
                Err(Refusal::Closed(reason)) => return Err(Waited::Closed(reason)),
                Err(Refusal::Full(jobs)) => jobs,
            };
            let wait = self.settings.queue_wait;
            let deadline = *deadline.get_or_insert_with(|| tokio::time::Instant::now() + wait);
            if tokio::time::timeout_at(deadline, room).await.is_err() {
                return Err(Waited::Full);
            }
        }
    }

    fn enqueue_blocking(&self, mut jobs: Jobs) -> Result<(), Waited> {
        let deadline = Instant::now() + self.settings.queue_wait;
        loop {
            jobs = match self.queue.push(jobs) {
                Ok(()) => return Ok(()),
                Err(Refusal::Closed(reason)) => return Err(Waited::Closed(reason)),
                Err(Refusal::Full(jobs)) => jobs,
            };
            if Instant::now() >= deadline {
                return Err(Waited::Full);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn outcome(
        &self,
        answer: Result<Result<Outcome, AppendError>, oneshot::error::RecvError>,
    ) -> Result<Appended, AppendError> {
        match answer.unwrap_or_else(|_| Err(AppendError::Closed(GONE.to_owned())))? {
            Outcome::Written(records) => Ok(Appended {
                records,
                replayed: false,
            }),
            Outcome::Answered(first) => {
                let records = self.segments()?.answer(first)?;
                Ok(Appended {
                    records,
                    replayed: true,
                })
            }
        }
    }
}

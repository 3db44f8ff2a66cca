//! Whose turn it is to write: the vault's own thread takes all that waits; what rides along in the log's journal is written by
//! the log's thread, between two of its batches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::writer::{Job, Writer};

/// How many calls one sync may answer.
const BATCH_JOBS_MAX: usize = 1024;
/// How much plaintext one sync may cover, in bytes; a single call may bring more.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// More jobs of a crowd come within this time of each other; a sync takes several times as long.
const CROWD_GAP: Duration = Duration::from_micros(30);
/// However fast they come, the first has waited long enough after this.
const CROWD_WAIT: Duration = Duration::from_micros(300);

/// The writer, for whoever has the turn.
pub(crate) struct Turns {
    /// Gone when the vault is closed.
    writer: Mutex<Option<Writer>>,
    /// How many wait who must not wait for long: the next turn is theirs.
    urgent: AtomicUsize,
    /// It went in order: all that was written is synced.
    in_order: AtomicBool,
}

impl Turns {
    pub(crate) fn new(writer: Writer) -> Self {
        Self {
            writer: Mutex::new(Some(writer)),
            urgent: AtomicUsize::new(0),
            in_order: AtomicBool::new(false),
        }
    }

    /// Has the writer do something, when it is its turn; none when it is gone, or failed in the middle of its work.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Writer) -> T) -> Option<T> {
        self.turn()?.as_mut().map(work)
    }

    /// [`with`](Self::with) for the log's thread, before the vault's own takes another turn.
    pub(crate) fn soon<T>(&self, work: impl FnOnce(&mut Writer) -> T) -> Option<T> {
        self.urgent.fetch_add(1, Ordering::SeqCst);
        let turn = self.turn();
        self.urgent.fetch_sub(1, Ordering::SeqCst);
        turn?.as_mut().map(work)
    }

    /// Whether the vault was closed in order.
    pub(crate) fn ended_in_order(&self) -> bool {
        self.in_order.load(Ordering::Relaxed)
    }

    fn turn(&self) -> Option<MutexGuard<'_, Option<Writer>>> {
        self.writer.lock().ok()
    }

    /// Works until it is told to close or every handle is gone.
    pub(crate) fn run(&self, jobs: &Receiver<Job>) {
        let (mut open, mut crowd) = (true, false);
        while open {
            // With a change of the master key under way there is always something to do.
            let busy = self.with(|writer| writer.rotation.is_some());
            let first = if busy == Some(false) {
                let Ok(first) = jobs.recv() else { break };
                Some(first)
            } else {
                None
            };
            let taken = take(jobs, first, crowd);
            crowd = taken.len() > 1;
            let bytes = taken.iter().map(size).sum();
            // Whoever lets a lock go and takes it again at once gets it, as a rule.
            while self.urgent.load(Ordering::SeqCst) > 0 {
                thread::yield_now();
            }
            // What is left of them goes when the turn is over, with all that hangs on it.
            let mut taken = taken.into_iter();
            let worked = self.with(|writer| {
                writer.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
                let open = writer.work(&mut taken);
                if open {
                    writer.rotate_on();
                }
                (open, std::mem::take(&mut writer.answers))
            });
            let (goes_on, answers) = worked.unwrap_or_default();
            open = goes_on;
            for (reply, answer) in answers {
                reply(answer);
            }
            self.with(Writer::checkpoint_in_time);
        }
        if let Some(mut turn) = self.turn()
            && let Some(mut writer) = turn.take()
        {
            self.in_order.store(writer.close(), Ordering::Relaxed);
        }
    }
}

/// All that waits; of a crowd, also what comes while it still grows: each sync that it shares is one that the next does not
/// wait for.
fn take(jobs: &Receiver<Job>, first: Option<Job>, crowd: bool) -> Vec<Job> {
    let began = Instant::now();
    let mut grew = began;
    let mut bytes = first.as_ref().map_or(0, size);
    let mut taken: Vec<Job> = first.into_iter().collect();
    while taken.len() < BATCH_JOBS_MAX && bytes < BATCH_BYTES_MAX {
        match jobs.try_recv() {
            Ok(job) => {
                bytes += size(&job);
                taken.push(job);
                grew = Instant::now();
            }
            Err(TryRecvError::Empty)
                if crowd && grew.elapsed() < CROWD_GAP && began.elapsed() < CROWD_WAIT =>
            {
                thread::yield_now();
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    taken
}

/// How much plaintext a job brings.
fn size(job: &Job) -> usize {
    match job {
        Job::Put(put) => put.draft.bytes,
        Job::Erase(_)
        | Job::Sweep(..)
        | Job::Rotate(..)
        | Job::Outline(_)
        | Job::Piece(..)
        | Job::Close => 0,
    }
}

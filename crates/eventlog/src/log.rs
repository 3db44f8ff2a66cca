//! The handle of a log: append, import, read, watch; cheap to clone, and the last one closes the log.

use std::fs::File;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::append::{Append, Appended, Imported};
use crate::error::{AppendError, ImportError, OpenError, ReadError};
use crate::head::{Head, Watermark};
use crate::live::SYNC_BYTES_MAX;
use crate::locks::{lock, read};
use crate::marker::Marker;
use crate::open::{self, io_error};
use crate::queue::{Job, Outcome, Refusal};
use crate::reader::{self, LogBlocks, Scan};
use crate::record::{ChainHash, Key, LogId, Position, Record, Revision, StreamId};
use crate::sealing;
use crate::segment::Segments;
use crate::settings::{Role, Settings};
use crate::shared::Shared;
use crate::stage;
use crate::writer::{Writer, head_of};

/// Records of one import are committed in parts of at most this many bytes, each whole or not at all.
const IMPORT_BYTES_MAX: usize = SYNC_BYTES_MAX / 2;
/// Readers that are under way get this long when the log is closed.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// An open log. Clones are handles of the same log; it is closed by `close` or with the last of them.
#[derive(Clone, Debug)]
pub struct EventLog {
    shared: Arc<Shared>,
    threads: Arc<Threads>,
}

/// The log's threads; dropping this closes the log.
#[derive(Debug)]
struct Threads {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl EventLog {
    /// Opens the log in `folder`, or makes one there. Everything since the last sealing is checked first.
    ///
    /// # Errors
    /// When the folder is in use, damaged, or behind what others have seen; nothing is changed then.
    pub fn open(folder: &Path, settings: Settings) -> Result<Self, OpenError> {
        let opened = open::open(folder, &settings)?;
        let first = head_of(&opened.standing, opened.manifest.epoch);
        let (head, watched) = watch::channel(first);
        let shared = Arc::new(Shared::new(
            folder.to_owned(),
            settings,
            opened.manifest,
            watched,
            opened.standing.clone(),
            opened.segments,
            opened.lock,
        ));
        let threads = Arc::new(Threads {
            shared: Arc::clone(&shared),
            stop: Arc::default(),
            handles: Mutex::default(),
        });
        let (sealer, todo) = mpsc::channel();
        for segment in opened.unsealed {
            drop(sealer.send(segment));
        }
        let writer = Writer::new(
            Arc::clone(&shared),
            head,
            opened.standing,
            sealer,
            opened.next_number,
        )
        .map_err(|error| open::damaged(folder, &error))?;
        threads.spawn("log-writer", move || writer.run())?;
        let (stop, seals) = (Arc::clone(&threads.stop), Arc::clone(&shared));
        threads.spawn("log-sealer", move || sealing::run(&seals, &todo, &stop))?;
        Ok(Self { shared, threads })
    }

    /// Appends events to a stream: all or none, on disk before this resolves. Dropping the future
    /// does not take the append back once it has been polled.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub fn append(
        &self,
        append: Append,
    ) -> impl Future<Output = Result<Appended, AppendError>> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            let bytes = shared.check_append(&append)?;
            let (reply, answer) = oneshot::channel();
            match shared.enqueue(Job::Append(append, reply), bytes).await {
                Ok(()) => {}
                Err(Waited::Full) => return Err(AppendError::Busy),
                Err(Waited::Closed(reason)) => return Err(AppendError::Closed(reason)),
            }
            let outcome = answer
                .await
                .unwrap_or_else(|_| Err(AppendError::Closed(GONE.into())));
            shared.appended(outcome?)
        }
    }

    /// `append` for callers without a runtime; blocks the thread.
    ///
    /// # Errors
    /// See [`AppendError`].
    ///
    /// # Panics
    /// Within an asynchronous runtime.
    pub fn append_blocking(&self, append: Append) -> Result<Appended, AppendError> {
        let bytes = self.shared.check_append(&append)?;
        let (reply, answer) = oneshot::channel();
        match self
            .shared
            .enqueue_blocking(Job::Append(append, reply), bytes)
        {
            Ok(()) => {}
            Err(Waited::Full) => return Err(AppendError::Busy),
            Err(Waited::Closed(reason)) => return Err(AppendError::Closed(reason)),
        }
        let outcome = answer
            .blocking_recv()
            .unwrap_or_else(|_| Err(AppendError::Closed(GONE.into())));
        self.shared.appended(outcome?)
    }

    /// Takes in records of other logs at this log's next positions; those that are here are dropped.
    /// The batch is taken in parts of at most 512 KiB, each whole or not at all.
    ///
    /// # Errors
    /// See [`ImportError`]; parts before the one that failed are in the log.
    pub fn import(
        &self,
        records: Vec<Record>,
    ) -> impl Future<Output = Result<Imported, ImportError>> + Send + use<> {
        take_in(Arc::clone(&self.shared), records, Role::Origin)
    }

    /// Takes in the followed log's records verbatim; those that are here are compared and dropped.
    ///
    /// # Errors
    /// See [`ImportError`]; parts before the one that failed are in the log.
    pub fn replicate(
        &self,
        records: Vec<Record>,
    ) -> impl Future<Output = Result<Imported, ImportError>> + Send + use<> {
        take_in(Arc::clone(&self.shared), records, Role::Replica)
    }

    /// The newest synced record.
    pub fn head(&self) -> Head {
        *self.shared.head.borrow()
    }

    /// Follows the head; ends when the log takes no more writes.
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.shared.head.clone()
    }

    /// Up to `max_records` records after a position.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn read_after(
        &self,
        after: Position,
        max_records: usize,
    ) -> Result<Vec<Record>, ReadError> {
        reader::read_after(&*self.segments()?, after, max_records)
    }

    /// All records of a stream.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn stream(&self, stream: StreamId) -> Result<Vec<Record>, ReadError> {
        let segments = self.segments()?;
        segments.records(&segments.positions(stream)?)
    }

    /// The stream's revision; 0 when it is empty.
    ///
    /// # Errors
    /// When a sealed file's index cannot be read.
    pub fn revision(&self, stream: StreamId) -> Result<Revision, ReadError> {
        self.segments()?.revision(stream)
    }

    /// The record at a position; none past the end.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        self.segments()?.record(position)
    }

    /// The position of the first record with this key.
    ///
    /// # Errors
    /// When a sealed file's index cannot be read.
    pub fn find(&self, key: Key) -> Result<Option<Position>, ReadError> {
        self.segments()?.find_key(key)
    }

    /// The records that a request led to.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn find_request(&self, key: Key) -> Result<Option<Vec<Record>>, ReadError> {
        let segments = self.segments()?;
        match segments.find_request(key)? {
            Some(first) => segments.answer(first).map(Some),
            None => Ok(None),
        }
    }

    /// The records from a position on, a block's at a time.
    pub fn scan(&self, from: Position) -> Scan {
        Scan::new(Arc::clone(&self.shared), from)
    }

    /// The blocks from the one that holds a position on, for threads that decode them at the same time.
    pub fn blocks(&self, from: Position) -> LogBlocks {
        LogBlocks::new(Arc::clone(&self.shared), from)
    }

    /// The last position written at or before a time (microseconds since 1970); 0 when there is none.
    ///
    /// # Errors
    /// When a record cannot be read back.
    pub fn position_at(&self, recorded_at: i64) -> Result<Position, ReadError> {
        reader::position_at(&*self.segments()?, self.head().position, recorded_at)
    }

    /// The chain hash after a position; none past the end.
    ///
    /// # Errors
    /// When the block cannot be read back.
    pub fn hash_at(&self, position: Position) -> Result<Option<ChainHash>, ReadError> {
        reader::hash_at(&*self.segments()?, position)
    }

    /// The last record taken from an origin's log.
    pub fn watermark(&self, log: LogId) -> Option<Watermark> {
        read(&self.shared.standing).watermarks.get(&log).copied()
    }

    /// The last record taken from each origin's log.
    pub fn watermarks(&self) -> Vec<(LogId, Watermark)> {
        let standing = read(&self.shared.standing);
        standing
            .watermarks
            .iter()
            .map(|(log, mark)| (*log, *mark))
            .collect()
    }

    /// Why the log takes no more writes, when something has failed; only opening it anew helps.
    pub fn failed(&self) -> Option<&str> {
        self.shared.failure.get().map(String::as_str)
    }

    /// The folder of the log.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Writes what waits, closes the log for all its handles and marks the stop as clean.
    pub fn close(&self) {
        self.threads.close();
    }

    pub(crate) fn segments(&self) -> Result<Arc<Segments>, ReadError> {
        self.shared.segments()
    }
}

const GONE: &str = "the writer is gone";

/// Why a job did not get into the queue.
enum Waited {
    Full,
    Closed(String),
}

async fn take_in(
    shared: Arc<Shared>,
    records: Vec<Record>,
    role: Role,
) -> Result<Imported, ImportError> {
    let own = shared.settings.role;
    if own != role {
        return Err(ImportError::Role { role: own.as_str() });
    }
    let mut sum = Imported::default();
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while let Some(record) = records.peek() {
            let len = stage::import_len(record);
            if !part.is_empty() && bytes + len > IMPORT_BYTES_MAX {
                break;
            }
            bytes += len;
            part.extend(records.next());
        }
        let (reply, answer) = oneshot::channel();
        let job = match role {
            Role::Origin => Job::Import(part, reply),
            Role::Replica => Job::Replicate(part, reply),
        };
        match shared.enqueue(job, bytes).await {
            Ok(()) => {}
            Err(Waited::Full) => return Err(ImportError::Busy),
            Err(Waited::Closed(reason)) => return Err(ImportError::Closed(reason)),
        }
        let imported = answer
            .await
            .unwrap_or_else(|_| Err(ImportError::Closed(GONE.into())))?;
        sum.taken += imported.taken;
        sum.duplicates += imported.duplicates;
    }
    Ok(sum)
}

impl Shared {
    /// Can it be taken at all? Gives its size.
    fn check_append(&self, append: &Append) -> Result<usize, AppendError> {
        match self.settings.role {
            Role::Origin => stage::check_append(append),
            Role::Replica => Err(AppendError::Closed("it follows another log".to_owned())),
        }
    }

    /// Puts a job into the queue, waiting a bounded time for room.
    async fn enqueue(&self, mut job: Job, bytes: usize) -> Result<(), Waited> {
        let mut deadline = None;
        loop {
            let room = self.queue.room();
            tokio::pin!(room);
            room.as_mut().enable();
            job = match self.queue.push(job, bytes) {
                Ok(()) => return Ok(()),
                Err(Refusal::Closed(reason)) => return Err(Waited::Closed(reason)),
                Err(Refusal::Full(job)) => job,
            };
            let wait = self.settings.queue_wait;
            let deadline = *deadline.get_or_insert_with(|| tokio::time::Instant::now() + wait);
            if tokio::time::timeout_at(deadline, room).await.is_err() {
                return Err(Waited::Full);
            }
        }
    }

    fn enqueue_blocking(&self, mut job: Job, bytes: usize) -> Result<(), Waited> {
        let deadline = Instant::now() + self.settings.queue_wait;
        loop {
            job = match self.queue.push(job, bytes) {
                Ok(()) => return Ok(()),
                Err(Refusal::Closed(reason)) => return Err(Waited::Closed(reason)),
                Err(Refusal::Full(job)) => job,
            };
            if Instant::now() >= deadline {
                return Err(Waited::Full);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn appended(&self, outcome: Outcome) -> Result<Appended, AppendError> {
        match outcome {
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

impl Threads {
    fn spawn(
        &self,
        name: &'static str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), OpenError> {
        let handle = thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(io_error("starting a thread for", &self.shared.folder))?;
        lock(&self.handles).push(handle);
        Ok(())
    }

    /// Ends the threads, lets sled go, and notes a clean stop if it was one.
    fn close(&self) {
        self.shared.queue.close("it was closed here");
        let handles = std::mem::take(&mut *lock(&self.handles));
        self.stop.store(true, Ordering::Relaxed);
        for handle in handles {
            // A panic there was noted as the log's failure.
            drop(handle.join());
        }
        let Some(segments) = self.shared.take_segments() else {
            return;
        };
        if let Err(error) = self.mark(segments) {
            tracing::warn!(folder = %self.shared.folder.display(), error, "the stop is not marked as clean");
        }
        lock(&self.shared.lock).take();
    }

    fn mark(&self, segments: Arc<Segments>) -> Result<(), String> {
        let live = Arc::clone(segments.live());
        let (number, db) = (live.number, live.live.folder().join("db"));
        let position = self.shared.head.borrow().position;
        drop(segments);
        let deadline = Instant::now() + CLOSE_WAIT;
        while Arc::strong_count(&live) > 1 {
            if Instant::now() > deadline {
                return Err("readers hold the live segment".to_owned());
            }
            thread::sleep(Duration::from_millis(1));
        }
        drop(live);
        if self.shared.failure.get().is_some() {
            return Err("a write has failed".to_owned());
        }
        // sled's threads hold the lock until the last of them has let go of the file.
        let file = File::open(&db).map_err(|error| error.to_string())?;
        while file.try_lock().is_err() {
            if Instant::now() > deadline {
                return Err("the live segment's file is still locked".to_owned());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Marker::of(number, position, &db)
            .and_then(|marker| marker.store(&self.shared.folder))
            .map_err(|error| error.to_string())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

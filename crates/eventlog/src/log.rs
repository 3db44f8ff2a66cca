//! The handle of a log: append, import, read, watch; cheap to clone, and the last one closes the log.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, mpsc};

use tokio::sync::watch;

use crate::append::{Append, Appended, Imported};
use crate::copies;
use crate::epoch::{Awaits, Opening};
use crate::error::{AppendError, EpochError, ImportError, OpenError, ReadError};
use crate::guard::ClockJump;
use crate::head::{Head, Room, Watermark};
use crate::heart;
use crate::load::Load;
use crate::locks::read;
use crate::open;
use crate::reader::{self, LogBlocks, Scan};
use crate::record::{ChainHash, Key, LogId, Place, Position, Record, Revision, StreamId};
use crate::rider::Rider;
use crate::sealing;
use crate::segment::Segments;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::submit::{self, Taking, Ticket};
use crate::threads::Threads;
use crate::writer::{Writer, head_of};

/// An open log. Clones are handles of the same log; it is closed by `close` or with the last of them.
#[derive(Clone, Debug)]
pub struct EventLog {
    shared: Arc<Shared>,
    threads: Arc<Threads>,
}

impl EventLog {
    /// Opens the log in `folder`, or makes one there. Everything since the last sealing is checked first.
    ///
    /// # Errors
    /// When the folder is in use, damaged, or behind what others have seen; nothing is changed then.
    pub fn open(folder: &Path, mut settings: Settings) -> Result<Self, OpenError> {
        let opened = open::open(folder, &settings)?;
        // It goes with the writer: whoever keeps what rides along may be closed once the log is.
        let keeping = std::mem::take(&mut settings.keeping);
        let first = head_of(&opened.standing, opened.manifest.epoch);
        let (head, watched) = watch::channel(first);
        let shared = Arc::new(Shared::new(
            folder.to_owned(),
            settings,
            opened.manifest,
            watched,
            opened.standing.clone(),
            opened.awaits,
            opened.segments,
            opened.lock,
        ));
        let threads = Arc::new(Threads::new(Arc::clone(&shared)));
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
            keeping,
        )
        .map_err(|error| open::damaged(folder, &error))?;
        threads.spawn("log-writer", move || writer.run())?;
        let (stop, seals) = (threads.stop(), Arc::clone(&shared));
        threads.spawn("log-sealer", move || sealing::run(&seals, &todo, &stop))?;
        if shared.settings.clock_rule.is_some() {
            let (stop, beats) = (threads.stop(), Arc::clone(&shared));
            threads.spawn("log-heart", move || heart::run(&beats, &stop))?;
        }
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
        submit::append(Arc::clone(&self.shared), append, None)
    }

    /// `append` of what names something that the log's [`Keeper`](crate::Keeper) is to keep: both are on the disk before this
    /// resolves, by one sync, and after a power cut the record is not there without what it names. `bytes` is what the rider counts among
    /// the bytes that may wait.
    ///
    /// # Errors
    /// See [`AppendError`]. Where the log was asked and the append did not fit it ([`AppendError::Conflict`] and the like), the
    /// keeper has the rider, on the disk; nothing is known of it after [`AppendError::Closed`]; otherwise it was not kept.
    pub fn append_with(
        &self,
        append: Append,
        rider: Rider,
        bytes: usize,
    ) -> impl Future<Output = Result<Appended, AppendError>> + Send + use<> {
        submit::append(Arc::clone(&self.shared), append, Some((rider, bytes)))
    }

    /// For an append that another thread makes, which must not wait for the disk: what it needs, and what becomes of it.
    pub fn ticket(
        &self,
    ) -> (
        Ticket,
        impl Future<Output = Result<Appended, AppendError>> + Send + use<>,
    ) {
        submit::ticket(Arc::clone(&self.shared))
    }

    /// Several appends at once, in this order, each judged by itself: they share a sync.
    ///
    /// # Errors
    /// See [`AppendError`]; one's refusal says nothing about the others.
    pub fn append_all(
        &self,
        appends: Vec<Append>,
    ) -> impl Future<Output = Vec<Result<Appended, AppendError>>> + Send + use<> {
        submit::append_all(Arc::clone(&self.shared), appends)
    }

    /// `append` for callers without a runtime; blocks the thread.
    ///
    /// # Errors
    /// See [`AppendError`].
    ///
    /// # Panics
    /// Within an asynchronous runtime.
    pub fn append_blocking(&self, append: Append) -> Result<Appended, AppendError> {
        submit::append_blocking(&self.shared, append)
    }

    /// Takes in records of other logs at this log's next positions; those that are here are dropped.
    /// The batch is taken in parts of at most 512 KiB, each whole or not at all. What a log wrote to a stream that another
    /// log wrote before it is kept as a rival, listed under [`StreamId::rival`].
    ///
    /// # Errors
    /// See [`ImportError`]; parts before the one that failed are in the log.
    pub fn import(
        &self,
        records: Vec<Record>,
    ) -> impl Future<Output = Result<Imported, ImportError>> + Send + use<> {
        submit::take_in(Arc::clone(&self.shared), records, Taking::Import)
    }

    /// Takes in the followed log's records verbatim; those that are here are compared and dropped.
    ///
    /// # Errors
    /// See [`ImportError`]; parts before the one that failed are in the log.
    pub fn replicate(
        &self,
        records: Vec<Record>,
    ) -> impl Future<Output = Result<Imported, ImportError>> + Send + use<> {
        submit::take_in(Arc::clone(&self.shared), records, Taking::Replicate)
    }

    /// Why the log takes no writes until its next epoch is open, while it does not.
    pub fn awaits(&self) -> Option<Awaits> {
        self.shared.awaits.borrow().clone()
    }

    /// Follows [`awaits`](Self::awaits).
    pub fn watch_awaits(&self) -> watch::Receiver<Option<Awaits>> {
        self.shared.awaits.subscribe()
    }

    /// Says what the next epoch waits for, for whoever asks [`awaits`](Self::awaits).
    pub fn waits_for(&self, waiting: &str) {
        self.shared.awaits.send_if_modified(|awaits| match awaits {
            Some(awaits) if awaits.waiting.as_deref() != Some(waiting) => {
                awaits.waiting = Some(waiting.to_owned());
                true
            }
            Some(_) | None => false,
        });
    }

    /// Somebody has seen this position of the log. If it ends before that, it takes no writes from now on, until its next
    /// epoch is open; resolves with whether it does. A replica is never the shorter for it: it follows.
    ///
    /// # Errors
    /// See [`EpochError`].
    pub fn seen_by(
        &self,
        seen: Position,
        by: String,
    ) -> impl Future<Output = Result<bool, EpochError>> + Send + use<> {
        submit::seen_by(Arc::clone(&self.shared), seen, by)
    }

    /// Takes back this log's own records from somebody who has more of it, verbatim; only while it waits for its next epoch.
    ///
    /// # Errors
    /// See [`ImportError`]; parts before the one that failed are in the log.
    pub fn heal(
        &self,
        records: Vec<Record>,
    ) -> impl Future<Output = Result<Imported, ImportError>> + Send + use<> {
        submit::take_in(Arc::clone(&self.shared), records, Taking::Heal)
    }

    /// Opens the next epoch with a record of the log's own, and gives its place; writes are taken from then on, after any
    /// crash too.
    ///
    /// # Errors
    /// See [`EpochError`].
    pub fn open_epoch(
        &self,
        opening: Opening,
    ) -> impl Future<Output = Result<Place, EpochError>> + Send + use<> {
        submit::open_epoch(Arc::clone(&self.shared), opening)
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

    /// All records of each of these streams, in their order. What lies together is read once, so this is the way to ask for many.
    ///
    /// # Errors
    /// When any of them cannot be read back.
    pub fn streams(&self, streams: &[StreamId]) -> Result<Vec<Vec<Record>>, ReadError> {
        self.segments()?.streams(streams)
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

    /// The last record of a log that is here: of this one, or of one whose records were taken in.
    pub fn last_of(&self, log: LogId) -> Option<Watermark> {
        let head = self.head();
        if head.log != log {
            return self.watermark(log);
        }
        (head.position > 0).then_some(Watermark {
            epoch: head.epoch,
            position: head.position,
            hash: head.hash,
        })
    }

    /// Up to `max` records of a log after its position `after`, as they are there: of this log, or of one whose records
    /// were taken in. The second value is where to look for the next; 0 begins anew.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn records_of(
        &self,
        log: LogId,
        after: Position,
        from: Position,
        max: usize,
    ) -> Result<(Vec<Record>, Position), ReadError> {
        if self.head().log == log {
            return Ok((self.read_after(after, max)?, 0));
        }
        copies::records_of(&*self.segments()?, log, after, from, max)
    }

    /// Why the log takes no more writes, when something has failed; only opening it anew helps.
    pub fn failed(&self) -> Option<&str> {
        self.shared.failure.get().map(String::as_str)
    }

    /// The room on its disk, as it is now.
    pub fn room(&self) -> Room {
        self.shared.room()
    }

    /// The clock's leap ahead, when it is not believed and keeps the log from taking writes.
    pub fn clock_jump(&self) -> Option<ClockJump> {
        self.shared.clock_jump()
    }

    /// The leap that a time read a moment ago (microseconds since 1970) is, when it is not believed: the clock may have come
    /// back since, and what went by that time must not be written all the same.
    pub fn leap_to(&self, now: i64) -> Option<ClockJump> {
        self.shared.leap_to(now)
    }

    /// How busy its writer is.
    pub fn load(&self) -> Load {
        let (writes, bytes) = self.shared.queue.waiting();
        let (syncs, sync_seconds) = self.shared.syncs.read();
        Load {
            writes,
            bytes,
            syncs,
            sync_seconds,
        }
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

//! The one thread that writes: takes all that waits, one write of the journal and one sync, and only then anybody sees it.

mod epoch;

use std::cell::Cell;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use tokio::sync::watch;

use crate::append::Imported;
use crate::error::{AppendError, EpochError, ImportError, ReadError};
use crate::head::Head;
use crate::live::{Header, Live, SYNC_BYTES_MAX};
use crate::locks::{lock, write};
use crate::manifest::{End, Entry, Form, live_folder};
use crate::queue::{AppendReply, EpochReply, ImportReply, Job, Outcome, SeenReply};
use crate::record::Place;
use crate::rider::Keeping;
use crate::segment::{LiveSegment, Segments};
use crate::shared::Shared;
use crate::stage::{Batch, Refused, Stage};
use crate::standing::Standing;

/// What is staged leaves room for the headers of its blocks.
const GROUP_BYTES_MAX: usize = SYNC_BYTES_MAX - 64 * 1024;
const GROUP_JOBS_MAX: usize = 4096;
/// A folder's file is padded to one of sled's segments when it is opened: below this its length says nothing.
const FILE_LEN_MIN: u64 = 24 << 20;
/// With more folders than this waiting to be sealed, the live one goes on growing.
const UNSEALED_MAX: usize = 2;

/// An answer that waits for the sync.
enum Answer {
    Append(AppendReply, Result<Outcome, AppendError>),
    Import(ImportReply, Result<Imported, ImportError>),
    Epoch(EpochReply, Result<Place, EpochError>),
    Seen(SeenReply, bool),
}

impl Answer {
    /// Is nothing written of an append?
    const fn is_refusal(&self) -> bool {
        match self {
            Self::Append(_, result) => result.is_err(),
            Self::Import(..) | Self::Epoch(..) | Self::Seen(..) => false,
        }
    }
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    head: watch::Sender<Head>,
    stage: Stage,
    segments: Arc<Segments>,
    sealer: mpsc::Sender<Arc<LiveSegment>>,
    /// The number of the next sled folder.
    next_number: u32,
    /// The live segment's size at which to try closing it.
    roll_at: u64,
    /// Keeps what rides along.
    keeping: Keeping,
    /// It has taken something that it has not settled yet.
    owes: Cell<bool>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        head: watch::Sender<Head>,
        standing: Standing,
        sealer: mpsc::Sender<Arc<LiveSegment>>,
        next_number: u32,
        keeping: Keeping,
    ) -> Result<Self, ReadError> {
        let epoch = lock(&shared.manifest).epoch;
        let roll_at = shared.settings.segment_bytes_max;
        let segments = shared.segments()?;
        let awaits = shared.awaits.borrow().is_some();
        let stage = Stage::new(standing, epoch, awaits);
        Ok(Self {
            shared,
            head,
            stage,
            segments,
            sealer,
            next_number,
            roll_at,
            keeping,
            owes: Cell::new(false),
        })
    }

    /// Writes until the queue is closed and empty, or until anything fails.
    pub(crate) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            let faults = &shared.settings.faults;
            faults.at("writer::waits")?;
            while let Some(jobs) = self.shared.queue.take(GROUP_BYTES_MAX, GROUP_JOBS_MAX) {
                faults.at("writer::takes")?;
                self.group(jobs)?;
                faults.at("writer::waits")?;
            }
            self.checkpoint()
        }));
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => shared.fail(error.to_string()),
            Err(_) => shared.fail("the writer panicked".to_owned()),
        }
    }

    /// Stages, commits and answers one group of writes.
    fn group(&mut self, mut jobs: Vec<Job>) -> io::Result<()> {
        // The sealer may have put a file in the place of a folder.
        self.segments = self.shared.segments().map_err(io::Error::other)?;
        self.stage.now = (self.shared.settings.now)();
        self.stage.full = self.disk_nearly_full();
        // The same reading is judged that is written down: between two the clock may have come back.
        self.stage.jump = self.shared.leap_to(self.stage.now);
        let before = self.stage.standing.position;
        let mut answers = Vec::with_capacity(jobs.len());
        let (came, riders): (Vec<_>, Vec<_>) = jobs.iter_mut().map(Job::rider).map(split).unzip();
        let taken = self.keeping.take(riders.into_iter().flatten().collect());
        if taken.each.contains(&true) {
            self.owes.set(true);
        }
        self.stage.batch.riders = taken.bytes;
        let mut each = taken.each.into_iter();
        let mut broken = None;
        let mut strayed = false;
        for (job, came) in jobs.into_iter().zip(came) {
            let rides = came.then(|| each.next().unwrap_or(false));
            if broken.is_some() {
                job.refuse("the log is broken");
                continue;
            }
            match self.stage(job, rides, &mut answers) {
                Ok(()) => {}
                Err(error) => broken = Some(error),
            }
            strayed |= rides == Some(true) && answers.last().is_some_and(Answer::is_refusal);
        }
        let done = match broken {
            Some(error) => Err(error),
            None if strayed => {
                let settled = self.settle();
                settled.and_then(|()| self.commit())
            }
            None => self.commit(),
        };
        let reason = done.as_ref().err().map(ToString::to_string);
        if let Some(reason) = &reason {
            // Before anyone hears of it: who asks then is told.
            self.shared.fail(reason.clone());
        }
        for answer in answers {
            send(answer, reason.as_deref());
        }
        if self.head.borrow().position != before {
            // Whoever follows the log is woken after whoever waits for an answer.
            self.head.send_modify(|_| {});
        }
        done?;
        if self.segments.live().live.journal().is_due() {
            self.checkpoint()?;
        }
        self.roll_if_full()
    }

    fn disk_nearly_full(&self) -> Option<(u64, u64)> {
        let room = self.shared.room();
        room.nearly_full().then_some((room.free, room.min))
    }

    /// Stages one job, of which is known whether what rides along with it is kept. An error here means that the log
    /// contradicts itself.
    fn stage(
        &mut self,
        job: Job,
        rides: Option<bool>,
        answers: &mut Vec<Answer>,
    ) -> io::Result<()> {
        match job {
            Job::Append(_, _, reply) if rides == Some(false) => {
                answers.push(Answer::Append(reply, Err(AppendError::NotTaken)));
            }
            Job::Append(append, _, reply) => {
                let result = self.stage.append(&self.segments, append);
                answers.push(Answer::Append(reply, sound(result)?));
            }
            Job::Import(records, reply) => {
                let result = self.stage.import(&self.segments, records);
                answers.push(Answer::Import(reply, sound(result)?));
            }
            Job::Replicate(records, reply) => {
                let result = self.stage.replicate(&self.segments, records, true);
                let result = sound(result)?;
                if let Ok((_, Some(place))) = &result {
                    self.adopt(place)?;
                }
                answers.push(Answer::Import(reply, result.map(|(imported, _)| imported)));
            }
            Job::Heal(records, reply) if self.stage.awaits => {
                let result = self.stage.replicate(&self.segments, records, false);
                let result = sound(result)?.map(|(imported, _)| imported);
                answers.push(Answer::Import(reply, result));
            }
            Job::Heal(_, reply) => {
                let role = self.shared.settings.role.as_str();
                answers.push(Answer::Import(reply, Err(ImportError::Role { role })));
            }
            Job::OpenEpoch(opening, reply) => {
                // Whoever waits is answered in any case, once the failure is noted.
                let (opened, broken) = match self.open_epoch(&opening) {
                    Ok(opened) => (opened, Ok(())),
                    Err(error) => (Err(EpochError::Closed(error.to_string())), Err(error)),
                };
                answers.push(Answer::Epoch(reply, opened));
                broken?;
            }
            Job::Seen(seen, by, reply) => {
                let shorter = self.seen_by(seen, by)?;
                answers.push(Answer::Seen(reply, shorter));
            }
        }
        Ok(())
    }

    /// Gives this log the identity of the one it follows, before its first record is written.
    fn adopt(&self, place: &Place) -> io::Result<()> {
        let mut manifest = lock(&self.shared.manifest);
        manifest.log = place.log;
        manifest.epoch = place.epoch;
        manifest.store(&self.shared.folder, &self.shared.settings.faults)
    }

    /// Makes what is staged durable, then visible.
    fn commit(&mut self) -> io::Result<()> {
        if self.stage.batch.is_empty() {
            return Ok(());
        }
        self.stage.finish()?;
        let live = &self.segments.live().live;
        let faults = &self.shared.settings.faults;
        let (blocks, riders) = (&self.stage.batch.blocks, &self.stage.batch.riders);
        if !live.journal().has_room(blocks, riders) {
            self.checkpoint()?;
        }
        if live.journal().has_room(blocks, riders) {
            faults.at("writer::write")?;
            live.journal().write(blocks, riders)?;
            faults.at("writer::sync")?;
            let began = Instant::now();
            live.journal().sync()?;
            self.shared.syncs.took(began.elapsed());
            faults.at("writer::synced")?;
            live.apply(blocks)?;
        } else {
            // It would fill the journal by itself, and shares sled's sync with nobody. What rides along comes first: no
            // record may be there without it.
            self.settle()?;
            live.apply(blocks)?;
            self.sync_store()?;
        }
        let batch = std::mem::take(&mut self.stage.batch);
        self.show(&batch);
        Ok(())
    }

    /// What rode along so far is on the disk where it belongs. A keeper of whom nothing is wanted is not asked: it may have
    /// closed.
    fn settle(&self) -> io::Result<()> {
        if self.owes.get() {
            self.keeping.settle()?;
            self.owes.set(false);
        }
        Ok(())
    }

    /// From now on sled's own file has everything, and its keeper what rode along; the journal begins anew.
    fn checkpoint(&self) -> io::Result<()> {
        if self.segments.live().live.journal().is_empty() {
            return Ok(());
        }
        self.sync_store()
    }

    fn sync_store(&self) -> io::Result<()> {
        let live = &self.segments.live().live;
        let faults = &self.shared.settings.faults;
        faults.at("checkpoint::settle")?;
        self.settle()?;
        faults.at("checkpoint::flush")?;
        live.flush()?;
        faults.at("checkpoint::sync")?;
        let began = Instant::now();
        live.sync()?;
        self.shared.syncs.took(began.elapsed());
        faults.at("checkpoint::synced")?;
        live.journal().restart();
        live.fill_ahead()
    }

    /// Moves the index and the head over what is synced.
    fn show(&self, batch: &Batch) {
        batch.index(&mut write(&self.segments.live().index));
        // The head moves while the watermarks are locked: whoever sees one of them sees the other too.
        let mut shown = write(&self.shared.standing);
        shown.clone_from(&self.stage.standing);
        let newest = head_of(&self.stage.standing, self.stage.epoch);
        // Who follows it is told later: see `group`.
        self.head.send_if_modified(|head| {
            *head = newest;
            false
        });
    }

    fn roll_if_full(&mut self) -> io::Result<()> {
        let segment = self.segments.live();
        let bytes = crate::locks::read(&segment.index).bytes();
        let len = segment.live.file_len()?;
        if bytes == 0 {
            return Ok(());
        }
        let full = bytes >= self.roll_at || (len >= self.roll_at && len >= FILE_LEN_MIN);
        if !full || self.shared.segments().map_or(0, |now| now.unsealed()) >= UNSEALED_MAX {
            return Ok(());
        }
        segment.live.no_blobs()?;
        self.roll()
    }

    /// Closes the live segment, begins the next one and hands the old one to the sealer.
    fn roll(&mut self) -> io::Result<()> {
        let settings = &self.shared.settings;
        settings.faults.at("roll::begin")?;
        self.checkpoint()?;
        let standing = self.stage.standing.clone();
        let first = standing.position.saturating_add(1);
        let (number, before) = (self.next_number, standing.chain);
        let path = live_folder(&self.shared.folder, number);
        let live = match Live::create(
            &path,
            &Header { first, before },
            settings.store_segment_bytes,
        ) {
            Ok(live) => live,
            Err(error) => {
                // Nothing is lost: the old one goes on, and this is tried again later.
                tracing::warn!(folder = %path.display(), %error, "no new segment could be begun");
                self.roll_at = self.roll_at.saturating_add(settings.segment_bytes_max / 16);
                return Ok(());
            }
        };
        settings.faults.at("roll::created")?;
        {
            let mut manifest = lock(&self.shared.manifest);
            if let Some(old) = manifest.segments.last_mut() {
                old.end = Some(End {
                    last: standing.position,
                    hash: standing.chain,
                });
            }
            let form = Form::Folder;
            manifest.segments.push(Entry {
                number,
                first,
                before,
                end: None,
                form,
            });
            manifest.store(&self.shared.folder, &settings.faults)?;
        }
        let index = crate::index::Index::new(first);
        let live = Arc::new(LiveSegment::new(number, standing, live, index));
        let old = Arc::clone(self.segments.live());
        self.shared
            .change_segments(|segments| segments.rolled(live));
        self.segments = self.shared.segments().map_err(io::Error::other)?;
        self.next_number = number.saturating_add(1);
        self.roll_at = settings.segment_bytes_max;
        settings.faults.at("roll::done")?;
        // Without a sealer the segment is sealed after the next open.
        drop(self.sealer.send(old));
        Ok(())
    }
}

/// The head as it is told: an empty log has its epoch all the same.
pub(crate) fn head_of(standing: &Standing, epoch: u32) -> Head {
    Head {
        epoch: standing.epoch.max(epoch),
        ..standing.head()
    }
}

/// Whether there is one, and it.
fn split<T>(it: Option<T>) -> (bool, Option<T>) {
    (it.is_some(), it)
}

/// Separates refusals, which are answers, from contradictions, which stop the log.
fn sound<T, E>(result: Result<T, Refused<E>>) -> io::Result<Result<T, E>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Refused::Because(error)) => Ok(Err(error)),
        Err(Refused::Broken(error)) => Err(io::Error::other(error)),
    }
}

/// Answers, unless the caller has gone. After a failure nothing is known of any of the group.
fn send(answer: Answer, failure: Option<&str>) {
    match (answer, failure) {
        (Answer::Append(reply, result), None) => drop(reply.send(result)),
        (Answer::Import(reply, result), None) => drop(reply.send(result)),
        (Answer::Append(reply, _), Some(reason)) => {
            drop(reply.send(Err(AppendError::Closed(reason.to_owned()))));
        }
        (Answer::Import(reply, _), Some(reason)) => {
            drop(reply.send(Err(ImportError::Closed(reason.to_owned()))));
        }
        (Answer::Epoch(reply, result), None) => drop(reply.send(result)),
        (Answer::Seen(reply, shorter), None) => drop(reply.send(Ok(shorter))),
        (Answer::Epoch(reply, _), Some(reason)) => {
            drop(reply.send(Err(EpochError::Closed(reason.to_owned()))));
        }
        (Answer::Seen(reply, _), Some(reason)) => {
            drop(reply.send(Err(EpochError::Closed(reason.to_owned()))));
        }
    }
}

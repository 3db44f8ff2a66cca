//! The background thread that turns a full live segment into one immutable file, then lets the folder go.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::durable;
use crate::error::ReadError;
use crate::locks::lock;
use crate::manifest::{Form, live_folder, sealed_file};
use crate::record::{Position, Record};
use crate::sealed::{self, SealedSegment};
use crate::segment::LiveSegment;
use crate::shared::Shared;
use crate::standing::Standing;

/// A failed sealing is tried again: until then the folder serves.
const RETRY: Duration = Duration::from_secs(10);
/// Readers that still look into a folder get this long before its files lose their names.
const READERS_WAIT: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(10);
/// The next segment is sealed only after this one is let go.
const READERS_STEP: Duration = Duration::from_millis(1);

/// Seals what comes until nothing more comes or `stop` is set.
pub(crate) fn run(shared: &Shared, todo: &mpsc::Receiver<Arc<LiveSegment>>, stop: &AtomicBool) {
    while let Ok(segment) = todo.recv() {
        let number = segment.number;
        loop {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            match seal(shared, &segment, stop) {
                Ok(()) => break,
                Err(_) if stop.load(Ordering::Relaxed) => return,
                Err(error) => {
                    tracing::error!(number, %error, "a segment could not be sealed; it stays as it is");
                    wait(RETRY, stop);
                }
            }
        }
        if let Err(error) = let_go(shared, segment) {
            tracing::warn!(number, %error, "a sealed segment's folder could not be removed");
        }
    }
}

fn wait(time: Duration, stop: &AtomicBool) {
    let mut left = time;
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
}

/// Writes the file, checks it, and names it in the manifest; then readers use it.
fn seal(shared: &Shared, segment: &LiveSegment, stop: &AtomicBool) -> io::Result<()> {
    let faults = &shared.settings.faults;
    faults.at("seal::begin")?;
    let path = sealed_file(&shared.folder, segment.number);
    let records = Records {
        segment,
        next: segment.first(),
        block: Vec::new().into_iter(),
        stop,
    };
    let records = records.inspect(|_| drop(faults.at("seal::record")));
    // A replica takes its identity with its first record, after the segment was begun.
    let log = lock(&shared.manifest).log;
    let before = Standing {
        log,
        ..segment.before.clone()
    };
    let footer = sealed::write(&path, &before, records).map_err(io::Error::other)?;
    faults.at("seal::written")?;
    let sealed = SealedSegment::open(&path).map_err(io::Error::other)?;
    if *sealed.footer() != footer {
        return Err(io::Error::other(
            "the sealed file does not read back as it was written",
        ));
    }
    {
        let mut manifest = lock(&shared.manifest);
        let mut changed = manifest.clone();
        let entry = changed
            .segments
            .iter_mut()
            .find(|entry| entry.number == segment.number);
        let Some(entry) = entry else {
            return Err(io::Error::other("the manifest does not name the segment"));
        };
        let ends = entry
            .end
            .is_some_and(|end| (end.last, end.hash) == (footer.after.position, footer.after.chain));
        if !ends {
            return Err(io::Error::other(
                "the sealed file does not end where the segment does",
            ));
        }
        entry.form = Form::Sealed;
        changed.store(&shared.folder, faults)?;
        *manifest = changed;
    }
    shared.change_segments(|segments| segments.replaced(&sealed));
    faults.at("seal::done")
}

/// Removes the folder once no reader looks into it any more, or after a while all the same: files
/// that are open stay readable without a name.
fn let_go(shared: &Shared, segment: Arc<LiveSegment>) -> io::Result<()> {
    let mut waited = Duration::ZERO;
    while Arc::strong_count(&segment) > 1 && waited < READERS_WAIT {
        thread::sleep(READERS_STEP);
        waited += READERS_STEP;
    }
    let number = segment.number;
    let opened = segment.live.folder().to_owned();
    drop(segment);
    shared.settings.faults.at("seal::remove")?;
    durable::remove_folder(&opened)?;
    durable::remove_folder(&live_folder(&shared.folder, number))
}

/// All records of a segment that takes no more.
struct Records<'a> {
    segment: &'a LiveSegment,
    next: Position,
    block: std::vec::IntoIter<Record>,
    stop: &'a AtomicBool,
}

impl Records<'_> {
    fn fill(&mut self) -> Result<bool, ReadError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(ReadError::Closed);
        }
        let Some(block) = self.segment.block(self.next)? else {
            return Ok(false);
        };
        let damaged = |error: crate::error::DecodeError| {
            self.segment.damaged(block.header.first, &error.to_string())
        };
        let decoded = block.decode().map_err(damaged)?;
        let records = decoded
            .records()
            .collect::<Result<Vec<_>, _>>()
            .map_err(damaged)?;
        self.next = block.header.last.saturating_add(1);
        self.block = records.into_iter();
        Ok(true)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.block.next() {
            return Some(Ok(record));
        }
        match self.fill() {
            Ok(true) => self.block.next().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

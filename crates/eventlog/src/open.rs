//! Opening a log: everything is checked before anything is served, and no step destroys what it checks.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::durable;
use crate::epoch::{Awaits, Why};
use crate::error::OpenError;
use crate::index::Index;
use crate::live::{Header, Live};
use crate::manifest::{self, Entry, Form, Manifest};
use crate::marker::Marker;
use crate::record::{ChainHash, LogId, Position};
use crate::recover;
use crate::sealed::SealedSegment;
use crate::segment::{LiveSegment, Segment, Segments};
use crate::settings::{Role, Settings};
use crate::standing::Standing;

/// The lock of a log that was just closed is free after a moment.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// A log that was found whole.
pub(crate) struct Opened {
    pub(crate) lock: File,
    pub(crate) manifest: Manifest,
    pub(crate) standing: Standing,
    /// It takes no writes until its next epoch is open.
    pub(crate) awaits: Option<Awaits>,
    pub(crate) segments: Segments,
    /// Folders that wait to be sealed.
    pub(crate) unsealed: Vec<Arc<LiveSegment>>,
    /// The number of the next sled folder.
    pub(crate) next_number: u32,
}

pub(crate) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io {
        doing,
        path,
        source,
    }
}

pub(crate) fn damaged<W: std::fmt::Display + ?Sized>(path: &Path, why: &W) -> OpenError {
    OpenError::Damaged {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

/// Opens the folder's log, or makes one in an empty folder.
pub(crate) fn open(folder: &Path, settings: &Settings) -> Result<Opened, OpenError> {
    let made = !folder.exists();
    fs::create_dir_all(folder).map_err(io_error("making", folder))?;
    if made
        && let Some(parent) = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
    {
        durable::sync_folder(parent).map_err(io_error("syncing", parent))?;
    }
    let lock = take_lock(folder)?;
    let found = numbers(folder)?;
    let next_number = found.last().copied().unwrap_or(0).saturating_add(1);
    match Manifest::load(folder)? {
        Some(manifest) => Opening {
            folder,
            settings,
            next_number,
        }
        .existing(lock, manifest),
        // Where the making of a log was cut short, nothing was ever acknowledged.
        None if found.is_empty() || making(folder).exists() => create(folder, settings, lock),
        None => Err(OpenError::NoManifest {
            folder: folder.to_owned(),
        }),
    }
}

fn take_lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io_error("opening", &path))?;
    // A process that was just started from this one may hold it for a moment.
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => {
                let folder = folder.to_owned();
                return Err(OpenError::Locked { folder });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("locking", &path)(error)),
        }
    }
}

/// The numbers of all segments that have files or folders here.
fn numbers(folder: &Path) -> Result<BTreeSet<u32>, OpenError> {
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(io_error("listing", folder))? {
        let name = entry.map_err(io_error("listing", folder))?.file_name();
        numbers.extend(name.to_str().and_then(number));
    }
    Ok(numbers)
}

fn number(name: &str) -> Option<u32> {
    let rest = name
        .strip_prefix("live-")
        .or_else(|| name.strip_prefix("sealed-"))?;
    rest.get(..6)?.parse().ok()
}

/// There while a log is being made.
fn making(folder: &Path) -> PathBuf {
    folder.join("making")
}

fn create(folder: &Path, settings: &Settings, lock: File) -> Result<Opened, OpenError> {
    let (number, before) = (1, ChainHash::default());
    let path = manifest::live_folder(folder, number);
    durable::replace(&making(folder), b"").map_err(io_error("writing to", folder))?;
    let live = Live::create(
        &path,
        &Header { first: 1, before },
        settings.store_segment_bytes,
    )
    .map_err(io_error("making", &path))?;
    let entry = Entry {
        number,
        first: 1,
        before,
        end: None,
        form: Form::Folder,
    };
    let identity = settings.identity.unwrap_or_else(|| LogId((settings.ids)()));
    let mut manifest = Manifest::new(identity, settings.role, entry);
    manifest.clock_by_hand = settings.clock_by_hand.unwrap_or(false);
    manifest
        .store(folder, &settings.faults)
        .map_err(io_error("writing the manifest of", folder))?;
    durable::remove(&making(folder)).map_err(io_error("cleaning", folder))?;
    let standing = Standing::start(manifest.log);
    let live = Arc::new(LiveSegment::new(
        number,
        standing.clone(),
        live,
        Index::new(1),
    ));
    Ok(Opened {
        lock,
        manifest,
        standing,
        awaits: None,
        segments: Segments::new(Vec::new(), live),
        unsealed: Vec::new(),
        next_number: 2,
    })
}

struct Opening<'a> {
    folder: &'a Path,
    settings: &'a Settings,
    next_number: u32,
}

impl Opening<'_> {
    fn existing(mut self, lock: File, mut manifest: Manifest) -> Result<Opened, OpenError> {
        if manifest.role != self.settings.role {
            return Err(OpenError::Role {
                folder: self.folder.to_owned(),
                found: manifest.role.as_str(),
                wanted: self.settings.role.as_str(),
            });
        }
        if let Some(by_hand) = self.settings.clock_by_hand
            && by_hand != manifest.clock_by_hand
        {
            let folder = self.folder.to_owned();
            return Err(match by_hand {
                true => OpenError::ClockOfMachine { folder },
                false => OpenError::ClockByHand { folder },
            });
        }
        let marker = Marker::load(self.folder);
        let mut standing = Standing::start(manifest.log);
        let mut closed = Vec::new();
        let mut unsealed = Vec::new();
        let count = manifest.segments.len().saturating_sub(1);
        for entry in manifest.segments.iter_mut().take(count) {
            let (segment, after) = self.closed(entry, &standing)?;
            if let Segment::Live(live) = &segment {
                unsealed.push(Arc::clone(live));
            }
            standing = after;
            self.check_end(entry, &standing)?;
            closed.push(segment);
        }
        let found = manifest.segments.last().map_or(0, |entry| entry.number);
        let (live, after, shown) = self.live(&mut manifest, &standing, marker.as_ref())?;
        let segments = Segments::new(closed, live);
        let seen = shown.max(marker.map_or(0, |marker| marker.position));
        let awaits = self.awaits(&segments, &after, seen)?;
        manifest.epoch = manifest.epoch.max(after.epoch);
        manifest
            .store(self.folder, &self.settings.faults)
            .map_err(io_error("writing the manifest of", self.folder))?;
        if after.position < seen
            && manifest
                .segments
                .last()
                .is_some_and(|live| live.number != found)
        {
            self.keep(found)?;
        }
        self.remove_leftovers(&manifest, &unsealed)?;
        let making = making(self.folder);
        durable::remove(&making).map_err(io_error("removing", &making))?;
        // Last of all: until here it is a witness, from here on a stop is unclean.
        Marker::remove(self.folder).map_err(io_error("cleaning", self.folder))?;
        Ok(Opened {
            lock,
            manifest,
            standing: after,
            awaits,
            segments,
            unsealed,
            next_number: self.next_number,
        })
    }

    /// A segment that takes no more records: a valid sealed file wins over the folder it was made of.
    fn closed(
        &self,
        entry: &mut Entry,
        before: &Standing,
    ) -> Result<(Segment, Standing), OpenError> {
        let path = manifest::sealed_file(self.folder, entry.number);
        let sealed = SealedSegment::open(&path).map_err(OpenError::from);
        let sealed = sealed.and_then(|sealed| check_begin(&sealed, before).map(|()| sealed));
        match (sealed, entry.form) {
            (Ok(sealed), Form::Sealed | Form::Folder) => {
                entry.form = Form::Sealed;
                let after = sealed.footer().after.clone();
                return Ok((Segment::Sealed(sealed), after));
            }
            (Err(error), Form::Sealed) => return Err(error),
            (Err(_), Form::Folder) => {}
        }
        let folder = manifest::live_folder(self.folder, entry.number);
        let copy = manifest::recovery_folder(self.folder, entry.number);
        recover::copy(&folder, &copy)?;
        let (live, index, after) = recover::walk(&copy, before, self.settings.store_segment_bytes)?;
        let segment = LiveSegment::new(entry.number, before.clone(), live, index);
        Ok((Segment::Live(Arc::new(segment)), after))
    }

    fn check_end(&self, entry: &Entry, standing: &Standing) -> Result<(), OpenError> {
        match entry.end {
            Some(end) if end.last == standing.position && end.hash == standing.chain => Ok(()),
            Some(_) | None => {
                let path = match entry.form {
                    Form::Sealed => manifest::sealed_file(self.folder, entry.number),
                    Form::Folder => manifest::live_folder(self.folder, entry.number),
                };
                let why = format!(
                    "it ends at position {}, the manifest says {}; or the chain hash there differs",
                    standing.position,
                    entry.end.map_or(0, |end| end.last)
                );
                Err(damaged(&path, &why))
            }
        }
    }

    fn live(
        &mut self,
        manifest: &mut Manifest,
        before: &Standing,
        marker: Option<&Marker>,
    ) -> Result<(Arc<LiveSegment>, Standing, Position), OpenError> {
        let Some(entry) = manifest.segments.last_mut() else {
            return Err(damaged(self.folder, "the manifest names no segment"));
        };
        let folder = manifest::live_folder(self.folder, entry.number);
        if marker.is_some_and(|marker| marker.fits(entry.number, &folder.join("db"))) {
            let (live, index, after) =
                recover::walk(&folder, before, self.settings.store_segment_bytes)?;
            let shown = live.shown();
            // What rode along was settled by that stop, but for what an earlier opening laid aside.
            self.restore(&[])?;
            let segment = LiveSegment::new(entry.number, before.clone(), live, index);
            return Ok((Arc::new(segment), after, shown));
        }
        tracing::warn!(folder = %folder.display(), "the last stop was unclean: the live segment is written anew");
        let copy = manifest::recovery_folder(self.folder, entry.number);
        recover::copy(&folder, &copy)?;
        let (old, index, after) = recover::walk(&copy, before, self.settings.store_segment_bytes)?;
        let shown = old.shown();
        // Before anything of the folder is given up.
        self.restore(old.riders())?;
        let old = LiveSegment::new(entry.number, before.clone(), old, index);
        let path = manifest::live_folder(self.folder, self.next_number);
        let (live, index) = recover::rewrite(&old, &path, self.settings.store_segment_bytes)?;
        entry.number = self.next_number;
        self.next_number = self.next_number.saturating_add(1);
        let segment = LiveSegment::new(entry.number, before.clone(), live, index);
        Ok((Arc::new(segment), after, shown))
    }

    fn restore(&self, riders: &[Vec<u8>]) -> Result<(), OpenError> {
        let restored = self.settings.keeping.restore(self.folder, riders);
        restored.map_err(io_error("restoring what rode along with", self.folder))
    }

    /// Does the log wait for its next epoch? Noted before anything that says so is gone: `seen` is where it ended at the
    /// last clean stop, or went by its journal.
    fn awaits(
        &self,
        segments: &Segments,
        standing: &Standing,
        seen: Position,
    ) -> Result<Option<Awaits>, OpenError> {
        let shorter = standing.position < seen;
        if shorter {
            tracing::error!(
                folder = %self.folder.display(), last = standing.position, seen,
                "the log ends before the position of its last stop, or of its journal"
            );
        }
        if self.settings.role == Role::Replica {
            // It takes what it lacks from the log that it follows.
            return Ok(None);
        }
        let noted = Awaits::load(self.folder);
        if let Some(noted) = noted.map_err(io_error("reading the mark in", self.folder))? {
            if !self.is_open(segments, &noted)? {
                return Ok(Some(noted));
            }
            // The crash came after the record and before the mark went.
            Awaits::remove(self.folder).map_err(io_error("cleaning", self.folder))?;
        }
        if !shorter {
            return Ok(None);
        }
        let by = "the mark of its last stop, or its journal".to_owned();
        let awaits = Awaits::new(Why::Shorter { seen, by }, standing);
        let stored = awaits.store(self.folder);
        stored.map_err(io_error("marking", self.folder))?;
        Ok(Some(awaits))
    }

    /// Is the record there that was to open the epoch?
    fn is_open(&self, segments: &Segments, noted: &Awaits) -> Result<bool, OpenError> {
        let Some(position) = noted.opened_at() else {
            return Ok(false);
        };
        let record = segments.record(position);
        let record = record.map_err(|error| damaged(self.folder, &error))?;
        Ok(record.is_some_and(|record| noted.opened_by(&record)))
    }

    /// Keeps the live folder as it was found, beside the log: it lost something, and somebody may want to know what.
    fn keep(&self, number: u32) -> Result<(), OpenError> {
        let folder = manifest::live_folder(self.folder, number);
        let kept = manifest::kept_folder(self.folder, number);
        durable::remove_folder(&kept).map_err(io_error("removing", &kept))?;
        fs::rename(&folder, &kept).map_err(io_error("keeping", &folder))
    }

    /// Removes what no manifest names any more, now that everything it names has been found whole.
    fn remove_leftovers(
        &self,
        manifest: &Manifest,
        unsealed: &[Arc<LiveSegment>],
    ) -> Result<(), OpenError> {
        let mut keep = BTreeSet::new();
        for entry in &manifest.segments {
            keep.insert(match entry.form {
                Form::Sealed => manifest::sealed_file(self.folder, entry.number),
                Form::Folder => manifest::live_folder(self.folder, entry.number),
            });
        }
        keep.extend(
            unsealed
                .iter()
                .map(|segment| segment.live.folder().to_owned()),
        );
        for path in segments_here(self.folder)? {
            if keep.contains(&path) {
                continue;
            }
            if path.is_dir() {
                durable::remove_folder(&path).map_err(io_error("removing", &path))?;
            } else {
                durable::remove(&path).map_err(io_error("removing", &path))?;
            }
        }
        Ok(())
    }
}

fn check_begin(sealed: &SealedSegment, before: &Standing) -> Result<(), OpenError> {
    if sealed.footer().before == *before {
        return Ok(());
    }
    let why = format!(
        "it does not follow position {} of log {}",
        before.position, before.log
    );
    Err(damaged(sealed.path(), &why))
}

fn segments_here(folder: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error("listing", folder))? {
        let entry = entry.map_err(io_error("listing", folder))?;
        if entry
            .file_name()
            .to_str()
            .is_some_and(|name| number(name).is_some())
        {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

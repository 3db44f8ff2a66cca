//! Writing a log, or its tail, into files: sealed segments as they are, the rest sealed on the way.

use std::fs::{self, File};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::ReadError;
use crate::format::canonical_len;
use crate::log::EventLog;
use crate::reader::Scan;
use crate::record::{LogId, Position, Record};
use crate::sealed::{self, Footer, SealedSegment, temporary};
use crate::segment::Segment;
use crate::standing::Standing;
use crate::transfer::error::ExportError;

/// About how many bytes of records one file holds, before compression.
pub(super) const FILE_BYTES: usize = 256 << 20;

/// A file of an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub footer: Footer,
}

/// Writes everything after `after`, up to the head as it is now, into files in `folder`, which is made if
/// need be. Files that an earlier export left there are kept or replaced by longer ones, so that
/// the same command again takes a backup further. `progress` is told how far it has come.
///
/// # Errors
/// When the log cannot be read, a file cannot be written, or one there belongs to another history.
pub fn export(
    log: &EventLog,
    after: Position,
    folder: &Path,
    mut progress: impl FnMut(Position),
) -> Result<Vec<Exported>, ExportError> {
    let head = log.head();
    if after > head.position {
        let last = head.position;
        return Err(ExportError::Beyond { after, last });
    }
    fs::create_dir_all(folder).map_err(ExportError::io("making", folder))?;
    let segments = log.segments()?;
    let export = Export { log, folder };
    export.check_folder()?;
    let mut exported = Vec::new();
    let mut tail = segments.live().before.clone();
    for segment in segments.closed() {
        let sealed = match segment {
            Segment::Sealed(sealed) => sealed,
            Segment::Live(waiting) => {
                tail = waiting.before.clone();
                break;
            }
        };
        if sealed.last() <= after {
            continue;
        }
        let before = &sealed.footer().before;
        if before.position >= after {
            exported.push(export.copied(sealed)?);
        } else {
            let last = sealed.last();
            export.written(before.clone(), after, last, &mut exported, &mut progress)?;
        }
        progress(sealed.last());
    }
    // A replica takes its identity with its first record, after its first segment was begun.
    tail.log = head.log;
    if head.position > tail.position.max(after) {
        let last = head.position;
        export.written(tail, after, last, &mut exported, &mut progress)?;
    }
    Ok(exported)
}

/// The name of the file whose first record is at `first`.
pub(super) fn name(log: LogId, first: Position) -> String {
    format!("{log}-{first:012}.sealed")
}

struct Export<'a> {
    log: &'a EventLog,
    folder: &'a Path,
}

impl Export<'_> {
    /// Copies a sealed file and reads the copy through once.
    fn copied(&self, sealed: &SealedSegment) -> Result<Exported, ExportError> {
        let footer = sealed.footer();
        let path = self.folder.join(name(footer.log(), footer.first()));
        let there = SealedSegment::open(&path).ok();
        if there.is_none_or(|there| there.footer() != footer) {
            let aside = temporary(&path);
            fs::copy(sealed.path(), &aside).map_err(ExportError::io("copying to", &aside))?;
            File::open(&aside)
                .and_then(|file| file.sync_all())
                .map_err(ExportError::io("syncing", &aside))?;
            fs::rename(&aside, &path).map_err(ExportError::io("naming", &path))?;
            durable::sync_folder(self.folder).map_err(ExportError::io("syncing", self.folder))?;
        }
        let copy = SealedSegment::open(&path)?;
        for block in copy.blocks() {
            block?;
        }
        let footer = footer.clone();
        Ok(Exported { path, footer })
    }

    /// Seals the records after `after` up to `last` into as many files as they need; they are read
    /// from `standing` on, so that the chain and the watermarks before the first are known.
    fn written(
        &self,
        mut standing: Standing,
        after: Position,
        last: Position,
        exported: &mut Vec<Exported>,
        progress: &mut impl FnMut(Position),
    ) -> Result<(), ExportError> {
        let mut records = Records::new(self.log, standing.position, last).peekable();
        while standing.position < after {
            let Some(record) = records.next() else { break };
            let position = standing.position.saturating_add(1);
            standing
                .take(&record?)
                .map_err(|source| ExportError::Break { position, source })?;
        }
        while records.peek().is_some() {
            let first = standing.position.saturating_add(1);
            let path = self.folder.join(name(standing.log, first));
            let footer = sealed::write(&path, &standing, one_file(&mut records))?;
            standing = footer.after.clone();
            exported.push(Exported { path, footer });
            progress(standing.position);
        }
        Ok(())
    }

    /// What earlier exports left there must be of the same history; only then may it be replaced by
    /// longer files. What is damaged may be replaced too.
    fn check_folder(&self) -> Result<(), ExportError> {
        let listing = || ExportError::io("listing", self.folder);
        let log = self.log.head().log;
        for entry in fs::read_dir(self.folder).map_err(listing())? {
            let path = entry.map_err(listing())?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "sealed")
            {
                continue;
            }
            let Ok(old) = SealedSegment::open(&path) else {
                continue;
            };
            let end = &old.footer().after;
            if end.log == log && self.log.hash_at(end.position)? != Some(end.chain) {
                return Err(ExportError::Exists { path });
            }
        }
        Ok(())
    }
}

/// As many of the next records as one file should hold.
fn one_file(records: &mut Peekable<Records>) -> impl Iterator<Item = Result<Record, ReadError>> {
    let mut bytes = 0;
    std::iter::from_fn(move || {
        let record = if bytes < FILE_BYTES {
            records.next()?
        } else {
            return None;
        };
        bytes += record.as_ref().map_or(0, canonical_len);
        Some(record)
    })
}

/// The log's records one by one, up to some position.
pub(crate) struct Records {
    scan: Scan,
    block: std::vec::IntoIter<Record>,
    last: Position,
}

impl Records {
    pub(crate) fn new(log: &EventLog, after: Position, last: Position) -> Self {
        Self {
            scan: log.scan(after.saturating_add(1)),
            block: Vec::new().into_iter(),
            last,
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.block.next() {
                return (record.place.position <= self.last).then_some(Ok(record));
            }
            match self.scan.next()? {
                Ok(block) => self.block = block.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

//! Offline verification: chain, checksums, gaplessness, footers and indexes, and where the first fault is.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::chain;
use crate::error::{DecodeError, ReadError};
use crate::format::{canonical, decode_record};
use crate::log::EventLog;
use crate::record::{ChainHash, LogId, Position, Record, Revision, StreamId};
use crate::sealed::{Beginning, Rebuilt, SealedError, SealedSegment};
use crate::segment::Segment;
use crate::standing::Standing;
use crate::transfer::Records;

/// A head that was published earlier, on a receipt or a report: the log must still say the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// The position.
    pub position: Position,
    /// The chain hash there.
    pub hash: ChainHash,
}

/// What was found whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The log.
    pub log: LogId,
    /// The epoch of the last record.
    pub epoch: u32,
    /// The first position looked at.
    pub first: Position,
    /// The last position.
    pub last: Position,
    /// The chain hash there.
    pub hash: ChainHash,
    /// How many records.
    pub records: u64,
}

/// The first thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Fault {
    /// The file or folder.
    pub file: String,
    /// The first bad position; none when the file does not open at all.
    pub position: Option<Position>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}: at position {position}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl Fault {
    pub(crate) fn new(file: &Path, position: Option<Position>, what: impl fmt::Display) -> Self {
        Self {
            file: file.display().to_string(),
            position,
            what: what.to_string(),
        }
    }
}

impl From<SealedError> for Fault {
    fn from(error: SealedError) -> Self {
        match error {
            SealedError::Io {
                doing,
                path,
                source,
            } => Self::new(&path, None, format!("{doing}: {source}")),
            SealedError::Damaged { path, why } => Self::new(&path, None, why),
        }
    }
}

/// Verifies sealed files that continue each other, in any order: an export, a backup, or the sealed part
/// of a log's folder.
///
/// # Errors
/// The first fault.
pub fn files(paths: &[PathBuf], anchors: &[Anchor]) -> Result<Verified, Fault> {
    let mut segments = Vec::with_capacity(paths.len());
    for path in paths {
        segments.push(SealedSegment::open(path)?);
    }
    segments.sort_by_key(SealedSegment::first);
    let mut verifier = Verifier::new(anchors);
    for segment in segments {
        verifier.sealed(segment)?;
    }
    verifier.finish()
}

/// Verifies an open log as it is now: its sealed files, then what is not sealed yet.
///
/// # Errors
/// The first fault.
pub fn log(log: &EventLog, anchors: &[Anchor]) -> Result<Verified, Fault> {
    let mut verifier = Verifier::new(anchors);
    let unread = |error: ReadError| Fault::new(log.folder(), None, error);
    let last = log.head().position;
    let segments = log.segments().map_err(unread)?;
    let mut before = segments.live().before.clone();
    for segment in segments.closed() {
        match segment {
            Segment::Sealed(sealed) => verifier.sealed(sealed.clone())?,
            Segment::Live(waiting) => {
                before = waiting.before.clone();
                break;
            }
        }
    }
    let tail = Records::new(log, before.position, last);
    verifier.records(log.folder(), &before, tail)?;
    verifier.finish()
}

/// Goes through a log part by part, from its oldest to its newest.
#[derive(Debug)]
pub struct Verifier {
    standing: Option<Standing>,
    first: Position,
    anchors: BTreeMap<Position, ChainHash>,
    /// Anchors that contradict each other cannot all be met.
    contradiction: Option<Position>,
    earlier: Vec<SealedSegment>,
    live: HashMap<StreamId, Revision>,
    file: PathBuf,
    buffer: Vec<u8>,
}

impl Verifier {
    /// Begins; every anchor must be met by the end.
    pub fn new(anchors: &[Anchor]) -> Self {
        let mut map = BTreeMap::new();
        let mut contradiction = None;
        for anchor in anchors {
            let before = map.insert(anchor.position, anchor.hash);
            if before.is_some_and(|hash| hash != anchor.hash) {
                contradiction = Some(anchor.position);
            }
        }
        Self {
            standing: None,
            first: 0,
            anchors: map,
            contradiction,
            earlier: Vec::new(),
            live: HashMap::new(),
            file: PathBuf::new(),
            buffer: Vec::new(),
        }
    }

    /// Where the log stands after what was verified so far.
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Verifies one sealed file whole, and that it continues what came before.
    ///
    /// # Errors
    /// The first fault.
    pub fn sealed(&mut self, segment: SealedSegment) -> Result<(), Fault> {
        let footer = segment.footer();
        self.begin(segment.path(), &footer.before)?;
        let mut rebuilt = Rebuilt::new(footer);
        let mut standing = footer.before.clone();
        for block in segment.blocks() {
            let block = block.map_err(|error| self.unread(error))?;
            let len = block.bytes.len();
            let decoded = segment.decode(&block).map_err(|error| self.unread(error))?;
            for slice in decoded.slices() {
                let position = standing.position.saturating_add(1);
                let record = slice.and_then(|slice| {
                    let hash = chain::next(standing.chain, slice);
                    decode_record(slice).map(|record| (record, hash))
                });
                let (record, hash) = record.map_err(|why| self.fault(position, why))?;
                self.take(&mut standing, &record, hash)?;
                if !rebuilt.take(&record) {
                    return Err(self.fault(position, "more records than a file can index"));
                }
            }
            if standing.chain != block.header.chain {
                let last = block.header.last;
                return Err(self.fault(block.header.first, DecodeError::Chain { last }));
            }
            rebuilt.end_block(len);
        }
        let first = footer.first();
        if standing != footer.after {
            let what = "the footer does not say where the log stands after the last record";
            return Err(self.fault(footer.last(), what));
        }
        rebuilt
            .sort()
            .map_err(|(position, what)| self.fault(position, what))?;
        self.check_beginnings(rebuilt.beginnings())?;
        rebuilt
            .compare(&segment)
            .map_err(|what| self.fault(first, what))?;
        self.standing = Some(standing);
        self.earlier.push(segment);
        Ok(())
    }

    /// Verifies records that are not sealed yet, which follow `before`; `file` is where they come from.
    ///
    /// # Errors
    /// The first fault.
    pub fn records(
        &mut self,
        file: &Path,
        before: &Standing,
        records: impl IntoIterator<Item = Result<Record, ReadError>>,
    ) -> Result<(), Fault> {
        self.begin(file, before)?;
        let mut standing = before.clone();
        let mut bytes = Vec::new();
        for record in records {
            let record = record.map_err(|error| self.unread(error))?;
            let position = standing.position.saturating_add(1);
            bytes.clear();
            canonical(&record, &mut bytes).map_err(|why| self.fault(position, why))?;
            let hash = chain::next(standing.chain, &bytes);
            self.take(&mut standing, &record, hash)?;
            let (stream, revision) = (record.listed(), record.revision);
            match self.live.insert(stream, revision) {
                None => {
                    let rival = record.rival;
                    self.check_beginnings(std::iter::once(Beginning {
                        stream,
                        revision,
                        position,
                        rival,
                    }))?;
                }
                Some(last) if last.checked_add(1) == Some(revision) => {}
                Some(last) => return Err(self.revision_gap(position, stream, last, revision)),
            }
        }
        self.standing = Some(standing);
        Ok(())
    }

    /// Ends; nothing verified at all is a fault, and so is an anchor outside of what was verified.
    ///
    /// # Errors
    /// The fault.
    pub fn finish(self) -> Result<Verified, Fault> {
        let Some(standing) = &self.standing else {
            return Err(Fault::new(&self.file, None, "there is nothing to verify"));
        };
        if let Some(position) = self.contradiction {
            return Err(self.fault(position, "two anchors there contradict each other"));
        }
        let last = standing.position;
        if let Some((position, _)) = self.anchors.first_key_value() {
            let what = format!(
                "an anchor is there, but only positions {} to {last} were verified",
                self.first
            );
            return Err(self.fault(*position, what));
        }
        Ok(Verified {
            log: standing.log,
            epoch: standing.epoch,
            first: self.first,
            last,
            hash: standing.chain,
            records: last.saturating_add(1).saturating_sub(self.first),
        })
    }

    fn begin(&mut self, file: &Path, before: &Standing) -> Result<(), Fault> {
        self.file = file.to_path_buf();
        let first = before.position.saturating_add(1);
        match &self.standing {
            None if before.position == 0 && *before != Standing::start(before.log) => {
                return Err(self.fault(first, "a log does not begin like this"));
            }
            None => {
                self.first = first;
                self.meet(before.position, before.chain)?;
            }
            Some(standing) if standing != before => {
                let what = if standing.log == before.log {
                    format!("it does not follow position {}", standing.position)
                } else {
                    format!("it belongs to log {}, not to {}", before.log, standing.log)
                };
                return Err(self.fault(first, what));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn take(
        &mut self,
        standing: &mut Standing,
        record: &Record,
        hash: ChainHash,
    ) -> Result<(), Fault> {
        let position = standing.position.saturating_add(1);
        standing
            .take_hashed(record, hash, &mut self.buffer)
            .map_err(|why| self.fault(position, why))?;
        self.meet(position, hash)
    }

    fn meet(&mut self, position: Position, hash: ChainHash) -> Result<(), Fault> {
        match self.anchors.remove(&position) {
            Some(anchor) if anchor != hash => {
                let what = format!("the anchor's hash is {anchor}, the log's is {hash}");
                Err(self.fault(position, what))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A stream's first revision here must follow its last in the files before. What lies before the
    /// first file is not known unless that is the log's first; a rival begins wherever two histories part.
    fn check_beginnings(&self, beginnings: impl Iterator<Item = Beginning>) -> Result<(), Fault> {
        for beginning in beginnings {
            let Beginning {
                stream,
                revision,
                position,
                rival,
            } = beginning;
            let mut last = None;
            for segment in self.earlier.iter().rev() {
                last = segment
                    .revision(stream)
                    .map_err(|error| self.unread(error))?;
                if last.is_some() {
                    break;
                }
            }
            let last = match last {
                Some(last) => last,
                None if self.first == 1 && !rival => 0,
                None => continue,
            };
            if last.checked_add(1) != Some(revision) {
                return Err(self.revision_gap(position, stream, last, revision));
            }
        }
        Ok(())
    }

    fn revision_gap(
        &self,
        position: Position,
        stream: StreamId,
        last: Revision,
        found: Revision,
    ) -> Fault {
        let what = format!("stream {stream} has revision {found} after {last}");
        self.fault(position, what)
    }

    fn fault(&self, position: Position, what: impl fmt::Display) -> Fault {
        Fault::new(&self.file, Some(position), what)
    }

    fn unread(&self, error: ReadError) -> Fault {
        match error {
            ReadError::Damaged {
                file,
                position,
                why,
            } => Fault {
                file,
                position: Some(position),
                what: why,
            },
            ReadError::Io { file, why } => Fault {
                file,
                position: None,
                what: why,
            },
            ReadError::Closed => Fault::new(&self.file, None, ReadError::Closed),
        }
    }
}

#[cfg(test)]
mod tests;

//! Writing a sealed file: beside its name, synced, renamed, and its folder synced; then it is there whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::{ReadError, RecordFault};
use crate::format::{BlockBuilder, canonical_len};
use crate::record::Record;
use crate::sealed::directory::Directory;
use crate::sealed::error::SealError;
use crate::sealed::footer::{self, Footer, HEADER_BYTES, Sections};
use crate::sealed::index::{IndexBuilder, RevisionGap};
use crate::sealed::output::{Output, Syncing};
use crate::standing::Standing;

/// What is gathered before the system is asked to write it.
const BUFFER_BYTES: usize = 256 * 1024;

/// A block is ended when it would pass this, before compression; only a longer record has a longer one.
/// Half of what a block may hold: a single record is read in little more than half the time (19 µs
/// for 34) and the file grows by two per cent; a quarter would cost seven.
const BLOCK_BYTES: usize = 32 * 1024;

/// The name a file has until it is whole. What bears such a name after a crash is to be deleted.
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".tmp");
    name.into()
}

/// Writes `records`, the ones that follow `before`, into one sealed file and gives it its name. A file
/// that has the name already is replaced. Where the log stands afterwards is in the footer.
///
/// # Errors
/// When a record cannot be read or does not follow, or the system refuses; nothing has the name then
/// that had it not before.
pub fn write(
    path: &Path,
    before: &Standing,
    records: impl IntoIterator<Item = Result<Record, ReadError>>,
) -> Result<Footer, SealError> {
    let temporary = temporary(path);
    let written = write_temporary(path, &temporary, before, records).and_then(|footer| {
        fs::rename(&temporary, path).map_err(SealError::io("naming", path))?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        durable::sync_folder(folder.unwrap_or_else(|| Path::new(".")))
            .map_err(SealError::io("syncing the folder of", path))?;
        Ok(footer)
    });
    if written.is_err() {
        // What is left over is deleted at the next open if this does not succeed.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_temporary(
    path: &Path,
    temporary: &Path,
    before: &Standing,
    records: impl IntoIterator<Item = Result<Record, ReadError>>,
) -> Result<Footer, SealError> {
    let io = |source| SealError::io("writing", temporary)(source);
    let file = File::create(temporary).map_err(SealError::io("creating", temporary))?;
    let first = before.position.saturating_add(1);
    let mut file = BufWriter::with_capacity(BUFFER_BYTES, Syncing::new(file));
    file.write_all(&footer::header(before.log, first))
        .map_err(io)?;
    let start = u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX);
    let mut writer = Writer {
        path,
        out: Output::new(file, start),
        blocks: BlockBuilder::new(first, before.chain),
        directory: Directory::default(),
        index: IndexBuilder::new(first),
        after: before.clone(),
        first_recorded_at: None,
        buffer: Vec::new(),
    };
    for record in records {
        writer.take(&record?)?;
    }
    let (mut footer, mut out, directory, mut index) = writer.end_blocks(before)?;
    index.sort().map_err(|gap| revision_gap(path, gap))?;
    out.put(&directory.bytes).map_err(io)?;
    footer.sections.directory = out.end_section();
    footer.sections.index = index.write(&mut out).map_err(io)?;
    let bytes = footer.encode();
    let trailer = footer::trailer(&bytes).map_err(|error| io(io::Error::other(error)))?;
    out.put(&bytes).map_err(io)?;
    out.put(&trailer).map_err(io)?;
    let file = out
        .into_inner()
        .into_inner()
        .map_err(|e| io(e.into_error()))?;
    file.into_file()
        .sync_all()
        .map_err(SealError::io("syncing", temporary))?;
    Ok(footer)
}

fn revision_gap(path: &Path, gap: RevisionGap) -> SealError {
    SealError::Revision {
        path: path.to_path_buf(),
        position: gap.position,
        stream: gap.stream,
        last: gap.last,
        found: gap.found,
    }
}

struct Writer<'a> {
    path: &'a Path,
    out: Output<BufWriter<Syncing>>,
    blocks: BlockBuilder,
    directory: Directory,
    index: IndexBuilder,
    after: Standing,
    /// Of the file's and of the open block's first record.
    first_recorded_at: Option<(i64, i64)>,
    buffer: Vec<u8>,
}

type Gathered = (Footer, Output<BufWriter<Syncing>>, Directory, IndexBuilder);

impl Writer<'_> {
    fn take(&mut self, record: &Record) -> Result<(), SealError> {
        let path = || self.path.to_path_buf();
        let position = self.after.position.saturating_add(1);
        let broken = |source| SealError::Break {
            path: path(),
            position,
            source,
        };
        self.after.check(record).map_err(broken)?;
        self.index
            .take(record)
            .map_err(|_| SealError::Full { path: path() })?;
        let len = canonical_len(record);
        if self.blocks.raw_len() + len > BLOCK_BYTES || !self.blocks.fits(len, 1) {
            self.end_block()?;
        }
        let path = || self.path.to_path_buf();
        if !self.blocks.fits(len, 1) {
            return Err(SealError::Fault {
                path: path(),
                position,
                fault: RecordFault::Data,
            });
        }
        let written = record.place.recorded_at;
        match &mut self.first_recorded_at {
            None => self.first_recorded_at = Some((written, written)),
            Some((_, of_block)) if self.blocks.is_empty() => *of_block = written,
            Some(_) => {}
        }
        self.blocks.push(record).map_err(|fault| SealError::Fault {
            path: path(),
            position,
            fault,
        })?;
        let hash = self.blocks.chain();
        self.after
            .take_hashed(record, hash, &mut self.buffer)
            .map_err(|source| SealError::Break {
                path: path(),
                position,
                source,
            })
    }

    fn end_block(&mut self) -> Result<(), SealError> {
        let (Some(block), Some((_, recorded_at))) = (self.blocks.finish(), self.first_recorded_at)
        else {
            return Ok(());
        };
        let io = SealError::io("writing", self.path);
        let len = match u32::try_from(block.bytes.len()) {
            Ok(len) => len,
            Err(error) => return Err(io(io::Error::other(error))),
        };
        let at = self.out.at();
        self.directory
            .push(block.header.first, recorded_at, at, len);
        self.out.put(&block.bytes).map_err(io)
    }

    fn end_blocks(mut self, before: &Standing) -> Result<Gathered, SealError> {
        self.end_block()?;
        let Some((first_recorded_at, _)) = self.first_recorded_at else {
            return Err(SealError::Empty {
                path: self.path.to_path_buf(),
            });
        };
        let footer = Footer {
            before: before.clone(),
            after: self.after,
            first_recorded_at,
            blocks: self.directory.blocks,
            sections: Sections {
                blocks: self.out.end_section(),
                ..Sections::default()
            },
        };
        Ok((footer, self.out, self.directory, self.index))
    }
}

//! The live segment's store: a sled folder of blocks, opened and synced by the rules that sled 0.34.7 needs.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::durable;
use crate::format::{BlockHeader, Cursor, EncodedBlock};
use crate::journal::Journal;
use crate::record::{ChainHash, Position};

/// sled's own segments, bytes. A message over a quarter of this would leave sled's log for a side file that is never
/// synced. Fixed for a folder's whole life: opened with another size it is destroyed.
pub(crate) const STORE_SEGMENT_BYTES: usize = 8 << 20;
/// Below this a quarter would not hold a block and what sled adds to it.
const STORE_SEGMENT_BYTES_MIN: usize = 512 << 10;
/// sled keeps what it has read beyond this all the same; the segment's bound is what bounds it.
const CACHE_BYTES: u64 = 8 << 20;
/// At most this many bytes of values between two syncs: sled reuses its segments once newer copies
/// are written, not once they are synced.
pub(crate) const SYNC_BYTES_MAX: usize = 1 << 20;
/// The lock is free some milliseconds after the last handle is gone.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// Where sled writes what it was made with.
const CONF: &str = "conf";

/// The file is kept this much longer than what sled has written, so that a sync has no new length
/// to bring to the disk, which halves its time; smaller files get less.
const AHEAD_MAX: u64 = 1 << 20;
const AHEAD_MIN: u64 = 64 << 10;

const HEADER_KEY: [u8; 8] = [0; 8];
const HEADER_MAGIC: [u8; 4] = *b"hLIV";
const HEADER_VERSION: u8 = 1;

/// The first value of a folder: which part of the log it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    /// The position of the first record.
    pub(crate) first: Position,
    /// The chain hash before it.
    pub(crate) before: ChainHash,
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = HEADER_MAGIC.to_vec();
        bytes.push(HEADER_VERSION);
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.before.0);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }
}

/// An open sled folder. Only the writer writes; anyone may read.
pub(crate) struct Live {
    db: sled::Db,
    /// Our own handle of the `db` file: sled's flush does not sync it.
    file: File,
    /// Up to here the file was filled with zeros ahead of sled.
    filled: AtomicU64,
    /// sled's own segments, bytes.
    segment: usize,
    folder: PathBuf,
    journal: Journal,
    shown: Position,
    riders: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Makes a folder and syncs it and all it holds, so that the manifest may name it.
    pub(crate) fn create(folder: &Path, header: &Header, segment: usize) -> io::Result<Self> {
        let segment = segment.max(STORE_SEGMENT_BYTES_MIN);
        durable::remove_folder(folder)?;
        fs::create_dir(folder)?;
        let db = open_sled(folder, segment)?;
        let file = open_file(folder)?;
        let live = Self {
            db,
            file,
            filled: AtomicU64::new(0),
            segment,
            folder: folder.to_owned(),
            journal: Journal::open(folder, segment, &header.before)?,
            shown: 0,
            riders: Vec::new(),
        };
        live.put(HEADER_KEY, &header.encode())?;
        live.flush()?;
        live.file.sync_all()?;
        File::open(folder.join(CONF))?.sync_all()?;
        durable::sync_folder(&folder.join("blobs"))?;
        durable::sync_folder(folder)?;
        folder.parent().map_or(Ok(()), durable::sync_folder)?;
        Ok(live)
    }

    /// Opens a folder that the manifest names. The blocks are not read yet. `segment` is for a folder that does not say
    /// what it was made with.
    pub(crate) fn open(folder: &Path, header: &Header, segment: usize) -> io::Result<Self> {
        let file = open_file(folder)?;
        // sled would take it for a new folder.
        if file.metadata()?.len() == 0 {
            return Err(invalid("the file db is empty"));
        }
        no_blobs(folder)?;
        // A snapshot that is newer than db, or half-written, makes sled refuse the folder.
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b"snap.") {
                fs::remove_file(entry.path())?;
            }
        }
        let said = made_with(folder);
        let conf = folder.join(CONF);
        if said.is_none() && conf.exists() {
            fs::remove_file(&conf)?;
        }
        let segment = said.unwrap_or(segment);
        // Recovery must never build on bytes that are in the page cache only.
        file.sync_all()?;
        durable::sync_folder(folder)?;
        let db = open_sled(folder, segment)?;
        // Opening has filled the segment up.
        let filled = AtomicU64::new(file.metadata()?.len());
        let mut live = Self {
            db,
            file,
            filled,
            segment,
            folder: folder.to_owned(),
            journal: Journal::open(folder, segment, &header.before)?,
            shown: 0,
            riders: Vec::new(),
        };
        match live.value(HEADER_KEY)? {
            Some(value) if value.as_ref() == header.encode() => {
                let found = live.journal.read()?;
                live.take_journal(header.first, &found.blocks)?;
                (live.shown, live.riders) = (found.shown, found.riders);
                Ok(live)
            }
            Some(value) => Err(invalid(&wrong_header(&value, header))),
            None => Err(invalid(
                "it has no header block: its file db was emptied or replaced",
            )),
        }
    }

    /// Puts into sled what the journal has and sled has lost.
    fn take_journal(&self, first: Position, blocks: &[EncodedBlock]) -> io::Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        let last = guarded(|| self.db.last())?;
        let mut end = match last {
            Some((key, value)) if key.as_ref() != HEADER_KEY => {
                let header = BlockHeader::decode(&value);
                header.map_err(|error| invalid(&error.to_string()))?.last
            }
            Some(_) | None => first.saturating_sub(1),
        };
        let before = end;
        for block in blocks {
            // After a gap nothing is taken: what is before it is lost here, and comes from somebody who has it.
            if Some(block.header.first) == end.checked_add(1) {
                self.put(block.header.first.to_be_bytes(), &block.bytes)?;
                end = block.header.last;
            }
        }
        if end > before {
            // The journal begins anew.
            self.flush()?;
            self.sync()?;
        }
        Ok(())
    }

    /// Up to where the journal showed, when the folder was opened, that the log went.
    pub(crate) fn shown(&self) -> Position {
        self.shown
    }

    /// What rode along with what the journal had when the folder was opened, a commit each.
    pub(crate) fn riders(&self) -> &[Vec<u8>] {
        &self.riders
    }

    /// What a commit is made durable in.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Fails when a value has left sled's log for a side file.
    pub(crate) fn no_blobs(&self) -> io::Result<()> {
        no_blobs(&self.folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes of the file that holds everything. Asked by seeking: once the times of a file are looked at, newer kernels give
    /// the next write a time of its own, and a file system without a journal then syncs the inode with every commit.
    pub(crate) fn file_len(&self) -> io::Result<u64> {
        (&self.file).seek(SeekFrom::End(0))
    }

    /// Hands blocks to sled, in order. They are neither synced nor safe yet; a crash keeps a prefix
    /// of them, since sled's own log has their order. (A batch of sled's would keep all or none, but
    /// no append is in two blocks, and a batch takes three times as long and holds up readers.)
    pub(crate) fn apply(&self, blocks: &[EncodedBlock]) -> io::Result<()> {
        blocks
            .iter()
            .try_for_each(|block| self.put(block.header.first.to_be_bytes(), &block.bytes))
    }

    fn put(&self, key: [u8; 8], value: &[u8]) -> io::Result<()> {
        guarded(|| self.db.insert(key, value)).map(drop)
    }

    /// Writes sled's buffers out. This is not a sync.
    pub(crate) fn flush(&self) -> io::Result<()> {
        guarded(|| self.db.flush()).map(drop)
    }

    /// Syncs what was flushed.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Fills the file with zeros ahead of sled when sled has written past its end. Only between a
    /// sync and the next `apply`: all that sled has written lies below the end then, and it writes
    /// nothing beyond it before it is told to. Zeros are what sled's own recovery leaves there.
    pub(crate) fn fill_ahead(&self) -> io::Result<()> {
        let len = self.file_len()?;
        if len <= self.filled.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Not beyond sled's segment: a further one it would take for free, and fill up at the next open.
        let segment = u64::try_from(self.segment).unwrap_or(u64::MAX);
        let left = segment.saturating_sub(len % segment);
        let ahead = len.clamp(AHEAD_MIN, AHEAD_MAX).min(left);
        let end = len.saturating_add(ahead);
        durable::write_zeros(&self.file, len, end)?;
        self.file.sync_data()?;
        self.filled.store(end, Ordering::Relaxed);
        Ok(())
    }

    /// The block whose first record is at `first`.
    pub(crate) fn block(&self, first: Position) -> io::Result<Option<EncodedBlock>> {
        let Some(value) = self.value(first.to_be_bytes())? else {
            return Ok(None);
        };
        let block = EncodedBlock::from_bytes(value)
            .map_err(|error| invalid(&format!("block at position {first}: {error}")))?;
        if block.header.first != first {
            let found = block.header.first;
            return Err(invalid(&format!(
                "block at position {first} begins at {found}"
            )));
        }
        Ok(Some(block))
    }

    /// Are there blocks at or after this position?
    pub(crate) fn any_from(&self, position: Position) -> io::Result<Option<Position>> {
        let entry = guarded(|| self.db.range(position.to_be_bytes()..).next().transpose())?;
        entry.map_or(Ok(None), |(key, _)| {
            let key =
                <[u8; 8]>::try_from(key.as_ref()).map_err(|_| invalid("a key is not 8 bytes"))?;
            Ok(Some(u64::from_be_bytes(key)))
        })
    }

    fn value(&self, key: [u8; 8]) -> io::Result<Option<Box<[u8]>>> {
        guarded(|| self.db.get(key)).map(|value| value.map(|value| Box::from(value.as_ref())))
    }
}

/// Our own handle of the folder's data, beside sled's.
fn open_file(folder: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .open(folder.join("db"))
}

/// What sled writes into a folder that it makes, byte for byte.
fn conf(segment: usize) -> Vec<u8> {
    let text = format!("segment_size: {segment}\nuse_compression: false\nversion: 0.34\n");
    let sum = crc32fast::hash(text.as_bytes());
    [text.as_bytes(), &sum.to_le_bytes()].concat()
}

/// The size of sled's segments that a folder was made with; none when its settings file is missing or not exact.
fn made_with(folder: &Path) -> Option<usize> {
    let bytes = fs::read(folder.join(CONF)).ok()?;
    let text = bytes.split(|byte| *byte == b'\n').next()?;
    let number = str::from_utf8(text).ok()?.strip_prefix("segment_size: ")?;
    let segment: usize = number.parse().ok()?;
    let sound = segment.is_power_of_two() && segment >= STORE_SEGMENT_BYTES_MIN;
    (sound && bytes == conf(segment)).then_some(segment)
}

/// Takes a folder's settings file along to a copy of its data, if it is exact.
pub(crate) fn copy_conf(folder: &Path, copy: &Path) -> io::Result<()> {
    if let Some(segment) = made_with(folder) {
        fs::write(copy.join(CONF), conf(segment))?;
    }
    Ok(())
}

fn open_sled(folder: &Path, segment: usize) -> io::Result<sled::Db> {
    let config = sled::Config::new()
        .path(folder)
        .segment_size(segment)
        .cache_capacity(CACHE_BYTES)
        .use_compression(false)
        .flush_every_ms(None);
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match guarded(|| config.open()) {
            Err(error) if is_lock(&error) && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(2));
            }
            other => return other,
        }
    }
}

/// Side files are never synced: one is as bad as a lost sync.
fn no_blobs(folder: &Path) -> io::Result<()> {
    let any = match fs::read_dir(folder.join("blobs")) {
        Ok(blobs) => blobs.count() > 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    if any {
        return Err(invalid("there are files in blobs/, which are never synced"));
    }
    Ok(())
}

fn is_lock(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        || error.to_string().contains("could not acquire lock")
}

/// Damaged pages make sled panic; here that is an error like any other.
fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> io::Result<T> {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) => Err(error),
        Ok(Err(error)) => Err(io::Error::other(error.to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(invalid(&format!("sled found its pages damaged: {text}")))
        }
    }
}

fn wrong_header(value: &[u8], want: &Header) -> String {
    let mut cursor = Cursor::new(value.get(5..).unwrap_or_default());
    cursor.u64("first position").map_or_else(
        |error| format!("its header block is damaged: {error}"),
        |found| {
            format!(
                "its header block says it begins at {found}, the manifest says {}",
                want.first
            )
        },
    )
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        first: 1,
        before: ChainHash([0; 32]),
    };

    /// As every log is made.
    const SIZE: usize = STORE_SEGMENT_BYTES;

    #[test]
    fn the_settings_file_is_what_we_take_for_exact() {
        let folder = tempfile::tempdir().unwrap();
        for size in [SIZE, STORE_SEGMENT_BYTES_MIN] {
            let path = folder.path().join("live");
            drop(Live::create(&path, &HEADER, size).unwrap());
            assert_eq!(fs::read(path.join(CONF)).unwrap(), conf(size));
            assert_eq!(made_with(&path), Some(size));
        }
    }

    #[test]
    fn a_folder_is_opened_with_the_size_it_was_made_with_whatever_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        for (made, asked) in [
            (SIZE, STORE_SEGMENT_BYTES_MIN),
            (STORE_SEGMENT_BYTES_MIN, SIZE),
        ] {
            let path = folder.path().join("live");
            let live = Live::create(&path, &HEADER, made).unwrap();
            live.put([1; 8], b"kept").unwrap();
            live.flush().unwrap();
            drop(live);
            let live = Live::open(&path, &HEADER, asked).unwrap();
            assert_eq!(live.value([1; 8]).unwrap().as_deref(), Some(&b"kept"[..]));
            assert_eq!(made_with(&path), Some(made));
        }
    }

    #[test]
    fn a_folder_whose_db_was_emptied_or_replaced_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live");
        drop(Live::create(&path, &HEADER, SIZE).unwrap());
        assert!(Live::open(&path, &Header { first: 2, ..HEADER }, SIZE).is_err());
        drop(Live::open(&path, &HEADER, SIZE).unwrap());
        fs::write(path.join(CONF), b"segment_size: 1").unwrap();
        fs::write(path.join("snap.0000000000000FFF"), b"junk").unwrap();
        drop(Live::open(&path, &HEADER, SIZE).unwrap());
        fs::write(path.join("db"), b"").unwrap();
        assert!(Live::open(&path, &HEADER, SIZE).is_err());
        fs::write(path.join("db"), vec![0; 16 << 10]).unwrap();
        assert!(Live::open(&path, &HEADER, SIZE).is_err());
    }
}

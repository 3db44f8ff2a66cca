//! The journal of a live folder: what a commit waits for is one write here and one sync; sled's file is synced for many at once.
//!
//! sled hands a flush to threads of its own, writes a leaf anew when it splits, and its flush is no sync. So a commit is made
//! durable here first. At a checkpoint what sled has is flushed and synced, and the journal begins anew at its start: it need not
//! be wiped, since positions only grow. Opening puts into sled what the journal has and sled has lost.
//!
//! A commit is 24 bytes, little-endian (magic 4, bytes of its body 4, first position 8, crc32 of its body 4, crc32 of all
//! before 4, begun with the folder's seed), then its body, and zeros up to the next sector. The body is blocks, which say their
//! length themselves, and what rides along with them: magic 4, and the rest of the body.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;

use crate::durable;
use crate::format::{BlockHeader, Cursor, EncodedBlock};
use crate::locks::lock;
use crate::record::{ChainHash, Position};

const NAME: &str = "journal";

/// The journal's part of the size of sled's segments: together with what may be under way at a checkpoint no more than
/// [`SYNC_BYTES_MAX`](crate::live::SYNC_BYTES_MAX) comes between two syncs of sled's file.
const PART: usize = 8;
/// A commit begins at a sector: its header is never torn.
const SECTOR: usize = 512;
const MAGIC: [u8; 4] = *b"hJNL";
const RIDERS: [u8; 4] = *b"hRID";
const HEADER_LEN: usize = 24;

/// The file, and how much of it is in use.
pub(crate) struct Journal {
    file: File,
    capacity: u64,
    /// So that nothing in an event passes for a header.
    seed: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    end: u64,
    /// Kept from commit to commit.
    buffer: Vec<u8>,
}

/// What a journal holds when a folder is opened.
pub(crate) struct Found {
    /// The blocks of whole commits, in order.
    pub(crate) blocks: Vec<EncodedBlock>,
    /// What rode along with them, a commit each.
    pub(crate) riders: Vec<Vec<u8>>,
    /// The log once went up to here at least, 0 when nothing shows that: also by commits behind one that does not read, which
    /// are of an earlier round or came after something that was lost.
    pub(crate) shown: Position,
}

impl Journal {
    /// Opens the folder's journal, or makes one, filled with zeros and synced, its name too.
    pub(crate) fn open(folder: &Path, segment: usize, before: &ChainHash) -> io::Result<Self> {
        let path = folder.join(NAME);
        let capacity = u64::try_from(segment / PART).unwrap_or(u64::MAX);
        let there = path.exists();
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)?;
        if !there {
            durable::write_zeros(&file, 0, capacity)?;
            file.sync_all()?;
            durable::sync_folder(folder)?;
        }
        Ok(Self {
            file,
            capacity,
            seed: crc32fast::hash(&before.0),
            state: Mutex::default(),
        })
    }

    /// Is there room for one more commit of these blocks?
    pub(crate) fn has_room(&self, blocks: &[EncodedBlock], riders: &[u8]) -> bool {
        let bytes: usize = blocks.iter().map(|block| block.bytes.len()).sum();
        let bytes = bytes + RIDERS.len() + riders.len();
        let bytes = u64::try_from(span(bytes)).unwrap_or(u64::MAX);
        lock(&self.state).end.saturating_add(bytes) <= self.capacity
    }

    /// Is it time for a checkpoint?
    pub(crate) fn is_due(&self) -> bool {
        lock(&self.state).end >= self.capacity / 2
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.state).end == 0
    }

    /// Writes a commit, for which there is room. It is not synced yet.
    pub(crate) fn write(&self, blocks: &[EncodedBlock], riders: &[u8]) -> io::Result<()> {
        let state = &mut *lock(&self.state);
        let buffer = &mut state.buffer;
        buffer.clear();
        buffer.resize(HEADER_LEN, 0);
        for block in blocks {
            buffer.extend_from_slice(&block.bytes);
        }
        if !riders.is_empty() {
            buffer.extend_from_slice(&RIDERS);
            buffer.extend_from_slice(riders);
        }
        let first = blocks.first().map_or(0, |block| block.header.first);
        let (header, body) = buffer.split_at_mut(HEADER_LEN);
        header.copy_from_slice(&encode(self.seed, first, body));
        buffer.resize(buffer.len().next_multiple_of(SECTOR), 0);
        self.file.write_all_at(buffer, state.end)?;
        state.end += u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Syncs what was written.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Begins anew: sled has everything, synced.
    pub(crate) fn restart(&self) {
        lock(&self.state).end = 0;
    }

    /// What it holds.
    pub(crate) fn read(&self) -> io::Result<Found> {
        let mut bytes = vec![0; usize::try_from(self.file.metadata()?.len()).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, 0)?;
        let mut blocks: Vec<EncodedBlock> = Vec::new();
        let mut riders = Vec::new();
        let mut at = 0;
        while let Some(commit) = bytes.get(at..).and_then(|rest| commit(self.seed, rest)) {
            let follows = |last: &EncodedBlock| {
                let first = commit.blocks.first().map(|block| block.header.first);
                first == last.header.last.checked_add(1)
            };
            if !blocks.last().is_none_or(follows) {
                break;
            }
            blocks.extend(commit.blocks);
            riders.extend(commit.riders);
            at += span(commit.len);
        }
        let rest = bytes.get(at..).unwrap_or_default();
        // Not the one that does not read: it may be the last, of which nobody was told.
        let later = rest.chunks(SECTOR).skip(1);
        let behind = later.filter_map(|sector| header(self.seed, sector));
        let behind = behind.map(|header| header.first).max().unwrap_or(0);
        let last = blocks.last().map_or(0, |block| block.header.last);
        let shown = last.max(behind);
        Ok(Found {
            blocks,
            riders,
            shown,
        })
    }
}

/// Takes a folder's journal along to a copy of its data, if it has one; older folders have none.
pub(crate) fn copy(folder: &Path, copy: &Path) -> io::Result<()> {
    let path = folder.join(NAME);
    if path.exists() {
        File::open(&path)?.sync_all()?;
        fs::copy(&path, copy.join(NAME))?;
    }
    Ok(())
}

struct Header {
    first: Position,
    len: usize,
    checksum: u32,
}

fn encode(seed: u32, first: Position, body: &[u8]) -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&len.to_le_bytes());
    bytes[8..16].copy_from_slice(&first.to_le_bytes());
    bytes[16..20].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    let checksum = seeded(seed, &bytes[..20]);
    bytes[20..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn seeded(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

fn header(seed: u32, bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor::new(bytes);
    let magic = cursor.array("journal magic").ok()?;
    let len = cursor.u32("length").ok()?;
    let first = cursor.u64("first position").ok()?;
    let checksum = cursor.u32("checksum of the blocks").ok()?;
    let own = cursor.u32("checksum").ok()?;
    let whole = magic == MAGIC && own == seeded(seed, bytes.get(..20)?);
    whole.then_some(Header {
        first,
        len: usize::try_from(len).ok()?,
        checksum,
    })
}

struct Commit {
    blocks: Vec<EncodedBlock>,
    riders: Option<Vec<u8>>,
    /// Bytes of its body.
    len: usize,
}

/// The commit at the start of `bytes`; none when it is not whole.
fn commit(seed: u32, bytes: &[u8]) -> Option<Commit> {
    let header = header(seed, bytes)?;
    let mut body = bytes.get(HEADER_LEN..)?.get(..header.len)?;
    if crc32fast::hash(body) != header.checksum {
        return None;
    }
    let (mut blocks, mut riders) = (Vec::new(), None);
    while !body.is_empty() {
        if let Some(rest) = body.strip_prefix(&RIDERS) {
            riders = Some(rest.to_vec());
            break;
        }
        let len = BlockHeader::decode(body).ok()?.encoded_len();
        let (block, rest) = body.split_at_checked(len)?;
        blocks.push(EncodedBlock::from_bytes(Box::from(block)).ok()?);
        body = rest;
    }
    (!blocks.is_empty()).then_some(Commit {
        blocks,
        riders,
        len: header.len,
    })
}

/// Bytes of a commit whose body has so many.
fn span(len: usize) -> usize {
    (HEADER_LEN + len).next_multiple_of(SECTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_commit_of_another_folder_shows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let open = |before| Journal::open(folder.path(), 64 << 10, &ChainHash([before; 32]));
        let journal = open(1).unwrap();
        let sector = u64::try_from(SECTOR).unwrap();
        let another = crc32fast::hash(&[2; 32]);
        // Where the next commit would be, and behind that, where a header is taken for a witness.
        for at in [0, sector, 2 * sector] {
            let header = encode(another, 150, b"");
            journal.file.write_all_at(&header, at).unwrap();
        }
        assert_eq!(journal.read().unwrap().shown, 0);
        // The same is a witness where it is at home.
        assert_eq!(open(2).unwrap().read().unwrap().shown, 150);
    }
}

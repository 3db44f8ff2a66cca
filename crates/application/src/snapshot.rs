//! A folded state laid down beside its log, so that a start need not fold years again; never believed without proof.
//!
//! The file says which log it was folded from, up to which position, and the chain hash there; which program folded it;
//! and a SHA-256 over everything. It is used only when all of that fits: the log has that hash at that position, and it is
//! the very same program, byte for byte, for another may fold the same records to something else. Otherwise it is passed
//! over and the log is folded from its beginning. Losing the file loses nothing.
//!
//! Layout: magic; program; log id; position, little-endian; chain hash; the state; the SHA-256 of all that.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::OnceLock;

use eventlog::{ChainHash, EventLog, LogId, Position, ReadError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::projection::Fold;

const MAGIC: &[u8; 8] = b"HSFOLD\0\x01";
const DIGEST_LEN: usize = 32;
const HEADER_LEN: usize = MAGIC.len() + DIGEST_LEN + 16 + 8 + DIGEST_LEN;

/// A fold that can be laid down.
pub trait Keep: Fold + Sized {
    /// Writes the state.
    ///
    /// # Errors
    /// Those of the writer.
    fn write(&self, to: &mut dyn Write) -> io::Result<()>;

    /// The state that was written; `self` is the state before the first record, with the settings in force.
    ///
    /// # Errors
    /// When it cannot be read, or was folded under other settings.
    fn read(&self, from: &mut dyn Read) -> io::Result<Self>;
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut length = Counted::default();
        self.0.write(&mut length)?;
        write_count(to, length.0)?;
        self.0.write(to)?;
        self.1.write(to)
    }

    fn read(&self, from: &mut dyn Read) -> io::Result<Self> {
        let length = read_count(from)?;
        let mut first = from.take(length);
        let first_read = self.0.read(&mut first)?;
        io::copy(&mut first, &mut io::sink())?;
        Ok((first_read, self.1.read(from)?))
    }
}

/// Writes one value as JSON, its length before it, so that something may follow.
///
/// # Errors
/// Those of the writer.
pub fn write_value<T: Serialize>(to: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut length = Counted::default();
    serde_json::to_writer(&mut length, value)?;
    write_count(to, length.0)?;
    Ok(serde_json::to_writer(to, value)?)
}

/// Reads what [`write_value`] wrote.
///
/// # Errors
/// Those of the reader; when it is not such a value.
pub fn read_value<T: DeserializeOwned>(from: &mut dyn Read) -> io::Result<T> {
    let length = read_count(from)?;
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Writes how many things follow.
///
/// # Errors
/// Those of the writer.
pub fn write_count(to: &mut dyn Write, count: usize) -> io::Result<()> {
    let count = u64::try_from(count).map_err(io::Error::other)?;
    to.write_all(&count.to_le_bytes())
}

/// Reads what [`write_count`] wrote.
///
/// # Errors
/// Those of the reader.
pub fn read_count(from: &mut dyn Read) -> io::Result<u64> {
    Ok(u64::from_le_bytes(read_bytes(from)?))
}

/// Reads so many bytes.
///
/// # Errors
/// Those of the reader.
pub fn read_bytes<const N: usize>(mut from: &mut dyn Read) -> io::Result<[u8; N]> {
    take(&mut from)
}

/// Writes one value a line, as JSON.
///
/// # Errors
/// Those of the writer.
pub fn write_lines<T: Serialize>(
    to: &mut dyn Write,
    values: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *to, &value)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads what [`write_lines`] wrote, to the end.
///
/// # Errors
/// Those of the reader; when a line is not such a value.
pub fn read_lines<T: DeserializeOwned>(from: &mut dyn Read) -> io::Result<Vec<T>> {
    // The whole text at once: reading values out of a stream takes several times as long.
    let mut text = String::new();
    from.read_to_string(&mut text)?;
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(io::Error::from))
        .collect()
}

/// Where a state stands: in which log, and the proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    log: LogId,
    position: Position,
    hash: ChainHash,
}

impl Mark {
    /// A position of this log; none when the log does not reach it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn at(log: &EventLog, position: Position) -> Result<Option<Self>, ReadError> {
        let hash = log.hash_at(position)?;
        Ok(hash.map(|hash| Self {
            log: log.head().log,
            position,
            hash,
        }))
    }
}

/// Lays a state down in `file`, whole or not at all.
///
/// # Errors
/// When it cannot be written, or the program's own file not read.
pub fn save<S: Keep>(file: &Path, state: &S, mark: &Mark) -> io::Result<()> {
    let program = program().ok_or_else(|| io::Error::other("the program's file cannot be read"))?;
    let draft = file.with_extension("draft");
    let mut to = Hashing {
        inner: BufWriter::with_capacity(1 << 18, File::create(&draft)?),
        hash: Sha256::new(),
    };
    to.write_all(MAGIC)?;
    to.write_all(&program)?;
    to.write_all(mark.log.0.as_bytes())?;
    to.write_all(&mark.position.to_le_bytes())?;
    to.write_all(&mark.hash.0)?;
    state.write(&mut to)?;
    let digest = to.hash.finalize();
    to.inner.write_all(&digest)?;
    // Synced before it gets its name: a cut must not leave half a file in the place of a whole one.
    to.inner.into_inner()?.sync_data()?;
    fs::rename(&draft, file)
}

/// The state laid down in `file` and its position, when it fits; else the empty state.
///
/// # Errors
/// When the log cannot be read.
pub fn load<S: Keep>(log: &EventLog, empty: S, file: &Path) -> Result<(S, Position), ReadError> {
    let (mark, state) = match read(&empty, file) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok((empty, 0)),
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the folded state is not used; the log is folded anew");
            return Ok((empty, 0));
        }
    };
    // A position of another log, or one that this log does not have, has no such mark.
    if log.head().position >= mark.position && Mark::at(log, mark.position)? == Some(mark) {
        return Ok((state, mark.position));
    }
    tracing::warn!(file = %file.display(), position = mark.position, "the folded state is not of this log; it is folded anew");
    Ok((empty, 0))
}

/// What a file holds, checked against itself; none when there is none or another program wrote it.
fn read<S: Keep>(empty: &S, file: &Path) -> io::Result<Option<(Mark, S)>> {
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let checked = (HEADER_LEN + DIGEST_LEN) as u64;
    let state_len = opened
        .metadata()?
        .len()
        .checked_sub(checked)
        .ok_or_else(|| damaged("it is cut short"))?;
    let mut from = HashingReader {
        inner: BufReader::with_capacity(1 << 18, opened),
        hash: Sha256::new(),
    };
    if take::<8>(&mut from)? != *MAGIC {
        return Err(damaged("it is no folded state"));
    }
    if Some(take::<DIGEST_LEN>(&mut from)?) != program() {
        tracing::info!(file = %file.display(), "another program folded this state; the log is folded anew");
        return Ok(None);
    }
    let mark = Mark {
        log: LogId(Uuid::from_bytes(take(&mut from)?)),
        position: u64::from_le_bytes(take(&mut from)?),
        hash: ChainHash(take(&mut from)?),
    };
    let mut body = (&mut from).take(state_len);
    let state = empty.read(&mut body)?;
    io::copy(&mut body, &mut io::sink())?;
    let digest: [u8; DIGEST_LEN] = from.hash.finalize().into();
    let mut stored = [0; DIGEST_LEN];
    from.inner.read_exact(&mut stored)?;
    if stored != digest {
        return Err(damaged("its checksum differs"));
    }
    Ok(Some((mark, state)))
}

fn take<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The digest of the program that runs; none when its file is gone, as after an upgrade in place.
fn program() -> Option<[u8; DIGEST_LEN]> {
    static PROGRAM: OnceLock<Option<[u8; DIGEST_LEN]>> = OnceLock::new();
    *PROGRAM.get_or_init(|| {
        let mut hash = Hashing {
            inner: io::sink(),
            hash: Sha256::new(),
        };
        let mut file = File::open(std::env::current_exe().ok()?).ok()?;
        io::copy(&mut file, &mut hash).ok()?;
        Some(hash.hash.finalize().into())
    })
}

/// Counts what would be written: writing twice costs time that nobody waits for, and no memory.
#[derive(Default)]
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hashes what it passes on.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Hashes what it hands out.
struct HashingReader<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}

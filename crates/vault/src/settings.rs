//! The limits of a vault, and the points where a test makes the disk fail.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::cipher::Random;

/// The largest plaintext of one entry, in bytes: an applicant's data or a page of free text, not a scanned paper.
pub const PLAINTEXT_BYTES_MAX: usize = 64 * 1024;

/// Offsets are kept in 32 bits of blocks: files and batches stay well below what those can count.
pub(crate) const FILE_BYTES_LIMIT: u64 = 128 * 1024 * 1024 * 1024;
pub(crate) const QUEUE_BYTES_LIMIT: usize = 1024 * 1024 * 1024;

/// What a file of the vault holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// The manifest.
    Manifest,
    /// Wrapped subject keys.
    Keys,
    /// Ciphertexts.
    Entries,
}

/// Something the vault is about to do to the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Writing into a file.
    Write(Content),
    /// Syncing a file (fdatasync or fsync).
    Sync(Content),
}

/// Called before each step; an error it returns is taken for the disk's.
pub type Hook = Arc<dyn Fn(Step) -> io::Result<()> + Send + Sync>;

/// The limits of a vault.
#[derive(Clone)]
pub struct Settings {
    /// A file of entries is closed and the next begun once it would grow beyond this, in bytes; at most 128 GiB.
    pub file_bytes_max: u64,
    /// Puts are refused while the file system has less than this left for unprivileged programs, in bytes.
    pub free_bytes_min: u64,
    /// How many calls may wait for the writer.
    pub queue_max: usize,
    /// How many bytes of plaintext may wait for the writer, each entry counting 128 more; also the most that one call may
    /// bring. At most 1 GiB.
    pub queue_bytes_max: usize,
    /// How much is filled with zeros and synced ahead, in bytes; a power of two. It is read whenever a vault opens: tests that
    /// open thousands want less.
    #[doc(hidden)]
    pub fill_bytes: u64,
    /// How many subject keys are wrapped anew between two other jobs while the master key is changed; at least 1.
    pub rewrapped_at_once: u32,
    /// For tests: called before each write and sync.
    pub before: Hook,
    /// For tests: what keys, nonces and ids are drawn from.
    #[doc(hidden)]
    pub random: Random,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            file_bytes_max: 256 * 1024 * 1024,
            free_bytes_min: 256 * 1024 * 1024,
            queue_max: 4096,
            queue_bytes_max: 16 * 1024 * 1024,
            fill_bytes: 1024 * 1024,
            rewrapped_at_once: 1024,
            before: Arc::new(|_| Ok(())),
            random: Random::SYSTEM,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("file_bytes_max", &self.file_bytes_max)
            .field("free_bytes_min", &self.free_bytes_min)
            .field("queue_max", &self.queue_max)
            .field("queue_bytes_max", &self.queue_bytes_max)
            .finish_non_exhaustive()
    }
}

//! The mark of a clean stop: where the log ended and what its live file looked like then.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::record::Position;

/// Written by a clean stop. It is also a witness: the log may not end before it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// The number of the live segment's folder.
    number: u32,
    /// The last position of the log.
    pub(crate) position: Position,
    /// Length and checksum of the live segment's `db`.
    len: u64,
    crc32: u32,
}

impl Marker {
    /// The mark of a log that ends at `position` and whose `db` nobody writes any more.
    pub(crate) fn of(number: u32, position: Position, db: &Path) -> io::Result<Self> {
        let (len, crc32) = digest(db)?;
        Ok(Self {
            number,
            position,
            len,
            crc32,
        })
    }

    /// Reads the folder's mark; one that is unreadable was never finished.
    pub(crate) fn load(folder: &Path) -> Option<Self> {
        let bytes = durable::read(&path(folder)).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(crate) fn store(&self, folder: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::other)?;
        durable::replace(&path(folder), &bytes)
    }

    pub(crate) fn remove(folder: &Path) -> io::Result<()> {
        durable::remove(&path(folder))
    }

    /// Is `db`, the one of folder `number`, byte for byte what it was at the stop? Only then may
    /// sled open it: where a byte has changed it would remove in silence what follows.
    pub(crate) fn fits(&self, number: u32, db: &Path) -> bool {
        self.number == number
            && std::fs::metadata(db).is_ok_and(|metadata| metadata.len() == self.len)
            && digest(db).is_ok_and(|digest| digest == (self.len, self.crc32))
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("stopped")
}

fn digest(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut len = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((len, hasher.finalize()));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        len += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

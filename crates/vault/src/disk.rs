//! Files of the vault: every write and sync goes through here, so that a test can make any of them fail.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::settings::{Content, Hook, Step};

/// The disk failed, or a file is not to be had.
#[derive(Debug, Error)]
#[error("cannot {doing} {path}: {source}")]
pub struct DiskError {
    /// What was being done.
    pub doing: &'static str,
    /// To which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl DiskError {
    pub(crate) fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

/// An open file of the vault.
pub(crate) struct DataFile {
    file: File,
    path: PathBuf,
    content: Content,
    before: Hook,
}

impl DataFile {
    /// Makes the file, or takes and empties what is left of an attempt to make it.
    pub(crate) fn create(path: &Path, content: Content, before: &Hook) -> Result<Self, DiskError> {
        Self::with(
            OpenOptions::new().create(true).truncate(true),
            path,
            content,
            before,
        )
        .map_err(|source| DiskError::new("create", path, source))
    }

    pub(crate) fn open(path: &Path, content: Content, before: &Hook) -> Result<Self, DiskError> {
        Self::with(&mut OpenOptions::new(), path, content, before)
            .map_err(|source| DiskError::new("open", path, source))
    }

    fn with(
        options: &mut OpenOptions,
        path: &Path,
        content: Content,
        before: &Hook,
    ) -> io::Result<Self> {
        let file = options.read(true).write(true).mode(0o600).open(path)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            content,
            before: Hook::clone(before),
        })
    }

    /// The file's name inside the vault's folder.
    pub(crate) fn name(&self) -> String {
        name_of(&self.path)
    }

    pub(crate) fn length(&self) -> Result<u64, DiskError> {
        let data = self.file.metadata();
        Ok(data
            .map_err(|source| DiskError::new("measure", &self.path, source))?
            .len())
    }

    /// Fills as much of `buffer` as the file has from `offset` on; says how much.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(DiskError::new("read", &self.path, source)),
            }
        }
        Ok(filled)
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError> {
        (self.before)(Step::Write(self.content))
            .and_then(|()| self.file.write_all_at(bytes, offset))
            .map_err(|source| DiskError::new("write", &self.path, source))
    }

    /// Writes zeros over `from..to`, beyond the file's end too.
    pub(crate) fn write_zeros(&self, from: u64, to: u64) -> Result<(), DiskError> {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
        let mut at = from;
        while at < to {
            let length = usize::try_from(to - at)
                .unwrap_or(usize::MAX)
                .min(ZEROS.len());
            self.write(&ZEROS[..length], at)?;
            at += length as u64;
        }
        Ok(())
    }

    /// fdatasync: the bytes, and the length if it changed.
    pub(crate) fn sync(&self) -> Result<(), DiskError> {
        (self.before)(Step::Sync(self.content))
            .and_then(|()| self.file.sync_data())
            .map_err(|source| DiskError::new("sync", &self.path, source))
    }

    pub(crate) fn cut(&self, length: u64) -> Result<(), DiskError> {
        (self.before)(Step::Write(self.content))
            .and_then(|()| self.file.set_len(length))
            .map_err(|source| DiskError::new("cut", &self.path, source))
    }

    /// Writes zeros over all of it, syncs them and only then removes the name: a freed block keeps its bytes.
    pub(crate) fn destroy(&self) -> Result<(), DiskError> {
        self.wipe()?;
        self.remove()
    }

    /// Removes the name of a file that was wiped.
    pub(crate) fn remove(&self) -> Result<(), DiskError> {
        fs::remove_file(&self.path)
            .map_err(|source| DiskError::new("remove", &self.path, source))?;
        sync_parent(&self.path)
    }

    /// As [`destroy`](Self::destroy), for a file whose name already belongs to its successor.
    pub(crate) fn wipe(&self) -> Result<(), DiskError> {
        self.write_zeros(0, self.length()?)?;
        self.sync()
    }
}

/// The last part of a path, as text.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), DiskError> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|source| DiskError::new("sync", folder, source))
}

/// Makes a file's name durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), DiskError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
        Some(_) | None => sync_folder(Path::new(".")),
    }
}

/// Makes the folder, for its owner only, and its name durable; one that is there stays as it is.
pub(crate) fn make_folder(folder: &Path) -> Result<(), DiskError> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        make_folder(parent)?;
    }
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .map_err(|source| DiskError::new("create folder", folder, source))?;
    sync_parent(folder)
}

/// Names in the folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, DiskError> {
    let list = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for item in fs::read_dir(folder)? {
            names.push(item?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    };
    list().map_err(|source| DiskError::new("list", folder, source))
}

/// Bytes that unprivileged programs may still write to the file system of `folder`.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64, DiskError> {
    let room = rustix::fs::statvfs(folder)
        .map_err(|error| DiskError::new("ask for the room of", folder, error.into()))?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

//! Copying a vault while it is used: its files piece by piece, in an order in which the copy is a vault at every moment.
//!
//! Entries come first and their keys after them, so that a copied entry has its key; the manifest comes last, and without it
//! a folder is no vault. Every piece is read by the writer, between two batches: none is half written. What is added
//! meanwhile is left for the next copy. What is overwritten meanwhile (an erasure, a sweep, another master key) spoils the
//! copy, and it is begun again. Everything in it is encrypted; the master key is not in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::disk::{self, DataFile, DiskError};
use crate::error::Refused;
use crate::files;
use crate::keys;
use crate::manifest::{self, Manifest};
use crate::writer::Writer;

/// The most that one piece holds, in bytes: the writer has other work too.
pub const PIECE_BYTES_MAX: usize = 256 * 1024;

/// What is to be copied, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// The vault's own id.
    pub vault: Uuid,
    /// Its files; the last one is the manifest.
    pub parts: Vec<Part>,
    /// The manifest as it was: a later one may name a file that is not copied.
    pub(crate) manifest: Vec<u8>,
    /// How often something was overwritten before.
    pub(crate) overwritten: u64,
}

/// A file to be copied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Its name in the vault's folder.
    pub name: String,
    /// How much of it is to be copied, in bytes.
    pub bytes: u64,
}

/// A vault was not copied.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CopyError {
    /// Something was overwritten meanwhile: begin again.
    #[error("something was erased while the vault was copied; begin again")]
    Changed,
    /// Too much waits already; try again soon.
    #[error("too many calls wait for the vault's writer")]
    Busy,
    /// A file cannot be read.
    #[error("the vault cannot be read: {0}")]
    Read(String),
    /// The vault is closed.
    #[error("the vault is closed: {0}")]
    Closed(String),
}

impl From<Refused> for CopyError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::Busy,
            Refused::Closed(reason) => Self::Closed(reason),
        }
    }
}

impl From<DiskError> for CopyError {
    fn from(error: DiskError) -> Self {
        Self::Read(error.to_string())
    }
}

impl Writer {
    pub(crate) fn outline(&mut self) -> Result<Outline, CopyError> {
        if let Some(reason) = self.closed() {
            return Err(CopyError::Closed(reason));
        }
        self.checkpoint()
            .map_err(|error| CopyError::Closed(self.stop(&error.into())))?;
        let mut parts = Vec::new();
        for (file, number) in self.shared.index().files.iter().zip(0..) {
            let bytes = if number == self.live.number {
                self.live.end
            } else {
                file.length()?
            };
            parts.push(Part {
                name: file.name(),
                bytes,
            });
        }
        let slots = self.shared.index().slots.next();
        parts.push(Part {
            name: self.shared.keyring().file.name(),
            bytes: keys::offset(slots),
        });
        parts.push(Part {
            name: manifest::NAME.to_owned(),
            bytes: manifest::BYTES as u64,
        });
        Ok(Outline {
            vault: self.manifest.vault,
            parts,
            manifest: self.manifest.encode().to_vec(),
            overwritten: self.overwritten,
        })
    }

    pub(crate) fn piece(
        &self,
        outline: &Outline,
        part: usize,
        at: u64,
    ) -> Result<Vec<u8>, CopyError> {
        if let Some(reason) = self.closed() {
            return Err(CopyError::Closed(reason));
        }
        if outline.overwritten != self.overwritten {
            return Err(CopyError::Changed);
        }
        let Some(part) = outline.parts.get(part) else {
            return Ok(Vec::new());
        };
        if part.name == manifest::NAME {
            let from = usize::try_from(at).unwrap_or(usize::MAX);
            let rest = outline.manifest.get(from..);
            return Ok(rest.unwrap_or_default().to_vec());
        }
        let left = usize::try_from(part.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(PIECE_BYTES_MAX)];
        let read = self.file_of(part)?.read(&mut bytes, at)?;
        if read < bytes.len() {
            return Err(CopyError::Read(format!("{} is too short", part.name)));
        }
        Ok(bytes)
    }

    fn file_of(&self, part: &Part) -> Result<Arc<DataFile>, CopyError> {
        let keys = Arc::clone(&self.shared.keyring().file);
        let index = self.shared.index();
        let mut all = index.files.iter().chain([&keys]);
        let found = all.find(|file| file.name() == part.name).map(Arc::clone);
        // Another master key has made another keys file.
        found.ok_or(CopyError::Changed)
    }
}

/// A folder that a copy is written to; nothing has the vault's name before [`finish`](Self::finish).
#[derive(Debug)]
pub struct CopyFolder {
    to: PathBuf,
    aside: PathBuf,
    file: Option<(File, PathBuf)>,
}

/// A copy was not written.
#[derive(Debug, Error)]
pub enum CopyFolderError {
    /// What is there is not a copy of this vault.
    #[error("{folder} is there already and holds something else: copy elsewhere")]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// It does not read as a vault.
    #[error("{folder} holds no vault: {why}")]
    NoVault {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        why: String,
    },
    /// A name that no file of a vault has.
    #[error("no file of a vault is called {0:?}")]
    Name(String),
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl CopyFolder {
    /// A new copy of this vault; one that is there already is replaced when the new one is whole.
    ///
    /// # Errors
    /// When something else is there, or the disk fails.
    pub fn begin(to: &Path, vault: Uuid) -> Result<Self, CopyFolderError> {
        let there = to.exists() && !disk::names(to)?.is_empty();
        if there && copied(to).is_none_or(|there| there != vault) {
            let folder = to.to_owned();
            return Err(CopyFolderError::Exists { folder });
        }
        let aside = beside(to, ".copying");
        remove(&aside)?;
        make(&aside)?;
        Ok(Self {
            to: to.to_owned(),
            aside,
            file: None,
        })
    }

    /// Begins the next file.
    ///
    /// # Errors
    /// When the disk fails, or a vault has no such file.
    pub fn file(&mut self, name: &str) -> Result<(), CopyFolderError> {
        self.end_file()?;
        if !is_part(name) {
            return Err(CopyFolderError::Name(name.to_owned()));
        }
        let path = self.aside.join(name);
        let made = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path);
        let file = made.map_err(|source| DiskError::new("create", &path, source))?;
        self.file = Some((file, path));
        Ok(())
    }

    /// Adds to the file that was begun last.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), CopyFolderError> {
        if let Some((file, path)) = &mut self.file {
            file.write_all(bytes)
                .map_err(|source| DiskError::new("write", path, source))?;
        }
        Ok(())
    }

    fn end_file(&mut self) -> Result<(), DiskError> {
        if let Some((file, path)) = self.file.take() {
            file.sync_all()
                .map_err(|source| DiskError::new("sync", &path, source))?;
        }
        Ok(())
    }

    /// Syncs the copy and gives it its name.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<(), CopyFolderError> {
        self.end_file()?;
        disk::sync_folder(&self.aside)?;
        let before = beside(&self.to, ".before");
        let naming = |source| DiskError::new("name", &self.to, source);
        remove(&before)?;
        if self.to.exists() {
            fs::rename(&self.to, &before).map_err(naming)?;
        }
        fs::rename(&self.aside, &self.to).map_err(naming)?;
        disk::sync_parent(&self.to)?;
        remove(&before)?;
        Ok(())
    }
}

/// Makes a vault's folder out of a copy. It must be empty or not there; it appears whole or not at all.
///
/// # Errors
/// When the copy is none, the folder is not empty, or the disk fails.
pub fn restore(copy: &Path, folder: &Path) -> Result<Uuid, CopyFolderError> {
    let no_vault = |why: String| CopyFolderError::NoVault {
        folder: copy.to_owned(),
        why,
    };
    let manifest = Manifest::read(copy)
        .map_err(|error| no_vault(error.to_string()))?
        .ok_or_else(|| no_vault("there is no manifest".to_owned()))?;
    if folder.exists() && !disk::names(folder)?.is_empty() {
        let folder = folder.to_owned();
        return Err(CopyFolderError::Exists { folder });
    }
    let mut parts: Vec<_> = (0..manifest.files)
        .map(|number| files::path(copy, number))
        .collect();
    parts.push(keys::path(copy, manifest.keys));
    parts.push(manifest::path(copy));
    let mut to = CopyFolder::begin(folder, manifest.vault)?;
    for path in parts {
        let read = |source| DiskError::new("read", &path, source);
        to.file(&disk::name_of(&path))?;
        if let Some((file, _)) = &mut to.file {
            let mut from = File::open(&path).map_err(read)?;
            std::io::copy(&mut from, file).map_err(read)?;
        }
    }
    to.finish()?;
    Ok(manifest.vault)
}

/// The vault that a folder is a copy of.
pub fn copied(folder: &Path) -> Option<Uuid> {
    let manifest = Manifest::read(folder).ok()??;
    Some(manifest.vault)
}

fn is_part(name: &str) -> bool {
    let number = name
        .strip_prefix("entries-")
        .or_else(|| name.strip_prefix("keys-"));
    name == manifest::NAME
        || number.is_some_and(|it| it.len() >= 4 && it.bytes().all(|byte| byte.is_ascii_digit()))
}

fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}

fn remove(folder: &Path) -> Result<(), DiskError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DiskError::new("remove", folder, error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn make(folder: &Path) -> Result<(), DiskError> {
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .map_err(|source| DiskError::new("create folder", folder, source))
}

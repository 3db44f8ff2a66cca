//! A backup folder: sealed files that continue each other from position 1 on, taken further by whoever has the records.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::format::canonical_len;
use crate::record::{ChainHash, LogId, Position, Record};
use crate::sealed::{self, SealedSegment};
use crate::standing::Standing;
use crate::transfer::error::ArchiveError;
use crate::transfer::export::{FILE_BYTES, name};
use crate::transfer::restore::records;

/// A file smaller than this is written anew when the backup is taken further, so that an hourly backup does not become
/// thousands of files.
const SMALL_BYTES: u64 = 16 << 20;

/// A backup folder and where it ends.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    /// In order; each begins where the one before ends.
    files: Vec<SealedSegment>,
}

impl Archive {
    /// Looks at a folder, which is made if it is not there. What an interrupted backup left half-written is removed.
    ///
    /// # Errors
    /// When the system refuses, a file is damaged, or the files do not continue each other.
    pub fn open(folder: &Path) -> Result<Self, ArchiveError> {
        fs::create_dir_all(folder).map_err(ArchiveError::io("making", folder))?;
        let mut files = Vec::new();
        for path in sealed_files(folder).map_err(ArchiveError::io("listing", folder))? {
            files.push(SealedSegment::open(&path)?);
        }
        // Of two that begin alike the longer one counts: the other was to be replaced.
        files.sort_by_key(|file| (file.first(), u64::MAX - file.last()));
        let mut archive = Self {
            folder: folder.to_owned(),
            files: Vec::new(),
        };
        for file in files {
            let before = &file.footer().before;
            let follows = match archive.standing() {
                None => before.position == 0,
                Some(end) if file.last() <= end.position => continue,
                Some(end) => end == before,
            };
            if !follows {
                let path = file.path().to_owned();
                return Err(ArchiveError::Gap { path });
            }
            archive.files.push(file);
        }
        Ok(archive)
    }

    /// The folder's files, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files
            .iter()
            .map(|file| file.path().to_owned())
            .collect()
    }

    /// The log, the last position and the chain hash there; none when the folder is empty.
    pub fn end(&self) -> Option<(LogId, Position, ChainHash)> {
        let end = self.standing()?;
        Some((end.log, end.position, end.chain))
    }

    fn standing(&self) -> Option<&Standing> {
        self.files.last().map(|file| &file.footer().after)
    }

    /// Takes the backup of `log` further with the records that follow its end. Each file is there whole or not at all: what
    /// fails in between leaves those before it. `progress` is told how far it has come.
    ///
    /// # Errors
    /// When a record does not follow, `new` fails, or the system refuses.
    pub fn extend(
        self,
        log: LogId,
        new: impl Iterator<Item = Result<Record, io::Error>>,
        mut progress: impl FnMut(Position),
    ) -> Result<Self, ArchiveError> {
        let Self { folder, mut files } = self;
        let mut new = new.peekable();
        if new.peek().is_none() {
            return Ok(Self { folder, files });
        }
        // The last file, when it is small, is written anew with what follows.
        let again = files
            .pop_if(|last| fs::metadata(last.path()).is_ok_and(|data| data.len() < SMALL_BYTES));
        let end = files.last().map(|file| file.footer().after.clone());
        let mut standing = end.unwrap_or_else(|| Standing::start(log));
        let mut failed = None;
        let old = again.iter().flat_map(stored);
        let mut all = old
            .chain(new.map_while(|record| match record {
                Ok(record) => Some(Ok(record)),
                Err(error) => {
                    // What came before it is kept.
                    failed = Some(error);
                    None
                }
            }))
            .peekable();
        while all.peek().is_some() {
            let first = standing.position.saturating_add(1);
            let path = folder.join(name(log, first));
            let mut bytes = 0;
            let one_file = std::iter::from_fn(|| {
                if bytes >= FILE_BYTES {
                    return None;
                }
                let record = all.next()?;
                if let Ok(record) = &record {
                    bytes += canonical_len(record);
                    progress(record.place.position);
                }
                Some(record)
            });
            let footer = sealed::write(&path, &standing, one_file)?;
            standing = footer.after;
            files.push(SealedSegment::open(&path)?);
        }
        drop(all);
        match failed {
            Some(error) => Err(ArchiveError::Cut(error)),
            None => Ok(Self { folder, files }),
        }
    }
}

/// The records of a file.
fn stored(file: &SealedSegment) -> impl Iterator<Item = Result<Record, ReadError>> {
    file.blocks().flat_map(|block| {
        let (records, error) = match block.and_then(|block| records(file, &block)) {
            Ok(records) => (records, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        records.into_iter().map(Ok).chain(error)
    })
}

fn sealed_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("sealed") => files.push(path),
            Some("tmp") => fs::remove_file(&path)?,
            Some(_) | None => {}
        }
    }
    Ok(files)
}

//! What is made from files, and made anew when they change: keys and certificates are exchanged while a service runs.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tracing::{info, warn};

/// How long what was read is good for before the files are looked at again.
const LOOK_AFTER: Duration = Duration::from_secs(2);
/// However much somebody wants to know, the files are not looked at more often.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The files cannot be used.
#[derive(Debug, Error)]
#[error("{}: {reason}", file.display())]
pub struct FileError {
    /// Which.
    pub file: PathBuf,
    /// Why.
    pub reason: String,
}

/// Makes the value from the files' bytes, in the order in which they were named; says what is wrong with which of them.
type Make<T> = dyn Fn(&[Vec<u8>]) -> Result<T, (usize, String)> + Send + Sync;

/// A value made from files.
pub(crate) struct Watched<T> {
    files: Vec<PathBuf>,
    make: Box<Make<T>>,
    held: Mutex<Held<T>>,
}

struct Held<T> {
    bytes: Vec<Vec<u8>>,
    /// What could not be used, so that it is complained about once.
    unusable: Option<Vec<Vec<u8>>>,
    value: Arc<T>,
    looked: Instant,
}

impl<T> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl<T> Watched<T> {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read or used.
    pub(crate) fn open(
        files: Vec<PathBuf>,
        make: impl Fn(&[Vec<u8>]) -> Result<T, (usize, String)> + Send + Sync + 'static,
    ) -> Result<Self, FileError> {
        let bytes = read(&files)?;
        let value = make(&bytes).map_err(|wrong| named(&files, wrong))?;
        Ok(Self {
            files,
            make: Box::new(make),
            held: Mutex::new(Held {
                bytes,
                unusable: None,
                value: Arc::new(value),
                looked: Instant::now(),
            }),
        })
    }

    /// The value as the files are, or were some seconds ago.
    pub(crate) fn now(&self) -> Arc<T> {
        self.look(LOOK_AFTER)
    }

    /// The same, when something is not as it was expected: the files may just have changed.
    pub(crate) fn again(&self) -> Arc<T> {
        self.look(LOOK_AGAIN_AFTER)
    }

    fn look(&self, after: Duration) -> Arc<T> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() < after {
            return Arc::clone(&held.value);
        }
        held.looked = Instant::now();
        // Files that are being exchanged do not go together for a moment: what was read before stands until they do.
        match read(&self.files) {
            Ok(bytes) if bytes == held.bytes => held.unusable = None,
            Ok(bytes) if held.unusable.as_ref() == Some(&bytes) => {}
            Ok(bytes) => match (self.make)(&bytes) {
                Ok(value) => {
                    info!(files = ?self.files, "the files changed and are in use");
                    held.bytes = bytes;
                    held.unusable = None;
                    held.value = Arc::new(value);
                }
                Err(wrong) => {
                    let error = named(&self.files, wrong);
                    warn!(%error, "a file changed and cannot be used; what was read before stays in use");
                    held.unusable = Some(bytes);
                }
            },
            Err(error) => warn!(%error, "what was read before stays in use"),
        }
        Arc::clone(&held.value)
    }
}

fn read(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, FileError> {
    let read = |file: &PathBuf| {
        fs::read(file).map_err(|error| FileError {
            file: file.clone(),
            reason: error.to_string(),
        })
    };
    files.iter().map(read).collect()
}

fn named(files: &[PathBuf], (which, reason): (usize, String)) -> FileError {
    FileError {
        file: files.get(which).cloned().unwrap_or_default(),
        reason,
    }
}

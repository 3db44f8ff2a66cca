//! A thread that syncs beside the writer: two files on the disk at once take hardly longer than one.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use crate::disk::{DataFile, DiskError};

/// The thread; it ends when this is dropped.
pub(crate) struct Beside {
    /// Taken only on the way out.
    files: Option<Sender<Arc<DataFile>>>,
    synced: Receiver<Result<(), DiskError>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    pub(crate) fn start() -> io::Result<Self> {
        let (files, asked) = mpsc::channel::<Arc<DataFile>>();
        let (tell, synced) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("vault-beside".to_owned())
            .spawn(move || {
                while let Ok(file) = asked.recv() {
                    if tell.send(file.sync()).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self {
            files: Some(files),
            synced,
            thread: Some(thread),
        })
    }

    /// Syncs both files; neither before or after the other. After an error nothing is known of either.
    pub(crate) fn sync_both(
        &self,
        here: &DataFile,
        beside: &Arc<DataFile>,
    ) -> Result<(), DiskError> {
        let asked = self
            .files
            .as_ref()
            .is_some_and(|files| files.send(Arc::clone(beside)).is_ok());
        let synced = here.sync();
        // Waited for whatever became of the other: the vault may be closed next, and its folder given to somebody else.
        let other = match asked.then(|| self.synced.recv()) {
            Some(Ok(other)) => other,
            Some(Err(_)) | None => Err(beside.not_synced("the thread that syncs it is gone")),
        };
        synced.and(other)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.files.take());
        if let Some(thread) = self.thread.take() {
            // It panics only in a test's hook, which is told of it by then.
            let _ = thread.join();
        }
    }
}

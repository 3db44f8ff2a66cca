//! The log's threads: started with it, ended when it is closed, which is marked when it was clean.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::OpenError;
use crate::locks::lock;
use crate::marker::Marker;
use crate::open::io_error;
use crate::segment::Segments;
use crate::shared::Shared;

/// Readers that are under way get this long when the log is closed.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// The log's threads; dropping this closes the log.
#[derive(Debug)]
pub(crate) struct Threads {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            stop: Arc::default(),
            handles: Mutex::default(),
        }
    }

    /// Set when the threads are to end soon.
    pub(crate) fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    pub(crate) fn spawn(
        &self,
        name: &'static str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), OpenError> {
        let handle = thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(io_error("starting a thread for", &self.shared.folder))?;
        lock(&self.handles).push(handle);
        Ok(())
    }

    /// Ends the threads, lets sled go, and notes a clean stop if it was one.
    pub(crate) fn close(&self) {
        self.shared.queue.close("it was closed here");
        // Held to the end: whoever closes it at the same time waits here.
        let mut handles = lock(&self.handles);
        self.stop.store(true, Ordering::Relaxed);
        for handle in handles.drain(..) {
            handle.thread().unpark();
            // A panic there was noted as the log's failure.
            drop(handle.join());
        }
        let Some(segments) = self.shared.take_segments() else {
            return;
        };
        if let Err(error) = self.mark(segments) {
            tracing::warn!(folder = %self.shared.folder.display(), error, "the stop is not marked as clean");
        }
        lock(&self.shared.lock).take();
    }

    fn mark(&self, segments: Arc<Segments>) -> Result<(), String> {
        let live = Arc::clone(segments.live());
        let (number, db) = (live.number, live.live.folder().join("db"));
        let position = self.shared.head.borrow().position;
        drop(segments);
        let deadline = Instant::now() + CLOSE_WAIT;
        while Arc::strong_count(&live) > 1 {
            if Instant::now() > deadline {
                return Err("readers hold the live segment".to_owned());
            }
            thread::sleep(Duration::from_millis(1));
        }
        drop(live);
        if self.shared.failure.get().is_some() {
            return Err("a write has failed".to_owned());
        }
        // sled's threads hold the lock until the last of them has let go of the file.
        let file = File::open(&db).map_err(|error| error.to_string())?;
        while file.try_lock().is_err() {
            if Instant::now() > deadline {
                return Err("the live segment's file is still locked".to_owned());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Marker::of(number, position, &db)
            .and_then(|marker| marker.store(&self.shared.folder))
            .map_err(|error| error.to_string())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

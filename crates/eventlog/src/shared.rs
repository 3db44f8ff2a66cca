//! What the handle, the writer and the sealer of one log share.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use tokio::sync::watch;

use crate::durable;
use crate::epoch::Awaits;
use crate::error::ReadError;
use crate::guard::{self, ClockJump, Guard};
use crate::head::{Head, Room};
use crate::load::Syncs;
use crate::locks::{lock, read, write};
use crate::manifest::Manifest;
use crate::queue::Queue;
use crate::segment::Segments;
use crate::settings::Settings;
use crate::standing::Standing;

/// One log, as its threads and handles see it.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) queue: Queue,
    pub(crate) syncs: Syncs,
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) guard: Mutex<Guard>,
    /// Follows the writer; its sender goes when nothing more will come.
    pub(crate) head: watch::Receiver<Head>,
    /// The log as it stands at the head.
    pub(crate) standing: RwLock<Standing>,
    /// Why the log takes no writes until its next epoch is open, while it does not.
    pub(crate) awaits: watch::Sender<Option<Awaits>>,
    /// Why writing has stopped for good.
    pub(crate) failure: OnceLock<String>,
    /// None once closed.
    segments: RwLock<Option<Arc<Segments>>>,
    /// Held while the log is open: no other process may touch the folder.
    pub(crate) lock: Mutex<Option<File>>,
}

impl Shared {
    pub(crate) fn new(
        folder: PathBuf,
        settings: Settings,
        manifest: Manifest,
        head: watch::Receiver<Head>,
        standing: Standing,
        awaits: Option<Awaits>,
        segments: Segments,
        lock: File,
    ) -> Self {
        let steady = (settings.steady)();
        // The log's own last record is as good a witness as the file, and may be a minute younger.
        let alive = guard::last_alive(&folder).map(|alive| alive.max(standing.recorded_at));
        let guard = Guard::new(settings.clock_rule.clone(), alive, steady);
        Self {
            queue: Queue::new(settings.queue_max, settings.queue_bytes_max),
            guard: Mutex::new(guard),
            syncs: Syncs::default(),
            folder,
            settings,
            manifest: Mutex::new(manifest),
            head,
            standing: RwLock::new(standing),
            awaits: watch::Sender::new(awaits),
            failure: OnceLock::new(),
            segments: RwLock::new(Some(Arc::new(segments))),
            lock: Mutex::new(Some(lock)),
        }
    }

    /// The parts of the log as they are now; what they hold stays readable while this is held.
    pub(crate) fn segments(&self) -> Result<Arc<Segments>, ReadError> {
        read(&self.segments)
            .as_ref()
            .map(Arc::clone)
            .ok_or(ReadError::Closed)
    }

    /// Puts other parts in their place.
    pub(crate) fn change_segments(&self, change: impl FnOnce(&Segments) -> Segments) {
        let mut guard = write(&self.segments);
        if let Some(segments) = guard.as_ref() {
            *guard = Some(Arc::new(change(segments)));
        }
    }

    /// Takes the parts away: readers get `Closed` from now on.
    pub(crate) fn take_segments(&self) -> Option<Arc<Segments>> {
        write(&self.segments).take()
    }

    /// The room on the disk.
    pub(crate) fn room(&self) -> Room {
        Room {
            // Where the system cannot say, the write itself will.
            free: durable::free_bytes(&self.folder).unwrap_or(u64::MAX),
            min: self.settings.free_bytes_min,
        }
    }

    /// The clock's leap ahead, when it is not believed now.
    pub(crate) fn clock_jump(&self) -> Option<ClockJump> {
        self.leap_to((self.settings.now)())
    }

    /// Is this time, which somebody read from the clock a moment ago, not believed?
    pub(crate) fn leap_to(&self, now: i64) -> Option<ClockJump> {
        self.settings.clock_rule.as_ref()?;
        let mut guard = lock(&self.guard);
        guard.judge(now, (self.settings.steady)()).err()
    }

    /// Notes why writing has stopped for good; the first reason counts.
    pub(crate) fn fail(&self, reason: String) {
        let reason = self.failure.get_or_init(|| {
            tracing::error!(folder = %self.folder.display(), reason, "the log takes no more writes");
            reason
        });
        self.queue.fail(reason);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
